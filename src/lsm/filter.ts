/**
 * Filters in pages: which keys a part may hold, asked before its tree is searched.
 *
 *     0      4      8       12     13      14   16           20           24       28     32     64                8192
 *     ├──────┼──────┼───────┼──────┼───────┼────┼────────────┼────────────┼────────┼──────┼──────┼───────────────────┤
 *     │ crc  │ page │ birth │ kind │ probes│ 0  │ first page │ page count │ blocks │ keys │ 0    │ 127 blocks of 64  │
 *     └──────┴──────┴───────┴──────┴───────┴────┴────────────┴────────────┴────────┴──────┴──────┴───────────────────┘
 *
 * Block b is block b mod 127 of page b / 127. A page's header is as long as a block, so that each block is a cache line
 * where pages are mapped. All pages of a filter are used up: to a small part that gives more bits than were asked for.
 *
 * The record { page, pageCount, blocks, probes } leads to a filter. It is kept with the part (part.ts), and repeated in
 * every page, so that a checker sees whether both speak of the same.
 *
 * F1: every hash that was added is found again. A filter that lies, other than by letting through, loses entries.
 * F2: a filter lies in contiguous pages of one page file (P7), all born together, all saying which filter they belong to.
 * F3: it has 127 blocks a page, and 1 to 24 probes.
 */
import { assert } from "../assert.ts";
import { PAGE_BIRTH, PAGE_SIZE, type PageAllocator, type PageFile, putU32, sealPage } from "../pager/index.ts";
import { BLOCK_BITS, BLOCK_BYTES, blockOf, hasBits, setBits } from "./bloom-block.ts";
import { predictedRate, probesFor } from "./bloom-rate.ts";

/** Where a filter page's fields are, after those of every page. Part of the format; never renumber. */
export const FILTER_KIND = 12;
export const FILTER_PROBES = 13;
export const FILTER_FIRST_PAGE = 16;
export const FILTER_PAGE_COUNT = 20;
export const FILTER_BLOCKS = 24;
export const FILTER_KEYS = 28;
export const FILTER_HEADER_BYTES = 64;
/** Beside those of tree pages. Part of the format; never renumber. */
export const KIND_FILTER = 4;
export const BLOCKS_PER_PAGE: number = (PAGE_SIZE - FILTER_HEADER_BYTES) / BLOCK_BYTES;

export interface FilterRecord {
  /** The first of `pageCount` contiguous pages. */
  readonly page: number;
  /** 0: there is no filter, and every key may be there. */
  readonly pageCount: number;
  readonly blocks: number;
  /** Bits that each key has set. */
  readonly probes: number;
}

export const NO_FILTER: FilterRecord = { page: 0, pageCount: 0, blocks: 0, probes: 0 };

/** Hashes of so many keys are 1 GiB. */
const MAX_KEYS = 2 ** 27;
const FIRST_CAPACITY = 1024;
/** A filter that lets more through is not worth its pages. With so many bits a key none does: 0.4 of two. */
const MAX_RATE = 0.5;
const FEW_BITS = 2;

/** Collects the hashes of a part's keys, so that its filter is made when their number is known. 8 bytes a key. */
export class FilterBuilder {
  /** `low` and `high`, by turns. */
  #words: Int32Array;
  #count: number;
  /** The pages of the filter that was written last, to be used again. */
  #images: Uint8Array;
  /** What was reckoned for the last one: mostly all have as many bits a key. */
  #bitsPerKey: number;
  #probes: number;

  constructor() {
    this.#words = new Int32Array(2 * FIRST_CAPACITY);
    this.#count = 0;
    this.#images = new Uint8Array(0);
    this.#bitsPerKey = 0;
    this.#probes = 0;
  }

  /** Hashes added since the last `reset`; the same one added twice counts twice. */
  get count(): number {
    return this.#count;
  }

  /** Adds a hash (hash.ts), of a whole key or of a prefix that is asked for. */
  add(low: number, high: number): void {
    const at = 2 * this.#count;
    if (at === this.#words.length) {
      this.#grow();
    }
    this.#words[at] = low;
    this.#words[at + 1] = high;
    this.#count++;
  }

  reset(): void {
    this.#count = 0;
  }

  /**
   * Writes a filter over what was added, of at least `bitsPerKey` bits for each, into pages from `allocator`. Not on disk
   * before `pages.sync()`. A filter that would not fit into one page file gets as many bits as do. NO_FILTER where nothing
   * was added, and where more than half of the absent keys would be let through: nothing is allocated then.
   */
  write(pages: PageFile, allocator: PageAllocator, birth: number, bitsPerKey: number): FilterRecord {
    const count = this.#count;
    const wantedPages = Math.ceil((count * bitsPerKey) / BLOCK_BITS / BLOCKS_PER_PAGE);
    const pageCount = Math.min(wantedPages, pages.pagesPerFile);
    if (pageCount === 0) {
      return NO_FILTER;
    }
    const blocks = pageCount * BLOCKS_PER_PAGE;
    // The last page may bring more bits than were asked for, which is no reason for more probes.
    const bits = Math.min(bitsPerKey, (blocks * BLOCK_BITS) / count);
    const probes = this.#probesFor(bits);
    if (bits < FEW_BITS && predictedRate(count, blocks, probes) > MAX_RATE) {
      return NO_FILTER;
    }
    const record = { page: allocator.allocateRun(pageCount), pageCount, blocks, probes };
    this.#fill(record);
    this.#seal(record, birth);
    pages.writePages(this.#images, 0, record.page, pageCount);
    return record;
  }

  #grow(): void {
    assert(this.#count < MAX_KEYS, "a filter is over at most 2^27 keys");
    const words = new Int32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
  }

  #probesFor(bitsPerKey: number): number {
    if (bitsPerKey !== this.#bitsPerKey) {
      this.#bitsPerKey = bitsPerKey;
      this.#probes = probesFor(bitsPerKey);
    }
    return this.#probes;
  }

  #fill({ pageCount, blocks, probes }: FilterRecord): void {
    const lengthBytes = pageCount * PAGE_SIZE;
    if (this.#images.length < lengthBytes) {
      this.#images = new Uint8Array(lengthBytes);
    } else {
      this.#images.fill(0, 0, lengthBytes);
    }
    const images = this.#images;
    const words = this.#words;
    for (let at = 0, end = 2 * this.#count; at < end; at += 2) {
      const block = blockOf(words[at]!, blocks);
      const page = pageOf(block);
      setBits(images, page * PAGE_SIZE + offsetOf(block, page), words[at + 1]!, probes);
    }
  }

  #seal({ page, pageCount, blocks, probes }: FilterRecord, birth: number): void {
    const images = this.#images;
    for (let i = 0; i < pageCount; i++) {
      const base = i * PAGE_SIZE;
      putU32(images, base + PAGE_BIRTH, birth);
      images[base + FILTER_KIND] = KIND_FILTER;
      images[base + FILTER_PROBES] = probes;
      putU32(images, base + FILTER_FIRST_PAGE, page);
      putU32(images, base + FILTER_PAGE_COUNT, pageCount);
      putU32(images, base + FILTER_BLOCKS, blocks);
      putU32(images, base + FILTER_KEYS, this.#count);
      sealPage(images, base, page + i);
    }
  }
}

/** A filter copied to other pages; those that it was in stay as they are. Not on disk before `pages.sync()`. */
export function copyFilter(
  pages: PageFile,
  allocator: PageAllocator,
  birth: number,
  record: FilterRecord,
): FilterRecord {
  const { page, pageCount } = record;
  if (pageCount === 0) {
    return record;
  }
  const copy = { ...record, page: allocator.allocateRun(pageCount) };
  const images = new Uint8Array(pageCount * PAGE_SIZE);
  for (let i = 0; i < pageCount; i++) {
    const base = i * PAGE_SIZE;
    const from = pages.locate(page + i);
    images.set(pages.view.u8.subarray(from, from + PAGE_SIZE), base);
    putU32(images, base + PAGE_BIRTH, birth);
    putU32(images, base + FILTER_FIRST_PAGE, copy.page);
    sealPage(images, base, copy.page + i);
  }
  pages.writePages(images, 0, copy.page, pageCount);
  return copy;
}

/** Asks filters in place. */
export class FilterReader {
  readonly #pages: PageFile;

  constructor(pages: PageFile) {
    this.#pages = pages;
  }

  /** Asks for the cache line that `mayContain` will look at. What it returns means nothing. Throws CORRUPT { page }. */
  touch(record: FilterRecord, low: number): number {
    if (record.pageCount === 0) {
      return 0;
    }
    const block = this.#locate(record, low);
    return this.#pages.view.u8[block]!;
  }

  /**
   * False: the key with this hash (hash.ts) was not added to the filter. Allocates nothing, and reads one cache line of one
   * page. Trusts the record (`checkFilter` verifies it). Throws CORRUPT { page } where the page is damaged.
   */
  mayContain(record: FilterRecord, low: number, high: number): boolean {
    if (record.pageCount === 0) {
      return true;
    }
    const block = this.#locate(record, low);
    return hasBits(this.#pages.view.u8, block, high, record.probes);
  }

  /** Where in the page file's view the block of a hash starts. */
  #locate(record: FilterRecord, low: number): number {
    const block = blockOf(low, record.blocks);
    const page = pageOf(block);
    return this.#pages.locate(record.page + page) + offsetOf(block, page);
  }
}

/** In which page of its filter a block lies. A filter has fewer than 2^24 blocks: whole numbers divide in half the time. */
function pageOf(block: number): number {
  return ((block | 0) / BLOCKS_PER_PAGE) | 0;
}

/** Where block `block` of a filter starts in the filter's page `page`. */
function offsetOf(block: number, page: number): number {
  return FILTER_HEADER_BYTES + (block - page * BLOCKS_PER_PAGE) * BLOCK_BYTES;
}
