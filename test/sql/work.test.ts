/** A session that looks, now and then, whether a statement is to go on: whatever runs for long is ended. */
import { expect, test } from "vitest";
import { open as openWhole } from "../../src/index.ts";
import { open } from "../../src/mvcc/index.ts";
import { openSql, type SqlSession } from "../../src/sql/index.ts";
import SqliteDatabase from "../../src/sqlite.ts";

const NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
const MANY = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30000)";

class Enough extends Error {}

function sessionOf(tier: "interpreted" | "compiled"): SqlSession {
  const sql = openSql(open(":memory:"), { tier });
  sql.exec(`CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t ${MANY} SELECT i, i % 100 FROM n`);
  return sql;
}

test.each(["interpreted", "compiled"] as const)("ends what is %s, and changes nothing", (tier) => {
  const sql = sessionOf(tier);
  let looks = 0;
  const statements = [
    `${NUMBERS} SELECT count(*) FROM n`,
    "SELECT count(*) FROM generate_series(1, 1000000000)",
    "SELECT count(*) FROM t x, t y, t z WHERE x.b + y.b + z.b < 0",
    "SELECT count(*) FROM t WHERE (SELECT count(*) FROM t u WHERE u.b < t.b) < 0",
    `INSERT INTO t ${NUMBERS} SELECT i + 50000, i FROM n`,
    "UPDATE t SET b = (SELECT sum(u.b) FROM t u WHERE u.b <> t.a)",
    "DELETE FROM t WHERE (SELECT count(*) FROM t u WHERE u.b < t.b) >= 0",
  ];
  sql.onWork = () => {
    looks++;
    if (looks % 3 === 0) {
      throw new Enough();
    }
  };
  for (const text of statements) {
    looks = 0;
    const statement = sql.prepare(text);
    expect(() => (statement.reader ? statement.all() : statement.run()), text).toThrow(Enough);
    expect(looks, text).toBe(3);
  }
  sql.onWork = undefined;
  expect(sql.query("SELECT count(*) AS n, sum(b) AS s FROM t")).toEqual([{ n: 30000, s: 1485000 }]);
  expect(sql.prepare("PRAGMA integrity_check").pluck().all()).toEqual(["ok"]);
});

test("ends a statement that runs for longer than it may, and the next one begins anew", () => {
  const sql = sessionOf("compiled");
  sql.timeLimitMs = 20;
  const endless = sql.prepare(`${NUMBERS} SELECT count(*) FROM n`);
  expect(() => endless.all()).toThrow(expect.objectContaining({ code: "FULL", facts: { timeLimitMs: 20 } }));
  expect(() => sql.exec(`INSERT INTO t ${NUMBERS} SELECT i + 50000, i FROM n`)).toThrow(
    /was ended after .* it may take 20/,
  );
  expect(sql.query("SELECT count(*) AS n FROM t")).toEqual([{ n: 30000 }]);
  sql.timeLimitMs = Number.POSITIVE_INFINITY;
  expect(sql.query(`${MANY} SELECT count(*) AS n FROM n`)).toEqual([{ n: 30000 }]);
  for (const wrong of [0, -1, Number.NaN, "5" as unknown as number]) {
    expect(() => {
      sql.timeLimitMs = wrong;
    }).toThrow(/above 0/);
  }
});

test("does so for db.sql, and in better-sqlite3's words for nacre/sqlite", () => {
  const db = openWhole(":memory:");
  db.sql.timeLimitMs = 20;
  expect(db.sql.timeLimitMs).toBe(20);
  expect(() => db.sql.prepare(`${NUMBERS} SELECT count(*) FROM n`).all()).toThrow(/timeLimitMs/);
  db.close();
  const sqlite = new SqliteDatabase(":memory:");
  sqlite.timeLimitMs = 20;
  expect(() => sqlite.prepare(`${NUMBERS} SELECT count(*) FROM n`).all()).toThrow(
    expect.objectContaining({ name: "SqliteError", code: "SQLITE_INTERRUPT", message: "interrupted" }),
  );
  sqlite.close();
});

test("looks once in so many rows, and not where nobody asks", () => {
  const sql = sessionOf("interpreted");
  let looks = 0;
  sql.onWork = () => looks++;
  sql.query("SELECT count(*) FROM generate_series(1, 200000)");
  expect(looks).toBeGreaterThan(5);
  expect(looks).toBeLessThan(20);
});
