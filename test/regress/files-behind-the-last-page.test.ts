/**
 * A file that was made for pages that came to nothing lay behind the last page. A worker kept it open, while others cut the file
 * before it, or removed it: what was written to it then was in no file of the database, or behind one that was not full.
 */
import { describe, expect, it } from "vitest";
import { WorkerPages } from "../../src/mvcc/worker-pages.ts";
import { MemoryDisk, PAGE_SIZE, PageFile, sealPage } from "../../src/pager/index.ts";

const OPTIONS = { backend: "pread", cacheBytes: 1 << 20, readOnly: false, fileBytes: 8 * PAGE_SIZE } as const;
const PAGES = 12;

function imagesOf(firstPage: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count * PAGE_SIZE);
  for (let i = 0; i < count; i++) {
    sealPage(bytes, i * PAGE_SIZE, firstPage + i);
  }
  return bytes;
}

describe.each(["has opened it, and removes it", "never saw it"])("a database that %s", (what) => {
  it("finds what a worker writes", () => {
    const disk = new MemoryDisk();
    const pages = PageFile.open(disk, OPTIONS);
    pages.writePages(imagesOf(0, PAGES), 0, 0, PAGES);
    pages.sync();
    const worker = new WorkerPages(disk, OPTIONS);
    // A helper is handed pages from 16 on, and does not use them.
    worker.forJob(PAGES, [], Number.POSITIVE_INFINITY).makeFiles(17);
    if (what !== "never saw it") {
      pages.grow(PAGES);
      pages.shrink(PAGES);
      worker.forJob(PAGES, [], PAGES);
    }
    // A load that is given up.
    pages.writePages(imagesOf(PAGES, 2), 0, PAGES, 2);
    pages.shrink(PAGES);
    const job = worker.forJob(PAGES, [], PAGES);
    job.writePages(imagesOf(PAGES, 2), 0, PAGES, 2);
    job.writePages(imagesOf(16, 3), 0, 16, 3);
    job.sync();
    pages.grow(19);
    expect(pages.pageCount).toBe(19);
    for (const page of [PAGES, 16, 18]) {
      pages.locate(page);
    }
    PageFile.open(disk, OPTIONS).checkLength(19);
  });
});
