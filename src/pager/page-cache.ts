/**
 * A bounded number of frames, reused by CLOCK: for pages that are read (pread), and for parts that were unpacked from pages
 * (every backend).
 *
 *   table   page, part << 24 | frame │ 0, 0 │ …         open addressing, linear probing, at most half full
 *   frames  8 KiB │ 8 KiB │ …                           in chunks of at most 1 GiB, each under one PageView
 *   hand ──────────▲                                    passes used frames once, takes the next unused one
 *
 * A frame holds part 0 of a page, which is the page itself, or one of parts 1 to 15: 8 KiB that the layer above makes of
 * it. One budget serves both.
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
/** A page, what is unpacked from it, and a few more: whoever reads two pages in turn locates each anew. */
const MIN_FRAMES = 8;
const MAX_FRAMES = 1 << 24;
/** In the table, a frame's number lies below its part. */
const PART_SHIFT = 24;
const FRAME_MASK = (1 << PART_SHIFT) - 1;
/** Parts of one page, the page itself included. */
const PARTS = 16;
/** 2^32 divided by the golden ratio: consecutive pages land far apart. */
const HASH_FACTOR = 0x9e3779b1;

export class PageCache {
  readonly frameCount: number;
  /** Pages and parts that had to leave for others. */
  evictions = 0;
  readonly #views: PageView[] = [];
  readonly #table: Uint32Array;
  readonly #tableMask: number;
  readonly #hashShift: number;
  readonly #pageOf: Uint32Array;
  readonly #partOf: Uint8Array;
  readonly #used: Uint8Array;
  #hand = 0;
  /** Frames that hold a part other than 0. */
  #parts = 0;

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
    this.#partOf = new Uint8Array(this.frameCount);
    this.#used = new Uint8Array(this.frameCount);
  }

  /** The frame that holds `page` itself, marked as used; -1: not cached. */
  find(page: number): number {
    const table = this.#table;
    let place = Math.imul(page, HASH_FACTOR) >>> this.#hashShift;
    for (;;) {
      const found = table[place * 2]!;
      if (found === page) {
        const frame = table[place * 2 + 1]!;
        if (frame <= FRAME_MASK) {
          this.#used[frame] = 1;
          return frame;
        }
      } else if (found === 0) {
        return -1;
      }
      place = (place + 1) & this.#tableMask;
    }
  }

  /** The same for a part of a page, 0 to 15, and for any page: of a meta page there is none. */
  findPart(page: number, part: number): number {
    const table = this.#table;
    let place = hashOf(page, part) >>> this.#hashShift;
    for (;;) {
      const found = table[place * 2]!;
      if (found === 0) {
        return -1;
      }
      const entry = table[place * 2 + 1]!;
      if (found === page && entry >>> PART_SHIFT === part) {
        const frame = entry & FRAME_MASK;
        this.#used[frame] = 1;
        return frame;
      }
      place = (place + 1) & this.#tableMask;
    }
  }

  /** An empty frame, to be filled; whatever it held is forgotten, but never what is in `kept`. `holds` completes it. */
  takeFrame(kept = -1): number {
    let frame = this.#hand;
    while (this.#used[frame] === 1 || frame === kept) {
      this.#used[frame] = 0;
      frame = frame + 1 === this.frameCount ? 0 : frame + 1;
    }
    this.#hand = frame + 1 === this.frameCount ? 0 : frame + 1;
    if (this.#empty(frame)) {
      this.evictions++;
    }
    return frame;
  }

  /** Enters a page, now verified in `frame`, or a part that was unpacked there, into the table. */
  holds(frame: number, page: number, part = 0): void {
    assert(page !== 0 && this.#pageOf[frame] === 0, "a page enters an empty frame");
    assert(part < PARTS, "a page has parts 0 to 15");
    this.#pageOf[frame] = page;
    this.#partOf[frame] = part;
    this.#parts += part === 0 ? 0 : 1;
    const table = this.#table;
    let place = hashOf(page, part) >>> this.#hashShift;
    while (table[place * 2] !== 0) {
      place = (place + 1) & this.#tableMask;
    }
    table[place * 2] = page;
    table[place * 2 + 1] = (part << PART_SHIFT) | frame;
  }

  /** Empties the frames that hold pages of [first, first + count) or parts of them; says whether there was one. */
  forget(first: number, count: number): boolean {
    let any = false;
    const parts = this.#parts === 0 ? 1 : PARTS;
    if (count * parts < this.frameCount) {
      for (let page = first; page < first + count; page++) {
        for (let part = 0; part < parts; part++) {
          const frame = this.findPart(page, part);
          any = frame >= 0 && this.#empty(frame) ? true : any;
        }
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
    const part = this.#partOf[frame]!;
    this.#pageOf[frame] = 0;
    this.#used[frame] = 0;
    this.#parts -= part === 0 ? 0 : 1;
    this.#removeFromTable(page, part);
    return true;
  }

  /** Closes the gap by moving later entries of the probe sequence back, so that no tombstones pile up. */
  #removeFromTable(page: number, part: number): void {
    const table = this.#table;
    const mask = this.#tableMask;
    let gap = hashOf(page, part) >>> this.#hashShift;
    while (table[gap * 2] !== page || table[gap * 2 + 1]! >>> PART_SHIFT !== part) {
      gap = (gap + 1) & mask;
    }
    for (let place = (gap + 1) & mask; table[place * 2] !== 0; place = (place + 1) & mask) {
      const home = hashOf(table[place * 2]!, table[place * 2 + 1]! >>> PART_SHIFT) >>> this.#hashShift;
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

/** Parts of one page land a sixteenth of the table apart. */
function hashOf(page: number, part: number): number {
  return Math.imul(page ^ (part << 28), HASH_FACTOR);
}
