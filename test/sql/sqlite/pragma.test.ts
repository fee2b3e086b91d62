/** PRAGMA, as statements, by pragma() and in FROM; sqlite_schema. What is expected is what SQLite answers. */
import { beforeEach, describe, expect, it } from "vitest";
import Database, { SqliteError } from "../../../src/sqlite.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let db: Database.Database;

beforeEach(() => {
  db = new Database(":memory:");
  db.exec(`
    CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x', c REAL UNIQUE, d GENERATED ALWAYS AS (a + 1));
    CREATE INDEX i ON t (b DESC, c) WHERE c > 1;
    CREATE TABLE p (x REFERENCES t (a) ON DELETE CASCADE, y, FOREIGN KEY (y) REFERENCES t);
    CREATE TABLE w (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;
    CREATE TABLE s (a INT) STRICT;
  `);
});

function rows(text: string): unknown {
  return db.prepare(`PRAGMA ${text}`).raw().all();
}

describe("of the schema", () => {
  it("show types that SQLite knows in upper case, and all others as written", () => {
    db.exec("CREATE TABLE types (a int, b Text, c integer, d varchar(3), e Numeric, f)");
    expect(db.prepare("SELECT type FROM pragma_table_info('types')").pluck().all()).toEqual([
      "INT",
      "TEXT",
      "INTEGER",
      "varchar(3)",
      "Numeric",
      "",
    ]);
  });

  it("tell the columns of tables", () => {
    expect(db.pragma("table_info(t)")).toEqual([
      { cid: 0, name: "a", type: "INTEGER", notnull: 0, dflt_value: null, pk: 1 },
      { cid: 1, name: "b", type: "TEXT", notnull: 1, dflt_value: "'x'", pk: 0 },
      { cid: 2, name: "c", type: "REAL", notnull: 0, dflt_value: null, pk: 0 },
    ]);
    expect(rows("table_xinfo(t)")).toEqual([
      [0, "a", "INTEGER", 0, null, 1, 0],
      [1, "b", "TEXT", 1, "'x'", 0, 0],
      [2, "c", "REAL", 0, null, 0, 0],
      [3, "d", "", 0, null, 0, 2],
    ]);
    expect(rows("main.table_info('W')")).toEqual([
      [0, "a", "", 1, null, 2],
      [1, "b", "", 1, null, 1],
    ]);
    db.exec(`
      CREATE VIEW v AS SELECT a, b AS n, c + 1 AS e, count(*) FROM t;
      CREATE VIEW named (x, y) AS SELECT n, e FROM v;
      CREATE VIEW wrong AS SELECT * FROM nope`);
    expect(rows("table_info(v)")).toEqual([
      [0, "a", "INTEGER", 0, null, 0],
      [1, "n", "TEXT", 0, null, 0],
      [2, "e", "", 0, null, 0],
      [3, "count(*)", "", 0, null, 0],
    ]);
    expect(rows("table_xinfo(named)")).toEqual([
      [0, "x", "TEXT", 0, null, 0, 0],
      [1, "y", "", 0, null, 0, 0],
    ]);
    expect(db.prepare("SELECT name FROM pragma_table_info('named')").pluck().all()).toEqual(["x", "y"]);
    expect(() => rows("table_info(wrong)")).toThrow("no such table: main.nope");
    expect([rows("table_info(nope)"), rows("table_info")]).toEqual([[], []]);
    expect(new Set(rows("table_list") as unknown[])).toEqual(
      new Set([
        ["main", "s", "table", 1, 0, 1],
        ["main", "w", "table", 2, 1, 0],
        ["main", "p", "table", 2, 0, 0],
        ["main", "t", "table", 4, 0, 0],
        ["main", "v", "view", 4, 0, 0],
        ["main", "named", "view", 2, 0, 0],
        ["main", "wrong", "view", 0, 0, 0],
        ["main", "sqlite_schema", "table", 5, 0, 0],
        ["temp", "sqlite_temp_schema", "table", 5, 0, 0],
      ]),
    );
  });

  it("tell indexes", () => {
    expect(rows("index_list(t)")).toEqual([
      [0, "i", 0, "c", 1],
      [1, "sqlite_autoindex_t_1", 1, "u", 0],
    ]);
    expect(rows("index_list(w)")).toEqual([[0, "sqlite_autoindex_w_1", 1, "pk", 0]]);
    expect(rows("index_info(i)")).toEqual([
      [0, 1, "b"],
      [1, 2, "c"],
    ]);
    expect(rows("index_xinfo(i)")).toEqual([
      [0, 1, "b", 1, "BINARY", 1],
      [1, 2, "c", 0, "BINARY", 1],
      [2, -1, null, 0, "BINARY", 0],
    ]);
    expect(rows("index_xinfo(sqlite_autoindex_w_1)")).toEqual([
      [0, 1, "b", 0, "BINARY", 1],
      [1, 0, "a", 0, "BINARY", 1],
    ]);
  });

  it("tell foreign keys, and who breaks them", () => {
    expect(rows("foreign_key_list(p)")).toEqual([
      [0, 0, "t", "y", null, "NO ACTION", "NO ACTION", "NONE"],
      [1, 0, "t", "x", "a", "NO ACTION", "CASCADE", "NONE"],
    ]);
    db.exec(
      "PRAGMA foreign_keys = OFF; INSERT INTO t (a) VALUES (1); INSERT INTO p VALUES (1, 1), (2, 1), (1, 3), (NULL, NULL)",
    );
    expect(rows("foreign_key_check")).toEqual([
      ["p", 3, "t", 0],
      ["p", 2, "t", 1],
    ]);
    expect(rows("foreign_key_check(t)")).toEqual([]);
  });

  it("are tables in FROM", () => {
    expect(db.prepare("SELECT name, pk FROM pragma_table_info('t') WHERE pk").all()).toEqual([{ name: "a", pk: 1 }]);
    expect(
      db
        .prepare(
          "SELECT s.name, i.name FROM sqlite_schema AS s, pragma_index_list(s.name) AS i WHERE s.type = 'table' ORDER BY 1, 2",
        )
        .raw()
        .all(),
    ).toEqual([
      ["t", "i"],
      ["t", "sqlite_autoindex_t_1"],
      ["w", "sqlite_autoindex_w_1"],
    ]);
    expect(db.prepare("SELECT count(*) FROM pragma_pragma_list WHERE name = 'table_info'").pluck().get()).toBe(1);
  });
});

it("sqlite_schema has what was made, by all its names", () => {
  const text = db.prepare(
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name IN ('s', 'i', 'sqlite_autoindex_t_1') ORDER BY name",
  );
  expect(text.all()).toEqual([
    { type: "index", name: "i", tbl_name: "t", sql: "CREATE INDEX i ON t (b DESC, c) WHERE c > 1" },
    { type: "table", name: "s", tbl_name: "s", sql: "CREATE TABLE s (a INT) STRICT" },
    { type: "index", name: "sqlite_autoindex_t_1", tbl_name: "t", sql: null },
  ]);
  db.exec("DROP INDEX i");
  expect(text.all()).toHaveLength(2);
  expect(db.prepare("SELECT count(*) FROM main.sqlite_schema WHERE rootpage > 0").pluck().get()).toBe(5);
  expect(db.prepare("SELECT * FROM sqlite_temp_master").all()).toEqual([]);
});

describe("of the session", () => {
  it("hold a value", () => {
    expect(db.pragma("cache_size", { simple: true })).toBe(-16000);
    expect(db.pragma("cache_size = -8000")).toEqual([]);
    expect(db.pragma("cache_size", { simple: true })).toBe(-8000);
    expect(db.pragma("busy_timeout")).toEqual([{ timeout: 5000 }]);
    expect(db.pragma("busy_timeout = 100")).toEqual([{ timeout: 100 }]);
    expect(db.pragma("temp_store = MEMORY")).toEqual([]);
    expect(db.pragma("temp_store", { simple: true })).toBe(2);
    expect(db.pragma("locking_mode = exclusive", { simple: true })).toBe("exclusive");
  });

  it("have effect", () => {
    expect(db.pragma("foreign_keys", { simple: true })).toBe(1);
    expect(() => db.exec("INSERT INTO p VALUES (9, NULL)")).toThrow("FOREIGN KEY constraint failed");
    db.pragma("foreign_keys = off");
    db.exec("INSERT INTO p VALUES (9, NULL)");
    db.exec("PRAGMA query_only = 1");
    expect(() => db.exec("DELETE FROM p")).toThrow(
      new SqliteError("attempt to write a readonly database", "SQLITE_READONLY"),
    );
    db.exec("PRAGMA query_only = 0; DELETE FROM p");
    db.pragma("case_sensitive_like = 1");
    expect(db.prepare("SELECT 'a' LIKE 'A', like('A%', 'Ab'), 'a_' LIKE 'a!_' ESCAPE '!'").raw().get()).toEqual([
      0, 1, 1,
    ]);
    db.pragma("case_sensitive_like = 0");
    expect(db.prepare("SELECT 'a' LIKE 'A'").pluck().get()).toBe(1);
  });

  it("say what columns are called", () => {
    const names = (text: string): string[] =>
      db
        .prepare(text)
        .columns()
        .map(({ name }) => name);
    const text = "SELECT x . a, x.b AS n, a + 1, s.* FROM t AS x, (SELECT a AS q FROM w) AS s";
    const ofStar = "SELECT * FROM s AS x, (SELECT a AS q FROM w) AS z";
    db.pragma("full_column_names = 1");
    expect(names(text.replace("a + 1", "x.a + 1"))).toEqual(["t.a", "n", "x.a + 1", "q"]);
    expect(names(ofStar)).toEqual(["a", "q"]);
    db.pragma("short_column_names = 0");
    expect(names(ofStar)).toEqual(["x.a", "z.q"]);
    expect(names("SELECT a FROM (SELECT x.a FROM t AS x)")).toEqual(["(subquery).a"]);
    db.pragma("full_column_names = 0");
    expect(names(text.replace("a + 1", "x.a + 1"))).toEqual(["x . a", "n", "x.a + 1", "q"]);
    db.pragma("short_column_names = 1");
    expect(names(ofStar)).toEqual(["a", "q"]);
  });

  it("count changes in a row", () => {
    db.pragma("count_changes = 1");
    const insert = db.prepare("INSERT INTO s VALUES (1), (2)");
    expect(insert.reader).toBe(true);
    expect(insert.all()).toEqual([{ "rows inserted": 2 }]);
    expect(db.prepare("UPDATE s SET a = 3").safeIntegers().pluck().get()).toBe(2n);
    expect([...db.prepare("DELETE FROM s").raw().iterate()]).toEqual([[2]]);
    expect(db.prepare("INSERT INTO s VALUES (1)").run().changes).toBe(1);
    expect(db.prepare("DELETE FROM s RETURNING a").all()).toEqual([{ a: 1 }]);
    db.pragma("count_changes = 0");
    expect(insert.run().changes).toBe(2);
  });

  it("tell rows and readers as SQLite does", () => {
    const reader = (text: string): boolean => db.prepare(`PRAGMA ${text}`).reader;
    expect([
      reader("user_version"),
      reader("user_version = 1"),
      reader("nonsense"),
      reader("journal_mode = wal"),
    ]).toEqual([true, false, false, true]);
    expect(db.pragma("nonsense")).toEqual([]);
    expect(db.pragma("nonsense", { simple: true })).toBeUndefined();
    expect(db.prepare("PRAGMA user_version = 1").run()).toEqual({ changes: 0, lastInsertRowid: 0 });
  });
});

describe("of the database", () => {
  it("keep numbers for the application, in transactions", () => {
    using directory = temporaryDirectory();
    const one = new Database(directory.path);
    expect(one.pragma("user_version", { simple: true })).toBe(0);
    one.pragma("user_version = 7");
    one.exec("BEGIN; PRAGMA user_version = 8; PRAGMA application_id = -5; ROLLBACK; PRAGMA application_id = -6");
    one.close();
    const two = new Database(directory.path);
    expect(two.pragma("user_version", { simple: true })).toBe(7);
    expect(two.pragma("application_id", { simple: true })).toBe(-6);
    two.close();
  });

  it("have the journal that was asked for, as far as one can tell", () => {
    using directory = temporaryDirectory();
    const one = new Database(directory.path);
    expect(one.pragma("journal_mode", { simple: true })).toBe("delete");
    expect(one.pragma("synchronous", { simple: true })).toBe(2);
    expect(one.pragma("journal_mode = WAL")).toEqual([{ journal_mode: "wal" }]);
    expect(one.pragma("synchronous", { simple: true })).toBe(1);
    one.pragma("synchronous = FULL");
    expect(one.pragma("synchronous", { simple: true })).toBe(2);
    expect(one.pragma("journal_mode = nonsense", { simple: true })).toBe("wal");
    expect(one.pragma("journal_mode = off", { simple: true })).toBe("wal");
    expect(one.pragma("wal_checkpoint(TRUNCATE)")).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
    expect(db.pragma("journal_mode = wal", { simple: true })).toBe("memory");
    one.close();
  });

  it("are checked", () => {
    expect(db.pragma("integrity_check")).toEqual([{ integrity_check: "ok" }]);
    expect(db.pragma("quick_check", { simple: true })).toBe("ok");
    expect(db.pragma("optimize")).toEqual([]);
    expect(db.pragma("database_list")).toEqual([{ seq: 0, name: "main", file: "" }]);
    expect(db.pragma("encoding", { simple: true })).toBe("UTF-8");
  });
});

it("pragma() checks what it is given", () => {
  expect(() => db.pragma(1 as never)).toThrow(new TypeError("Expected first argument to be a string"));
  expect(() => db.pragma("user_version", true as never)).toThrow(TypeError);
  expect(() => db.pragma("user_version", { simple: 1 as never })).toThrow(TypeError);
  expect(() => db.pragma("user_version; PRAGMA user_version")).toThrow(RangeError);
  expect(() => db.pragma("PRAGMA user_version")).toThrow(SqliteError);
  expect(() => db.pragma("PRAGMA user_version")).toThrow('near "user_version": syntax error');
});
