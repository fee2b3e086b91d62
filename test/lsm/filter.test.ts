/** Filters in pages: on every backend no key is lost, a filter takes what room there is, and damage is found. */
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DbError } from "../../src/errors.ts";
import { BLOCK_BYTES } from "../../src/lsm/bloom-block.ts";
import { predictedRate } from "../../src/lsm/bloom-rate.ts";
import {
  BLOCKS_PER_PAGE,
  copyFilter,
  FILTER_BLOCKS,
  FILTER_FIRST_PAGE,
  FILTER_HEADER_BYTES,
  FILTER_KEYS,
  FILTER_KIND,
  FILTER_PAGE_COUNT,
  FILTER_PROBES,
  FilterBuilder,
  FilterReader,
  type FilterRecord,
  NO_FILTER,
} from "../../src/lsm/filter.ts";
import { checkFilter, checkFiltered } from "../../src/lsm/filter-check.ts";
import { KeyHash } from "../../src/lsm/hash.ts";
import {
  type Backend,
  FreeSpace,
  MemoryDisk,
  openDirectory,
  PAGE_BIRTH,
  PAGE_SIZE,
  PageFile,
  sealPage,
} from "../../src/pager/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const SMALL_FILE = 1 << 16;
const LARGE_FILE = 1 << 20;
const BIRTH = 7;

/** What a test opened, closed when it ends. */
const open: Disposable[] = [];

afterEach(() => {
  for (const resource of open.splice(0).reverse()) {
    resource[Symbol.dispose]();
  }
});

function openPages(backend: Backend, fileBytes: number, cacheBytes = 4 * PAGE_SIZE): PageFile {
  const directory = temporaryDirectory();
  const disk = openDirectory(join(directory.path, "db"), { create: true, readOnly: false });
  const pages = PageFile.open(disk, { backend, cacheBytes, readOnly: false, fileBytes });
  open.push(directory, { [Symbol.dispose]: () => pages.close() });
  return pages;
}

function memoryPages(fileBytes: number): PageFile {
  return PageFile.open(new MemoryDisk(), { backend: "memory", cacheBytes: 0, readOnly: false, fileBytes });
}

const hash = new KeyHash();
const key = new Uint8Array(16);
const keyData = new DataView(key.buffer);

function hashOf(n: number): KeyHash {
  keyData.setFloat64(0, n);
  hash.of(key, 0, key.length);
  return hash;
}

/** A filter over the keys from 0 to `count`. */
function write(pages: PageFile, free: FreeSpace, count: number, bitsPerKey: number): FilterRecord {
  const builder = new FilterBuilder();
  for (let n = 0; n < count; n++) {
    const { low, high } = hashOf(n);
    builder.add(low, high);
  }
  expect(builder.count).toBe(count);
  return builder.write(pages, free, BIRTH, bitsPerKey);
}

/** How many of the keys from `from` to `to` the filter lets through. */
function countFound(pages: PageFile, record: FilterRecord, from: number, to: number): number {
  const filters = new FilterReader(pages);
  let found = 0;
  for (let n = from; n < to; n++) {
    const { low, high } = hashOf(n);
    found += filters.mayContain(record, low, high) ? 1 : 0;
  }
  return found;
}

function errorOf(action: () => unknown): DbError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
  throw new Error("nothing was thrown");
}

describe.each(["mmap", "pread", "memory"] as const)("filters on %s", (backend) => {
  test("are the same when they were copied", () => {
    const pages = openPages(backend, LARGE_FILE);
    const free = FreeSpace.of(2, [], pages.pagesPerFile);
    const record = write(pages, free, 20_000, 10);
    const copy = copyFilter(pages, free, BIRTH + 1, record);
    expect(copy).toEqual({ ...record, page: record.page + record.pageCount });
    expect(countFound(pages, copy, 0, 20_000)).toBe(20_000);
    expect(countFound(pages, copy, 20_000, 60_000)).toBe(countFound(pages, record, 20_000, 60_000));
    checkFilter(pages, copy, BIRTH + 1, () => {});
    checkFilter(pages, record, BIRTH, () => {});
    expect(copyFilter(pages, free, BIRTH, NO_FILTER)).toEqual(NO_FILTER);
  });

  test("of any size lose no key, let through what was predicted, and pass the check", () => {
    const pages = openPages(backend, LARGE_FILE);
    const free = FreeSpace.of(2, [], pages.pagesPerFile);
    for (const [count, bitsPerKey] of [
      [1, 10],
      [127, 1.5],
      [6500, 10],
      [6502, 10],
      [6503, 10],
      [50_000, 16],
      [100_000, 5],
    ] as const) {
      const record = write(pages, free, count, bitsPerKey);
      const { page, pageCount, blocks, probes } = record;
      expect(pageCount).toBe(Math.ceil((count * bitsPerKey) / (PAGE_SIZE - FILTER_HEADER_BYTES) / 8));
      expect(blocks).toBe(127 * pageCount);
      expect(countFound(pages, record, 0, count)).toBe(count);
      const visited: number[][] = [];
      const result = checkFilter(pages, record, BIRTH, (...pagesAndBirth) => visited.push(pagesAndBirth));
      expect(visited).toEqual([[page, pageCount, BIRTH]]);
      expect(result.keys).toBe(count);
      const rate = countFound(pages, record, count, count + 100_000) / 100_000;
      const deviation = Math.sqrt(result.falsePositiveRate / 100_000);
      expect(Math.abs(rate - result.falsePositiveRate)).toBeLessThan(5 * deviation + 1e-5);
      const predicted = predictedRate(count, blocks, probes);
      expect(result.falsePositiveRate).toBeGreaterThan(count < 1000 ? 0 : 0.9 * predicted);
      expect(result.falsePositiveRate).toBeLessThan(1.2 * predicted + 1e-6);
    }
  });

  test("are there when the file is opened again", () => {
    if (backend === "memory") {
      return;
    }
    const disk = new MemoryDisk({ mapped: backend === "mmap" });
    const options = { backend, cacheBytes: 0, readOnly: false, fileBytes: LARGE_FILE };
    const written = PageFile.open(disk, options);
    const record = write(written, FreeSpace.of(2, [], written.pagesPerFile), 30_000, 10);
    written.sync();
    written.close();
    const pages = PageFile.open(disk, { ...options, readOnly: true });
    checkFilter(pages, record, BIRTH);
    expect(countFound(pages, record, 0, 30_000)).toBe(30_000);
    pages.close();
  });

  test("larger than a page file has room for get fewer bits, and in the end are none", () => {
    const pages = openPages(backend, SMALL_FILE);
    const free = FreeSpace.of(2, [], pages.pagesPerFile);
    const mostBits = 8 * 127 * 512;
    const rates = [20, 10, 8, 4, 2, 1.5].map((bitsThatFit) => {
      const count = Math.floor(mostBits / bitsThatFit);
      const record = write(pages, free, count, 10);
      expect(record.pageCount).toBeLessThanOrEqual(8);
      expect(record.page % 8).toBeLessThanOrEqual(8 - record.pageCount);
      expect(countFound(pages, record, 0, count)).toBe(count);
      return checkFilter(pages, record, BIRTH).falsePositiveRate;
    });
    expect(rates[0]).toBeLessThan(0.012);
    expect(rates.every((rate, i) => i === 0 || rate > 0.9 * rates[i - 1]!)).toBe(true);
    expect(rates.at(-1)).toBeLessThan(0.5);
    const pageCount = free.pageCount;
    expect(write(pages, free, Math.floor(mostBits / 1.4), 10)).toBe(NO_FILTER);
    expect(free.pageCount).toBe(pageCount);
  });

  test("a damaged page is CORRUPT for whoever asks and for the checker", () => {
    if (backend === "memory") {
      return;
    }
    const disk = new MemoryDisk({ mapped: backend === "mmap" });
    const pages = PageFile.open(disk, { backend, cacheBytes: 0, readOnly: false, fileBytes: LARGE_FILE });
    const record = write(pages, FreeSpace.of(2, [], pages.pagesPerFile), 30_000, 10);
    const file = disk.open("pages.000", "write");
    file.write(Uint8Array.of(1, 2, 3), 0, 3, (record.page + 1) * PAGE_SIZE + 5000);
    pages.forget(record.page, record.pageCount);
    const damaged = { code: "CORRUPT", facts: { page: record.page + 1 } };
    expect(errorOf(() => countFound(pages, record, 0, 1000))).toMatchObject(damaged);
    expect(errorOf(() => checkFilter(pages, record, BIRTH))).toMatchObject(damaged);
    pages.close();
  });
});

describe("FilterBuilder", () => {
  test("is used again after a reset, by a smaller filter too", () => {
    const pages = memoryPages(LARGE_FILE);
    const free = FreeSpace.of(2, [], pages.pagesPerFile);
    const builder = new FilterBuilder();
    const records = [40_000, 10, 20_000].map((count) => {
      builder.reset();
      for (let n = 0; n < count; n++) {
        const { low, high } = hashOf(n);
        builder.add(low, high);
      }
      return builder.write(pages, free, BIRTH, 10);
    });
    expect(records.map((record) => checkFilter(pages, record, BIRTH).keys)).toEqual([40_000, 10, 20_000]);
    expect(countFound(pages, records[1]!, 10, 20_000)).toBe(0);
    expect(countFound(pages, records[2]!, 0, 20_000)).toBe(20_000);
  });

  test("makes no filter of nothing, nor of no bits", () => {
    const pages = memoryPages(SMALL_FILE);
    const free = FreeSpace.of(2, [], pages.pagesPerFile);
    expect(write(pages, free, 0, 10)).toBe(NO_FILTER);
    expect(write(pages, free, 1000, 0)).toBe(NO_FILTER);
    expect(free.pageCount).toBe(2);
    expect(new FilterReader(pages).mayContain(NO_FILTER, 1, 2)).toBe(true);
    expect(checkFilter(pages, NO_FILTER, BIRTH)).toEqual({ keys: 0, falsePositiveRate: 1 });
  });

  test("takes prefixes beside keys", () => {
    const pages = memoryPages(LARGE_FILE);
    const builder = new FilterBuilder();
    const add = (text: string): void => {
      hash.of(Buffer.from(text), 0, text.length);
      builder.add(hash.low, hash.high);
    };
    for (let n = 0; n < 3000; n++) {
      add(`user:${n}:name`);
      add(`user:${n}`);
    }
    const record = builder.write(pages, FreeSpace.of(2, [], pages.pagesPerFile), BIRTH, 10);
    const filters = new FilterReader(pages);
    const has = (text: string): boolean => {
      hash.of(Buffer.from(text), 0, text.length);
      return filters.mayContain(record, hash.low, hash.high);
    };
    const numbers = Array.from({ length: 3000 }, (_, n) => n);
    expect(numbers.every((n) => has(`user:${n}`) && has(`user:${n}:name`))).toBe(true);
    expect(numbers.filter((n) => has(`user:${n + 3000}`)).length).toBeLessThan(3000 * 0.02);
  });

  test("passes on that no pages are left, and has written none", () => {
    const pages = memoryPages(SMALL_FILE);
    const full = new DbError("FULL", "no room");
    const allocator = {
      allocate: () => 0,
      allocateRun: () => {
        throw full;
      },
      release: () => {},
    };
    const builder = new FilterBuilder();
    builder.add(1, 2);
    expect(errorOf(() => builder.write(pages, allocator, BIRTH, 10))).toBe(full);
    expect(pages.pageCount).toBe(0);
  });
});

describe("the checker", () => {
  const pages = memoryPages(SMALL_FILE);
  const free = FreeSpace.of(8, [], pages.pagesPerFile);
  const record = write(pages, free, 20_000, 10);
  const { page, pageCount } = record;
  const last = page + pageCount - 1;
  const images = new Uint8Array(pageCount * PAGE_SIZE);
  for (let i = 0; i < pageCount; i++) {
    const base = pages.locate(page + i);
    images.set(pages.view.u8.subarray(base, base + PAGE_SIZE), i * PAGE_SIZE);
  }

  /** The pages with one byte of the last one changed, and sealed again. */
  function writeChanged(offset: number, change: number): void {
    const changed = images.slice();
    const base = (pageCount - 1) * PAGE_SIZE;
    changed[base + offset]! ^= change;
    sealPage(changed, base, last);
    pages.writePages(changed, 0, page, pageCount);
  }

  test("finds the pages good", () => {
    expect(pageCount).toBe(4);
    expect(checkFilter(pages, record, BIRTH, () => {}, { again: true }).keys).toBe(20_000);
  });

  test.each([
    ["kind", FILTER_KIND],
    ["probes", FILTER_PROBES],
    ["bytes without a use", FILTER_PROBES + 1],
    ["first page", FILTER_FIRST_PAGE],
    ["page count", FILTER_PAGE_COUNT],
    ["blocks", FILTER_BLOCKS],
    ["keys", FILTER_KEYS],
    ["birth", PAGE_BIRTH],
    ["bytes without a use", FILTER_HEADER_BYTES - 1],
  ])("finds wrong %s in a page's header (byte %d)", (_, offset) => {
    writeChanged(offset, 1);
    const error = errorOf(() => checkFilter(pages, record, BIRTH));
    expect(error).toMatchObject({ code: "CORRUPT", facts: { page: last } });
    expect(error.message).toMatch(/filter page \d+ .*\(F[23]\); restore from a backup/);
    writeChanged(offset, 0);
    checkFilter(pages, record, BIRTH);
  });

  test("finds a key that is denied", () => {
    const filters = new FilterReader(pages);
    for (let n = 0; n < 20_000; n++) {
      const { low, high } = hashOf(n);
      checkFiltered(filters, record, low, high);
    }
    const cleared = images.slice();
    for (let i = 0; i < pageCount; i++) {
      const blocks = i * PAGE_SIZE + FILTER_HEADER_BYTES;
      cleared.fill(0, blocks + 30 * BLOCK_BYTES, blocks + 60 * BLOCK_BYTES);
      sealPage(cleared, i * PAGE_SIZE, page + i);
    }
    pages.writePages(cleared, 0, page, pageCount);
    let denied = 0;
    for (let n = 0; n < 20_000; n++) {
      const { low, high } = hashOf(n);
      if (!filters.mayContain(record, low, high)) {
        denied++;
        const error = errorOf(() => checkFiltered(filters, record, low, high));
        expect(error).toMatchObject({ code: "CORRUPT", facts: { page, invariant: "F1" } });
      }
    }
    expect(denied / 20_000).toBeCloseTo(30 / BLOCKS_PER_PAGE, 1);
    writeChanged(0, 0);
  });

  test.each([
    ["page 0", { ...record, page: 0 }],
    ["a meta page", { ...record, page: 1 }],
    ["pages past the end", { ...record, page: pages.pageCount - 2 }],
    ["pages that no file has", { ...record, page: 2 ** 32 - 1 }],
    ["pages of two files", { ...record, page: 6 }],
    ["too few pages", { ...record, pageCount: 3 }],
    ["more pages than there are", { ...record, pageCount: 5, blocks: 5 * BLOCKS_PER_PAGE }],
    ["one block too many", { ...record, blocks: record.blocks + 1 }],
    ["no blocks", { ...record, blocks: 0 }],
    ["no probes", { ...record, probes: 0 }],
    ["other probes", { ...record, probes: record.probes + 1 }],
    ["25 probes", { ...record, probes: 25 }],
    ["no pages, but blocks", { ...record, pageCount: 0 }],
    ["the second page", { ...record, page: page + 1, pageCount: 3, blocks: 3 * BLOCKS_PER_PAGE }],
  ])("refuses a record that names %s", (_, wrong) => {
    expect(errorOf(() => checkFilter(pages, wrong, BIRTH)).code).toBe("CORRUPT");
  });

  test("refuses a filter that was written at another time than its part", () => {
    expect(errorOf(() => checkFilter(pages, record, BIRTH + 1)).facts).toEqual({ page, invariant: "F2" });
  });
});
