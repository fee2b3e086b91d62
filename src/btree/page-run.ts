/**
 * Pages on their way to the page file: numbered, sealed, and written in runs of neighbours.
 *
 * A page gets its number when it is complete. As long as the numbers follow each other the pages collect in one
 * buffer; a gap, or 1 MiB, sends the run out in a single write. Everything that was allocated is remembered, so
 * that whoever abandons the work can give it back.
 *
 * B9: a page is written once, to a number that was allocated for it; no page of an older tree is ever written to.
 */
import { assert } from "../assert.ts";
import { PAGE_SIZE, type PageAllocator, type PageFile, type PageView, sealPage, viewOf } from "../pager/index.ts";

/** A page that is complete: all of it but its number and checksum goes to the 8 KiB at `base`. */
export interface PageImage {
  encode(into: PageView, base: number, birth: number): void;
}

/** A first run is small: most merges into small trees write a handful of pages. */
const FIRST_RUN_PAGES = 8;
const RUN_PAGES = 128;

export class PageRun {
  readonly #pages: PageFile;
  readonly #allocator: PageAllocator;
  readonly #birth: number;
  readonly #allocated: number[] = [];
  #view: PageView = viewOf(new ArrayBuffer(FIRST_RUN_PAGES * PAGE_SIZE), 0, FIRST_RUN_PAGES * PAGE_SIZE);
  #capacity = FIRST_RUN_PAGES;
  #firstPage = 0;
  #count = 0;
  /** Pages written, for statistics. */
  pagesWritten = 0;

  constructor(pages: PageFile, allocator: PageAllocator, birth: number) {
    this.#pages = pages;
    this.#allocator = allocator;
    this.#birth = birth;
  }

  /** Everything allocated so far, as pairs of first page and page count. */
  get allocated(): readonly number[] {
    return this.#allocated;
  }

  /** Numbers, encodes and seals a page; returns its number. It is in the file after `flush` at the latest. */
  put(image: PageImage): number {
    const page = this.#allocator.allocate();
    assert(page !== 0, "B9: page 0 holds no tree page");
    if (this.#count > 0 && (page !== this.#firstPage + this.#count || this.#count === this.#capacity)) {
      this.#grow();
      this.flush();
    }
    if (this.#count === 0) {
      this.#firstPage = page;
    }
    const base = this.#count * PAGE_SIZE;
    image.encode(this.#view, base, this.#birth);
    sealPage(this.#view.u8, base, page);
    this.#count++;
    this.pagesWritten++;
    this.noteAllocated(page, 1);
    return page;
  }

  noteAllocated(firstPage: number, pageCount: number): void {
    const runs = this.#allocated;
    const last = runs.length - 2;
    if (last >= 0 && runs[last]! + runs[last + 1]! === firstPage) {
      runs[last + 1] = runs[last + 1]! + pageCount;
    } else {
      runs.push(firstPage, pageCount);
    }
  }

  flush(): void {
    if (this.#count > 0) {
      this.#pages.writePages(this.#view.u8, 0, this.#firstPage, this.#count);
      this.#count = 0;
    }
  }

  /** After a full first run comes a larger buffer. */
  #grow(): void {
    if (this.#count === this.#capacity && this.#capacity < RUN_PAGES) {
      this.flush();
      this.#view = viewOf(new ArrayBuffer(RUN_PAGES * PAGE_SIZE), 0, RUN_PAGES * PAGE_SIZE);
      this.#capacity = RUN_PAGES;
    }
  }
}
