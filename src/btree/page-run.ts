/**
 * Pages on their way to the page file: numbered, sealed, and written in runs of neighbours.
 *
 * A page gets its number when it is complete. As long as the numbers follow each other the pages collect in one
 * buffer; a gap, or 256 KiB, sends the run out in a single write: so much lies in a processor's own cache still when the
 * system copies it. Everything that was allocated is remembered, so that whoever abandons the work can give it back.
 *
 * B9: a page is written once, to a number that was allocated for it; no page of an older tree is ever written to.
 */
import { assert } from "../assert.ts";
import { PAGE_SIZE, type PageAllocator, type PageFile, type PageView, sealPage, viewOf } from "../pager/index.ts";

/** A page that is complete: all of it but its number and checksum goes to the 8 KiB at `base`. */
export interface PageImage {
  encode(into: PageView, base: number, birth: number): void;
}

const RUN_PAGES = 32;

/** The buffer of a run that has ended, for the next one of this thread: new memory would have to be zeroed and mapped. */
let spare: PageView | undefined;

function takeBuffer(): PageView {
  const view = spare ?? viewOf(new ArrayBuffer(RUN_PAGES * PAGE_SIZE), 0, RUN_PAGES * PAGE_SIZE);
  spare = undefined;
  return view;
}

export class PageRun {
  readonly #pages: PageFile;
  readonly #allocator: PageAllocator;
  readonly #birth: number;
  readonly #allocated: number[] = [];
  #view: PageView | undefined = undefined;
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
    if (this.#count > 0 && (page !== this.#firstPage + this.#count || this.#count === RUN_PAGES)) {
      this.#write();
    }
    if (this.#count === 0) {
      this.#firstPage = page;
    }
    this.#view ??= takeBuffer();
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
    this.#write();
    spare = this.#view ?? spare;
    this.#view = undefined;
  }

  #write(): void {
    if (this.#count > 0) {
      this.#pages.writePages(this.#view!.u8, 0, this.#firstPage, this.#count);
      this.#count = 0;
    }
  }
}
