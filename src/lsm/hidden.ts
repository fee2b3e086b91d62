/**
 * What a new part hides of older runs, about: what would come free if they were merged.
 *
 * Nobody reads the entries for it. Of the keys that are flushed every 64th is asked of the older runs' filters; what range
 * deletes cover is counted by the trees' inner pages. The estimate is kept with the part, and compactions are chosen by it
 * (policy.ts).
 */
import { countRange } from "../btree/index.ts";
import type { PageFile } from "../pager/index.ts";
import { FilterReader } from "./filter.ts";
import { KeyHash } from "./hash.ts";
import { partFor, type Run } from "./manifest.ts";
import type { Part } from "./part.ts";
import type { RangeDelete } from "./range-deletes.ts";

const SAMPLE_EVERY = 64;
const DELETES_A_STEP = 16;

/** Entries of older runs that have the same keys as what is flushed. */
export class KeySample {
  /** Of all keys that were noted, as the sample has it. */
  hiddenBytes: number;
  readonly #runs: readonly Run[];
  readonly #filters: FilterReader;
  readonly #hash: KeyHash;
  #count: number;

  constructor(pages: PageFile, runs: readonly Run[]) {
    this.hiddenBytes = 0;
    this.#runs = runs;
    this.#filters = new FilterReader(pages);
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
    const { low, high } = this.#hash;
    for (const run of this.#runs) {
      const part = partFor(run, key, offset, length);
      if (part !== undefined && part.root.page !== 0 && this.#filters.mayContain(part.filter, low, high)) {
        return part;
      }
    }
    return undefined;
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
