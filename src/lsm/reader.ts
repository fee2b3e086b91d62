/**
 * Point search in a keyspace's runs: the newest one that knows the key answers.
 *
 *     for each run, newest first     which part could have it ──▶ its filter ──▶ its tree ──▶ its range deletes
 *
 * The key is hashed once, when the first filter is asked. With ten bits a key a filter is wrong about one key in a
 * hundred that is not there, so that most gets search one tree and most misses none.
 */
import { CELL_DELETE, TreeReader } from "../btree/index.ts";
import type { PageFile } from "../pager/index.ts";
import { FilterReader } from "./filter.ts";
import { KeyHash } from "./hash.ts";
import { type Manifest, partFor } from "./manifest.ts";
import { coveringDelete } from "./range-deletes.ts";

/** What a search found. */
export const NOT_FOUND = 0;

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
  readonly #filters: FilterReader;
  readonly #hash: KeyHash;
  #isHashed: boolean;
  /** Where a search goes on: the run behind the one that answered. */
  #next: number;

  constructor(pages: PageFile, counts: SearchCounts) {
    this.tree = new TreeReader(pages);
    this.counts = counts;
    this.#filters = new FilterReader(pages);
    this.#hash = new KeyHash();
    this.#isHashed = false;
    this.#next = 0;
  }

  /** CELL_PUT, CELL_DELETE or CELL_MERGE as the newest run says that knows the key, or NOT_FOUND. */
  find(manifest: Manifest, key: Uint8Array, offset: number, length: number): number {
    this.#isHashed = false;
    this.#next = 0;
    this.counts.searches++;
    return this.findOlder(manifest, key, offset, length);
  }

  /** Goes on behind the run that answered last, for the same key: what merge operands are to be applied to. */
  findOlder(manifest: Manifest, key: Uint8Array, offset: number, length: number): number {
    const { runs } = manifest;
    for (let i = this.#next; i < runs.length; i++) {
      const part = partFor(runs[i]!, key, offset, length);
      if (part === undefined) {
        continue;
      }
      if (part.root.page !== 0 && this.#mayContain(part.filter, key, offset, length)) {
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

  #mayContain(
    filter: Parameters<FilterReader["mayContain"]>[0],
    key: Uint8Array,
    offset: number,
    length: number,
  ): boolean {
    if (filter.pageCount === 0) {
      return true;
    }
    if (!this.#isHashed) {
      this.#hash.of(key, offset, length);
      this.#isHashed = true;
    }
    this.counts.filters++;
    if (this.#filters.mayContain(filter, this.#hash.low, this.#hash.high)) {
      return true;
    }
    this.counts.filtered++;
    return false;
  }
}
