/** Workloads that write. Rows are inserted, updated and deleted twice, and the first time does not count, as with reads. */
import { performance } from "node:perf_hooks";
import { shuffling } from "../kv/dataset.ts";
import { verify } from "../kv/verify.ts";
import type { SqlEngine } from "./engine.ts";
import type { Workload } from "./reads.ts";
import { onceRate } from "./stopwatch.ts";

const ROWS = 100_000;
const DURABLE_MS = 1500;

export const WRITES: Readonly<Record<string, Workload>> = {
  insert: (engine) => {
    engine.exec("CREATE TABLE w (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL)");
    const insert = engine.prepare("INSERT INTO w VALUES (?, ?, ?, ?)");
    const insertOne = (i: number): unknown => insert.run(i, i % 1000, `name ${i}`, i / 3);
    within(engine, ROWS, insertOne);
    const rate = within(engine, ROWS, (i) => insertOne(ROWS + i));
    verify(countOf(engine) === 2 * ROWS, "rows inserted");
    return rate;
  },
  update: (engine) => {
    const update = engine.prepare("UPDATE w SET a = a + ?, c = ? WHERE id = ?");
    const next = shuffling(2 * ROWS);
    const updateOne = (i: number): unknown => update.run(1, i / 7, next());
    within(engine, ROWS, updateOne);
    return within(engine, ROWS, updateOne);
  },
  delete: (engine) => {
    const remove = engine.prepare("DELETE FROM w WHERE id = ?");
    within(engine, ROWS / 2, (i) => remove.run(i * 2));
    const rate = within(engine, ROWS / 2, (i) => remove.run(ROWS + i * 2));
    verify(countOf(engine) === ROWS, "rows left");
    return rate;
  },
  "create-index": (engine) => onceRate(1, () => engine.exec("CREATE INDEX t_c_b ON t (c, b)")),
  "add-column": (engine) => onceRate(1, () => engine.exec("ALTER TABLE t ADD COLUMN d INTEGER NOT NULL DEFAULT 7")),
};

/** One row a commit, each on disk before the next. */
export function measureDurable(engine: SqlEngine): number {
  engine.exec("CREATE TABLE d (id INTEGER PRIMARY KEY, a TEXT)");
  const insert = engine.prepare("INSERT INTO d VALUES (NULL, ?)");
  insert.run("first");
  const startedAt = performance.now();
  let rows = 0;
  while (performance.now() - startedAt < DURABLE_MS) {
    insert.run(`row ${rows++}`);
  }
  return (rows / (performance.now() - startedAt)) * 1000;
}

function within(engine: SqlEngine, times: number, work: (i: number) => unknown): number {
  const startedAt = performance.now();
  engine.within(() => {
    for (let i = 0; i < times; i++) {
      work(i);
    }
  });
  return (times / (performance.now() - startedAt)) * 1000;
}

function countOf(engine: SqlEngine): number {
  return (engine.prepare("SELECT count(*) AS n FROM w").get() as { n: number }).n;
}
