/**
 * Waiting for a key or a range to change: the next commit that touches it wakes who waits, first come first served,
 * whatever the order of its operations. Who waits for a map that is dropped is told so (INVALID).
 *
 * The log is looked at only while somebody waits. A waiter that is woken learns which commit it was and reads for
 * itself; to take something exclusively, it deletes it in a transaction and waits again where another was faster.
 */
import { DbError } from "../errors.ts";
import { OP_KIND_DELETE_RANGE, opKeyLength, opKeyOffset, opKeyspace, opKind } from "../wal/index.ts";
import { type ByteRange, isInRange, meets } from "./byte-range.ts";
import type { CommitWatcher, CommitWriter } from "./commit-writer.ts";
import { rangeOfOp } from "./range-ops.ts";

interface Waiter {
  /** Ascending: who waited first is woken first. */
  readonly order: number;
  readonly range: ByteRange;
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
  readonly #byKeyspace: Map<number, Set<Waiter>>;
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
      count += waiters.size;
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
    for (const waiter of this.#byKeyspace.get(keyspace) ?? []) {
      waiter.wake(commit);
    }
  }

  /** Nothing will change any more: every waiter is told. */
  close(): void {
    for (const waiters of [...this.#byKeyspace.values()]) {
      for (const waiter of waiters) {
        waiter.fail(new DbError("CLOSED", "the database was closed while this waited for a change"));
      }
    }
  }

  #add(keyspace: number, waiter: Waiter): void {
    const waiters = this.#byKeyspace.get(keyspace);
    if (waiters === undefined) {
      this.#byKeyspace.set(keyspace, new Set([waiter]));
    } else {
      waiters.add(waiter);
    }
    this.#unwatch ??= this.#source.watch((commit, writer) => this.#committed(commit, writer));
  }

  #remove(keyspace: number, waiter: Waiter): void {
    const waiters = this.#byKeyspace.get(keyspace);
    waiters?.delete(waiter);
    if (waiters?.size === 0) {
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
      for (const waiter of this.#byKeyspace.get(opKeyspace(u32, op)) ?? []) {
        const isTouched =
          opKind(u32, op) === OP_KIND_DELETE_RANGE
            ? meets(waiter.range, rangeOfOp(u8, u32, op))
            : isInRange(waiter.range, u8, opKeyOffset(u32, op), opKeyLength(u32, op));
        if (isTouched) {
          touched.add(waiter);
        }
      }
    });
    for (const waiter of [...touched].sort((a, b) => a.order - b.order)) {
      waiter.wake(commit);
    }
    if (writer.touchesCatalog) {
      this.#tellOfDrops();
    }
  }

  #tellOfDrops(): void {
    for (const [keyspace, waiters] of [...this.#byKeyspace]) {
      if (this.#source.catalog.isDropped(keyspace)) {
        for (const waiter of waiters) {
          waiter.fail(new DbError("INVALID", "the map was dropped while this waited for a change", { keyspace }));
        }
      }
    }
  }
}
