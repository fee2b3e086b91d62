/**
 * What rows of JSON take on disk, with each engine's compression if it has one, after a fill in random order and a clean
 * close; and how fast they can be written with it, the time until the engine is idle included.
 */
import { performance } from "node:perf_hooks";
import { drawing, keyFor } from "./dataset.ts";
import { allocatedBytes } from "./disk-bytes.ts";
import { createEngine } from "./engines.ts";
import { jsonRow } from "./json-rows.ts";
import type { Figures } from "./metrics.ts";
import { type Order, tenthOf } from "./order.ts";
import { writeSteadily } from "./steady-writes.ts";
import { Stopwatch } from "./stopwatch.ts";
import { verify } from "./verify.ts";

const CHECKED_ENTRIES = 1000;

export async function measureJsonSize({ engine: name, directory, fillEntries }: Order): Promise<Figures> {
  const entries = tenthOf(fillEntries);
  const engine = createEngine(name, "compressible");
  await engine.open(directory, "relaxed");
  const watch = new Stopwatch();
  await writeSteadily(engine, watch, {
    what: "filling rows",
    count: entries,
    entryAt: (index) => index,
    valueAt: jsonRow,
  });
  const writtenAt = performance.now();
  const idleMs = (await engine.idle()) - writtenAt;
  const draw = drawing(entries, 51);
  for (let i = 0; i < CHECKED_ENTRIES; i++) {
    const entry = draw();
    verify(jsonRow(entry).equals(engine.get(keyFor(entry)) ?? Buffer.alloc(0)), `row ${entry} is there, as it was put`);
  }
  await engine.close();
  return {
    "json-size": allocatedBytes(directory) / entries,
    "json-fill": entries / ((watch.elapsedMs + idleMs) / 1000),
  };
}
