/**
 * What one child process does: one task of one engine in one round.
 *
 *   fill         a new database, all entries; how long it took to fill and to close, and what lies on disk then
 *   serve        that database opened again (timed), read, updated, read, thinned out; then opened durable for commits,
 *                beside what the bare disk does at that moment
 *   recovery     (recovery.ts)    a full log segment, after SIGKILL
 *   loop-delay   (loop-delay.ts)  how long the event loop stands still
 *   memory       (memory.ts)      what is resident
 *   sql          (sql.ts)         a table of a million rows, by key and grouped
 *
 * And under writes that go on for long, which is what the LSM engine is for:
 *
 *   sustained         (sustained.ts)         ten million entries, until the engine is idle
 *   sustained-serve   (sustained.ts)         that database, read
 *   sustained-loop    (loop-delay.ts)        the event loop during such a fill, in small commits
 *   overwrite         (overwrite.ts)         the same keys over and over: space and writes
 *   json-size         (json-size.ts)         rows that can be compressed
 *   read-beside-fill  (read-beside-fill.ts)  gets while a writer fills
 *   range-delete      (range-delete.ts)      a thousand entries at a time
 */
import { mkdirSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { allocatedBytes } from "./disk-bytes.ts";
import { syncRate } from "./disk-sync.ts";
import type { Engine } from "./engine.ts";
import { createEngine } from "./engines.ts";
import type { Findings } from "./findings.ts";
import { measureJsonSize } from "./json-size.ts";
import { measureLoopDelay, measureSustainedLoopDelay } from "./loop-delay.ts";
import { measureMemory } from "./memory.ts";
import type { Figures, MetricId } from "./metrics.ts";
import type { Order } from "./order.ts";
import { measureOverwrite } from "./overwrite.ts";
import { measureRangeDelete } from "./range-delete.ts";
import { measureReadBesideFill } from "./read-beside-fill.ts";
import { fillSegment, measureRecovery } from "./recovery.ts";
import { settleDisk } from "./settle.ts";
import { measureSql } from "./sql.ts";
import { measureSustained, serveSustained } from "./sustained.ts";
import * as workloads from "./workloads.ts";

export async function runTask(order: Order): Promise<Findings> {
  mkdirSync(order.directory, { recursive: true });
  switch (order.task) {
    case "fill":
      return plain(await fill(order));
    case "serve":
      return plain(await serve(order));
    case "recovery-prepare":
      return fillSegment(order);
    case "recovery":
      return plain(measureRecovery(order));
    case "loop-delay":
      return plain(await measureLoopDelay(order));
    case "memory":
      return plain(await measureMemory(order));
    case "sql":
      return plain(await measureSql(order.engine, order.directory));
    case "sustained":
      return await measureSustained(order);
    case "sustained-serve":
      return plain(await serveSustained(order));
    case "sustained-loop":
      return plain(await measureSustainedLoopDelay(order));
    case "overwrite":
      return await measureOverwrite(order);
    case "json-size":
      return plain(await measureJsonSize(order));
    case "read-beside-fill":
      return plain(await measureReadBesideFill(order));
    case "range-delete":
      return plain(await measureRangeDelete(order));
  }
}

/** Figures without a course. */
function plain(figures: Figures): Findings {
  return { figures, courses: {} };
}

async function fill({ engine: name, directory, entries }: Order): Promise<Figures> {
  const engine = createEngine(name);
  await engine.open(directory, "relaxed");
  const rate = await workloads.fill(engine, entries);
  const startedAt = performance.now();
  await engine.close();
  return {
    fill: rate,
    "fill-close": performance.now() - startedAt,
    size: allocatedBytes(directory) / entries,
  };
}

async function serve({ engine: name, directory, entries, only }: Order): Promise<Figures> {
  const figures: Figures = {};
  const engine = createEngine(name);
  const wants = (id: MetricId): boolean => only.includes(id);
  const run = async (id: MetricId, workload: workloads.Workload): Promise<void> => {
    if (wants(id)) {
      global.gc?.();
      figures[id] = await workload(engine, entries);
    }
  };
  if (wants("open")) {
    figures.open = await timeToOpen(engine, directory);
  } else {
    await engine.open(directory, "relaxed");
  }
  await run("get-hit", workloads.getHit);
  await run("get-miss", workloads.getMiss);
  await run("scan", workloads.scan);
  await run("range", workloads.range);
  if (wants("get-fresh") || wants("update")) {
    const rate = await workloads.update(engine, entries);
    figures.update = rate;
  }
  await run("get-fresh", workloads.getHit);
  await run("delete", workloads.deletes);
  await engine.close();
  if (wants("commit-1") || wants("commit-64") || wants("disk-sync")) {
    settleDisk();
    figures["disk-sync"] = syncRate(directory);
    await engine.open(directory, "durable");
    await run("commit-1", workloads.commitOneByOne);
    await run("commit-64", workloads.commitConcurrently);
    await engine.close();
  }
  return figures;
}

/** Opening is done when the first entry can be read. The peer's module is loaded before, by opening an empty database. */
async function timeToOpen(engine: Engine, directory: string): Promise<number> {
  const empty = `${directory}-empty`;
  mkdirSync(empty, { recursive: true });
  await engine.open(empty, "relaxed");
  await engine.close();
  const startedAt = performance.now();
  await engine.open(directory, "relaxed");
  engine.get(Buffer.alloc(16));
  return performance.now() - startedAt;
}
