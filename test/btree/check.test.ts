/** The checker finds what is planted, and survives pages whose checksum is right and whose contents are anything. */
import { describe, expect, it } from "vitest";
import { checkTree, type RootRecord, TreeReader } from "../../src/btree/index.ts";
import { DbError } from "../../src/errors.ts";
import { PAGE_SIZE, type PageFile, sealPage } from "../../src/pager/index.ts";
import { type Rng, seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";
import { below, keySource } from "./random-entries.ts";
import { sortedBatch, TreeModel } from "./tree-model.ts";

/** A tree of three levels: keys that differ late make long separators, and few of them fit into a page. */
function plantedTree(rng: Rng): TreeModel {
  const tree = new TreeModel({ backend: "memory" });
  const key = keySource(rng);
  const small = Array.from({ length: 300 }, () => ({ key: key(), value: new Uint8Array(below(rng, 50)), expiry: 0 }));
  const long = Array.from({ length: 400 }, (_, i) => ({
    key: new Uint8Array(900)
      .fill(100 + (i >>> 5), 0, 1)
      .fill(7, 1, 899)
      .fill(i, 899),
    value: new Uint8Array(1000),
    expiry: i % 7 === 0 ? 1_700_000_000_000 : 0,
  }));
  const large = { key: new Uint8Array(3).fill(9), value: new Uint8Array(20_000).fill(5), expiry: 0 };
  tree.merge(sortedBatch([...small, ...long, large]));
  expect(tree.root.height).toBeGreaterThanOrEqual(3);
  return tree;
}

/** The pages of the tree, its extents, of three pages each, left out. */
function treePages(tree: TreeModel): number[] {
  const found: number[] = [];
  checkTree(tree.pages, tree.root, (first, count) => found.push(...(count === 1 ? [first] : [])));
  return found;
}

/** Changes a page, gives it a valid checksum, calls `look`, and puts the page back. */
function withForgedPage(pages: PageFile, page: number, forge: (u8: Uint8Array) => void, look: () => void): void {
  const base = pages.locate(page);
  const original = pages.view.u8.slice(base, base + PAGE_SIZE);
  const forged = original.slice();
  forge(forged);
  sealPage(forged, 0, page);
  pages.writePages(forged, 0, page, 1);
  look();
  pages.writePages(original, 0, page, 1);
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return "";
  } catch (error) {
    return error instanceof DbError ? error.code : String(error);
  }
}

function invariantOf(tree: TreeModel, root: RootRecord = tree.root): unknown {
  try {
    checkTree(tree.pages, root);
    return undefined;
  } catch (error) {
    return error instanceof DbError && error.code === "CORRUPT" ? error.facts.invariant : error;
  }
}

describe("the checker", () => {
  const seed = testSeed();
  const rng = seededRng(seed);

  it("finds each kind of damage by its number", () => {
    using tree = plantedTree(rng);
    const base = tree.pages.locate(tree.root.page);
    const count = tree.pages.view.u16[(base + 14) >> 1]!;
    const planted: readonly (readonly [string, (u8: Uint8Array, u16: Uint16Array, u32: Uint32Array) => void])[] = [
      ["B3", (_u8, u16) => u16.fill(20, 9, 10)],
      ["B3", (_u8, _u16, u32) => u32.fill(1, 5, 6)],
      ["B4", (_u8, _u16, u32) => u32.fill(u32[7]! ^ 1, 7, 8)],
      ["B6", (_u8, _u16, u32) => u32.fill(1, 6, 7)],
      ["B7", (_u8, _u16, u32) => u32.fill(u32[7 + 2 * count]! + 1, 7 + 2 * count, 8 + 2 * count)],
      ["B9", (_u8, _u16, u32) => u32.fill(1, 6 + count, 7 + count)],
      ["B9", (_u8, _u16, u32) => u32.fill(4_000_000_000, 6 + count, 7 + count)],
      ["B5", (_u8, _u16, u32) => u32.copyWithin(6 + count, 7 + count, 8 + count)],
    ];
    for (const [invariant, plant] of planted) {
      const forge = (u8: Uint8Array) => plant(u8, new Uint16Array(u8.buffer), new Uint32Array(u8.buffer));
      withForgedPage(tree.pages, tree.root.page, forge, () => expect(invariantOf(tree)).toBe(invariant));
    }
    expect(invariantOf(tree, { ...tree.root, count: tree.root.count - 1 })).toBe("B7");
    expect(invariantOf(tree)).toBe(undefined);
  });

  it("finds an extent with a changed byte", () => {
    using tree = plantedTree(rng);
    const extents: number[] = [];
    checkTree(tree.pages, tree.root, (first, count) => extents.push(...(count > 1 ? [first] : [])));
    const last = extents.at(-1)!;
    const page = new Uint8Array(PAGE_SIZE);
    tree.pages.readExtent(last, PAGE_SIZE, page, 0);
    page[5000]! ^= 1;
    tree.pages.writePages(page, 0, last, 1);
    expect(codeOf(() => checkTree(tree.pages, tree.root))).toBe("CORRUPT");
    expect(codeOf(() => checkTree(tree.pages, tree.root, undefined, { extents: false }))).toBe("");
  });

  it("neither crashes nor runs on, whatever a page holds", () => {
    using tree = plantedTree(rng);
    const all = treePages(tree);
    const reader = new TreeReader(tree.pages);
    for (let round = 0; round < 1500; round++) {
      const page = all[below(rng, all.length)]!;
      const changes = 1 + below(rng, 4);
      const forge = (u8: Uint8Array): void => {
        for (let i = 0; i < changes; i++) {
          const isFront = below(rng, 3) > 0;
          u8[isFront ? 8 + below(rng, 120) : 8 + below(rng, PAGE_SIZE - 8)] = rng.next();
        }
      };
      withForgedPage(tree.pages, page, forge, () => {
        expect(["", "CORRUPT"], `NACRE_SEED=${seed}`).toContain(codeOf(() => checkTree(tree.pages, tree.root)));
        const key = tree.entries[below(rng, tree.entries.length)]!.key;
        const found = codeOf(() => reader.find(tree.root.page, key, 0, key.length));
        expect(["", "CORRUPT"], `NACRE_SEED=${seed}`).toContain(found);
      });
    }
    tree.check();
  });
});
