#!/usr/bin/env node
/**
 * The benchmark: nacre and its peers side by side, in one run (bench/README.md says what is measured, and how).
 *
 *   npm run bench                                         300,000 entries, 3 rounds
 *   npm run bench -- --entries 3000000 --json run.json
 *   npm run bench -- --only get,scan --engines nacre,lmdb
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { ENGINE_NAMES } from "./engine.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { installedVersion, installPeers } from "./peers.ts";
import { type Row, summarize, tableOf } from "./report.ts";
import { type Progress, type Results, runRounds } from "./runner.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const options = optionsOrExit();
if (options.engines.some((engine) => engine !== "nacre")) {
  installPeers();
}
const machine = describeMachine();
console.log(`${machine.summary}\n${options.entries} entries of 16 + 100 bytes, ${options.rounds} rounds\n`);
const progress = progressOn(process.stderr);
const results = await runRounds(options, progress);
progress.end();
const rows = summarize(results, options.only);
console.log(tableOf(rows, options.engines, process.stdout));
console.log(`\nratio: nacre to the best peer; load average now ${loadText()}, at the start ${machine.load}`);
if (options.json !== undefined) {
  writeFileSync(options.json, `${JSON.stringify(reportOf(options, rows, results), null, 2)}\n`);
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
  const peers = ENGINE_NAMES.filter((name) => name !== "nacre").map(
    (name) => `${name} ${installedVersion(name) ?? "–"}`,
  );
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

function reportOf({ entries, rounds }: Options, summary: readonly Row[], found: Results): object {
  return {
    date: new Date().toISOString(),
    machine,
    entries,
    rounds,
    metrics: summary.map(({ metric, medians, ratio, isMet }) => ({
      id: metric.id,
      unit: metric.unit,
      medians: Object.fromEntries(medians),
      ratio,
      isMet,
      rounds: Object.fromEntries([...found].map(([engine, figures]) => [engine, figures.map((f) => f[metric.id])])),
    })),
  };
}

function progressOn(stream: NodeJS.WriteStream): Progress & { readonly failures: number; end(): void } {
  let failures = 0;
  const clear = stream.isTTY ? "\r\x1b[K" : "";
  return {
    get failures(): number {
      return failures;
    },
    step(text: string): void {
      stream.write(stream.isTTY ? `${clear}${text}` : "");
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
