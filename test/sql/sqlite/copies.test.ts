/** backup() and serialize(). */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import Database, { SqliteError } from "../../../src/sqlite.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

function filled(): Database.Database {
  return new Database(":memory:").exec(`
    CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB);
    CREATE INDEX by_a ON t (a);
    INSERT INTO t SELECT value, 'row ' || value, randomblob(100) FROM generate_series(1, 500);
    CREATE TABLE k (x TEXT PRIMARY KEY) WITHOUT ROWID;
    INSERT INTO k VALUES ('one'), ('two');
    PRAGMA user_version = 12;
  `);
}

function contents(db: Database.Database): unknown {
  return ["SELECT * FROM t", "SELECT * FROM k", "SELECT type, name, tbl_name, sql FROM sqlite_schema"].map((text) =>
    db.prepare(text).all(),
  );
}

describe("backup", () => {
  it("copies the database, with progress", async () => {
    using directory = temporaryDirectory();
    const db = filled();
    const path = join(directory.path, "copy.db");
    const seen: Database.BackupMetadata[] = [];
    const { totalPages, remainingPages } = await db.backup(path, {
      progress: (info) => void seen.push(info) as undefined,
    });
    expect(totalPages).toBeGreaterThan(0);
    expect(remainingPages).toBe(0);
    expect(seen.length).toBeGreaterThan(0);
    const copy = new Database(path);
    expect(contents(copy)).toEqual(contents(db));
    expect(copy.pragma("user_version", { simple: true })).toBe(12);
    copy.close();
    db.exec("DELETE FROM t");
    await db.backup(path);
    const replaced = new Database(path);
    expect(replaced.prepare("SELECT count(*) FROM t").pluck().get()).toBe(0);
    replaced.close();
    expect(existsSync(`${path}.backup`)).toBe(false);
  });

  it("refuses what is no place for one", async () => {
    using directory = temporaryDirectory();
    const db = filled();
    await expect(db.backup("")).rejects.toThrow(new TypeError("Backup filename cannot be an empty string"));
    await expect(db.backup(":memory:")).rejects.toThrow(TypeError);
    await expect(db.backup(1 as never)).rejects.toThrow(TypeError);
    await expect(db.backup(join(directory.path, "missing", "x"))).rejects.toThrow(
      new TypeError("Cannot save backup because the directory does not exist"),
    );
    await expect(db.backup(join(directory.path, "x"), { attached: "other" })).rejects.toThrow(SqliteError);
    const file = join(directory.path, "file");
    writeFileSync(file, "hello");
    await expect(db.backup(file)).rejects.toBeInstanceOf(SqliteError);
  });

  it("ends where progress throws, or gives no number, or the connection is closed", async () => {
    using directory = temporaryDirectory();
    const db = filled();
    const path = join(directory.path, "copy.db");
    const error = new SyntaxError("no");
    await expect(
      db.backup(path, {
        progress: () => {
          throw error;
        },
      }),
    ).rejects.toBe(error);
    await expect(db.backup(path, { progress: () => "1" as never })).rejects.toThrow(TypeError);
    const open = db.backup(path);
    db.close();
    await expect(open).rejects.toThrow(new TypeError("The database connection is not open"));
    await expect(db.backup(path)).rejects.toThrow(TypeError);
  });
});

describe("serialize", () => {
  it("gives bytes that make the same database again, and the same bytes", () => {
    const db = filled();
    const bytes = db.serialize();
    expect(Buffer.isBuffer(bytes)).toBe(true);
    const copy = new Database(bytes);
    expect(copy.memory).toBe(true);
    expect(contents(copy)).toEqual(contents(db));
    expect(copy.serialize()).toEqual(bytes);
    copy.exec("INSERT INTO t (a) VALUES ('more'); CREATE TABLE more (a)");
    expect(copy.prepare("SELECT id FROM t WHERE a = 'more'").pluck().get()).toBe(501);
    expect(copy.serialize()).not.toEqual(bytes);
    const readOnly = new Database(bytes, { readonly: true });
    expect(() => readOnly.exec("DELETE FROM t")).toThrow("attempt to write a readonly database");
    expect(new Database(new Database().serialize()).prepare("SELECT * FROM sqlite_schema").all()).toEqual([]);
  });

  it("gives what the transaction sees", () => {
    const db = filled();
    db.exec("BEGIN; DELETE FROM t; CREATE TABLE u (a)");
    const copy = new Database(db.serialize());
    expect(copy.prepare("SELECT count(*) FROM t").pluck().get()).toBe(0);
    expect(copy.prepare("SELECT * FROM u").all()).toEqual([]);
    db.exec("ROLLBACK");
  });

  it("is told from other bytes, and from damaged ones", () => {
    const bytes = filled().serialize();
    const changed = Buffer.from(bytes);
    changed[200]! ^= 1;
    for (const [wrong, message] of [
      [Buffer.from("SQLite format 3\0"), "does not begin as one"],
      [bytes.subarray(0, 1000), "ends too early"],
      [changed, "its checksum is another"],
    ] as const) {
      expect(() => new Database(wrong)).toThrow(message);
    }
    expect(() => new Database(Buffer.alloc(0))).toThrow(SqliteError);
  });
});

describe("an attached database", () => {
  it("is copied, and given as bytes", async () => {
    using directory = temporaryDirectory();
    const db = new Database(":memory:");
    db.prepare("ATTACH ? AS other").run(join(directory.path, "other"));
    db.exec(
      "ATTACH ':memory:' AS held; CREATE TABLE other.t (x); CREATE TABLE held.u (y); BEGIN; INSERT INTO t VALUES (1)",
    );
    const bytes = db.serialize({ attached: "other" });
    db.exec("COMMIT; INSERT INTO u VALUES (2)");
    expect(new Database(bytes).prepare("SELECT x FROM t").pluck().all()).toEqual([1]);
    expect(new Database(db.serialize({ attached: "held" })).prepare("SELECT y FROM u").pluck().all()).toEqual([2]);
    expect(() => db.serialize({ attached: "none" })).toThrow(SqliteError);
    const path = join(directory.path, "copy");
    await db.backup(path, { attached: "other" });
    await expect(db.backup(path, { attached: "held" })).rejects.toThrow("held is in memory");
    const copy = new Database(path);
    expect(copy.prepare("SELECT x FROM t").pluck().all()).toEqual([1]);
    copy.close();
    db.close();
  });
});
