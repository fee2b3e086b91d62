/** Copies of trees: the same entries in other pages, and the pages that they were in untouched. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyTree, EMPTY_ROOT, treePages } from "../../src/btree/index.ts";
import { PAGE_SIZE, type PageFile } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { checkProperty } from "../support/property.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { below, packedPuts, partEntries } from "./random-entries.ts";
import { TreeModel, TreeReading } from "./tree-model.ts";

const seeds = fc.integer({ min: 0, max: 0x7fffffff });
/** Longer values would get extents, which trees of parts have none of. */
const MOST_VALUE_BYTES = 1000;

/** The model's tree becomes the copy; gives the pages up that it was in. */
function moveTree(tree: TreeModel): void {
  const before = tree.root;
  const old = [...treePages(tree.pages, before)];
  const was = old.map((extent) => imagesOf(tree.pages, extent));
  tree.checkpoint++;
  const steps = copyTree(tree.pages, tree.allocator(), tree.checkpoint, before);
  let step = steps.next();
  while (!step.done) {
    step = steps.next();
  }
  tree.root = step.value;
  expect(step.value).toMatchObject({ height: before.height, count: before.count });
  expect(old.every((extent, i) => imagesOf(tree.pages, extent).equals(was[i]!))).toBe(true);
  new TreeReading(tree.pages, before, tree.entries).compareScan();
  for (const { first, count } of old) {
    tree.free.release(first, count);
  }
}

function imagesOf(pages: PageFile, { first, count }: { first: number; count: number }): Buffer {
  const bytes = Buffer.alloc(count * PAGE_SIZE);
  pages.readExtent(first, bytes.length, bytes, 0);
  return bytes;
}

describe.each(["mmap", "pread", "memory"] as const)("a copy of a tree, %s", (backend) => {
  it("holds what the tree holds, packed leaves and references among it, wherever its pages lie", () => {
    checkProperty(
      fc.property(seeds, (seed) => {
        const rng = seededRng(seed);
        using directory = temporaryDirectory();
        using tree = new TreeModel({
          backend,
          cacheBytes: 1 << 16,
          ...(backend === "memory" ? {} : { directory: directory.path }),
        });
        const holes = Array.from({ length: below(rng, 60) }, () => tree.free.allocate());
        const puts = packedPuts(rng, 3000).map((put) => ({ ...put, value: put.value!.subarray(0, MOST_VALUE_BYTES) }));
        tree.build(partEntries(rng, tree, puts), 1, below(rng, 2) === 0 ? "deflate" : "none");
        for (const page of holes.filter(() => below(rng, 2) === 0)) {
          tree.free.release(page, 1);
          holes.splice(holes.indexOf(page), 1);
        }
        moveTree(tree);
        for (const page of holes) {
          tree.free.release(page, 1);
        }
        moveTree(tree);
        tree.check();
        tree.reading.compareScan();
      }),
      { runs: 30 },
    );
  });
});

it("a copy of a high tree has its height; of no tree there is none", () => {
  using tree = new TreeModel({ backend: "memory" });
  const value = new Uint8Array(3000);
  const keyOf = (i: number) => Uint8Array.of(i >>> 16, i >>> 8, i);
  tree.build(Array.from({ length: 4000 }, (_, i) => ({ key: keyOf(i), value, expiry: 0 })));
  expect(tree.root.height).toBe(3);
  moveTree(tree);
  tree.check();
  tree.reading.compareScan();
  expect(copyTree(tree.pages, tree.free, 9, EMPTY_ROOT).next()).toEqual({ done: true, value: EMPTY_ROOT });
});
