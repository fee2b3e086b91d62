/**
 * Where a page file could not be removed after its pages were cut off, the page count stayed what it had been although the
 * file was closed: the next growth found the pages missing, and the database was poisoned for a file that nobody needed.
 */
import { expect, it } from "vitest";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import { MemoryDisk, PAGE_SIZE, PageFile, sealPage } from "../../src/pager/index.ts";

const OPTIONS = { backend: "pread", cacheBytes: 1 << 20, readOnly: false, fileBytes: 8 * PAGE_SIZE } as const;

function write(pages: PageFile, first: number, count: number, fill: number): void {
  const images = new Uint8Array(count * PAGE_SIZE).fill(fill);
  for (let i = 0; i < count; i++) {
    sealPage(images, i * PAGE_SIZE, first + i);
  }
  pages.writePages(images, 0, first, count);
}

it("pages that were cut off are gone although their file could not be removed", () => {
  const memory = new MemoryDisk();
  const counting = new FaultDisk(memory, {});
  const before = PageFile.open(counting, OPTIONS);
  write(before, 0, 12, 1);
  before.close();

  // The list and the files' sizes when it is opened, then the removal.
  const disk = new FaultDisk(memory, { failAt: 6 });
  const pages = PageFile.open(disk, OPTIONS);
  expect(() => pages.shrink(5)).toThrow(/remove pages\.001/);
  expect(pages.pageCount).toBe(5);
  expect(() => pages.locate(10)).toThrow(expect.objectContaining({ code: "CORRUPT" }));

  pages.grow(5);
  write(pages, 5, 7, 2);
  expect(pages.pageCount).toBe(12);
  const offset = pages.locate(10);
  expect(pages.view.u8[offset + 100]).toBe(2);
});
