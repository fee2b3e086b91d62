/** Which queries have a compiled form, and when it is made. */
import { describe, expect, test } from "vitest";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

const session = new SqlSession(new MemoryStore());
session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT); CREATE TABLE u (x, y)");

function code(query: string): string {
  return session.prepare(`EXPLAIN (CODEGEN) ${query}`).pluck().get() as string;
}

test.each([
  "SELECT a FROM t, u WHERE a = x",
  "SELECT a FROM t LEFT JOIN u ON a = x",
  "SELECT a FROM u LEFT JOIN t ON t.id = u.x",
  "SELECT a FROM u LEFT JOIN t ON t.id > u.x",
  "SELECT a FROM t WHERE id IN (SELECT x FROM u)",
  "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE x = a)",
  "SELECT (SELECT y FROM u WHERE x = a ORDER BY y LIMIT 1) FROM t",
  "SELECT a FROM t WHERE id = 1 OR id = 2",
  "SELECT n FROM (SELECT b, count(*) AS n FROM t GROUP BY b COLLATE NOCASE) ORDER BY b COLLATE NOCASE",
  "SELECT count(DISTINCT a), sum(a) FILTER (WHERE b > 'x'), group_concat(b) FROM t",
  "WITH c AS (SELECT a FROM t) SELECT * FROM c, c AS d WHERE c.a = d.a",
  "SELECT value FROM generate_series(1, 5)",
  "SELECT sum(a) OVER () FROM t",
  "SELECT b, rank() OVER (ORDER BY sum(a) DESC) FROM t GROUP BY b",
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n",
  "SELECT a FROM t WHERE a = (SELECT 1 UNION SELECT 2)",
])("compiled: %s", (query) => {
  expect(code(query)).toContain("(function select(reader, values, cursor, out, most) {");
});

test.each([
  "SELECT a FROM t FULL JOIN u ON a = x",
  "SELECT a FROM t LEFT JOIN (u AS v JOIN u AS w ON v.x = w.x) ON v.x > a",
  "SELECT a FROM t UNION SELECT x FROM u",
  "VALUES (1)",
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3 ORDER BY 1) SELECT i FROM n",
  "SELECT group_concat(b ORDER BY a) FROM t",
  "SELECT a FROM t WHERE (a, b) IN (SELECT x, y FROM u)",
  "SELECT a FROM t WHERE a = (SELECT x FROM u UNION SELECT t.b)",
])("interpreted: %s", (query) => {
  expect(code(query)).toBe("// this statement is not compiled");
});

describe("no text of a user becomes code", () => {
  test("names and literals of joins, subqueries and groups", () => {
    const name = "});process.exit(1);//";
    const hostile = new SqlSession(new MemoryStore(), { tier: "compiled" });
    const quoted = `"${name}"`;
    hostile.exec(`CREATE TABLE ${quoted} (${quoted} TEXT); INSERT INTO ${quoted} VALUES ('${name}')`);
    const query = `SELECT s.${quoted}, count(*) AS ${quoted} FROM ${quoted} AS s JOIN ${quoted} AS r ON r.${quoted} = s.${quoted}
      WHERE s.${quoted} IN (SELECT ${quoted} FROM ${quoted} WHERE ${quoted} = '${name}') GROUP BY s.${quoted} COLLATE NOCASE`;
    expect(hostile.prepare(query).raw().all()).toEqual([[name, 1]]);
    const shown = hostile.prepare(`EXPLAIN (CODEGEN) ${query}`).pluck().get() as string;
    expect(shown).not.toContain("process.exit");
  });
});
