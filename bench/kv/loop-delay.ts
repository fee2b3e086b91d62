/**
 * How long the event loop stands still while a database is filled with small commits: 10 entries, then a turn of the
 * loop, until several checkpoints have run beside it. A timer of 1 ms, in libuv, looks how late it comes; its own
 * millisecond is in the figure.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CHUNK_ENTRIES, keysOf, valueFor } from "./dataset.ts";
import { NacreEngine } from "./engines/nacre.ts";
import type { Figures } from "./metrics.ts";
import { verify } from "./verify.ts";

const ENTRIES = 2_000_000;
const COMMIT_ENTRIES = 10;
const NANOSECONDS_PER_MS = 1e6;

export async function measureLoopDelay(directory: string): Promise<Figures> {
  const engine = new NacreEngine();
  engine.open(directory, "relaxed");
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let elapsedMs = 0;
  for (let first = 0; first < ENTRIES; first += CHUNK_ENTRIES) {
    const keys = keysOf(CHUNK_ENTRIES, (index) => first + index);
    const values = keys.map((_, index) => valueFor(first + index));
    await nextTurn();
    const startedAt = performance.now();
    delay.enable();
    for (let i = 0; i < CHUNK_ENTRIES; i += COMMIT_ENTRIES) {
      engine.put(keys, values, i, i + COMMIT_ENTRIES);
      await nextTurn();
    }
    delay.disable();
    elapsedMs += performance.now() - startedAt;
  }
  verify(engine.db.stats().checkpoints >= 2, "checkpoints ran beside the fill");
  engine.close();
  return {
    "loop-p99": delay.percentile(99) / NANOSECONDS_PER_MS,
    "loop-max": delay.max / NANOSECONDS_PER_MS,
    "loop-fill": ENTRIES / COMMIT_ENTRIES / (elapsedMs / 1000),
  };
}
