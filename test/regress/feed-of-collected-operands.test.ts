/**
 * What a transaction merges with a function that the application has not given yet is one operation of several operands. The
 * change feed took them for one, and broke at it each time that it was read.
 */
import { expect, it } from "vitest";
import type { Database } from "../../src/mvcc/index.ts";
import { Simulated } from "./simulated.ts";

const sum = (older: number, newer: number) => older + newer;

it("the feed gives each operand of a transaction", async () => {
  const simulated = new Simulated();
  const made = simulated.open().db;
  made.map("sums", { merge: sum }).put("a", 10);
  made.close();
  const { db } = simulated.open({ retainLogBytes: 1 << 20 });
  const since = db.lastCommit;
  await simulated.done(
    db.transaction((tx) => {
      const sums = tx.map<number>("sums");
      sums.merge("a", 1);
      sums.merge("a", 2);
      sums.put("b", 3);
      sums.merge("b", 4);
      sums.merge("b", 5);
    }),
  );
  expect(await simulated.done(changesOf(db, since))).toEqual([
    ["merge", "a", 1],
    ["merge", "a", 2],
    ["put", "b", 3],
    ["merge", "b", 4],
    ["merge", "b", 5],
  ]);
  const sums = db.map<number>("sums", { merge: sum });
  expect([sums.get("a"), sums.get("b")]).toEqual([13, 12]);
  db.close();
});

it("many operands of one key are given in parts", async () => {
  const simulated = new Simulated();
  const made = simulated.open().db;
  made.map("sums", { merge: sum });
  made.close();
  const { db } = simulated.open({ segmentBytes: 1 << 20 });
  const since = db.lastCommit;
  await simulated.done(
    db.transaction((tx) => {
      for (let i = 0; i < 1500; i++) {
        tx.map<number>("sums").merge("a", i);
      }
    }),
  );
  const feed = db.changes({ since });
  const first = (await simulated.done(feed.next())).value!;
  const second = (await simulated.done(feed.next())).value!;
  expect([first.isWhole, second.isWhole, first.changes.length + second.changes.length]).toEqual([false, true, 1500]);
  await feed.return();
  db.close();
});

async function changesOf(db: Database, since: number): Promise<unknown[]> {
  const feed = db.changes({ since });
  const { value } = await feed.next();
  await feed.return();
  return value!.changes.map(({ type, key, value: of }) => [type, key, of]);
}
