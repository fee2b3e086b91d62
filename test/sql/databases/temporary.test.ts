/** Temporary tables where no answer of SQLite says it: whose they are, and what they are on. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { open } from "../../../src/mvcc/index.ts";
import { openSql } from "../../../src/sql/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

describe("temporary tables", () => {
  test("are one session's alone, and gone with it", () => {
    using database = open(":memory:");
    const [a, b] = [openSql(database), openSql(database)];
    a.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('main'); CREATE TEMP TABLE t (x); INSERT INTO t VALUES ('of a')");
    b.exec("CREATE TEMP TABLE t (x); INSERT INTO t VALUES ('of b')");
    const seen = (session: typeof a): unknown => session.prepare("SELECT x FROM t").pluck().get();
    expect([seen(a), seen(b)]).toEqual(["of a", "of b"]);
    expect(a.prepare("PRAGMA database_list").raw().all()).toEqual([
      [0, "main", ""],
      [1, "temp", ""],
    ]);
    expect(openSql(database).prepare("PRAGMA database_list").raw().all()).toEqual([[0, "main", ""]]);
    b.close();
    expect(seen(openSql(database))).toBe("main");
    expect(seen(a)).toBe("of a");
  });

  test("of a session that may not write, which writes nothing else", () => {
    using database = open(":memory:");
    openSql(database).exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
    const session = openSql(database, { readOnly: true });
    session.exec(
      "CREATE TEMP TABLE own AS SELECT x * 10 AS y FROM t; INSERT INTO own VALUES (5); DELETE FROM own WHERE y = 10",
    );
    expect(session.prepare("SELECT y FROM own ORDER BY y").pluck().all()).toEqual([5, 20]);
    session.exec("CREATE TEMP TRIGGER into_main AFTER INSERT ON own BEGIN INSERT INTO t VALUES (new.y); END");
    for (const text of [
      "INSERT INTO t VALUES (3)",
      "INSERT INTO own VALUES (3)",
      "CREATE TABLE u (x)",
      "DROP TABLE t",
    ]) {
      expect(() => session.exec(text)).toThrow(expect.objectContaining({ code: "READONLY" }));
    }
    expect(session.prepare("SELECT count(*) FROM own").pluck().get()).toBe(2);
  });

  test("beside a database that is opened to be read", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "db");
    {
      using database = open(path, { durability: "relaxed" });
      openSql(database).exec("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)");
    }
    using database = open(path, { readOnly: true });
    const session = openSql(database, { readOnly: true });
    session.exec("CREATE TEMP TABLE own (y); INSERT INTO own SELECT x FROM t");
    session.exec("BEGIN; INSERT INTO own VALUES (3); COMMIT");
    expect(session.prepare("SELECT sum(y) FROM own, t").pluck().get()).toBe(12);
  });

  test("are written while another session has reserved the right to write", () => {
    using database = open(":memory:");
    const [a, b] = [openSql(database), openSql(database)];
    a.exec("CREATE TABLE t (x); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
    b.exec("CREATE TEMP TABLE own (y); INSERT INTO own VALUES (1)");
    expect(() => b.exec("INSERT INTO t VALUES (2)")).toThrow(expect.objectContaining({ code: "LOCKED" }));
    b.exec("CREATE TEMP TRIGGER into_main AFTER INSERT ON own BEGIN INSERT INTO t VALUES (new.y); END");
    expect(() => b.exec("INSERT INTO own VALUES (2)")).toThrow(expect.objectContaining({ code: "LOCKED" }));
    a.exec("COMMIT");
    b.exec("INSERT INTO own VALUES (3)");
    expect(a.prepare("SELECT x FROM t").pluck().all()).toEqual([1, 3]);
    expect(b.prepare("SELECT y FROM own").pluck().all()).toEqual([1, 3]);
  });

  test("a transaction that conflicts takes back what it did to them", () => {
    using database = open(":memory:");
    const [a, b] = [openSql(database), openSql(database)];
    a.exec("CREATE TABLE t (x INTEGER PRIMARY KEY, y); INSERT INTO t VALUES (1, 0); CREATE TEMP TABLE own (y)");
    a.exec("BEGIN; UPDATE t SET y = y + 1 WHERE x = 1; INSERT INTO own VALUES (1)");
    b.exec("UPDATE t SET y = y + 1 WHERE x = 1");
    expect(() => a.exec("COMMIT")).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    expect(a.prepare("SELECT count(*) FROM own").pluck().get()).toBe(0);
  });

  test.each(["interpreted", "compiled"] as const)("rows are read from a snapshot of all databases, %s", (tier) => {
    using database = open(":memory:");
    const session = openSql(database, { tier });
    session.exec(
      "CREATE TABLE t (x); INSERT INTO t VALUES (1), (2); CREATE TEMP TABLE own (y); INSERT INTO own VALUES (1), (2)",
    );
    const found: unknown[] = [];
    for (const row of session.prepare("SELECT x, y FROM t JOIN own ON x = y ORDER BY x").raw().iterate()) {
      found.push(row);
      session.exec("DELETE FROM own; DELETE FROM t");
    }
    expect(found).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(session.prepare("SELECT count(*) FROM own, t").pluck().get()).toBe(0);
  });

  test("a transaction of the session's own is over both", () => {
    using database = open(":memory:");
    const session = openSql(database);
    session.exec("CREATE TABLE t (x)");
    const work = (fails: boolean): void =>
      session.transaction(() => {
        session.exec("INSERT INTO t VALUES (1); CREATE TEMP TABLE IF NOT EXISTS own (y); INSERT INTO own VALUES (1)");
        if (fails) {
          throw new Error("no");
        }
      });
    expect(() => work(true)).toThrow("no");
    expect(
      session.prepare("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM sqlite_temp_schema)").raw().get(),
    ).toEqual([0, 0]);
    work(false);
    expect(session.prepare("SELECT x, y FROM t, own").raw().all()).toEqual([[1, 1]]);
  });
});
