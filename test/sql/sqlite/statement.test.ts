/** Statements: what they give, in which forms, and what they refuse. */
import { beforeEach, describe, expect, it } from "vitest";
import Database, { SqliteError } from "../../../src/sqlite.ts";

let db: Database.Database;

beforeEach(() => {
  db = new Database(":memory:");
  db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b REAL, c BLOB)");
  db.exec("INSERT INTO t VALUES (1, 'x', 1.5, x'00ff'), (2, 'y', NULL, NULL), (3, NULL, 3, x'')");
});

const FIRST = { id: 1, a: "x", b: 1.5, c: Buffer.from([0, 255]) };

describe("prepare", () => {
  it("gives a statement with what it is", () => {
    const read = db.prepare("SELECT 1; -- one");
    expect(read.source).toBe("SELECT 1; -- one");
    expect(read.reader).toBe(true);
    expect(read.readonly).toBe(true);
    expect(read.database).toBe(db);
    expect(read.busy).toBe(false);
    expect(read.constructor.name).toBe("Statement");
    const write = db.prepare("DELETE FROM t");
    expect([write.reader, write.readonly]).toEqual([false, false]);
    const returning = db.prepare("DELETE FROM t RETURNING *");
    expect([returning.reader, returning.readonly]).toEqual([true, false]);
    expect(db.prepare("BEGIN").readonly).toBe(true);
    expect(db.prepare("BEGIN IMMEDIATE").readonly).toBe(false);
    expect(() => new (read.constructor as new () => unknown)()).toThrow(TypeError);
  });

  it("takes one statement", () => {
    for (const text of ["", ";", " -- nothing", "/* nothing */"]) {
      expect(() => db.prepare(text)).toThrow(new RangeError("The supplied SQL string contains no statements"));
    }
    for (const text of ["SELECT 1; SELECT 2", "SELECT 1;/", "SELECT 1;/**/-", "SELECT 1;--\nx"]) {
      expect(() => db.prepare(text)).toThrow(
        new RangeError("The supplied SQL string contains more than one statement"),
      );
    }
    for (const tail of [";", "; \t\n", ";-- x", ";--x\n--y", ";/* x */ ;", "/* not closed"]) {
      expect(db.prepare(`SELECT 1${tail}`).pluck().get()).toBe(1);
    }
    expect(() => db.prepare(1 as unknown as string)).toThrow(new TypeError("Expected first argument to be a string"));
  });
});

describe("get, all, iterate", () => {
  it("give rows in every form", () => {
    const statement = db.prepare("SELECT *, 2 + 3.5 AS b FROM t ORDER BY id");
    const flat = { ...FIRST, b: 5.5 };
    const expanded = { t: FIRST, $: { b: 5.5 } };
    const raw = [1, "x", 1.5, FIRST.c, 5.5];
    const cases: [() => unknown, unknown][] = [
      [() => statement, flat],
      [() => statement.pluck(), 1],
      [() => statement.pluck(false), flat],
      [() => statement.raw(), raw],
      [() => statement.expand(), expanded],
      [() => statement.raw(false), expanded],
      [() => statement.expand(false), flat],
      [() => statement.expand(true), expanded],
      [() => statement.pluck(true), 1],
    ];
    for (const [change, expected] of cases) {
      expect(change()).toBe(statement);
      const iterator = statement.iterate();
      expect(statement.busy).toBe(true);
      expect(iterator.next().value).toEqual(expected);
      iterator.return?.();
      expect(statement.busy).toBe(false);
      expect(statement.get()).toEqual(expected);
      expect(statement.all()[0]).toEqual(expected);
    }
  });

  it("give Buffers of their own", () => {
    const get = db.prepare("SELECT c FROM t WHERE id = 1").pluck();
    const one = get.get() as Buffer;
    expect(Buffer.isBuffer(one)).toBe(true);
    one.fill(9);
    expect(get.get()).toEqual(FIRST.c);
    expect(Buffer.isBuffer(db.prepare("SELECT x'01'").pluck().get())).toBe(true);
  });

  it("give undefined, an empty array and an iterator at its end where there are no rows", () => {
    const none = db.prepare("SELECT * FROM t WHERE id = 99");
    expect(none.get()).toBeUndefined();
    expect(none.all()).toEqual([]);
    expect(none.iterate().next()).toEqual({ value: undefined, done: true });
    expect(none.busy).toBe(false);
  });

  it("are not for statements without rows", () => {
    const write = db.prepare("INSERT INTO t (a) VALUES ('z')");
    const message = "This statement does not return data. Use run() instead";
    expect(() => write.get()).toThrow(new TypeError(message));
    expect(() => write.all()).toThrow(new TypeError(message));
    expect(() => write.iterate()).toThrow(new TypeError(message));
    expect(() => write.pluck()).toThrow(new TypeError("The pluck() method is only for statements that return data"));
    expect(() => write.columns()).toThrow(
      new TypeError("The columns() method is only for statements that return data"),
    );
  });
});

describe("an iterator", () => {
  it("is one, and ends with return", () => {
    const statement = db.prepare("SELECT id FROM t ORDER BY id").pluck();
    const iterator = statement.iterate();
    expect(iterator[Symbol.iterator]()).toBe(iterator);
    expect("throw" in iterator).toBe(false);
    expect(iterator.next()).toEqual({ value: 1, done: false });
    expect(() => statement.get()).toThrow(new TypeError("This statement is busy executing a query"));
    expect(() => statement.raw()).toThrow(TypeError);
    expect(iterator.return?.()).toEqual({ value: undefined, done: true });
    expect(iterator.next()).toEqual({ value: undefined, done: true });
    expect([...statement.iterate()]).toEqual([1, 2, 3]);
    expect(statement.busy).toBe(false);
  });

  it("lets others read, and write in unsafe mode alone", () => {
    const write = db.prepare("INSERT INTO t (a) VALUES ('z')");
    const seen: unknown[] = [];
    for (const id of db.prepare("SELECT id FROM t").pluck().iterate()) {
      seen.push(id);
      const busy = new TypeError("This database connection is busy executing a query");
      expect(db.prepare("SELECT count(*) FROM t").pluck().get()).toBe(3);
      expect(() => write.run()).toThrow(busy);
      expect(() => db.exec("SELECT 1")).toThrow(busy);
      expect(() => db.pragma("cache_size")).toThrow(busy);
      expect(() => db.close()).toThrow(busy);
      expect(() => db.function("f", () => 1)).toThrow(busy);
      expect(() => db.transaction(() => 1)()).toThrow(busy);
    }
    db.unsafeMode();
    for (const id of db.prepare("SELECT id FROM t").pluck().iterate()) {
      seen.push(id);
      write.run();
    }
    expect(seen).toEqual([1, 2, 3, 1, 2, 3]);
    db.unsafeMode(false);
    expect(db.prepare("SELECT count(*) FROM t").pluck().get()).toBe(6);
  });
});

describe("run", () => {
  it("tells what was changed", () => {
    expect(db.prepare("INSERT INTO t (a) VALUES ('p'), ('q')").run()).toEqual({ changes: 2, lastInsertRowid: 5 });
    expect(db.prepare("UPDATE t SET b = 0 WHERE id > 3").run().changes).toBe(2);
    expect(db.prepare("DELETE FROM t WHERE id > 3").run().changes).toBe(2);
    expect(db.prepare("CREATE TABLE u (a)").run().changes).toBe(0);
    expect(db.prepare("SELECT * FROM t").run()).toEqual({ changes: 0, lastInsertRowid: 5 });
    expect(db.prepare("INSERT INTO t (a) VALUES ('r') RETURNING id").run()).toEqual({ changes: 1, lastInsertRowid: 4 });
    expect(db.prepare("INSERT INTO t (a) VALUES ('s')").safeIntegers().run().lastInsertRowid).toBe(5n);
  });
});

describe("columns", () => {
  it("tell names, origins and types", () => {
    const statement = db.prepare(
      "SELECT id, t.a AS x, b + 1, s.n, rowid FROM t, (SELECT a AS n, count(*) AS m FROM t GROUP BY 1) AS s",
    );
    const of = (column: string, type: string) => ({ column, table: "t", database: "main", type });
    const none = { column: null, table: null, database: null, type: null };
    expect(statement.columns()).toEqual([
      { name: "id", ...of("id", "INTEGER") },
      { name: "x", ...of("a", "TEXT") },
      { name: "b + 1", ...none },
      { name: "n", ...of("a", "TEXT") },
      { name: "id", ...of("id", "INTEGER") },
    ]);
    expect(db.prepare("DELETE FROM t RETURNING a AS x, 1 AS one").columns()).toEqual([
      { name: "x", ...of("a", "TEXT") },
      { name: "one", ...none },
    ]);
  });
});

describe("integers", () => {
  it("are numbers, or bigints where asked for", () => {
    const big = 9007199254740993n;
    db.prepare("INSERT INTO t (id, a, b) VALUES (?, 'big', 2)").run(big);
    const id = db.prepare("SELECT id FROM t WHERE a = 'big'").pluck();
    expect(id.get()).toBe(9007199254740992);
    expect(id.safeIntegers().get()).toBe(big);
    expect(id.safeIntegers(false).get()).toBe(9007199254740992);
    expect(db.prepare("PRAGMA table_info(t)").pluck().safeIntegers().get()).toBe(0n);
    expect(db.prepare("EXPLAIN QUERY PLAN SELECT * FROM t").raw().safeIntegers().get()).toEqual([1n, 0n, 0n, "SCAN t"]);
    const row = db.prepare("SELECT 1 AS i, 1.0 AS r, 'x' AS t, NULL AS n").safeIntegers();
    expect(row.get()).toEqual({ i: 1n, r: 1, t: "x", n: null });
    expect(row.raw().all()).toEqual([[1n, 1, "x", null]]);
    expect([...row.iterate()]).toEqual([[1n, 1, "x", null]]);
    db.exec("DELETE FROM t WHERE a = 'big'");
    db.defaultSafeIntegers();
    expect(db.prepare("SELECT 1").pluck().get()).toBe(1n);
    expect(db.prepare("INSERT INTO t (a) VALUES ('w') RETURNING length(a)").pluck().get()).toBe(1n);
    expect(db.pragma("user_version", { simple: true })).toBe(0n);
    db.defaultSafeIntegers(false);
    expect(db.prepare("SELECT 1").pluck().get()).toBe(1);
  });
});

describe("a closed connection", () => {
  it("refuses everything with its message", () => {
    const read = db.prepare("SELECT 1");
    const write = db.prepare("DELETE FROM t");
    expect(db.close()).toBe(db);
    const closed = new TypeError("The database connection is not open");
    for (const use of [
      () => read.get(),
      () => read.all(),
      () => read.iterate(),
      () => read.columns(),
      () => read.bind(),
      () => write.run(),
      () => db.prepare("SELECT 1"),
      () => db.exec("SELECT 1"),
      () => db.pragma("user_version"),
      () => db.function("f", () => 1),
      () => db.aggregate("f", { step: () => 1 }),
      () => db.table("f", { columns: ["x"], *rows() {} }),
      () => db.transaction(() => 1),
      () => db.serialize(),
    ]) {
      expect(use).toThrow(closed);
    }
    expect(db.close().open).toBe(false);
    expect(db.inTransaction).toBe(false);
    expect(read.busy).toBe(false);
  });
});

it("exec runs all statements, up to the first that fails", () => {
  expect(db.exec("INSERT INTO t (a) VALUES ('p'); SELECT * FROM t;;")).toBe(db);
  expect(() => db.exec("DELETE FROM t WHERE id = 1; DELETE FROM nope; DELETE FROM t")).toThrow(SqliteError);
  expect(db.prepare("SELECT count(*) FROM t").pluck().get()).toBe(3);
});

it("toString gives the text, with the values that are bound for good", () => {
  const text = "SELECT * FROM t WHERE a = ? AND id = @id";
  const statement = db.prepare<unknown[]>(text);
  statement.all("x", { id: 1 });
  expect(String(statement)).toBe(text);
  statement.bind("it's", { id: 25 });
  expect(`${statement}`).toBe("SELECT * FROM t WHERE a = 'it''s' AND id = 25.0");
});

it("explain shows how a statement is carried out, whose parameters need no values", () => {
  expect(db.explain("QUERY PLAN SELECT * FROM t WHERE id = ?")).toEqual([
    { id: 1, parent: 0, notused: 0, detail: expect.stringMatching(/^S(EARCH|CAN) t/) },
  ]);
  expect(db.explain("SELECT * FROM t WHERE id = @id").length).toBeGreaterThan(0);
  expect(() => db.explain("SELECT * FROM nope")).toThrow(SqliteError);
  expect(() => db.explain(1 as never)).toThrow(TypeError);
});
