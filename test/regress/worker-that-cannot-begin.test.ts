/**
 * A checkpoint worker that was told which pages the other thread had written, and then could not begin its job, kept what
 * it had of them: the job that was tried again began with old pages.
 */
import { expect, it } from "vitest";
import { WorkerPages } from "../../src/mvcc/worker-pages.ts";
import { type Disk, MemoryDisk, PAGE_SIZE, PageFile, sealPage } from "../../src/pager/index.ts";

const OPTIONS = { backend: "pread", cacheBytes: 1024 * 1024, readOnly: false } as const;
const MARK_AT = 100;

function image(page: number, mark: number): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE);
  bytes[MARK_AT] = mark;
  sealPage(bytes, 0, page);
  return bytes;
}

function markOfPage2(pages: PageFile): number {
  const base = pages.locate(2);
  return pages.view.u8[base + MARK_AT]!;
}

it("pages that were written meanwhile are read anew, although the job before could not begin", () => {
  const disk = new MemoryDisk();
  let isBroken = false;
  const seen: Disk = Object.assign(Object.create(disk) as Disk, {
    list: () => {
      if (isBroken) {
        throw new Error("too many open files");
      }
      return disk.list();
    },
    open: disk.open.bind(disk),
  });
  const pages = PageFile.open(disk, OPTIONS);
  for (let page = 0; page < 3; page++) {
    pages.writePages(image(page, 1), 0, page, 1);
  }
  const worker = new WorkerPages(seen, OPTIONS);
  expect(markOfPage2(worker.forJob(3, [], 3))).toBe(1);
  pages.writePages(image(2, 2), 0, 2, 1);
  isBroken = true;
  expect(() => worker.forJob(3, [{ first: 2, count: 1 }], 3)).toThrow("too many open files");
  isBroken = false;
  expect(markOfPage2(worker.forJob(3, [], 3))).toBe(2);
});
