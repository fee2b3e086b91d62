/**
 * Each map takes a node of a segment's index, however few entries it has. The index of a recovered segment went by the
 * size of what was recovered, and that of a record that moved to a new segment by the segment's.
 */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

const NAMES = Array.from({ length: 60 }, (_, i) => `map ${i}`);

it("a short segment with an entry for each of many maps is recovered", () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  for (const name of NAMES) {
    db.map(name).put("key", name);
  }
  simulated.abandon();
  const { db: again } = simulated.open();
  expect(NAMES.map((name) => again.map(name).get("key"))).toEqual(NAMES);
});

it("a record with an entry for each of many maps moves to the next segment", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  for (const name of NAMES) {
    db.map(name);
  }
  const drained = db.checkpoint();
  await simulated.run(2000);
  await drained;
  db.map("first").put("key", 1);
  db.write((tx) => {
    for (const name of NAMES) {
      tx.map(name).put("key", 2);
    }
  });
  expect(NAMES.every((name) => db.map(name).get("key") === 2)).toBe(true);
});
