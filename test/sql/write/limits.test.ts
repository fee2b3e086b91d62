/** What writes do where they fail or reach a bound: nothing is lost, and the error says which bound it was. */
import { describe, expect, test } from "vitest";
import { DbError } from "../../../src/errors.ts";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

function thrownBy(work: () => unknown): DbError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
  throw new Error("nothing was thrown");
}

describe.each(["interpreted", "compiled"] as const)("%s", (tier) => {
  const session = (text: string): SqlSession => {
    const sql = new SqlSession(new MemoryStore(), { tier });
    sql.exec(text);
    return sql;
  };
  const column = (sql: SqlSession, text: string): unknown[] => sql.prepare(text).pluck().all();

  test("OR ROLLBACK ends the transaction, whether the table has indexes or not", () => {
    for (const table of ["CREATE TABLE t (a INTEGER PRIMARY KEY)", "CREATE TABLE t (a UNIQUE)"]) {
      const sql = session(`${table}; INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)`);
      expect(thrownBy(() => sql.exec("INSERT OR ROLLBACK INTO t VALUES (1)")).facts.resolution).toBe("rollback");
      expect(sql.inTransaction).toBe(false);
      expect(column(sql, "SELECT a FROM t")).toEqual([1]);
    }
  });

  test("OR FAIL leaves what came before, of UPDATE too, with a transaction around it or without", () => {
    for (const begin of ["", "BEGIN"]) {
      const sql = session(`CREATE TABLE t (a INTEGER PRIMARY KEY, b CHECK (b < 10)); ${begin}`);
      thrownBy(() => sql.exec("INSERT OR FAIL INTO t VALUES (1, 1), (2, 5), (3, 99), (4, 1)"));
      expect(column(sql, "SELECT a FROM t")).toEqual([1, 2]);
      thrownBy(() => sql.exec("UPDATE OR FAIL t SET b = b + 5"));
      expect(column(sql, "SELECT b FROM t ORDER BY a")).toEqual([6, 5]);
    }
  });

  test("OR FAIL leaves no row without its parent, of a deferred key neither", () => {
    for (const [key, begin] of [
      ["", ""],
      ["", "BEGIN"],
      ["DEFERRABLE INITIALLY DEFERRED", ""],
    ] as const) {
      const sql = session(`
        CREATE TABLE p (id INTEGER PRIMARY KEY);
        CREATE TABLE c (a INTEGER PRIMARY KEY, p REFERENCES p ${key}); ${begin}`);
      const error = thrownBy(() => sql.exec("INSERT OR FAIL INTO c VALUES (1, 7), (1, NULL)"));
      expect(error.facts.sqlite).toBe("SQLITE_CONSTRAINT_FOREIGNKEY");
      expect(column(sql, "SELECT a FROM c")).toEqual([]);
    }
  });

  test("a row that is refused takes no rowid, and changes none that was given out last", () => {
    const sql = session("CREATE TABLE t (a INTEGER PRIMARY KEY, b NOT NULL UNIQUE)");
    const insert = sql.prepare("INSERT OR IGNORE INTO t (b) VALUES (?)");
    expect([1, 1, null, 2].map((value) => insert.run(value).lastInsertRowid)).toEqual([1, 1, 1, 2]);
    thrownBy(() => sql.exec("INSERT INTO t (b) VALUES (2)"));
    expect(insert.run(3).lastInsertRowid).toBe(3);
  });

  test("what an index is made of may be 2048 bytes long; a longer one is refused, and the row with it", () => {
    const sql = session("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX i ON t (b)");
    const insert = sql.prepare("INSERT INTO t (b) VALUES (?)");
    insert.run("x".repeat(2000));
    expect(thrownBy(() => insert.run("x".repeat(3000)))).toMatchObject({ code: "INVALID", facts: { limit: 2048 } });
    expect(thrownBy(() => sql.prepare("UPDATE t SET b = ?").run("x".repeat(3000))).facts.limit).toBe(2048);
    expect(column(sql, "SELECT length(b) FROM t")).toEqual([2000]);
    expect(column(sql, "SELECT count(*) FROM t WHERE b > ''")).toEqual([1]);
  });

  test("CREATE UNIQUE INDEX over rows that are alike leaves nothing behind", () => {
    const sql = session("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (1)");
    expect(thrownBy(() => sql.exec("CREATE UNIQUE INDEX i ON t (a)")).facts.sqlite).toBe("SQLITE_CONSTRAINT_UNIQUE");
    expect(column(sql, "SELECT name FROM sqlite_schema WHERE type = 'index'")).toEqual([]);
    sql.exec("DELETE FROM t WHERE rowid = 3; CREATE UNIQUE INDEX i ON t (a)");
    expect(column(sql, "SELECT a FROM t WHERE a = 2")).toEqual([2]);
  });

  test("foreign keys set each other off 250 deep, and no deeper", () => {
    const sql = session("CREATE TABLE t (id INTEGER PRIMARY KEY, up REFERENCES t ON DELETE CASCADE)");
    const fill = (depth: number): void => {
      const insert = sql.prepare("INSERT INTO t VALUES (?, ?)");
      for (let id = 1; id <= depth; id++) {
        insert.run(id, id === 1 ? null : id - 1);
      }
    };
    fill(240);
    expect(sql.exec("DELETE FROM t WHERE id = 1").changes).toBe(1);
    expect(column(sql, "SELECT count(*) FROM t")).toEqual([0]);
    fill(300);
    expect(thrownBy(() => sql.exec("DELETE FROM t WHERE id = 1")).message).toBe("too many levels of trigger recursion");
    expect(column(sql, "SELECT count(*) FROM t")).toEqual([300]);
  });

  test("a trigger that fires itself: once, unless the session says otherwise, and then to the same depth", () => {
    const sql = session(`
      CREATE TABLE t (a);
      CREATE TRIGGER r AFTER INSERT ON t WHEN NEW.a < 1000 BEGIN INSERT INTO t VALUES (NEW.a + 1); END;
      INSERT INTO t VALUES (1)`);
    expect(column(sql, "SELECT a FROM t")).toEqual([1, 2]);
    sql.exec("PRAGMA recursive_triggers = ON; INSERT INTO t VALUES (900)");
    expect(column(sql, "SELECT count(*) FROM t WHERE a >= 900")).toEqual([101]);
    expect(thrownBy(() => sql.exec("INSERT INTO t VALUES (3)")).message).toBe("too many levels of trigger recursion");
    expect(column(sql, "SELECT count(*) FROM t")).toEqual([103]);
  });
});
