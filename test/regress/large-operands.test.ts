/**
 * Operands that are collected, since their function is not known where runs are merged, and so large that they lie in value
 * areas, were written anew whenever their part was rewritten. That left holes in the areas, for the sake of which the part
 * was rewritten again: compactions never came to an end.
 */
import { expect, it } from "vitest";
import { RunMerge } from "../../src/lsm/run-merge.ts";
import { Simulated } from "./simulated.ts";

const KEYS = 6;
const LENGTH = 1500;

it("large operands stay where they are when their part is rewritten", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map("texts", { engine: "lsm", value: "string", merge: (a: string, b: string) => a + b });
  for (let i = 0; i < KEYS; i++) {
    map.merge(`key ${i}`, "a".repeat(LENGTH));
    map.merge(`key ${i}`, "b".repeat(LENGTH));
  }
  await simulated.done(db.checkpoint());
  await simulated.done(db.store.checkpointer.tidy());
  const { runs } = [...db.store.state.manifests.values()][0]!;
  expect(runs.length).toBe(1);
  let dropped = 0;
  const merge = new RunMerge(db.store.pages, {
    inputs: [{ run: runs[0]!, rangeDeletes: [] }],
    lower: undefined,
    upper: undefined,
    isBottom: true,
    expiredBefore: 0,
    combine: undefined,
    onDropped: (_, bytes) => {
      dropped += bytes;
    },
  });
  let inAreas = 0;
  while (merge.next()) {
    inAreas += merge.areaPage === 0 ? 0 : 1;
  }
  expect([inAreas, dropped]).toEqual([KEYS, 0]);
  expect(map.get("key 0")).toBe("a".repeat(LENGTH) + "b".repeat(LENGTH));
  await simulated.done(db.check());
  db.close();
});
