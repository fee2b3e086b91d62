/** Packed leaves: trees of plain, packed and mixed pages beside the model, on every backend. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unpackFuzzer } from "../../fuzz/btree-unpack.ts";
import { CODEC_ZSTD } from "../../src/btree/compression.ts";
import { isZstdAvailable, TreeReader } from "../../src/btree/index.ts";
import {
  directoryEntry,
  LEAF_CODEC,
  LEAF_ENTRIES,
  PACKED_LEAVES,
  PAYLOAD_LENGTH,
  PAYLOAD_OFFSET,
  SEPARATOR_LENGTH,
  SEPARATOR_OFFSET,
  STREAM_LENGTH,
} from "../../src/btree/packed-page.ts";
import { checkLsmSettings } from "../../src/lsm/index.ts";
import { PAGE_SIZE, sealPage } from "../../src/pager/index.ts";
import { type Rng, seededRng } from "../../src/random.ts";
import { checkProperty, testSeed } from "../support/property.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { below, keySource, packedPuts, partEntries, row } from "./random-entries.ts";
import { ArrayBatch, type Entry, TreeModel } from "./tree-model.ts";

const seeds = fc.integer({ min: 0, max: 0x7fffffff });

function askEverything(rng: Rng, tree: TreeModel): void {
  const { reading, entries } = tree;
  const other = keySource(rng);
  const key = (): Uint8Array =>
    entries.length > 0 && below(rng, 2) === 0 ? entries[below(rng, entries.length)]!.key : other();
  reading.compareScan();
  for (let i = 0; i < 60; i++) {
    reading.compareKey(key());
    reading.compareRange(key(), key());
    const steps = Array.from({ length: below(rng, 100) }, () => below(rng, 3) > 0);
    reading.compareWalk(below(rng, entries.length + 2) - 1, steps);
  }
}

describe.each(["mmap", "pread", "memory"] as const)("a tree with packed leaves, %s", (backend) => {
  it("holds what was added, whichever way it is read", () => {
    checkProperty(
      fc.property(seeds, (seed) => {
        const rng = seededRng(seed);
        using directory = temporaryDirectory();
        using tree = new TreeModel({
          backend,
          cacheBytes: 1 << 18,
          ...(backend === "memory" ? {} : { directory: directory.path }),
        });
        const puts = packedPuts(rng, 3000);
        const entries: Entry[] =
          below(rng, 2) === 0
            ? partEntries(rng, tree, puts)
            : puts.map(({ key, value, expiry }) => ({ key, value: value!, expiry }));
        tree.build(entries, 1, "deflate");
        tree.check();
        tree.checkExtents();
        askEverything(rng, tree);
      }),
      { runs: 30 },
    );
  });
});

/** A tree of rows with packed leaves, numbered. */
function rowTree(count: number): TreeModel {
  const rng = seededRng(1);
  const tree = new TreeModel({ backend: "memory" });
  tree.build(
    Array.from({ length: count }, (_, i) => ({ key: numberKey(i), value: row(rng, i), expiry: 0 })),
    1,
    "deflate",
  );
  return tree;
}

function numberKey(i: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, i >>> 16, i >>> 8, i);
}

function randomTree(count: number): TreeModel {
  const rng = seededRng(2);
  const tree = new TreeModel({ backend: "memory" });
  const value = (): Uint8Array => Uint8Array.from({ length: 100 }, () => rng.next());
  tree.build(
    Array.from({ length: count }, (_, i) => ({ key: numberKey(i), value: value(), expiry: 0 })),
    1,
    "deflate",
  );
  return tree;
}

describe("what is packed", () => {
  it("fills its pages: rows take a third of their size and less", () => {
    using tree = rowTree(50_000);
    const { leaves, packedPages, leafFill } = tree.check();
    expect(packedPages).toBeGreaterThanOrEqual(leaves - 1);
    expect(leafFill).toBeGreaterThan(0.93);
    const bytes = tree.entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    expect(leaves * PAGE_SIZE).toBeLessThan(bytes / 3);
    tree.reading.compareScan();
  });

  it("is nothing that does not compress: those leaves are plain, and full", () => {
    using tree = randomTree(20_000);
    const { packedPages, leafFill } = tree.check();
    expect(packedPages).toBe(0);
    expect(leafFill).toBeGreaterThan(0.98);
  });

  it("is no single leaf: the root of a small tree is a plain one", () => {
    using tree = rowTree(40);
    expect(tree.root.height).toBe(1);
    expect(tree.check()).toMatchObject({ leaves: 1, packedPages: 0 });
    tree.reading.compareScan();
  });

  it("may be the root, with all leaves", () => {
    using tree = rowTree(200);
    expect(tree.root).toMatchObject({ height: 1, count: 200 });
    expect(tree.check()).toMatchObject({ leaves: 1, packedPages: 1 });
    askEverything(seededRng(3), tree);
  });

  it("is at most 15 leaves, however small they become", () => {
    using tree = new TreeModel({ backend: "memory" });
    const value = new Uint8Array(100);
    tree.build(
      Array.from({ length: 40_000 }, (_, i) => ({ key: numberKey(i), value, expiry: 0 })),
      1,
      "deflate",
    );
    const { leaves, packedPages } = tree.check();
    expect(packedPages).toBeGreaterThanOrEqual(leaves - 1);
    expect(leaves).toBeGreaterThan(40_000 / 15 / 80);
    tree.reading.compareScan();
  });

  it("is not merged into", () => {
    using tree = rowTree(1000);
    const merge = tree.startMerge(new ArrayBatch([{ key: numberKey(5), value: new Uint8Array(3), expiry: 0 }]));
    expect(() => merge.run()).toThrow(
      expect.objectContaining({ code: "CORRUPT", message: expect.stringMatching(/packed leaves/) }),
    );
  });

  it.skipIf(isZstdAvailable())("is UNSUPPORTED with zstd, where there is none", () => {
    using tree = new TreeModel({ backend: "memory" });
    expect(() => tree.build([], 1, "zstd")).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
    expect(() => checkLsmSettings({ compression: "zstd" })).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
    using packed = rowTree(200);
    forge(packed, (u8) =>
      u8.fill(CODEC_ZSTD, directoryEntry(0, 1) + LEAF_CODEC, directoryEntry(0, 1) + LEAF_CODEC + 1),
    );
    const reader = new TreeReader(packed.pages);
    expect(() => reader.find(packed.root.page, numberKey(0), 0, 8)).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringMatching(/zstd/) }),
    );
  });
});

/** Changes the root page of a tree that is one packed page, and gives it a valid checksum. */
function forge(tree: TreeModel, change: (u8: Uint8Array, u16: Uint16Array) => void): void {
  const { page } = tree.root;
  const base = tree.pages.locate(page);
  const u8 = tree.pages.view.u8.slice(base, base + PAGE_SIZE);
  change(u8, new Uint16Array(u8.buffer));
  sealPage(u8, 0, page);
  tree.pages.writePages(u8, 0, page, 1);
}

describe("the checker of packed leaves", () => {
  const field = (part: number, at: number): number => (directoryEntry(0, part) + at) >> 1;
  const add = (u16: Uint16Array, index: number, by: number): void => {
    u16[index] = u16[index]! + by;
  };

  it.each<[string, (u8: Uint8Array, u16: Uint16Array) => void]>([
    ["no leaves", (_, u16) => add(u16, PACKED_LEAVES >> 1, -u16[PACKED_LEAVES >> 1]!)],
    ["too many leaves", (_, u16) => add(u16, PACKED_LEAVES >> 1, 100)],
    ["one leaf more than there is", (_, u16) => add(u16, PACKED_LEAVES >> 1, 1)],
    ["a wrong total", (_, u16) => add(u16, 14 >> 1, 1)],
    ["a prefix", (_, u16) => add(u16, 16 >> 1, 1)],
    ["a payload elsewhere", (_, u16) => add(u16, field(2, PAYLOAD_OFFSET), 1)],
    ["a payload beyond the page", (_, u16) => add(u16, field(1, PAYLOAD_LENGTH), 8000)],
    ["a payload cut short", (_, u16) => add(u16, field(1, PAYLOAD_LENGTH), -1)],
    ["bytes behind a payload's end", (_, u16) => add(u16, field(u16[PACKED_LEAVES >> 1]!, PAYLOAD_LENGTH), 5)],
    ["a shorter stream", (_, u16) => add(u16, field(1, STREAM_LENGTH), -1)],
    ["a longer stream", (_, u16) => add(u16, field(1, STREAM_LENGTH), 1)],
    ["a stream longer than a page", (_, u16) => add(u16, field(1, STREAM_LENGTH), 20_000)],
    [
      "entries moved between leaves",
      (_, u16) => [add(u16, field(1, LEAF_ENTRIES), 1), add(u16, field(2, LEAF_ENTRIES), -1)],
    ],
    ["a separator elsewhere", (_, u16) => add(u16, field(2, SEPARATOR_OFFSET), 1)],
    ["a separator beyond the page", (_, u16) => add(u16, field(2, SEPARATOR_LENGTH), 60_000)],
    ["an unknown codec", (u8) => u8.fill(9, directoryEntry(0, 1) + LEAF_CODEC, directoryEntry(0, 1) + LEAF_CODEC + 1)],
    ["a byte behind the codec", (u8) => u8.fill(1, directoryEntry(0, 1) + 13, directoryEntry(0, 1) + 14)],
    ["something behind the payloads", (u8) => u8.fill(1, PAGE_SIZE - 1)],
    ["leaves in another order", (u8) => swapLeaves(u8)],
  ])("finds %s", (_, change) => {
    using tree = rowTree(200);
    forge(tree, change);
    expect(() => tree.check()).toThrow(expect.objectContaining({ code: "CORRUPT" }));
  });

  it("finds a separator that is above its leaf's first key", () => {
    using tree = rowTree(200);
    forge(tree, (u8, u16) => {
      u8[u16[field(2, SEPARATOR_OFFSET)]! + u16[field(2, SEPARATOR_LENGTH)]! - 1]!++;
    });
    expect(() => tree.check()).toThrow(
      expect.objectContaining({ code: "CORRUPT", facts: expect.objectContaining({ invariant: "B5" }) }),
    );
  });
});

/** The first two leaves change places, but for their separators. */
function swapLeaves(u8: Uint8Array): void {
  const first = directoryEntry(0, 1);
  const second = directoryEntry(0, 2);
  for (const at of [PAYLOAD_OFFSET, PAYLOAD_LENGTH, STREAM_LENGTH, LEAF_ENTRIES]) {
    const kept = u8.slice(first + at, first + at + 2);
    u8.copyWithin(first + at, second + at, second + at + 2);
    u8.set(kept, second + at);
  }
}

describe("the fuzzer of unpacking", () => {
  const run = async (canary: string | undefined, rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      await unpackFuzzer.run(seededRng(testSeed() + round), { backend: "memory", canary });
    }
  };

  it("finds nothing", () => run(undefined, 10));

  it.each(unpackFuzzer.canaries)("finds its canary %s", async (canary) => {
    await expect(run(canary, 60)).rejects.toThrow();
  });
});
