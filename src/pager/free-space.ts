/**
 * Which pages are free: a bitmap, one bit a page, and the page count up to which it reaches.
 *
 * Pages are handed out lowest address first, so that the file's end falls free and can be cut off. Where nothing
 * free fits, the file grows at its end. A run never crosses a file boundary (P7): if the end of the last file is too
 * near, the rest of that file becomes free pages and the run starts the next file.
 *
 *     #lowest   no page below is free
 *     #runFrom  no run of #runCount pages starts below, and the page before is in use: a search for as many
 *               pages, or more, begins here
 *
 * Encoded: three varints for version, page count and number of runs; then for each run of free pages, ascending, the
 * gap since the end of the run before and its length. (Random frees cost 2–3 bytes each; a run costs the same.)
 *
 * P8: a page is in use, free, or pending (pending-frees.ts); no page is handed out twice before it is released.
 */
import { assert } from "../assert.ts";
import { DbError } from "../errors.ts";

export interface PageAllocator {
  /** One page; throws FULL at the last page number. */
  allocate(): number;
  /** The first of `count` contiguous pages of one file; throws FULL if no file could hold them. */
  allocateRun(count: number): number;
  /** Gives back pages that were taken and turned out not to be needed. */
  release(first: number, count: number): void;
}

export interface Extent {
  readonly first: number;
  readonly count: number;
}

/** FreeSpace as plain data, for another thread. */
export interface FreeSpaceTransfer {
  readonly pageCount: number;
  readonly pagesPerFile: number;
  readonly words: Uint32Array;
}

const DEFAULT_PAGES_PER_FILE = 131072;
const MAX_PAGES = 2 ** 32 - 1;
/** Part of the format; never renumber. */
const ENCODING_VERSION = 1;

export class FreeSpace implements PageAllocator {
  #words: Uint32Array;
  #pageCount: number;
  #freeCount = 0;
  #lowest: number;
  #runFrom: number;
  #runCount = 2;
  readonly #pagesPerFile: number;

  /** Pages 0 to `pageCount` are in use, except for `free`. */
  static of(pageCount: number, free: Iterable<Extent> = [], pagesPerFile: number = DEFAULT_PAGES_PER_FILE): FreeSpace {
    const space = new FreeSpace(pageCount, new Uint32Array(Math.ceil(pageCount / 32)), pagesPerFile);
    for (const extent of free) {
      space.release(extent.first, extent.count);
    }
    return space;
  }

  static fromTransfer(transfer: FreeSpaceTransfer): FreeSpace {
    return new FreeSpace(transfer.pageCount, transfer.words, transfer.pagesPerFile);
  }

  private constructor(pageCount: number, words: Uint32Array, pagesPerFile: number) {
    this.#words = words;
    this.#pageCount = pageCount;
    this.#pagesPerFile = pagesPerFile;
    this.#lowest = 0;
    this.#runFrom = 0;
    for (const word of words) {
      this.#freeCount += onesIn(word);
    }
  }

  /** The high-water mark: pages from here on have never been handed out. */
  get pageCount(): number {
    return this.#pageCount;
  }

  get freeCount(): number {
    return this.#freeCount;
  }

  clone(): FreeSpace {
    return new FreeSpace(this.#pageCount, this.#words.slice(), this.#pagesPerFile);
  }

  toTransfer(): FreeSpaceTransfer {
    return { pageCount: this.#pageCount, pagesPerFile: this.#pagesPerFile, words: this.#words.slice() };
  }

  allocate(): number {
    return this.allocateRun(1);
  }

  allocateRun(count: number): number {
    assert(count >= 1, "a run has a page");
    if (count > this.#pagesPerFile) {
      throw new DbError("FULL", `${count} contiguous pages do not fit into one page file of ${this.#pagesPerFile}`, {
        limit: this.#pagesPerFile,
      });
    }
    const first = this.lowestRun(count);
    const page = first >= 0 ? first : this.#growFor(count);
    this.#take(page, count);
    if (count > 1) {
      this.#runFrom = page + count;
      this.#runCount = count;
    }
    return page;
  }

  /** The lowest free run of `count` pages within one file; -1: none. */
  lowestRun(count: number): number {
    if (this.#freeCount < count) {
      return -1;
    }
    const isHinted = count > 1 && count >= this.#runCount;
    let page = this.#nextFree(isHinted ? Math.max(this.#lowest, this.#runFrom) : this.#lowest);
    if (!isHinted) {
      this.#lowest = page;
    }
    while (page + count <= this.#pageCount) {
      const fileEnd = (Math.floor(page / this.#pagesPerFile) + 1) * this.#pagesPerFile;
      if (page + count > fileEnd) {
        page = this.#nextFree(fileEnd);
        continue;
      }
      let end = page + 1;
      while (end < page + count && this.isFree(end)) {
        end++;
      }
      if (end === page + count) {
        return page;
      }
      page = this.#nextFree(end);
    }
    return -1;
  }

  /** The lowest free page and those behind it that are free, too, `most` at the most; so many new ones where none is. */
  allocateUpTo(most: number): Extent {
    const first = this.lowestRun(1);
    if (first < 0) {
      const count = Math.min(most, this.#pagesPerFile);
      return { first: this.allocateRun(count), count };
    }
    let end = first + 1;
    while (end < first + most && this.isFree(end)) {
      end++;
    }
    this.#take(first, end - first);
    return { first, count: end - first };
  }

  /** Hands pages back. They were handed out before, and nothing can read them any more. */
  release(first: number, count: number): void {
    assert(count >= 1 && first + count <= this.#pageCount, "P8: released pages were handed out");
    for (let page = first; page < first + count; page++) {
      assert(!this.isFree(page), "P8: a page is released once");
      this.#words[page >>> 5]! |= 1 << page;
    }
    this.#freeCount += count;
    this.#lowest = Math.min(this.#lowest, first);
    if (first < this.#runFrom) {
      this.#runFrom = this.#runStart(first);
    }
  }

  isFree(page: number): boolean {
    return page < this.#pageCount && (this.#words[page >>> 5]! & (1 << page)) !== 0;
  }

  /** The highest page in use; -1 if there is none. */
  highestUsed(): number {
    let page = this.#pageCount - 1;
    while (page >= 0 && this.isFree(page)) {
      page = (page & 31) === 31 && this.#words[page >>> 5] === 0xffffffff ? page - 32 : page - 1;
    }
    return page;
  }

  /** Lowers the page count to just past the highest page in use; returns it. */
  cutTail(): number {
    const end = this.highestUsed() + 1;
    this.#freeCount -= this.#pageCount - end;
    for (let page = end; page < this.#pageCount; page++) {
      this.#words[page >>> 5]! &= ~(1 << page);
    }
    this.#pageCount = end;
    this.#lowest = Math.min(this.#lowest, end);
    this.#runFrom = Math.min(this.#runFrom, end);
    return end;
  }

  /** The runs of free pages, ascending. */
  runs(): Extent[] {
    const runs: Extent[] = [];
    let page = this.#nextFree(0);
    while (page < this.#pageCount) {
      const first = page;
      while (this.isFree(page)) {
        page++;
      }
      runs.push({ first, count: page - first });
      page = this.#nextFree(page);
    }
    return runs;
  }

  encode(): Uint8Array {
    const runs = this.runs();
    const bytes = new Uint8Array(15 + runs.length * 10);
    let end = putVarint(bytes, 0, ENCODING_VERSION);
    end = putVarint(bytes, end, this.#pageCount);
    end = putVarint(bytes, end, runs.length);
    let previous = 0;
    for (const run of runs) {
      end = putVarint(bytes, end, run.first - previous);
      end = putVarint(bytes, end, run.count);
      previous = run.first + run.count;
    }
    return bytes.slice(0, end);
  }

  /** Throws CORRUPT where the bytes are not what `encode` makes. */
  static decode(bytes: Uint8Array, pagesPerFile: number = DEFAULT_PAGES_PER_FILE): FreeSpace {
    const reader = new VarintReader(bytes);
    const version = reader.next();
    if (version !== ENCODING_VERSION) {
      throw damagedFreeSpace(`its encoding is ${version}`);
    }
    const pageCount = reader.next();
    const space = FreeSpace.of(pageCount, [], pagesPerFile);
    let previous = 0;
    for (let left = reader.next(); left > 0; left--) {
      const first = previous + reader.next();
      const count = reader.next();
      previous = first + count;
      if (count === 0 || previous > pageCount) {
        throw damagedFreeSpace(`pages ${first} to ${previous} of ${pageCount}`);
      }
      space.release(first, count);
    }
    if (!reader.atEnd) {
      throw damagedFreeSpace("bytes are left over");
    }
    return space;
  }

  #take(first: number, count: number): void {
    for (let page = first; page < first + count; page++) {
      this.#words[page >>> 5]! &= ~(1 << page);
    }
    this.#freeCount -= count;
    if (first === this.#lowest) {
      this.#lowest = first + count;
    }
  }

  /** Raises the page count so that `count` free pages end it; returns the first of them. */
  #growFor(count: number): number {
    let first = this.#pageCount;
    while (this.isFree(first - 1) && first % this.#pagesPerFile !== 0) {
      first--;
    }
    const fileEnd = (Math.floor(first / this.#pagesPerFile) + 1) * this.#pagesPerFile;
    if (first + count > fileEnd) {
      first = fileEnd;
    }
    if (first + count > MAX_PAGES) {
      throw new DbError("FULL", `a database holds at most ${MAX_PAGES} pages`, { limit: MAX_PAGES });
    }
    const grown = this.#pageCount;
    this.#pageCount = first + count;
    const words = Math.ceil(this.#pageCount / 32);
    if (words > this.#words.length) {
      const larger = new Uint32Array(Math.max(words, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    if (this.#pageCount > grown) {
      this.release(grown, this.#pageCount - grown);
    }
    return first;
  }

  /** The first page of the free run that ends with `page`. */
  #runStart(page: number): number {
    let start = page;
    while (start > 0 && this.isFree(start - 1)) {
      start = (start & 31) === 0 && this.#words[(start >>> 5) - 1] === 0xffffffff ? start - 32 : start - 1;
    }
    return start;
  }

  #nextFree(from: number): number {
    let page = from;
    while (page < this.#pageCount) {
      const word = this.#words[page >>> 5]! >>> (page & 31);
      if (word !== 0) {
        return page + (31 - Math.clz32(word & -word));
      }
      page = page - (page % 32) + 32;
    }
    return this.#pageCount;
  }
}

function onesIn(word: number): number {
  let left = word - ((word >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return Math.imul((left + (left >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Seven bits a byte, lowest first; returns the offset after it. */
function putVarint(bytes: Uint8Array, offset: number, value: number): number {
  let end = offset;
  let rest = value;
  while (rest >= 0x80) {
    bytes[end++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[end++] = rest;
  return end;
}

class VarintReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** Throws CORRUPT past the end or past a u32. */
  next(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 0x80) {
      const byte = this.#bytes[this.#offset++];
      if (byte === undefined) {
        throw damagedFreeSpace("it ends early");
      }
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && value <= MAX_PAGES) {
        return value;
      }
    }
    throw damagedFreeSpace("a number is too large");
  }
}

function damagedFreeSpace(why: string): DbError {
  return new DbError("CORRUPT", `the list of free pages is damaged: ${why}; run \`nacre check\``, {});
}
