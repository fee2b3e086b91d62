/**
 * What a new part hides of older runs, about: what would come free if they were merged.
 *
 * Nobody reads the entries for it. Of the keys that are flushed every 256th is asked of the older runs' filters; what range
 * deletes cover is counted by the trees' inner pages. The estimate is kept with the part, and compactions are chosen by it
 * (policy.ts).
 */
import { countRange, TreeReader } from "../btree/index.ts";
import type { PageFile } from "../pager/index.ts";
import { FilterReader } from "./filter.ts";
import { KeyHash } from "./hash.ts";
import { partFor, type Run } from "./manifest.ts";
import type { Part } from "./part.ts";
import { isBelow, type RangeDelete } from "./range-deletes.ts";

const SAMPLE_EVERY = 256;
const DELETES_A_STEP = 16;

/** Entries of older runs that have the same keys as what is flushed. */
export class KeySample {
  /** Of all keys that were noted, as the sample has it. */
  hiddenBytes: number;
  readonly #runs: readonly Run[];
  readonly #filters: FilterReader;
  readonly #tree: TreeReader;
  readonly #hash: KeyHash;
  #count: number;

  constructor(pages: PageFile, runs: readonly Run[]) {
    this.hiddenBytes = 0;
    this.#runs = runs;
    this.#filters = new FilterReader(pages);
    this.#tree = new TreeReader(pages);
    this.#hash = new KeyHash();
    this.#count = 0;
  }

  note(key: Uint8Array, offset: number, length: number): void {
    if (this.#runs.length > 0 && this.#count++ % SAMPLE_EVERY === 0) {
      this.#hash.of(key, offset, length);
      const older = this.#newestWith(key, offset, length);
      this.hiddenBytes += older === undefined ? 0 : SAMPLE_EVERY * bytesPerEntry(older);
    }
  }

  #newestWith(key: Uint8Array, offset: number, length: number): Part | undefined {
    for (const run of this.#runs) {
      const part = partFor(run, key, offset, length);
      if (part !== undefined && this.#isIn(part, key, offset, length)) {
        return part;
      }
    }
    return undefined;
  }

  /** As the filter has it; where there is none, the tree is asked. */
  #isIn({ root, upper, filter }: Part, key: Uint8Array, offset: number, length: number): boolean {
    if (root.page === 0 || !isBelow(key, offset, length, upper)) {
      return false;
    }
    if (filter.pageCount === 0) {
      return this.#tree.find(root.page, key, offset, length);
    }
    return this.#filters.mayContain(filter, this.#hash.low, this.#hash.high);
  }
}

/** Bytes of entries that range deletes cover, which are sorted. Yields now and then. */
export function* coveredBytes(
  pages: PageFile,
  runs: readonly Run[],
  deletes: readonly RangeDelete[],
): Generator<void, number> {
  let bytes = 0;
  for (const { parts } of runs) {
    let first = 0;
    for (const [i, { lower, upper }] of deletes.entries()) {
      while (first < parts.length && endsUpTo(parts[first]!, lower)) {
        first++;
      }
      for (let at = first; at < parts.length && beginsBefore(parts[at]!, upper); at++) {
        bytes += countRange(pages, parts[at]!.root, lower, upper) * bytesPerEntry(parts[at]!);
      }
      if (i % DELETES_A_STEP === 0) {
        yield;
      }
    }
  }
  return bytes;
}

function bytesPerEntry({ bytes, root }: Part): number {
  return bytes / Math.max(1, root.count);
}

function endsUpTo(part: Part, key: Uint8Array): boolean {
  return part.upper !== undefined && Buffer.compare(part.upper, key) <= 0;
}

function beginsBefore(part: Part, key: Uint8Array | undefined): boolean {
  return key === undefined || Buffer.compare(part.lower, key) < 0;
}
