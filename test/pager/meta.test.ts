/** Meta pages: the newest one is found, through any crash, and no damage goes unnoticed. */
import { describe, expect, test } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { DbError } from "../../src/errors.ts";
import {
  createPageFile,
  type Disk,
  FORMAT_VERSION,
  MemoryDisk,
  type Meta,
  PAGE_SIZE,
  PageFile,
  readMeta,
  writeMeta,
} from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

function metaOf(checkpoint: number, more: Partial<Meta> = {}): Meta {
  return {
    formatVersion: FORMAT_VERSION,
    databaseId: "00112233445566778899aabbccddeeff",
    checkpoint,
    commit: 2 ** 40 + checkpoint,
    pageCount: 2,
    rootsPage: 7,
    rootsHeight: 3,
    rootsCount: 2 ** 33 + 1,
    freePage: 11,
    freeLengthBytes: 12,
    firstSegment: 13,
    extra: new Uint8Array([1, 2, 3]),
    ...more,
  };
}

function openPages(disk: Disk): PageFile {
  return PageFile.open(disk, { backend: "pread", cacheBytes: 0, readOnly: false });
}

function newestIn(disk: Disk): Meta {
  const pages = openPages(disk);
  try {
    return readMeta(pages);
  } finally {
    pages.close();
  }
}

/** Flips bits of pages.000 in place. */
function damage(disk: Disk, position: number, mask: number): void {
  const file = disk.open("pages.000", "write");
  const byte = new Uint8Array(1);
  file.read(byte, 0, 1, position);
  byte[0]! ^= mask;
  file.write(byte, 0, 1, position);
  file.close();
}

function diskAt(checkpoint: number): MemoryDisk {
  const disk = new MemoryDisk();
  createPageFile(disk, metaOf(0));
  const pages = openPages(disk);
  for (let i = 1; i <= checkpoint; i++) {
    writeMeta(pages, metaOf(i));
  }
  pages.close();
  return disk;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof DbError ? error.code : String(error);
  }
  return "none";
}

describe("meta pages", () => {
  test("the newest comes back with every field", () => {
    for (const checkpoint of [0, 1, 2, 3]) {
      expect(newestIn(diskAt(checkpoint))).toMatchObject(metaOf(checkpoint));
    }
  });

  test("a flip of any byte of both slots changes nothing, or is survived by the copy", () => {
    for (const checkpoint of [4, 5]) {
      const disk = diskAt(checkpoint);
      for (let position = 0; position < 2 * PAGE_SIZE; position++) {
        damage(disk, position, 1 << (position & 7));
        expect(newestIn(disk).checkpoint).toBe(checkpoint);
        damage(disk, position, 1 << (position & 7));
      }
    }
  });

  test("damage to both copies of a slot is CORRUPT, whichever slot it is", () => {
    for (const slot of [0, 1]) {
      const disk = diskAt(4);
      damage(disk, slot * PAGE_SIZE + 100, 1);
      damage(disk, slot * PAGE_SIZE + 4096 + 200, 1);
      expect(codeOf(() => newestIn(disk))).toBe("CORRUPT");
    }
  });

  test("after a crash at any moment the last synced meta or a later one is found", () => {
    const disk = new CrashDisk();
    const rng = seededRng(7);
    const synced: { readonly operations: number; readonly checkpoint: number }[] = [];
    createPageFile(disk, metaOf(0));
    synced.push({ operations: disk.operations, checkpoint: 0 });
    const pages = openPages(disk);
    for (let checkpoint = 1; checkpoint <= 5; checkpoint++) {
      writeMeta(pages, metaOf(checkpoint));
      pages.sync();
      synced.push({ operations: disk.operations, checkpoint });
    }
    for (let after = 0; after <= disk.operations; after++) {
      const least = synced.findLast((entry) => entry.operations <= after)?.checkpoint ?? -1;
      for (const image of disk.images(rng, 20, after)) {
        if (image.list().includes("pages.000")) {
          const found = newestIn(image).checkpoint;
          expect(found).toBeGreaterThanOrEqual(least);
          expect(found).toBeLessThanOrEqual(least + 1);
        } else {
          expect(least).toBe(-1);
        }
      }
    }
  });

  test("a torn meta is the old or the new one", () => {
    const disk = diskAt(4);
    const crash = new CrashDisk({ from: disk });
    const pages = openPages(crash);
    writeMeta(pages, metaOf(5));
    const found = new Set(crash.images(seededRng(3), 200).map((image) => newestIn(image).checkpoint));
    expect(found).toEqual(new Set([4, 5]));
  });

  test("a crash while the database is made leaves none of it or all of it", () => {
    const disk = new CrashDisk();
    createPageFile(disk, metaOf(0));
    const rng = seededRng(5);
    for (let after = 0; after <= disk.operations; after++) {
      for (const image of disk.images(rng, 20, after)) {
        if (!image.list().includes("pages.000")) {
          createPageFile(image, metaOf(0));
        }
        expect(newestIn(image).checkpoint).toBe(0);
      }
    }
  });

  test("a database cut short is CORRUPT with both lengths, a missing file too", () => {
    const disk = diskAt(0);
    const pages = openPages(disk);
    pages.writePages(new Uint8Array(8 * PAGE_SIZE), 0, 2, 8);
    writeMeta(pages, metaOf(1, { pageCount: 10 }));
    expect(newestIn(disk).pageCount).toBe(10);
    for (const size of [10 * PAGE_SIZE - 1, 5 * PAGE_SIZE, PAGE_SIZE + 1, 1, 0]) {
      disk.open("pages.000", "write").truncate(size);
      expect(() => newestIn(disk)).toThrow(
        expect.objectContaining({ code: "CORRUPT", facts: expect.objectContaining({ actual: size }) }),
      );
    }
    disk.remove("pages.000");
    expect(codeOf(() => newestIn(disk))).toBe("CORRUPT");
  });

  test("other bytes are INVALID, a newer format and other geometry UNSUPPORTED", () => {
    const disk = new MemoryDisk();
    const file = disk.open("pages.000", "create");
    file.write(new Uint8Array(3 * PAGE_SIZE).fill(0x41), 0, 3 * PAGE_SIZE, 0);
    expect(codeOf(() => newestIn(disk))).toBe("INVALID");
    const newer = new MemoryDisk();
    createPageFile(newer, metaOf(0, { formatVersion: FORMAT_VERSION + 1 }));
    expect(codeOf(() => newestIn(newer))).toBe("UNSUPPORTED");
    const other = new MemoryDisk();
    createPageFile(other, metaOf(0), 128);
    expect(codeOf(() => newestIn(other))).toBe("UNSUPPORTED");
  });
});
