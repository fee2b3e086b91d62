/** Rowids beyond ±2^53 (those of many services are) are told apart in one statement and one transaction, too. */
import { expect, it } from "vitest";
import { SqlSession } from "../../src/sql/index.ts";
import { MemoryStore } from "../sql/memory-store.ts";

const ID = 1_500_000_000_000_000_000n;

function withRows(...ids: readonly bigint[]): SqlSession {
  const session = new SqlSession(new MemoryStore());
  session.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
  session.exec(`INSERT INTO t VALUES ${ids.map((id) => `(${id}, 'first')`).join(", ")}`);
  return session;
}

it.each([[0n], [1n], [3n]])(
  "a rowid that is there is refused in a statement of several rows, %s after the first",
  (by) => {
    const session = withRows(ID, ID + 1n, ID + 3n);
    for (const values of [`(5, 'new'), (${ID + by}, 'again')`, `(${ID + 4n}, 'new'), (${ID + by}, 'again')`]) {
      expect(() => session.exec(`INSERT INTO t VALUES ${values}`)).toThrow("UNIQUE constraint failed: t.id");
    }
    expect(session.query("SELECT count(*) AS rows FROM t WHERE name = 'first'")).toEqual([{ rows: 3 }]);
    expect(() => session.exec(`INSERT INTO t VALUES (${-ID}, ''), (${-ID}, '')`)).toThrow("UNIQUE");
  },
);

it("a rowid that is there is refused later in a transaction", () => {
  const session = withRows(ID, ID + 1n);
  session.exec("BEGIN");
  for (const id of [7n, ID + 2n, ID + 5n]) {
    session.exec(`INSERT INTO t VALUES (${id}, 'new')`);
  }
  expect(() => session.exec(`INSERT INTO t VALUES (${ID}, 'again')`)).toThrow("UNIQUE");
  expect(session.exec(`INSERT OR IGNORE INTO t VALUES (${ID + 5n}, 'again')`).changes).toBe(0);
  session.exec("COMMIT");
  expect(session.query("SELECT count(*) AS rows FROM t")).toEqual([{ rows: 5 }]);
});

it("a rowid is made up only where it can be told from the one before", () => {
  const session = withRows(-(2n ** 63n) + 1n, -(2n ** 63n));
  expect(() => session.exec("INSERT INTO t (name) VALUES ('new')")).toThrow("beyond ±2^53");
  session.exec("INSERT INTO t VALUES (-8, 'eighth'), (NULL, 'seventh')");
  expect(session.query("SELECT id FROM t WHERE name <> 'first'")).toEqual([{ id: -8 }, { id: -7 }]);
});
