/** JSON functions and operators on constants, and on columns of stored rows, against what SQLite answered. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DbError } from "../../../src/errors.ts";
import { open } from "../../../src/mvcc/index.ts";
import { openSql, SqlSession, type SqlValue } from "../../../src/sql/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { MemoryStore } from "../memory-store.ts";
import { answers, type Encoded, type Failure, isFailure, shown, typed } from "./oracle-answers.ts";

/** The answer, or the error's message without the place that nacre adds. */
function outcome(session: SqlSession, expression: string, rest = ""): string {
  try {
    const row = session.prepare(`SELECT typeof(${expression}), ${expression}${rest}`).raw().get() as SqlValue[];
    return shown(row[0] as string, row[1]!);
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return `error ${(error as DbError).message.split(" at line ")[0]}`;
  }
}

function expected(answer: Encoded | Failure): string {
  return isFailure(answer) ? `error ${answer.error}` : typed(answer);
}

test("there are many answers, and errors among them", () => {
  expect(answers.expressions.length).toBeGreaterThan(1000);
  expect(answers.expressions.filter(([, answer]) => isFailure(answer)).length).toBeGreaterThan(200);
});

describe("constants", () => {
  const session = new SqlSession(new MemoryStore());

  test.each(answers.expressions)("%s", (expression, answer) => {
    expect(outcome(session, expression)).toBe(expected(answer));
  });
});

/** `function('…' …)` and `'…' -> …`: the first argument is a text that can as well lie in a column. */
const FIRST_TEXT = /^((?:json|jsonb)_(?:extract|type|array_length|set|remove)\(|)'((?:[^']|'')*)'( ->.*|, .*\))$/s;

test("columns, on disk, in pages and in the log", async () => {
  using directory = temporaryDirectory();
  using database = open(join(directory.path, "db"), { durability: "relaxed" });
  const session = openSql(database);
  session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, pad TEXT, j TEXT, other INTEGER)");
  const insert = session.prepare("INSERT INTO t (pad, j, other) VALUES (?, ?, 7)");
  const cases: { id: number; expression: string; answer: Encoded | Failure }[] = [];
  for (const [expression, answer] of answers.expressions) {
    const match = FIRST_TEXT.exec(expression);
    if (match !== null) {
      // Rows of both widths.
      insert.run("x".repeat(cases.length % 3 === 0 ? 5000 : 3), match[2]!.replaceAll("''", "'"));
      cases.push({ id: cases.length + 1, expression: `${match[1]}j${match[3]}`, answer });
    }
  }
  expect(cases.length).toBeGreaterThan(300);
  for (const inPages of [false, true]) {
    if (inPages) {
      await database.checkpoint();
    }
    for (const { id, expression, answer } of cases) {
      expect(outcome(session, expression, ` FROM t WHERE id = ${id}`), expression).toBe(expected(answer));
    }
  }
});

test("conditions, groups and order by what is in JSON", () => {
  const session = new SqlSession(new MemoryStore());
  session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, j TEXT)");
  for (const json of ['{"k":3,"n":"b"}', '{"k":3.0,"n":"a"}', '{"k":"3","n":"c"}', null, '{"n":null}']) {
    session.prepare("INSERT INTO t (j) VALUES (?)").run(json);
  }
  const all = (query: string): unknown => session.prepare(query).raw().all();
  expect(all("SELECT id FROM t WHERE j ->> 'k' = 3 ORDER BY j ->> 'n'")).toEqual([[2], [1]]);
  expect(all("SELECT json_extract(j, '$.k') AS k, count(*) FROM t GROUP BY k ORDER BY k, 2")).toEqual([
    [null, 2],
    [3, 2],
    ["3", 1],
  ]);
  session.exec("UPDATE t SET j = json_set(j, '$.k', id) WHERE j ->> 'n' IS NOT NULL");
  expect(all("SELECT j FROM t WHERE id < 3")).toEqual([['{"k":1,"n":"b"}'], ['{"k":2,"n":"a"}']]);
  expect(all("SELECT json_array(j -> 'n', j ->> 'n', json_extract(j, '$.n')) FROM t WHERE id = 1")).toEqual([
    ['["b","b","b"]'],
  ]);
});
