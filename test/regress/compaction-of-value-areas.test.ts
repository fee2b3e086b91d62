/**
 * A compaction of the file ended when two steps in a row had made it longer, as they do where value areas find room only at
 * the end: every third one left more than an area's room free.
 */
import { expect, it } from "vitest";
import { readFreeList } from "../../src/mvcc/free-list.ts";
import { PAGE_SIZE } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { Simulated } from "./simulated.ts";

const LENGTHS = [100, 3000, 9000, 30_000, 39_000];
const FEW_PAGES = 12;
/** An area takes half of a file at the most. */
const AREA_PAGES = 16;
const FILE_BYTES = 2 * AREA_PAGES * PAGE_SIZE;
const ROUNDS = 40;

it("compactions rarely leave room in which a value area would fit", async () => {
  let sparse = 0;
  for (let seed = 1; seed <= ROUNDS; seed++) {
    sparse += (await leavesRoom(seed)) ? 1 : 0;
  }
  expect(sparse).toBeLessThanOrEqual(ROUNDS / 10);
});

async function leavesRoom(seed: number): Promise<boolean> {
  const simulated = new Simulated();
  const { db } = simulated.open({ segmentBytes: 64 * 1024, fileBytes: FILE_BYTES });
  const map = db.map<string>("texts", { engine: "lsm" });
  const rng = seededRng(seed);
  for (let i = 0; i < 80; i++) {
    const key = `key ${rng.next() % 40}`;
    if (rng.next() % 3 === 0) {
      map.delete(key);
    } else {
      map.put(key, "x".repeat(LENGTHS[rng.next() % LENGTHS.length]!));
    }
    await simulated.run(rng.next() % 4 === 0 ? 2000 : 0);
  }
  await simulated.done(db.compact());
  const { pages, checkpointer } = db.store;
  const gaps = readFreeList(pages, checkpointer.meta).runs();
  const isDense = checkpointer.stats().pagesFree <= FEW_PAGES || gaps.every(({ count }) => count <= AREA_PAGES);
  db.close();
  return !isDense;
}
