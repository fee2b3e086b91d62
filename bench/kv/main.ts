#!/usr/bin/env node
/**
 * The benchmark: nacre and its peers side by side, in one run (bench/README.md says what is measured, and how).
 *
 *   npm run bench                                         300,000 entries, 3 rounds
 *   npm run bench -- --entries 3000000 --json run.json
 *   npm run bench -- --only get,scan --engines nacre,lmdb
 *   npm run bench -- --engine lsm                         sustained writes: the LSM engine beside lmdb and LevelDB
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import { type DrawnSeries, drawSeries, textOfSeries } from "./course-report.ts";
import { ENGINE_NAMES, isOwn } from "./engine.ts";
import { METRICS } from "./metrics.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { installedVersion, installPeers } from "./peers.ts";
import { type Row, summarize, tableOf } from "./report.ts";
import { type Progress, type Results, runRounds } from "./runner.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** A log is told how far the run is, but not more often than this. */
const LINE_INTERVAL_MS = 20_000;

const options = optionsOrExit();
if (!options.engines.every(isOwn)) {
  installPeers();
}
const machine = describeMachine();
console.log(`${machine.summary}\n${sizesText(options)} of 16 + 100 bytes, ${options.rounds} rounds\n`);
const progress = progressOn(process.stderr);
const results = await runRounds(options, progress);
progress.end();
const rows = summarize(results, options.only);
console.log(tableOf(rows, options.engines, process.stdout));
const drawn = drawSeries(results);
if (drawn.length > 0) {
  console.log(`\n${textOfSeries(drawn)}`);
}
console.log(
  `\nratio: nacre to the best peer, or to those of the goal; load average now ${loadText()}, at the start ${machine.load}`,
);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify(reportOf(options, rows, drawn, results), null, 2)}\n`);
}
process.exitCode = progress.failures === 0 ? 0 : EXIT_FAILED;

function optionsOrExit(): Options {
  try {
    const parsed = parseOptions(process.argv.slice(2));
    if (parsed !== undefined) {
      return parsed;
    }
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(EXIT_USAGE);
  }
}

function describeMachine(): { summary: string; load: string } {
  const cores = cpus();
  const memoryGib = (totalmem() / 2 ** 30).toFixed(0);
  const peers = ENGINE_NAMES.filter((name) => !isOwn(name)).map((name) => `${name} ${installedVersion(name) ?? "–"}`);
  const system = `${process.platform} ${release()}, Node ${process.versions.node}`;
  return {
    summary: `${cores.length} x ${cores[0]?.model.trim()}, ${memoryGib} GiB, ${system}\n${peers.join(", ")}`,
    load: loadText(),
  };
}

function loadText(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(" ");
}

/** Which of the two sizes the rows of this run depend on. */
function sizesText({ entries, fillEntries, only }: Options): string {
  const about = new Set(METRICS.filter(({ id }) => only.includes(id)).map((metric) => metric.about));
  const sizes = [...(about.has("nacre") ? [entries] : []), ...(about.has("nacre-lsm") ? [fillEntries] : [])];
  return `${sizes.join(" and ")} entries`;
}

function reportOf(
  { entries, fillEntries, rounds }: Options,
  summary: readonly Row[],
  courses: readonly DrawnSeries[],
  found: Results,
): object {
  return {
    date: new Date().toISOString(),
    machine,
    entries,
    fillEntries,
    rounds,
    metrics: summary.map(({ metric, medians, own, ratios, isMet }) => ({
      id: metric.id,
      unit: metric.unit,
      medians: Object.fromEntries(medians),
      own,
      ratios: Object.fromEntries(ratios),
      isMet,
      rounds: Object.fromEntries(
        [...found].map(([engine, rounds]) => [engine, rounds.map(({ figures }) => figures[metric.id])]),
      ),
    })),
    series: courses.map(({ series, drawings }) => ({
      id: series.id,
      unit: series.unit,
      drawings: Object.fromEntries(drawings.map(({ engine, ...drawing }) => [engine, drawing])),
      rounds: Object.fromEntries(
        [...found].map(([engine, rounds]) => [engine, rounds.map((round) => round.courses[series.id])]),
      ),
    })),
  };
}

function progressOn(stream: NodeJS.WriteStream): Progress & { readonly failures: number; end(): void } {
  let failures = 0;
  let shownAt = performance.now();
  const clear = stream.isTTY ? "\r\x1b[K" : "";
  return {
    get failures(): number {
      return failures;
    },
    step(text: string): void {
      if (stream.isTTY) {
        stream.write(`${clear}${text}`);
      } else if (performance.now() - shownAt >= LINE_INTERVAL_MS) {
        shownAt = performance.now();
        stream.write(`${text}\n`);
      }
    },
    failed(engine: string, task: string, error: string): void {
      failures++;
      stream.write(`${clear}${engine}, ${task}: ${error}\n`);
    },
    end(): void {
      stream.write(clear);
    },
  };
}
