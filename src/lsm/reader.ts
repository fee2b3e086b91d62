/**
 * Point search in a keyspace's runs: the newest one that knows the key answers.
 *
 *     for each run                   which part could have it ──▶ touch its filter
 *     for each run, newest first     its filter ──▶ its tree ──▶ its range deletes
 *
 * With ten bits a key a filter is wrong about one key in a hundred that is not there, so that most gets search one tree and
 * most misses none. What a miss waits for is a cache line of each filter, which no cache holds: they are touched before the
 * first one is asked, so that memory brings them all at once.
 */
import { CELL_DELETE, TreeReader } from "../btree/index.ts";
import type { PageFile } from "../pager/index.ts";
import { FilterReader, type FilterRecord } from "./filter.ts";
import { KeyHash } from "./hash.ts";
import { type Manifest, partIndexFor, type Run } from "./manifest.ts";
import { coveringDelete } from "./range-deletes.ts";

/** What a search found. */
export const NOT_FOUND = 0;

const FIRST_RUNS = 16;

/** How often filters and trees were asked, since the database was opened. */
export class SearchCounts {
  searches = 0;
  /** Filters asked, those that said no, and trees searched that did not have the key. */
  filters = 0;
  filtered = 0;
  trees = 0;
  inVain = 0;
}

export class RunReader {
  /** Describes what was found. */
  readonly tree: TreeReader;
  readonly counts: SearchCounts;
  /** Means nothing: it is where what was touched is put, or a compiler would leave it out. */
  touched: number;
  readonly #pages: PageFile;
  readonly #filters: FilterReader;
  readonly #hash: KeyHash;
  /** Of each run, which of its parts the key belongs to; -1: none. */
  #parts: Int32Array;
  /** Where a search goes on: the run behind the one that answered. */
  #next: number;

  constructor(pages: PageFile, counts: SearchCounts) {
    this.tree = new TreeReader(pages);
    this.counts = counts;
    this.touched = 0;
    this.#pages = pages;
    this.#filters = new FilterReader(pages);
    this.#hash = new KeyHash();
    this.#parts = new Int32Array(FIRST_RUNS);
    this.#next = 0;
  }

  /** CELL_PUT, CELL_DELETE or CELL_MERGE as the newest run says that knows the key, or NOT_FOUND. */
  find(manifest: Manifest, key: Uint8Array, offset: number, length: number): number {
    const { runs } = manifest;
    this.counts.searches++;
    this.#next = 0;
    if (runs.length === 0) {
      return NOT_FOUND;
    }
    this.#locate(runs, key, offset, length);
    this.#hash.of(key, offset, length);
    // A page that is in no mapping would be read for it.
    if (runs.length > 1 && this.#pages.isLasting) {
      this.#touchFilters(runs);
    }
    return this.findOlder(manifest, key, offset, length);
  }

  /** Goes on behind the run that answered last, for the same key: what merge operands are to be applied to. */
  findOlder(manifest: Manifest, key: Uint8Array, offset: number, length: number): number {
    const { runs } = manifest;
    for (let i = this.#next; i < runs.length; i++) {
      const index = this.#parts[i]!;
      if (index < 0) {
        continue;
      }
      const part = runs[i]!.parts[index]!;
      if (part.root.page !== 0 && this.#mayContain(part.filter)) {
        this.counts.trees++;
        if (this.tree.find(part.root.page, key, offset, length)) {
          this.#next = i + 1;
          return this.tree.kind;
        }
        this.counts.inVain++;
      }
      if (part.rangeDeletes.length > 0 && coveringDelete(part.rangeDeletes, key, offset, length) !== undefined) {
        this.#next = runs.length;
        return CELL_DELETE;
      }
    }
    this.#next = runs.length;
    return NOT_FOUND;
  }

  #locate(runs: readonly Run[], key: Uint8Array, offset: number, length: number): void {
    if (runs.length > this.#parts.length) {
      this.#parts = new Int32Array(2 * runs.length);
    }
    const parts = this.#parts;
    for (let i = 0; i < runs.length; i++) {
      parts[i] = partIndexFor(runs[i]!, key, offset, length);
    }
  }

  #touchFilters(runs: readonly Run[]): void {
    const parts = this.#parts;
    const { low } = this.#hash;
    let touched = 0;
    for (let i = 0; i < runs.length; i++) {
      const index = parts[i]!;
      if (index >= 0) {
        touched ^= this.#filters.touch(runs[i]!.parts[index]!.filter, low);
      }
    }
    this.touched = touched;
  }

  #mayContain(filter: FilterRecord): boolean {
    if (filter.pageCount === 0) {
      return true;
    }
    this.counts.filters++;
    if (this.#filters.mayContain(filter, this.#hash.low, this.#hash.high)) {
      return true;
    }
    this.counts.filtered++;
    return false;
  }
}
