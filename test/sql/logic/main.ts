/**
 * Plays scripts of the SQL logic test format on nacre, on SQLite, or on both, file by file in turn:
 *
 *     node dist/test/sql/logic/main.js [--engine nacre,sqlite] [--failures 5] FILE|FOLDER …
 *     node dist/test/sql/logic/main.js --complete FILE|FOLDER …         writes SQLite's answers into the scripts
 *
 * The public corpus (sqllogictest, 5.8 million records that SQLite plays) is not part of the project; give its folder. Of each
 * file the first failures are shown, at the end how many failed of each kind. The exit code is 1 where nacre failed.
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { open } from "../../../src/mvcc/index.ts";
import { openSql } from "../../../src/sql/index.ts";
import { completed } from "./complete.ts";
import type { LogicEngine } from "./engine.ts";
import { NacreEngine } from "./nacre-engine.ts";
import { linesOf } from "./parse.ts";
import { type LogicFailure, Play } from "./play.ts";
import { SqliteEngine } from "./sqlite-engine.ts";

const ENGINES: Readonly<Record<string, () => LogicEngine>> = {
  nacre: () => {
    const database = open(":memory:");
    return new NacreEngine(openSql(database), () => database.close());
  },
  sqlite: () => new SqliteEngine(),
};

class UsageError extends Error {}

interface Summary {
  readonly engine: string;
  passed: number;
  failed: number;
  skipped: number;
  ms: number;
  readonly kinds: Map<string, number>;
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) {
    return [path];
  }
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test"))
    .sort()
    .map((name) => join(path, name));
}

function playFile(file: string, summary: Summary, shown: number): void {
  const lines = linesOf(readFileSync(file, "utf8"));
  let left = shown;
  const onFailure = ({ line, sql, message }: LogicFailure): void => {
    const kind = kindOf(message);
    summary.kinds.set(kind, (summary.kinds.get(kind) ?? 0) + 1);
    if (left-- > 0) {
      console.log(`${file}:${line}: ${summary.engine}: ${message}\n    ${sql.replaceAll("\n", "\n    ")}`);
    }
  };
  const start = performance.now();
  const engine = ENGINES[summary.engine]!();
  let tally: Play["tally"];
  try {
    tally = new Play(engine, onFailure).all(lines);
  } finally {
    engine.close();
  }
  const ms = performance.now() - start;
  summary.passed += tally.passed;
  summary.failed += tally.failed;
  summary.skipped += tally.skipped;
  summary.ms += ms;
  console.log(`${file}  ${countsOf({ engine: summary.engine, ...tally, ms })}`);
}

/** What failures have in common: their text without numbers and values. */
function kindOf(message: string): string {
  return message
    .replace(/^value .*/, "a wrong value")
    .replace(/\d+/g, "N")
    .slice(0, 100);
}

function countsOf({ engine, passed, failed, skipped, ms }: Omit<Summary, "kinds">): string {
  return `${engine}: ${passed} passed, ${failed} failed, ${skipped} skipped, ${(ms / 1000).toFixed(2)} s`;
}

function playAll(files: readonly string[], engines: readonly string[], shown: number): number {
  const summaries = engines.map(
    (engine): Summary => ({ engine, passed: 0, failed: 0, skipped: 0, ms: 0, kinds: new Map() }),
  );
  for (const file of files) {
    for (const summary of summaries) {
      playFile(file, summary, shown);
    }
  }
  for (const summary of summaries) {
    console.log(`\n${files.length} files  ${countsOf(summary)}`);
    for (const [kind, count] of [...summary.kinds].sort(([, a], [, b]) => b - a)) {
      console.log(`${String(count).padStart(9)}  ${kind}`);
    }
  }
  return summaries.some(({ engine, failed }) => engine === "nacre" && failed > 0) ? 1 : 0;
}

function completeAll(files: readonly string[]): number {
  for (const file of files) {
    const engine = new SqliteEngine();
    try {
      writeFileSync(file, completed(readFileSync(file, "utf8"), engine));
    } catch (error) {
      throw new Error(`${file}: ${String(error)}`, { cause: error });
    } finally {
      engine.close();
    }
  }
  return 0;
}

function main(): number {
  const { values, positionals } = parseArgs({
    options: {
      engine: { type: "string", default: "nacre" },
      failures: { type: "string", default: "5" },
      complete: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const engines = values.engine.split(",");
  const unknown = engines.find((name) => ENGINES[name] === undefined);
  if (unknown !== undefined || positionals.length === 0) {
    throw new UsageError(`usage: main.js [--engine ${Object.keys(ENGINES).join(",")}] [--complete] FILE|FOLDER …`);
  }
  const files = positionals.flatMap(filesIn);
  return values.complete ? completeAll(files) : playAll(files, engines, Number(values.failures));
}

try {
  process.exitCode = main();
} catch (error) {
  if (!(error instanceof UsageError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 2;
}
