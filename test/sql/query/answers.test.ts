/** Queries of which an answer was wrong, or that never ended, each with what SQLite answers. */
import { expect, test } from "vitest";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

const session = new SqlSession(new MemoryStore());
session.exec(`
  CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT, n);
  INSERT INTO t VALUES (1, 1, '[1,2]', 1), (2, 2, '[2,3]', 2), (3, 3, '[]', 3), (4, 4, NULL, NULL);
  CREATE TABLE u (id INTEGER PRIMARY KEY, x INT, y TEXT);
  INSERT INTO u VALUES (1, 3, 'b'), (2, 1, 'A'), (3, 2, 'a'), (4, 7, 'C');
  CREATE TABLE w (id INTEGER PRIMARY KEY, a INT, c INT);
  INSERT INTO w VALUES (1, 1, 1), (2, 2, 0), (3, 3, 1), (4, 4, 0), (5, 4, 0)`);

test.each<[text: string, rows: readonly (readonly unknown[])[]]>([
  ["SELECT u.x FROM t, u WHERE t.id = 1 ORDER BY u.x", [[1], [2], [3], [7]]],
  ["SELECT u.x FROM t CROSS JOIN u WHERE t.id < 2 ORDER BY t.id, u.x", [[1], [2], [3], [7]]],
  ["SELECT u.x FROM t LEFT JOIN u ON 1 WHERE t.id = 1 ORDER BY u.x LIMIT 1", [[1]]],
  [
    "SELECT t.id, j.value FROM t JOIN json_each(t.b) j ON j.value = t.n ORDER BY 1",
    [
      [1, 1],
      [2, 2],
    ],
  ],
  [
    "SELECT t.id, j.value FROM t, json_each(t.b) j, json_each(t.b) k WHERE j.value = k.value ORDER BY 1, 2",
    [
      [1, 1],
      [1, 2],
      [2, 2],
      [2, 3],
    ],
  ],
  [
    "SELECT t.id, j.value FROM t LEFT JOIN json_each(t.b) j ORDER BY 1, 2",
    [
      [1, 1],
      [1, 2],
      [2, 2],
      [2, 3],
      [3, null],
      [4, null],
    ],
  ],
  [
    "SELECT t.id, u.id FROM t LEFT JOIN u ON 0 WHERE u.x NOT IN () ORDER BY 1",
    [
      [1, null],
      [2, null],
      [3, null],
      [4, null],
    ],
  ],
  ["SELECT count(*) FROM t LEFT JOIN u ON 0 WHERE u.y NOT LIKE x'61'", [[4]]],
  ["SELECT a, id, max(a) FILTER (WHERE c = 1) FROM w", [[3, 3, 3]]],
  ["SELECT id, max(a ORDER BY id) FROM t", [[4, 4]]],
  ["SELECT count(DISTINCT k) = count(k) FROM (SELECT DISTINCT abs(random() % 3) AS k FROM t, u)", [[1]]],
  ["WITH c AS (SELECT random() AS r) SELECT (SELECT r FROM c) = (SELECT r FROM c)", [[1]]],
  ["SELECT id FROM u WHERE y IN (SELECT y COLLATE NOCASE FROM u WHERE id < 3) ORDER BY 1", [[1], [2], [3]]],
  ["SELECT max(y COLLATE NOCASE) OVER () FROM u LIMIT 1", [["C"]]],
  ["SELECT ntile(id) OVER (ORDER BY id) FROM t", [[1], [1], [1], [1]]],
  ["SELECT ntile('2') OVER (ORDER BY id) FROM t", [[1], [1], [2], [2]]],
  ["SELECT sum(a) OVER w FROM t WINDOW w AS (w ORDER BY a)", [[1], [3], [6], [10]]],
  ["SELECT a AS x FROM t WHERE EXISTS (SELECT 1 WHERE x > 3)", [[4]]],
  ["WITH c(x) AS (SELECT 2) SELECT a FROM t LIMIT (SELECT x FROM c)", [[1], [2]]],
  ["SELECT last_value(a) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM t", [[2], [3], [4], [4]]],
  [
    "SELECT first_value(a) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM t",
    [[2], [1], [2], [3]],
  ],
  ["SELECT count(*) FROM t, u WHERE t.id IN (SELECT x FROM u)", [[12]]],
  ["WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT max(i) FROM n", [[3000]]],
])("%s", (text, rows) => {
  expect(session.prepare(text).raw().all()).toEqual(rows);
});

test("a row that nobody asked for is not worked out", () => {
  const text = "SELECT abs(column1) FROM (VALUES (1), (-9223372036854775807 - 1))";
  expect(session.prepare(text).pluck().get()).toBe(1);
  expect(() => session.prepare(text).all()).toThrow("integer overflow");
});

test("rows that were given out need no room", () => {
  const small = new SqlSession(new MemoryStore(), { heldRows: 10, spillBytes: 0 });
  const text = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT max(i) FROM n";
  expect(small.prepare(text).pluck().get()).toBe(1000);
  expect(() => small.prepare("SELECT count(*) FROM (SELECT DISTINCT value FROM generate_series(1, 20))").get()).toThrow(
    expect.objectContaining({ code: "FULL" }),
  );
});

test("queries inside one another are bound once each", () => {
  const text = `SELECT ${"(SELECT ".repeat(60)}1${") = 1".repeat(60)}`;
  expect(session.prepare(text).pluck().get()).toBe(1);
});

test("chains of outer joins are planned in a moment", () => {
  const from = Array.from({ length: 40 }, (_, index) => `t AS t${index}`);
  const right = from.slice(1).map((term, index) => `RIGHT JOIN ${term} ON t${index}.id = t${index + 1}.id`);
  expect(
    session
      .prepare(`SELECT count(*) FROM ${from[0]} ${right.join(" ")}`)
      .pluck()
      .get(),
  ).toBe(4);
});

test("lists have no bound of their own", () => {
  const list = Array.from({ length: 200_000 }, (_, index) => index);
  expect(
    session
      .prepare(`SELECT count(*) FROM t, u WHERE t.id IN (${list.join(",")})`)
      .pluck()
      .get(),
  ).toBe(16);
});

test("what is too long for a key is in no row, and stands where it would", () => {
  const keyed = new SqlSession(new MemoryStore());
  keyed.exec("CREATE TABLE k (a TEXT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID");
  keyed.exec("INSERT INTO k VALUES ('a', 1), ('b', 2), ('bb', 3), ('c', 4)");
  const long = "b".repeat(5000);
  const found = (where: string, ...values: string[]): unknown =>
    keyed.prepare(`SELECT b FROM k, (SELECT 1) WHERE ${where} ORDER BY b`).pluck().all(values);
  expect(found("a = ?", long)).toEqual([]);
  expect(found("a IN (?, 'c')", long)).toEqual([4]);
  expect(found("a < ?", long)).toEqual([1, 2, 3]);
  expect(found("a > ?", long)).toEqual([4]);
  expect(found("a BETWEEN ? AND ?", "b", `${long}c`)).toEqual([2, 3]);
  expect(found("a = 'b' AND b > 1 AND a <= ?", long)).toEqual([2]);
  expect(() => keyed.prepare("INSERT INTO k VALUES (?, 1)").run(long)).toThrow(
    expect.objectContaining({ code: "INVALID" }),
  );
});

test("min() and max() over a window that moves take each row in once", () => {
  const rows = 20_000;
  const text = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    SELECT sum(low), sum(high) FROM (
      SELECT min(i * 7919 % 10007) OVER w AS low, max(i * 7919 % 10007) OVER w AS high
      FROM n WINDOW w AS (ORDER BY i ROWS BETWEEN 5000 PRECEDING AND CURRENT ROW))`;
  const values = Array.from({ length: rows + 1 }, (_, i) => (i * 7919) % 10007);
  let low = 0;
  let high = 0;
  for (let i = 0; i <= rows; i++) {
    const frame = values.slice(Math.max(0, i - 5000), i + 1);
    low += frame.reduce((a, b) => Math.min(a, b));
    high += frame.reduce((a, b) => Math.max(a, b));
  }
  expect(session.prepare(text).raw().get()).toEqual([low, high]);
});
