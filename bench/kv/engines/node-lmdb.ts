/**
 * node-lmdb: LMDB 0.9 as it is. Relaxed: noSync with a writable, asynchronously flushed map; commits are synchronous
 * transactions (batchWrite in a thread was slower here at 10 entries a commit, level at 1000). Durable: LMDB's default, a
 * sync of data and of the meta page in every commit; concurrently, one batchWrite a commit. Reads go through one read
 * transaction, renewed after each write, and copy (getBinary). It does nothing beside its caller.
 */
import { performance } from "node:perf_hooks";
import type { Engine, Mode, Tally } from "../engine.ts";
import { requirePeer } from "../peers.ts";

interface NodeLmdb {
  Env: new () => Env;
  Cursor: new (txn: Txn, dbi: Dbi, kind: object) => Cursor;
}

interface Env {
  open(options: object): void;
  openDbi(options: object): Dbi;
  beginTxn(options?: object): Txn;
  batchWrite(operations: readonly unknown[], options: object, done: (error: Error | null) => void): void;
  close(): void;
}

interface Dbi {
  close(): void;
}

interface Txn {
  getBinary(dbi: Dbi, key: Buffer): Buffer | null;
  putBinary(dbi: Dbi, key: Buffer, value: Buffer, options: object): void;
  del(dbi: Dbi, key: Buffer, options: object): void;
  commit(): void;
  abort(): void;
}

interface Cursor {
  goToFirst(options: object): Buffer | null;
  goToRange(key: Buffer, options: object): Buffer | null;
  goToNext(options: object): Buffer | null;
  getCurrentBinary(): Buffer;
  del(): void;
  close(): void;
}

const MAP_BYTES = 16 * 2 ** 30;
const BUFFER_KEYS = { keyIsBuffer: true };

export class NodeLmdbEngine implements Engine {
  readonly name = "node-lmdb";
  #module!: NodeLmdb;
  #env!: Env;
  #dbi!: Dbi;
  #reading: Txn | undefined;

  open(directory: string, mode: Mode): undefined {
    this.#module = requirePeer<NodeLmdb>("node-lmdb");
    const writing = mode === "relaxed" ? { noSync: true, noMetaSync: true, useWritemap: true, mapAsync: true } : {};
    this.#env = new this.#module.Env();
    this.#env.open({ path: directory, mapSize: MAP_BYTES, noMemInit: true, ...writing });
    this.#dbi = this.#env.openDbi({ name: null, create: true, ...BUFFER_KEYS });
  }

  close(): undefined {
    this.#endReading();
    this.#dbi.close();
    this.#env.close();
  }

  put(keys: readonly Buffer[], values: readonly Buffer[], from: number, to: number): undefined {
    this.#endReading();
    const txn = this.#env.beginTxn();
    for (let i = from; i < to; i++) {
      txn.putBinary(this.#dbi, keys[i]!, values[i]!, BUFFER_KEYS);
    }
    txn.commit();
  }

  delete(keys: readonly Buffer[], from: number, to: number): undefined {
    this.#endReading();
    const txn = this.#env.beginTxn();
    for (let i = from; i < to; i++) {
      txn.del(this.#dbi, keys[i]!, BUFFER_KEYS);
    }
    txn.commit();
  }

  deleteRange(gte: Buffer, lt: Buffer): undefined {
    this.#endReading();
    const txn = this.#env.beginTxn();
    const cursor = new this.#module.Cursor(txn, this.#dbi, BUFFER_KEYS);
    let key = cursor.goToRange(gte, BUFFER_KEYS);
    while (key !== null && Buffer.compare(key, lt) < 0) {
      cursor.del();
      key = cursor.goToNext(BUFFER_KEYS);
    }
    cursor.close();
    txn.commit();
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.#beginReading().getBinary(this.#dbi, key) ?? undefined;
  }

  scan(tally: Tally): undefined {
    const cursor = this.#openCursor();
    for (let key = cursor.goToFirst(BUFFER_KEYS); key !== null; key = cursor.goToNext(BUFFER_KEYS)) {
      tally.add(key, cursor.getCurrentBinary());
    }
    cursor.close();
  }

  range(start: Buffer, limit: number, tally: Tally): undefined {
    const cursor = this.#openCursor();
    let key = cursor.goToRange(start, BUFFER_KEYS);
    for (let i = 0; i < limit && key !== null; i++) {
      tally.add(key, cursor.getCurrentBinary());
      key = cursor.goToNext(BUFFER_KEYS);
    }
    cursor.close();
  }

  commit(key: Buffer, value: Buffer): undefined {
    this.#endReading();
    const txn = this.#env.beginTxn();
    txn.putBinary(this.#dbi, key, value, BUFFER_KEYS);
    txn.commit();
  }

  commitConcurrently(key: Buffer, value: Buffer): Promise<void> {
    this.#endReading();
    return new Promise((resolve, reject) => {
      this.#env.batchWrite([[this.#dbi, key, value]], BUFFER_KEYS, (error) => (error ? reject(error) : resolve()));
    });
  }

  async idle(): Promise<number> {
    return performance.now();
  }

  #openCursor(): Cursor {
    return new this.#module.Cursor(this.#beginReading(), this.#dbi, BUFFER_KEYS);
  }

  #beginReading(): Txn {
    this.#reading ??= this.#env.beginTxn({ readOnly: true });
    return this.#reading;
  }

  #endReading(): void {
    this.#reading?.abort();
    this.#reading = undefined;
  }
}
