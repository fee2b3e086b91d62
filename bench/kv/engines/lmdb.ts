/**
 * lmdb-js. Relaxed: noSync with a writable map, its fastest way to write (twice the rate of the default); commits are
 * transactionSync for small ones, awaited batch() in its writer thread for large ones, whichever was faster here.
 * Durable: overlappingSync, the default, and its promise `flushed`, which resolves after the sync; one at a time,
 * transactionSync with its default flags, which return after the sync. No record cache. No compression: of rows of 150
 * bytes its LZ4, which compresses each by itself, saves one byte in 25 and costs three quarters of the rate. Reads are
 * getBinary: a Buffer of the caller's own, as everywhere here.
 *
 * It has no work of its own beside its caller: once what was committed is `flushed`, it is idle. What the system still has
 * to write from the map is not waited for, as with nobody else.
 */
import { performance } from "node:perf_hooks";
import type { Engine, Mode, Tally } from "../engine.ts";
import { requirePeer } from "../peers.ts";

interface Lmdb {
  open(options: object): LmdbDatabase;
}

interface LmdbDatabase {
  getBinary(key: Buffer): Buffer | undefined;
  put(key: Buffer, value: Buffer): Promise<boolean> & { readonly flushed: Promise<boolean> };
  remove(key: Buffer): Promise<boolean>;
  batch(action: () => void): Promise<boolean>;
  transactionSync(action: () => void, flags?: number): void;
  getRange(options?: object): Iterable<{ key: Buffer; value: Buffer }>;
  getKeys(options?: object): Iterable<Buffer>;
  readonly flushed: PromiseLike<unknown>;
  close(): Promise<void>;
}

const MAP_BYTES = 16 * 2 ** 30;
/** Commits of at least so many entries go through the writer thread. */
const BATCH_ENTRIES = 100;
/** lmdb-js: neither abortable (no savepoint is needed) nor to be synced. */
const PLAIN_COMMIT = 2;

export class LmdbEngine implements Engine {
  readonly name = "lmdb";
  #db!: LmdbDatabase;

  open(directory: string, mode: Mode): undefined {
    const writing = mode === "relaxed" ? { noSync: true, useWritemap: true } : { separateFlushed: true };
    this.#db = requirePeer<Lmdb>("lmdb").open({
      path: directory,
      keyEncoding: "binary",
      encoding: "binary",
      noMemInit: true,
      mapSize: MAP_BYTES,
      ...writing,
    });
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  put(keys: readonly Buffer[], values: readonly Buffer[], from: number, to: number): Promise<void> | undefined {
    return this.#write(to - from, () => {
      for (let i = from; i < to; i++) {
        void this.#db.put(keys[i]!, values[i]!);
      }
    });
  }

  delete(keys: readonly Buffer[], from: number, to: number): Promise<void> | undefined {
    return this.#write(to - from, () => {
      for (let i = from; i < to; i++) {
        void this.#db.remove(keys[i]!);
      }
    });
  }

  deleteRange(start: Buffer, end: Buffer): undefined {
    this.#db.transactionSync(() => {
      for (const key of this.#db.getKeys({ start, end })) {
        void this.#db.remove(key);
      }
    }, PLAIN_COMMIT);
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.#db.getBinary(key);
  }

  scan(tally: Tally): undefined {
    for (const { key, value } of this.#db.getRange()) {
      tally.add(key, value);
    }
  }

  range(start: Buffer, limit: number, tally: Tally): undefined {
    for (const { key, value } of this.#db.getRange({ start, limit })) {
      tally.add(key, value);
    }
  }

  commit(key: Buffer, value: Buffer): undefined {
    this.#db.transactionSync(() => {
      void this.#db.put(key, value);
    });
  }

  async commitConcurrently(key: Buffer, value: Buffer): Promise<void> {
    const committed = this.#db.put(key, value);
    await committed.flushed;
  }

  async idle(): Promise<number> {
    await this.#db.flushed;
    return performance.now();
  }

  #write(entries: number, action: () => void): Promise<void> | undefined {
    if (entries >= BATCH_ENTRIES) {
      return this.#db.batch(action).then(() => undefined);
    }
    this.#db.transactionSync(action, PLAIN_COMMIT);
    return undefined;
  }
}
