/** How full leaves are, whatever was done to the tree: the space on disk and the length of a scan depend on it. */
import { describe, expect, it } from "vitest";
import { type CheckResult, checkTree } from "../../src/btree/index.ts";
import { type Rng, seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";
import { below } from "./random-entries.ts";
import { ArrayBatch, type Operation, sortedBatch, TreeModel } from "./tree-model.ts";

const VALUE: Uint8Array = new Uint8Array(100).fill(7);

/** Applies batches without the model's comparisons, which other tests make. */
class FillTree {
  readonly tree: TreeModel = new TreeModel({ backend: "memory" });

  merge(operations: readonly Operation[]): void {
    const merge = this.tree.startMerge(new ArrayBatch(sortedBatch(operations)));
    this.tree.root = merge.run();
    this.tree.release();
  }

  check(): CheckResult {
    const result = checkTree(this.tree.pages, this.tree.root);
    expect(result.entries).toBe(this.tree.root.count);
    return result;
  }
}

function put(number: number, value: Uint8Array = VALUE): Operation {
  return { key: keyOf(number), value, expiry: 0 };
}

function remove(number: number): Operation {
  return { key: keyOf(number), value: undefined, expiry: 0 };
}

function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(16);
  new DataView(key.buffer).setUint32(0, number);
  return key;
}

function drawKeys(rng: Rng, count: number): number[] {
  return Array.from({ length: count }, () => rng.next());
}

function shuffle(rng: Rng, numbers: number[]): number[] {
  for (let i = numbers.length - 1; i > 0; i--) {
    const other = below(rng, i + 1);
    [numbers[i], numbers[other]] = [numbers[other]!, numbers[i]!];
  }
  return numbers;
}

describe("leaves are", () => {
  const rng = seededRng(testSeed());

  it.each([{ size: 1 }, { size: 30 }, { size: 1000 }])(
    "at least 70 % full after random insertions, $size per merge",
    ({ size }) => {
      const filling = new FillTree();
      const total = size === 1 ? 6000 : 60_000;
      filling.merge(drawKeys(rng, total / 4).map((number) => put(number)));
      for (let inserted = 0; inserted < total; inserted += size) {
        filling.merge(drawKeys(rng, size).map((number) => put(number)));
      }
      expect(filling.check().leafFill).toBeGreaterThan(0.7);
    },
  );

  it.each([{ size: 10 }, { size: 1000 }])(
    "at least 70 % full when as much is deleted as inserted, $size per merge",
    ({ size }) => {
      const filling = new FillTree();
      let live = drawKeys(rng, 20_000);
      filling.merge(live.map((number) => put(number)));
      for (let done = 0; done < 40_000; done += size) {
        const fresh = drawKeys(rng, size);
        const gone = Array.from({ length: size }, () => live[below(rng, live.length)]!);
        filling.merge([...fresh.map((number) => put(number)), ...gone.map(remove)]);
        const deleted = new Set(gone);
        live = done % 10_000 === 0 ? live.filter((number) => !deleted.has(number)).concat(fresh) : live.concat(fresh);
      }
      expect(filling.check().leafFill).toBeGreaterThan(0.7);
    },
  );

  it.each([{ size: 1 }, { size: 10 }, { size: 1000 }])(
    "at least 95 % full after insertions in order, $size per merge",
    ({ size }) => {
      const filling = new FillTree();
      const total = size === 1 ? 6000 : 60_000;
      for (let next = 0; next < total; next += size) {
        filling.merge(Array.from({ length: size }, (_, i) => put(next + i)));
      }
      expect(filling.check().leafFill).toBeGreaterThan(0.95);
    },
  );

  it.each([{ size: 1 }, { size: 1000 }])(
    "at least 60 % full after insertions in descending order, $size per merge",
    ({ size }) => {
      const filling = new FillTree();
      for (let next = 6000 * Math.sqrt(size); next > 0; next -= size) {
        filling.merge(Array.from({ length: size }, (_, i) => put(next - i)));
      }
      expect(filling.check().leafFill).toBeGreaterThan(0.6);
    },
  );

  it("at least 60 % full where several ascending series interleave", () => {
    const filling = new FillTree();
    for (let step = 0; step < 1000; step++) {
      filling.merge(Array.from({ length: 16 }, (_, series) => put(series * 0x1000_0000 + step)));
    }
    expect(filling.check().leafFill).toBeGreaterThan(0.6);
  });

  it.each([{ size: 10 }, { size: 300 }, { size: 45_000 }])(
    "at least 45 % full after 90 % were deleted, $size per merge",
    ({ size }) => {
      const filling = new FillTree();
      const keys = [...new Set(drawKeys(rng, 50_000))];
      filling.merge(keys.map((number) => put(number)));
      const gone = shuffle(rng, keys).slice(0, Math.floor(keys.length * 0.9));
      for (let done = 0; done < gone.length; done += size) {
        filling.merge(gone.slice(done, done + size).map(remove));
      }
      expect(filling.check().leafFill).toBeGreaterThan(0.45);
    },
  );

  it("still as full when values are replaced by others of the same length", () => {
    const filling = new FillTree();
    const keys = [...new Set(drawKeys(rng, 30_000))].sort((a, b) => a - b);
    filling.tree.build(keys.map((number) => ({ key: keyOf(number), value: VALUE, expiry: 0 })));
    const before = filling.check();
    for (let round = 0; round < 200; round++) {
      filling.merge(Array.from({ length: 30 }, () => put(keys[below(rng, keys.length)]!, VALUE)));
    }
    const after = filling.check();
    expect(before.leafFill).toBeGreaterThan(0.98);
    expect(after.leaves).toBeLessThan(before.leaves * 1.12);
  });
});
