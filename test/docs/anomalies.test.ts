/** The table of anomalies in docs/architecture.md: each is made to happen, or shown not to. */
import { describe, expect, test } from "vitest";
import { type Database, type Isolation, open, type Transaction } from "../../src/index.ts";

const CONFLICT = "CONFLICT";

/** x and y are 1; nothing begins with p. */
function database(): Database {
  const db = open(":memory:");
  set(db, { x: 1, y: 1 });
  return db;
}

function set(db: Database, values: Readonly<Record<string, number>>): void {
  db.write((tx) => {
    for (const [key, value] of Object.entries(values)) {
      tx.map<number>("m").put(key, value);
    }
  });
}

function get({ map }: Pick<Transaction, "map">, key: string): number | undefined {
  return map<number>("m").get(key);
}

function put({ map }: Pick<Transaction, "map">, key: string, value: number): void {
  map<number>("m").put(key, value);
}

/** What the second of two transactions comes to when both commit. */
async function outcome(first: Transaction, second: Transaction): Promise<string> {
  await first.commit();
  return await second.commit().then(
    () => "both commit",
    (error: { code: string }) => error.code,
  );
}

describe.each(["snapshot", "serializable"] as const)("%s", (isolation: Isolation) => {
  const isSerializable = isolation === "serializable";

  test("dirty write: the second is refused", async () => {
    using db = database();
    const [a, b] = [db.begin({ isolation }), db.begin({ isolation })];
    put(a, "x", 2);
    put(b, "x", 3);
    expect(await outcome(a, b)).toBe(CONFLICT);
    expect(get(db, "x")).toBe(2);
  });

  test("dirty read: what is not committed is not seen", () => {
    using db = database();
    const [a, b] = [db.begin({ isolation }), db.begin({ isolation })];
    put(a, "x", 2);
    expect([get(b, "x"), get(db, "x")]).toEqual([1, 1]);
    a.rollback();
    expect(get(db, "x")).toBe(1);
  });

  test("fuzzy read, read skew, phantom: all reads are of one moment", async () => {
    using db = database();
    const a = db.begin({ isolation });
    expect([get(a, "x"), a.map("m").count({ prefix: "p" })]).toEqual([1, 0]);
    set(db, { x: 5, y: 5, p1: 1 });
    expect([get(a, "x"), get(a, "y"), a.map("m").count({ prefix: "p" })]).toEqual([1, 1, 0]);
    await expect(a.commit()).resolves.toBeUndefined(); // who only reads never conflicts
  });

  test("lost update: the second is refused", async () => {
    using db = database();
    const [a, b] = [db.begin({ isolation }), db.begin({ isolation })];
    put(a, "x", get(a, "x")! + 1);
    put(b, "x", get(b, "x")! + 1);
    expect(await outcome(a, b)).toBe(CONFLICT);
  });

  test("write skew", async () => {
    using db = database();
    const [a, b] = [db.begin({ isolation }), db.begin({ isolation })];
    put(a, "x", get(a, "y")! - 1);
    put(b, "y", get(b, "x")! - 1);
    expect(await outcome(a, b)).toBe(isSerializable ? CONFLICT : "both commit");
  });

  test("write skew over a range that both find empty", async () => {
    using db = database();
    const [a, b] = [db.begin({ isolation }), db.begin({ isolation })];
    put(a, "p1", a.map("m").count({ prefix: "p" }));
    put(b, "p2", b.map("m").count({ prefix: "p" }));
    expect(await outcome(a, b)).toBe(isSerializable ? CONFLICT : "both commit");
  });
});

test("write skew is prevented where the later one to commit is serializable", async () => {
  using db = database();
  const [a, b] = [db.begin(), db.begin({ isolation: "serializable" })];
  put(a, "x", get(a, "y")! - 1);
  put(b, "y", get(b, "x")! - 1);
  expect(await outcome(a, b)).toBe(CONFLICT);
});
