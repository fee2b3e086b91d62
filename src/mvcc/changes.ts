/**
 * The change feed: every commit since a number, in order, and then as they come.
 *
 *     for await (const { commit, changes } of db.changes({ since: 0, of: "users" })) …
 *
 * It reads the log, so it begins where the log does: live segments, and checkpointed ones for as long as
 * `retainLogBytes` keeps them. What it gives is on disk. One item is one commit, or a part of a large one (`isWhole`
 * false: more of the same follows); a consumer that keeps the number of the last whole commit in its own transaction can
 * go on from there after a crash and misses nothing.
 */
import { nextTurn } from "../clock.ts";
import { DbError } from "../errors.ts";
import { beginsWithValue, decodeItems } from "../lsm/index.ts";
import {
  firstOp,
  type LogReader,
  OP_FLAG_SUPERSEDED,
  OP_KIND_DELETE,
  OP_KIND_DELETE_RANGE,
  OP_KIND_MERGE,
  OP_KIND_PUT,
  opBytes,
  opExpiry,
  opFlags,
  opKeyLength,
  opKeyOffset,
  opKeyspace,
  opKind,
  opValueLength,
  opValueOffset,
  recordOpCount,
  recordTime,
  type Segment,
} from "../wal/index.ts";
import { CATALOG_KEYSPACE, type KeyspaceInfo, loadedKeyspace } from "./catalog.ts";
import { isKeyKind, type KeyCodec, keyCodec } from "./key-codec.ts";
import { rangeOfOp } from "./range-ops.ts";
import type { Store } from "./store.ts";
import { isValueKind, type ValueCodec, valueCodec } from "./value-codec.ts";

export interface Change {
  readonly map: string;
  /**
   * "merge": an operand was applied. "deleteRange": all entries of `range` were deleted. "load": the map was bulk loaded; the
   * log does not have what was, read the map instead.
   */
  readonly type: "put" | "delete" | "merge" | "deleteRange" | "load";
  /** As the map's key kind says; bytes where the map has a codec of its own or is a frontend's; undefined for a load or a range. */
  readonly key: unknown;
  /** Of a merge: the operand. Undefined for deletes and loads. */
  readonly value: unknown;
  /** What a "deleteRange" deleted: keys as bytes, from `lower` to before `upper`; undefined: to the end. */
  readonly range?: { readonly lower: Uint8Array; readonly upper: Uint8Array | undefined };
  /** Milliseconds since the epoch, where the entry has a deadline. */
  readonly expiresAt?: number;
}

export interface CommitChanges {
  readonly commit: number;
  /** When it was made, in milliseconds since the epoch. */
  readonly time: number;
  readonly changes: readonly Change[];
  /** False where another item with the rest of the same commit follows. */
  readonly isWhole: boolean;
}

export interface ChangesOptions {
  /** Begin after this commit; unless given, with what is committed from now on. */
  readonly since?: number;
  /** Only these maps. */
  readonly of?: string | readonly string[];
  /** Ends the feed. */
  readonly signal?: AbortSignal;
}

const MAX_CHANGES_AN_ITEM = 1024;
/**
 * Work between two turns of the event loop, a few milliseconds at the most: an operation that is passed over counts one, a
 * change more, and long ones by their bytes.
 */
const TURN_WORK = 8192;
const CHANGE_WORK = 16;
/** 64 bytes count one, as a shift. */
const BYTES_WORK_SHIFT = 6;
const NO_CHANGES: readonly Change[] = [];

/** The contract is `Database.changes`'. "From now on" is from this call on, not from when the first item is asked for. */
export function changes(store: Store, options: ChangesOptions): AsyncGenerator<CommitChanges, void, undefined> {
  return follow(store, options.since ?? store.lastCommit, options);
}

async function* follow(
  store: Store,
  since: number,
  { of, signal }: ChangesOptions,
): AsyncGenerator<CommitChanges, void, undefined> {
  store.checkOpen();
  signal?.throwIfAborted();
  if (!Number.isSafeInteger(since) || since < 0) {
    throw new DbError("INVALID", "since is the number of a commit", { since });
  }
  const decoder = new ChangeDecoder(store, mapNames(of));
  const reader = store.log.read(since);
  const arrivals = new Arrivals(store, signal);
  try {
    for (;;) {
      while (reader.next()) {
        if (reader.commit > store.log.durableCommit) {
          await store.log.syncSoon();
        }
        signal?.throwIfAborted();
        for (const item of decoder.decode(reader)) {
          if (item !== undefined) {
            yield item;
          }
          signal?.throwIfAborted();
          // A consumer that awaits nothing else would get item after item in one turn.
          if (decoder.isTurnOver()) {
            await nextTurn();
            signal?.throwIfAborted();
            store.checkOpen();
          }
        }
      }
      await arrivals.after(reader.commit);
    }
  } finally {
    arrivals.stop();
    reader.close();
  }
}

function mapNames(of: ChangesOptions["of"]): ReadonlySet<string> | undefined {
  if (of === undefined) {
    return undefined;
  }
  const names = Array.isArray(of) ? of : [of];
  if (names.some((name) => typeof name !== "string")) {
    throw new DbError("INVALID", "of is the name of a map, or an array of names");
  }
  return new Set(names);
}

/** Tells of new commits, without keeping one promise per commit. */
class Arrivals {
  readonly #store: Store;
  readonly #signal: AbortSignal | undefined;
  readonly #unwatch: () => void;
  readonly #onEnd: () => void;
  #wake: (() => void) | undefined;

  constructor(store: Store, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
    this.#wake = undefined;
    this.#onEnd = () => this.#wake?.();
    this.#unwatch = store.watch(this.#onEnd);
    signal?.addEventListener("abort", this.#onEnd, { once: true });
    store.onClose.add(this.#onEnd);
  }

  /** Resolves when there is a commit after this one; rejects when the feed is to end. */
  async after(commit: number): Promise<void> {
    while (this.#store.lastCommit <= commit) {
      this.#signal?.throwIfAborted();
      this.#store.checkOpen();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  stop(): void {
    this.#unwatch();
    this.#signal?.removeEventListener("abort", this.#onEnd);
    this.#store.onClose.delete(this.#onEnd);
  }
}

interface Codecs {
  readonly key: KeyCodec<unknown>;
  readonly value: ValueCodec<unknown>;
}

class ChangeDecoder {
  readonly #store: Store;
  readonly #of: ReadonlySet<string> | undefined;
  readonly #codecs: Map<number, Codecs>;
  #work: number;

  constructor(store: Store, of: ReadonlySet<string> | undefined) {
    this.#store = store;
    this.#of = of;
    this.#codecs = new Map();
    this.#work = 0;
  }

  /** Whether so much was done that others should have their turn; the next one begins with the question. */
  isTurnOver(): boolean {
    if (this.#work < TURN_WORK) {
      return false;
    }
    this.#work = 0;
    return true;
  }

  /** The changes of the reader's record, MAX_CHANGES_AN_ITEM at a time, and undefined where a turn's work was done. */
  *decode(reader: LogReader): Generator<CommitChanges | undefined, void, undefined> {
    const segment = reader.segment!;
    const { u32, data } = segment;
    const { commit, record } = reader;
    const time = recordTime(data, record);
    let batch: Change[] = [];
    let op = firstOp(record);
    for (let left = recordOpCount(u32, record); left > 0; left--) {
      const changes = this.#changes(segment, op);
      this.#work += 1 + changes.length * CHANGE_WORK + (opBytes(u32, op) >>> BYTES_WORK_SHIFT);
      for (const change of changes) {
        if (batch.length === MAX_CHANGES_AN_ITEM) {
          yield { commit, time, changes: batch, isWhole: false };
          batch = [];
        }
        batch.push(change);
      }
      if (this.#work >= TURN_WORK) {
        yield undefined;
      }
      op += opBytes(u32, op);
    }
    if (batch.length > 0) {
      yield { commit, time, changes: batch, isWhole: true };
    }
  }

  /** What an operation changed: several things where it is the operands of a transaction that could not be combined. */
  #changes(segment: Segment, op: number): readonly Change[] {
    const { u8, u32, data } = segment;
    if (opKeyspace(u32, op) === CATALOG_KEYSPACE) {
      return this.#load(segment, op);
    }
    const info = this.#store.catalog.byId(opKeyspace(u32, op));
    if (
      info === undefined ||
      (opFlags(u32, op) & OP_FLAG_SUPERSEDED) !== 0 ||
      (this.#of !== undefined && !this.#of.has(info.name))
    ) {
      return NO_CHANGES;
    }
    const kind = opKind(u32, op);
    if (kind === OP_KIND_DELETE_RANGE) {
      const range = rangeOfOp(u8, u32, op);
      return [{ map: info.name, type: "deleteRange", key: undefined, value: undefined, range }];
    }
    const codecs = this.#codecsOf(info);
    const key = codecs.key.decode(u8, opKeyOffset(u32, op), opKeyLength(u32, op));
    if (kind === OP_KIND_DELETE) {
      return [{ map: info.name, type: "delete", key, value: undefined }];
    }
    const at = opValueOffset(u32, op);
    const length = opValueLength(u32, op);
    if (kind === OP_KIND_MERGE) {
      const operands = u8.subarray(at, at + length);
      const putIndex = beginsWithValue(operands) ? 0 : -1;
      return decodeItems(operands).map((item, index) => {
        const value = codecs.value.decode(u8, item.byteOffset - u8.byteOffset, item.length, data);
        return { map: info.name, type: index === putIndex ? "put" : "merge", key, value };
      });
    }
    const value = codecs.value.decode(u8, at, length, data);
    const expiresAt = opExpiry(u32, data, op);
    return expiresAt === 0
      ? [{ map: info.name, type: "put", key, value }]
      : [{ map: info.name, type: "put", key, value, expiresAt }];
  }

  #load({ u8, u32 }: Segment, op: number): readonly Change[] {
    const at = opKeyOffset(u32, op);
    const keyspace = loadedKeyspace(u8.subarray(at, at + opKeyLength(u32, op)));
    const map = keyspace === undefined ? undefined : this.#store.catalog.byId(keyspace)?.name;
    if (map === undefined || opKind(u32, op) !== OP_KIND_PUT || (this.#of !== undefined && !this.#of.has(map))) {
      return NO_CHANGES;
    }
    return [{ map, type: "load", key: undefined, value: undefined }];
  }

  #codecsOf(info: KeyspaceInfo): Codecs {
    let codecs = this.#codecs.get(info.id);
    if (codecs === undefined) {
      codecs = {
        key: keyCodec(isKeyKind(info.key) ? info.key : "bytes") as KeyCodec<unknown>,
        value: valueCodec(isValueKind(info.value) ? info.value : "bytes") as ValueCodec<unknown>,
      };
      this.#codecs.set(info.id, codecs);
    }
    return codecs;
  }
}
