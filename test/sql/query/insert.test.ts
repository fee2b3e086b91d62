/** INSERT whose rows come from a query. */
import { describe, expect, test } from "vitest";
import { open } from "../../../src/mvcc/index.ts";
import { openSql, SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

describe.each([
  ["the test double", () => new SqlSession(new MemoryStore())],
  ["a database", () => openSql(open(":memory:"))],
])("on %s", (_, newSession) => {
  function session(): SqlSession {
    const sql = newSession();
    sql.exec(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT 'none'); INSERT INTO t VALUES (1, 10, 'x')",
    );
    return sql;
  }
  const rows = (sql: SqlSession): unknown[] => sql.prepare("SELECT * FROM t ORDER BY id").raw().all();

  test("rows of a SELECT, a table that it writes to among them", () => {
    const sql = session();
    expect(sql.prepare("INSERT INTO t (a) SELECT a + ? FROM t, generate_series(1, 2)").run(5)).toMatchObject({
      changes: 2,
    });
    expect(rows(sql)).toEqual([
      [1, 10, "x"],
      [2, 15, "none"],
      [3, 15, "none"],
    ]);
    expect(sql.prepare("INSERT INTO t SELECT id + 10, b, a FROM t").run()).toMatchObject({ changes: 3 });
    expect(rows(sql).slice(3)).toEqual([
      [11, "x", "10"],
      [12, "none", "15"],
      [13, "none", "15"],
    ]);
  });

  test("rows of a compound, of VALUES with subqueries, of WITH before and behind INSERT", () => {
    const sql = session();
    sql.prepare("INSERT INTO t (a) VALUES (1) UNION SELECT 2").run();
    sql.prepare("INSERT INTO t (a, b) VALUES ((SELECT max(a) FROM t), 'y'), (3, (SELECT b FROM t WHERE id = 1))").run();
    sql.prepare("WITH c AS (SELECT 7 AS n) INSERT INTO t (a) SELECT n FROM c").run();
    sql.prepare("INSERT INTO t (a) WITH c AS (SELECT 8 AS n) SELECT n FROM c").run();
    expect(sql.prepare("SELECT a, b FROM t WHERE id > 1 ORDER BY id").raw().all()).toEqual([
      [1, "none"],
      [2, "none"],
      [10, "y"],
      [3, "x"],
      [7, "none"],
      [8, "none"],
    ]);
  });

  test("one that fails has changed nothing, inside a transaction too", () => {
    const sql = session();
    sql.exec("BEGIN; INSERT INTO t (a) VALUES (20)");
    expect(() => sql.prepare("INSERT INTO t (id, a) SELECT 4 - value, value FROM generate_series(1, 3)").run()).toThrow(
      "UNIQUE constraint failed: t.id",
    );
    sql.exec("COMMIT");
    expect(rows(sql)).toEqual([
      [1, 10, "x"],
      [2, 20, "none"],
    ]);
    expect(sql.prepare("INSERT OR IGNORE INTO t SELECT value, 0, '' FROM generate_series(1, 3)").run().changes).toBe(1);
    expect(sql.prepare("INSERT OR REPLACE INTO t SELECT value, 0, '' FROM generate_series(1, 3)").run().changes).toBe(
      3,
    );
  });

  test("a wrong number of columns is refused", () => {
    const sql = session();
    expect(() => sql.prepare("INSERT INTO t SELECT 1, 2").run()).toThrow(
      "table t has 3 columns but 2 values were supplied",
    );
    expect(() => sql.prepare("INSERT INTO t (a) SELECT 1, 2").run()).toThrow("2 values for 1 columns");
  });
});
