#!/usr/bin/env node
/**
 * SQL, nacre beside better-sqlite3, and in TPC-H DuckDB, in one run (bench/README.md says what is measured).
 *
 *   npm run bench:sql                                   1 M rows, 3 rounds
 *   npm run bench:sql -- --rows 100000 --rounds 1       a quick look
 *   npm run bench:sql -- --only point,join --json run.json
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { figureText } from "../kv/figure-text.ts";
import { median } from "../kv/median.ts";
import { installPeers } from "../kv/peers.ts";
import { settleDisk } from "../kv/settle.ts";
import type { Findings, Order } from "./child.ts";
import { ENGINE_NAMES, type EngineName } from "./engine.ts";
import { METRICS, type Metric } from "./metrics.ts";
import { QUERY_IDS } from "./tpch/queries.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    scale: { type: "string", default: "0.05" },
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    engines: { type: "string", default: ENGINE_NAMES.join(",") },
    dir: { type: "string", default: tmpdir() },
    json: { type: "string" },
  },
});
const sizes = { rows: numberOf("rows", 1000), scale: numberOf("scale", 0.001) };
const rounds = numberOf("rounds", 1);
const engines = values.engines.split(",") as EngineName[];
const wanted = values.only === "" ? [] : values.only.split(",");
const only = METRICS.map(({ id }) => id).filter(
  (id) => wanted.length === 0 || wanted.some((beginning) => id.startsWith(beginning)),
);

installPeers();
const results = new Map<EngineName, Findings[]>(engines.map((engine) => [engine, []]));
for (let round = 0; round < rounds; round++) {
  // Who begins changes, so that nobody always runs behind the same neighbour.
  const first = round % engines.length;
  for (const engine of [...engines.slice(first), ...engines.slice(0, first)]) {
    if (engine === "duckdb" && !only.includes("tpch")) {
      continue;
    }
    results.get(engine)!.push(await runRound(engine, round));
  }
}
console.log(table());
for (const id of QUERY_IDS) {
  const answers = new Set(
    engines.flatMap((engine) => results.get(engine)!.flatMap((found) => found.answers[id] ?? [])),
  );
  if (answers.size > 1) {
    console.log(`${id} has several answers: ${[...answers].join("; ")}`);
    process.exitCode = 1;
  }
}
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify(Object.fromEntries(results), null, 2)}\n`);
}

function numberOf(option: "rows" | "scale" | "rounds", least: number): number {
  const number = Number(values[option]);
  if (!(number >= least)) {
    console.error(`--${option} takes a number from ${least} on`);
    process.exit(2);
  }
  return number;
}

async function runRound(engine: EngineName, round: number): Promise<Findings> {
  const directory = mkdtempSync(join(values.dir, "nacre-bench-sql-"));
  settleDisk();
  try {
    return await runChild({ engine, directory, sizes, only }, (text) => {
      if (process.stderr.isTTY) {
        process.stderr.write(`\r\x1b[Kround ${round + 1} of ${rounds}: ${engine}, ${text}`);
      }
    });
  } finally {
    if (process.stderr.isTTY) {
      process.stderr.write("\r\x1b[K");
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Answer {
  readonly findings?: Findings;
  readonly error?: string;
  readonly progress?: string;
}

function runChild(order: Order, onProgress: (text: string) => void): Promise<Findings> {
  const child = fork(fileURLToPath(new URL("./child.js", import.meta.url)));
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    child.on("message", (message: Answer) => {
      if (message.progress !== undefined) {
        onProgress(message.progress);
      } else {
        answer = message;
      }
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (answer?.findings !== undefined) {
        resolve(answer.findings);
      } else {
        reject(new Error(answer?.error ?? `the child process ended with ${signal ?? code} and no answer`));
      }
    });
    child.send(order);
  });
}

function figureOf(engine: EngineName, id: string): number | undefined {
  const figures = results.get(engine)!.flatMap((found) => found.figures[id] ?? []);
  return figures.length === 0 ? undefined : median(figures);
}

function failureOf(engine: EngineName, id: string): string | undefined {
  return results.get(engine)!.flatMap((found) => found.failures[id] ?? [])[0];
}

function queryMetric(id: string): Metric {
  return { id, label: `  ${id}`, goal: undefined, peer: "better-sqlite3", figure: id };
}

function table(): string {
  const queries = only.includes("tpch") ? QUERY_IDS.map(queryMetric) : [];
  const rows = [...METRICS.filter(({ id }) => only.includes(id)), ...queries].map((metric) => {
    const { label, goal, peer: peerName, figure: id } = metric;
    const cells = engines.map((engine) => {
      const figure = figureOf(engine, id);
      return figure === undefined
        ? failureOf(engine, id) === undefined
          ? "–"
          : "fails"
        : figureText("per second", figure);
    });
    const [own, peer] = [figureOf("nacre", id), figureOf(peerName, id)];
    const ratio = own === undefined || peer === undefined ? undefined : own / peer;
    const mark = goal === undefined || ratio === undefined ? "" : ratio >= goal ? "✓" : "✗";
    return [
      label,
      ...cells,
      ratio === undefined ? "" : `${ratio.toFixed(2)}x`,
      goal === undefined ? "" : `≥ ${goal}x`,
      mark,
    ];
  });
  const all = [["", ...engines, "ratio", "goal", ""], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((cells) => cells[column]!.length)));
  const lines = all.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
  const failures = engines.flatMap((engine) =>
    [...only, ...QUERY_IDS].flatMap((id) => {
      const failure = failureOf(engine, id);
      return failure === undefined ? [] : [`${engine}, ${id}: ${failure}`];
    }),
  );
  const load = loadavg()
    .map((part) => part.toFixed(1))
    .join(" ");
  return [...lines, "", ...failures, `medians of ${rounds} rounds; load average now ${load}`].join("\n");
}
