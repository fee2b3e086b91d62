/**
 * Rows that are told apart by their keys, each the first time that it comes: at once while memory lasts, and those that are new after
 * that when all have come.
 *
 *   isNew(keys, row)   true: take it now
 *   rest()             those that were put aside, in the order in which they came
 */
import { enterRow, type HeldRow } from "../query/interpret/held-row.ts";
import { valuesBytes } from "../run/holding.ts";
import type { SortTerm } from "../run/sorter.ts";
import { ValueSet } from "../run/value-set.ts";
import type { Collation } from "../value/collation.ts";
import { INTEGER } from "../value/value.ts";
import { ExternalSorter, type SortedRows } from "./external-sorter.ts";
import type { Spill } from "./spill.ts";

const BY_ARRIVAL: readonly SortTerm[] = [{ descending: false, nullsFirst: true }];

export class DistinctRows {
  readonly #spill: Spill;
  readonly #terms: readonly SortTerm[];
  readonly #seen: ValueSet;
  #seenBytes: number;
  #isFull: boolean;
  #aside: ExternalSorter | undefined;
  #arrivals: number;
  #rest: SortedRows | undefined;

  constructor(spill: Spill, collations: readonly (Collation | undefined)[]) {
    this.#spill = spill;
    this.#terms = ascending(collations);
    this.#seen = new ValueSet(collations, Number.POSITIVE_INFINITY);
    this.#seenBytes = 0;
    this.#isFull = false;
    this.#aside = undefined;
    this.#arrivals = 0;
    this.#rest = undefined;
  }

  isNew(keys: HeldRow, row: HeldRow): boolean {
    const seen = this.#seen;
    enterRow(seen, keys);
    if (seen.has()) {
      return false;
    }
    if (!this.#isFull) {
      seen.add();
      this.#seenBytes += valuesBytes(keys.tags, keys.values);
      this.#isFull = seen.count >= this.#spill.rows || this.#seenBytes >= this.#spill.bytes;
      return true;
    }
    this.#aside ??= new ExternalSorter(this.#spill, this.#terms);
    this.#aside.add(keys, withNumber(row, this.#arrivals++));
    return false;
  }

  /** Those put aside, each once, with a column more than they had; undefined: there are none. */
  rest(): SortedRows | undefined {
    if (this.#aside === undefined) {
      return undefined;
    }
    const alike = this.#aside.finish();
    const first = new ExternalSorter(this.#spill, BY_ARRIVAL);
    while (alike.next()) {
      if (!alike.isAlike) {
        const row = alike.row();
        first.add({ tags: [INTEGER], values: [row.values.at(-1)!] }, row);
      }
    }
    alike.close();
    this.#rest = first.finish();
    return this.#rest;
  }

  close(): void {
    this.#aside?.close();
    this.#rest?.close();
  }
}

/** The order in which rows of such columns are alike if they are neighbours. */
export function ascending(collations: readonly (Collation | undefined)[]): SortTerm[] {
  return collations.map((collation) => ({ descending: false, nullsFirst: true, collation }));
}

/** A row with a number behind it. */
export function withNumber({ tags, values }: HeldRow, number: number): HeldRow {
  return { tags: [...tags, INTEGER], values: [...values, number] };
}
