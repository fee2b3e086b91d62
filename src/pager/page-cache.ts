/**
 * The page cache of the pread backend: a bounded number of frames, reused by CLOCK.
 *
 *   table   page, frame │ page, frame │ 0, 0 │ …        open addressing, linear probing, at most half full
 *   frames  8 KiB │ 8 KiB │ …                           in chunks of at most 1 GiB, each under one PageView
 *   hand ──────────▲                                    passes used frames once, takes the next unused one
 *
 * All in typed arrays: finding a page allocates nothing. Page 0, a meta page, is never cached, so 0 marks an empty
 * place. A frame enters unmarked and is marked by its second use: one pass over a large tree (a scan, a backup) takes
 * its own frames first and leaves the often used inner pages alone. The frame just given out is the last one that the
 * hand comes to.
 */
import { assert } from "../assert.ts";
import { PAGE_SHIFT, PAGE_SIZE, type PageView, viewOf } from "./page.ts";

/** Frames under one view: 1 GiB, so that offsets within it stay small integers. */
const CHUNK_SHIFT = 17;
const CHUNK_FRAMES = 1 << CHUNK_SHIFT;
/** A descent, its cursor's siblings and a few more: with fewer frames the tree could not be walked. */
const MIN_FRAMES = 32;
const MAX_FRAMES = 1 << 24;
/** 2^32 divided by the golden ratio: consecutive pages land far apart. */
const HASH_FACTOR = 0x9e3779b1;

export class PageCache {
  readonly frameCount: number;
  /** Pages that had to leave for others. */
  evictions = 0;
  readonly #views: PageView[] = [];
  readonly #table: Uint32Array;
  readonly #tableMask: number;
  readonly #hashShift: number;
  readonly #pageOf: Uint32Array;
  readonly #used: Uint8Array;
  #hand = 0;

  constructor(cacheBytes: number) {
    this.frameCount = Math.min(MAX_FRAMES, Math.max(MIN_FRAMES, Math.floor(cacheBytes / PAGE_SIZE)));
    for (let first = 0; first < this.frameCount; first += CHUNK_FRAMES) {
      const bytes = Math.min(CHUNK_FRAMES, this.frameCount - first) * PAGE_SIZE;
      this.#views.push(viewOf(new ArrayBuffer(bytes), 0, bytes));
    }
    const bits = Math.ceil(Math.log2(this.frameCount * 2));
    this.#table = new Uint32Array(2 << bits);
    this.#tableMask = (1 << bits) - 1;
    this.#hashShift = 32 - bits;
    this.#pageOf = new Uint32Array(this.frameCount);
    this.#used = new Uint8Array(this.frameCount);
  }

  /** The frame that holds `page`, marked as used; -1: not cached. */
  find(page: number): number {
    const table = this.#table;
    let place = Math.imul(page, HASH_FACTOR) >>> this.#hashShift;
    for (;;) {
      const found = table[place * 2]!;
      if (found === page) {
        const frame = table[place * 2 + 1]!;
        this.#used[frame] = 1;
        return frame;
      }
      if (found === 0) {
        return -1;
      }
      place = (place + 1) & this.#tableMask;
    }
  }

  /** An empty frame, for a page to be read into; whatever it held is forgotten. `holds` completes it. */
  takeFrame(): number {
    let frame = this.#hand;
    while (this.#used[frame] === 1) {
      this.#used[frame] = 0;
      frame = frame + 1 === this.frameCount ? 0 : frame + 1;
    }
    this.#hand = frame + 1 === this.frameCount ? 0 : frame + 1;
    if (this.#empty(frame)) {
      this.evictions++;
    }
    return frame;
  }

  /** Enters `page`, now verified in `frame`, into the table. */
  holds(frame: number, page: number): void {
    assert(page !== 0 && this.#pageOf[frame] === 0, "a page enters an empty frame");
    this.#pageOf[frame] = page;
    const table = this.#table;
    let place = Math.imul(page, HASH_FACTOR) >>> this.#hashShift;
    while (table[place * 2] !== 0) {
      place = (place + 1) & this.#tableMask;
    }
    table[place * 2] = page;
    table[place * 2 + 1] = frame;
  }

  /** Empties the frames that hold pages of [first, first + count); says whether there was one. */
  forget(first: number, count: number): boolean {
    let any = false;
    if (count < this.frameCount) {
      for (let page = first; page < first + count; page++) {
        const frame = this.find(page);
        any = frame >= 0 && this.#empty(frame) ? true : any;
      }
    } else {
      for (let frame = 0; frame < this.frameCount; frame++) {
        const page = this.#pageOf[frame]!;
        any = page >= first && page < first + count && this.#empty(frame) ? true : any;
      }
    }
    return any;
  }

  viewOf(frame: number): PageView {
    return this.#views[frame >>> CHUNK_SHIFT]!;
  }

  baseOf(frame: number): number {
    return (frame & (CHUNK_FRAMES - 1)) << PAGE_SHIFT;
  }

  #empty(frame: number): boolean {
    const page = this.#pageOf[frame]!;
    if (page === 0) {
      return false;
    }
    this.#pageOf[frame] = 0;
    this.#used[frame] = 0;
    this.#removeFromTable(page);
    return true;
  }

  /** Closes the gap by moving later entries of the probe sequence back, so that no tombstones pile up. */
  #removeFromTable(page: number): void {
    const table = this.#table;
    const mask = this.#tableMask;
    let gap = Math.imul(page, HASH_FACTOR) >>> this.#hashShift;
    while (table[gap * 2] !== page) {
      gap = (gap + 1) & mask;
    }
    for (let place = (gap + 1) & mask; table[place * 2] !== 0; place = (place + 1) & mask) {
      const home = Math.imul(table[place * 2]!, HASH_FACTOR) >>> this.#hashShift;
      if (((place - home) & mask) >= ((place - gap) & mask)) {
        table[gap * 2] = table[place * 2]!;
        table[gap * 2 + 1] = table[place * 2 + 1]!;
        gap = place;
      }
    }
    table[gap * 2] = 0;
    table[gap * 2 + 1] = 0;
  }
}
