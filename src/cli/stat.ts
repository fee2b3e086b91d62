/** `nacre stat`: a database at a glance. */
import type { MapShape } from "../mvcc/index.ts";
import { counted, formatBytes, formatCount, grouped } from "./amounts.ts";
import type { Command, CommandRun } from "./command.ts";
import type { Console } from "./console.ts";
import type { Overview, RawSnapshot } from "./database.ts";
import { EXIT_OK, UsageError } from "./exit.ts";
import { Table } from "./table.ts";
import { printable } from "./width.ts";

export const statCommand: Command = {
  name: "stat",
  summary: "shows what is in a database and how much room it takes",
  help: `usage: nacre stat [options] DIR

Shows the last commit, the maps with the kinds of their keys and values and their number
of entries (SQL tables are the maps that begin with sql/), and what the pages and the
log take on the disk. Of maps with the engine lsm it draws the levels: how large they
are, in how many runs, and what their filters let through. Nothing is changed.

options
      --json   the same as one line of JSON`,
  options: { json: { type: "boolean" } },
  run: runStat,
};

type Maps = RawSnapshot["keyspaces"];

async function runStat({ console, databases, values, positionals }: CommandRun): Promise<number> {
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    throw new UsageError("stat takes the directory of a database", "stat");
  }
  const database = databases.open(path, { create: false, readOnly: true });
  try {
    const snapshot = database.snapshot();
    const { keyspaces } = snapshot;
    snapshot.close();
    const overview = database.overview();
    if (values.json === true) {
      console.write(`${jsonOf(overview, keyspaces)}\n`);
    } else {
      printFacts(console, path, overview);
      printMaps(console, keyspaces);
      for (const shape of overview.shapes) {
        printLevels(console, shape);
      }
    }
    await console.flush();
  } finally {
    database.close();
  }
  return EXIT_OK;
}

function printFacts(console: Console, path: string, { stats, files }: Overview): void {
  const facts: [string, string][] = [
    ["commit", grouped(stats.commit)],
    ["pages", `${grouped(stats.pages)}, ${grouped(stats.freePages)} of them free`],
    ["log", `${counted(stats.segments, "segment")}, ${formatBytes(stats.memtableBytes)} in memory`],
    ["on disk", `pages ${formatBytes(diskBytes(files, /^pages\./))}, log ${formatBytes(diskBytes(files, /^wal\./))}`],
    ["backend", stats.backend],
  ];
  console.write(`${console.style.bold(path)}\n`);
  for (const [name, text] of facts) {
    console.write(`  ${console.style.dim(name.padEnd(9))}${text}\n`);
  }
}

function printMaps(console: Console, maps: Maps): void {
  if (maps.length === 0) {
    console.write("\nno maps\n");
    return;
  }
  const table = new Table(["map", "engine", "keys", "values", "entries"], {
    width: console.width,
    style: console.style,
    write: (text) => console.write(text),
  });
  console.write("\n");
  for (const { name, engine, key, value, entryCount } of maps) {
    table.add([name, engine, key, value, entryCount]);
  }
  table.end();
}

/**
 *     events, levelled
 *       level 0  ▇▇▏                     12 MB   3 runs   110 k entries   filters let through 0.9 %
 *       level 6  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇   240 MB   1 run    2.0 M entries   filters let through 1.0 %
 */
function printLevels(console: Console, shape: MapShape): void {
  const { style } = console;
  console.write(`\n${style.bold(printable(shape.map))}, ${shape.compaction}\n`);
  const most = Math.max(...shape.levels.map(({ bytes }) => bytes), 1);
  for (const { level, bytes, runs, entries, deletes, falsePositiveRate } of shape.levels) {
    const facts = [
      formatBytes(bytes).padStart(AMOUNT_COLUMNS),
      counted(runs, "run").padEnd(RUNS_COLUMNS),
      `${formatCount(entries)} ${entries === 1 ? "entry" : "entries"}`,
      deletes > 0 ? `${formatCount(deletes)} of them deletes` : "",
      falsePositiveRate < 1 ? `filters let through ${percent(falsePositiveRate)}` : "no filters",
    ];
    console.write(
      `  ${style.dim(`level ${level}`)}  ${bar(bytes / most)} ${facts.filter((fact) => fact !== "").join("  ")}\n`,
    );
  }
  if (shape.valueBytes > 0) {
    const live = percent(shape.liveValueBytes / shape.valueBytes);
    console.write(
      `  ${style.dim("values")}   ${formatBytes(shape.valueBytes)} in areas of their own, ${live} of it in use\n`,
    );
  }
  const { writeAmplification, treesPerMiss, runsPerScan } = shape;
  console.write(
    `  ${style.dim("costs")}    ${writeAmplification.toFixed(1)} bytes written for one of yours; ` +
      `${treesPerMiss.toFixed(2)} trees searched for a key that is not there; ` +
      `${counted(runsPerScan, "run")} merged by a scan\n`,
  );
}

/** A share as a bar of BAR_COLUMNS, in eighths of a column. */
function bar(share: number): string {
  const eighths = Math.max(1, Math.round(share * BAR_COLUMNS * 8));
  const full = "█".repeat(Math.floor(eighths / 8));
  return `${full}${" ▏▎▍▌▋▊▉"[eighths % 8]}`.trimEnd().padEnd(BAR_COLUMNS);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

const BAR_COLUMNS = 24;
const AMOUNT_COLUMNS = 7;
const RUNS_COLUMNS = 7;

function jsonOf({ stats, shapes, files }: Overview, maps: Maps): string {
  const described = maps.map(({ name, id, engine, key, value, entryCount }) => {
    return { name, id, engine, key, value, entries: entryCount };
  });
  return JSON.stringify({ ...stats, files, maps: described, lsm: shapes });
}

function diskBytes(files: Overview["files"], pattern: RegExp): number {
  return files.reduce((sum, { name, diskBytes: bytes }) => sum + (pattern.test(name) ? bytes : 0), 0);
}
