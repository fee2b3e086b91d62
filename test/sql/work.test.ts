/** A session that looks, now and then, whether a statement is to go on: whatever runs for long is ended. */
import { expect, test } from "vitest";
import { open } from "../../src/mvcc/index.ts";
import { openSql, type SqlSession } from "../../src/sql/index.ts";

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

test("looks once in so many rows, and not where nobody asks", () => {
  const sql = sessionOf("interpreted");
  let looks = 0;
  sql.onWork = () => looks++;
  sql.query("SELECT count(*) FROM generate_series(1, 200000)");
  expect(looks).toBeGreaterThan(5);
  expect(looks).toBeLessThan(20);
});
