/** Overflow extents: values of any length come back, damage and wrong references are found. */
import { describe, expect, test } from "vitest";
import {
  checkExtent,
  extentBirth,
  extentPages,
  FreeSpace,
  MemoryDisk,
  PAGE_SIZE,
  PageFile,
  readExtent,
  writeExtent,
} from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

const FILE_BYTES = 1 << 20;

function openPages(disk: MemoryDisk): PageFile {
  return PageFile.open(disk, { backend: "pread", cacheBytes: 0, readOnly: false, fileBytes: FILE_BYTES });
}

function randomBytes(length: number): Uint8Array {
  const rng = seededRng(length);
  return new Uint8Array(length).map(() => rng.next());
}

describe("extents", () => {
  test("any length, from an ArrayBuffer or a SharedArrayBuffer, comes back", () => {
    const pages = openPages(new MemoryDisk());
    const space = FreeSpace.of(2, [], pages.pagesPerFile);
    const lengths = [0, 1, 15, 8175, 8176, 8177, PAGE_SIZE, 100_000, 64 * PAGE_SIZE - 16, 64 * PAGE_SIZE - 15, 900_000];
    for (const length of lengths) {
      const shared = new Uint8Array(new SharedArrayBuffer(length + 7));
      shared.set(randomBytes(length), 7);
      const first = writeExtent(pages, space, 42, shared, 7, length);
      const into = new Uint8Array(length + 3);
      readExtent(pages, first, length, into, 3);
      expect(Buffer.compare(into.subarray(3), shared.subarray(7))).toBe(0);
      expect(extentBirth(pages, first)).toBe(42);
      expect(Math.floor(first / pages.pagesPerFile)).toBe(
        Math.floor((first + extentPages(length) - 1) / pages.pagesPerFile),
      );
      checkExtent(pages, first, length);
    }
    expect(pages.stats().fileCount).toBeGreaterThan(1);
  });

  test("a flip of any byte, a wrong length and a wrong place are CORRUPT with the page", () => {
    const disk = new MemoryDisk();
    const pages = openPages(disk);
    const space = FreeSpace.of(2, [], pages.pagesPerFile);
    const length = 9000;
    const first = writeExtent(pages, space, 1, randomBytes(length), 0, length);
    const file = disk.open("pages.000", "write");
    const into = new Uint8Array(length + 1);
    const byte = new Uint8Array(1);
    const damaged = expect.objectContaining({ code: "CORRUPT", facts: { page: first } });
    for (let offset = 0; offset < 16 + length; offset++) {
      file.read(byte, 0, 1, first * PAGE_SIZE + offset);
      byte[0]! ^= 1 << (offset & 7);
      file.write(byte, 0, 1, first * PAGE_SIZE + offset);
      expect(() => readExtent(pages, first, length, into, 0)).toThrow(damaged);
      byte[0]! ^= 1 << (offset & 7);
      file.write(byte, 0, 1, first * PAGE_SIZE + offset);
    }
    expect(() => readExtent(pages, first, length + 1, into, 0)).toThrow(damaged);
    expect(() => checkExtent(pages, first, length - 1)).toThrow(damaged);
    expect(() => extentBirth(pages, first + 1)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    expect(() => readExtent(pages, 9999, length, into, 0)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    readExtent(pages, first, length, into, 0);
  });
});
