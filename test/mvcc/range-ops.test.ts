/** Range deletes of an arena against the plain list of them: for every key, reader, limit and rewind. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RangeDelete } from "../../src/lsm/index.ts";
import { Manifest } from "../../src/lsm/manifest.ts";
import type { Part } from "../../src/lsm/part.ts";
import { memtableRank, RangeCover, runRank, WRITES_RANK } from "../../src/mvcc/range-cover.ts";
import { RangeOps, rangeOfOp } from "../../src/mvcc/range-ops.ts";
import type { ReadPoint } from "../../src/mvcc/read-state.ts";
import type { WriteSet } from "../../src/mvcc/write-set.ts";
import { OP_KIND_DELETE_RANGE, opValueOffset } from "../../src/wal/index.ts";
import { OpArena } from "../btree/op-arena.ts";
import { checkProperty } from "../support/property.ts";

const KEYSPACE = 7;
const OTHER = 8;
const KEYS = 30;
const ARENA_BYTES = 1 << 16;
const WHOLE = 0xffff_ffff;

interface Made {
  readonly op: number;
  readonly delta: number;
  readonly keyspace: number;
  readonly lower: number;
  /** Infinity: to the end. */
  readonly upper: number;
}

function keyOf(n: number): Uint8Array {
  // The first one is the empty key.
  return n === 0 ? new Uint8Array(0) : Uint8Array.of(1, n);
}

function addTo(arena: OpArena, keyspace: number, lower: number, upper: number): Made {
  const end = upper === Number.POSITIVE_INFINITY ? new Uint8Array(0) : keyOf(upper);
  const op = arena.append(keyspace, OP_KIND_DELETE_RANGE, keyOf(lower), end.length);
  arena.u8.set(end, opValueOffset(arena.u32, op));
  return { op, delta: arena.commitDelta, keyspace, lower, upper };
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      lower: fc.nat(KEYS - 1),
      length: fc.oneof(fc.integer({ min: 1, max: KEYS }), fc.constant(Number.POSITIVE_INFINITY)),
      keyspace: fc.constantFrom(KEYSPACE, KEYSPACE, OTHER),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "commit" as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rewind" as const), to: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "transfer" as const }) },
);

function newestIn(made: readonly Made[], keyspace: number, key: number, limit: number, end: number): number {
  return made
    .filter((each) => each.keyspace === keyspace && each.lower <= key && key < each.upper)
    .filter(({ op, delta }) => delta <= limit && op < end)
    .reduce((newest, { op }) => Math.max(newest, op), 0);
}

describe("the range deletes of an arena", () => {
  it("are found by key, for every limit and end, also after rewinds", () => {
    checkProperty(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const arena = new OpArena(ARENA_BYTES);
        let ranges = new RangeOps(arena.u8, arena.u32);
        let made: Made[] = [];
        for (const each of steps) {
          if (each.kind === "delete") {
            const { lower, length, keyspace } = each;
            const upper = lower + length >= KEYS + 5 ? Number.POSITIVE_INFINITY : lower + length;
            const one = addTo(arena, keyspace, lower, upper);
            made.push(one);
            ranges.add(one.op);
          } else if (each.kind === "commit") {
            arena.nextRecord();
          } else if (each.kind === "rewind") {
            const mark = made[each.to]?.op ?? arena.tail;
            ranges.rewindTo(mark);
            arena.undo(mark);
            made = made.filter(({ op }) => op < mark);
          } else {
            ranges = RangeOps.fromTransfer(arena.u8, arena.u32, structuredClone(ranges.toTransfer()));
          }
        }
        expect(ranges.isEmpty).toBe(made.length === 0);
        expect(new Set(ranges.keyspaces())).toEqual(new Set(made.map(({ keyspace }) => keyspace)));
        const limits = [0, 1, 2, arena.commitDelta, WHOLE];
        const ends = [WHOLE, ...made.map(({ op }) => op)];
        for (const keyspace of [KEYSPACE, OTHER]) {
          expect(ranges.has(keyspace)).toBe(made.some((each) => each.keyspace === keyspace));
          for (let n = 0; n < KEYS + 5; n++) {
            const key = keyOf(n);
            for (const limit of limits) {
              for (const end of ends) {
                const found = ranges.newestOver(keyspace, key, 0, key.length, limit, end);
                expect(found).toBe(newestIn(made, keyspace, n, limit, end));
              }
            }
          }
          expect(ranges.deletes(keyspace)).toEqual(coveredBy(made, keyspace));
        }
      }),
      { runs: 150 },
    );
  });

  it("say whether anything between two keys was covered after a commit", () => {
    const arena = new OpArena(ARENA_BYTES);
    const ranges = new RangeOps(arena.u8, arena.u32);
    ranges.add(addTo(arena, KEYSPACE, 5, 10).op);
    arena.nextRecord();
    ranges.add(addTo(arena, KEYSPACE, 8, 20).op);
    const covers = (lower: number | undefined, upper: number | undefined, delta: number) =>
      ranges.covers(
        KEYSPACE,
        lower === undefined ? undefined : keyOf(lower),
        upper === undefined ? undefined : keyOf(upper),
        delta,
      );
    expect([covers(5, 6, 0), covers(5, 6, 1), covers(7, 9, 1), covers(7, 8, 1)]).toEqual([true, false, true, false]);
    expect([covers(1, 5, 0), covers(20, 25, 0), covers(20, undefined, 0), covers(undefined, 5, 0)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect([covers(undefined, undefined, 1), covers(undefined, undefined, 2), covers(undefined, 6, 0)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(ranges.covers(OTHER, undefined, undefined, 0)).toBe(false);
  });

  it("stay whole where one covers thousands of others", () => {
    const arena = new OpArena(1 << 20);
    const ranges = new RangeOps(arena.u8, arena.u32);
    const wide = (n: number) => Uint8Array.of(n >>> 8, n & 255);
    const add = (lower: Uint8Array, upper: Uint8Array) => {
      const op = arena.append(KEYSPACE, OP_KIND_DELETE_RANGE, lower, upper.length);
      arena.u8.set(upper, opValueOffset(arena.u32, op));
      ranges.add(op);
      return op;
    };
    for (let n = 0; n < 5000; n++) {
      add(wide(2 * n), wide(2 * n + 1));
    }
    const over = add(wide(100), wide(9001));
    expect(ranges.deletes(KEYSPACE).length).toBe(50 + 1 + 499);
    for (const [key, isOver] of [
      [99, false],
      [100, true],
      [9000, true],
      [9001, false],
    ] as const) {
      expect(ranges.newestOver(KEYSPACE, wide(key), 0, 2, WHOLE, WHOLE) === over).toBe(isOver);
    }
    ranges.rewindTo(over);
    expect(ranges.deletes(KEYSPACE).length).toBe(5000);
  });
});

/** What is covered: ascending, without overlaps, as few ranges as there can be. */
function coveredBy(made: readonly Made[], keyspace: number): RangeDelete[] {
  const covered: RangeDelete[] = [];
  let lower: number | undefined;
  for (let n = 0; n < KEYS + 6; n++) {
    // What covers the last key here covers everything behind it.
    const isCovered = n < KEYS + 5 && newestIn(made, keyspace, n, WHOLE, WHOLE) !== 0;
    if (isCovered) {
      lower ??= n;
    } else if (lower !== undefined) {
      covered.push({ lower: keyOf(lower), upper: n < KEYS + 5 ? keyOf(n) : undefined });
      lower = undefined;
    }
  }
  return covered;
}

describe("what a scan has to mind", () => {
  /** An arena with these ranges, each a commit, that begins behind commit `baseCommit`. */
  function arenaOf(baseCommit: number, ...bounds: readonly (readonly [number, number])[]) {
    const arena = new OpArena(ARENA_BYTES);
    // What is not committed has no commit number.
    arena.commitDelta = baseCommit === 0 ? 0 : 1;
    const ranges = new RangeOps(arena.u8, arena.u32);
    const ops = bounds.map(([lower, upper]) => {
      const { op } = addTo(arena, KEYSPACE, lower, upper);
      ranges.add(op);
      arena.nextRecord();
      return op;
    });
    return { ops, ranges, segment: { baseCommit } };
  }

  function part(id: number, lower: number, upper: number, ...deletes: readonly (readonly [number, number])[]): Part {
    return {
      id,
      root: { page: 0, height: 0, count: 0 },
      filter: { page: 0, pageCount: 0, blocks: 0, probes: 0 },
      lower: keyOf(lower),
      upper: keyOf(upper),
      bytes: 0,
      deletes: 0,
      hiddenBytes: 0,
      birth: 1,
      isCut: false,
      rangeDeletes: deletes.map(([from, to]) => ({ lower: keyOf(from), upper: keyOf(to) })),
      areas: [],
    };
  }

  it("is what newer sources deleted, and in the same arena what was written later", () => {
    const writes = arenaOf(0, [20, 22]);
    const active = arenaOf(100, [1, 5], [3, 8]);
    const frozen = arenaOf(50, [10, 12]);
    const manifest = Manifest.empty.with({
      added: [
        { level: 0, run: 2, part: part(1, 12, 16, [13, 15]) },
        { level: 6, run: 1, part: part(2, 1, 29) },
      ],
    });
    const point = { commit: 101, state: { memtables: [active, frozen] } } as unknown as ReadPoint;
    const cover = new RangeCover();
    const over = (rank: number, op: number, n: number): string | undefined => {
      const key = keyOf(n);
      const hiding = cover.hiding(rank, op, key, 0, key.length);
      return hiding === undefined ? undefined : `${hiding.rank} ${hiding.lower[1]}-${hiding.upper![1]}`;
    };
    const oldest = runRank(1);
    cover.open(point, { ranges: writes.ranges } as unknown as WriteSet, KEYSPACE, WHOLE, WHOLE, manifest);
    expect(cover.isEmpty).toBe(false);
    // The second range of the active memtable is commit 102, and not seen.
    expect([over(oldest, 0, 4), over(oldest, 0, 6), over(oldest, 0, 2)]).toEqual(["1 1-5", undefined, "1 1-5"]);
    expect([over(memtableRank(0), active.ops[0]! - 4, 2), over(memtableRank(0), active.ops[0]! + 4, 2)]).toEqual([
      "1 1-5",
      undefined,
    ]);
    expect([over(oldest, 0, 11), over(memtableRank(1), WHOLE, 11), over(memtableRank(0), 0, 11)]).toEqual([
      "2 10-12",
      undefined,
      undefined,
    ]);
    expect([over(oldest, 0, 14), over(runRank(0), 0, 14), over(oldest, 0, 15)]).toEqual([
      `${runRank(0)} 13-15`,
      undefined,
      undefined,
    ]);
    expect([over(oldest, 0, 21), over(WRITES_RANK, WHOLE, 21)]).toEqual([`${WRITES_RANK} 20-22`, undefined]);
    // What the reader writes from a mark on is not seen either.
    cover.open(
      point,
      { ranges: writes.ranges } as unknown as WriteSet,
      KEYSPACE,
      writes.ops[0]!,
      active.ops[0]!,
      undefined,
    );
    expect([over(oldest, 0, 21), over(oldest, 0, 2), over(oldest, 0, 11), over(oldest, 0, 14)]).toEqual([
      undefined,
      undefined,
      "2 10-12",
      undefined,
    ]);
    cover.open(point, undefined, OTHER, WHOLE, WHOLE, Manifest.empty);
    expect(cover.isEmpty).toBe(true);
    cover.close();
    expect(over(oldest, 0, 11)).toBeUndefined();
  });

  it("leaves out a range whose ends leave nothing between them", () => {
    const arena = new OpArena(ARENA_BYTES);
    const ranges = new RangeOps(arena.u8, arena.u32);
    ranges.add(addTo(arena, KEYSPACE, 5, 5).op);
    ranges.add(addTo(arena, KEYSPACE, 9, 5).op);
    expect([ranges.isEmpty, ranges.has(KEYSPACE), ranges.deletes(KEYSPACE)]).toEqual([true, false, []]);
    const { op } = addTo(arena, KEYSPACE, 5, 9);
    ranges.add(op);
    ranges.add(addTo(arena, KEYSPACE, 7, 6).op);
    expect(ranges.newestOver(KEYSPACE, keyOf(6), 0, 2, WHOLE, WHOLE)).toBe(op);
  });

  it("rangeOfOp reads a range back", () => {
    const arena = new OpArena(ARENA_BYTES);
    const bounded = addTo(arena, KEYSPACE, 0, 9);
    const unbounded = addTo(arena, KEYSPACE, 4, Number.POSITIVE_INFINITY);
    expect(rangeOfOp(arena.u8, arena.u32, bounded.op)).toEqual({ lower: keyOf(0), upper: keyOf(9) });
    expect(rangeOfOp(arena.u8, arena.u32, unbounded.op)).toEqual({ lower: keyOf(4), upper: undefined });
  });
});
