/**
 * Bulk load: sorted entries become a tree at once, without going through the log and the memtables.
 *
 *     entries ─▶ TreeBuilder ─▶ free pages, synced as it goes ─▶ commit "loaded" in the log ─▶ meta page ─▶ visible
 *
 * Checkpoints are held back meanwhile: the pages that the load fills are free in the version on disk, and only its own
 * end, a checkpoint job without memtables, makes another version. So until the meta page is switched nothing has
 * happened, however the load ends: an error, an abort, a crash. Pages written in vain are free, as they were before (M2).
 *
 * A B+tree has to be empty; an LSM map may hold entries, above which a run is laid. In either case no operation on the map
 * may be in a memtable: were it a deletion, it would lie above what is loaded. So what there was is moved to pages first,
 * and from then on writes to the map are refused.
 *
 * The load has a commit number like any other change. Its record says which map was loaded, not with what: that a commit
 * number means one state of the data is what snapshots, conflicts (a transaction begun before the load that uses the map
 * cannot commit) and change feeds rely on. It is on disk before the meta page is, so there may be such a record without
 * its load after a crash, and never the other way round.
 */
import { compareBytes } from "../bytes.ts";
import { nextTurn } from "../clock.ts";
import { DbError } from "../errors.ts";
import { ALL_KEYS } from "./byte-range.ts";
import type { KeyspaceInfo } from "./catalog.ts";
import type { CheckpointJob } from "./checkpoint-job.ts";
import { countEntries } from "./count.ts";
import { KEY_SCRATCH_BYTES, type KeyCodec } from "./key-codec.ts";
import { LoadSource } from "./load-source.ts";
import { type LoadTarget, targetFor } from "./load-target.ts";
import { checkMergeable } from "./merge-operator.ts";
import type { Store } from "./store.ts";
import type { ValueCodec } from "./value-codec.ts";

export interface LoadOptions {
  /** Ends the load; the map stays as it was and the signal's reason is thrown. */
  readonly signal?: AbortSignal;
  /** Told every few milliseconds how many entries there were so far. */
  readonly onProgress?: (entries: number) => void;
}

export interface LoadResult {
  readonly entries: number;
  /** The commit with which they became visible. */
  readonly commit: number;
}

export type SortedEntries<K, V> = Iterable<readonly [K, V]> | AsyncIterable<readonly [K, V]>;

/** Work between two turns of the event loop, 2–3 ms: bytes of keys and values, and so much for each entry. */
const SLICE_BYTES = 512 * 1024;
const ENTRY_COST_BYTES = 64;
/** Synced in the background as it goes, so that the last sync is a short one. */
const SYNC_EVERY_BYTES = 32 * 1024 * 1024;
const FIRST_VALUE_BYTES = 4096;
/** How often an LSM map may be written to between its checkpoint and the load. */
const MAX_TRIES = 20;

/** The contract is `DbMap.load`'s. */
export async function loadSorted<K, V>(
  store: Store,
  info: KeyspaceInfo,
  keys: KeyCodec<K>,
  values: ValueCodec<V>,
  entries: SortedEntries<K, V>,
  options: LoadOptions,
): Promise<LoadResult> {
  checkOptions(options);
  checkIterable(entries);
  for (let tries = 1; ; tries++) {
    store.checkWritable();
    checkFit(store, info);
    await store.checkpoint(options.signal);
    const job = await store.checkpointer.pageSpace.hold(options.signal);
    try {
      store.checkWritable();
      store.writer.lockKeyspace(info.id);
      if (isUntouched(store, info)) {
        const load = new BulkLoad(store, info, keys, values, job, options);
        await load.takeAll(entries);
        return await load.install();
      }
      refuseTouched(store, info, tries);
    } finally {
      store.writer.unlockKeyspace();
      store.checkpointer.pageSpace.letGo();
    }
  }
}

function checkOptions(options: LoadOptions): void {
  if ("ttl" in options || "expiresAt" in options) {
    throw new DbError("UNSUPPORTED", "a bulk load sets no deadlines; put entries that end one by one");
  }
  options.signal?.throwIfAborted();
}

function checkIterable(entries: unknown): void {
  const isIterable =
    typeof entries === "object" && entries !== null && (Symbol.asyncIterator in entries || Symbol.iterator in entries);
  if (!isIterable) {
    throw new DbError("INVALID", "a bulk load takes pairs of key and value from an iterable or an async iterable");
  }
}

/** A B+tree is built whole; runs can lie above others. */
function checkFit(store: Store, info: KeyspaceInfo): void {
  const entries = info.engine === "lsm" ? 0 : countEntries(store, store.live, undefined, info.id, ALL_KEYS);
  if (entries > 0) {
    throw notEmpty(info, `holds ${entries} entries`);
  }
}

/** Nothing in the log that would come to lie above what is loaded, and no tree. */
function isUntouched(store: Store, info: KeyspaceInfo): boolean {
  const { trees, memtables } = store.state;
  const isWritten = memtables.some(({ index, ranges }) => index.count(info.id) > 0 || ranges.has(info.id));
  return (trees.get(info.id)?.page ?? 0) === 0 && !isWritten;
}

/** It was written to between the checkpoint and the hold. */
function refuseTouched(store: Store, info: KeyspaceInfo, tries: number): void {
  checkFit(store, info);
  if (info.engine === "btree") {
    throw notEmpty(info, "was written to just now, or holds entries whose deadline has passed");
  }
  if (tries === MAX_TRIES) {
    throw new DbError("CONFLICT", `the map ${info.name} is written to all the time; load it when it is not`, {
      map: info.name,
    });
  }
}

function notEmpty(info: KeyspaceInfo, why: string): DbError {
  return new DbError("INVALID", `a bulk load fills an empty map, and ${info.name} ${why}; load into a new map`, {
    map: info.name,
  });
}

class BulkLoad<K, V> {
  readonly #store: Store;
  readonly #info: KeyspaceInfo;
  readonly #keys: KeyCodec<K>;
  readonly #values: ValueCodec<V>;
  readonly #job: CheckpointJob;
  readonly #options: LoadOptions;
  readonly #target: LoadTarget;
  /** The key under way and the one before it, in turns. */
  #key: Uint8Array;
  #lastKey: Uint8Array;
  #lastLength: number;
  #value: Uint8Array;
  #sliceLeftBytes: number;
  #unsyncedBytes: number;
  #syncing: Promise<void> | undefined;
  #syncFailure: unknown;

  constructor(
    store: Store,
    info: KeyspaceInfo,
    keys: KeyCodec<K>,
    values: ValueCodec<V>,
    job: CheckpointJob,
    options: LoadOptions,
  ) {
    this.#store = store;
    this.#info = info;
    this.#keys = keys;
    this.#values = values;
    this.#job = job;
    this.#options = options;
    this.#target = targetFor(store, info, job);
    this.#key = new Uint8Array(KEY_SCRATCH_BYTES);
    this.#lastKey = new Uint8Array(KEY_SCRATCH_BYTES);
    this.#lastLength = 0;
    this.#value = new Uint8Array(FIRST_VALUE_BYTES);
    this.#sliceLeftBytes = SLICE_BYTES;
    this.#unsyncedBytes = 0;
    this.#syncing = undefined;
    this.#syncFailure = undefined;
  }

  async takeAll(entries: SortedEntries<K, V>): Promise<void> {
    if (Symbol.asyncIterator in entries) {
      await this.#takeFrom(new LoadSource(entries, this.#store, this.#options.signal));
      return;
    }
    for (const entry of entries) {
      this.#take(entry);
      if (this.#sliceLeftBytes <= 0) {
        await this.#breathe();
      }
    }
  }

  async #takeFrom(source: LoadSource<readonly [K, V]>): Promise<void> {
    try {
      for (let step = await source.next(); step.done !== true; step = await source.next()) {
        this.#take(step.value);
        if (this.#sliceLeftBytes <= 0) {
          await this.#breathe();
        }
      }
    } finally {
      await source.close();
    }
  }

  /** Everything on disk, and visible. */
  async install(): Promise<LoadResult> {
    const entries = this.#target.count;
    await this.#breathe();
    if (entries === 0) {
      return { entries, commit: this.#store.lastCommit };
    }
    this.#target.finish();
    await this.#syncing;
    await this.#store.pages.syncSoon();
    this.#checkGoesOn();
    return { entries, commit: this.#commit() };
  }

  #commit(): number {
    const { checkpointer, waiters } = this.#store;
    let commit = 0;
    checkpointer.pageSpace.install(this.#job, () => {
      commit = this.#store.commitLoad(this.#info);
    });
    waiters.loaded(this.#info.id, commit);
    return commit;
  }

  #take(entry: readonly [K, V]): void {
    if (!Array.isArray(entry) || entry.length !== 2) {
      throw this.#malformed(entry);
    }
    const value: V = entry[1];
    const room = this.#values.measure(value);
    if (this.#info.merge !== undefined) {
      checkMergeable(this.#info.merge, this.#values.kind, value);
    }
    const length = this.#keys.encode(entry[0], this.#key, 0);
    const last = this.#lastKey;
    if (this.#target.count > 0 && compareBytes(last, 0, this.#lastLength, this.#key, 0, length) >= 0) {
      throw this.#outOfOrder(length);
    }
    const bytes = this.#add(value, room, length);
    this.#lastKey = this.#key;
    this.#lastLength = length;
    this.#key = last;
    this.#sliceLeftBytes -= length + bytes + ENTRY_COST_BYTES;
    this.#unsyncedBytes += length + bytes;
  }

  /** Bytes go to their page from where they are; other values by way of a buffer. Returns the value's length. */
  #add(value: V, room: number, keyLength: number): number {
    if (this.#values.kind === "bytes") {
      this.#target.add(this.#key, 0, keyLength, value as Uint8Array, 0, room, 0);
      return room;
    }
    if (room > this.#value.length) {
      this.#value = new Uint8Array(Math.max(room, 2 * this.#value.length));
    }
    const length = this.#values.encode(value, this.#value, 0);
    this.#target.add(this.#key, 0, keyLength, this.#value, 0, length, 0);
    return length;
  }

  /** Reports and lets others have their turn; throws where the load is to end. */
  async #breathe(): Promise<void> {
    this.#options.onProgress?.(this.#target.count);
    if (this.#unsyncedBytes >= SYNC_EVERY_BYTES && this.#syncing === undefined) {
      this.#unsyncedBytes = 0;
      this.#syncing = this.#store.pages.syncSoon().then(
        () => {
          this.#syncing = undefined;
        },
        (error: unknown) => {
          this.#syncFailure = error;
        },
      );
    }
    await nextTurn();
    this.#sliceLeftBytes = SLICE_BYTES;
    this.#checkGoesOn();
  }

  #checkGoesOn(): void {
    this.#options.signal?.throwIfAborted();
    this.#store.checkWritable();
    if (this.#syncFailure !== undefined) {
      throw this.#syncFailure;
    }
    if (this.#info.isDropped) {
      throw new DbError("INVALID", `the map ${this.#info.name} was dropped while it was loaded`, {
        map: this.#info.name,
      });
    }
  }

  #outOfOrder(length: number): DbError {
    const position = this.#target.count;
    const previous = show(this.#keys.decode(this.#lastKey, 0, this.#lastLength));
    const key = show(this.#keys.decode(this.#key, 0, length));
    return new DbError(
      "INVALID",
      `a bulk load needs ascending keys without repetition; entry ${position} (counted from 0) has the key ${key} ` +
        `after ${previous}`,
      { map: this.#info.name, position, key, previous },
    );
  }

  #malformed(entry: unknown): DbError {
    const position = this.#target.count;
    return Array.isArray(entry) && entry.length > 2
      ? new DbError("UNSUPPORTED", `entry ${position} has more than key and value; a bulk load sets no deadlines`, {
          position,
        })
      : new DbError("INVALID", `entry ${position} of a bulk load is no pair of key and value`, { position });
  }
}

function show(key: unknown): string {
  const text = key instanceof Uint8Array ? Buffer.from(key).toString("hex") : inspectText(key);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function inspectText(key: unknown): string {
  return JSON.stringify(key, (_, part) => (typeof part === "bigint" ? `${part}n` : part)) ?? String(key);
}
