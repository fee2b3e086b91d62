/**
 * Anonymous resident memory (RssAnon: heap, buffers, arenas and stacks; not the mapped pages, which are the page cache's)
 * of a process that fills a database with default options, commits of 1000 and a turn of the event loop after each. The
 * process itself holds one commit's keys.
 *
 * The goal is about 3 M entries whatever the size of the run; the fill goes on to ten times the segments (four of 32
 * MiB, 1.3 GB of log) only where the run is that large.
 */
import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { KEY_BYTES, valueFor, writeKey } from "./dataset.ts";
import { isOwn } from "./engine.ts";
import { NacreEngine } from "./engines/nacre.ts";
import type { Figures } from "./metrics.ts";
import type { Order } from "./order.ts";
import { verify } from "./verify.ts";

const GOAL_ENTRIES = 3_000_000;
const TENFOLD_ENTRIES = 10_000_000;
const COMMIT_ENTRIES = 1000;
const SAMPLED_COMMITS = 10;
const BYTES_PER_MB = 1e6;

export async function measureMemory({ engine: name, directory, entries }: Order): Promise<Figures> {
  verify(isOwn(name), "the engine is one of nacre's");
  const engine = new NacreEngine(name);
  engine.open(directory, "relaxed");
  const filler = new Filler(engine);
  const most = await filler.fillTo(GOAL_ENTRIES);
  const figures: Figures = { memory: residentAnonymousMb(), "memory-max": most };
  if (entries >= GOAL_ENTRIES) {
    await filler.fillTo(TENFOLD_ENTRIES);
    figures["memory-10x"] = residentAnonymousMb();
  }
  verify(engine.count() === filler.filled, "what was filled in is there");
  engine.close();
  return figures;
}

class Filler {
  filled: number;
  readonly #engine: NacreEngine;
  readonly #keys: Buffer[];
  readonly #values: Buffer[];

  constructor(engine: NacreEngine) {
    this.filled = 0;
    this.#engine = engine;
    this.#keys = Array.from({ length: COMMIT_ENTRIES }, () => Buffer.alloc(KEY_BYTES));
    this.#values = Array.from({ length: COMMIT_ENTRIES }, (_, index) => valueFor(index));
  }

  /** The most megabytes that were resident on the way. */
  async fillTo(entries: number): Promise<number> {
    let most = 0;
    for (let commits = 0; this.filled < entries; commits++) {
      for (let i = 0; i < COMMIT_ENTRIES; i++) {
        writeKey(this.filled + i, this.#keys[i]!, 0);
      }
      this.#engine.put(this.#keys, this.#values, 0, COMMIT_ENTRIES);
      this.filled += COMMIT_ENTRIES;
      await nextTurn();
      if (commits % SAMPLED_COMMITS === 0) {
        most = Math.max(most, residentAnonymousMb());
      }
    }
    return most;
  }
}

/** Linux only; elsewhere the whole resident set, which counts mapped pages too. */
export function residentAnonymousMb(): number {
  if (process.platform !== "linux") {
    return process.memoryUsage.rss() / BYTES_PER_MB;
  }
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))![1];
  return (Number(kibibytes) * 1024) / BYTES_PER_MB;
}
