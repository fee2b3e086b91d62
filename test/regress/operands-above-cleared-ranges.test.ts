/**
 * Runs were merged, the oldest of which had a range delete over the key of a newer one's operand: the operand was kept as
 * one that needs what is below, beside the range delete, and found what had been deleted.
 */
import { expect, it } from "vitest";
import type { DbMap } from "../../src/mvcc/index.ts";
import { Simulated } from "./simulated.ts";

it("an operand that came after a range delete is applied to nothing, once both are in one run", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<number>("numbers", { engine: "lsm", lsm: { compaction: "tiered" }, merge: "counter" });
  const flush = async (change: (map: DbMap<string, number>) => void) => {
    change(map);
    await simulated.done(db.checkpoint());
  };
  for (let i = 0; i < 4; i++) {
    await flush(() => map.put("key", 1000 + i));
  }
  await simulated.done(db.store.checkpointer.tidy());
  await flush(() => map.deleteRange({ gte: "k", lt: "l" }));
  await flush(() => map.merge("key", 5));
  await flush(() => map.put("a", 1));
  await flush(() => map.put("z", 1));
  expect(map.get("key")).toBe(5);
  await simulated.done(db.store.checkpointer.tidy());
  expect(map.get("key")).toBe(5);
  map.merge("key", 1);
  expect(map.range().toArray()).toEqual([
    ["a", 1],
    ["key", 6],
    ["z", 1],
  ]);
  await simulated.done(db.check());
  db.close();
});
