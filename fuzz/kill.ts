/**
 * `npm run fuzz:kill -- --rounds N`: real processes, killed for real.
 *
 *     parent ── spawns ──▶ child   opens the directory, verifies it, says what it found, then commits and tells of
 *        ▲                   │     each commit once it is acknowledged
 *        └── reads a pipe ───┘
 *     SIGKILL after a random time, in commits, checkpoints and recoveries alike; the next child opens what is left
 *
 * A commit adds a few rows to a map of each engine, deletes as many old ones (one by one, and as a range) and moves two
 * counters, one of them by an operand, so that half a commit shows. What was
 * acknowledged must be there, whatever the durability: a killed process loses nothing that it wrote. Segments are small,
 * so that checkpoints run most of the time. With `--canary` the child tells of commits before it makes them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { assert } from "../src/assert.ts";
import { type Database, type DbMap, type Durability, open } from "../src/mvcc/index.ts";
import { seededRng, systemRng } from "../src/random.ts";
import { Dice } from "./dice.ts";

/** Rows that there are at a time; older ones are deleted. */
const WINDOW = 3000;
const CANARY_MS = 60_000;
const REPORT_MS = 10_000;
/** No child takes as long to open, verify and make a commit. */
const STUCK_MS = 60_000;

/** The value of a row follows from its number; one in many is so long that it goes to overflow pages. */
function contentOf(row: number): Uint8Array {
  const length = row % 97 === 0 ? 12_000 : 20 + (row % 180);
  return new Uint8Array(length).fill(row & 0xff);
}

/** The same rows on both engines. */
interface Tables {
  readonly rows: DbMap<number, Uint8Array>;
  readonly runs: DbMap<number, Uint8Array>;
  readonly state: DbMap<string, unknown>;
  /** How many rows were ever added, by operands. */
  readonly totals: DbMap<string, number>;
}

function tablesOf({ map }: Pick<Database, "map">): Tables {
  return {
    rows: map("rows", { key: "number", value: "bytes" }),
    runs: map("runs", { key: "number", value: "bytes", engine: "lsm" }),
    state: map("state"),
    totals: map<number>("totals", { engine: "lsm", merge: "counter" }),
  };
}

/** What the directory holds is what some number of whole commits made; that number of rows. */
async function verify(database: Database): Promise<number> {
  await database.check();
  const { rows, runs, state, totals } = tablesOf(database);
  const next = (state.get("next") as number | undefined) ?? 0;
  for (const table of [rows, runs]) {
    let expected = Math.max(0, next - WINDOW);
    for (const [row, value] of table.range()) {
      assert(row === expected, `row ${expected} of ${table.name} is there; found ${row}`);
      assert(Buffer.compare(value, contentOf(row)) === 0, `row ${row} of ${table.name} holds what was written`);
      expected++;
    }
    assert(expected === next, `the counter says ${next}, the rows of ${table.name} end before ${expected}`);
  }
  assert((totals.get("rows") ?? 0) === next, `the counter says ${next}, the operands ${totals.get("rows")}`);
  return next;
}

function commit(database: Database, next: number, count: number, durability: Durability): void {
  database.write(
    (tx) => {
      const { rows, runs, state, totals } = tablesOf(tx);
      for (let row = next; row < next + count; row++) {
        rows.put(row, contentOf(row));
        rows.delete(row - WINDOW);
        runs.put(row, contentOf(row));
      }
      runs.deleteRange({ gte: next - WINDOW, lt: next + count - WINDOW });
      totals.merge("rows", count);
      state.put("next", next + count);
    },
    { durability },
  );
}

async function child(path: string, seed: number, isCanary: boolean): Promise<never> {
  const dice = new Dice(seededRng(seed));
  const backend = dice.pick(["mmap", "pread"] as const);
  const database = open(path, { segmentBytes: dice.pick([16, 64, 256]) * 1024, backend });
  let next = await verify(database);
  tell(`found ${next}`);
  for (;;) {
    const durability = dice.pick<Durability>(["sync", "sync", "group", "relaxed"]);
    const count = dice.pick([1, 1, 3, 20, 300]);
    if (isCanary) {
      tell(`made ${next + count}`);
    }
    commit(database, next, count, durability);
    next += count;
    tell(`made ${next}`);
    if (dice.once(10)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (dice.once(200)) {
      await database.checkpoint();
      const { checkpointError } = database.stats();
      assert(checkpointError === undefined, `what is written can be compacted: ${checkpointError}`);
    }
  }
}

/** Straight into the pipe: what a killed process has buffered is lost. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

interface Life {
  readonly found: number | undefined;
  readonly made: number;
  /** What the child said on its way out, if it was not killed. */
  readonly error: string | undefined;
}

/** One child, from its start to its end by SIGKILL `killAfterMs` after it opened (or after it started, if `early`). */
function live(path: string, dice: Dice, isCanary: boolean): Promise<Life> {
  const args = [
    "--enable-source-maps",
    fileURLToPath(import.meta.url),
    "--child",
    path,
    "--seed",
    `${dice.rng.next()}`,
  ];
  const process_ = spawn(process.execPath, isCanary ? [...args, "--canary"] : args, {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killAfterMs = dice.pick([1, 10, 50, 200, 500, 2000]) + dice.below(50);
  const isEarly = dice.once(6);
  let timer = setTimeout(() => process_.kill("SIGKILL"), isEarly ? 40 + killAfterMs : STUCK_MS);
  let found: number | undefined;
  let made = 0;
  createInterface({ input: process_.stdout }).on("line", (line) => {
    const [word, number] = line.split(" ");
    if (word === "found") {
      found = Number(number);
      if (!isEarly) {
        clearTimeout(timer);
        timer = setTimeout(() => process_.kill("SIGKILL"), killAfterMs);
      }
    } else {
      made = Number(number);
    }
  });
  return ended(process_).then((error) => {
    clearTimeout(timer);
    return { found, made, error };
  });
}

function ended(process_: ChildProcess): Promise<string | undefined> {
  let errors = "";
  process_.stderr?.on("data", (chunk) => {
    errors += String(chunk);
  });
  return new Promise((resolve) => {
    process_.on("close", (code, signal) => resolve(signal === "SIGKILL" ? undefined : `exit code ${code}\n${errors}`));
  });
}

interface Plan {
  readonly rounds: number;
  readonly seed: number;
  readonly isCanary: boolean;
}

async function parent({ rounds, seed, isCanary }: Plan): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "nacre-kill-"));
  const path = join(folder, "db");
  const dice = new Dice(seededRng(seed));
  const start = Date.now();
  let acknowledged = 0;
  let reportedAt = start;
  for (let round = 1; round <= rounds && !(isCanary && Date.now() - start > CANARY_MS); round++) {
    const { found, made, error } = await live(path, dice, isCanary);
    if (error !== undefined) {
      return `round ${round}, seed ${seed}: the child ended by itself, ${error}in ${path}`;
    }
    if (found !== undefined && found < acknowledged) {
      return `round ${round}, seed ${seed}: row ${acknowledged - 1} was acknowledged; ${found} were found in ${path}`;
    }
    acknowledged = Math.max(acknowledged, made);
    if (Date.now() - reportedAt > REPORT_MS || round === rounds) {
      reportedAt = Date.now();
      console.log(`${round} of ${rounds} rounds, ${acknowledged} rows, ${Math.round((reportedAt - start) / 1000)} s`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return undefined;
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    seed: { type: "string" },
    canary: { type: "boolean", default: false },
    child: { type: "string" },
  },
});
const seed = values.seed === undefined ? systemRng.next() : Number(values.seed);
if (values.child !== undefined) {
  await child(values.child, seed, values.canary);
}
const finding = await parent({ rounds: Number(values.rounds), seed, isCanary: values.canary });
if (values.canary) {
  console.log(finding === undefined ? "missed: an acknowledgement that came too early" : `found: ${finding}`);
} else if (finding !== undefined) {
  console.log(finding);
}
process.exitCode = (finding === undefined) === values.canary ? 1 : 0;
