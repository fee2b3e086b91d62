/** Relocation: the pages at the end of the file move down, so that the file can be cut. */
import { describe, expect, it } from "vitest";
import { CELL_MERGE, CELL_PUT, checkTree } from "../../src/btree/index.ts";
import { seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";
import { below, operationSource } from "./random-entries.ts";
import { type Operation, sortedBatch, TreeModel } from "./tree-model.ts";

const GAP_PAGES = 4000;
/** The first page behind the gap. */
const LIMIT: number = 2 + GAP_PAGES;

/** A tree in the upper part of a file whose lower part has become free. */
function highTree(draw: () => Operation): TreeModel {
  const tree = new TreeModel({ backend: "memory" });
  const gap = Array.from({ length: GAP_PAGES }, () => tree.free.allocate());
  for (let i = 0; i < 4; i++) {
    tree.merge(sortedBatch(Array.from({ length: 500 }, draw)));
  }
  for (const page of gap) {
    tree.free.release(page, 1);
  }
  return tree;
}

function pagesFrom(tree: TreeModel, from: number): number {
  let count = 0;
  const visit = (first: number, pages: number) => {
    count += first + pages > from ? 1 : 0;
  };
  checkTree(tree.pages, tree.root, visit, { kinds: [CELL_PUT, CELL_MERGE] });
  return count;
}

describe("relocation", () => {
  const rng = seededRng(testSeed());

  it("moves everything below the limit, extents too", () => {
    const draw = operationSource(rng);
    using tree = highTree(() => draw(0, []));
    expect(pagesFrom(tree, LIMIT)).toBeGreaterThan(0);
    const merge = tree.merge([], { relocateFrom: LIMIT, relocatesExtent: () => true });
    expect(merge.relocatedPages).toBeGreaterThan(0);
    expect(pagesFrom(tree, LIMIT)).toBe(0);
    tree.check();
    tree.reading.compareScan();
    expect(tree.free.highestUsed()).toBeLessThan(LIMIT);
  });

  it("moves no more than it may, and all of it in the end", () => {
    const value = new Uint8Array(100);
    const draw = () => ({ key: Uint8Array.of(rng.next(), rng.next(), rng.next(), rng.next()), value, expiry: 0 });
    using tree = highTree(draw);
    let rounds = 0;
    for (let left = pagesFrom(tree, LIMIT); left > 0; left = pagesFrom(tree, LIMIT)) {
      const merge = tree.merge(sortedBatch([draw()]), { relocateFrom: LIMIT, relocatePages: 5 });
      expect(merge.relocatedPages).toBeLessThanOrEqual(5);
      tree.check();
      expect(++rounds).toBeLessThan(200);
    }
    tree.reading.compareScan();
    expect(rounds).toBeGreaterThan(2);
  });

  it("goes along with any batch", () => {
    for (let round = 0; round < 10; round++) {
      const draw = operationSource(rng);
      using tree = highTree(() => draw(0, []));
      const pool = tree.entries.map((entry) => entry.key);
      for (const size of [1, 50, 1000]) {
        const limit = 2 + below(rng, tree.free.pageCount - 2);
        const relocatesExtent = [undefined, () => true, () => below(rng, 2) === 0][below(rng, 3)];
        const batch = sortedBatch(Array.from({ length: size }, () => draw(40, pool)));
        tree.merge(batch, { relocateFrom: limit, relocatesExtent, relocatePages: [1, 30, 5000][below(rng, 3)]! });
        tree.check();
      }
      tree.reading.compareScan();
    }
  });
});
