/**
 * What nacre is for, in half a minute: `npm run demo`.
 *
 *   1. Three real files become tables, through the same `nacre` command that a user runs.
 *   2. A few questions about them.
 *   3. One more import, in a process of its own, which is killed with SIGKILL in the middle.
 *   4. The database is opened again: every row that was acknowledged is there, the rows are those of the file, none
 *      is there by half, and `nacre check` finds every page in order.
 *
 * The process that imports reports each commit on a pipe when it is durable (`--progress-json`). What has come
 * through that pipe when the signal hits is what was promised; one batch more may have been committed, but
 * not reported any more.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { styleText } from "node:util";

const nacre = join(import.meta.dirname, "../src/cli/main.js");
const dataDirectory = join(dirname(createRequire(import.meta.url).resolve("vega-datasets")), "../data");
const directory = mkdtempSync(join(tmpdir(), "nacre-demo-"));
const database = join(directory, "demo.nacre");

const BATCH_ROWS = 1000;
/** The import is killed when so much of the file was acknowledged. */
const KILL_AFTER_ROWS = 80_000;

interface Flight {
  readonly delay: number;
  readonly distance: number;
  readonly time: number;
}

try {
  importFiles();
  askQuestions();
  const acknowledged = await importAndKill();
  reopen(acknowledged);
  process.stdout.write(`\n${styleText("green", "✓")} Nothing was lost.\n`);
} catch (error) {
  process.stdout.write(`\n${styleText("red", "✗")} ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function importFiles(): void {
  heading("Three files become tables");
  for (const [file, table] of [
    ["airports.csv", "airports"],
    ["zipcodes.csv", "zipcodes"],
    ["flights-200k.json", "flights"],
  ] as const) {
    showCommand(`.import ${file} ${table}`);
    runNacre(["shell", database, `.import '${join(dataDirectory, file)}' ${table}`]);
  }
  showCommand(".schema airports");
  runNacre(["shell", database, ".schema airports"]);
}

function askQuestions(): void {
  heading("Questions");
  for (const query of [
    "SELECT zip_code, city, state, latitude, longitude FROM zipcodes WHERE zip_code = '90210'",
    "SELECT state, count(*) AS airports FROM airports GROUP BY state ORDER BY airports DESC LIMIT 5",
    "SELECT count(*) AS flights, avg(delay) AS delay, max(delay) AS worst FROM flights WHERE distance > 1000",
    "SELECT name, city, latitude FROM airports WHERE latitude > 70 ORDER BY latitude DESC",
  ]) {
    showCommand(query);
    runNacre(["shell", "--timer", database, query]);
  }
}

/** Starts an import, kills it in the middle, and returns the number of rows that it had acknowledged. */
async function importAndKill(): Promise<number> {
  heading("An import is killed");
  const file = join(dataDirectory, "flights-200k.json");
  const command = `.import --progress-json --batch ${BATCH_ROWS} '${file}' flights_again`;
  showCommand(`.import --batch ${BATCH_ROWS} flights-200k.json flights_again`);
  const child = spawn(process.execPath, [nacre, "shell", database, command], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
  let acknowledged = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged = (JSON.parse(line) as { rows: number }).rows;
    if (acknowledged >= KILL_AFTER_ROWS && !child.killed) {
      child.kill("SIGKILL");
    }
  }
  expect((await ended) === "SIGKILL", "the import was to be killed, but had ended before");
  process.stdout.write(`killed by SIGKILL after it had acknowledged ${acknowledged.toLocaleString("en-US")} rows\n`);
  return acknowledged;
}

function reopen(acknowledged: number): void {
  heading("The database is opened again");
  const startMs = performance.now();
  const rows = query<Flight>("SELECT delay, distance, time FROM flights_again");
  const durationMs = Math.round(performance.now() - startMs);
  const flights = JSON.parse(readFileSync(join(dataDirectory, "flights-200k.json"), "utf8")) as Flight[];
  expect(rows.length >= acknowledged, `${acknowledged} rows were acknowledged, ${rows.length} are there`);
  passed(
    `all ${acknowledged.toLocaleString("en-US")} acknowledged rows are there (${rows.length.toLocaleString("en-US")} in all)`,
  );
  expect(rows.length % BATCH_ROWS === 0, `${rows.length} rows are no whole number of batches`);
  passed(`in whole batches of ${BATCH_ROWS.toLocaleString("en-US")}: no commit is there by half`);
  const isSame = rows.every((row, index) => {
    const flight = flights[index]!;
    return row.delay === flight.delay && row.distance === flight.distance && row.time === flight.time;
  });
  expect(isSame, "the rows are not those of the file");
  passed(`each the same as in the file, in its order (opened, recovered and read in ${durationMs} ms)`);
  const others = query<{ count: number }>("SELECT count(*) AS count FROM flights");
  expect(others[0]?.count === flights.length, "an earlier table has changed");
  passed("the tables from before are as they were");
  showCommand(`nacre check ${database}`);
  runNacre(["check", database]);
}

function heading(text: string): void {
  process.stdout.write(`\n${styleText("bold", text)}\n${"─".repeat(text.length)}\n`);
}

function showCommand(text: string): void {
  process.stdout.write(`${styleText("dim", `> ${text}`)}\n`);
}

function passed(text: string): void {
  process.stdout.write(`${styleText("green", "✓")} ${text}\n`);
}

/** Runs a command with this process's own output, so that its tables fit the terminal. */
function runNacre(words: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [nacre, ...words], { stdio: "inherit" });
  expect(status === 0, `nacre ${words[0]} ended with exit code ${status}`);
}

function query<Row>(text: string): Row[] {
  const words = [nacre, "shell", "--json", database, text];
  const { status, stdout } = spawnSync(process.execPath, words, {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
  });
  expect(status === 0, `the query ended with exit code ${status}: ${text}`);
  return JSON.parse(stdout) as Row[];
}

function expect(isTrue: boolean, otherwise: string): asserts isTrue {
  if (!isTrue) {
    throw new Error(otherwise);
  }
}
