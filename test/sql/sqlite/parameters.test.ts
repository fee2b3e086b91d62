/** Parameters by better-sqlite3's rules; its messages. */
import { beforeEach, describe, expect, it } from "vitest";
import Database from "../../../src/sqlite.ts";

let db: Database.Database;

beforeEach(() => {
  db = new Database(":memory:");
});

function get(text: string, ...parameters: unknown[]): unknown {
  return db
    .prepare(text)
    .pluck()
    .get(...parameters);
}

function row(text: string, ...parameters: unknown[]): unknown {
  return db
    .prepare(text)
    .raw()
    .get(...parameters);
}

describe("values", () => {
  it("are bound as better-sqlite3 binds them: every number is a REAL", () => {
    const types: [unknown, unknown][] = [
      [1, "real"],
      [1.5, "real"],
      [-0, "real"],
      [Number.POSITIVE_INFINITY, "real"],
      [Number.NaN, "null"],
      [1n, "integer"],
      [2n ** 63n - 1n, "integer"],
      ["x", "text"],
      [Buffer.from("x"), "blob"],
      [new Uint8Array([1]), "blob"],
      [new Uint16Array([1]), "blob"],
      [null, "null"],
      [undefined, "null"],
    ];
    for (const [value, type] of types) {
      expect(get("SELECT typeof(?)", value)).toBe(type);
    }
    expect(get("SELECT ? / 2", 5)).toBe(2.5);
    expect(get("SELECT ? || ''", 5)).toBe("5.0");
  });

  it("become integers again in INTEGER columns", () => {
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, i INTEGER, r REAL, x TEXT, n)");
    db.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?)").run(7, 25, 25, 25, 25);
    expect(row("SELECT typeof(id), typeof(i), typeof(r), x, typeof(n) FROM t")).toEqual([
      "integer",
      "integer",
      "real",
      "25.0",
      "real",
    ]);
    expect(get("SELECT i FROM t WHERE id = ?", 7)).toBe(25);
    expect(get("SELECT i FROM t WHERE id = ?", 7.5)).toBeUndefined();
    expect(get("SELECT i FROM t LIMIT ?", 1)).toBe(25);
  });

  it("are copied: what is done to a buffer later does not show", () => {
    const buffer = Buffer.from([1, 2, 3]);
    const bound = db.prepare("SELECT ?").pluck().bind(buffer);
    buffer.fill(9);
    expect(bound.get()).toEqual(Buffer.from([1, 2, 3]));
  });

  it("must be values of SQL's", () => {
    const message = "SQLite3 can only bind numbers, strings, bigints, buffers, and null";
    for (const value of [true, Symbol("x"), () => 1, new Date(), new Number(1)]) {
      expect(() => get("SELECT ?", value)).toThrow(new TypeError(message));
    }
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n]) {
      expect(() => get("SELECT ?", value)).toThrow(new RangeError("The bound string, buffer, or bigint is too big"));
    }
  });
});

describe("places", () => {
  it("are filled in order, from arrays too", () => {
    expect(row("SELECT ?, ?, ?", 1, "b", null)).toEqual([1, "b", null]);
    expect(row("SELECT ?, ?, ?", [1, "b"], null)).toEqual([1, "b", null]);
    expect(row("SELECT ?, ?, ?", [], [1], ["b", null])).toEqual([1, "b", null]);
  });

  it("have names, from one plain object", () => {
    expect(row("SELECT :a, @b, $c, :a", { a: 1, b: 2, c: 3, more: 4 })).toEqual([1, 2, 3, 1]);
    expect(row("SELECT ?, @a, ?", "x", { a: 1 }, "y")).toEqual(["x", 1, "y"]);
    expect(row("SELECT @a", Object.assign(Object.create(null), { a: 1 }))).toEqual([1]);
    expect(row("SELECT ?2, ?1", { 1: "one", 2: "two" })).toEqual(["two", "one"]);
  });

  it("must be as many as are given", () => {
    const cases: [string, unknown[], Error][] = [
      ["SELECT ?", [], new RangeError("Too few parameter values were provided")],
      ["SELECT ?", [1, 2], new RangeError("Too many parameter values were provided")],
      ["SELECT 1", [1], new RangeError("Too many parameter values were provided")],
      ["SELECT ?, @a", [{ a: 1 }], new RangeError("Too few parameter values were provided")],
      ["SELECT @a", [], new TypeError("Missing named parameters")],
      ["SELECT @a", [{}], new RangeError('Missing named parameter "a"')],
      [
        "SELECT @a",
        [{ a: 1 }, { a: 1 }],
        new TypeError("You cannot specify named parameters in two different objects"),
      ],
      ["SELECT @a", [new (class A {})()], new TypeError("Named parameters can only be passed within plain objects")],
    ];
    for (const [text, parameters, error] of cases) {
      expect(() => row(text, ...parameters)).toThrow(error);
    }
    expect(row("SELECT ?", 1, {})).toEqual([1]);
  });

  it("are read from objects once, and what a getter throws is thrown", () => {
    const error = new Error("no");
    const object = Object.defineProperty({}, "a", {
      get: () => {
        throw error;
      },
    });
    expect(() => row("SELECT @a", object)).toThrow(error);
  });
});

describe("bind", () => {
  it("is for good, and once", () => {
    const statement = db.prepare("SELECT ?, ?").raw();
    expect(statement.bind(1, "x")).toBe(statement);
    expect(statement.get()).toEqual([1, "x"]);
    expect(statement.all()).toEqual([[1, "x"]]);
    expect([...statement.iterate()]).toEqual([[1, "x"]]);
    expect(() => statement.get(1, "x")).toThrow(new TypeError("This statement already has bound parameters"));
    expect(() => statement.bind(1, "x")).toThrow(
      new TypeError("The bind() method can only be invoked once per statement object"),
    );
  });
});
