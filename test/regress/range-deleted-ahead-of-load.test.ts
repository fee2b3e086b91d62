/** A range that was deleted between a load's checkpoint and its hold was taken for newer than what was loaded. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("what is loaded lies above ranges that were deleted before", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<number>("numbers", { engine: "lsm" });
  map.put("b", 1);
  const loaded = map.load([["a", 2] as const, ["b", 2] as const]);
  map.deleteRange();
  await simulated.done(loaded);
  expect(map.range().toArray()).toEqual([
    ["a", 2],
    ["b", 2],
  ]);
  await simulated.done(db.checkpoint());
  expect(map.count()).toBe(2);
  db.close();
});

it("a tree is not built where a range was deleted just now", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<number>("numbers");
  const loaded = map.load([["a", 2] as const]);
  map.deleteRange();
  await expect(simulated.done(loaded)).rejects.toThrow(expect.objectContaining({ code: "INVALID" }));
  expect(map.count()).toBe(0);
  db.close();
});
