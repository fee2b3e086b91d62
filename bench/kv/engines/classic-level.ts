/**
 * classic-level (LevelDB). Compression (Snappy, its default) is off where values are random, since it costs; a write
 * buffer of 32 MiB like nacre's segment, a block cache of 256 MiB, bloom filters (always on). Commits are batches; relaxed
 * without, durable with `sync: true`. Reads are getSync; scans read through nextv, 1000 entries a call.
 *
 * It does not say whether it compacts. `compactRange` would do more than it does by itself; so it is idle when none of its
 * files, its own log of events included, has changed for two seconds, and was idle from the last change on.
 */
import type { Data, Engine, Mode, Tally } from "../engine.ts";
import { lastChange } from "../last-change.ts";
import { requirePeer } from "../peers.ts";

interface ClassicLevelModule {
  ClassicLevel: new (directory: string, options: object) => Level;
}

interface Level {
  open(options: object): Promise<void>;
  close(): Promise<void>;
  batch(operations: readonly object[], options?: object): Promise<void>;
  put(key: Buffer, value: Buffer, options: object): Promise<void>;
  clear(range: object): Promise<void>;
  getSync(key: Buffer): Buffer | undefined;
  iterator(options: object): LevelIterator;
}

interface LevelIterator {
  nextv(size: number): Promise<[Buffer, Buffer][]>;
  close(): Promise<void>;
}

const WRITE_BUFFER_BYTES = 32 * 2 ** 20;
const CACHE_BYTES = 256 * 2 ** 20;
const SCAN_STEP = 1000;
const SYNCED = { sync: true };
const QUIET_MS = 2000;

export class ClassicLevelEngine implements Engine {
  readonly name = "classic-level";
  readonly #compression: boolean;
  #directory!: string;
  #db!: Level;

  constructor(data: Data) {
    this.#compression = data === "compressible";
  }

  open(directory: string, _mode: Mode): Promise<void> {
    this.#directory = directory;
    const { ClassicLevel } = requirePeer<ClassicLevelModule>("classic-level");
    this.#db = new ClassicLevel(directory, { keyEncoding: "buffer", valueEncoding: "buffer" });
    return this.#db.open({
      compression: this.#compression,
      writeBufferSize: WRITE_BUFFER_BYTES,
      cacheSize: CACHE_BYTES,
    });
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  put(keys: readonly Buffer[], values: readonly Buffer[], from: number, to: number): Promise<void> {
    const operations: object[] = [];
    for (let i = from; i < to; i++) {
      operations.push({ type: "put", key: keys[i]!, value: values[i]! });
    }
    return this.#db.batch(operations);
  }

  delete(keys: readonly Buffer[], from: number, to: number): Promise<void> {
    const operations: object[] = [];
    for (let i = from; i < to; i++) {
      operations.push({ type: "del", key: keys[i]! });
    }
    return this.#db.batch(operations);
  }

  deleteRange(gte: Buffer, lt: Buffer): Promise<void> {
    return this.#db.clear({ gte, lt });
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.#db.getSync(key);
  }

  async scan(tally: Tally): Promise<void> {
    const iterator = this.#db.iterator({ highWaterMarkBytes: SCAN_STEP * 1024 });
    for (let entries = await iterator.nextv(SCAN_STEP); entries.length > 0; entries = await iterator.nextv(SCAN_STEP)) {
      for (const entry of entries) {
        tally.add(entry[0], entry[1]);
      }
    }
    await iterator.close();
  }

  async range(gte: Buffer, limit: number, tally: Tally): Promise<void> {
    const iterator = this.#db.iterator({ gte, limit });
    for (const entry of await iterator.nextv(limit)) {
      tally.add(entry[0], entry[1]);
    }
    await iterator.close();
  }

  commit(key: Buffer, value: Buffer): Promise<void> {
    return this.#db.put(key, value, SYNCED);
  }

  commitConcurrently(key: Buffer, value: Buffer): Promise<void> {
    return this.#db.put(key, value, SYNCED);
  }

  idle(): Promise<number> {
    return lastChange(this.#directory, QUIET_MS);
  }
}
