/** SqliteError: SQLite's words and codes, the place as properties, nacre's own error as the cause. */
import { beforeEach, describe, expect, it } from "vitest";
import { DbError } from "../../../src/errors.ts";
import Database, { SqliteError } from "../../../src/sqlite.ts";

let db: Database.Database;

beforeEach(() => {
  db = new Database(":memory:");
  db.exec(`
    CREATE TABLE t (id INTEGER PRIMARY KEY, u UNIQUE, n NOT NULL DEFAULT 0, c CHECK (c > 0));
    CREATE TABLE k (a TEXT PRIMARY KEY, b) WITHOUT ROWID;
    CREATE TABLE r (p REFERENCES t);
    CREATE TABLE s (i INT) STRICT;
    INSERT INTO t VALUES (1, 'u', 1, 1);
    INSERT INTO k VALUES ('a', 1);
  `);
});

function caught(text: string): SqliteError {
  try {
    db.exec(text);
  } catch (error) {
    return error as SqliteError;
  }
  throw new Error(`${text} did not fail`);
}

it("has the code and the words that SQLite has", () => {
  const cases: [string, string, string][] = [
    ["INSERT INTO t VALUES (1, 'v', 1, 1)", "SQLITE_CONSTRAINT_PRIMARYKEY", "UNIQUE constraint failed: t.id"],
    ["INSERT INTO t VALUES (2, 'u', 1, 1)", "SQLITE_CONSTRAINT_UNIQUE", "UNIQUE constraint failed: t.u"],
    ["INSERT INTO t VALUES (2, 'v', NULL, 1)", "SQLITE_CONSTRAINT_NOTNULL", "NOT NULL constraint failed: t.n"],
    ["UPDATE t SET c = -1", "SQLITE_CONSTRAINT_CHECK", "CHECK constraint failed: c > 0"],
    ["INSERT INTO k VALUES ('a', 2)", "SQLITE_CONSTRAINT_PRIMARYKEY", "UNIQUE constraint failed: k.a"],
    ["INSERT INTO r VALUES (9)", "SQLITE_CONSTRAINT_FOREIGNKEY", "FOREIGN KEY constraint failed"],
    ["INSERT INTO s VALUES ('x')", "SQLITE_CONSTRAINT_DATATYPE", "cannot store TEXT value in INT column s.i"],
    ["INSERT INTO t (id) VALUES ('x')", "SQLITE_MISMATCH", "datatype mismatch"],
    ["SELECT * FROM nope", "SQLITE_ERROR", "no such table: nope"],
    ["SELECT nope FROM t", "SQLITE_ERROR", "no such column: nope"],
    ["SELECT nope()", "SQLITE_ERROR", "no such function: nope"],
    ["SELECT abs(1, 2)", "SQLITE_ERROR", "wrong number of arguments to function abs()"],
    ["SELECT * FRM t", "SQLITE_ERROR", 'near "FRM": syntax error'],
    ["SELECT (1", "SQLITE_ERROR", "incomplete input"],
    ["SELECT 'x", "SQLITE_ERROR", 'unrecognized token: "\'x"'],
    ["CREATE TABLE t (a)", "SQLITE_ERROR", "table t already exists"],
    ["SELECT sum(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1)", "SQLITE_ERROR", "integer overflow"],
    ["SELECT json('{')", "SQLITE_ERROR", "malformed JSON"],
    ["COMMIT", "SQLITE_ERROR", "cannot commit - no transaction is active"],
  ];
  for (const [text, code, message] of cases) {
    const error = caught(text);
    expect([text, error.code, error.message]).toEqual([text, code, message]);
    expect(error).toBeInstanceOf(SqliteError);
    expect(error.cause).toBeInstanceOf(DbError);
  }
});

it("has the place in the statement", () => {
  const error = caught("SELECT 1\nFROM t\nWHERE nope = 1");
  expect(error).toMatchObject({ message: "no such column: nope", line: 3, column: 7, offset: 22 });
  expect((error.cause as DbError).message).toContain("WHERE nope = 1");
  expect("offset" in caught("COMMIT")).toBe(false);
});

describe("the class", () => {
  it("is an Error of its own, with or without new", () => {
    for (const error of [new SqliteError("words", "CODE"), SqliteError("words", "CODE")]) {
      expect(error).toBeInstanceOf(SqliteError);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: "SqliteError", message: "words", code: "CODE" });
      expect(error.stack).toContain("SqliteError: words");
    }
    expect(SqliteError.prototype.name).toBe("SqliteError");
    expect(() => new SqliteError("words", 1 as never)).toThrow(
      new TypeError("Expected second argument to be a string"),
    );
  });
});

it("loadExtension is always refused", () => {
  expect(() => db.loadExtension("./x.so")).toThrow(/extensions are native code/);
  expect(caught("SELECT load_extension('x')").message).toBe("not authorized");
  expect(() => db.loadExtension(1 as never)).toThrow(TypeError);
});
