/** Parts of pages: what `locatePart` promises, on every backend. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DbError } from "../../src/errors.ts";
import { MemoryDisk, PAGE_SIZE, PageFile, type PageView, sealPage } from "../../src/pager/index.ts";
import { PageCache } from "../../src/pager/page-cache.ts";

const FRAMES = 32;
const PARTS = 15;
/** Where the test's pages have their version. */
const VERSION = 12;

/** A part is its number, page and version, and was unpacked from a page that is in place. */
function unpack(from: PageView, base: number, part: number, into: PageView, intoBase: number): void {
  if (part === 13) {
    throw new DbError("CORRUPT", "no part 13");
  }
  into.u8.fill(part, intoBase, intoBase + PAGE_SIZE);
  into.u32[intoBase >> 2] = from.u32[(base >> 2) + 1]!;
  into.u32[(intoBase >> 2) + 1] = from.u32[(base + VERSION) >> 2]!;
}

function write(pages: PageFile, first: number, count: number, version: number): void {
  const images = new Uint8Array(count * PAGE_SIZE);
  for (let i = 0; i < count; i++) {
    images[i * PAGE_SIZE + VERSION] = version;
    sealPage(images, i * PAGE_SIZE, first + i);
  }
  pages.writePages(images, 0, first, count);
}

function expectPart(pages: PageFile, page: number, part: number, version: number): void {
  const base = pages.locatePart(page, part, unpack);
  const { u8, u32 } = pages.view;
  const found = [u32[base >> 2], u32[(base >> 2) + 1], u8[base + 8], u8[base + PAGE_SIZE - 1]];
  expect(found).toEqual([page, version, part, part]);
}

function expectPage(pages: PageFile, page: number, version: number): void {
  const base = pages.locate(page);
  expect([pages.view.u32[(base >> 2) + 1], pages.view.u8[base + VERSION]]).toEqual([page, version]);
}

describe.each(["mmap", "pread", "memory"] as const)("parts of pages: %s", (backend) => {
  const open = (disk = new MemoryDisk({ mapped: backend === "mmap" })): PageFile =>
    PageFile.open(disk, { backend, cacheBytes: FRAMES * PAGE_SIZE, readOnly: false, fileBytes: 1 << 16 });

  test("random reads of pages and parts, among writes, agree with a map", () => {
    const step = fc.record({
      page: fc.integer({ min: 2, max: 40 }),
      part: fc.integer({ min: 0, max: PARTS }),
      version: fc.integer({ min: 1, max: 255 }),
      isWrite: fc.boolean(),
      count: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pages = open();
        write(pages, 2, 80, 1);
        const versions = new Map<number, number>();
        for (const { page, part, version, isWrite, count } of steps) {
          if (isWrite && part < 3) {
            write(pages, page, count, version);
            for (let i = 0; i < count; i++) {
              versions.set(page + i, version);
            }
          }
          const known = versions.get(page) ?? 1;
          if (part === 0) {
            expectPage(pages, page, known);
          } else if (part !== 13) {
            expectPart(pages, page, part, known);
            expectPage(pages, page, known);
            expectPart(pages, page, part, known);
          }
        }
        pages.close();
      }),
      { numRuns: 40 },
    );
  });

  test("a part is unpacked once, as long as it stays in the cache", () => {
    const pages = open();
    write(pages, 2, 2, 1);
    expectPart(pages, 2, 1, 1);
    expectPart(pages, 2, 15, 1);
    expectPart(pages, 2, 1, 1);
    expect(pages.stats()).toMatchObject({ partsUnpacked: 2, cacheFrames: FRAMES, pagesEvicted: 0 });
    expect(pages.generation).toBe(0);
    pages.close();
  });

  test("the generation rises when a part may have lost its frame", () => {
    const pages = open();
    write(pages, 2, 4, 1);
    for (let i = 0; i < FRAMES; i++) {
      expectPart(pages, 2 + (i >> 3), 1 + (i & 7), 1);
    }
    const { generation } = pages;
    write(pages, 2, 1, 2);
    expect(pages.generation).toBeGreaterThan(generation);
    expectPart(pages, 2, 1, 2);
    const evicted = pages.stats().pagesEvicted;
    const before = pages.generation;
    for (let part = 1; part <= 12; part++) {
      expectPart(pages, 3, part, 1);
      expectPart(pages, 4, part, 1);
      expectPart(pages, 5, part, 1);
    }
    expect(pages.stats().pagesEvicted).toBeGreaterThan(evicted);
    expect(pages.generation).toBeGreaterThan(before);
    pages.close();
  });

  test("parts go with their page: when it is forgotten, and when the file is cut", () => {
    const pages = open();
    write(pages, 2, 20, 1);
    expectPart(pages, 3, 4, 1);
    expectPart(pages, 20, 4, 1);
    pages.forget(3, 1);
    expectPart(pages, 3, 4, 1);
    expect(pages.stats().partsUnpacked).toBe(3);
    pages.shrink(10);
    expect(() => pages.locatePart(20, 4, unpack)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    write(pages, 10, 12, 2);
    expectPart(pages, 20, 4, 2);
    pages.close();
    expect(() => pages.locatePart(20, 4, unpack)).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });

  test("a meta page has none, and leaves the others alone when it is written", () => {
    const pages = open();
    write(pages, 2, 3, 1);
    expectPart(pages, 2, 1, 1);
    write(pages, 0, 1, 1);
    expect(() => pages.locatePart(0, 1, unpack)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    expectPart(pages, 2, 1, 1);
    expect(pages.stats().partsUnpacked).toBe(1);
    pages.close();
  });

  test("what cannot be unpacked is not in the cache, and harms nothing else", () => {
    const pages = open();
    write(pages, 2, 3, 1);
    expectPart(pages, 2, 1, 1);
    for (let i = 0; i < 2 * FRAMES; i++) {
      expect(() => pages.locatePart(3, 13, unpack)).toThrow("no part 13");
    }
    expectPart(pages, 2, 1, 1);
    expectPart(pages, 3, 1, 1);
    pages.close();
  });
});

test("a frame that is to be kept is kept, though every frame is in use", () => {
  const cache = new PageCache(FRAMES * PAGE_SIZE);
  for (let i = 0; i < FRAMES; i++) {
    cache.holds(cache.takeFrame(), 2 + i, i & 15);
  }
  for (let kept = 0; kept < FRAMES; kept++) {
    for (let i = 0; i < FRAMES; i++) {
      cache.findPart(2 + i, i & 15);
    }
    const frame = cache.takeFrame(kept);
    expect(frame).not.toBe(kept);
    cache.holds(frame, 2 + frame, frame & 15);
  }
});
