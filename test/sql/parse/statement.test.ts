import { describe, expect, test } from "vitest";
import { DbError } from "../../../src/errors.ts";
import type { CreateTable, Insert, Select } from "../../../src/sql/parse/ast.ts";
import { parseScript, parseStatement } from "../../../src/sql/parse/parser.ts";

function failure(text: string): DbError {
  try {
    parseStatement(text);
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
  throw new Error(`parsed: ${text}`);
}

describe("statements", () => {
  test("SELECT with every clause of the slice", () => {
    const select = parseStatement(
      "select distinct a, t.*, b+1 as c from main.people as t where a > 1 group by a, b having count(*) > 1 " +
        "order by a desc, b nulls last limit 10 offset 5;",
    ).statement as Select;
    expect(select.distinct).toBe(true);
    expect(select.from).toEqual({ name: "people", alias: "t", at: 38 });
    expect(select.columns).toMatchObject([{ text: "a" }, { kind: "star", table: "t" }, { text: "b+1", alias: "c" }]);
    expect(select.groupBy).toHaveLength(2);
    expect(select.orderBy.map((term) => [term.descending, term.nullsFirst])).toEqual([
      [true, false],
      [false, false],
    ]);
    expect(select.limit).toMatchObject({ value: 10 });
    expect(select.offset).toMatchObject({ value: 5 });
  });

  test("LIMIT a, b: the offset comes first", () => {
    const select = parseStatement("select 1 limit 5, 10").statement as Select;
    expect([select.offset, select.limit]).toMatchObject([{ value: 5 }, { value: 10 }]);
  });

  test("CREATE TABLE keeps types and defaults as written", () => {
    const table = parseStatement(
      "CREATE TABLE IF NOT EXISTS \"my table\" (id INTEGER PRIMARY KEY, name varchar(10, 2) not null default 'x' , " +
        "v unsigned big int default (1 + 2), w default -5 null, x)",
    ).statement as CreateTable;
    expect(table).toMatchObject({ name: "my table", ifNotExists: true, withoutRowid: false });
    expect(table.primaryKey?.columns).toMatchObject([{ name: "id", descending: false }]);
    expect(table.columns.map((column) => [column.name, column.type, column.notNull, column.defaultText])).toEqual([
      ["id", "INTEGER", false, undefined],
      ["name", "varchar(10,2)", true, "'x'"],
      ["v", "unsigned big int", false, "(1 + 2)"],
      ["w", undefined, false, "-5"],
      ["x", undefined, false, undefined],
    ]);
  });

  test("CREATE TABLE with a key of several columns", () => {
    const table = parseStatement("create table t (a, b text, primary key (b desc, a)) without rowid").statement;
    expect(table).toMatchObject({
      withoutRowid: true,
      primaryKey: { columns: [{ name: "b", descending: true }, { name: "a" }] },
    });
  });

  test("INSERT with columns, rows and conflict actions", () => {
    const insert = parseStatement("insert or ignore into t (a, b) values (1, 2), (?, 'x')").statement as Insert;
    expect(insert).toMatchObject({ conflict: "ignore", columns: [{ name: "a" }, { name: "b" }] });
    expect(insert.rows).toHaveLength(2);
    expect(parseStatement("replace into t values (1)").statement).toMatchObject({ conflict: "replace" });
    expect(parseStatement("insert into t default values").statement).toMatchObject({ rows: [] });
  });

  test("UPDATE, DELETE, transactions and EXPLAIN", () => {
    expect(parseStatement("update t set a = 1, b = a + 1 where c").statement).toMatchObject({ kind: "update" });
    expect(parseStatement("delete from t").statement).toMatchObject({ kind: "delete", where: undefined });
    expect(parseStatement("begin immediate transaction").statement).toEqual({ kind: "begin" });
    expect(parseStatement("end").statement).toEqual({ kind: "commit" });
    expect(parseStatement("rollback").statement).toEqual({ kind: "rollback" });
    expect(parseStatement("explain query plan select 1").statement).toMatchObject({ kind: "explain", form: "plan" });
    expect(parseStatement("explain (codegen) select 1").statement).toMatchObject({ form: "codegen" });
  });

  test("keywords that the grammar does not need at their place are names", () => {
    const select = parseStatement("select key, left, first as end from rows row where replace = 1").statement as Select;
    expect(select.from).toMatchObject({ name: "rows", alias: "row" });
  });

  test("a script is parsed statement by statement", () => {
    const texts = [...parseScript(" select 1 ;; -- note\n /* note */ select ? ; select :a")];
    expect(texts.map((parsed) => parsed.text)).toEqual(["select 1", "select ?", "select :a"]);
    expect(texts.map((parsed) => parsed.parameters)).toEqual([[], [undefined], [":a"]]);
  });
});

describe("errors point at their place", () => {
  test("line, column and a caret", () => {
    const error = failure("SELECT a,\n  b FRM users\nWHERE 1");
    expect(error.code).toBe("INVALID");
    expect(error.facts).toEqual({ line: 2, column: 9, offset: 18 });
    expect(error.message).toBe('syntax error near "users" at line 2, column 9\n    b FRM users\n          ^');
  });

  test("one line of the text, and no control characters, reach the message", () => {
    const error = failure(`select ${"x + ".repeat(2000)}\u001b[31m`);
    expect(error.message.length).toBeLessThan(250);
    expect(error.message).not.toContain("\u001b");
  });

  test.each([
    ["", "no statement"],
    ["select 1 +", "incomplete input"],
    ["select 'abc", "unrecognized token"],
    ["select 12ab", "unrecognized token"],
    ["select @", "unrecognized token"],
    ["select x'123'", "unrecognized token"],
    ["select 0x11111111111111111", "64 bits"],
    ["selec 1", "syntax error near"],
    ["select 1; select 2", "more than one statement"],
    ["select ?0", "numbered from ?1"],
    ["select ?99999", "numbered from ?1"],
    ["select 1 between 0 or 1 and 2", "syntax error"],
    ["create table t (a primary key, b primary key)", "more than one primary key"],
    ["insert into t values ()", "syntax error"],
  ])("INVALID: %s", (text, message) => {
    expect(failure(text)).toMatchObject({ code: "INVALID", message: expect.stringContaining(message) });
  });

  test.each([
    ["select (select 1)", "a subquery"],
    ["select a from t, u", "a join"],
    ["select a from t left join u", "a join"],
    ["select 1 union select 2", "UNION"],
    ["with x as (select 1) select * from x", "WITH"],
    ["select a collate nocase from t", "COLLATE"],
    ["select count(*) over () from t", "a window function"],
    ["create index i on t (a)", "CREATE INDEX"],
    ["create table t (a unique)", "UNIQUE"],
    ["create table t (a check (a > 1))", "CHECK"],
    ["alter table t add column a", "ALTER"],
    ["pragma user_version", "PRAGMA"],
    ["insert into t select 1", "INSERT … SELECT"],
    ["insert into t values (1) returning a", "RETURNING"],
    ["select * from aux.t", 'the schema "aux"'],
  ])("UNSUPPORTED: %s", (text, construct) => {
    expect(failure(text)).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining(construct) });
  });

  test("deep expressions meet a limit, nested and chained alike", () => {
    for (const text of [
      "(".repeat(5000),
      "1+".repeat(5000),
      "- ".repeat(5000),
      "not ".repeat(5000),
      "abs(".repeat(5000),
    ]) {
      expect(failure(`select ${text}1`)).toMatchObject({
        code: "INVALID",
        message: expect.stringContaining("levels deep"),
      });
    }
  });

  test("a text beyond the limit is refused before it is read", () => {
    expect(failure(" ".repeat(16_000_001))).toMatchObject({ code: "INVALID", facts: { limit: 16_000_000 } });
  });
});
