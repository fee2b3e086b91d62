/**
 * How long the event loop stands still while a database is filled with small commits: 10 entries, then a turn of the
 * loop. A timer of 1 ms, in libuv, looks how late it comes; its own millisecond is in the figure.
 *
 * Of nacre's engines for as long as several checkpoints take to run beside it, and of any engine for the length of a
 * sustained fill.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CHUNK_ENTRIES, keysOf, valueFor } from "./dataset.ts";
import { type Engine, isOwn } from "./engine.ts";
import { NacreEngine } from "./engines/nacre.ts";
import { createEngine } from "./engines.ts";
import type { Figures } from "./metrics.ts";
import type { Order } from "./order.ts";
import { tell } from "./tell.ts";
import { verify } from "./verify.ts";

const ENTRIES = 2_000_000;
const COMMIT_ENTRIES = 10;
const NANOSECONDS_PER_MS = 1e6;

interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly commitsPerSecond: number;
}

export async function measureLoopDelay({ engine: name, directory }: Order): Promise<Figures> {
  verify(isOwn(name), "the engine is one of nacre's");
  const engine = new NacreEngine(name);
  engine.open(directory, "relaxed");
  const found = await delayOfFill(engine, ENTRIES);
  verify(engine.db.stats().checkpoints >= 2, "checkpoints ran beside the fill");
  engine.close();
  return { "loop-p99": found.p99Ms, "loop-max": found.maxMs, "loop-fill": found.commitsPerSecond };
}

export async function measureSustainedLoopDelay({ engine: name, directory, fillEntries }: Order): Promise<Figures> {
  const engine = createEngine(name);
  await engine.open(directory, "relaxed");
  const found = await delayOfFill(engine, fillEntries);
  await engine.close();
  return {
    "sustained-loop-p99": found.p99Ms,
    "sustained-loop-max": found.maxMs,
    "sustained-loop-fill": found.commitsPerSecond,
  };
}

async function delayOfFill(engine: Engine, entries: number): Promise<LoopDelay> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let elapsedMs = 0;
  for (let first = 0; first < entries; first += CHUNK_ENTRIES) {
    const length = Math.min(CHUNK_ENTRIES, entries - first);
    const keys = keysOf(length, (index) => first + index);
    const values = keys.map((_, index) => valueFor(first + index));
    tell("small commits", first, entries);
    await nextTurn();
    const startedAt = performance.now();
    delay.enable();
    for (let i = 0; i < length; i += COMMIT_ENTRIES) {
      const committed = engine.put(keys, values, i, Math.min(length, i + COMMIT_ENTRIES));
      if (committed !== undefined) {
        await committed;
      }
      await nextTurn();
    }
    delay.disable();
    elapsedMs += performance.now() - startedAt;
  }
  return {
    p99Ms: delay.percentile(99) / NANOSECONDS_PER_MS,
    maxMs: delay.max / NANOSECONDS_PER_MS,
    commitsPerSecond: entries / COMMIT_ENTRIES / (elapsedMs / 1000),
  };
}
