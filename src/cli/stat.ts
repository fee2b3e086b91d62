/** `nacre stat`: a database at a glance. */
import { counted, formatBytes, grouped } from "./amounts.ts";
import type { Command, CommandRun } from "./command.ts";
import type { Console } from "./console.ts";
import type { Overview, RawSnapshot } from "./database.ts";
import { EXIT_OK, UsageError } from "./exit.ts";
import { Table } from "./table.ts";

export const statCommand: Command = {
  name: "stat",
  summary: "shows what is in a database and how much room it takes",
  help: `usage: nacre stat [options] DIR

Shows the last commit, the maps with the kinds of their keys and values and their number
of entries (SQL tables are the maps that begin with sql/), and what the pages and the
log take on the disk. Nothing is changed.

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
  const table = new Table(["map", "keys", "values", "entries"], {
    width: console.width,
    style: console.style,
    write: (text) => console.write(text),
  });
  console.write("\n");
  for (const { name, key, value, entryCount } of maps) {
    table.add([name, key, value, entryCount]);
  }
  table.end();
}

function jsonOf({ stats, files }: Overview, maps: Maps): string {
  const described = maps.map(({ name, id, engine, key, value, entryCount }) => {
    return { name, id, engine, key, value, entries: entryCount };
  });
  return JSON.stringify({ ...stats, files, maps: described });
}

function diskBytes(files: Overview["files"], pattern: RegExp): number {
  return files.reduce((sum, { name, diskBytes: bytes }) => sum + (pattern.test(name) ? bytes : 0), 0);
}
