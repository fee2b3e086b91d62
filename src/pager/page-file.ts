/**
 * The page file: numbered pages of 8 KiB in files of 1 GiB, behind one way of looking at them.
 *
 *   pages.000  │ meta │ meta │ page 2 │ page 3 │ …        page p lies in file p / 131072
 *   pages.001  │ page 131072 │ …                          at byte (p mod 131072) * 8192
 *
 * A reader asks `locate(page)` for an offset and reads `view.u8`, `view.u32`, … from there; where the bytes are is the
 * backend's business:
 *
 *   mmap     a mapping of 1 GiB per file, made when one of its pages is first asked for and kept for good
 *   pread    a bounded cache of frames (page-cache.ts), filled with positional reads
 *   memory   chunks of 16 MiB with no disk behind them
 *
 * A page may hold others, packed: `locatePart(page, part, unpack)` gives out one of them, unpacked into a frame of the cache,
 * which serves pages and parts alike; with mmap and memory it is made when the first part is asked for.
 *
 * With mmap and memory, `locate` is a bit test, a shift and a comparison (2–4 ns; pread 8): it runs three or four times for each
 * point read of the product. Everything else, reading, mapping, verifying, switching, is in the paths it falls into.
 *
 * P3: `locate` returns only pages whose checksum and number were verified since the file was opened or the page was
 *     written or forgotten. With mmap and memory a set bit in #verified says so; with pread, presence in the cache. A part
 *     in the cache was unpacked from such a page, and goes when its page is written or forgotten.
 * P4: a bit of #verified is set only for a page below `pageCount`, and `pageCount` pages exist in the files: no
 *     mapping is touched past the end of its file. (A file that someone else cuts short while it is open defeats this;
 *     no process can defend itself against that.)
 * P5: writing never goes through a mapping.
 * P6 is held by the files (data-files.ts).
 *
 * Several PageFiles may be open on one disk, one of them writing (the checkpoint's). It may write pages that no reader
 * can reach; the readers then `grow` to its page count and `forget` what it wrote. Nothing here is locked. Where the one
 * stops another goes on: it syncs files that it finds made, too. One that `joins` writes beside it, other pages, to files
 * that the first one makes.
 */
import { assert } from "../assert.ts";
import { DbError } from "../errors.ts";
import { DataFiles } from "./data-files.ts";
import type { Disk } from "./disk.ts";
import { damagedPage, isSealed, PAGE_SHIFT, PAGE_SIZE, type PageView, viewOf } from "./page.ts";
import { PageCache } from "./page-cache.ts";

export type Backend = "mmap" | "pread" | "memory";

export interface PageFileOptions {
  /** "mmap" falls back to "pread" where a mapping cannot be had. */
  readonly backend: Backend;
  /** The most that is kept in memory: of pages (pread), and of what was unpacked from pages. */
  readonly cacheBytes: number;
  readonly readOnly: boolean;
  /** Another PageFile makes the files (`makeFiles`) before this one writes to them. */
  readonly joins?: boolean;
  /** For tests that cross file boundaries: a power of two, at least 64 KiB; 1 GiB unless given. */
  readonly fileBytes?: number;
}

export interface PageFileStats {
  readonly backend: Backend;
  readonly pageCount: number;
  readonly fileCount: number;
  /** Pages read and verified (pread), or verified in place (mmap, memory), since the file was opened. */
  readonly pagesVerified: number;
  readonly partsUnpacked: number;
  readonly pagesEvicted: number;
  readonly pagesWritten: number;
  readonly cacheFrames: number;
}

/** Makes part `part` of the page at `base` in the 8 KiB at `intoBase`; throws if the page cannot be unpacked. */
export type Unpack = (from: PageView, base: number, part: number, into: PageView, intoBase: number) => void;

const DEFAULT_FILE_BYTES = 1 << 30;
const MIN_FILE_BYTES = 1 << 16;
const MEMORY_CHUNK_BYTES = 1 << 24;
/** Pages 0 and 1 are metas: nothing points at them. */
const META_PAGES = 2;
const NO_PAGES: PageView = viewOf(new ArrayBuffer(0), 0, 0);

export class PageFile {
  /** After `locate`: the arrays in which the page lies. */
  view: PageView = NO_PAGES;
  /** Changes when a frame that `locate` gave out may hold another page by now; whoever kept an offset locates again. */
  generation = 0;
  /** Pages in the file, metas included. */
  pageCount = 0;
  /** What it came to: "mmap" turns into "pread" when a mapping cannot be had. */
  backend: Backend;
  readonly pagesPerFile: number;

  /** One bit a page (P3); with pread none is ever set, so that `locate` always falls into the cache's path. */
  #verified: Uint32Array = new Uint32Array(1024);
  readonly #chunkShift: number;
  readonly #chunkMask: number;
  #viewedChunk = -1;
  /** One view a chunk: a file (mmap) or 16 MiB (memory); undefined until it is mapped. */
  readonly #views: (PageView | undefined)[] = [];

  readonly #disk: Disk;
  readonly #readOnly: boolean;
  readonly #fileShift: number;
  readonly #files: DataFiles;
  readonly #cacheBytes: number;
  /** Of pages: with pread alone. */
  #cache: PageCache | undefined;
  /** Of parts: with pread the same one, otherwise made for the first part. */
  #parts: PageCache | undefined;
  #closed = false;
  #pagesVerified = 0;
  #partsUnpacked = 0;
  #pagesWritten = 0;

  /** Opens the files that are there, none or more. Whether they hold what the last checkpoint needs, `readMeta` checks. */
  static open(disk: Disk, options: PageFileOptions): PageFile {
    return new PageFile(disk, options);
  }

  private constructor(disk: Disk, options: PageFileOptions) {
    const fileBytes = options.fileBytes ?? DEFAULT_FILE_BYTES;
    assert(
      Number.isInteger(Math.log2(fileBytes)) && fileBytes >= MIN_FILE_BYTES && fileBytes <= DEFAULT_FILE_BYTES,
      "the size of page files is a power of two from 64 KiB to 1 GiB",
    );
    this.#disk = disk;
    this.#readOnly = options.readOnly;
    this.#files = new DataFiles(disk, { readOnly: options.readOnly, joins: options.joins ?? false, fileBytes });
    this.#cacheBytes = options.cacheBytes;
    this.backend = options.backend;
    this.pagesPerFile = fileBytes / PAGE_SIZE;
    this.#fileShift = Math.log2(this.pagesPerFile);
    const chunkBytes = options.backend === "memory" ? Math.min(MEMORY_CHUNK_BYTES, fileBytes) : fileBytes;
    this.#chunkShift = Math.log2(chunkBytes / PAGE_SIZE);
    this.#chunkMask = chunkBytes / PAGE_SIZE - 1;
    this.#cache = options.backend === "pread" ? new PageCache(options.cacheBytes) : undefined;
    this.#parts = this.#cache;
    if (options.backend !== "memory") {
      try {
        this.#setPageCount(this.#files.open());
      } catch (error) {
        this.close();
        throw error;
      }
    }
  }

  /** Whether what `locate` gives out stays there as long as the page is in use: in a mapping, or in memory. */
  get isLasting(): boolean {
    return this.#cache === undefined;
  }

  /** The offset of `page` in the arrays of `view`, a multiple of 8 KiB. Throws CORRUPT { page }. */
  locate(page: number): number {
    if ((this.#verified[page >>> 5]! & (1 << page)) === 0) {
      return this.#cache === undefined ? this.#locateUnverified(page) : this.#locateCached(page, this.#cache);
    }
    const chunk = page >>> this.#chunkShift;
    if (chunk !== this.#viewedChunk) {
      this.#viewedChunk = chunk;
      this.view = this.#views[chunk]!;
    }
    return (page & this.#chunkMask) << PAGE_SHIFT;
  }

  /**
   * The same for a part of `page`, 1 to 15, which `unpack` makes of it where it is not in the cache. The frame may be reused
   * as with pread, and raises `generation` then. Throws CORRUPT { page }, and whatever `unpack` throws.
   */
  locatePart(page: number, part: number, unpack: Unpack): number {
    const cache = this.#parts ?? this.#cacheForParts();
    let frame = cache.findPart(page, part);
    if (frame < 0) {
      frame = this.#unpackPart(page, part, unpack, cache);
    }
    const view = cache.viewOf(frame);
    if (view !== this.view) {
      this.view = view;
      this.#viewedChunk = -1;
    }
    return cache.baseOf(frame);
  }

  /**
   * Copies `lengthBytes` raw bytes, which may span pages, from `skipBytes` after the start of `firstPage`.
   * Nothing is verified or cached: the bytes carry a checksum of their own (extent.ts, meta.ts).
   */
  readExtent(firstPage: number, lengthBytes: number, into: Uint8Array, intoOffset: number, skipBytes = 0): void {
    this.#checkOpen();
    const end = firstPage * PAGE_SIZE + skipBytes + lengthBytes;
    if (end > this.pageCount * PAGE_SIZE) {
      throw this.#outside(firstPage, Math.ceil(end / PAGE_SIZE) - firstPage);
    }
    const partBytes = (this.#chunkMask + 1) * PAGE_SIZE;
    let done = 0;
    while (done < lengthBytes) {
      const position = firstPage * PAGE_SIZE + skipBytes + done;
      const offset = position % partBytes;
      const length = Math.min(lengthBytes - done, partBytes - offset);
      const view = this.#cache === undefined ? this.#mapChunk(Math.floor(position / partBytes)) : undefined;
      if (view === undefined) {
        this.#files.read(firstPage, position, length, into, intoOffset + done);
      } else {
        into.set(view.u8.subarray(offset, offset + length), intoOffset + done);
      }
      done += length;
    }
  }

  /**
   * Writes `count` page images, sealed by the caller (P1), in as few system calls as file boundaries allow, and
   * extends the files as needed. What was cached of these pages is forgotten. Not on disk before `sync`.
   */
  writePages(from: Uint8Array, fromOffset: number, firstPage: number, count: number): void {
    this.#checkOpen();
    assert(!this.#readOnly, "a page file opened for reading is not written to");
    assert(count > 0 && fromOffset + count * PAGE_SIZE <= from.length, "page images lie within their buffer");
    const end = firstPage + count;
    if (this.backend === "memory" && end > this.pageCount) {
      this.#setPageCount(end);
    }
    const partPages = this.#chunkMask + 1;
    let page = firstPage;
    while (page < end) {
      const stop = Math.min(end, (Math.floor(page / partPages) + 1) * partPages);
      const offset = fromOffset + (page - firstPage) * PAGE_SIZE;
      this.#writePart(from, offset, page, stop - page);
      page = stop;
    }
    if (end > this.pageCount) {
      this.#setPageCount(end);
    }
    this.#pagesWritten += count;
    this.forget(firstPage, count);
  }

  /** Makes the files that so many pages lie in, so that a PageFile that joins can write to them. */
  makeFiles(pageCount: number): void {
    if (this.backend !== "memory") {
      this.#files.make((pageCount - 1) >>> this.#fileShift);
    }
  }

  /** Drops what is cached or known of these pages: another PageFile wrote them. */
  forget(firstPage: number, count: number): void {
    if (this.#cache === undefined) {
      clearBits(this.#verified, firstPage, firstPage + count);
    }
    if (this.#parts?.forget(firstPage, count)) {
      this.generation++;
    }
  }

  /**
   * Adopts the page count that another PageFile on this disk came to, by writing or shrinking. A cut is adopted before a
   * growth that followed it: a file that was removed and made anew is another one. Throws CORRUPT if the pages are not there.
   */
  grow(pageCount: number): void {
    this.#checkOpen();
    if (pageCount < this.pageCount) {
      this.#dropBeyond(pageCount);
    } else if (this.backend !== "memory") {
      this.#setPageCount(this.#files.open());
      this.checkLength(pageCount);
      // Left over, or made for pages that came to nothing: by the next growth somebody may have removed them.
      this.#files.closeBehind(pageCount);
    }
    this.#setPageCount(pageCount);
  }

  /** Throws CORRUPT { path, expected, actual } unless the files hold at least `pageCount` pages. */
  checkLength(pageCount: number): void {
    if (pageCount <= this.pageCount) {
      return;
    }
    const file = Math.floor(this.pageCount / this.pagesPerFile);
    const path = this.#files.pathOf(file);
    const expected = Math.min(this.pagesPerFile, pageCount - file * this.pagesPerFile) * PAGE_SIZE;
    const actual = this.#files.sizeOf(file);
    throw new DbError(
      "CORRUPT",
      `${path} is too short: ${expected} bytes were written and synced, ${actual} are there; ` +
        "the file was cut off or is missing; restore it from a backup",
      { path, expected, actual, pageCount, pagesFound: this.pageCount },
    );
  }

  /**
   * Cuts the files down to `pageCount` pages. Only after a meta page that needs no more was synced. Whatever it throws, the
   * pages behind are given up: what could not be removed is written over by later growth.
   */
  shrink(pageCount: number): void {
    this.#checkOpen();
    assert(!this.#readOnly, "a page file opened for reading is not cut");
    if (pageCount >= this.pageCount) {
      return;
    }
    const closed = this.#dropBeyond(pageCount);
    this.#setPageCount(pageCount);
    this.#files.cut(closed, pageCount);
  }

  /**
   * For whoever goes on writing where another process stopped: all that was written is on disk when this returns, and
   * nothing lies behind `pageCount`. The last meta may never have been synced, and what it replaced is about to be reused
   * (P10); if its sync failed, only writing it again brings it to the disk, so the caller does that first.
   */
  takeOver(pageCount: number): void {
    this.#files.distrust();
    this.sync();
    this.shrink(pageCount);
    this.#files.removeLeftOver();
  }

  /** Everything written before is on disk when this returns. After a throw nothing is known: the caller gives up. */
  sync(): void {
    this.#checkOpen();
    this.#files.sync();
  }

  /** `sync` without holding the thread: covers what was written before the call. Rejects as `sync` throws. */
  async syncSoon(): Promise<void> {
    this.#checkOpen();
    await this.#files.syncSoon();
  }

  /** Closes the files; does not sync. Offsets given out before are not to be used any more. */
  close(): void {
    this.#closed = true;
    this.#verified = new Uint32Array(1);
    this.#parts?.forget(0, 2 ** 32);
    this.#views.length = 0;
    this.#viewedChunk = -1;
    this.view = NO_PAGES;
    this.#files.close();
  }

  stats(): PageFileStats {
    return {
      backend: this.backend,
      pageCount: this.pageCount,
      fileCount: this.#files.count,
      pagesVerified: this.#pagesVerified,
      partsUnpacked: this.#partsUnpacked,
      pagesEvicted: this.#parts?.evictions ?? 0,
      pagesWritten: this.#pagesWritten,
      cacheFrames: this.#parts?.frameCount ?? 0,
    };
  }

  #locateUnverified(page: number): number {
    this.#checkAddress(page);
    const view = this.#mapChunk(page >>> this.#chunkShift);
    if (view === undefined) {
      return this.#locateCached(page, this.#fallBackToCache());
    }
    const base = (page & this.#chunkMask) << PAGE_SHIFT;
    if (!isSealed(view.u8, base, page)) {
      throw damagedPage(view.u8, base, page, this.#nameOf(page), this.#offsetOf(page));
    }
    this.#verified[page >>> 5]! |= 1 << page;
    this.#pagesVerified++;
    return this.locate(page);
  }

  #locateCached(page: number, cache: PageCache): number {
    let frame = page === 0 ? -1 : cache.find(page);
    if (frame < 0) {
      frame = this.#load(page, cache);
    }
    const view = cache.viewOf(frame);
    if (view !== this.view) {
      this.view = view;
    }
    return cache.baseOf(frame);
  }

  #load(page: number, cache: PageCache): number {
    this.#checkAddress(page);
    const evictions = cache.evictions;
    const frame = cache.takeFrame();
    if (cache.evictions !== evictions) {
      this.generation++;
    }
    const u8 = cache.viewOf(frame).u8;
    const base = cache.baseOf(frame);
    this.#files.read(page, page * PAGE_SIZE, PAGE_SIZE, u8, base);
    if (!isSealed(u8, base, page)) {
      throw damagedPage(u8, base, page, this.#nameOf(page), this.#offsetOf(page));
    }
    cache.holds(frame, page);
    this.#pagesVerified++;
    return frame;
  }

  #unpackPart(page: number, part: number, unpack: Unpack, cache: PageCache): number {
    const base = this.locate(page);
    const from = this.view;
    const evictions = cache.evictions;
    const frame = cache.takeFrame(this.#cache === undefined ? -1 : cache.find(page));
    if (cache.evictions !== evictions) {
      this.generation++;
    }
    unpack(from, base, part, cache.viewOf(frame), cache.baseOf(frame));
    cache.holds(frame, page, part);
    this.#partsUnpacked++;
    return frame;
  }

  #cacheForParts(): PageCache {
    this.#checkOpen();
    this.#parts = new PageCache(this.#cacheBytes);
    return this.#parts;
  }

  /** The view of a chunk, mapped if need be; undefined where mapping is not possible. */
  #mapChunk(chunk: number): PageView | undefined {
    const known = this.#views[chunk];
    if (known !== undefined || this.backend === "memory") {
      return known;
    }
    const mapping = this.#files.map(chunk);
    if (mapping === undefined) {
      return undefined;
    }
    const view = viewOf(mapping.buffer, mapping.byteOffset, mapping.length);
    this.#views[chunk] = view;
    return view;
  }

  /** No mapping to be had (no mmap-io, or no address space): what is mapped already stays valid, the rest is read. */
  #fallBackToCache(): PageCache {
    const cache = this.#parts ?? this.#cacheForParts();
    this.#cache = cache;
    this.backend = "pread";
    this.#verified.fill(0);
    return cache;
  }

  #writePart(from: Uint8Array, fromOffset: number, page: number, count: number): void {
    if (this.backend === "memory") {
      const chunk = this.#views[page >>> this.#chunkShift]!;
      chunk.u8.set(from.subarray(fromOffset, fromOffset + count * PAGE_SIZE), (page & this.#chunkMask) << PAGE_SHIFT);
      return;
    }
    this.#files.write(from, fromOffset, count * PAGE_SIZE, page * PAGE_SIZE);
  }

  #setPageCount(pageCount: number): void {
    this.pageCount = pageCount;
    const words = Math.ceil(pageCount / 32);
    if (words > this.#verified.length) {
      const grown = new Uint32Array(Math.max(words, this.#verified.length * 2));
      grown.set(this.#verified);
      this.#verified = grown;
    }
    if (this.backend === "memory") {
      const chunkBytes = (this.#chunkMask + 1) * PAGE_SIZE;
      while (this.#views.length * (this.#chunkMask + 1) < pageCount) {
        this.#views.push(viewOf(new ArrayBuffer(chunkBytes), 0, chunkBytes));
      }
    }
  }

  /** Forgets the pages from `pageCount` on, and the chunks and files that hold nothing else; the names of these. */
  #dropBeyond(pageCount: number): readonly string[] {
    this.forget(pageCount, this.pageCount - pageCount);
    this.generation++;
    this.#views.length = Math.min(this.#views.length, Math.ceil(pageCount / (this.#chunkMask + 1)));
    this.#viewedChunk = -1;
    return this.#files.closeBehind(pageCount);
  }

  #nameOf(page: number): string {
    return this.backend === "memory" ? ":memory:" : this.#files.pathOf(page >>> this.#fileShift);
  }

  #offsetOf(page: number): number {
    return (page & (this.pagesPerFile - 1)) * PAGE_SIZE;
  }

  #checkAddress(page: number): void {
    this.#checkOpen();
    if (page < META_PAGES || page >= this.pageCount) {
      throw this.#outside(page, 1);
    }
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new DbError("CLOSED", `${this.#disk.path} was closed; open it again`, { path: this.#disk.path });
    }
  }

  #outside(page: number, count: number): DbError {
    return new DbError(
      "CORRUPT",
      `${this.#disk.path}: something points at page ${page} (and ${count - 1} after it), but only pages 2 to ` +
        `${this.pageCount - 1} can be pointed at; run \`nacre check\`, and restore from a backup`,
      { page, count, pageCount: this.pageCount },
    );
  }
}

function clearBits(bits: Uint32Array, first: number, end: number): void {
  const stop = Math.min(end, bits.length * 32);
  let page = first;
  while (page < stop) {
    if ((page & 31) === 0 && page + 32 <= stop) {
      bits[page >>> 5] = 0;
      page += 32;
    } else {
      bits[page >>> 5]! &= ~(1 << page);
      page++;
    }
  }
}
