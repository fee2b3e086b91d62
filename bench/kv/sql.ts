/**
 * The SQL rows: one table of a million rows, a prepared SELECT by primary key and a GROUP BY over all of it.
 *
 * Both engines run the same texts and give rows as objects. The table is checkpointed before it is read, each statement
 * runs untimed first, and what they answer is compared with what the rows were made from.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { open } from "../../src/mvcc/index.ts";
import { openSql } from "../../src/sql/index.ts";
import { drawing } from "./dataset.ts";
import type { EngineName } from "./engine.ts";
import type { Figures } from "./metrics.ts";
import { requirePeer } from "./peers.ts";
import { verify } from "./verify.ts";

const ROWS = 1_000_000;
const ROWS_A_COMMIT = 50_000;
const POINTS = 300_000;
const GROUPINGS = 15;
const WORDS = ["alpha", "beta", "gamma", "delta", "epsilon"];
const CREATE = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b REAL, c TEXT)";
const INSERT = "INSERT INTO t VALUES (?, ?, ?, ?)";
const POINT = "SELECT * FROM t WHERE id = ?";
const GROUP = "SELECT c, sum(b) AS total, count(*) AS n FROM t WHERE a < 500 GROUP BY c";

interface Statement {
  get(...parameters: unknown[]): unknown;
  all(): unknown[];
  run(...parameters: unknown[]): unknown;
}

/** What both engines have; better-sqlite3's own interface is of this shape. */
interface SqlEngine {
  prepare(text: string): Statement;
  /** Runs `work` as one transaction. */
  within(work: () => void): void;
  /** Puts what the log holds into the tables' own pages. */
  settle(): Promise<void>;
  close(): void;
}

export async function measureSql(name: EngineName, directory: string): Promise<Figures> {
  mkdirSync(directory, { recursive: true });
  const engine = name === "nacre" ? openNacre(join(directory, "sql.nacre")) : openSqlite(join(directory, "sql.db"));
  engine.prepare(CREATE).run();
  const insert = engine.prepare(INSERT);
  for (let first = 0; first < ROWS; first += ROWS_A_COMMIT) {
    engine.within(() => {
      for (let id = first; id < first + ROWS_A_COMMIT; id++) {
        insert.run(id, id % 1000, id * 0.5, WORDS[id % WORDS.length]);
      }
    });
  }
  await engine.settle();
  const figures: Figures = { "sql-point": measurePoints(engine), "sql-group": measureGroups(engine) };
  engine.close();
  return figures;
}

function measurePoints(engine: SqlEngine): number {
  const select = engine.prepare(POINT);
  const draw = drawing(ROWS, 23);
  const ids = Array.from({ length: POINTS }, draw);
  let elapsedMs = 0;
  for (let pass = 0; pass < 2; pass++) {
    let found = 0;
    const startedAt = performance.now();
    for (const id of ids) {
      found += (select.get(id) as { id: number }).id === id ? 1 : 0;
    }
    elapsedMs = performance.now() - startedAt;
    verify(found === POINTS, `${found} rows of ${POINTS} by primary key`);
  }
  return (POINTS / elapsedMs) * 1000;
}

/** The median duration of one GROUP BY, as a rate, so that more is better as everywhere. */
function measureGroups(engine: SqlEngine): number {
  const select = engine.prepare(GROUP);
  const durations: number[] = [];
  for (let pass = 0; pass < GROUPINGS; pass++) {
    const startedAt = performance.now();
    const groups = select.all() as { c: string; n: number }[];
    durations.push(performance.now() - startedAt);
    const counted = groups.reduce((sum, group) => sum + group.n, 0);
    verify(groups.length === WORDS.length && counted === ROWS / 2, `${groups.length} groups of ${counted} rows`);
  }
  durations.sort((a, b) => a - b);
  return 1000 / durations[GROUPINGS >> 1]!;
}

function openNacre(path: string): SqlEngine {
  const db = open(path, { durability: "relaxed" });
  const session = openSql(db);
  return {
    prepare: (text) => session.prepare(text) as unknown as Statement,
    within: (work) => session.transaction(work),
    settle: () => db.checkpoint(),
    close: () => db.close(),
  };
}

interface SqliteDatabase {
  prepare(text: string): Statement;
  transaction(work: () => void): () => void;
  pragma(text: string): unknown;
  close(): void;
}

function openSqlite(path: string): SqlEngine {
  const Sqlite = requirePeer<new (path: string) => SqliteDatabase>("better-sqlite3");
  const db = new Sqlite(path);
  for (const pragma of ["journal_mode=WAL", "synchronous=OFF", "cache_size=-262144", "mmap_size=1073741824"]) {
    db.pragma(pragma);
  }
  return {
    prepare: (text) => db.prepare(text),
    within: (work) => db.transaction(work)(),
    settle: async () => {
      db.pragma("wal_checkpoint(TRUNCATE)");
    },
    close: () => db.close(),
  };
}
