/** The page tree against a sorted list: merges in sequences, and everything that can be asked, on every backend. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRng } from "../../src/random.ts";
import { checkProperty } from "../support/property.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { below, keySource, operationSource } from "./random-entries.ts";
import {
  ArrayBatch,
  applyToModel,
  type Operation,
  sortedBatch,
  TreeModel,
  type TreeModelOptions,
} from "./tree-model.ts";

const seeds = fc.integer({ min: 0, max: 0x7fffffff });

/** A few merges of differing size and mix; then every kind of question about keys that are there and keys that are not. */
function mergesAndQuestions(seed: number, options: TreeModelOptions, scale: number): void {
  const rng = seededRng(seed);
  const draw = operationSource(rng);
  using tree = new TreeModel(options);
  for (let round = 0; round < 6; round++) {
    const pool = tree.entries.map((entry) => entry.key);
    const deletes = [0, 20, 50, 90][below(rng, 4)]!;
    const size = [1, 10, 100, scale][below(rng, 4)]!;
    const batch = sortedBatch(Array.from({ length: size }, () => draw(deletes, pool)));
    tree.merge(batch);
    tree.check();
  }
  const { reading, entries } = tree;
  reading.compareScan();
  const other = keySource(rng);
  const key = () => (entries.length > 0 && below(rng, 2) === 0 ? entries[below(rng, entries.length)]!.key : other());
  for (let i = 0; i < 60; i++) {
    reading.compareKey(key());
    reading.compareRange(key(), key());
    reading.compareWalk(
      below(rng, entries.length + 2) - 1,
      Array.from({ length: 20 }, () => below(rng, 3) > 0),
    );
  }
}

describe.each(["memory", "pread", "mmap"] as const)("a tree on %s", (backend) => {
  it("is what a sorted list is, after any merges", () => {
    checkProperty(
      fc.property(seeds, (seed) => {
        using directory = temporaryDirectory();
        mergesAndQuestions(seed, backend === "memory" ? { backend } : { backend, directory: directory.path }, 1500);
      }),
      { runs: 15 },
    );
  });
});

describe("a tree", () => {
  it("built in bulk holds what was added", () => {
    checkProperty(
      fc.property(seeds, (seed) => {
        const rng = seededRng(seed);
        const draw = operationSource(rng);
        const batch = sortedBatch(Array.from({ length: below(rng, 3000) }, () => draw(0, [])));
        using tree = new TreeModel({ backend: "memory" });
        tree.build(applyToModel([], batch), [0.6, 0.8, 1][below(rng, 3)]!);
        tree.check();
        tree.reading.compareScan();
        for (const { key } of batch.slice(0, 50)) {
          tree.reading.compareKey(key);
        }
      }),
      { runs: 20 },
    );
  });

  it("does not change when what is deleted is not there", () => {
    using tree = new TreeModel({ backend: "memory" });
    tree.merge(numbered(0, 5000, 2));
    const { root } = tree;
    const written = tree.merge(numbered(1, 5000, 2).map((put) => ({ ...put, value: undefined }))).pagesWritten;
    expect(tree.root).toEqual(root);
    expect(written).toBe(0);
  });

  it("is empty when everything was deleted", () => {
    using tree = new TreeModel({ backend: "memory" });
    tree.merge(numbered(0, 5000, 1));
    expect(tree.root.height).toBeGreaterThan(1);
    tree.merge(numbered(0, 5000, 1).map((put) => ({ ...put, value: undefined })));
    expect(tree.root).toEqual({ page: 0, height: 0, count: 0 });
    expect(tree.free.freeCount).toBe(tree.free.pageCount - 2);
  });

  it("is only one page when little is left", () => {
    using tree = new TreeModel({ backend: "memory" });
    tree.merge(numbered(0, 50_000, 1));
    tree.merge(numbered(3, 50_000, 1).map((put) => ({ ...put, value: undefined })));
    expect(tree.root).toMatchObject({ height: 1, count: 3 });
    tree.check();
  });

  it("shares with its predecessor what a batch does not touch", () => {
    using tree = new TreeModel({ backend: "memory" });
    tree.merge(numbered(0, 50_000, 1));
    const merge = tree.merge([{ key: numbered(20_000, 20_001, 1)[0]!.key, value: undefined, expiry: 0 }]);
    expect(merge.pagesWritten).toBe(tree.root.height);
  });

  it("takes an abandoned merge as if it had not been", () => {
    using tree = new TreeModel({ backend: "memory" });
    tree.merge(numbered(0, 20_000, 2));
    const free = tree.free.freeCount;
    const batch = numbered(1, 20_000, 2);
    for (const steps of [0, 1, 7, 25]) {
      const merge = tree.startMerge(new ArrayBatch(batch));
      for (let step = 0; step < steps; step++) {
        expect(merge.step()).toBe(false);
      }
      tree.abandon(merge);
      tree.check();
      tree.reading.compareScan();
    }
    expect(tree.free.freeCount).toBeGreaterThanOrEqual(free);
    tree.merge(batch);
    tree.check();
  });
});

/** Puts of eight-byte numbers [from, to) with values of twenty bytes. */
function numbered(from: number, to: number, step: number): Operation[] {
  const operations: Operation[] = [];
  for (let number = from; number < to; number += step) {
    const key = new Uint8Array(8);
    new DataView(key.buffer).setUint32(4, number);
    operations.push({ key, value: new Uint8Array(20).fill(number), expiry: 0 });
  }
  return operations;
}
