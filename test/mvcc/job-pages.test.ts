/** Pages of work that comes to nothing go back, and no others. */
import { describe, expect, it } from "vitest";
import { JobPages, RevocablePages } from "../../src/mvcc/job-pages.ts";
import { FreeSpace } from "../../src/pager/index.ts";

function start() {
  const free = FreeSpace.of(10, [
    { first: 3, count: 2 },
    { first: 6, count: 3 },
  ]);
  const pages = new JobPages(free);
  return { free, pages, revocable: new RevocablePages(pages) };
}

describe("revocable pages", () => {
  it("are given back, and what others took in between is not", () => {
    const { free, pages, revocable } = start();
    const before = free.encode();
    expect(revocable.allocate()).toBe(3);
    expect(revocable.allocateRun(3)).toBe(6);
    expect(revocable.allocateUpTo(5)).toEqual({ first: 4, count: 1 });
    expect(revocable.allocateUpTo(5)).toEqual({ first: 10, count: 5 });
    revocable.release(7, 1);
    expect(pages.allocate()).toBe(7);
    pages.release(7, 1);
    expect(revocable.allocate()).toBe(7);
    revocable.giveBack();
    expect(free.encode()).toEqual(before);
    revocable.giveBack();
    expect(free.encode()).toEqual(before);
  });

  it("that were released and taken by somebody else stay theirs", () => {
    const { free, pages, revocable } = start();
    expect(revocable.allocateRun(2)).toBe(3);
    revocable.release(3, 2);
    expect(pages.allocateRun(2)).toBe(3);
    revocable.giveBack();
    expect([3, 4, 6].map((page) => free.isFree(page))).toEqual([false, false, true]);
    expect(pages.written).toEqual([
      { first: 3, count: 2 },
      { first: 3, count: 2 },
    ]);
  });
});

describe("room below a run of pages", () => {
  it("is a free run that begins before it", () => {
    const { pages } = start();
    expect([3, 4, 10].map((first) => pages.hasRunBelow(first, 2))).toEqual([false, true, true]);
    expect([6, 7].map((first) => pages.hasRunBelow(first, 3))).toEqual([false, true]);
    expect(pages.hasRunBelow(10, 4)).toBe(false);
  });

  it("is gone when it was taken", () => {
    const { pages } = start();
    expect(pages.hasRunBelow(6, 2)).toBe(true);
    expect(pages.allocateRun(2)).toBe(3);
    expect(pages.hasRunBelow(6, 2)).toBe(false);
    expect(pages.hasRunBelow(9, 2)).toBe(true);
    expect(pages.allocateRun(2)).toBe(6);
    expect(pages.hasRunBelow(9, 2)).toBe(false);
    expect(pages.hasRunBelow(9, 1)).toBe(true);
  });
});
