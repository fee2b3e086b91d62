/**
 * Asking filters for a prefix: which runs can be left out of a range whose keys all begin alike.
 *
 * A part's filter holds the first `prefixBytes` of each key beside the key (part-writer.ts), if its keyspace was made so.
 */
import type { PageFile } from "../pager/index.ts";
import { FilterReader } from "./filter.ts";
import { KeyHash } from "./hash.ts";
import type { Run } from "./manifest.ts";
import { overlaps } from "./policy.ts";

export class PrefixFilter {
  readonly #filters: FilterReader;
  readonly #hash: KeyHash;

  constructor(pages: PageFile) {
    this.#filters = new FilterReader(pages);
    this.#hash = new KeyHash();
  }

  /** What is asked for from now on. */
  set(prefix: Uint8Array | undefined): void {
    if (prefix !== undefined) {
      this.#hash.of(prefix, 0, prefix.length);
    }
  }

  /** Whether a run may have such keys between the bounds. */
  mayBeIn(run: Run, lower: Uint8Array | undefined, upper: Uint8Array | undefined): boolean {
    const { low, high } = this.#hash;
    return run.parts.some((part) => overlaps(part, lower, upper) && this.#filters.mayContain(part.filter, low, high));
  }
}
