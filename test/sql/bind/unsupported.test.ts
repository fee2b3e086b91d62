/** What the parser takes and nothing behind it does: refused by name, at its place, before anything runs. */
import { describe, expect, test } from "vitest";
import { isCompiled, supportedStatement } from "../../../src/sql/bind/unsupported.ts";
import type { Query } from "../../../src/sql/parse/ast/query.ts";
import { parseScript, parseStatement } from "../../../src/sql/parse/parser.ts";

/** Queries that compiled code does not have, what it lacks, and where. */
const INTERPRETED: readonly (readonly [text: string, construct: string, column: number])[] = [
  ["select (select 1)", "a subquery", 8],
  ["select 1 in (select 1)", "a subquery", 10],
  ["select 1 + exists (select 1)", "EXISTS", 12],
  ["select a in t from t", "IN with a table", 10],
  ["select (1, 2) = 3", "a row value", 8],
  ["select a from t, u", "a join", 16],
  ["select a from t left join u", "a join", 17],
  ["select * from (select 1)", "a subquery or join in parentheses", 15],
  ["select * from f(1)", "a table function", 15],
  ["select * from t indexed by i", "INDEXED BY", 17],
  ["select * from t not indexed", "NOT INDEXED", 17],
  ["select 1 union select 2", "UNION", 10],
  ["select 1 except select 2", "EXCEPT", 10],
  ["values (1)", "VALUES as a statement", 1],
  ["with x as (select 1) select * from x", "WITH", 1],
  ["select a collate nocase from t", "COLLATE", 10],
  ["select a from t order by a collate nocase", "COLLATE", 28],
  ["select count(*) over () from t", "a window function", 8],
  ["select count(*) filter (where a) from t", "FILTER", 8],
  ["select group_concat(a order by b) from t", "ORDER BY inside an aggregate", 8],
  ["select a from t window w as ()", "WINDOW", 24],
  ["select a from t where a regexp b", "REGEXP", 25],
  ["select case a when b match c then 1 end", "MATCH", 22],
  ["select * from aux.t", 'the schema "aux" (there is only "main")', 19],
  ["select aux.t.a from t", 'the schema "aux" (there is only "main")', 8],
  ["select a from t limit (select 1)", "a subquery", 23],
];

describe("UNSUPPORTED", () => {
  test.each([
    ["explain insert into t select 1", "INSERT … SELECT", 9],
    ["delete from t order by a limit 1", "ORDER BY in UPDATE and DELETE", 24],
    ["delete from t limit 1", "LIMIT in UPDATE and DELETE", 21],
    ["create temp table t (a)", "CREATE TEMP TABLE", 19],
    ["create table aux.t (a)", 'the schema "aux" (there is only "main")', 18],
    ["create virtual table v using m", "CREATE VIRTUAL TABLE", 22],
    ["alter table t add column a", "ALTER TABLE", 1],
    ["pragma user_version", "PRAGMA", 8],
    ["vacuum", "VACUUM", 1],
    ["attach 'x' as y", "ATTACH", 1],
    ["savepoint s", "SAVEPOINT", 1],
    ["rollback to s", "ROLLBACK TO", 1],
    ["analyze", "ANALYZE", 1],
    ["explain analyze select 1", "EXPLAIN ANALYZE", 1],
    ["explain select 1 union select 2", "UNION", 18],
  ])("%s", (text, construct, column) => {
    const parsed = parseStatement(text);
    expect(() => supportedStatement(parsed)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: expect.stringMatching(`^${construct.replace(/[()]/g, "\\$&")} is not supported at line 1`),
        facts: expect.objectContaining({ column }),
      }),
    );
  });

  test.each(INTERPRETED)("what is interpreted has no compiled form to be explained: %s", (text, construct, column) => {
    const parsed = parseStatement(`explain ${text}`);
    expect(() => supportedStatement(parsed)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        message: expect.stringMatching(`^${construct.replace(/[()]/g, "\\$&")} is not supported at line 1`),
        facts: expect.objectContaining({ column: column + "explain ".length }),
      }),
    );
    expect(isCompiled(parseStatement(text).statement as Query)).toBe(false);
  });

  test("the place is counted in the statement's own text", () => {
    const [, second] = [...parseScript("select 1; explain select 1 union select 2")];
    expect(() => supportedStatement(second!)).toThrow(
      expect.objectContaining({ facts: { line: 1, column: 18, offset: 17 } }),
    );
  });
});

test.each([
  "select distinct t.*, a as b from main.t as t where a like b escape c group by a having count(*) > 1 order by 1 limit 1",
  "insert or replace into main.t as x (a) values (1), (?)",
  "update main.t as x set a = 1, (b) = 2 where a in (1, 2)",
  "delete from t where a between 1 and 2",
  "create table if not exists t (a integer primary key, b text not null default 'x', primary key (a)) without rowid",
  "drop table if exists main.t",
  "begin immediate",
  "explain (codegen) select 1",
])("supported: %s", (text) => {
  const parsed = [...parseScript(text.replace(", primary key (a)", ""))][0]!;
  expect(supportedStatement(parsed)).toEqual(parsed.statement);
});
