/** Functions, aggregates and tables that the application defines. */
import { beforeEach, describe, expect, it } from "vitest";
import Database from "../../../src/sqlite.ts";

let db: Database.Database;

beforeEach(() => {
  db = new Database(":memory:");
  db.exec("CREATE TABLE ints (i); INSERT INTO ints VALUES (3), (5), (7), (11)");
});

function get(text: string, ...parameters: unknown[]): unknown {
  return db
    .prepare(`SELECT ${text}`)
    .pluck()
    .get(...parameters);
}

function all(text: string, ...parameters: unknown[]): unknown[] {
  return db
    .prepare(`SELECT ${text}`)
    .pluck()
    .all(...parameters);
}

describe("function", () => {
  it("is called from views, checks, generated columns, defaults and triggers, however often they run", () => {
    db.function("twice", { deterministic: true }, (value: number) => value * 2);
    db.exec(`
      CREATE VIEW v AS SELECT twice(i) AS d FROM ints;
      CREATE TABLE t (a CHECK (twice(a) < 1000), b AS (twice(a)) STORED, c DEFAULT (twice(1)));
      CREATE TABLE log (x);
      CREATE TRIGGER logged AFTER INSERT ON t BEGIN INSERT INTO log VALUES (twice(new.a)); END`);
    const sum = db.prepare("SELECT sum(d) FROM v").pluck();
    const insert = db.prepare("INSERT INTO t (a) VALUES (?)");
    for (let i = 0; i < 200; i++) {
      expect(sum.get()).toBe(52);
      insert.run(i);
    }
    expect(db.prepare("SELECT count(*), sum(b) - 2 * sum(a), min(c), max(c) FROM t").raw().get()).toEqual([
      200, 0, 2, 2,
    ]);
    expect(db.prepare("SELECT sum(x) FROM log").pluck().get()).toBe(39800);
    expect(() => insert.run(500)).toThrow(/CHECK constraint failed/);
    db.function("twice", { deterministic: true }, (value: number) => value * 20);
    expect(sum.get()).toBe(520);
  });

  it("is called with values, and gives one", () => {
    const calls: unknown[][] = [];
    expect(db.function("f", { varargs: true }, (...list: unknown[]) => void calls.push(list))).toBe(db);
    get("f(1, 1.5, 'x', x'00', NULL, ?)", 2);
    expect(calls).toEqual([[1, 1.5, "x", Buffer.from([0]), null, 2]]);
    db.function("echo", (value: unknown) => value);
    expect(get("echo(?)", Buffer.from([1]))).toEqual(Buffer.from([1]));
    expect(get("typeof(echo(1))")).toBe("real");
    expect(get("typeof(echo(?))", 1n)).toBe("real");
    db.function("exact", { safeIntegers: true }, (value: unknown) => value);
    expect(get("typeof(exact(1))")).toBe("integer");
    expect(get("exact(9007199254740993)")).toBe(9007199254740992);
  });

  it("is known by its number of arguments, and goes before one that is built in", () => {
    db.function("f", () => 0);
    db.function("f", (_a: unknown) => 1);
    db.function("F", (_a: unknown, _b: unknown) => 2);
    expect([get("f()"), get("f(1)"), get("F(1, 2)")]).toEqual([0, 1, 2]);
    db.function("f", { varargs: true }, () => "any");
    expect([get("f(1)"), get("f(1, 2, 3)")]).toEqual([1, "any"]);
    db.function("upper", (_text: unknown) => "mine");
    expect(get("upper('x')")).toBe("mine");
    db.function("sum", (_a: unknown) => "scalar");
    expect(all("sum(i) FROM ints")).toEqual(["scalar", "scalar", "scalar", "scalar"]);
    db.function("regexp", (pattern: string, text: string) => Number(new RegExp(pattern).test(text)));
    expect(get("'abc' REGEXP '^a.c$'")).toBe(1);
    const other = new Database(":memory:");
    expect(() => other.prepare("SELECT f()")).toThrow("no such function: f");
  });

  it("that is defined anew is what a prepared statement calls from then on", () => {
    db.function("f", () => 1);
    const statement = db.prepare("SELECT f()").pluck();
    expect(statement.get()).toBe(1);
    db.function("f", () => 2);
    expect(statement.get()).toBe(2);
  });

  it("is of use wherever a function is: in WHERE, in writes, in CHECK, in indexes", () => {
    db.function("even", { deterministic: true }, (value: number) => Number(value % 2 === 0));
    db.exec("CREATE TABLE t (a CHECK (even(a)), b); CREATE INDEX by_even ON t (even(a))");
    db.exec("INSERT INTO t SELECT i + 1, even(i) FROM ints");
    expect(all("a FROM t WHERE even(a / 2) ORDER BY a")).toEqual([4, 8, 12]);
    expect(() => db.exec("INSERT INTO t VALUES (3, 0)")).toThrow("CHECK constraint failed: even(a)");
    db.exec("UPDATE t SET b = even(b) WHERE even(a)");
    expect(all("b FROM t")).toEqual([1, 1, 1, 1]);
    db.exec("DELETE FROM t WHERE even(a)");
    expect(get("count(*) FROM t")).toBe(0);
  });

  it("is called for each row, unless it is deterministic and its arguments are constant", () => {
    let calls = 0;
    db.function("next", () => ++calls);
    expect(all("next() FROM ints")).toEqual([1, 2, 3, 4]);
  });

  it("throws through the statement", () => {
    for (const thrown of [new Error("x"), new TypeError("y"), "text", null, 1]) {
      db.function("fail", () => {
        throw thrown;
      });
      let caught: unknown = "nothing";
      try {
        get("fail()");
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(thrown);
    }
    expect(get("1")).toBe(1);
  });

  it("finds the connection busy", () => {
    const seen: string[] = [];
    db.function("busy", () => {
      for (const use of [() => db.exec("SELECT 1"), () => db.prepare("SELECT 1"), () => db.close()]) {
        try {
          use();
          seen.push("allowed");
        } catch (error) {
          seen.push((error as Error).message);
        }
      }
    });
    get("busy()");
    expect(new Set(seen)).toEqual(new Set(["This database connection is busy executing a query"]));
    expect(seen).toHaveLength(3);
  });

  it("must give a value", () => {
    db.function("object", () => ({}));
    db.function("big", () => 2n ** 64n);
    expect(() => get("object()")).toThrow(new TypeError("User-defined function object() returned an invalid value"));
    expect(() => get("big()")).toThrow(
      new RangeError("User-defined function big() returned a bigint that was too big"),
    );
  });

  it("checks its definition", () => {
    const define =
      (...given: unknown[]) =>
      () =>
        (db.function as (...given: unknown[]) => unknown)(...given);
    expect(define()).toThrow(new TypeError("Expected first argument to be a string"));
    expect(define("f")).toThrow(new TypeError("Expected last argument to be a function"));
    expect(define("f", "x", () => 1)).toThrow(new TypeError("Expected second argument to be an options object"));
    expect(define("", () => 1)).toThrow(new TypeError("User-defined function name cannot be an empty string"));
    expect(define("f", { varargs: 1 }, () => 1)).toThrow(TypeError);
    const length = (value: unknown) => Object.defineProperty(() => 1, "length", { value });
    expect(define("f", length(-1))).toThrow(new TypeError("Expected function.length to be a positive integer"));
    expect(define("f", length(101))).toThrow(
      new RangeError("User-defined functions cannot have more than 100 arguments"),
    );
    db.function("two", (_a: unknown, _b: unknown) => 1);
    expect(() => get("two(1)")).toThrow("wrong number of arguments to function two()");
  });
});

describe("aggregate", () => {
  it("goes through the rows of a group", () => {
    db.aggregate("chain", { step: (total: unknown, value: unknown) => `${total},${value}` });
    expect(get("chain(i) FROM ints")).toBe("null,3,5,7,11");
    db.aggregate("mean", {
      start: () => [] as number[],
      step: (list: number[], value: number) => void list.push(value),
      result: (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length,
    });
    expect(get("mean(i) FROM ints")).toBe(6.5);
    expect(get("mean(i) FROM ints WHERE i > 100")).toBeNull();
    expect(db.prepare("SELECT i > 5 AS g, mean(i) AS m FROM ints GROUP BY 1").all()).toEqual([
      { g: 0, m: 4 },
      { g: 1, m: 9 },
    ]);
    expect(get("mean(DISTINCT i / 4) FROM ints")).toBe(1);
    expect(get("mean(i) FILTER (WHERE i < 6) FROM ints")).toBe(4);
    db.aggregate("rows", { start: 0, step: (total: number) => total + 1 });
    expect([get("rows() FROM ints"), get("rows(*) FROM ints"), get("rows() FROM ints WHERE 0")]).toEqual([4, 4, 0]);
  });

  it("is a window function where it has an inverse", () => {
    const calls: string[] = [];
    db.aggregate("total", {
      start: () => {
        calls.push("start");
        return 0;
      },
      step: (total: number, value: number) => {
        calls.push(`+${value}`);
        return total + value;
      },
      inverse: (total: number, value: number) => {
        calls.push(`-${value}`);
        return total - value;
      },
      result: (total: number) => total,
    });
    expect(all("total(i) OVER (ORDER BY i ROWS 1 PRECEDING) FROM ints")).toEqual([3, 8, 12, 18]);
    expect(calls).toEqual(["start", "+3", "+5", "-3", "+7", "-5", "+11"]);
    db.aggregate("plain", { step: (total: number, value: number) => total + value });
    expect(() => get("plain(i) OVER () FROM ints")).toThrow("plain() may not be used as a window function");
  });

  it("keeps its value where a step gives nothing, and asks for the result once", () => {
    db.aggregate("odd", {
      start: 10,
      step: (total: number, value: number) => (value === 5 ? undefined : total + value),
    });
    expect(get("odd(i) FROM ints")).toBe(31);
    let results = 0;
    db.aggregate("once", {
      start: 0,
      step: (total: number) => total + 1,
      result: (total: number) => total + ++results,
    });
    expect(db.prepare("SELECT once() AS a, once() AS b FROM ints HAVING once() > 0").raw().get()).toEqual([5, 5]);
  });

  it("throws through the statement, and checks its definition", () => {
    const error = new Error("x");
    db.aggregate("fails", {
      step: (_total: unknown, _value: unknown) => {
        throw error;
      },
    });
    expect(() => get("fails(i) FROM ints")).toThrow(error);
    const define =
      (...given: unknown[]) =>
      () =>
        (db.aggregate as (...given: unknown[]) => unknown)(...given);
    expect(define("a")).toThrow(new TypeError("Expected second argument to be an options object"));
    expect(define("a", {})).toThrow(new TypeError('Missing required option "step"'));
    expect(define("a", { step: 1 })).toThrow(new TypeError('Expected the "step" option to be a function'));
    expect(define("", { step: () => 1 })).toThrow(TypeError);
  });
});

describe("table", () => {
  it("gives rows in FROM", () => {
    expect(
      db.table("pairs", {
        columns: ["a", "b"],
        *rows() {
          yield [1, "x"];
          yield { b: Buffer.from([1]), a: null };
        },
      }),
    ).toBe(db);
    expect(db.prepare("SELECT rowid, * FROM pairs").all()).toEqual([
      { rowid: 1, a: 1, b: "x" },
      { rowid: 2, a: null, b: Buffer.from([1]) },
    ]);
    expect(all("b FROM pairs WHERE a = 1")).toEqual(["x"]);
    expect(all("i FROM ints JOIN pairs ON a * 3 = i")).toEqual([3]);
  });

  it("takes arguments, in parentheses or by conditions", () => {
    const calls: unknown[][] = [];
    db.table("span", {
      columns: ["value"],
      parameters: ["from", "to"],
      *rows(...list: [number, number]) {
        calls.push(list);
        const [from = 0, to = 2] = list;
        for (let value = from; value <= to; value++) {
          yield [value];
        }
      },
    });
    expect(all("value FROM span(1, 3)")).toEqual([1, 2, 3]);
    expect(all("value FROM span(1)")).toEqual([1, 2]);
    expect(all("value FROM span")).toEqual([0, 1, 2]);
    expect(all('value FROM span WHERE "to" = 1')).toEqual([0, 1]);
    expect(all('value FROM span WHERE "to" = ? AND value > 0 AND ? = "from"', 2, 1)).toEqual([1, 2]);
    expect(calls.splice(0)).toEqual([
      [1, 3],
      [1, undefined],
      [undefined, undefined],
      [undefined, 1],
      [1, 2],
    ]);
    expect(all("value FROM span(1, NULL)")).toEqual([]);
    expect(all('value FROM span WHERE "to" = 1 AND "to" = 2')).toEqual([]);
    expect(calls.splice(0)).toEqual([]);
    expect(all('i || \':\' || value FROM ints, span WHERE "from" = i AND "to" = i')).toEqual([
      "3:3.0",
      "5:5.0",
      "7:7.0",
      "11:11.0",
    ]);
    expect(all('value FROM ints LEFT JOIN span ON "from" = i AND "to" = 5')).toEqual([3, 4, 5, 5, null, null]);
    expect(db.prepare('SELECT "from", "to", value FROM span(7, 7)').raw().get()).toEqual([7, 7, 7]);
    expect(() => get("value FROM span(1, 2, 3)")).toThrow("too many arguments on span() - max 2");
    expect(() => get('value FROM span WHERE "from" > 1')).toThrow(
      `virtual table parameter "from" can only be constrained by the '=' operator`,
    );
  });

  it("is a module where a function makes it, for CREATE VIRTUAL TABLE", () => {
    const made: unknown[] = [];
    db.table("words", function (this: unknown, ...list: string[]) {
      made.push(this, list);
      return {
        columns: ["word"],
        *rows() {
          yield* list.map((word) => [word]);
        },
      };
    });
    expect(() => get("* FROM words")).toThrow("no such table: words");
    db.exec("CREATE VIRTUAL TABLE greeting USING words(hello world, 'how, are' you)");
    expect(made).toEqual([{ module: "words", database: "main", table: "greeting" }, ["hello world", "'how, are' you"]]);
    expect(all("word FROM greeting")).toEqual(["hello world", "'how, are' you"]);
    expect(all("type || ' ' || name FROM sqlite_schema WHERE name = 'greeting'")).toEqual(["table greeting"]);
    expect(made).toHaveLength(2);
    expect(() => db.exec("CREATE VIRTUAL TABLE greeting USING words()")).toThrow("table greeting already exists");
    expect(() => db.exec("CREATE TABLE greeting (a)")).toThrow("table greeting already exists");
    expect(() => db.exec("CREATE VIRTUAL TABLE other USING missing")).toThrow("no such module: missing");
    db.exec("CREATE VIRTUAL TABLE IF NOT EXISTS greeting USING words(x); DROP TABLE greeting");
    expect(() => get("* FROM greeting")).toThrow("no such table: greeting");
    const error = new Error("no");
    db.table("failing", () => {
      throw error;
    });
    expect(() => db.exec("CREATE VIRTUAL TABLE f USING failing")).toThrow(error);
    expect(() => get("* FROM f")).toThrow("no such table: f");
  });

  it("goes no further than it is asked to", () => {
    let yielded = 0;
    db.table("endless", {
      columns: ["n"],
      *rows() {
        for (;;) {
          yield [++yielded];
        }
      },
    });
    expect(all("n FROM endless LIMIT 2 OFFSET 1")).toEqual([2, 3]);
    expect(yielded).toBe(3);
    for (const n of db.prepare("SELECT n FROM endless").pluck().iterate()) {
      expect(n).toBe(4);
      break;
    }
    expect(yielded).toBe(4);
  });

  it("checks its rows and its definition", () => {
    const rows = (row: unknown) => ({
      columns: ["a", "b"],
      *rows() {
        yield row;
      },
    });
    const cases: [unknown, string][] = [
      [1, "something that isn't a valid row object"],
      [[1], "a row with an incorrect number of columns"],
      [{ a: 1 }, "a row with missing columns"],
      [{ a: 1, c: 2 }, 'a row with an undeclared column "c"'],
      [[1, {}], "an invalid value"],
    ];
    for (const [row, message] of cases) {
      db.table("bad", rows(row));
      expect(() => all("* FROM bad")).toThrow(TypeError);
      expect(() => db.prepare("SELECT * FROM bad").all()).toThrow(message);
    }
    const define =
      (...given: unknown[]) =>
      () =>
        (db.table as (...given: unknown[]) => unknown)(...given);
    const generator = function* () {};
    expect(define("t", { columns: ["a"] })).toThrow(/without a "rows" property/);
    expect(define("t", { columns: ["a"], rows: () => [] })).toThrow(/invalid "rows" property/);
    expect(define("t", { columns: [], rows: generator })).toThrow(RangeError);
    expect(define("t", { columns: ["a", "a"], rows: generator })).toThrow(/duplicate column names/);
    expect(define("t", { columns: ["a"], parameters: ["a"], rows: generator })).toThrow(/ambiguously defined/);
    expect(define("t", 1)).toThrow(TypeError);
  });
});
