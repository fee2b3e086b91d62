/**
 * A fill that goes on for many times the memory of any write buffer, so that what an engine puts off comes due within it:
 * all entries in random order, 1000 a commit, relaxed. The clock goes on after the last commit until the engine is idle.
 *
 * The windows are those of the writer alone: what its rate was while it was writing, every 100 ms. Then the same directory
 * is read by a process of its own, as the compactions have left it.
 */
import { performance } from "node:perf_hooks";
import { drawing, keyFor, VALUE_BYTES } from "./dataset.ts";
import { allocatedBytes } from "./disk-bytes.ts";
import type { Engine } from "./engine.ts";
import { createEngine } from "./engines.ts";
import type { Findings } from "./findings.ts";
import { median } from "./median.ts";
import type { Figures } from "./metrics.ts";
import type { Order } from "./order.ts";
import { RateWindows, WINDOW_MS } from "./rate-windows.ts";
import { writeSteadily } from "./steady-writes.ts";
import { Stopwatch } from "./stopwatch.ts";
import { verify } from "./verify.ts";
import * as workloads from "./workloads.ts";

/** Fewer windows say nothing of the slowest. */
const LEAST_WINDOWS = 3;
const CHECKED_ENTRIES = 1000;

export async function measureSustained({ engine: name, directory, fillEntries }: Order): Promise<Findings> {
  const engine = createEngine(name);
  await engine.open(directory, "relaxed");
  const watch = new Stopwatch();
  const windows = new RateWindows();
  await writeSteadily(engine, watch, {
    what: "filling",
    count: fillEntries,
    entryAt: (index) => index,
    onCommit: (elapsedMs, entries) => windows.add(elapsedMs, entries),
  });
  const writtenAt = performance.now();
  const idleMs = (await engine.idle()) - writtenAt;
  checkSome(engine, fillEntries);
  await engine.close();
  const rates = windows.rates();
  return {
    figures: {
      "sustained-fill": fillEntries / ((watch.elapsedMs + idleMs) / 1000),
      "sustained-idle": idleMs,
      "sustained-size": allocatedBytes(directory) / fillEntries,
      ...windowFigures(rates),
    },
    courses: { "sustained-rate": { values: rates.map(Math.round), intervalMs: WINDOW_MS } },
  };
}

/**
 * What came out of it, read. First the scan, whose untimed round touches every page once: what that costs (faults of mappings,
 * nacre's checks of checksums) is no part of what follows, as in the other reads (workloads.ts).
 */
export async function serveSustained({ engine: name, directory, fillEntries, only }: Order): Promise<Figures> {
  const engine = createEngine(name);
  await engine.open(directory, "relaxed");
  // LevelDB moves its log into tables when it is opened, which may make work for a compaction.
  await engine.idle();
  const figures: Figures = {};
  for (const [id, workload] of [
    ["sustained-scan", workloads.scan],
    ["sustained-get-hit", workloads.getHit],
    ["sustained-get-miss", workloads.getMiss],
    ["sustained-range", workloads.range],
  ] as const) {
    if (only.includes(id)) {
      global.gc?.();
      figures[id] = await workload(engine, fillEntries);
    }
  }
  await engine.close();
  return figures;
}

function windowFigures(rates: readonly number[]): Figures {
  if (rates.length < LEAST_WINDOWS) {
    return {};
  }
  const middle = median(rates);
  return { "sustained-median": middle, "sustained-slowest": Math.min(...rates) / middle };
}

function checkSome(engine: Engine, entries: number): void {
  const draw = drawing(entries, 31);
  for (let i = 0; i < CHECKED_ENTRIES; i++) {
    const entry = draw();
    verify(engine.get(keyFor(entry))?.length === VALUE_BYTES, `entry ${entry} is there after the fill`);
  }
}
