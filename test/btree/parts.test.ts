/** Trees as LSM runs have them: deletes and merge operands among the puts, values in extents of somebody else's. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CELL_DELETE,
  CELL_MERGE,
  CELL_PUT,
  type CheckOptions,
  checkTree,
  TreeBuilder,
  TreeCursor,
  TreeReader,
} from "../../src/btree/index.ts";
import { DbError } from "../../src/errors.ts";
import { PAGE_SIZE, sealPage } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { OP_KIND_DELETE, OP_KIND_MERGE, OP_KIND_PUT } from "../../src/wal/index.ts";
import { checkProperty } from "../support/property.ts";
import { below, operationSource, partEntries } from "./random-entries.ts";
import { sortedBatch, TreeModel } from "./tree-model.ts";

const seeds = fc.integer({ min: 0, max: 0x7fffffff });
const KEY: Uint8Array = Uint8Array.of(107);
const NO_BYTES: Uint8Array = new Uint8Array(0);

describe("a part", () => {
  it("holds deletes, operands and references as they were added", () => {
    checkProperty(
      fc.property(seeds, (seed) => {
        const rng = seededRng(seed);
        const draw = operationSource(rng);
        using tree = new TreeModel({ backend: "memory" });
        const puts = sortedBatch(Array.from({ length: below(rng, 2000) }, () => draw(0, [])));
        tree.build(partEntries(rng, tree, puts));
        tree.check();
        tree.checkExtents();
        tree.reading.compareScan();
        for (const { key } of puts.slice(0, 50)) {
          tree.reading.compareKey(key);
        }
      }),
      { runs: 20 },
    );
  });

  it("is merged into as any tree; what it refers to is nothing that the merge moves or frees", () => {
    checkProperty(
      fc.property(seeds, (seed) => {
        const rng = seededRng(seed);
        const draw = operationSource(rng);
        using tree = new TreeModel({ backend: "memory" });
        const puts = sortedBatch(Array.from({ length: 1000 }, () => draw(0, [])));
        tree.build(partEntries(rng, tree, puts));
        const pool = puts.map(({ key }) => key);
        for (let round = 0; round < 4; round++) {
          const batch = sortedBatch(Array.from({ length: [1, 30, 500][below(rng, 3)]! }, () => draw(40, pool)));
          const relocateFrom = 2 + below(rng, tree.free.pageCount);
          tree.merge(batch, below(rng, 2) === 0 ? {} : { relocateFrom, relocatesExtent: () => true });
          tree.check();
        }
        tree.checkExtents();
        tree.reading.compareScan();
      }),
      { runs: 20 },
    );
  });

  it("has cells of the kinds of the log's operations", () => {
    expect([CELL_PUT, CELL_DELETE, CELL_MERGE]).toEqual([OP_KIND_PUT, OP_KIND_DELETE, OP_KIND_MERGE]);
  });

  it("gives runs of plain cells, which end before the next one that is not", () => {
    using tree = new TreeModel({ backend: "memory" });
    const kinds = [CELL_PUT, CELL_PUT, CELL_PUT, CELL_DELETE, CELL_PUT, CELL_MERGE, CELL_PUT];
    tree.build(kinds.map((kind, i) => ({ key: Uint8Array.of(i), value: NO_BYTES, expiry: 0, kind })));
    const cursor = new TreeCursor(tree.pages);
    cursor.open(tree.root.page);
    cursor.first();
    const place = () => new Uint32Array(8);
    const places = { keyOffsets: place(), keyLengths: place(), valueOffsets: place(), valueLengths: place() };
    expect([cursor.takeRun(8, 0, places), cursor.slot, cursor.kind]).toEqual([2, 2, CELL_PUT]);
    expect([cursor.takeRun(8, 0, places), cursor.slot]).toEqual([0, 2]);
    expect([cursor.next(), cursor.kind, cursor.takeRun(8, 0, places), cursor.slot]).toEqual([true, CELL_DELETE, 1, 4]);
  });
});

describe("a reference", () => {
  const value = new Uint8Array(3000).fill(9);

  function referring(): TreeModel {
    const tree = new TreeModel({ backend: "memory" });
    const [before, place] = tree.writeArea([new Uint8Array(100).fill(8), value]);
    tree.build([
      { key: KEY, value, expiry: 7, place: place! },
      { key: Uint8Array.of(108), value: new Uint8Array(100).fill(8), expiry: 0, kind: CELL_MERGE, place: before! },
    ]);
    return tree;
  }

  it("is told apart from the tree's own extents, by reader and cursor", () => {
    using tree = referring();
    const { first: page } = tree.areas[0]!;
    const reader = new TreeReader(tree.pages);
    expect(reader.find(tree.root.page, KEY, 0, 1)).toBe(true);
    const { isOverflow, overflowPage, overflowOffset, valueLength, expiry, kind } = reader;
    const expected = { isOverflow: true, overflowPage: page, overflowOffset: 108, valueLength: 3000, expiry: 7 };
    expect({ isOverflow, overflowPage, overflowOffset, valueLength, expiry }).toEqual(expected);
    expect(kind).toBe(CELL_PUT);
    const cursor = new TreeCursor(tree.pages);
    cursor.open(tree.root.page);
    cursor.last();
    expect([cursor.overflowPage, cursor.overflowOffset, cursor.kind]).toEqual([page, 4, CELL_MERGE]);
  });

  it("whose value was damaged is CORRUPT where it is read; the tree itself is whole", () => {
    using tree = referring();
    const { first } = tree.areas[0]!;
    const area = new Uint8Array(PAGE_SIZE);
    tree.pages.readExtent(first, PAGE_SIZE, area, 0);
    area[16 + 108 + 2999]! ^= 1;
    tree.pages.writePages(area, 0, first, 1);
    const reader = new TreeReader(tree.pages);
    reader.find(tree.root.page, KEY, 0, 1);
    const into = new Uint8Array(3000);
    expect(() => reader.copyValue(into, 0)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    reader.find(tree.root.page, Uint8Array.of(108), 0, 1);
    reader.copyValue(into, 0);
    tree.check();
  });

  it("is not to offset 0: that would be an extent of the tree's own", () => {
    using tree = new TreeModel({ backend: "memory" });
    const builder = new TreeBuilder(tree.pages, tree.free, 1);
    expect(() => builder.addReference(KEY, 0, 1, 5, 0, 100, 0)).toThrow(/B9/);
  });
});

describe("the checker of a part", () => {
  const ALL: CheckOptions = { kinds: [CELL_PUT, CELL_DELETE, CELL_MERGE], onReference() {} };

  /** The invariant that a tree of one cell breaks after a change of its page: flags, and what follows the key. */
  function broken(options: CheckOptions, info: number, rest: Uint8Array): unknown {
    using tree = new TreeModel({ backend: "memory" });
    tree.build([{ key: KEY, value: rest, expiry: 0 }]);
    const { page } = tree.root;
    const base = tree.pages.locate(page);
    const u8 = tree.pages.view.u8.slice(base, base + PAGE_SIZE);
    // The key is the page's prefix: the cell is its flags and what follows.
    new DataView(u8.buffer).setUint16(PAGE_SIZE - 1 - rest.length - 2, info, true);
    sealPage(u8, 0, page);
    tree.pages.writePages(u8, 0, page, 1);
    try {
      checkTree(tree.pages, tree.root, undefined, options);
      return undefined;
    } catch (error) {
      return error instanceof DbError && error.code === "CORRUPT" ? error.facts.invariant : error;
    }
  }

  function reference(page: number, length: number, offset: number): Uint8Array {
    return new Uint8Array(Uint32Array.of(page, length, offset).buffer);
  }

  it("finds kinds that may not be there", () => {
    expect(broken({}, 0x2000, NO_BYTES)).toBe("B2");
    expect(broken({}, 0x1000, Uint8Array.of(1))).toBe("B2");
    expect(broken({ kinds: [CELL_PUT, CELL_MERGE] }, 0x1000, Uint8Array.of(1))).toBe(undefined);
    expect(broken({ kinds: [CELL_PUT, CELL_MERGE] }, 0x2000, NO_BYTES)).toBe("B2");
    expect(broken({ kinds: [CELL_DELETE] }, 0, NO_BYTES)).toBe("B2");
    expect(broken(ALL, 0x2000, NO_BYTES)).toBe(undefined);
  });

  it("finds tombstones that hold anything, or are operands too", () => {
    expect(broken(ALL, 0x2000, Uint8Array.of(1))).toBe("B2");
    expect(broken(ALL, 0x3000, NO_BYTES)).toBe("B2");
    expect(broken(ALL, 0xa000, new Uint8Array(Float64Array.of(1e12).buffer))).toBe("B2");
    expect(broken(ALL, 0x6000, reference(5, 10, 4))).toBe("B2");
  });

  it("finds references that may not or cannot be there", () => {
    expect(broken(ALL, 0x4000, reference(5, 10, 4))).toBe(undefined);
    expect(broken(ALL, 0x4000, reference(5, 10, 3))).toBe("B9");
    expect(broken({}, 0x4000, reference(5, 10, 4))).toBe("B9");
    expect(broken(ALL, 0x4000, new Uint8Array(8))).toBe("B3");
    expect(broken(ALL, 0x4000, new Uint8Array(13).fill(4))).toBe("B2");
  });

  it("tells of every reference", () => {
    const told: number[][] = [];
    const onReference = (page: number, offset: number, length: number) => told.push([page, offset, length]);
    expect(broken({ onReference }, 0x4000, reference(77, 10, 4))).toBe(undefined);
    expect(told).toEqual([[77, 4, 10]]);
  });
});
