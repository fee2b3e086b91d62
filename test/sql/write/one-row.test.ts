/** Rows that are changed by their key, compiled and interpreted: the same answers, and the same bytes in tables and indexes. */
import { describe, expect, test } from "vitest";
import { DbError } from "../../../src/errors.ts";
import { seededRng } from "../../../src/random.ts";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

const ROWS = 12;
const CHANGES = 400;
const VALUES = [null, 0, 1, 2, -3, 2.5, "", "a", "A", "b ", 9007199254740993n, new Uint8Array([1, 0])];

const TABLES: Readonly<Record<string, string>> = {
  plain: "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT, c INTEGER)",
  indexed: `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT, c INTEGER);
    CREATE INDEX t_a ON t (a); CREATE INDEX t_b ON t (b COLLATE NOCASE DESC, c); CREATE INDEX t_e ON t (c + 1) WHERE a IS NOT NULL`,
  unique: `CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE, b TEXT, c INTEGER);
    CREATE UNIQUE INDEX t_bc ON t (b, c); CREATE UNIQUE INDEX t_p ON t (c) WHERE c > 0`,
  keyed: `CREATE TABLE t (id, a, b TEXT, c INTEGER CHECK (c <> 2), PRIMARY KEY (id DESC)) WITHOUT ROWID;
    CREATE INDEX t_a ON t (a); CREATE UNIQUE INDEX t_b ON t (b)`,
  generated: `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT NOT NULL DEFAULT '', c INTEGER, d AS (a || b) STORED, e AS (c + id));
    CREATE INDEX t_d ON t (d); CREATE UNIQUE INDEX t_e ON t (e)`,
};

const STATEMENTS = [
  "UPDATE t SET a = ? WHERE id = ?",
  "UPDATE t SET b = ?, c = 1 WHERE id = ?",
  "UPDATE OR IGNORE t SET c = ?, a = c WHERE id = ?",
  "UPDATE OR ROLLBACK t SET a = ?, b = b || a WHERE id = ? AND c IS NOT 1",
  "UPDATE t SET b = ? WHERE rowid = ?",
  "UPDATE t SET c = c + 1 WHERE a = ? AND id >= ?",
  "DELETE FROM t WHERE a = ? AND id = ?",
  "INSERT OR REPLACE INTO t (a, id) VALUES (?, ?)",
];

/** What a session says to a change: how many rows, or what is wrong. */
function outcome(sql: SqlSession, text: string, values: readonly (typeof VALUES)[number][]): unknown {
  try {
    return sql.prepare(text).run(...values).changes;
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return (error as DbError).message;
  }
}

describe.each(Object.keys(TABLES))("%s", (name) => {
  test.each([1, 2, 3])("seed %i", (seed) => {
    const rng = seededRng(seed);
    const pick = <T>(list: readonly T[]): T => list[rng.next() % list.length]!;
    const stores = [new MemoryStore(), new MemoryStore()] as const;
    const [compiled, interpreted] = [
      new SqlSession(stores[0], { tier: "compiled" }),
      new SqlSession(stores[1], { tier: "interpreted" }),
    ];
    const both = (text: string, ...values: (typeof VALUES)[number][]): void => {
      expect(outcome(compiled, text, values), text).toEqual(outcome(interpreted, text, values));
      expect(compiled.inTransaction).toBe(interpreted.inTransaction);
    };
    for (const text of TABLES[name]!.split(";\n").flatMap((part) => part.split("; "))) {
      both(text);
    }
    for (let id = 0; id < ROWS; id++) {
      both("INSERT OR IGNORE INTO t (id, a, b, c) VALUES (?, ?, ?, ?)", id, pick(VALUES), `${id}`, id * 3);
    }
    for (let change = 0; change < CHANGES; change++) {
      if (rng.next() % 20 === 0) {
        both(compiled.inTransaction ? pick(["COMMIT", "ROLLBACK"]) : "BEGIN");
      }
      both(pick(STATEMENTS), pick(VALUES), rng.next() % ROWS);
    }
    if (compiled.inTransaction) {
      both("COMMIT");
    }
    expect(stores[0].state.spaces).toEqual(stores[1].state.spaces);
  });
});
