import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { open } from "../../src/mvcc/index.ts";
import { openSql, type SqlSession } from "../../src/sql/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

function fill(sql: SqlSession, from: number, to: number): void {
  const insert = sql.prepare("INSERT INTO t (id, word, n) VALUES (?, ?, ?)");
  sql.transaction(() => {
    for (let id = from; id < to; id++) {
      insert.run(id, `word ${id % 7}`, id / 2);
    }
  });
}

const TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT, n REAL)";

describe("SQL in a database", () => {
  test("tables and rows are there after a reopen", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "db");
    {
      using database = open(path);
      const sql = openSql(database);
      sql.exec(TABLE);
      fill(sql, 0, 100);
    }
    using database = open(path);
    const sql = openSql(database);
    expect(sql.query("SELECT count(*) AS n, sum(n) AS s FROM t")).toEqual([{ n: 100, s: 2475 }]);
    expect(sql.tables().map(({ name }) => name)).toEqual(["t"]);
  });

  test.each(["pread", "mmap"] as const)("%s: scans merge the log with pages that it has changed", async (backend) => {
    using directory = temporaryDirectory();
    using database = open(join(directory.path, "db"), { backend });
    const sql = openSql(database);
    sql.exec(TABLE);
    fill(sql, 0, 3000);
    await database.checkpoint();
    sql.exec(
      "DELETE FROM t WHERE id % 3 = 0; UPDATE t SET n = -1 WHERE id % 3 = 1; INSERT INTO t (word) VALUES ('last')",
    );
    expect(sql.query("SELECT count(*) AS rows, total(n = -1) AS ones, max(id) AS last FROM t")).toEqual([
      { rows: 2001, ones: 1000, last: 3000 },
    ]);
    expect(sql.prepare("SELECT id FROM t WHERE id BETWEEN 10 AND 20 ORDER BY id DESC").pluck().all()).toEqual([
      20, 19, 17, 16, 14, 13, 11, 10,
    ]);
    expect(sql.query("SELECT word, count(*) AS n FROM t GROUP BY word ORDER BY n, word LIMIT 2")).toEqual([
      { word: "last", n: 1 },
      { word: "word 5", n: 285 },
    ]);
    await database.check();
  });

  test("a value of many pages is read, scanned and updated", async () => {
    using directory = temporaryDirectory();
    using database = open(join(directory.path, "db"));
    const sql = openSql(database);
    sql.exec("CREATE TABLE big (id INTEGER PRIMARY KEY, small INT, large TEXT)");
    const insert = sql.prepare("INSERT INTO big VALUES (?, ?, ?)");
    for (let id = 1; id <= 5; id++) {
      insert.run(id, id * 10, "x".repeat(id * 50_000));
    }
    await database.checkpoint();
    expect(sql.query("SELECT small, length(large) AS size FROM big WHERE id = 4")).toEqual([
      { small: 40, size: 200_000 },
    ]);
    expect(sql.exec("UPDATE big SET small = small + 1 WHERE length(large) > 100000").changes).toBe(3);
    expect(sql.query("SELECT sum(small) AS s, sum(length(large)) AS n FROM big")).toEqual([{ s: 153, n: 750_000 }]);
  });

  test("one transaction of two that write the same row is refused, and may run again", () => {
    using database = open(":memory:");
    const one = openSql(database);
    const two = openSql(database);
    one.exec("CREATE TABLE account (id INTEGER PRIMARY KEY, sum INT); INSERT INTO account VALUES (1, 100)");
    one.exec("BEGIN; UPDATE account SET sum = sum - 10");
    two.exec("UPDATE account SET sum = sum + 1");
    expect(() => one.exec("COMMIT")).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    expect(one.inTransaction).toBe(false);
    one.exec("BEGIN; UPDATE account SET sum = sum - 10; COMMIT");
    expect(two.query("SELECT sum FROM account")).toEqual([{ sum: 91 }]);
  });

  test("tables that are made and dropped in transactions", () => {
    using database = open(":memory:");
    const one = openSql(database);
    const two = openSql(database);
    one.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    one.exec("BEGIN; DROP TABLE t; CREATE TABLE t (b, c); INSERT INTO t VALUES (2, 3)");
    expect(two.query("SELECT * FROM t")).toEqual([{ a: 1 }]);
    expect(one.query("SELECT * FROM t")).toEqual([{ b: 2, c: 3 }]);
    one.exec("ROLLBACK");
    expect(one.query("SELECT * FROM t")).toEqual([{ a: 1 }]);
    one.exec("BEGIN; DROP TABLE t; CREATE TABLE t (b, c); INSERT INTO t VALUES (2, 3); COMMIT");
    expect(two.query("SELECT * FROM t")).toEqual([{ b: 2, c: 3 }]);
    expect(database.maps().filter((name) => name.startsWith("sql/"))).toHaveLength(1);
    two.transaction(() => two.exec("CREATE TABLE u (a); INSERT INTO u VALUES (1); DROP TABLE t"));
    expect(one.tables().map(({ name }) => name)).toEqual(["u"]);
    expect(database.maps()).toEqual(["sql", "sql/u"]);
  });

  test("rows read one by one come from a snapshot that lets go at the end", () => {
    using database = open(":memory:");
    const sql = openSql(database);
    sql.exec(TABLE);
    fill(sql, 0, 1000);
    const rows = sql.prepare("SELECT id FROM t").iterate();
    expect(rows.next().value).toEqual({ id: 0 });
    sql.exec("DELETE FROM t");
    expect([...rows]).toHaveLength(999);
    expect(sql.query("SELECT * FROM t")).toEqual([]);
  });

  test("maps and tables are in one commit order", () => {
    using database = open(":memory:");
    const sql = openSql(database);
    sql.exec(TABLE);
    database.map<number>("counts").put("t", 1);
    const before = database.lastCommit;
    fill(sql, 0, 10);
    expect(database.lastCommit).toBe(before + 1);
  });
});
