/** transaction(), BEGIN and SAVEPOINT. */
import { beforeEach, describe, expect, it } from "vitest";
import Database, { SqliteError } from "../../../src/sqlite.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let db: Database.Database;

beforeEach(() => {
  db = new Database(":memory:");
  db.exec("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1), (2), (3)");
});

function rows(): unknown[] {
  return db.prepare("SELECT a FROM t ORDER BY a").pluck().all();
}

const insert = (value: number): unknown => db.prepare("INSERT INTO t VALUES (?)").run(value);

describe("a transaction function", () => {
  it("has its variants, and the connection", () => {
    const made = db.transaction(() => 1);
    for (const variant of [made, made.default, made.deferred, made.immediate, made.exclusive]) {
      expect(variant()).toBe(1);
      expect((variant as typeof made).immediate).toBe(made.immediate);
      expect((variant as unknown as { database: unknown }).database).toBe(db);
    }
    expect(() => db.transaction(1 as never)).toThrow(new TypeError("Expected first argument to be a function"));
  });

  it("passes on this, arguments and what is returned", () => {
    const made = db.transaction(function (this: unknown, ...list: unknown[]) {
      return [this, db.inTransaction, ...list];
    });
    const receiver = {};
    expect(made.call(receiver, 1, 2)).toEqual([receiver, true, 1, 2]);
    expect(db.inTransaction).toBe(false);
  });

  it("commits all, or nothing where it throws", () => {
    db.transaction(() => {
      insert(10);
      insert(11);
    })();
    const error = new Error("no");
    const failing = db.transaction(() => {
      insert(20);
      throw error;
    });
    for (const variant of [failing, failing.immediate, failing.exclusive]) {
      expect(variant).toThrow(error);
    }
    expect(rows()).toEqual([1, 2, 3, 10, 11]);
  });

  it("is a savepoint inside another", () => {
    const one = db.transaction((value: number) => insert(value));
    const many = db.transaction((values: number[]) => values.map((value) => one(value)));
    many([10, 11]);
    expect(() => many([20, 21, 3])).toThrow("UNIQUE constraint failed: t.a");
    expect(rows()).toEqual([1, 2, 3, 10, 11]);
    db.transaction(() => {
      one(30);
      expect(() => many([40, 41, 3])).toThrow(SqliteError);
      expect(db.inTransaction).toBe(true);
      db.exec("SAVEPOINT mine");
      one(50);
      db.exec("ROLLBACK TO mine");
      one(60);
    })();
    expect(rows()).toEqual([1, 2, 3, 10, 11, 30, 60]);
  });

  it("is over where a conflict clause has rolled it back", () => {
    const made = db.transaction(() => {
      insert(10);
      db.exec("INSERT OR ROLLBACK INTO t VALUES (10)");
    });
    expect(made).toThrow("UNIQUE constraint failed: t.a");
    expect(db.inTransaction).toBe(false);
    expect(rows()).toEqual([1, 2, 3]);
  });

  it("is synchronous", () => {
    const made = db.transaction(async () => insert(10));
    expect(made).toThrow(new TypeError("Transaction function cannot return a promise"));
    expect(rows()).toEqual([1, 2, 3]);
  });

  it("may change the schema, and take that back", () => {
    const made = db.transaction((fails: boolean) => {
      db.exec("CREATE TABLE u (a); INSERT INTO u VALUES (1)");
      expect(db.prepare("SELECT a FROM u").pluck().get()).toBe(1);
      if (fails) {
        throw new Error("no");
      }
    });
    expect(() => made(true)).toThrow("no");
    expect(() => db.prepare("SELECT * FROM u")).toThrow("no such table: u");
    made(false);
    expect(db.prepare("SELECT count(*) FROM u").pluck().get()).toBe(1);
  });

  it("is alone: others read what was committed before, and cannot write", () => {
    using directory = temporaryDirectory();
    const one = new Database(directory.path);
    const two = new Database(directory.path, { timeout: 0 });
    one.exec("CREATE TABLE t (a)");
    one.transaction(() => {
      one.exec("INSERT INTO t VALUES (1)");
      expect(two.prepare("SELECT count(*) FROM t").pluck().get()).toBe(0);
      expect(() => two.exec("INSERT INTO t VALUES (2)")).toThrow(new SqliteError("database is locked", "SQLITE_BUSY"));
    })();
    expect(two.prepare("SELECT count(*) FROM t").pluck().get()).toBe(1);
    one.close();
    two.close();
  });
});

describe("BEGIN", () => {
  it("opens one, COMMIT, END and ROLLBACK end it", () => {
    for (const begin of ["BEGIN", "BEGIN DEFERRED TRANSACTION", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"]) {
      for (const end of ["COMMIT", "END TRANSACTION", "ROLLBACK"]) {
        db.exec(begin);
        expect(db.inTransaction).toBe(true);
        db.exec("DELETE FROM t; INSERT INTO t VALUES (1), (2), (3)");
        db.exec(end);
        expect(db.inTransaction).toBe(false);
      }
    }
    expect(rows()).toEqual([1, 2, 3]);
    db.exec("BEGIN");
    expect(() => db.exec("BEGIN")).toThrow("cannot start a transaction within a transaction");
    db.exec("ROLLBACK");
    expect(() => db.exec("COMMIT")).toThrow("cannot commit - no transaction is active");
    expect(() => db.exec("ROLLBACK")).toThrow("cannot rollback - no transaction is active");
  });

  it("is rolled back by close", () => {
    using directory = temporaryDirectory();
    const one = new Database(directory.path);
    one.exec("CREATE TABLE t (a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
    const two = new Database(directory.path, { timeout: 0 });
    one.close();
    two.exec("INSERT INTO t VALUES (2)");
    expect(two.prepare("SELECT a FROM t").pluck().all()).toEqual([2]);
    two.close();
  });
});

describe("SAVEPOINT", () => {
  it("opens a transaction where there is none, which its release commits", () => {
    db.exec("SAVEPOINT a; INSERT INTO t VALUES (10); SAVEPOINT b; INSERT INTO t VALUES (11)");
    expect(db.inTransaction).toBe(true);
    db.exec("RELEASE b");
    expect(db.inTransaction).toBe(true);
    db.exec("RELEASE SAVEPOINT A");
    expect(db.inTransaction).toBe(false);
    expect(rows()).toEqual([1, 2, 3, 10, 11]);
  });

  it("stays after ROLLBACK TO, and goes with those inside it at RELEASE", () => {
    db.exec("BEGIN; SAVEPOINT a; INSERT INTO t VALUES (10); SAVEPOINT b; INSERT INTO t VALUES (11)");
    db.exec("ROLLBACK TO a; INSERT INTO t VALUES (12); ROLLBACK TRANSACTION TO SAVEPOINT a; INSERT INTO t VALUES (13)");
    expect(() => db.exec("RELEASE b")).toThrow("no such savepoint: b");
    db.exec("SAVEPOINT b; SAVEPOINT c; INSERT INTO t VALUES (14); RELEASE b");
    expect(() => db.exec("ROLLBACK TO c")).toThrow("no such savepoint: c");
    db.exec("RELEASE a");
    expect(db.inTransaction).toBe(true);
    db.exec("COMMIT");
    expect(rows()).toEqual([1, 2, 3, 13, 14]);
  });

  it("of one name hides the one before", () => {
    db.exec("SAVEPOINT s; INSERT INTO t VALUES (10); SAVEPOINT s; INSERT INTO t VALUES (11)");
    db.exec("ROLLBACK TO s; RELEASE s");
    expect(rows()).toEqual([1, 2, 3, 10]);
    db.exec("ROLLBACK TO s");
    expect(rows()).toEqual([1, 2, 3]);
    db.exec("RELEASE s");
    expect(db.inTransaction).toBe(false);
  });

  it("takes back what deferred foreign keys miss, as does a statement that fails", () => {
    db.exec("CREATE TABLE c (p REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)");
    db.exec("BEGIN; SAVEPOINT s; INSERT INTO c VALUES (99); ROLLBACK TO s");
    expect(() => db.exec("INSERT INTO c SELECT 98 UNION ALL SELECT abs(-9223372036854775808)")).toThrow(
      "integer overflow",
    );
    db.exec("COMMIT; BEGIN; INSERT INTO c VALUES (97)");
    expect(() => db.exec("COMMIT")).toThrow("FOREIGN KEY constraint failed");
    expect(db.inTransaction).toBe(true);
    db.exec("INSERT INTO t VALUES (97); COMMIT");
    expect(db.prepare("SELECT p FROM c").pluck().all()).toEqual([97]);
  });

  it("takes back tables, in either kind of transaction", () => {
    using directory = temporaryDirectory();
    for (const path of [":memory:", directory.path]) {
      const made = new Database(path);
      const undo = (): void => {
        made.exec("SAVEPOINT s; CREATE TABLE u (a PRIMARY KEY); INSERT INTO u VALUES ('x'); ROLLBACK TO s");
        expect(() => made.prepare("SELECT * FROM u")).toThrow("no such table: u");
        made.exec("CREATE TABLE u (a, b); INSERT INTO u VALUES (1, 2)");
        made.exec("SAVEPOINT d; DROP TABLE u; ROLLBACK TO d; RELEASE d");
        expect(made.prepare("SELECT * FROM u").get()).toEqual({ a: 1, b: 2 });
        made.exec("DROP TABLE u; CREATE TABLE u (c); INSERT INTO u VALUES (3); RELEASE s");
      };
      undo();
      expect(made.inTransaction).toBe(false);
      expect(made.prepare("SELECT * FROM u").all()).toEqual([{ c: 3 }]);
      made.exec("DROP TABLE u");
      made.transaction(undo)();
      expect(made.prepare("SELECT * FROM u").all()).toEqual([{ c: 3 }]);
      made.close();
    }
    const again = new Database(directory.path);
    expect(again.prepare("SELECT * FROM u").all()).toEqual([{ c: 3 }]);
    again.close();
  });

  it("goes on with the rowids that others have left, whatever it knew itself", () => {
    using directory = temporaryDirectory();
    const one = new Database(directory.path);
    one.exec("CREATE TABLE u (id INTEGER PRIMARY KEY, a)");
    const two = new Database(directory.path);
    const add = (on: Database.Database): number | bigint =>
      on.prepare("INSERT INTO u (a) VALUES (0)").run().lastInsertRowid;
    const within = (on: Database.Database, then: () => void = () => {}): (number | bigint)[] => {
      const given: (number | bigint)[] = [];
      try {
        on.transaction(() => {
          given.push(add(on), add(on));
          then();
        })();
      } catch {
        given.push(-1);
      }
      return given;
    };
    const fail = (): void => {
      throw new Error("no");
    };
    expect([within(one), within(one), within(two), within(one)]).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
    ]);
    expect([within(one, fail), within(one), add(two), within(one)]).toEqual([[9, 10, -1], [9, 10], 11, [12, 13]]);
    one.exec("BEGIN");
    expect(add(one)).toBe(14);
    one.exec("ROLLBACK");
    two.exec("DELETE FROM u WHERE id > 5");
    expect([within(one, () => one.exec("DELETE FROM u WHERE id = 7")), within(one)]).toEqual([
      [6, 7],
      [7, 8],
    ]);
    two.close();
    one.close();
  });
});
