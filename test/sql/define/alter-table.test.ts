/** ALTER TABLE where no answer of SQLite says it: what is written, what is there after a restart, and where nacre differs. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { open } from "../../../src/mvcc/index.ts";
import { openSql, SqlSession } from "../../../src/sql/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { MemoryStore } from "../memory-store.ts";

function sessionWith(...statements: readonly string[]): { readonly session: SqlSession; readonly store: MemoryStore } {
  const store = new MemoryStore();
  const session = new SqlSession(store);
  for (const statement of statements) {
    session.exec(statement);
  }
  return { session, store };
}

function textOf(session: SqlSession, table: string): string | undefined {
  return session.tables().find(({ name }) => name === table)?.sql;
}

describe("no row is touched", () => {
  const { session, store } = sessionWith(
    "CREATE TABLE t (a INTEGER, b TEXT)",
    "INSERT INTO t VALUES (1, 'x'), (2, 'y')",
    "CREATE INDEX i ON t(a)",
  );
  const catalog = store.state.names.get("sql");
  const rows = (): unknown[] => [...store.state.spaces].filter(([id]) => id !== catalog).map(([, entries]) => entries);

  test.each([
    "ALTER TABLE t ADD COLUMN c TEXT NOT NULL DEFAULT 'new'",
    "ALTER TABLE t DROP COLUMN b",
    "ALTER TABLE t RENAME COLUMN a TO k",
    "ALTER TABLE t RENAME TO u",
    "ALTER TABLE u ALTER COLUMN c DROP NOT NULL",
    "ALTER TABLE u ADD CONSTRAINT positive CHECK (k > 0)",
  ])("%s", (statement) => {
    const before = rows();
    session.exec(statement);
    const after = rows();
    expect(after).toHaveLength(before.length);
    expect(after.every((entries, index) => entries === before[index])).toBe(true);
  });

  test("and what is read is what the statements say", () => {
    expect(session.query("SELECT * FROM u ORDER BY k")).toEqual([
      { k: 1, c: "new" },
      { k: 2, c: "new" },
    ]);
  });
});

test("a column that is added is there after a restart, in older rows and newer ones", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "db");
  {
    using database = open(path, { durability: "relaxed" });
    const session = openSql(database);
    session.exec("CREATE TABLE t (a INTEGER PRIMARY KEY, gone TEXT)");
    session.exec("INSERT INTO t VALUES (1, 'x')");
    await database.checkpoint();
    session.exec("ALTER TABLE t ADD COLUMN b DEFAULT 0.5");
    session.exec("ALTER TABLE t DROP COLUMN gone");
    session.exec("INSERT INTO t VALUES (2, 'two')");
    session.exec("ALTER TABLE t RENAME TO u");
    await database.checkpoint();
  }
  using database = open(path, { durability: "relaxed" });
  const session = openSql(database);
  session.exec("CREATE TABLE t (other)");
  session.exec("INSERT INTO t VALUES ('another table')");
  expect(session.query("SELECT * FROM u ORDER BY a")).toEqual([
    { a: 1, b: 0.5 },
    { a: 2, b: "two" },
  ]);
});

test("a transaction that is rolled back takes all of it back", () => {
  const { session } = sessionWith("CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", "CREATE INDEX i ON t(a)");
  session.exec("BEGIN");
  session.exec("ALTER TABLE t ADD COLUMN b AS (a + 1)");
  session.exec("ALTER TABLE t RENAME TO u");
  session.exec("REINDEX");
  expect(session.query("SELECT b FROM u WHERE a = 1")).toEqual([{ b: 2 }]);
  session.exec("ROLLBACK");
  expect(session.query("SELECT * FROM t WHERE a = 1")).toEqual([{ a: 1 }]);
  expect(textOf(session, "t")).toBe("CREATE TABLE t (a)");
});

describe("where SQLite does it wrong", () => {
  test("excluded keeps its name when the table gets another one", () => {
    const { session } = sessionWith(
      "CREATE TABLE t (a UNIQUE, n)",
      "CREATE TABLE log (x)",
      `CREATE TRIGGER g AFTER INSERT ON log BEGIN
         INSERT INTO t VALUES (new.x, 1) ON CONFLICT (a) DO UPDATE SET n = t.n + excluded.n;
       END`,
      "ALTER TABLE t RENAME TO u",
      "INSERT INTO log VALUES ('k'), ('k'), ('k')",
    );
    expect(session.query("SELECT * FROM u")).toEqual([{ a: "k", n: 3 }]);
  });

  test("a table behind IN gets its new name", () => {
    const { session } = sessionWith(
      "CREATE TABLE t (a)",
      "CREATE TABLE s (a)",
      "CREATE VIEW v AS SELECT a FROM t WHERE a IN s",
      "INSERT INTO t VALUES (1), (2)",
      "INSERT INTO s VALUES (2)",
      "ALTER TABLE s RENAME TO u",
    );
    expect(session.query("SELECT * FROM v")).toEqual([{ a: 2 }]);
  });

  test("a comment that ends with the line is left out of the text", () => {
    const { session } = sessionWith("CREATE TABLE t(a)", "ALTER TABLE t ADD COLUMN b -- the second\n");
    expect(textOf(session, "t")).toBe("CREATE TABLE t(a, b)");
  });
});

test("an error in a text says whose text it is, and why", () => {
  const { session } = sessionWith("CREATE TABLE t (a, b)", "CREATE INDEX i ON t(lower(a))");
  expect(() => session.exec("ALTER TABLE t DROP COLUMN a")).toThrow(
    /^error in index i after drop column: no such column: a$/,
  );
  session.exec("DROP INDEX i");
  session.exec("ALTER TABLE t DROP COLUMN a");
  expect(textOf(session, "t")).toBe("CREATE TABLE t (b)");
});
