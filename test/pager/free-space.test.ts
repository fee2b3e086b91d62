/** FreeSpace and PendingFrees against plain sets and the rule itself. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DbError } from "../../src/errors.ts";
import { type Extent, FreeSpace, PendingFrees } from "../../src/pager/index.ts";

const PAGES_PER_FILE = 64;

/** A set of free pages and the same promises, kept the slow way. */
class SpaceModel {
  readonly free = new Set<number>();
  pageCount: number;

  constructor(pageCount: number) {
    this.pageCount = pageCount;
  }

  allocateRun(count: number): number {
    for (let first = 0; ; first++) {
      const end = first + count;
      const isOneFile = Math.floor(first / PAGES_PER_FILE) === Math.floor((end - 1) / PAGES_PER_FILE);
      if (isOneFile && this.#isFreeOrNew(first, end)) {
        for (; this.pageCount < end; this.pageCount++) {
          this.free.add(this.pageCount);
        }
        for (let page = first; page < end; page++) {
          this.free.delete(page);
        }
        return first;
      }
    }
  }

  allocateUpTo(most: number): Extent {
    const [first] = [...this.free].sort((a, b) => a - b);
    if (first === undefined) {
      const count = Math.min(most, PAGES_PER_FILE);
      return { first: this.allocateRun(count), count };
    }
    let count = 0;
    while (count < most && this.free.delete(first + count)) {
      count++;
    }
    return { first, count };
  }

  #isFreeOrNew(first: number, end: number): boolean {
    for (let page = first; page < end; page++) {
      if (page < this.pageCount && !this.free.has(page)) {
        return false;
      }
    }
    return true;
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("allocate" as const), count: fc.constantFrom(1, 1, 1, 2, 3, 7, 20, 64) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("allocate up to" as const), count: fc.constantFrom(1, 5, 64, 100) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("release" as const), count: fc.integer({ min: 0, max: 10_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), count: fc.constant(0) }) },
);

function pagesOf(runs: readonly Extent[]): number[] {
  return runs.flatMap((run) => Array.from({ length: run.count }, (_, i) => run.first + i));
}

describe("FreeSpace", () => {
  test("agrees with a set of pages: lowest first, within one file, growing at the end", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const space = FreeSpace.of(2, [], PAGES_PER_FILE);
        const model = new SpaceModel(2);
        const held: Extent[] = [];
        for (const { kind, count } of steps) {
          if (kind === "allocate") {
            const first = space.allocateRun(count);
            expect(first).toBe(model.allocateRun(count));
            held.push({ first, count });
          } else if (kind === "allocate up to") {
            const extent = space.allocateUpTo(count);
            expect(extent).toEqual(model.allocateUpTo(count));
            held.push(extent);
          } else if (kind === "release" && held.length > 0) {
            const [extent] = held.splice(count % held.length, 1);
            space.release(extent!.first, extent!.count);
            for (let page = extent!.first; page < extent!.first + extent!.count; page++) {
              model.free.add(page);
            }
          } else if (kind === "cut") {
            const end = space.cutTail();
            for (; model.free.has(model.pageCount - 1); model.pageCount--) {
              model.free.delete(model.pageCount - 1);
            }
            expect(end).toBe(model.pageCount);
          }
          expect([space.pageCount, space.freeCount]).toEqual([model.pageCount, model.free.size]);
        }
        const ascending = [...model.free].sort((a, b) => a - b);
        expect(pagesOf(space.runs())).toEqual(ascending);
        for (const copy of [space.clone(), FreeSpace.decode(space.encode(), PAGES_PER_FILE), transferred(space)]) {
          expect(copy.pageCount).toBe(space.pageCount);
          expect(pagesOf(copy.runs())).toEqual(ascending);
          expect(copy.allocateRun(3)).toBe(space.clone().allocateRun(3));
        }
        const used = Array.from({ length: space.pageCount }, (_, page) => page).filter((page) => !model.free.has(page));
        expect(space.highestUsed()).toBe(used.at(-1));
      }),
      { numRuns: 300 },
    );
  });

  test("the page count reaches beyond 2^31", () => {
    const space = FreeSpace.of(2 ** 31 + 7, [{ first: 2 ** 31 + 2, count: 2 }]);
    expect([space.allocate(), space.allocate(), space.allocate()]).toEqual([2 ** 31 + 2, 2 ** 31 + 3, 2 ** 31 + 7]);
  });

  test("a run that no file could hold is FULL; a page released twice is refused", () => {
    const space = FreeSpace.of(10, [], PAGES_PER_FILE);
    expect(() => space.allocateRun(PAGES_PER_FILE + 1)).toThrow(expect.objectContaining({ code: "FULL" }));
    space.release(4, 2);
    expect(() => space.release(5, 1)).toThrow("P8");
    expect(() => space.release(10, 1)).toThrow("P8");
  });

  test("an encoding cut short, extended or altered is CORRUPT or decodes to something of its size", () => {
    const bytes = FreeSpace.of(100_000, [
      { first: 5, count: 1 },
      { first: 300, count: 40_000 },
      { first: 99_999, count: 1 },
    ]).encode();
    for (let length = 0; length < bytes.length; length++) {
      expect(() => FreeSpace.decode(bytes.subarray(0, length))).toThrow(DbError);
    }
    expect(() => FreeSpace.decode(new Uint8Array([...bytes, 0]))).toThrow(/left over/);
    for (const version of [0, 2, 255]) {
      expect(() => FreeSpace.decode(new Uint8Array([version, ...bytes.subarray(1)]))).toThrow(DbError);
    }
  });
});

function transferred(space: FreeSpace): FreeSpace {
  return FreeSpace.fromTransfer(structuredClone(space.toTransfer()));
}

describe("PendingFrees", () => {
  test("a page is released exactly when no pinned checkpoint needs it and its freeing is durable", () => {
    const free = fc.record({ birth: fc.integer({ min: 0, max: 12 }), count: fc.integer({ min: 1, max: 3 }) });
    const round = fc.record({
      frees: fc.array(free, { maxLength: 5 }),
      pinned: fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 4 }),
      lag: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 12 }), (rounds) => {
        const pending = new PendingFrees();
        let waiting: { first: number; count: number; birth: number; freedAt: number }[] = [];
        let nextPage = 2;
        for (const [index, { frees, pinned, lag }] of rounds.entries()) {
          const freedAt = index + 1;
          for (const { birth, count } of frees) {
            const entry = { first: nextPage, count, birth: Math.min(birth, freedAt), freedAt };
            pending.add(entry.first, count, entry.birth, freedAt);
            waiting.push(entry);
            nextPage += count;
          }
          const ascending = pinned.toSorted((a, b) => a - b);
          const released = pending.releasable(ascending, freedAt - lag);
          const isFree = (entry: (typeof waiting)[number]): boolean =>
            entry.freedAt <= freedAt - lag && !pinned.some((pin) => entry.birth <= pin && pin < entry.freedAt);
          expect(released).toEqual(waiting.filter(isFree).map(({ first, count }) => ({ first, count })));
          waiting = waiting.filter((entry) => !isFree(entry));
          expect(pending.all()).toEqual(waiting);
          expect(pending.pagesWaiting).toBe(waiting.reduce((sum, entry) => sum + entry.count, 0));
        }
      }),
      { numRuns: 500 },
    );
  });

  test("a long reader keeps its own pages, not those that came and went since", () => {
    const pending = new PendingFrees();
    pending.add(10, 1, 3, 6);
    pending.add(11, 1, 5, 6);
    expect(pending.releasable([4], 6)).toEqual([{ first: 11, count: 1 }]);
    expect(pending.releasable([4], 9)).toEqual([]);
    expect(pending.releasable([], 9)).toEqual([{ first: 10, count: 1 }]);
  });
});
