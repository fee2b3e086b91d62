/** The rows of the table: what is measured, and by how much nacre is to be faster than its peer. */
import type { EngineName } from "./engine.ts";

export interface Metric {
  readonly id: string;
  readonly label: string;
  /** nacre's rate to its peer's; undefined: there is no goal. */
  readonly goal: number | undefined;
  readonly peer: EngineName;
  /** What is measured once for several rows. */
  readonly figure: string;
}

export const METRICS: readonly Metric[] = [
  ["point", "point select by primary key, as objects", 5],
  ["secondary", "… by secondary index", 3],
  ["range", "ranges of 100 rows", 3],
  ["group", "group-by scan", 8],
  ["filter", "filter scan", 8],
  ["order", "ORDER BY … LIMIT 10", undefined],
  ["join-2", "join of two tables by index", 3],
  ["join-3", "join of three tables by index", 3],
  ["hash-join", "join without an index", 5],
  ["json", "json_extract, scan", undefined],
  ["recursive", "recursive CTE, 1 M steps", undefined],
  ["window", "window functions, 100,000 rows", undefined],
  ["new-text", "prepare + get, a new text each time", 1],
  ["insert", "insert 100,000 rows in one transaction", 1.5],
  ["update", "update by key", 2],
  ["delete", "delete by key", undefined],
  ["create-index", "CREATE INDEX", 1.5],
  ["add-column", "ADD COLUMN NOT NULL DEFAULT", undefined],
  ["durable", "durable inserts, one by one", 1.2],
  ["tpch", "TPC-H, geometric mean of the 22 queries", 5],
  ["tpch-duckdb", "… beside DuckDB with one thread", 0.34, "duckdb", "tpch"],
  ["tpch-first", "… the first three times of each", undefined],
].map(([id, label, goal, peer = "better-sqlite3", figure = id]) => ({ id, label, goal, peer, figure }) as Metric);
