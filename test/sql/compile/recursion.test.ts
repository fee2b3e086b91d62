/** Recursive queries give the same rows compiled and interpreted. */
import { describe, expect, test } from "vitest";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

const store = new MemoryStore();
const interpreted = new SqlSession(store, { tier: "interpreted" });
const compiled = new SqlSession(store, { tier: "compiled" });
interpreted.exec(`CREATE TABLE e (src INTEGER, dst INTEGER);
  CREATE INDEX by_src ON e (src);
  INSERT INTO e WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 300)
    SELECT x % 50, (x * 7 + 3) % 50 FROM c`);

describe("as interpreted", () => {
  test.each([
    ["ten rows", "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 10) SELECT x FROM c"],
    [
      "VALUES before it, LIMIT behind it",
      "WITH RECURSIVE c(x, t) AS (VALUES (1, 'a'), (5, 'b') UNION ALL SELECT x + 1, t || x FROM c WHERE x < 10) SELECT * FROM c LIMIT 7 OFFSET 2",
    ],
    [
      "UNION, through an index",
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION SELECT dst FROM c JOIN e ON e.src = c.x) SELECT count(*), sum(x) FROM c",
    ],
    [
      "UNION by a collation",
      "WITH RECURSIVE c(t) AS (SELECT 'a' COLLATE NOCASE UNION SELECT upper(t) FROM c) SELECT t FROM c",
    ],
    [
      "without an end of its own",
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c LIMIT 5",
    ],
    [
      "LIMIT and OFFSET inside",
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 20 OFFSET 3) SELECT x FROM c",
    ],
    [
      "several steps, and more rows than the queue begins with",
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x * 2 FROM c WHERE x < 900 UNION ALL SELECT x * 3 FROM c WHERE x < 900) SELECT x FROM c",
    ],
    [
      "values of every type",
      "WITH RECURSIVE c(x, v) AS (SELECT 1, x'00ff' UNION ALL SELECT x + 1, CASE x WHEN 1 THEN 'text' WHEN 2 THEN 1.5 WHEN 3 THEN 9223372036854775807 WHEN 4 THEN NULL ELSE v END FROM c WHERE x < 6) SELECT x, v, typeof(v) FROM c",
    ],
    [
      "kept, and read twice",
      "WITH RECURSIVE c(x) AS (SELECT NULL UNION SELECT coalesce(x, 0) + 1 FROM c WHERE coalesce(x, 0) < 5) SELECT a.x, b.x FROM c a LEFT JOIN c b ON a.x = b.x",
    ],
    [
      "correlated",
      "SELECT src, (WITH RECURSIVE c(x) AS (SELECT e.dst UNION ALL SELECT x - 1 FROM c WHERE x > 0) SELECT sum(x) FROM c) FROM e ORDER BY 1, 2",
    ],
    [
      "with subqueries in its steps",
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < (SELECT max(src) FROM e) AND EXISTS (SELECT 1 FROM e WHERE src = x)) SELECT count(*) FROM c WHERE x IN (SELECT src FROM e)",
    ],
  ])("%s", (_, query) => {
    const rows = compiled.prepare(query).raw().all();
    expect(compiled.prepare(`EXPLAIN (CODEGEN) ${query}`).pluck().get()).toContain("RowQueue");
    expect(rows.length).toBeGreaterThan(0);
    expect(rows).toEqual(interpreted.prepare(query).raw().all());
  });
});

test("rows that wait have a bound", () => {
  const bounded = new SqlSession(store, { tier: "compiled", heldRows: 100 });
  const query =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c UNION ALL SELECT x FROM c) SELECT count(*) FROM c";
  expect(() => bounded.prepare(query).get()).toThrow("a statement may hold 100 rows (option heldRows)");
});
