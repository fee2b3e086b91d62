/**
 * A job that failed had made a page file full and the next one, and not come to sync them. The job that did its work, with a
 * PageFile of its own, found them so, and synced what it wrote itself: after a power cut the database was too short.
 */
import { describe, expect, it } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { PAGE_SIZE, PageFile, sealPage } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

const OPTIONS = { backend: "pread", cacheBytes: 1 << 20, readOnly: false, fileBytes: 8 * PAGE_SIZE } as const;
const IMAGES = 50;

function imageOf(page: number): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE);
  sealPage(bytes, 0, page);
  return bytes;
}

describe.each(["knows", "does not know"])("a PageFile that %s the new file", (knows) => {
  it("syncs what another one has made", () => {
    const disk = new CrashDisk();
    const failing = PageFile.open(disk, OPTIONS);
    for (let page = 0; page < 6; page++) {
      failing.writePages(imageOf(page), 0, page, 1);
    }
    failing.sync();
    const going = PageFile.open(disk, OPTIONS);
    going.sync();
    // Pages 6 and 7 are left free, as where a run of pages does not fit in front of the end.
    failing.writePages(imageOf(8), 0, 8, 1);
    if (knows === "knows") {
      going.grow(9);
    }
    going.writePages(imageOf(8), 0, 8, 1);
    going.sync();
    for (const image of disk.images(seededRng(1), IMAGES)) {
      expect(PageFile.open(image, OPTIONS).pageCount).toBe(9);
    }
  });
});
