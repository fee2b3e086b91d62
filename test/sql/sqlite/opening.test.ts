/** new Database(): where a path leads, what options do, and who shares what. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { open } from "../../../src/index.ts";
import Database, { SqliteError } from "../../../src/sqlite.ts";
import { checkoutRoot } from "../../support/source-tree.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof SqliteError ? error.code : (error as Error).name;
  }
  return "none";
}

describe("a database in memory", () => {
  it.each([[], [""], [undefined], [null as unknown as string], [":memory:"], [" :memory: "]])(
    "is what %j means",
    (...given) => {
      const db = new Database(...given);
      expect(db.memory).toBe(true);
      expect(db.open).toBe(true);
      expect(db.readonly).toBe(false);
      expect(db.inTransaction).toBe(false);
      expect(db.name).toBe(given[0] ?? "");
      db.close();
      expect(db.open).toBe(false);
    },
  );

  it("is nobody else's", () => {
    const one = new Database(":memory:");
    const two = new Database(":memory:");
    one.exec("CREATE TABLE t (a)");
    expect(() => two.prepare("SELECT * FROM t")).toThrow("no such table: t");
  });

  it("cannot be read-only", () => {
    expect(() => new Database(":memory:", { readonly: true })).toThrow(TypeError);
  });
});

describe("a database on disk", () => {
  it("is a directory, which is there when the constructor returns, with what was written when it is opened again", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "app.db");
    const db = new Database(path);
    expect(db.name).toBe(path);
    expect(db.memory).toBe(false);
    expect(statSync(path).isDirectory()).toBe(true);
    db.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    db.close();
    const again = new Database(path, { fileMustExist: true });
    expect(again.prepare("SELECT a FROM t").get()).toEqual({ a: 1 });
    again.close();
  });

  it("must be there for fileMustExist and readonly", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "app.db");
    mkdirSync(join(directory.path, "empty"));
    expect(codeOf(() => new Database(path, { fileMustExist: true }))).toBe("SQLITE_CANTOPEN");
    expect(codeOf(() => new Database(path, { readonly: true }))).toBe("SQLITE_CANTOPEN");
    expect(codeOf(() => new Database(join(directory.path, "empty"), { fileMustExist: true }))).toBe("SQLITE_CANTOPEN");
    expect(existsSync(path)).toBe(false);
  });

  it("is not made in a directory that does not exist", () => {
    using directory = temporaryDirectory();
    expect(() => new Database(join(directory.path, "missing", "app.db"))).toThrow(
      new TypeError("Cannot open database because the directory does not exist"),
    );
  });

  it("is no file: a SQLite database is told apart and left alone", () => {
    using directory = temporaryDirectory();
    const sqlite = join(directory.path, "old.db");
    const other = join(directory.path, "other.db");
    const contents = Buffer.from(`SQLite format 3\0${"x".repeat(84)}`);
    writeFileSync(sqlite, contents);
    writeFileSync(other, "hello");
    expect(codeOf(() => new Database(sqlite))).toBe("SQLITE_NOTADB");
    expect(() => new Database(sqlite)).toThrow(/is a SQLite database, and a nacre database is a directory/);
    expect(() => new Database(other)).toThrow(/is a file, and a nacre database is a directory/);
    expect(readFileSync(sqlite)).toEqual(contents);
  });

  it("refuses writes in a read-only connection, and nothing else", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "app.db");
    new Database(path).exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)").close();
    const db = new Database(path, { readonly: true });
    expect(db.readonly).toBe(true);
    expect(db.prepare("SELECT a FROM t").pluck().get()).toBe(1);
    for (const text of ["INSERT INTO t VALUES (2)", "CREATE TABLE u (a)", "DELETE FROM t", "BEGIN IMMEDIATE"]) {
      expect(codeOf(() => db.exec(text))).toBe("SQLITE_READONLY");
    }
    expect(() => db.exec("DROP TABLE t")).toThrow("attempt to write a readonly database");
    db.exec("BEGIN; SELECT a FROM t; COMMIT");
    db.close();
  });
});

describe("connections on one path", () => {
  it("share a handle, and see each other's commits", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "app.db");
    const one = new Database(path);
    symlinkSync(path, join(directory.path, "link.db"));
    const two = new Database(join(directory.path, "link.db"));
    const reader = new Database(path, { readonly: true });
    one.exec("CREATE TABLE t (a)");
    one.exec("BEGIN; INSERT INTO t VALUES (1)");
    expect(two.prepare("SELECT count(*) FROM t").pluck().get()).toBe(0);
    one.exec("COMMIT");
    expect(two.prepare("SELECT count(*) FROM t").pluck().get()).toBe(1);
    expect(codeOf(() => reader.exec("DELETE FROM t"))).toBe("SQLITE_READONLY");
    one.close();
    two.exec("INSERT INTO t VALUES (2)");
    two.close();
    expect(reader.prepare("SELECT a FROM t").pluck().all()).toEqual([1, 2]);
    reader.close();
  });

  it("are refused where the directory was removed under others, which would go on in what is gone", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "app.db");
    const one = new Database(path);
    one.exec("CREATE TABLE t (a)");
    rmSync(path, { recursive: true });
    expect(codeOf(() => new Database(path))).toBe("SQLITE_CANTOPEN");
    mkdirSync(path);
    expect(() => new Database(path)).toThrow("was removed or replaced while this process has it open");
    expect(existsSync(join(path, "pages.000"))).toBe(false);
    // It has nothing to close any more.
    expect(() => one.close()).toThrow("no such file or directory");
    const two = new Database(path);
    expect(() => two.prepare("SELECT * FROM t")).toThrow("no such table: t");
    two.close();
  });

  it("get SQLITE_BUSY where another has BEGIN IMMEDIATE, after the timeout", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "app.db");
    const one = new Database(path);
    const two = new Database(path, { timeout: 30 });
    one.exec("CREATE TABLE t (a); BEGIN IMMEDIATE");
    const start = Date.now();
    expect(codeOf(() => two.exec("INSERT INTO t VALUES (1)"))).toBe("SQLITE_BUSY");
    expect(Date.now() - start).toBeGreaterThanOrEqual(29);
    expect(codeOf(() => two.exec("BEGIN EXCLUSIVE"))).toBe("SQLITE_BUSY");
    expect(two.inTransaction).toBe(false);
    two.exec("BEGIN; SELECT * FROM t; COMMIT");
    one.exec("COMMIT");
    two.exec("INSERT INTO t VALUES (1)");
    one.close();
    two.close();
  });

  it("get SQLITE_BUSY_SNAPSHOT where a deferred transaction meets what another has committed", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "app.db");
    const one = new Database(path);
    const two = new Database(path);
    one.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 1)");
    one.exec("BEGIN; UPDATE t SET a = a + 1");
    two.exec("UPDATE t SET a = a + 10");
    expect(codeOf(() => one.exec("COMMIT"))).toBe("SQLITE_BUSY_SNAPSHOT");
    expect(one.inTransaction).toBe(false);
    expect(one.prepare("SELECT a FROM t").pluck().get()).toBe(11);
    one.close();
    two.close();
  });
});

it("lives in a database that is open, beside its maps, and leaves it open", () => {
  using nacre = open(":memory:");
  const db = new Database(nacre);
  expect([db.name, db.memory]).toEqual([":memory:", true]);
  db.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  const users = nacre.map<{ name: string }>("users");
  users.put("u:1", { name: "Ada" });
  db.close();
  expect(users.get("u:1")).toEqual({ name: "Ada" });
  const again = new Database(nacre, { readonly: true });
  expect(again.prepare("SELECT a FROM t").pluck().get()).toBe(1);
  again.close();
});

it("waits for a process that has the database open, and gets SQLITE_BUSY", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "app.db");
  const program = `
    const { default: Database } = await import(${JSON.stringify(join(checkoutRoot(), "dist/src/sqlite.js"))});
    const db = new Database(${JSON.stringify(path)});
    process.stdout.write("open");
    process.stdin.once("data", () => { db.close(); process.exit(); });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(codeOf(() => new Database(path, { timeout: 20 }))).toBe("SQLITE_BUSY");
    expect(() => new Database(path, { timeout: 0 })).toThrow("database is locked");
    child.stdin.write("x");
    // The child ends while this waits.
    const db = new Database(path, { timeout: 60_000 });
    db.close();
  } finally {
    child.kill();
  }
});

describe("the constructor", () => {
  it("may be called without new, and be extended", () => {
    const db = Database(":memory:");
    expect(db).toBeInstanceOf(Database);
    expect(db.constructor).toBe(Database);
    class Mine extends Database {
      answer(): unknown {
        return this.prepare("SELECT 42").pluck().get();
      }
    }
    const mine = new Mine();
    expect(mine).toBeInstanceOf(Database);
    expect(mine.constructor).toBe(Mine);
    expect(mine.answer()).toBe(42);
    expect(Database.SqliteError).toBe(SqliteError);
  });

  it("checks its arguments as better-sqlite3 does", () => {
    const make =
      (...given: unknown[]): (() => unknown) =>
      () =>
        new Database(...(given as [string]));
    expect(make(1)).toThrow(new TypeError("Expected first argument to be a string"));
    expect(make({})).toThrow(TypeError);
    expect(make("", "")).toThrow(new TypeError("Expected second argument to be an options object"));
    expect(make("", { readOnly: true })).toThrow(new TypeError('Misspelled option "readOnly" should be "readonly"'));
    expect(make("", { memory: true })).toThrow(/was removed in v7/);
    expect(make("", { readonly: 1 })).toThrow(new TypeError('Expected the "readonly" option to be a boolean'));
    expect(make("", { fileMustExist: undefined })).toThrow(TypeError);
    expect(make("", { timeout: -1 })).toThrow(new TypeError('Expected the "timeout" option to be a positive integer'));
    expect(make("", { timeout: 0x80000000 })).toThrow(RangeError);
    expect(make("", { verbose: true })).toThrow(new TypeError('Expected the "verbose" option to be a function'));
    expect(make("", { nativeBinding: 1 })).toThrow(TypeError);
    expect(make("file:app.db")).toThrow(/URI filenames are not supported/);
  });

  it("shows itself as better-sqlite3 does", () => {
    const db = new Database(":memory:");
    expect(inspect(db)).toContain("name: ':memory:'");
    expect(inspect(db)).toMatch(/^Database \{/);
    using closed = new Database();
    expect(closed.open).toBe(true);
  });
});
