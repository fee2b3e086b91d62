/** Workloads that read. */
import { drawing } from "../kv/dataset.ts";
import { verify } from "../kv/verify.ts";
import type { SqlEngine } from "./engine.ts";
import { medianRate, rateOf } from "./stopwatch.ts";
import type { Sizes } from "./tables.ts";

const LOOKUPS = 200_000;
const RANGES = 5000;
const NEW_TEXTS = 5000;
const PASSES = 5;

export type Workload = (engine: SqlEngine, sizes: Sizes) => number | Promise<number>;

export const READS: Readonly<Record<string, Workload>> = {
  point: (engine, { rows }) => {
    const select = engine.prepare("SELECT * FROM t WHERE id = ?");
    const draw = drawing(rows, 23);
    const ids = Array.from({ length: LOOKUPS }, draw);
    let found = 0;
    const rate = rateOf(LOOKUPS, (i) => {
      found += (select.get(ids[i]) as { id: number }).id === ids[i] ? 1 : 0;
    });
    verify(found === 2 * LOOKUPS, `${found} rows found twice of ${LOOKUPS}`);
    return rate;
  },
  secondary: (engine, { rows }) => {
    const customers = Math.max(100, rows / 50);
    const select = engine.prepare("SELECT * FROM orders WHERE customer = ?");
    const draw = drawing(customers, 29);
    const ids = Array.from({ length: LOOKUPS / 4 }, draw);
    let found = 0;
    const rate = rateOf(ids.length, (i) => {
      found += select.all(ids[i]).length;
    });
    verify(found > ids.length, `${found} orders of ${ids.length} customers`);
    return rate;
  },
  range: (engine, { rows }) => {
    const select = engine.prepare("SELECT * FROM t WHERE id >= ? AND id < ?");
    const draw = drawing(rows - 100, 31);
    let found = 0;
    const rate = rateOf(RANGES, () => {
      const from = draw();
      found += select.all(from, from + 100).length;
    });
    verify(found === 2 * RANGES * 100, `${found} rows in ranges`);
    return rate;
  },
  group: (engine, { rows }) =>
    scan(engine, "SELECT c, sum(b) AS total, count(*) AS n FROM t WHERE a < 500 GROUP BY c", (found) => {
      const counted = (found as { n: number }[]).reduce((sum, { n }) => sum + n, 0);
      verify(counted === rows / 2, `${counted} rows grouped`);
    }),
  filter: (engine, { rows }) =>
    scan(engine, "SELECT id, b FROM t WHERE a = 77 AND b >= 0", (found) => {
      verify(found.length === rows / 1000, `${found.length} rows filtered`);
    }),
  order: (engine) =>
    scan(engine, "SELECT id, b FROM t ORDER BY b DESC, id LIMIT 10", (found) => {
      verify(found.length === 10, `${found.length} rows of ORDER BY LIMIT`);
    }),
  "join-2": (engine) =>
    scan(
      engine,
      "SELECT c.name, count(*) AS n FROM customers c JOIN orders o ON o.customer = c.id WHERE c.city BETWEEN 10 AND 30 GROUP BY c.id",
      (found) => verify(found.length > 10, `${found.length} customers joined`),
    ),
  "join-3": (engine) =>
    scan(
      engine,
      `SELECT c.city, sum(i.price) AS total FROM customers c JOIN orders o ON o.customer = c.id JOIN items i ON i."order" = o.id
       WHERE c.city < 20 GROUP BY c.city`,
      (found) => verify(found.length === 20, `${found.length} cities joined`),
    ),
  "hash-join": (engine, { rows }) =>
    scan(
      engine,
      "SELECT count(*) AS n, sum(t.b * codes.weight) AS total FROM t JOIN codes ON codes.code = t.a",
      (found) => {
        const { n } = found[0] as { n: number };
        verify(n === rows / 2, `${n} rows joined by hash`);
      },
    ),
  json: (engine, { rows }) =>
    scan(engine, "SELECT sum(json_extract(body, '$.size.width')) AS total, count(*) AS n FROM documents", (found) => {
      verify((found[0] as { n: number }).n === rows / 20, "documents read");
    }),
  recursive: (engine) =>
    scan(
      engine,
      "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000) SELECT sum(x) AS s FROM c",
      (found) => {
        verify((found[0] as { s: number }).s === 500_000_500_000, "sum of a recursive query");
      },
    ),
  window: (engine) =>
    scan(
      engine,
      `SELECT sum(r) AS s, max(running) AS m FROM (
         SELECT row_number() OVER (PARTITION BY a ORDER BY b) AS r, sum(b) OVER (PARTITION BY a ORDER BY b) AS running FROM t WHERE id < 100000)`,
      (found) => verify(found.length === 1, "window functions"),
    ),
  "new-text": (engine, { rows }) => {
    let found = 0;
    let text = 0;
    const rate = rateOf(NEW_TEXTS, (i) => {
      text++;
      const row = engine
        .prepare(`SELECT id, c, a + ${text} AS sum${text} FROM t WHERE id = ${i % rows} AND a >= 0`)
        .get();
      found += row === undefined ? 0 : 1;
    });
    verify(found === 2 * NEW_TEXTS, `${found} rows of new texts`);
    return rate;
  },
};

function scan(engine: SqlEngine, text: string, check: (rows: unknown[]) => void): Promise<number> {
  const select = engine.prepare(text);
  return medianRate(PASSES, () => check(select.all()));
}
