/** What the parser takes and nothing behind it does: refused by name, at its place, before anything runs. */
import { describe, expect, test } from "vitest";
import { parseScript, parseStatement } from "../../src/sql/parse/parser.ts";
import { supportedStatement } from "../../src/sql/unsupported.ts";

describe("UNSUPPORTED", () => {
  test.each([
    ["vacuum into 'x'", "VACUUM INTO", 13],
    ["attach 'x' as y key 'z'", "KEY of ATTACH", 21],
    ["explain analyze delete from t", "EXPLAIN ANALYZE of a statement that writes", 1],
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

  test("the place is counted in the statement's own text", () => {
    const [, second] = [...parseScript("select 1; explain analyze delete from t")];
    expect(() => supportedStatement(second!)).toThrow(
      expect.objectContaining({ facts: { line: 1, column: 1, offset: 0 } }),
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
  "alter table main.t rename a to b",
  "reindex t",
  "analyze",
  "vacuum",
  "begin immediate",
  "explain (codegen) select 1",
])("supported: %s", (text) => {
  const parsed = [...parseScript(text.replace(", primary key (a)", ""))][0]!;
  expect(supportedStatement(parsed)).toEqual(parsed.statement);
});
