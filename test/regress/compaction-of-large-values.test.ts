/**
 * A compaction that moved large values could end while they lay at the end of the file, above room that they had left: it
 * stopped the second time that one of its steps made the file longer, although each time it had become shorter after all.
 */
import { expect, it } from "vitest";
import { readFreeList } from "../../src/mvcc/free-list.ts";
import { seededRng } from "../../src/random.ts";
import { Simulated } from "./simulated.ts";

const LENGTHS = [100, 3000, 9000, 30_000, 39_000];
const FEW_PAGES = 12;
const LARGEST_VALUE_PAGES = 5;

it("a compaction leaves no room in which a large value would fit", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const simulated = new Simulated();
    const { db } = simulated.open({ segmentBytes: 64 * 1024 });
    const map = db.map<string>("texts");
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
    let isDone = false;
    const done = db.compact().then(() => {
      isDone = true;
    });
    while (!isDone) {
      await simulated.run(10);
    }
    await done;
    const { pages, checkpointer } = db.store;
    const gaps = readFreeList(pages, checkpointer.meta).runs();
    const isDense = checkpointer.stats().pagesFree <= FEW_PAGES;
    expect(isDense || gaps.every(({ count }) => count <= LARGEST_VALUE_PAGES), `seed ${seed}`).toBe(true);
    db.close();
  }
});
