/** ORDER BY, LIMIT and OFFSET of a query. */
import { limitOf } from "../../run/limit.ts";
import type { SortTerm } from "../../run/sorter.ts";
import { sorterOf } from "../../run/top-rows.ts";
import { answer, answered } from "../../value/value.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
import { answerHeld, type HeldRow, holdRow, offerRow } from "./held-row.ts";
import type { Results } from "./site.ts";

/** Leaves rows out at the start and the end. */
export class LimitedResults implements Results {
  readonly #results: Results;
  readonly #limit: Evaluate | undefined;
  readonly #offset: Evaluate | undefined;
  #left: number;

  constructor(results: Results, limit: Evaluate | undefined, offset: Evaluate | undefined) {
    this.#results = results;
    this.#limit = limit;
    this.#offset = offset;
    this.#left = 0;
  }

  open(): void {
    const { left, skip } = evaluateLimits(this.#limit, this.#offset);
    this.#left = left;
    this.#results.open();
    for (let skipped = 0; skipped < skip && this.#left > 0; skipped++) {
      if (!this.#results.next()) {
        this.#left = 0;
      }
    }
  }

  next(): boolean {
    if (this.#left <= 0 || !this.#results.next()) {
      return false;
    }
    this.#left--;
    return true;
  }

  close(): void {
    this.#results.close();
  }

  answer(column: number): void {
    this.#results.answer(column);
  }
}

export function evaluateLimits(
  limit: Evaluate | undefined,
  offset: Evaluate | undefined,
): { left: number; skip: number } {
  const limitBy = (evaluate: Evaluate | undefined, whenNegative: number): number => {
    if (evaluate === undefined) {
      return whenNegative;
    }
    evaluate();
    return limitOf(answer.tag, answered(), whenNegative);
  };
  return { left: limitBy(limit, Number.POSITIVE_INFINITY), skip: limitBy(offset, 0) };
}

/** What rows are ordered by: columns of the result, or what else is known of the row that it comes from. */
export interface SortKeys {
  readonly terms: readonly SortTerm[];
  readonly values: readonly (number | Evaluate)[];
}

/** What the row that the results are at, and which was held, is ordered by. */
export function keysOf({ values }: SortKeys, row: HeldRow): HeldRow {
  const key = (term: number): void => {
    const value = values[term]!;
    typeof value === "number" ? answerHeld(row, value) : value();
  };
  return holdRow({ answer: key }, values.length);
}

/** All rows first, then in order. */
export class SortedResults implements Results {
  readonly #execution: Execution;
  readonly #results: Results;
  readonly #columns: number;
  readonly #keys: SortKeys;
  readonly #limit: Evaluate | undefined;
  readonly #offset: Evaluate | undefined;
  #rows: HeldRow[];
  #next: number;

  constructor(
    execution: Execution,
    results: Results,
    columns: number,
    keys: SortKeys,
    limit: Evaluate | undefined,
    offset: Evaluate | undefined,
  ) {
    this.#execution = execution;
    this.#results = results;
    this.#columns = columns;
    this.#keys = keys;
    this.#limit = limit;
    this.#offset = offset;
    this.#rows = [];
    this.#next = 0;
  }

  open(): void {
    const { left, skip } = evaluateLimits(this.#limit, this.#offset);
    this.openWith(left, skip);
  }

  /** Opens with the limits known: so many rows, behind so many. */
  openWith(left: number, skip: number): void {
    const { terms } = this.#keys;
    const sorter = sorterOf(terms, left + skip, this.#execution.heldRows, this.#execution.holding.bytes);
    const results = this.#results;
    try {
      results.open();
      while (left > 0 && results.next()) {
        const row = holdRow(results, this.#columns);
        offerRow(sorter, keysOf(this.#keys, row), row);
      }
    } finally {
      results.close();
    }
    const sorted: unknown[] = [];
    sorter.finish(sorted, skip, left);
    this.#rows = sorted as HeldRow[];
    this.#next = 0;
  }

  next(): boolean {
    return ++this.#next <= this.#rows.length;
  }

  close(): void {
    this.#rows = [];
    this.#next = 0;
  }

  answer(column: number): void {
    answerHeld(this.#rows[this.#next - 1], column);
  }
}
