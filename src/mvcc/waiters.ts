/**
 * Waiting for a key or a range to change: the next commit that touches it wakes who waits, first come first served,
 * whatever the order of its operations. Who waits for a map that is dropped is told so (INVALID).
 *
 * The log is looked at only while somebody waits, and who waits for one key is found by it. A waiter that is woken learns
 * which commit it was and reads for itself; to take something exclusively, it deletes it in a transaction and waits again
 * where another was faster.
 */
import { compareBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { OP_KIND_DELETE_RANGE, opKeyLength, opKeyOffset, opKeyspace, opKind } from "../wal/index.ts";
import { type ByteRange, isInRange, meets } from "./byte-range.ts";
import type { CommitWatcher, CommitWriter } from "./commit-writer.ts";
import { rangeOfOp } from "./range-ops.ts";

interface Waiter {
  /** Ascending: who waited first is woken first. */
  readonly order: number;
  readonly range: ByteRange;
  /** The key, where the range has one alone. */
  readonly key: string | undefined;
  readonly wake: (commit: number) => void;
  readonly fail: (reason: unknown) => void;
}

/** Where commits come from. */
export interface CommitSource {
  /** Throws CLOSED. */
  checkOpen(): void;
  watch(watcher: CommitWatcher): () => void;
  readonly catalog: { isDropped(keyspace: number): boolean };
}

export class Waiters {
  readonly #source: CommitSource;
  readonly #byKeyspace: Map<number, MapWaiters>;
  #unwatch: (() => void) | undefined;
  #begun: number;

  constructor(source: CommitSource) {
    this.#source = source;
    this.#byKeyspace = new Map();
    this.#unwatch = undefined;
    this.#begun = 0;
  }

  get count(): number {
    let count = 0;
    for (const waiters of this.#byKeyspace.values()) {
      count += waiters.count;
    }
    return count;
  }

  /** Resolves with the number of the next commit that changes the range; rejects with the signal's reason. */
  wait(keyspace: number, range: ByteRange, signal: AbortSignal | undefined): Promise<number> {
    this.#source.checkOpen();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const end = () => {
        this.#remove(keyspace, waiter);
        signal?.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        order: this.#begun++,
        range,
        key: onlyKeyOf(range),
        wake: (commit) => {
          end();
          resolve(commit);
        },
        fail: (reason) => {
          end();
          reject(reason);
        },
      };
      const onAbort = () => waiter.fail(signal!.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#add(keyspace, waiter);
    });
  }

  /** Wakes everybody who waits for the keyspace: it was loaded with this commit. */
  loaded(keyspace: number, commit: number): void {
    for (const waiter of this.#byKeyspace.get(keyspace)?.all() ?? []) {
      waiter.wake(commit);
    }
  }

  /** Nothing will change any more: every waiter is told. */
  close(): void {
    for (const waiters of [...this.#byKeyspace.values()]) {
      for (const waiter of waiters.all()) {
        waiter.fail(new DbError("CLOSED", "the database was closed while this waited for a change"));
      }
    }
  }

  #add(keyspace: number, waiter: Waiter): void {
    let waiters = this.#byKeyspace.get(keyspace);
    if (waiters === undefined) {
      waiters = new MapWaiters();
      this.#byKeyspace.set(keyspace, waiters);
    }
    waiters.add(waiter);
    this.#unwatch ??= this.#source.watch((commit, writer) => this.#committed(commit, writer));
  }

  #remove(keyspace: number, waiter: Waiter): void {
    const waiters = this.#byKeyspace.get(keyspace);
    waiters?.remove(waiter);
    if (waiters?.isEmpty) {
      this.#byKeyspace.delete(keyspace);
    }
    if (this.#byKeyspace.size === 0) {
      this.#unwatch?.();
      this.#unwatch = undefined;
    }
  }

  #committed(commit: number, writer: CommitWriter): void {
    const touched = new Set<Waiter>();
    writer.forEachOp(({ u8, u32 }, op) => {
      const waiters = this.#byKeyspace.get(opKeyspace(u32, op));
      if (waiters === undefined) {
        return;
      }
      if (opKind(u32, op) === OP_KIND_DELETE_RANGE) {
        waiters.findOfRange(rangeOfOp(u8, u32, op), touched);
      } else {
        waiters.findOfKey(u8, opKeyOffset(u32, op), opKeyLength(u32, op), touched);
      }
    });
    for (const waiter of inOrder(touched)) {
      waiter.wake(commit);
    }
    if (writer.touchesCatalog) {
      this.#tellOfDrops();
    }
  }

  #tellOfDrops(): void {
    for (const [keyspace, waiters] of [...this.#byKeyspace]) {
      if (this.#source.catalog.isDropped(keyspace)) {
        for (const waiter of waiters.all()) {
          waiter.fail(new DbError("INVALID", "the map was dropped while this waited for a change", { keyspace }));
        }
      }
    }
  }
}

/** Those of one map, by the key that they wait for; under undefined, those that wait for more than one. */
class MapWaiters {
  readonly #byKey: Map<string | undefined, Set<Waiter>>;

  constructor() {
    this.#byKey = new Map();
  }

  get count(): number {
    let count = 0;
    for (const { size } of this.#byKey.values()) {
      count += size;
    }
    return count;
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  add(waiter: Waiter): void {
    const others = this.#byKey.get(waiter.key);
    if (others === undefined) {
      this.#byKey.set(waiter.key, new Set([waiter]));
    } else {
      others.add(waiter);
    }
  }

  remove(waiter: Waiter): void {
    const waiters = this.#byKey.get(waiter.key);
    waiters?.delete(waiter);
    if (waiters?.size === 0) {
      this.#byKey.delete(waiter.key);
    }
  }

  /** Who waited first comes first. */
  all(): Waiter[] {
    return inOrder([...this.#byKey.values()].flatMap((waiters) => [...waiters]));
  }

  /** Adds those who wait for a key. */
  findOfKey(u8: Uint8Array, offset: number, length: number, found: Set<Waiter>): void {
    for (const waiter of this.#byKey.get(nameOf(u8, offset, length)) ?? []) {
      found.add(waiter);
    }
    for (const waiter of this.#byKey.get(undefined) ?? []) {
      if (isInRange(waiter.range, u8, offset, length)) {
        found.add(waiter);
      }
    }
  }

  /** Adds those who wait for any key of a range. */
  findOfRange(range: ByteRange, found: Set<Waiter>): void {
    for (const waiters of this.#byKey.values()) {
      for (const waiter of waiters) {
        if (meets(waiter.range, range)) {
          found.add(waiter);
        }
      }
    }
  }
}

function inOrder(waiters: Iterable<Waiter>): Waiter[] {
  return [...waiters].sort((a, b) => a.order - b.order);
}

/** The only key of a range; undefined where there may be others. */
function onlyKeyOf({ lower, upper }: ByteRange): string | undefined {
  const isOnly =
    lower !== undefined &&
    upper !== undefined &&
    upper.length === lower.length + 1 &&
    upper[lower.length] === 0 &&
    compareBytes(lower, 0, lower.length, upper, 0, lower.length) === 0;
  return isOnly ? nameOf(lower, 0, lower.length) : undefined;
}

/** Bytes as a string, one character each. */
function nameOf(u8: Uint8Array, offset: number, length: number): string {
  return Buffer.from(u8.buffer, u8.byteOffset + offset, length).toString("latin1");
}
