/**
 * The page file of a checkpoint worker: its own, on the same disk as the database's, kept from job to job.
 *
 * What the other thread wrote in between must not be taken from this one's cache, nor what lies in files that it removed
 * and made anew. So those pages are forgotten, and such files left, first, before anything that may fail: a job that cannot
 * begin is tried again, and nobody names them a second time.
 */
import { type Disk, type Extent, PageFile, type PageFileOptions } from "../pager/index.ts";

export class WorkerPages {
  readonly #disk: Disk;
  readonly #options: PageFileOptions;
  #pages: PageFile | undefined;

  constructor(disk: Disk, options: PageFileOptions) {
    this.#disk = disk;
    this.#options = options;
    this.#pages = undefined;
  }

  /**
   * As many pages as there are, and nothing kept of those that the other thread wrote. `cutTo` is how few there were
   * meanwhile. Throws IO, CORRUPT.
   */
  forJob(pageCount: number, rewritten: readonly Extent[], cutTo: number): PageFile {
    for (const { first, count } of rewritten) {
      this.#pages?.forget(first, count);
    }
    if (this.#pages !== undefined && cutTo < this.#pages.pageCount) {
      this.#pages.grow(cutTo);
    }
    this.#pages ??= PageFile.open(this.#disk, this.#options);
    this.#pages.grow(pageCount);
    return this.#pages;
  }

  close(): void {
    this.#pages?.close();
    this.#pages = undefined;
  }
}
