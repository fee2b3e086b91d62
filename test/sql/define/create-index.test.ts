/** Indexes that are built out of many rows: the same entries however they are found, and all of them or none. */
import { describe, expect, test } from "vitest";
import { CrashDisk } from "../../../fuzz/disk/crash-disk.ts";
import { FaultDisk } from "../../../fuzz/disk/fault-disk.ts";
import { SimulatedClock } from "../../../fuzz/engine/simulated-clock.ts";
import { DbError } from "../../../src/errors.ts";
import { type Database, open, openOn } from "../../../src/mvcc/index.ts";
import { MemoryDisk } from "../../../src/pager/index.ts";
import { seededRng } from "../../../src/random.ts";
import { openSql, SqlSession } from "../../../src/sql/index.ts";
import { codeOfAsync, openOnDisk } from "../../mvcc/places.ts";
import { MemoryStore } from "../memory-store.ts";

/** Enough for pages. */
const ROWS = 10_000;
const TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT, n REAL)";
const INDEX = "CREATE INDEX t_word ON t (word, n)";

function fill(sql: SqlSession, rows: number): void {
  const insert = sql.prepare("INSERT INTO t (word, n) VALUES (?, ?)");
  sql.transaction(() => {
    for (let row = 0; row < rows; row++) {
      insert.run(`word ${(row * 7919) % 101}`, row / 2);
    }
  });
}

function databaseOf(rows: number): { readonly db: Database; readonly sql: SqlSession } {
  const db = open(":memory:");
  const sql = openSql(db);
  sql.exec(TABLE);
  fill(sql, rows);
  return { db, sql };
}

const numberOf = (sql: SqlSession, query: string): unknown => sql.prepare(query).pluck().get();

function isThere(sql: SqlSession): boolean {
  return numberOf(sql, "SELECT count(*) FROM sqlite_schema WHERE name = 't_word'") === 1;
}

/** The index has an entry for each row, at the row's place. */
function expectWhole(sql: SqlSession, rows: number): void {
  expect(numberOf(sql, "SELECT count(*) FROM t")).toBe(rows);
  expect(numberOf(sql, "SELECT count(*) FROM t INDEXED BY t_word WHERE word >= ''")).toBe(rows);
  const by = (from: string): unknown[] =>
    sql.prepare(`SELECT id, word FROM ${from} WHERE word >= '' ORDER BY word, n, id`).raw().all();
  expect(by("t INDEXED BY t_word")).toEqual(by("t NOT INDEXED"));
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return (error as DbError).code;
  }
  return "nothing thrown";
}

test("it is whole, follows what is written behind it, and stays", async () => {
  const disk = new MemoryDisk();
  {
    using db = openOnDisk(disk);
    const sql = openSql(db);
    sql.exec(TABLE);
    fill(sql, ROWS);
    const before = db.lastCommit;
    sql.exec(INDEX);
    expect(db.lastCommit).toBe(before + 3);
    expectWhole(sql, ROWS);
    sql.exec(
      "DELETE FROM t WHERE id % 3 = 0; UPDATE t SET word = 'new' WHERE id = 1; INSERT INTO t VALUES (-1, 'a', 1)",
    );
    await db.checkpoint();
    expectWhole(sql, ROWS - Math.floor(ROWS / 3) + 1);
    await db.check();
  }
  disk.unlock();
  using again = openOnDisk(disk);
  expectWhole(openSql(again), ROWS - Math.floor(ROWS / 3) + 1);
});

test("a crash at any moment leaves the whole index or none, and no page is lost", async () => {
  const disk = new CrashDisk();
  const db = openOnDisk(disk, { durability: "sync" });
  const sql = openSql(db);
  sql.exec(TABLE);
  // Frozen memtables wait that know nothing of the index.
  fill(sql, ROWS);
  for (let row = 0; row < 1500; row++) {
    sql.exec(`INSERT INTO t VALUES (${-1 - row}, 'more ${row}', ${row})`);
  }
  const begun = disk.operations;
  sql.exec(INDEX);
  const acknowledged = disk.operations;
  sql.exec("INSERT INTO t VALUES (1000000, 'late', 0)");
  db.close();
  const rng = seededRng(5);
  const seen = { all: 0, none: 0 };
  const ends = [acknowledged + 6, disk.operations - 3];
  for (let at = begun; at <= disk.operations; at += at > ends[0]! && at < ends[1]! ? 7 : 1) {
    const after = openOnDisk(disk.image(rng, at));
    const found = openSql(after);
    expect(isThere(found) || at < acknowledged).toBe(true);
    seen[isThere(found) ? "all" : "none"]++;
    const rows = numberOf(found, "SELECT count(*) FROM t") as number;
    expect(rows).toBeGreaterThanOrEqual(ROWS + 1500);
    if (isThere(found)) {
      expectWhole(found, rows);
      await after.checkpoint();
      expectWhole(found, rows);
    } else {
      found.exec(INDEX);
      expectWhole(found, rows);
    }
    await after.check();
    after.close();
  }
  expect(seen.all).toBeGreaterThan(5);
  expect(seen.none).toBeGreaterThan(5);
}, 120_000);

test("a checkpoint of what is older than the index leaves its pages alone", async () => {
  const clock = new SimulatedClock(1_700_000_000_000);
  const disk = new MemoryDisk();
  const db = openOn(
    { disk, clock, rng: seededRng(7) },
    { segmentBytes: 64 * 1024, backend: "pread", checkpoints: "inline" },
  );
  const sql = openSql(db);
  sql.exec(TABLE);
  fill(sql, ROWS);
  let row = 0;
  // One memtable waits for company.
  while (db.store.state.memtables.length < 4) {
    sql.exec(`INSERT INTO t (word) VALUES ('more ${row++}')`);
  }
  sql.exec(INDEX);
  expect(db.store.state.memtables.length).toBe(2);
  const { checkpoints } = db.store.checkpointer.stats();
  while (db.store.checkpointer.stats().checkpoints === checkpoints) {
    clock.pass(100);
    while (clock.run()) {}
  }
  expect(db.store.state.memtables.length).toBe(1);
  expectWhole(sql, ROWS + row);
  await db.check();
  db.close();
  using again = openOnDisk(disk);
  expectWhole(openSql(again), ROWS + row);
  await again.check();
});

test("whatever call fails, the index is whole or not there", async () => {
  const run = async (plan: object): Promise<{ disk: MemoryDisk; calls: number; outcome: string }> => {
    const inner = new MemoryDisk();
    const db = openOnDisk(inner);
    const sql = openSql(db);
    sql.exec(TABLE);
    fill(sql, ROWS);
    db.close();
    inner.unlock();
    const disk = new FaultDisk(inner, plan);
    const outcome = await codeOfAsync(
      (async () => {
        const again = openOnDisk(disk);
        try {
          openSql(again).exec(INDEX);
        } finally {
          again.close();
        }
      })(),
    );
    disk.heal();
    return { disk: inner, calls: disk.calls, outcome };
  };
  const { calls } = await run({});
  expect(calls).toBeGreaterThan(20);
  for (let failAt = 1; failAt <= calls; failAt++) {
    const { disk, outcome } = await run({ failAt });
    disk.unlock();
    using after = openOnDisk(disk);
    const sql = openSql(after);
    expect(isThere(sql) || outcome !== "nothing thrown").toBe(true);
    if (isThere(sql)) {
      expectWhole(sql, ROWS);
    }
    await after.check();
  }
}, 120_000);

describe("what does not commit is not there", () => {
  const isKept = (db: Database): boolean => db.store.catalog.find("sql/t_word") !== undefined;

  test("a transaction that throws", async () => {
    const { db, sql } = databaseOf(ROWS);
    expect(() =>
      sql.transaction(() => {
        sql.exec(INDEX);
        expectWhole(sql, ROWS);
        sql.exec("INSERT INTO t VALUES (-1, 'a', 1)");
        expectWhole(sql, ROWS + 1);
        throw new Error("enough");
      }),
    ).toThrow("enough");
    expect([isThere(sql), isKept(db)]).toEqual([false, false]);
    sql.exec(INDEX);
    expectWhole(sql, ROWS);
    await db.checkpoint();
    await db.check();
  });

  test("behind a savepoint that is gone back to", () => {
    const { db, sql } = databaseOf(ROWS);
    sql.transaction(() => {
      sql.exec(`SAVEPOINT s; ${INDEX}; ROLLBACK TO s`);
      expect(isThere(sql)).toBe(false);
      sql.exec("INSERT INTO t VALUES (-1, 'a', 1)");
    });
    expect([isThere(sql), isKept(db)]).toEqual([false, false]);
    expect(numberOf(sql, "SELECT count(*) FROM t")).toBe(ROWS + 1);
  });

  test("of columns that are not unique", () => {
    const { db, sql } = databaseOf(ROWS);
    expect(() => sql.exec("CREATE UNIQUE INDEX t_word ON t (word)")).toThrow("UNIQUE constraint failed: t.word");
    expect([isThere(sql), isKept(db)]).toEqual([false, false]);
  });

  test("dropped where it was made", () => {
    const { db, sql } = databaseOf(ROWS);
    sql.transaction(() => {
      sql.exec(`${INDEX}; DROP INDEX t_word`);
    });
    expect([isThere(sql), isKept(db)]).toEqual([false, false]);
  });
});

test.each(["BEGIN; ", "BEGIN; UPDATE t SET n = n + 1; "])("inside of a transaction: %s", (begin) => {
  const { sql } = databaseOf(ROWS);
  sql.exec(`${begin} ${INDEX}`);
  expectWhole(sql, ROWS);
  sql.exec("COMMIT");
  expectWhole(sql, ROWS);
});

test("behind a write of the same transaction, and beside rows that are being read", () => {
  const { sql } = databaseOf(ROWS);
  sql.transaction(() => {
    sql.exec("INSERT INTO t VALUES (-1, 'a', 1)");
    sql.exec(INDEX);
  });
  expectWhole(sql, ROWS + 1);
  sql.exec("DROP INDEX t_word");
  sql.transaction(() => {
    const rows = sql.prepare("SELECT id FROM t").pluck().iterate();
    rows.next();
    sql.exec(INDEX);
    expect([...rows].length).toBe(ROWS);
  });
  expectWhole(sql, ROWS + 1);
});

test("REINDEX of several", () => {
  const { sql } = databaseOf(ROWS);
  sql.exec(`${INDEX}; CREATE UNIQUE INDEX t_n ON t (n DESC); REINDEX`);
  expectWhole(sql, ROWS);
  expect(numberOf(sql, "SELECT count(*) FROM t INDEXED BY t_n WHERE n >= 0")).toBe(ROWS);
  sql.exec("UPDATE t SET word = 'x' WHERE id < 100");
  expectWhole(sql, ROWS);
});

test("a load of a map that is under way keeps it from pages, not from being made", async () => {
  const { db, sql } = databaseOf(ROWS);
  const map = db.map("m", { value: "string" });
  await map.load(
    (function* () {
      yield ["a", "1"] as const;
      sql.exec(INDEX);
      yield ["b", "2"] as const;
    })(),
  );
  expect(map.count()).toBe(2);
  expectWhole(sql, ROWS);
});

test("who began before and has written rows without entries cannot commit", () => {
  const { db, sql } = databaseOf(20);
  const other = openSql(db);
  other.exec("BEGIN; INSERT INTO t VALUES (-1, 'a', 1)");
  sql.exec(INDEX);
  expect(codeOf(() => other.exec("COMMIT"))).toBe("CONFLICT");
  expectWhole(sql, 20);
  other.exec("BEGIN; SELECT count(*) FROM t");
  sql.exec("CREATE TABLE u (a)");
  expect(codeOf(() => other.exec("COMMIT"))).toBe("nothing thrown");
});

describe.each([
  "CREATE INDEX i ON t (a)",
  "CREATE INDEX i ON t (b COLLATE NOCASE, a DESC)",
  "CREATE INDEX i ON t (b, a, c)",
  "CREATE INDEX i ON t (a + 1, length(b)) WHERE c IS NOT NULL AND b > 'A'",
  "CREATE UNIQUE INDEX i ON t (a, b, k)",
  "CREATE UNIQUE INDEX i ON t (c) WHERE c > 1500",
  "CREATE INDEX i ON t (d, c)",
])("%s", (definition) => {
  test.each([
    "CREATE TABLE t (k INTEGER PRIMARY KEY, a, b TEXT, c INTEGER)",
    "CREATE TABLE t (k, a, b TEXT, c INTEGER, PRIMARY KEY (k DESC)) WITHOUT ROWID",
  ])("the same entries, compiled and interpreted: %s", (table) => {
    const VALUES = [
      null,
      0,
      1,
      2.5,
      -7,
      1e300,
      9007199254740993n,
      "",
      "a",
      "A",
      "é",
      "a\0b",
      new Uint8Array([0, 1, 0]),
    ];
    const stores = (["compiled", "interpreted"] as const).map((tier) => {
      const store = new MemoryStore();
      const sql = new SqlSession(store, { tier });
      const rng = seededRng(9);
      const pick = (): (typeof VALUES)[number] => VALUES[rng.next() % VALUES.length]!;
      sql.exec(table);
      const insert = sql.prepare("INSERT INTO t (k, a, b, c) VALUES (?, ?, ?, ?)");
      sql.transaction(() => {
        for (let row = 0; row < 2000; row++) {
          insert.run(row, pick(), pick(), row);
          if (row === 1000) {
            sql.exec("ALTER TABLE t ADD COLUMN d TEXT DEFAULT 'older'");
          }
          if (row === 1500) {
            sql.exec("UPDATE t SET d = b WHERE k > 1400");
          }
        }
      });
      sql.exec(definition);
      return store;
    });
    expect(stores[0]!.state.spaces).toEqual(stores[1]!.state.spaces);
  });
});
