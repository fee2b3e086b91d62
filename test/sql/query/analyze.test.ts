/** EXPLAIN ANALYZE: what each step of a plan did. */
import { expect, test } from "vitest";
import { open } from "../../../src/mvcc/index.ts";
import { openSql, type SqlSession, type SqlValue } from "../../../src/sql/index.ts";

const SCHEMA = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);
  CREATE TABLE orders (id INTEGER PRIMARY KEY, user INTEGER, total REAL);
  CREATE INDEX orders_of ON orders (user);
  INSERT INTO users WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20) SELECT i, 'u' || i, i % 5 FROM n;
  INSERT INTO orders WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60) SELECT i, i % 30, i FROM n;
`;

function session(): SqlSession {
  const sql = openSql(open(":memory:"));
  sql.exec(SCHEMA);
  return sql;
}

/** [plan, loops, rows] of each step; what took time is checked to be a time. */
function analyzed(sql: SqlSession, query: string, ...parameters: SqlValue[]): unknown[] {
  const statement = sql.prepare(`EXPLAIN ANALYZE ${query}`);
  expect(statement.columns).toEqual(["plan", "loops", "rows", "expected", "ms"]);
  return statement.all(...parameters).map(({ plan, loops, rows, expected, ms }) => {
    expect(ms === null || (ms as number) >= 0).toBe(true);
    expect(expected === null || Number.isInteger(expected)).toBe(true);
    return [plan, loops, rows];
  });
}

test("rows that pass each step, and how often it was begun", () => {
  const sql = session();
  const query =
    "SELECT name, sum(total) FROM users CROSS JOIN orders INDEXED BY orders_of ON user = users.id WHERE age = ? GROUP BY name ORDER BY 2 LIMIT 2";
  expect(analyzed(sql, query, 1)).toEqual([
    ["SCAN users", 1, 20],
    ["FILTER 1 condition", 1, 4],
    ["SEARCH orders USING INDEX orders_of (user=?)", 4, 8],
    ["GROUP BY 1 key, 1 aggregate", 1, 4],
    ["SORT BY 1 term", 1, 2],
    ["LIMIT", null, null],
    ["RESULT", 1, 2],
  ]);
});

test("what is expected stands beside it", () => {
  const sql = session();
  const steps = sql.query("EXPLAIN ANALYZE SELECT * FROM users WHERE age > 100");
  expect(steps.map(({ rows }) => rows)).toEqual([20, 0, 0]);
  expect(steps[0]!.expected).toBe(20);
  expect(steps[1]!.expected).toBeGreaterThan(0);
});

test("queries in FROM, in expressions, recursive and compound ones", () => {
  const sql = session();
  expect(
    analyzed(
      sql,
      "SELECT (SELECT count(*) FROM orders INDEXED BY orders_of WHERE user = users.id) FROM users WHERE id < 4",
    ),
  ).toEqual([
    ["SEARCH users USING PRIMARY KEY (id<?)", 1, 3],
    ["SUBQUERY OF AN EXPRESSION", null, null],
    ["  SEARCH orders USING INDEX orders_of (user=?) BY COUNT", 3, 6],
    ["  AGGREGATE 1 aggregate", 3, 3],
    ["RESULT", 1, 3],
  ]);
  expect(
    analyzed(sql, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5) SELECT i FROM n"),
  ).toContainEqual(["RESULT", 1, 5]);
  expect(analyzed(sql, "SELECT id FROM users UNION SELECT user FROM orders")).toEqual([
    ["UNION", 1, 30],
    ["  SCAN users", 1, 20],
    ["  SCAN orders", 1, 60],
    ["RESULT", 1, 30],
  ]);
});

test("an outer join by a hash table", () => {
  const sql = session();
  sql.exec("CREATE TABLE loose (a INTEGER, b); INSERT INTO loose SELECT o.id, p.id FROM orders o, orders p");
  const steps = analyzed(sql, "SELECT * FROM users LEFT JOIN loose ON a = age");
  expect(steps[0]).toEqual(["SCAN users", 1, 20]);
  expect(steps).toContainEqual([expect.stringContaining("LEFT HASH JOIN"), 1, 964]);
  expect(steps.at(-1)).toEqual(["RESULT", 1, 964]);
});

test("gives what the query throws, and leaves the session usable", () => {
  const sql = session();
  expect(() => sql.query("EXPLAIN ANALYZE SELECT abs(-9223372036854775808) FROM users")).toThrow("integer overflow");
  expect(sql.query("SELECT count(*) AS n FROM users")).toEqual([{ n: 20 }]);
});
