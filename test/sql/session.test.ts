import { describe, expect, test } from "vitest";
import { DbError } from "../../src/errors.ts";
import { SqlSession } from "../../src/sql/index.ts";
import { MemoryStore } from "./memory-store.ts";

function session(script = ""): SqlSession {
  const made = new SqlSession(new MemoryStore());
  made.exec(script);
  return made;
}

function failure(run: () => unknown): DbError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
  throw new Error("it did not fail");
}

const PEOPLE = `CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INT, city TEXT DEFAULT 'Turin');
  INSERT INTO people (name, age) VALUES ('Ada', 36), ('Bob', 20), ('Cyd', NULL);
  INSERT INTO people VALUES (10, 'Dan', 50, NULL)`;

describe("statements", () => {
  test("rows are objects, arrays or single values", () => {
    const sql = session(PEOPLE);
    const statement = sql.prepare("SELECT id, name AS who FROM people WHERE age > ? ORDER BY id DESC");
    expect(statement.columns).toEqual(["id", "who"]);
    expect(statement.all(30)).toEqual([
      { id: 10, who: "Dan" },
      { id: 1, who: "Ada" },
    ]);
    expect(statement.get(30)).toEqual({ id: 10, who: "Dan" });
    expect(statement.get(99)).toBeUndefined();
    expect([...statement.iterate(40)]).toEqual([{ id: 10, who: "Dan" }]);
    expect(sql.prepare("SELECT id, name FROM people WHERE id < 3").raw().all()).toEqual([
      [1, "Ada"],
      [2, "Bob"],
    ]);
    expect(sql.prepare("SELECT name FROM people").pluck().all()).toEqual(["Ada", "Bob", "Cyd", "Dan"]);
  });

  test("run tells how many rows changed and the last rowid", () => {
    const sql = session(PEOPLE);
    expect(sql.prepare("INSERT INTO people (name) VALUES (?), (?)").run("Eve", "Fay")).toEqual({
      changes: 2,
      lastInsertRowid: 12,
    });
    expect(sql.prepare("UPDATE people SET age = 1 WHERE id > 10").run().changes).toBe(2);
    expect(sql.prepare("DELETE FROM people WHERE age = :age").run({ age: 1 }).changes).toBe(2);
  });

  test("parameters: by place, in arrays, by name, and never too few or too many", () => {
    const sql = session();
    expect(sql.prepare("SELECT ? AS a, ? AS b").get(1, "x")).toEqual({ a: 1, b: "x" });
    expect(sql.prepare("SELECT ? AS a, ? AS b").get([null, 2.5])).toEqual({ a: null, b: 2.5 });
    expect(sql.prepare("SELECT :a AS a, @b AS b, $a AS c, ? AS d").get(7, { a: 1, b: 2 })).toEqual({
      a: 1,
      b: 2,
      c: 1,
      d: 7,
    });
    expect(sql.prepare("SELECT ?2 AS a, ?1 AS b").get("one", "two")).toEqual({ a: "two", b: "one" });
    expect(failure(() => sql.prepare("SELECT ?").get()).message).toContain("too few");
    expect(failure(() => sql.prepare("SELECT ?").get(1, 2)).message).toContain("too many");
    expect(failure(() => sql.prepare("SELECT :a").get({ b: 1 })).message).toContain('":a" has no value');
    for (const wrong of [true, () => 1, new Date(0), 2n ** 64n, Symbol("x")]) {
      expect(failure(() => sql.prepare("SELECT ?").get(wrong as never)).code).toBe("INVALID");
    }
  });

  test("values come back as they were given, and are the caller's own", () => {
    const sql = session("CREATE TABLE t (v)");
    const blob = Uint8Array.of(1, 2, 3);
    const given = [null, 0, -1, 2 ** 53 - 1, 2n ** 53n, -(2n ** 63n), 0.1, -0.5, "", "é𝒳\0", blob];
    for (const value of given) {
      sql.prepare("INSERT INTO t VALUES (?)").run(value);
    }
    const values = sql.prepare("SELECT v FROM t").pluck().all();
    expect(values).toEqual(given);
    (values.at(-1) as Uint8Array)[0] = 99;
    expect(sql.prepare("SELECT v FROM t ORDER BY rowid DESC").pluck().get()).toEqual(blob);
    const echoed = sql.prepare("SELECT ?").pluck().get(blob) as Uint8Array;
    echoed[0] = 99;
    expect(blob[0]).toBe(1);
  });

  test("a statement outlives changes of its table", () => {
    const sql = session("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    const statement = sql.prepare("SELECT * FROM t");
    expect(statement.all()).toEqual([{ a: 1 }]);
    sql.exec("DROP TABLE t; CREATE TABLE t (b, c); INSERT INTO t VALUES (2, 3)");
    expect(statement.all()).toEqual([{ b: 2, c: 3 }]);
    sql.exec("DROP TABLE t");
    expect(failure(() => statement.all()).message).toContain("no such table: t");
  });

  test("rows that are read one by one are those of the moment when reading began", () => {
    const sql = session("CREATE TABLE t (a INTEGER PRIMARY KEY)");
    sql.exec(`INSERT INTO t VALUES ${Array.from({ length: 1000 }, (_, i) => `(${i})`).join(", ")}`);
    const seen: unknown[] = [];
    for (const { a } of sql.prepare("SELECT a FROM t").iterate()) {
      seen.push(a);
      sql.prepare("DELETE FROM t WHERE a = ?").run(999 - Number(a));
    }
    expect(seen).toHaveLength(1000);
    expect(sql.query("SELECT count(*) AS n FROM t")).toEqual([{ n: 0 }]);
  });

  test("what gives rows and what does not is not mixed up", () => {
    const sql = session("CREATE TABLE t (a)");
    expect(failure(() => sql.prepare("SELECT 1").run()).message).toContain("use get(), all() or iterate()");
    expect(failure(() => sql.prepare("DELETE FROM t").all()).message).toContain("use run()");
    expect(sql.prepare("SELECT 1").reader).toBe(true);
    expect(sql.prepare("DELETE FROM t").reader).toBe(false);
  });
});

describe("tables", () => {
  test("a rowid has an alias, counts on, and must be an integer", () => {
    const sql = session(PEOPLE);
    expect(sql.query("SELECT rowid, oid, _rowid_, id FROM people WHERE rowid = '10'")).toEqual([
      // Whatever it is called in the query, the column is the one that was declared.
      { id: 10 },
    ]);
    expect(failure(() => sql.exec("INSERT INTO people (id, name) VALUES ('x', 'y')")).message).toContain(
      "datatype mismatch",
    );
    sql.exec("INSERT INTO people (id, name) VALUES (-5, 'neg'), (NULL, 'next')");
    expect(sql.query("SELECT id FROM people WHERE name IN ('neg', 'next')")).toEqual([{ id: -5 }, { id: 11 }]);
  });

  test("keys without a rowid: unique, not null, in order, found directly", () => {
    const sql = session("CREATE TABLE t (a TEXT, b INT, v, PRIMARY KEY (a, b)) WITHOUT ROWID");
    sql.exec("INSERT INTO t VALUES ('b', 1, 'x'), ('a', 2, 'y'), ('a', 1, 'z')");
    expect(sql.prepare("SELECT v FROM t").pluck().all()).toEqual(["z", "y", "x"]);
    expect(sql.prepare("SELECT v FROM t WHERE a = ? AND b = ?").pluck().all("a", "2")).toEqual(["y"]);
    expect(failure(() => sql.exec("INSERT INTO t VALUES ('a', 1, 0)")).message).toBe(
      "UNIQUE constraint failed: t.a, t.b",
    );
    expect(failure(() => sql.exec("INSERT INTO t VALUES (NULL, 1, 0)")).message).toBe(
      "NOT NULL constraint failed: t.a",
    );
    expect(failure(() => sql.query("SELECT rowid FROM t")).message).toContain("no such column: rowid");
  });

  test("constraints, defaults and conflict actions", () => {
    const sql = session(PEOPLE);
    expect(failure(() => sql.exec("INSERT INTO people (age) VALUES (1)")).facts).toMatchObject({
      constraint: "NOTNULL",
      sqlite: "SQLITE_CONSTRAINT_NOTNULL",
    });
    expect(failure(() => sql.exec("INSERT INTO people VALUES (1, 'x', 1, 1)")).message).toBe(
      "UNIQUE constraint failed: people.id",
    );
    expect(
      sql.exec("INSERT OR IGNORE INTO people VALUES (1, 'x', 1, 1), (20, 'new', 1, 1), (21, NULL, 1, 1)").changes,
    ).toBe(1);
    expect(sql.exec("INSERT OR REPLACE INTO people VALUES (1, 'x', 1, 1)").changes).toBe(1);
    expect(sql.query("SELECT name, city FROM people WHERE id IN (1, 2)")).toEqual([
      { name: "x", city: "1" },
      { name: "Bob", city: "Turin" },
    ]);
    sql.exec("CREATE TABLE d (a DEFAULT (1 + 2), b DEFAULT -5, c TEXT DEFAULT x, e); INSERT INTO d DEFAULT VALUES");
    expect(sql.query("SELECT * FROM d")).toEqual([{ a: 3, b: -5, c: "x", e: null }]);
  });

  test("a statement that fails half way has done nothing", () => {
    const sql = session("CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (5)");
    const rows = (): unknown[] => sql.prepare("SELECT a FROM t").pluck().all();
    failure(() => sql.exec("INSERT INTO t VALUES (1), (2), (5), (6)"));
    expect(rows()).toEqual([5]);
    sql.exec("BEGIN; INSERT INTO t VALUES (3)");
    failure(() => sql.exec("INSERT INTO t VALUES (4), (5)"));
    failure(() => sql.exec("UPDATE t SET a = 9"));
    expect(rows()).toEqual([3, 5]);
    sql.exec("COMMIT");
    expect(rows()).toEqual([3, 5]);
  });

  test("an update may move rows", () => {
    const sql = session("CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z')");
    sql.exec("UPDATE t SET a = a + 10, b = b || a");
    expect(sql.prepare("SELECT * FROM t").raw().all()).toEqual([
      [11, "x1"],
      [12, "y2"],
      [13, "z3"],
    ]);
    expect(failure(() => sql.exec("UPDATE t SET a = 13 WHERE b = 'x1'")).message).toContain("UNIQUE");
  });

  test("create and drop, with and without IF", () => {
    const sql = session("CREATE TABLE IF NOT EXISTS t (a); CREATE TABLE IF NOT EXISTS t (b)");
    expect(failure(() => sql.exec("CREATE TABLE T (a)")).message).toContain("table T already exists");
    expect(failure(() => sql.exec("CREATE TABLE u (a, A)")).message).toContain("duplicate column name");
    expect(failure(() => sql.exec("CREATE TABLE u (a) WITHOUT ROWID")).message).toContain("PRIMARY KEY missing");
    expect(failure(() => sql.exec("DROP TABLE u")).message).toContain("no such table: u");
    sql.exec("DROP TABLE IF EXISTS u; DROP TABLE t");
    expect(sql.tables()).toEqual([]);
  });

  test("tables are described by statements that make them again", () => {
    const sql = session(`${PEOPLE}; CREATE TABLE "k e y" ("a ""b" TEXT, b, PRIMARY KEY (b, "a ""b"))`);
    const described = sql.tables();
    expect(described.map(({ name }) => name)).toEqual(["k e y", "people"]);
    expect(described[1]?.columns[1]).toEqual({ name: "name", type: "TEXT" });
    const copy = session(described.map((table) => table.sql).join(";"));
    expect(copy.tables()).toEqual(described);
  });
});

describe("transactions", () => {
  test("commit, roll back, tables included", () => {
    const sql = session("CREATE TABLE t (a)");
    sql.exec("BEGIN; INSERT INTO t VALUES (1); CREATE TABLE u (b); INSERT INTO u VALUES (2)");
    expect(sql.inTransaction).toBe(true);
    expect(sql.query("SELECT * FROM u")).toEqual([{ b: 2 }]);
    sql.exec("ROLLBACK");
    expect(sql.query("SELECT * FROM t")).toEqual([]);
    expect(failure(() => sql.query("SELECT * FROM u")).message).toContain("no such table: u");
    sql.exec("BEGIN; DROP TABLE t; ROLLBACK; BEGIN; INSERT INTO t VALUES (3); END");
    expect(sql.query("SELECT * FROM t")).toEqual([{ a: 3 }]);
    expect(failure(() => sql.exec("COMMIT")).message).toContain("no transaction is active");
    expect(failure(() => sql.exec("BEGIN; BEGIN")).message).toContain("within a transaction");
  });

  test("a function as a transaction", () => {
    const sql = session("CREATE TABLE t (a)");
    const insert = sql.prepare("INSERT INTO t VALUES (?)");
    expect(sql.transaction(() => insert.run(1).changes)).toBe(1);
    expect(() =>
      sql.transaction(() => {
        insert.run(2);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(sql.prepare("SELECT a FROM t").pluck().all()).toEqual([1]);
  });

  test("a closed session refuses", () => {
    const sql = session("CREATE TABLE t (a); BEGIN");
    sql.close();
    expect(failure(() => sql.query("SELECT * FROM t")).code).toBe("CLOSED");
  });
});

describe("bounds", () => {
  test("rows held to sort, group and tell apart", () => {
    const store = new MemoryStore();
    const sql = new SqlSession(store, { heldRows: 100, spillBytes: 0 });
    sql.exec("CREATE TABLE t (a)");
    sql.exec(`INSERT INTO t VALUES ${Array.from({ length: 101 }, (_, i) => `(${i})`).join(", ")}`);
    for (const query of [
      "SELECT a FROM t ORDER BY -a",
      "SELECT count(*) FROM t GROUP BY a",
      "SELECT DISTINCT a FROM t",
    ]) {
      expect(
        failure(() => sql.query(query)),
        query,
      ).toMatchObject({ code: "FULL", facts: { limit: 100 } });
    }
    expect(sql.query("SELECT a FROM t ORDER BY -a LIMIT 1")).toEqual([{ a: 100 }]);
  });

  test("the first of many rows, without holding many", () => {
    const sql = session("CREATE TABLE t (a, b)");
    sql.exec(
      `INSERT INTO t VALUES ${Array.from({ length: 5000 }, (_, i) => `(${(i * 7919) % 5000}, ${i % 3})`).join(", ")}`,
    );
    const query = (by: string): unknown[] =>
      sql.prepare(`SELECT a FROM t ORDER BY ${by} LIMIT 3 OFFSET 2`).pluck().all();
    expect(query("a")).toEqual([2, 3, 4]);
    expect(query("a DESC")).toEqual([4997, 4996, 4995]);
    expect(query("b DESC, a")).toEqual(sql.prepare("SELECT a FROM t WHERE b = 2 ORDER BY a").pluck().all().slice(2, 5));
  });

  test("wide rows, large values and many columns", () => {
    const names = Array.from({ length: 600 }, (_, i) => `c${i}`);
    const sql = session(`CREATE TABLE t (${names.join(", ")})`);
    sql
      .prepare(`INSERT INTO t VALUES (${names.map(() => "?").join(", ")})`)
      .run(names.map((_, i) => (i % 2 === 0 ? i : `t${i}`)));
    sql.prepare("UPDATE t SET c10 = ?").run("x".repeat(100_000));
    const row = sql.prepare("SELECT * FROM t WHERE c599 = 't599' AND length(c10) = 100000").get();
    expect(row).toMatchObject({ c0: 0, c1: "t1", c598: 598, c599: "t599" });
  });

  test("thousands of rows, list items, branches and columns in one statement", () => {
    const sql = session("CREATE TABLE t (a, b)");
    const rows = Array.from({ length: 5000 }, (_, i) => `(${i}, abs(-${i}))`);
    expect(sql.exec(`INSERT INTO t VALUES ${rows.join(", ")}`).changes).toBe(5000);
    const list = Array.from({ length: 5000 }, (_, i) => i * 2).join(", ");
    expect(sql.query(`SELECT count(*) AS n FROM t WHERE b IN (${list})`)).toEqual([{ n: 2500 }]);
    const branches = Array.from({ length: 900 }, (_, i) => `WHEN ${i} THEN 'v${i}'`).join(" ");
    expect(sql.prepare(`SELECT CASE a ${branches} END FROM t WHERE a = 899`).pluck().get()).toBe("v899");
    const sum = Array.from({ length: 900 }, () => "a").join(" + ");
    expect(sql.prepare(`SELECT ${sum} FROM t WHERE a = 2`).pluck().get()).toBe(1800);
    const or = Array.from({ length: 900 }, (_, i) => `a + 0 = ${i * 3}`).join(" OR ");
    expect(sql.prepare(`SELECT count(*) FROM t WHERE (${or}) AND 1`).pluck().get()).toBe(900);
  });
});

describe("names and literals never become code", () => {
  const hostile = [
    '"); process.exit(1); //',
    "__proto__",
    "a\u2028b",
    "\\",
    "`$\u007bvalues}`",
    "*/",
    "constructor",
    "'",
    "\n",
  ];

  test("as columns, tables, aliases and values", () => {
    for (const name of hostile) {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      const sql = session(
        `CREATE TABLE ${quoted} (${quoted} TEXT); INSERT INTO ${quoted} VALUES ('${name.replaceAll("'", "''")}')`,
      );
      const row = sql.query(
        `SELECT ${quoted}, ${quoted} || 1 AS ${quoted.slice(0, -1)} 2" FROM ${quoted} WHERE ${quoted} = ?`,
        name,
      )[0]!;
      expect(Object.keys(row)).toEqual([name, `${name} 2`]);
      expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
      expect(Object.entries(row).map(([, value]) => value)).toEqual([name, `${name}1`]);
      const [{ code }] = sql.query(
        `EXPLAIN (CODEGEN) SELECT ${quoted} FROM ${quoted} WHERE ${quoted} = '${name.replaceAll("'", "''")}'`,
      ) as [{ code: string }];
      expect(code).not.toContain("process.exit");
    }
  });
});

describe("EXPLAIN", () => {
  test.each([
    ["SELECT * FROM people WHERE id = ?", ["SEARCH people USING PRIMARY KEY (id=?)"]],
    [
      "SELECT * FROM people WHERE id > 5 AND 9 >= id AND age = 1 ORDER BY id DESC LIMIT 3",
      ["SEARCH people USING PRIMARY KEY (id>? AND id<=?) BACKWARDS", "FILTER 1 condition", "LIMIT"],
    ],
    [
      "SELECT city, count(*) FROM people GROUP BY city HAVING count(*) > 1 ORDER BY 2",
      ["SCAN people", "GROUP BY 1 key, 1 aggregate", "FILTER groups", "SORT BY 1 term"],
    ],
    [
      "SELECT count(*) FROM people WHERE id BETWEEN 1 AND 5",
      ["SEARCH people USING PRIMARY KEY (id>=? AND id<=?) BY COUNT", "AGGREGATE 1 aggregate"],
    ],
    ["SELECT max(id) FROM people", ["SCAN people BACKWARDS FIRST ROW", "AGGREGATE 1 aggregate"]],
    ["SELECT DISTINCT age FROM people ORDER BY name", ["SCAN people", "DISTINCT", "SORT BY 1 term"]],
    ["SELECT 1", ["CONSTANT ROW"]],
    [
      "SELECT p.name FROM people p JOIN people q ON q.id = p.age WHERE p.id IN (1, 2)",
      ["SEARCH p USING PRIMARY KEY (id IN ?)", "SEARCH q USING PRIMARY KEY (id=?)"],
    ],
    [
      "SELECT p.name FROM people p LEFT JOIN people q ON q.age = p.age AND q.city < p.city ORDER BY p.id",
      ["SCAN p", "LEFT HASH JOIN ON 1 key", "  SCAN q", "  FILTER 1 condition"],
    ],
    [
      "SELECT a FROM (SELECT max(age) AS a, city FROM people GROUP BY city) WHERE a > 1",
      ["SUBQUERY (subquery)", "  SCAN people", "  GROUP BY 1 key, 1 aggregate", "FILTER 1 condition"],
    ],
    ["SELECT id FROM people UNION VALUES (1)", ["UNION", "  SCAN people", "  VALUES 1 row"]],
    ["UPDATE people SET age = 1 WHERE id = 1", ["SEARCH people USING PRIMARY KEY (id=?)", "UPDATE people"]],
    ["DELETE FROM people", ["SCAN people", "DELETE people"]],
    ["INSERT INTO people (name) VALUES (1)", ["INSERT INTO people"]],
  ])("%s", (query, plan) => {
    expect(session(PEOPLE).prepare(`EXPLAIN ${query}`).pluck().all()).toEqual(plan);
  });

  test("(CODEGEN) shows the function", () => {
    const code = session(PEOPLE).prepare("EXPLAIN (CODEGEN) SELECT name FROM people WHERE id = ?").pluck().get();
    expect(code).toContain("reader.get(");
    expect(code).toContain('out.push({ "name": ');
  });
});

describe("errors of names and types", () => {
  test.each([
    ["SELECT nme FROM people", "no such column: nme at line 1, column 8"],
    ["SELECT p.id FROM people", "no such column: p.id"],
    ["SELECT * FROM folks", "no such table: folks"],
    ["SELECT nofunction(1)", "no such function: nofunction"],
    ["SELECT abs(1, 2)", "wrong number of arguments to function abs()"],
    ["SELECT id FROM people WHERE count(*) > 1", "misuse of aggregate function count()"],
    ["SELECT sum(max(id)) FROM people", "misuse of aggregate function max()"],
    ["SELECT id FROM people HAVING 1", "HAVING clause on a non-aggregate query"],
    ["SELECT id FROM people ORDER BY 2", "out of range"],
    ["SELECT *", "no tables specified"],
    ["SELECT id FROM people LIMIT 'x'", "datatype mismatch"],
    ["INSERT INTO people VALUES (1, 2)", "table people has 4 columns but 2 values were supplied"],
    ["INSERT INTO people (nme) VALUES (1)", "table people has no column named nme"],
    ["SELECT abs(-9223372036854775808)", "integer overflow"],
    ["SELECT sum(9223372036854775807) FROM people", "integer overflow"],
    ["SELECT 'a' LIKE 'a' ESCAPE 'xx'", "single character"],
  ])("%s", (query, message) => {
    const sql = session(PEOPLE);
    expect(failure(() => (sql.prepare(query).reader ? sql.query(query) : sql.exec(query))).message).toContain(message);
  });

  test("what is not there is named", () => {
    const sql = session(PEOPLE);
    expect(failure(() => sql.query("EXPLAIN ANALYZE DELETE FROM people"))).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("EXPLAIN ANALYZE"),
    });
  });
});
