/** One suite for every way of keeping pages: what PageFile promises does not depend on its backend. */

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { DbError } from "../../src/errors.ts";
import {
  type Backend,
  type Disk,
  MemoryDisk,
  openDirectory,
  PAGE_SIZE,
  PageFile,
  type PageFileOptions,
  sealPage,
} from "../../src/pager/index.ts";
import { hasMmap } from "../support/machine.ts";

const FILE_BYTES = 1 << 16;
const PAGES_PER_FILE = FILE_BYTES / PAGE_SIZE;

interface Setup {
  readonly name: string;
  readonly backend: Backend;
  /** What the backend comes to on this disk. */
  readonly actual: Backend;
  readonly persistent: boolean;
  makeDisk(): Disk;
}

const directories: string[] = [];

function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "nacre-pager-"));
  directories.push(directory);
  return directory;
}

function directoryDisk(withoutMappings: boolean): Disk {
  return openDirectory(temporaryDirectory(), { create: true, readOnly: false, withoutMappings });
}

afterEach(() => {
  for (const directory of directories.splice(0)) {
    fs.rmSync(directory, { recursive: true });
  }
});

const setups: readonly Setup[] = [
  {
    name: "mmap on a directory",
    backend: "mmap",
    actual: hasMmap() ? "mmap" : "pread",
    persistent: true,
    makeDisk: () => directoryDisk(false),
  },
  {
    name: "mmap fallen back to pread",
    backend: "mmap",
    actual: "pread",
    persistent: true,
    makeDisk: () => directoryDisk(true),
  },
  {
    name: "pread on a directory",
    backend: "pread",
    actual: "pread",
    persistent: true,
    makeDisk: () => directoryDisk(false),
  },
  {
    name: "mmap on a memory disk",
    backend: "mmap",
    actual: "mmap",
    persistent: true,
    makeDisk: () => new MemoryDisk({ mapped: true }),
  },
  {
    name: "pread on a memory disk",
    backend: "pread",
    actual: "pread",
    persistent: true,
    makeDisk: () => new MemoryDisk(),
  },
  {
    name: "memory",
    backend: "memory",
    actual: "memory",
    persistent: false,
    makeDisk: () => new MemoryDisk(),
  },
];

function openPages(disk: Disk, backend: Backend, options: Partial<PageFileOptions> = {}): PageFile {
  return PageFile.open(disk, {
    backend,
    cacheBytes: 32 * PAGE_SIZE,
    readOnly: false,
    fileBytes: FILE_BYTES,
    ...options,
  });
}

/** A sealed page whose bytes follow from its number and `version`. */
function pageImage(page: number, version: number): Uint8Array {
  const image = new Uint8Array(PAGE_SIZE);
  for (let i = 12; i < PAGE_SIZE; i++) {
    image[i] = page * 31 + version * 7 + i;
  }
  sealPage(image, 0, page);
  return image;
}

function write(pages: PageFile, first: number, count: number, version: number): void {
  const images = new Uint8Array(count * PAGE_SIZE + 8);
  for (let i = 0; i < count; i++) {
    images.set(pageImage(first + i, version), 8 + i * PAGE_SIZE);
  }
  pages.writePages(images, 8, first, count);
}

/** Compared as buffers: `toEqual` walks 8192 properties. */
function expectPage(pages: PageFile, page: number, version: number): void {
  const base = pages.locate(page);
  const { u8, u16, u32, data } = pages.view;
  expect([base % PAGE_SIZE, u32[(base >>> 2) + 1], data.getUint32(base + 4, true), u16[(base >>> 1) + 2]]).toEqual([
    0,
    page,
    page,
    page & 0xffff,
  ]);
  expect(Buffer.compare(pageImage(page, version), u8.subarray(base, base + PAGE_SIZE))).toBe(0);
}

function codeOf(action: () => unknown): DbError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
  throw new Error("nothing was thrown");
}

describe.each(setups)("PageFile: $name", ({ backend, actual, persistent, makeDisk }) => {
  test("pages come back as written, across file boundaries", () => {
    const pages = openPages(makeDisk(), backend);
    write(pages, 2, 3 * PAGES_PER_FILE, 1);
    expect(pages.pageCount).toBe(2 + 3 * PAGES_PER_FILE);
    for (let page = 2; page < pages.pageCount; page++) {
      expectPage(pages, page, 1);
    }
    expect(pages.backend).toBe(actual);
    pages.sync();
    pages.close();
  });

  test("writing again shows the new bytes", () => {
    const pages = openPages(makeDisk(), backend);
    write(pages, 2, 10, 1);
    expectPage(pages, 5, 1);
    write(pages, 5, 2, 2);
    expectPage(pages, 5, 2);
    expectPage(pages, 4, 1);
    pages.close();
  });

  test("random writes and reads agree with a map", () => {
    const step = fc.record({
      write: fc.boolean(),
      page: fc.integer({ min: 2, max: 100 }),
      count: fc.integer({ min: 1, max: 20 }),
      version: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const pages = openPages(makeDisk(), backend);
        const model = new Map<number, number>();
        for (const { write: isWrite, page, count, version } of steps) {
          if (isWrite) {
            write(pages, page, count, version);
            for (let i = 0; i < count; i++) {
              model.set(page + i, version);
            }
          }
          for (let i = 0; i < count; i++) {
            const known = model.get(page + i);
            if (known === undefined) {
              expect(codeOf(() => pages.locate(page + i)).code).toBe("CORRUPT");
            } else {
              expectPage(pages, page + i, known);
            }
          }
        }
        pages.close();
      }),
      { numRuns: 30 },
    );
  });

  test("a page never written, a meta page, and a page past the end are CORRUPT", () => {
    const pages = openPages(makeDisk(), backend);
    write(pages, 40, 1, 1);
    for (const page of [0, 1, 3, 41, 5_000_000, 2 ** 32 - 1]) {
      expect(codeOf(() => pages.locate(page))).toMatchObject({ code: "CORRUPT", facts: { page } });
    }
    pages.close();
  });

  test("a page in another's place is CORRUPT", () => {
    const pages = openPages(makeDisk(), backend);
    pages.writePages(pageImage(9, 1), 0, 8, 1);
    expect(codeOf(() => pages.locate(8))).toMatchObject({ code: "CORRUPT", facts: { page: 8, found: 9 } });
    pages.close();
  });

  test("raw bytes are read across pages and files", () => {
    const pages = openPages(makeDisk(), backend);
    const bytes = new Uint8Array(20 * PAGE_SIZE).map((_, i) => i * 13);
    pages.writePages(bytes, 0, 2, 20);
    const into = new Uint8Array(15 * PAGE_SIZE + 3);
    pages.readExtent(3, 15 * PAGE_SIZE, into, 3, 100);
    expect(Buffer.compare(into.subarray(3), bytes.subarray(PAGE_SIZE + 100, 16 * PAGE_SIZE + 100))).toBe(0);
    expect(codeOf(() => pages.readExtent(21, PAGE_SIZE + 1, into, 0)).code).toBe("CORRUPT");
    pages.close();
  });

  test("shrinking forgets the end, growing again starts it anew", () => {
    const disk = makeDisk();
    const pages = openPages(disk, backend);
    write(pages, 2, 30, 1);
    for (let page = 2; page < 32; page++) {
      expectPage(pages, page, 1);
    }
    pages.shrink(PAGES_PER_FILE + 3);
    expect(pages.pageCount).toBe(PAGES_PER_FILE + 3);
    expectPage(pages, PAGES_PER_FILE + 2, 1);
    expect(codeOf(() => pages.locate(PAGES_PER_FILE + 3)).code).toBe("CORRUPT");
    if (persistent) {
      expect(disk.list()).toEqual(["pages.000", "pages.001"]);
    }
    write(pages, 31, 1, 2);
    expectPage(pages, 31, 2);
    expect(codeOf(() => pages.locate(20)).code).toBe("CORRUPT");
    pages.sync();
    pages.close();
  });

  test("after close every page is CLOSED", () => {
    const pages = openPages(makeDisk(), backend);
    write(pages, 2, 4, 1);
    expectPage(pages, 3, 1);
    pages.close();
    expect(codeOf(() => pages.locate(3)).code).toBe("CLOSED");
    expect(codeOf(() => pages.writePages(pageImage(2, 1), 0, 2, 1)).code).toBe("CLOSED");
  });

  test.runIf(persistent)("what one page file wrote, another grows to and reads", () => {
    const disk = makeDisk();
    const writer = openPages(disk, backend);
    write(writer, 2, 4, 1);
    const reader = openPages(disk, backend);
    expectPage(reader, 3, 1);
    write(writer, 3, 3 * PAGES_PER_FILE, 2);
    reader.grow(writer.pageCount);
    reader.forget(3, 3 * PAGES_PER_FILE);
    for (let page = 3; page < writer.pageCount; page++) {
      expectPage(reader, page, 2);
    }
    writer.shrink(5);
    reader.grow(5);
    expect(codeOf(() => reader.locate(5)).code).toBe("CORRUPT");
    write(writer, 2, 20, 3);
    reader.grow(writer.pageCount);
    reader.forget(2, 20);
    expectPage(reader, 21, 3);
    expect(codeOf(() => reader.grow(1000))).toMatchObject({ code: "CORRUPT", facts: { pageCount: 1000 } });
    writer.close();
    reader.close();
  });

  test.runIf(persistent)("one that joins writes to files that the other makes, and makes none", () => {
    const disk = makeDisk();
    const first = openPages(disk, backend);
    write(first, 2, 4, 1);
    const second = openPages(disk, backend, { joins: true });
    const at = 2 * PAGES_PER_FILE + 3;
    expect(() => write(second, at, 2, 2)).toThrow();
    first.makeFiles(at + 2);
    write(second, at, 2, 2);
    write(first, at + 2, 2, 1);
    write(first, PAGES_PER_FILE, 1, 1);
    second.sync();
    first.grow(Math.max(first.pageCount, second.pageCount));
    second.grow(first.pageCount);
    for (const pages of [first, second]) {
      expectPage(pages, at + 1, 2);
      expectPage(pages, at + 2, 1);
      expectPage(pages, PAGES_PER_FILE, 1);
      pages.close();
    }
  });

  test.runIf(persistent)("a flip of any byte of a page is found when it is first touched", () => {
    const disk = makeDisk();
    const writer = openPages(disk, backend);
    write(writer, 2, 3, 1);
    writer.sync();
    const file = disk.open("pages.000", "write");
    const reader = openPages(disk, backend, { readOnly: true });
    const byte = new Uint8Array(1);
    for (let offset = 0; offset < PAGE_SIZE; offset++) {
      const position = 3 * PAGE_SIZE + offset;
      file.read(byte, 0, 1, position);
      byte[0]! ^= 1 << (offset & 7);
      file.write(byte, 0, 1, position);
      reader.forget(3, 1);
      const error = codeOf(() => reader.locate(3));
      expect(error.code).toBe("CORRUPT");
      expect(error.facts.page).toBe(3);
      byte[0]! ^= 1 << (offset & 7);
      file.write(byte, 0, 1, position);
    }
    expectPage(reader, 3, 1);
    writer.close();
    reader.close();
  });
});
