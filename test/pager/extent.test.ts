/** Overflow extents: values of any length come back, damage and wrong references are found. */
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  checkExtent,
  extentBirth,
  extentPages,
  FreeSpace,
  MemoryDisk,
  PAGE_SIZE,
  PART_CRC_BYTES,
  PageFile,
  putU32,
  readExtent,
  readExtentPart,
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

describe("values within an extent", () => {
  /** An extent of values, each behind its checksum, and where they begin in its bytes. */
  function writeValues(pages: PageFile, values: readonly Uint8Array[]): { first: number; offsets: number[] } {
    const offsets: number[] = [];
    let bytes = new Uint8Array(0);
    for (const value of values) {
      const crc = new Uint8Array(PART_CRC_BYTES);
      putU32(crc, 0, crc32(value));
      offsets.push(bytes.length + PART_CRC_BYTES);
      bytes = Buffer.concat([bytes, crc, value]);
    }
    const space = FreeSpace.of(2, [], pages.pagesPerFile);
    return { first: writeExtent(pages, space, 3, bytes, 0, bytes.length), offsets };
  }

  const damaged = (page: number) => expect.objectContaining({ code: "CORRUPT", facts: { page } });

  test.each(["memory", "pread", "mmap"] as const)("each comes back by itself, on %s", (backend) => {
    const disk = new MemoryDisk({ mapped: backend === "mmap" });
    const pages = PageFile.open(disk, { backend, cacheBytes: 0, readOnly: false });
    const values = [0, 1, 5000, PAGE_SIZE, 600_000, 0, 17].map(randomBytes);
    const { first, offsets } = writeValues(pages, values);
    for (const [i, value] of values.entries()) {
      const into = new Uint8Array(value.length + 6).fill(1);
      readExtentPart(pages, first, offsets[i]!, value.length, into, 3);
      expect(Buffer.compare(into.subarray(3, 3 + value.length), value)).toBe(0);
      expect([...into.subarray(0, 3), ...into.subarray(-3)]).toEqual([1, 1, 1, 1, 1, 1]);
    }
  });

  test("damage to one, and nothing but that, is CORRUPT", () => {
    const disk = new MemoryDisk();
    const pages = openPages(disk);
    const values = [100, 200, 300].map(randomBytes);
    const { first, offsets } = writeValues(pages, values);
    const file = disk.open("pages.000", "write");
    const byte = new Uint8Array(1);
    const into = new Uint8Array(300);
    for (let at = 0; at < 612; at++) {
      file.read(byte, 0, 1, first * PAGE_SIZE + 16 + at);
      byte[0]! ^= 1 << (at & 7);
      file.write(byte, 0, 1, first * PAGE_SIZE + 16 + at);
      for (const [i, offset] of offsets.entries()) {
        const length = values[i]!.length;
        const read = () => readExtentPart(pages, first, offset, length, into, 0);
        if (at >= offset - PART_CRC_BYTES && at < offset + length) {
          expect(read).toThrow(damaged(first));
        } else {
          read();
        }
      }
      byte[0]! ^= 1 << (at & 7);
      file.write(byte, 0, 1, first * PAGE_SIZE + 16 + at);
    }
  });

  test("what is not there is CORRUPT: another page, before the first, behind the last", () => {
    const pages = openPages(new MemoryDisk());
    const values = [20_000, 20_000].map(randomBytes);
    const { first, offsets } = writeValues(pages, values);
    const into = new Uint8Array(50_000);
    for (const [page, offset, length] of [
      [first + 1, 4, 10],
      [first, 0, 10],
      [first, 3, 10],
      [first, offsets[0]! + 1, 20_000],
      [first, offsets[0]!, 19_999],
      [first, offsets[1]!, 20_001],
      [first, offsets[1]! + 20_004, 0],
      [first, 4_294_967_295, 4_294_967_295],
    ] as const) {
      expect(() => readExtentPart(pages, page, offset, length, into, 0)).toThrow(damaged(page));
    }
    expect(() => readExtentPart(pages, 9999, 4, 10, into, 0)).toThrow(expect.objectContaining({ code: "CORRUPT" }));
  });
});
