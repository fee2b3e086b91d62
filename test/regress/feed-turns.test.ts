/** A feed that caught up held the event loop until it had: over commits that it passed over, and with a consumer that never waits. */
import { expect, it } from "vitest";
import { type ChangesOptions, type Database, open } from "../../src/index.ts";

/** How often others had their turn while a feed ran up to the key "end". */
async function turnsDuring(db: Database, options: ChangesOptions): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) {
      setImmediate(count);
    }
  };
  setImmediate(count);
  for await (const { changes } of db.changes(options)) {
    if (changes.some(({ key }) => key === "end")) {
      break;
    }
  }
  isOver = true;
  return turns;
}

it("others have their turn while a feed catches up", async () => {
  using db = open(":memory:");
  const since = db.lastCommit;
  const map = db.map<number>("passed over");
  db.write((tx) => {
    for (let i = 0; i < 50_000; i++) {
      tx.map<number>("passed over").put(`key ${i}`, i);
    }
  });
  for (let i = 0; i < 20_000; i++) {
    map.put("key", i);
  }
  db.map("asked for").put("end", 1);
  expect(await turnsDuring(db, { since, of: "asked for" })).toBeGreaterThan(5);
  expect(await turnsDuring(db, { since })).toBeGreaterThan(50);
});

it("others have their turn in the middle of a commit of long values, which is given as one", async () => {
  using db = open(":memory:");
  db.map("m");
  const since = db.lastCommit;
  const value = "x".repeat(30_000);
  db.write((tx) => {
    for (let i = 0; i < 300; i++) {
      tx.map<string>("m").put(i === 299 ? "end" : `key ${i}`, value);
    }
  });
  expect(await turnsDuring(db, { since })).toBeGreaterThan(10);
  const { value: item } = await db.changes({ since }).next();
  expect([item!.changes.length, item!.isWhole]).toEqual([300, true]);
});

it("a feed that catches up ends when the database is closed", async () => {
  const db = open(":memory:");
  const since = db.lastCommit;
  db.write((tx) => {
    for (let i = 0; i < 50_000; i++) {
      tx.map<number>("m").put(`key ${i}`, i);
    }
  });
  setImmediate(() => db.close());
  await expect(turnsDuring(db, { since })).rejects.toMatchObject({ code: "CLOSED" });
});
