/** Functions that ask for what surrounds a statement: the time, chance, the session's changes; and calls by keyword. */
import { describe, expect, test } from "vitest";
import type { Clock } from "../../../src/clock.ts";
import { open } from "../../../src/mvcc/index.ts";
import { seededRng } from "../../../src/random.ts";
import { openSql, SqlSession } from "../../../src/sql/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { MemoryStore } from "../memory-store.ts";

/** A clock that goes on by a second whenever it is read. */
function tickingClock(startMs: number): Clock & { reads: number } {
  return {
    reads: 0,
    now(): number {
      return startMs + 1000 * this.reads++;
    },
    after(): () => void {
      throw new Error("nothing here waits");
    },
  };
}

const START_MS = Date.UTC(2024, 1, 29, 12, 34, 56, 789);

function value(session: SqlSession, expression: string): unknown {
  return session.prepare(`SELECT ${expression}`).pluck().get();
}

describe("the time", () => {
  test("now is the session's clock, in every form", () => {
    const at = (expression: string): unknown =>
      value(new SqlSession(new MemoryStore(), { clock: tickingClock(START_MS) }), expression);
    expect(at("datetime('now', 'subsec')")).toBe("2024-02-29 12:34:56.789");
    expect(at("strftime('%s')")).toBe("1709210096");
    expect(at("unixepoch()")).toBe(1709210096);
    expect(at("unixepoch('subsec')")).toBe(1709210096.789);
    expect(at("current_timestamp")).toBe("2024-02-29 12:34:56");
    expect(at("CURRENT_DATE || CURRENT_TIME")).toBe("2024-02-2912:34:56");
  });

  test("it stands still while a statement runs, and is not read by one that does not ask", () => {
    const clock = tickingClock(START_MS);
    const session = new SqlSession(new MemoryStore(), { clock });
    session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP)");
    expect(clock.reads).toBe(0);
    session.exec("INSERT INTO t (id) VALUES (1), (2), (3)");
    expect(clock.reads).toBe(1);
    expect(session.prepare("SELECT DISTINCT at FROM t").pluck().all()).toEqual(["2024-02-29 12:34:56"]);
    expect(session.prepare("SELECT count(*) FROM t WHERE at < time('now')").pluck().get()).toBe(0);
    expect(clock.reads).toBe(2);
  });

  test("a statement that is read in parts keeps its time, whatever runs between", () => {
    const session = new SqlSession(new MemoryStore(), { clock: tickingClock(START_MS) });
    session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    session.transaction(() => {
      const insert = session.prepare("INSERT INTO t VALUES (?)");
      for (let i = 0; i < 1000; i++) {
        insert.run(i);
      }
    });
    const times = new Set<unknown>();
    for (const time of session.prepare("SELECT time('now') FROM t").pluck().iterate()) {
      times.add(time);
      value(session, "time('now')");
    }
    expect([...times]).toEqual(["12:34:56"]);
  });

  test("a database lends its sessions its own clock", () => {
    using directory = temporaryDirectory();
    using database = open(directory.path, { durability: "relaxed" });
    const before = Date.now();
    const now = Number(value(openSql(database), "unixepoch('subsec') * 1000"));
    expect(now).toBeGreaterThanOrEqual(before - 1);
    expect(now).toBeLessThanOrEqual(Date.now() + 1);
  });

  test("localtime is the process's zone, and utc leads back", () => {
    const session = new SqlSession(new MemoryStore());
    const zone = process.env.TZ;
    try {
      process.env.TZ = "America/New_York";
      const rows = [
        ["datetime('2024-01-15 12:00', 'localtime')", "2024-01-15 07:00:00"],
        ["datetime('2024-07-15 12:00', 'localtime')", "2024-07-15 08:00:00"],
        ["datetime('2024-07-15 12:00', 'utc')", "2024-07-15 16:00:00"],
        ["datetime('2024-07-15 12:00', 'localtime', 'utc')", "2024-07-15 12:00:00"],
        ["datetime('2024-07-15 12:00Z', 'utc')", "2024-07-15 12:00:00"],
        ["datetime('2024-07-15 12:00', 'localtime', 'localtime')", "2024-07-15 08:00:00"],
        // Beyond 2037 the rules of a year before hold.
        ["datetime('2100-07-15 12:00', 'localtime')", "2100-07-15 08:00:00"],
        ["datetime('1850-01-15 12:00', 'localtime')", "1850-01-15 07:00:00"],
        // The hour that is left out in spring, and the one that comes twice in autumn.
        ["datetime('2024-03-10 02:30', 'utc')", "2024-03-10 07:30:00"],
        ["datetime('2024-11-03 01:30', 'utc')", "2024-11-03 05:30:00"],
      ];
      expect(rows.map(([expression]) => value(session, expression!))).toEqual(rows.map(([, answer]) => answer));
    } finally {
      process.env.TZ = zone ?? "UTC";
    }
  });
});

describe("chance", () => {
  test("comes from the session's source", () => {
    const draw = (expression: string): unknown =>
      value(new SqlSession(new MemoryStore(), { rng: seededRng(7) }), expression);
    expect(draw("random()")).toEqual(draw("random()"));
    expect(draw("hex(randomblob(9))")).toEqual(draw("hex(randomblob(9))"));
    expect(draw("length(randomblob(9))")).toBe(9);
    expect(draw("length(randomblob(-1))")).toBe(1);
  });

  test("never draws the integer that abs() refuses", () => {
    const lowest = {
      next: (
        (draws) => () =>
          draws++ % 2 === 0 ? 0x8000_0000 : 0
      )(0),
    };
    expect(value(new SqlSession(new MemoryStore(), { rng: lowest }), "random()")).toBe(0);
    const all = { next: (): number => 0xffff_ffff };
    expect(value(new SqlSession(new MemoryStore(), { rng: all }), "random()")).toBe(-(2n ** 63n) + 1n);
  });

  test("two calls are two draws, the alias of one is the same", () => {
    const session = new SqlSession(new MemoryStore(), { rng: seededRng(1) });
    session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    session.exec("INSERT INTO t VALUES (1), (2), (3), (4), (5), (6), (7), (8)");
    const ordered = session.prepare("SELECT random() AS r FROM t ORDER BY r").pluck().all() as (number | bigint)[];
    expect(ordered).toEqual([...ordered].sort((a, b) => (a < b ? -1 : 1)));
    const pairs = session.prepare("SELECT random(), random() FROM t").raw().all();
    expect(pairs.some(([a, b]) => a === b)).toBe(false);
    const shuffled = session.prepare("SELECT random() AS r FROM t ORDER BY random()").pluck().all();
    expect(shuffled).not.toEqual([...shuffled].sort((a, b) => (a! < b! ? -1 : 1)));
    const grouped = session.prepare("SELECT abs(random() % 2) AS r, count(*) FROM t GROUP BY r").raw().all();
    expect(grouped.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(8);
    expect(new Set(grouped.map(([r]) => r)).size).toBe(grouped.length);
  });
});

test("changes, total_changes and last_insert_rowid tell of statements that are over", () => {
  const session = new SqlSession(new MemoryStore());
  const told = (): unknown => session.prepare("SELECT changes(), total_changes(), last_insert_rowid()").raw().get();
  expect(told()).toEqual([0, 0, 0]);
  session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
  session.exec("INSERT INTO t (a) VALUES (1), (2), (3)");
  expect(told()).toEqual([3, 3, 3]);
  session.exec("UPDATE t SET a = changes() WHERE id < 3");
  expect(session.prepare("SELECT a FROM t").pluck().all()).toEqual([3, 3, 3]);
  expect(told()).toEqual([2, 5, 3]);
  expect(() => session.exec("INSERT INTO t VALUES (1, 1)")).toThrow("UNIQUE");
  expect(told()).toEqual([0, 5, 3]);
  session.exec("INSERT OR IGNORE INTO t VALUES (2, 1)");
  expect(told()).toEqual([0, 5, 3]);
  session.exec("DELETE FROM t");
  expect(told()).toEqual([3, 8, 3]);
  session.exec("CREATE TABLE u (a)");
  expect(told()).toEqual([3, 8, 3]);
});

test("the dialect and its options", () => {
  const session = new SqlSession(new MemoryStore());
  expect(value(session, "sqlite_version()")).toBe("3.53.2");
  expect(value(session, "sqlite_source_id()")).toMatch(/^2026-06-03 /);
  expect(value(session, "sqlite_compileoption_used('SQLITE_SOUNDEX')")).toBe(1);
  expect(value(session, "sqlite_compileoption_used('max_length')")).toBe(1);
  expect(value(session, "sqlite_compileoption_used('MAX_LEN')")).toBe(0);
  expect(value(session, "sqlite_compileoption_used(NULL)")).toBe(null);
  expect(value(session, "sqlite_compileoption_get(0)")).toBe("DQS=0");
  expect(value(session, "sqlite_compileoption_get(-1)")).toBe(null);
});
