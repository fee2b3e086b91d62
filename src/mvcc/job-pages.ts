/** Pages that a checkpoint job takes out of the free space. */
import type { Extent, FreeSpace, PageAllocator } from "../pager/index.ts";

/** Remembers what it hands out: pages that the job writes. */
export class JobPages implements PageAllocator {
  readonly written: { first: number; count: number }[];
  readonly #free: FreeSpace;
  /** By its length, below which page no run was free any more. */
  readonly #noneBelow: Map<number, number>;

  constructor(free: FreeSpace) {
    this.written = [];
    this.#free = free;
    this.#noneBelow = new Map();
  }

  allocate(): number {
    return this.allocateRun(1);
  }

  allocateRun(count: number): number {
    const first = this.#free.allocateRun(count);
    this.#note(first, count);
    return first;
  }

  /** Whether as many pages in a row are free below `first`. Once there are none, a later call may not see those given back. */
  hasRunBelow(first: number, count: number): boolean {
    if (first <= (this.#noneBelow.get(count) ?? 0)) {
      return false;
    }
    const found = this.#free.lowestRun(count);
    this.#noneBelow.set(count, found < 0 ? Number.POSITIVE_INFINITY : found);
    return found >= 0 && found < first;
  }

  allocateUpTo(most: number): Extent {
    const extent = this.#free.allocateUpTo(most);
    this.#note(extent.first, extent.count);
    return extent;
  }

  /** Pages at the end were perhaps never written: then the file has none of them. */
  release(first: number, count: number): void {
    this.#free.release(first, count);
    if (first + count === this.#free.pageCount) {
      this.#free.cutTail();
    }
  }

  #note(first: number, count: number): void {
    const last = this.written.at(-1);
    if (last !== undefined && last.first + last.count === first) {
      last.count += count;
    } else {
      this.written.push({ first, count });
    }
  }
}

/** Some of a job's pages, which can all be given back: the work that they were for has come to nothing. */
export class RevocablePages implements PageAllocator {
  readonly #pages: JobPages;
  /** In the order in which it happened; released: a negative count. */
  readonly #log: Extent[];

  constructor(pages: JobPages) {
    this.#pages = pages;
    this.#log = [];
  }

  /** What the whole job has written. */
  get written(): readonly Extent[] {
    return this.#pages.written;
  }

  allocate(): number {
    return this.allocateRun(1);
  }

  allocateRun(count: number): number {
    const first = this.#pages.allocateRun(count);
    this.#log.push({ first, count });
    return first;
  }

  allocateUpTo(most: number): Extent {
    const extent = this.#pages.allocateUpTo(most);
    this.#log.push(extent);
    return extent;
  }

  release(first: number, count: number): void {
    this.#pages.release(first, count);
    this.#log.push({ first, count: -count });
  }

  giveBack(): void {
    const taken = new Set<number>();
    for (const { first, count } of this.#log.splice(0)) {
      for (let page = first; page < first + Math.abs(count); page++) {
        if (count > 0) {
          taken.add(page);
        } else {
          taken.delete(page);
        }
      }
    }
    for (const page of [...taken].sort((a, b) => a - b)) {
      this.#pages.release(page, 1);
    }
  }
}
