/** Packed leaves: trees of plain, packed and mixed pages beside the model, on every backend. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Rng, seededRng } from "../../src/random.ts";
import { checkProperty } from "../support/property.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { below, keySource, operationSource, partEntries, row } from "./random-entries.ts";
import { type Entry, type Operation, sortedBatch, TreeModel } from "./tree-model.ts";

const seeds = fc.integer({ min: 0, max: 0x7fffffff });

/** Puts with values that compress, that do not, or both in stretches: packed, plain and mixed trees. */
function drawPuts(rng: Rng): Operation[] {
  const draw = operationSource(rng);
  const puts = sortedBatch(Array.from({ length: below(rng, 3000) }, () => draw(0, [])));
  const stretch = 1 + below(rng, 1000);
  const kind = below(rng, 4);
  return puts.map((put, i) => {
    const isRandom = kind === 1 || (kind === 2 && Math.floor(i / stretch) % 2 === 0);
    const value = isRandom ? Uint8Array.from({ length: below(rng, 300) }, () => rng.next()) : row(rng, i);
    return kind === 3 ? put : { ...put, value };
  });
}

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
        const puts = drawPuts(rng);
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

it("packs rows to a fraction of their size", () => {
  const rng = seededRng(1);
  using tree = new TreeModel({ backend: "memory" });
  const key = (i: number): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, i >>> 16, i >>> 8, i);
  const entries = Array.from({ length: 50_000 }, (_, i) => ({ key: key(i), value: row(rng, i), expiry: 0 }));
  tree.build(entries, 1, "deflate");
  const { leaves, packedPages, leafFill } = tree.check();
  expect(packedPages).toBe(leaves);
  expect(leafFill).toBeGreaterThan(0.93);
  tree.reading.compareScan();
});
