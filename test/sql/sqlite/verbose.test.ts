/** The option verbose: every statement that runs, with its parameters in place. */
import { expect, it } from "vitest";
import Database from "../../../src/sqlite.ts";

it("is shown each statement before it runs", () => {
  const shown: unknown[] = [];
  const db = new Database(":memory:", { verbose: (text) => shown.push(text) });
  db.exec("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2)");
  db.prepare("SELECT ?, :name, ?2 FROM t -- ?").get("it's", { name: 5, 2: 5 });
  db.prepare("SELECT ?").all(10n);
  const iterate = db.prepare("SELECT ?");
  iterate.iterate(Buffer.from([1, 255])).return?.();
  for (const _ of iterate.iterate(null)) {
    // Shown with the first row.
  }
  db.pragma("cache_size");
  db.transaction(() => db.prepare("INSERT INTO t VALUES (?, ?)").run(1.5, "x"))();
  expect(shown).toEqual([
    "CREATE TABLE t (a, b)",
    "INSERT INTO t VALUES (1, 2)",
    "SELECT 'it''s', 5.0, 5.0 FROM t",
    "SELECT 10",
    "SELECT NULL",
    "PRAGMA cache_size",
    "BEGIN",
    "INSERT INTO t VALUES (1.5, 'x')",
    "COMMIT",
  ]);
});

it("shortens long values", () => {
  const shown: unknown[] = [];
  const db = new Database(":memory:", { verbose: (text) => shown.push(text) });
  const statement = db.prepare("SELECT ?");
  statement.get("this is a slightly longer parameter");
  statement.get("ä".repeat(20));
  statement.get(Buffer.alloc(40, 0xab));
  expect(shown).toEqual([
    "SELECT 'this is a slightly longer parame'/*+3 bytes*/",
    `SELECT '${"ä".repeat(16)}'/*+8 bytes*/`,
    `SELECT x'${"ab".repeat(32)}'/*+8 bytes*/`,
  ]);
});

it("keeps a statement from running where it throws", () => {
  let fails = false;
  const error = new Error("no");
  const db = new Database(":memory:", {
    verbose: () => {
      if (fails) {
        throw error;
      }
    },
  });
  db.exec("CREATE TABLE t (a)");
  const insert = db.prepare("INSERT INTO t VALUES (1)");
  const select = db.prepare("SELECT count(*) FROM t").pluck();
  fails = true;
  for (const use of [
    () => insert.run(),
    () => select.get(),
    () => select.all(),
    () => [...select.iterate()],
    () => db.exec("DELETE FROM t"),
  ]) {
    expect(use).toThrow(error);
  }
  fails = false;
  expect(select.get()).toBe(0);
});
