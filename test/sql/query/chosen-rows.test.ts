/** UPDATE and DELETE whose ORDER BY and LIMIT choose among the rows. What is expected is what SQLite answers. */
import { describe, expect, test } from "vitest";
import { open } from "../../../src/mvcc/index.ts";
import { openSql, SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

describe.each([
  ["the test double", () => new SqlSession(new MemoryStore())],
  ["a database", () => openSql(open(":memory:"))],
  ["a database, compiled", () => openSql(open(":memory:"), { tier: "compiled" })],
])("on %s", (_, newSession) => {
  function session(): SqlSession {
    const sql = newSession();
    sql.exec(`
      CREATE TABLE t (a, b); INSERT INTO t VALUES (3, 'x'), (1, 'y'), (2, 'z'), (4, 'w');
      CREATE TABLE u (k PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO u VALUES ('q', 1), ('p', 2), ('r', 3);
      CREATE TABLE o (a, c); INSERT INTO o VALUES (1, 'one'), (2, 'two'), (3, 'three')`);
    return sql;
  }
  const rows = (sql: SqlSession, text = "SELECT a, b FROM t"): unknown[] => sql.prepare(text).raw().all();
  const rowsAfter = (text: string, ...parameters: (number | bigint)[]): unknown[] => {
    const sql = session();
    sql.prepare(text).run(...parameters);
    return rows(sql).map((row) => (row as unknown[]).join(""));
  };

  test.each<[string, string[]]>([
    ["DELETE FROM t ORDER BY a LIMIT 2", ["3x", "4w"]],
    ["DELETE FROM t ORDER BY a DESC LIMIT 1 OFFSET 1", ["1y", "2z", "4w"]],
    ["DELETE FROM t LIMIT 2", ["2z", "4w"]],
    ["DELETE FROM t LIMIT 1, 1", ["3x", "2z", "4w"]],
    ["DELETE FROM t LIMIT -1", []],
    ["DELETE FROM t LIMIT 0", ["3x", "1y", "2z", "4w"]],
    ["DELETE FROM t AS q WHERE q.a > 1 ORDER BY q.a LIMIT 1", ["3x", "1y", "4w"]],
    ["DELETE FROM t ORDER BY (SELECT max(a) FROM o), b LIMIT 1", ["3x", "1y", "2z"]],
    ["DELETE FROM t ORDER BY rowid DESC LIMIT 1", ["3x", "1y", "2z"]],
    ["WITH n AS (SELECT 2 AS n) DELETE FROM t ORDER BY a LIMIT (SELECT n FROM n)", ["3x", "4w"]],
    ["UPDATE t SET b = '!' ORDER BY a LIMIT 2", ["3x", "1!", "2!", "4w"]],
    ["UPDATE t SET b = '!' WHERE a > 1 ORDER BY a DESC LIMIT 1", ["3x", "1y", "2z", "4!"]],
    ["UPDATE t SET a = 5, b = a ORDER BY b COLLATE NOCASE DESC LIMIT 1", ["3x", "1y", "52", "4w"]],
    ["UPDATE t SET b = 0 LIMIT 2 OFFSET 1", ["3x", "10", "20", "4w"]],
    ["UPDATE t SET b = c FROM o WHERE o.a = t.a ORDER BY o.c LIMIT 1", ["3x", "1one", "2z", "4w"]],
  ])("%s", (text, left) => {
    expect(rowsAfter(text)).toEqual(left);
  });

  test("parameters, RETURNING, tables WITHOUT ROWID", () => {
    expect(rowsAfter("DELETE FROM t ORDER BY a LIMIT ? OFFSET ?", 1, 3)).toEqual(["3x", "1y", "2z"]);
    const sql = session();
    expect(rows(sql, "DELETE FROM t RETURNING a ORDER BY a DESC LIMIT 1")).toEqual([[4]]);
    sql.exec("DELETE FROM u ORDER BY v DESC LIMIT 1; UPDATE u SET v = 9 ORDER BY k LIMIT 1");
    expect(rows(sql, "SELECT * FROM u")).toEqual([
      ["p", 9],
      ["q", 1],
    ]);
  });

  test.each([
    ["DELETE FROM t ORDER BY a", "ORDER BY without LIMIT on DELETE"],
    ["UPDATE t SET b = 1 ORDER BY a", "ORDER BY without LIMIT on UPDATE"],
    ["DELETE FROM t LIMIT a", "no such column: a"],
    ["DELETE FROM t ORDER BY nope LIMIT 1", "no such column: nope"],
    ["DELETE FROM t LIMIT 'x'", "datatype mismatch"],
  ])("%s: %s", (text, message) => {
    const sql = session();
    expect(() => sql.prepare(text).run()).toThrow(message);
    expect(rows(sql)).toHaveLength(4);
  });
});
