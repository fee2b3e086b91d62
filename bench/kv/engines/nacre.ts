/**
 * nacre with its defaults, through its public API: a map of the storage engine "btree" ("nacre") or "lsm" ("nacre-lsm").
 * Relaxed mode is durability "relaxed", durable mode "sync".
 */
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { type Database, type DatabaseStats, type DbMap, open, type WriteTransaction } from "../../../src/index.ts";
import type { Engine, Mode, OwnEngine, Tally } from "../engine.ts";
import { verify } from "../verify.ts";

const MAP = "bench";
const IDLE_POLL_MS = 5;

interface BytesMap {
  readonly engine: "btree" | "lsm";
  readonly key: "bytes";
  readonly value: "bytes";
}

export class NacreEngine implements Engine {
  readonly name: OwnEngine;
  db!: Database;
  readonly #options: BytesMap;
  #map!: DbMap<Uint8Array, Uint8Array>;

  constructor(name: OwnEngine) {
    this.name = name;
    this.#options = { engine: name === "nacre-lsm" ? "lsm" : "btree", key: "bytes", value: "bytes" };
  }

  open(directory: string, mode: Mode): undefined {
    this.db = open(directory, { durability: mode === "durable" ? "sync" : "relaxed" });
    this.#map = this.db.map(MAP, this.#options);
  }

  close(): undefined {
    this.db.close();
  }

  put(keys: readonly Buffer[], values: readonly Buffer[], from: number, to: number): undefined {
    this.db.write((tx: WriteTransaction) => {
      const map = tx.map(MAP, this.#options);
      for (let i = from; i < to; i++) {
        map.put(keys[i]!, values[i]!);
      }
    });
  }

  delete(keys: readonly Buffer[], from: number, to: number): undefined {
    this.db.write((tx: WriteTransaction) => {
      const map = tx.map(MAP, this.#options);
      for (let i = from; i < to; i++) {
        map.delete(keys[i]!);
      }
    });
  }

  deleteRange(gte: Buffer, lt: Buffer): undefined {
    this.db.write((tx: WriteTransaction) => {
      tx.map(MAP, this.#options).deleteRange({ gte, lt });
    });
  }

  /** How many entries there are. */
  count(): number {
    return this.#map.count();
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
      tx.map(MAP, this.#options).put(key, value);
    });
  }

  /** A checkpoint puts what the active segment holds into pages too, which the peers leave in their logs. */
  async idle(): Promise<number> {
    await this.db.checkpoint();
    for (let stats = this.db.stats(); isBusy(stats); stats = this.db.stats()) {
      verify(stats.checkpointError === undefined, `it comes to rest: ${stats.checkpointError}`);
      await sleep(IDLE_POLL_MS);
    }
    return performance.now();
  }
}

function isBusy({ isCheckpointing, compactionDebtBytes }: DatabaseStats): boolean {
  return isCheckpointing || compactionDebtBytes > 0;
}
