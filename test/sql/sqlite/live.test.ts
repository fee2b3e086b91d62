/** What better-sqlite3 does not have: for await over rows, and live queries. */
import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import Database from "../../../src/sqlite.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

let db: Database.Database;

beforeEach(() => {
  db = new Database(":memory:");
  db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x'), (2, 'y')");
});

/** A few turns of the event loop: as long as anything takes that waits for one. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await turn();
  }
}

async function listOf<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const list: Row[] = [];
  for await (const row of rows) {
    list.push(row);
  }
  return list;
}

describe("iterateAsync", () => {
  it("gives the rows of a snapshot, in every form, while the connection is used", async () => {
    const statement = db.prepare<[], { id: number }>("SELECT id FROM t ORDER BY id");
    const seen: unknown[] = [];
    for await (const { id } of statement.iterateAsync()) {
      seen.push(id);
      db.exec("INSERT INTO t (a) VALUES ('more')");
      expect(statement.busy).toBe(false);
      expect(statement.all().length).toBeGreaterThan(2);
    }
    expect(seen).toEqual([1, 2]);
    const raw = db.prepare("SELECT id, a FROM t WHERE id < ?").raw().safeIntegers();
    expect(await listOf(raw.iterateAsync(2))).toEqual([[1n, "x"]]);
    expect(await listOf(raw.bind(3).iterateAsync())).toHaveLength(2);
  });

  it("lets the event loop turn", async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    const rows = db.prepare("SELECT value, hex(randomblob(200)) FROM generate_series(1, 30000)");
    let number = 0;
    for await (const _ of rows.iterateAsync()) {
      number++;
    }
    isOver = true;
    expect(number).toBe(30_000);
    expect(turns).toBeGreaterThan(3);
  });

  it("lets go of its snapshot, ends with the connection, and is refused in a transaction", async () => {
    const statement = db.prepare("SELECT * FROM t");
    for await (const _ of statement.iterateAsync()) {
      break;
    }
    const rows = statement.iterateAsync();
    await rows.next();
    db.exec("BEGIN");
    expect(() => statement.iterateAsync()).toThrow(TypeError);
    db.exec("COMMIT");
    expect(() => db.prepare("DELETE FROM t RETURNING id").iterateAsync()).toThrow(TypeError);
    db.close();
    await expect(rows.next()).rejects.toThrow(new TypeError("The database connection is not open"));
    expect(() => statement.iterateAsync()).toThrow(TypeError);
  });

  it("rejects with what a function throws", async () => {
    const error = new Error("no");
    db.function("fail", (id: number) => {
      if (id === 2) {
        throw error;
      }
      return id;
    });
    const rows = db.prepare("SELECT fail(id) FROM t").pluck().iterateAsync();
    expect(await rows.next()).toEqual({ value: 1, done: false });
    await expect(rows.next()).rejects.toBe(error);
  });
});

describe("live", () => {
  it("shows the rows at once, and after commits that change a table that it reads", async () => {
    using directory = temporaryDirectory();
    const one = new Database(directory.path);
    const two = new Database(directory.path);
    one.exec("CREATE TABLE t (a); CREATE TABLE u (a); CREATE TABLE other (a); INSERT INTO t VALUES (1)");
    const shown: unknown[] = [];
    const query = one.live<{ n: number }>(
      "SELECT count(*) AS n FROM t WHERE a > ? AND a NOT IN (SELECT a FROM u)",
      [0],
      ([row]) => shown.push(row!.n),
    );
    expect(shown).toEqual([1]);
    two.exec("INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)");
    expect(shown).toEqual([1]);
    await settle();
    expect(shown).toEqual([1, 3]);
    two.exec("INSERT INTO other VALUES (1)");
    one.exec("BEGIN; DELETE FROM t");
    await settle();
    expect(shown).toEqual([1, 3]);
    two.exec("INSERT INTO u VALUES (2)");
    await settle();
    expect(shown).toEqual([1, 3, 2]);
    one.exec("ROLLBACK");
    query.stop();
    await query.ended;
    two.exec("DELETE FROM t");
    await settle();
    expect(shown).toEqual([1, 3, 2]);
    one.close();
    two.close();
  });

  it("uses the connection's functions, named parameters, and ends with it", async () => {
    db.function("twice", (value: number) => value * 2);
    const shown: unknown[] = [];
    const query = db.live("SELECT twice(id) AS d FROM t WHERE a = @a", { a: "x" }, (rows) => shown.push(rows));
    db.exec("UPDATE t SET a = 'x'");
    await settle();
    expect(shown).toEqual([[{ d: 2 }], [{ d: 2 }, { d: 4 }]]);
    db.close();
    await query.ended;
  });

  it("says what goes wrong: at once, or when it ends", async () => {
    expect(() => db.live("SELECT * FROM nope", [], () => {})).toThrow("no such table: nope");
    expect(() => db.live("DELETE FROM t", [], () => {})).toThrow(TypeError);
    expect(() => db.live("SELECT ?", [], () => {})).toThrow(RangeError);
    const error = new Error("no");
    expect(() =>
      db.live("SELECT * FROM t", [], () => {
        throw error;
      }),
    ).toThrow(error);
    let calls = 0;
    const failing = db.live("SELECT * FROM t", [], () => {
      if (++calls === 2) {
        throw error;
      }
    });
    const dropped = db.live("SELECT * FROM t", [], () => {});
    db.exec("DELETE FROM t");
    await expect(failing.ended).rejects.toBe(error);
    db.exec("DROP TABLE t");
    await expect(dropped.ended).rejects.toThrow("no such table: t");
    db.exec("CREATE TABLE t (a)");
  });
});
