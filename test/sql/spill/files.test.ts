/** Where the files of statements lie, and that nothing of them stays. */
import { existsSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Database, open } from "../../../src/index.ts";
import { destroyAt } from "../../../src/mvcc/index.ts";
import { openSql, type SqlSession } from "../../../src/sql/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const LITTLE = { heldRows: 50, heldBytes: 4000 };
const SORTED = "SELECT a, b FROM t ORDER BY b, a";
const { TMPDIR } = process.env;

afterEach(() => {
  if (TMPDIR === undefined) {
    delete process.env.TMPDIR;
  } else {
    process.env.TMPDIR = TMPDIR;
  }
});

function fill(db: Database): void {
  const sql = openSql(db);
  sql.exec("CREATE TABLE t (a INTEGER, b TEXT)");
  sql.exec("INSERT INTO t SELECT value, 'row ' || (value % 100) FROM generate_series(1, 2000)");
  sql.close();
}

/** Files of statements that the process has open in a directory. */
function openIn(directory: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const target = readlinkSync(join("/proc/self/fd", descriptor));
      return target.startsWith(directory) && target.includes("spill.") ? [target] : [];
    } catch {
      return []; // That of the listing itself.
    }
  });
}

function checkWhileReading(sql: SqlSession, directory: string): void {
  const rows = sql.prepare(SORTED).raw().iterate();
  expect(rows.next().value).toEqual([100, "row 0"]);
  if (existsSync("/proc/self/fd")) {
    expect(openIn(directory)).toHaveLength(1);
    expect(openIn(directory)[0]).toMatch(/\(deleted\)$/);
  }
  rows.return();
  if (existsSync("/proc/self/fd")) {
    expect(openIn(directory)).toEqual([]);
  }
}

test("beside a database, without a name", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "app.nacre");
  const db = open(path);
  fill(db);
  const sql = openSql(db, LITTLE);
  checkWhileReading(sql, path);
  const rows = sql.prepare(SORTED).iterate();
  rows.next();
  expect(readdirSync(path).filter((name) => name.includes("spill"))).toEqual([]);
  await db.backup(join(directory.path, "copy.nacre"));
  expect([...rows]).toHaveLength(1999);
  db.write((tx) => {
    expect(tx.sql.prepare(SORTED).all()).toHaveLength(2000);
  });
  await db.close();
});

test.each(["in memory", "read only"])("among the system's temporary ones for a database %s", async (kind) => {
  using directory = temporaryDirectory();
  using temporary = temporaryDirectory();
  const path = join(directory.path, "app.nacre");
  let db = open(kind === "in memory" ? ":memory:" : path);
  fill(db);
  if (kind === "read only") {
    await db.close();
    db = open(path, { readOnly: true });
  }
  process.env.TMPDIR = temporary.path;
  checkWhileReading(openSql(db, LITTLE), temporary.path);
  expect(readdirSync(temporary.path)).toEqual([]);
  await db.close();
});

test("what a process has left goes when the database is opened, or removed", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "app.nacre");
  const db = open(path);
  fill(db);
  await db.close();
  writeFileSync(join(path, "spill.3"), "left");
  await open(path, { readOnly: true }).close();
  expect(existsSync(join(path, "spill.3"))).toBe(true);
  await open(path).close();
  expect(existsSync(join(path, "spill.3"))).toBe(false);
  writeFileSync(join(path, "spill.4"), "left");
  destroyAt(path);
  expect(readdirSync(path)).toEqual([]);
});
