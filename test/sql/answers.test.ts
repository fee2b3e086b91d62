/**
 * What SQLite 3.53.2 (through better-sqlite3 12.x) answered to scripts of statements, and what nacre answers.
 *
 * test/fixtures/sql-answers.json (one table a query), sql-query-answers.json (queries of every kind) and sql-write-answers.json
 * (constraints, indexes, ON CONFLICT, RETURNING, triggers, foreign keys), sql-alter-answers.json (ALTER TABLE, REINDEX, ANALYZE,
 * VACUUM) and sql-temporary-answers.json (temporary tables, ATTACH) are lists of scripts; a step of a script is one of
 *   { run, changes? }     a statement that succeeds, and how many rows it changes
 *   { fails, message?, code? }  one that fails; SQLite's words, and its code
 *   { query, values?, ordered?, rows }
 * Values: null, text, whole numbers; { real }, { big } for integers beyond 2^53, { blob } in hex. The answers hold for the
 * test double, for a database in memory and for one on disk whose rows are half in the log, half in pages.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DbError } from "../../src/errors.ts";
import { open } from "../../src/mvcc/index.ts";
import { openSql, SqlSession, type SqlValue } from "../../src/sql/index.ts";
import { checkoutRoot } from "../support/source-tree.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { MemoryStore } from "./memory-store.ts";

type Encoded = null | string | number | { real: number | string } | { big: string } | { blob: string };

interface Step {
  readonly run?: string;
  readonly changes?: number;
  readonly fails?: string;
  readonly message?: string;
  readonly code?: string;
  readonly query?: string;
  readonly values?: readonly Encoded[];
  readonly ordered?: boolean;
  readonly rows?: readonly (readonly Encoded[])[];
}

const scripts = [
  "sql-answers.json",
  "sql-query-answers.json",
  "sql-write-answers.json",
  "sql-alter-answers.json",
  "sql-temporary-answers.json",
].flatMap((name) => JSON.parse(readFileSync(join(checkoutRoot(), "test/fixtures", name), "utf8")) as Step[][]);

function decode(value: Encoded): SqlValue {
  if (value === null || typeof value !== "object") {
    return value;
  }
  return "real" in value
    ? Number(value.real)
    : "big" in value
      ? BigInt(value.big)
      : new Uint8Array(Buffer.from(value.blob, "hex"));
}

/** Rows as lines; SQLite tells 1 from 1.0 by `typeof`, which the queries ask for themselves. */
function lines(rows: readonly (readonly SqlValue[])[], ordered: boolean): string[] {
  const text = (value: SqlValue): string =>
    value instanceof Uint8Array
      ? `x'${Buffer.from(value).toString("hex")}'`
      : typeof value === "number"
        ? `number ${Object.is(value, -0) ? "-0" : value.toPrecision(14)}`
        : `${typeof value} ${String(value)}`;
  const all = rows.map((row) => row.map(text).join(" | "));
  return ordered ? all : all.sort();
}

function play(session: SqlSession, step: Step): void {
  const { run, changes, fails, message, code, query, values = [], ordered = false, rows = [] } = step;
  if (run !== undefined) {
    const result = session.exec(run);
    if (changes !== undefined) {
      expect(result.changes, run).toBe(changes);
    }
  } else if (fails !== undefined) {
    const error = thrownBy(() => session.exec(fails));
    expect(error, fails).toBeInstanceOf(DbError);
    if (message !== undefined) {
      expect((error as DbError).message.startsWith(message), `${fails}: ${String(error)}`).toBe(true);
      expect((error as DbError).facts.sqlite, fails).toBe(code);
    }
  } else if (query !== undefined) {
    const found = session.prepare(query).raw().all(values.map(decode));
    expect(lines(found, ordered), query).toEqual(
      lines(
        rows.map((row) => row.map(decode)),
        ordered,
      ),
    );
  }
}

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(scripts.map((script, index) => ({ script, name: `script ${index + 1}: ${script[0]!.run}` })))(
  "$name",
  ({ script }) => {
    test.each(["interpreted", "compiled"] as const)("on the test double, %s", (tier) => {
      const session = new SqlSession(new MemoryStore(), { tier });
      for (const step of script) {
        play(session, step);
      }
    });

    test("on disk, half of it checkpointed", async () => {
      using directory = temporaryDirectory();
      using database = open(join(directory.path, "db"), { durability: "relaxed" });
      const session = openSql(database, { tier: "compiled" });
      const half = Math.floor(script.findIndex((step) => step.query !== undefined) / 2);
      for (const [index, step] of script.entries()) {
        if (index === half) {
          await database.checkpoint();
        }
        play(session, step);
      }
    });
  },
);
