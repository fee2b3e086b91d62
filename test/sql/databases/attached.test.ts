/** Attached databases where no answer of SQLite says it: directories, who else has them open, and what a commit of several is. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { open } from "../../../src/mvcc/index.ts";
import { openSql } from "../../../src/sql/index.ts";
import { Database } from "../../../src/sqlite.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

describe("a directory", () => {
  test("is there again when it is attached again, or opened", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "other");
    using database = open(":memory:");
    const session = openSql(database);
    session.prepare("ATTACH ? AS other").run(path);
    expect(session.prepare("SELECT name, file FROM pragma_database_list").raw().all()).toEqual([
      ["main", ""],
      ["other", path],
    ]);
    session.exec(
      "CREATE TABLE t (x); CREATE TABLE other.u (y UNIQUE); BEGIN; INSERT INTO t VALUES (1); INSERT INTO u VALUES (2)",
    );
    expect(() => session.exec("DETACH other")).toThrow("database other is locked");
    session.exec("COMMIT; DETACH other");
    session.prepare("ATTACH ? AS again").run(path);
    expect(session.prepare("SELECT x, y FROM t, again.u").raw().all()).toEqual([[1, 2]]);
    session.close();
    using other = open(path);
    expect(openSql(other).prepare("SELECT y FROM u WHERE y = 2").pluck().all()).toEqual([2]);
  });

  test("that is open elsewhere in the process is locked", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "other");
    using other = open(path);
    using database = open(":memory:");
    const session = openSql(database);
    expect(() => session.prepare("ATTACH ? AS other").run(path)).toThrow(expect.objectContaining({ code: "LOCKED" }));
    openSql(other).exec("CREATE TABLE u (y)");
    expect(session.prepare("SELECT count(*) FROM pragma_database_list").pluck().get()).toBe(1);
  });

  test("of a session that may not write is not made, nor written to", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "other");
    {
      using other = open(path, { durability: "relaxed" });
      openSql(other).exec("CREATE TABLE u (y); INSERT INTO u VALUES (2)");
    }
    using database = open(":memory:");
    const session = openSql(database, { readOnly: true });
    expect(() => session.prepare("ATTACH ? AS none").run(join(directory.path, "none"))).toThrow();
    session.prepare("ATTACH ? AS other").run(path);
    expect(session.prepare("SELECT y FROM other.u").pluck().all()).toEqual([2]);
    expect(() => session.exec("INSERT INTO u VALUES (3)")).toThrow(expect.objectContaining({ code: "READONLY" }));
    session.close();
  });
});

describe("connections of one process", () => {
  test("share a directory, whether it is theirs or attached", () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "shared");
    const [a, b] = [new Database(":memory:"), new Database(path, { timeout: 0 })];
    b.exec("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    a.prepare("ATTACH ? AS shared").run(path);
    a.exec("INSERT INTO shared.t VALUES (2)");
    expect(b.prepare("SELECT x FROM t ORDER BY x").pluck().all()).toEqual([1, 2]);
    a.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (3)");
    expect(() => b.exec("INSERT INTO t VALUES (4)")).toThrow(expect.objectContaining({ code: "SQLITE_BUSY" }));
    a.exec("COMMIT");
    b.exec("INSERT INTO t VALUES (5)");
    b.close();
    expect(a.prepare("SELECT x FROM t ORDER BY x").pluck().all()).toEqual([1, 2, 3, 5]);
    a.close();
    const again = new Database(path, { readonly: true });
    expect(again.prepare("SELECT count(*) FROM t").pluck().get()).toBe(4);
    again.close();
  });

  test("are told what cannot be opened", () => {
    const db = new Database(":memory:");
    expect(() => db.exec("ATTACH '/nonexistent/directory/x' AS x")).toThrow(
      expect.objectContaining({ code: "SQLITE_CANTOPEN", message: expect.stringContaining("unable to open database") }),
    );
    expect(() => db.exec(`ATTACH '${import.meta.filename}' AS x`)).toThrow(
      expect.objectContaining({ code: "SQLITE_NOTADB" }),
    );
    db.close();
  });
});

test("a commit that conflicts in main commits nowhere", () => {
  using database = open(":memory:");
  const [a, b] = [openSql(database), openSql(database)];
  a.exec(
    "CREATE TABLE t (x INTEGER PRIMARY KEY, y); INSERT INTO t VALUES (1, 0); ATTACH ':memory:' AS m; CREATE TABLE m.u (z)",
  );
  a.exec("BEGIN; UPDATE t SET y = y + 1 WHERE x = 1; INSERT INTO u VALUES (1)");
  b.exec("UPDATE t SET y = y + 1 WHERE x = 1");
  expect(() => a.exec("COMMIT")).toThrow(expect.objectContaining({ code: "CONFLICT" }));
  expect(a.prepare("SELECT (SELECT count(*) FROM u), y FROM t").raw().get()).toEqual([0, 1]);
});
