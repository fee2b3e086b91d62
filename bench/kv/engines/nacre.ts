/** nacre with its defaults, through its public API. Relaxed mode is durability "relaxed", durable mode "sync". */
import { type Database, type DbMap, open, type WriteTransaction } from "../../../src/index.ts";
import type { Engine, Mode, Tally } from "../engine.ts";

const MAP = "bench";
const KINDS = { key: "bytes", value: "bytes" } as const;

export class NacreEngine implements Engine {
  readonly name = "nacre";
  db!: Database;
  #map!: DbMap<Uint8Array, Uint8Array>;

  open(directory: string, mode: Mode): undefined {
    this.db = open(directory, { durability: mode === "durable" ? "sync" : "relaxed" });
    this.#map = this.db.map(MAP, KINDS);
  }

  close(): undefined {
    this.db.close();
  }

  put(keys: readonly Buffer[], values: readonly Buffer[], from: number, to: number): undefined {
    this.db.write((tx: WriteTransaction) => {
      const map = tx.map(MAP, KINDS);
      for (let i = from; i < to; i++) {
        map.put(keys[i]!, values[i]!);
      }
    });
  }

  delete(keys: readonly Buffer[], from: number, to: number): undefined {
    this.db.write((tx: WriteTransaction) => {
      const map = tx.map(MAP, KINDS);
      for (let i = from; i < to; i++) {
        map.delete(keys[i]!);
      }
    });
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.#map.get(key);
  }

  scan(tally: Tally): undefined {
    this.#map.range().forEach((key, value) => {
      tally.add(key, value);
    });
  }

  range(key: Buffer, limit: number, tally: Tally): undefined {
    this.#map.range({ gte: key, limit }).forEach((found, value) => {
      tally.add(found, value);
    });
  }

  commit(key: Buffer, value: Buffer): undefined {
    this.#map.put(key, value);
  }

  async commitConcurrently(key: Buffer, value: Buffer): Promise<void> {
    await this.db.transaction((tx) => {
      tx.map(MAP, KINDS).put(key, value);
    });
  }
}
