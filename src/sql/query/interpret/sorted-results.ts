/** ORDER BY, LIMIT and OFFSET of a query. */
import { limitOf } from "../../run/limit.ts";
import { RowArena } from "../../run/row-arena.ts";
import { Sorter, type SortTerm } from "../../run/sorter.ts";
import { answer, answered, INTEGER, REAL } from "../../value/value.ts";
import { ArenaCursor, keepRow } from "./computed-cursor.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
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

function evaluateLimits(limit: Evaluate | undefined, offset: Evaluate | undefined): { left: number; skip: number } {
  const limitBy = (evaluate: Evaluate | undefined, whenNegative: number): number => {
    if (evaluate === undefined) {
      return whenNegative;
    }
    evaluate();
    return limitOf(answer.tag, answered(), whenNegative);
  };
  return { left: limitBy(limit, Number.POSITIVE_INFINITY), skip: limitBy(offset, 0) };
}

export interface SortKeys {
  readonly terms: readonly SortTerm[];
  readonly values: readonly Evaluate[];
}

/** All rows first, then in order. */
export class SortedResults implements Results {
  readonly #execution: Execution;
  readonly #results: Results;
  readonly #columns: number;
  readonly #keys: SortKeys;
  readonly #limit: Evaluate | undefined;
  readonly #offset: Evaluate | undefined;
  readonly #cursor: ArenaCursor;
  #order: number[];
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
    this.#cursor = new ArenaCursor();
    this.#order = [];
    this.#next = 0;
  }

  open(): void {
    const { heldRows } = this.#execution;
    const { left, skip } = evaluateLimits(this.#limit, this.#offset);
    const sorter = new Sorter(this.#keys.terms, left + skip, heldRows);
    const arena = new RowArena(Number.POSITIVE_INFINITY);
    this.#order = [];
    this.#next = 0;
    this.#cursor.arena = arena;
    const results = this.#results;
    results.open();
    try {
      while (left > 0 && results.next()) {
        this.#offer(sorter, arena);
      }
    } finally {
      results.close();
    }
    sorter.finish(this.#order, skip, left);
  }

  next(): boolean {
    if (this.#next === this.#order.length) {
      return false;
    }
    this.#cursor.row = this.#order[this.#next++]!;
    return true;
  }

  close(): void {}

  answer(column: number): void {
    this.#cursor.answer(column);
  }

  #offer(sorter: Sorter, arena: RowArena): void {
    let slot = -1;
    for (const [term, value] of this.#keys.values.entries()) {
      value();
      const { tag } = answer;
      const isNumber = tag === INTEGER || tag === REAL;
      const number = isNumber ? answer.number : 0;
      const other = isNumber ? null : answer.other;
      if (term === 0) {
        slot = sorter.offer(tag, number, other);
        if (slot < 0) {
          return;
        }
      } else {
        sorter.key(slot, term, tag, number, other);
      }
    }
    sorter.rows[slot] = keepRow(arena, this.#columns, (column) => this.#results.answer(column));
  }
}
