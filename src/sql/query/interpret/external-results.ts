/** ORDER BY, DISTINCT, UNION, INTERSECT and EXCEPT of any number of rows: as those of memory, with a disk (spill/). */

import { ascending, DistinctRows, withNumber } from "../../spill/distinct-rows.ts";
import { ExternalSorter, type SortedRows } from "../../spill/external-sorter.ts";
import type { Spill } from "../../spill/spill.ts";
import type { Collation } from "../../value/collation.ts";
import type { BodyPlan } from "../plan/plan.ts";
import { forEachRow } from "./compound-results.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
import { answerHeld, type HeldRow, holdRow } from "./held-row.ts";
import type { Results } from "./site.ts";
import { evaluateLimits, keysOf, SortedResults, type SortKeys } from "./sorted-results.ts";

/** So many rows with a LIMIT are kept in memory. */
const FEW_WANTED = 1000;

/** All rows first, then in order. */
export class ExternallySorted implements Results {
  readonly #execution: Execution;
  readonly #results: Results;
  readonly #columns: number;
  readonly #keys: SortKeys;
  readonly #limit: Evaluate | undefined;
  readonly #offset: Evaluate | undefined;
  readonly #inMemory: SortedResults;
  #rows: SortedRows | undefined;
  #left: number;

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
    this.#inMemory = new SortedResults(execution, results, columns, keys, limit, offset);
    this.#rows = undefined;
    this.#left = 0;
  }

  open(): void {
    this.close();
    const { left, skip } = evaluateLimits(this.#limit, this.#offset);
    if (left + skip <= Math.min(FEW_WANTED, this.#execution.heldRows - 1)) {
      this.#inMemory.openWith(left, skip);
      return;
    }
    const { terms } = this.#keys;
    const results = this.#results;
    const sorter = new ExternalSorter(this.#execution.spill!, terms);
    forEachRow(results, this.#columns, (row) => sorter.add(keysOf(this.#keys, row), row));
    this.#rows = sorter.finish();
    this.#left = left;
    for (let skipped = 0; skipped < skip && this.#left > 0; skipped++) {
      if (!this.#rows.next()) {
        this.#left = 0;
      }
    }
  }

  next(): boolean {
    const rows = this.#rows;
    if (rows === undefined) {
      return this.#inMemory.next();
    }
    if (this.#left <= 0 || !rows.next()) {
      return false;
    }
    this.#left--;
    return true;
  }

  close(): void {
    this.#inMemory.close();
    this.#rows?.close();
    this.#rows = undefined;
  }

  answer(column: number): void {
    this.#rows === undefined ? this.#inMemory.answer(column) : this.#rows.answer(column);
  }
}

type Compound = Pick<Extract<BodyPlan, { kind: "compound" }>, "operator" | "collations">;

/** Rows of both sides in order, of those that are alike one or none. */
export class ExternalSet implements Results {
  readonly #spill: Spill;
  readonly #plan: Compound;
  readonly #left: Results;
  readonly #right: Results;
  #rows: SortedRows | undefined;
  #isThere: boolean;
  #row: HeldRow | undefined;

  constructor(spill: Spill, plan: Compound, left: Results, right: Results) {
    this.#spill = spill;
    this.#plan = plan;
    this.#left = left;
    this.#right = right;
    this.#rows = undefined;
    this.#isThere = false;
    this.#row = undefined;
  }

  open(): void {
    this.close();
    const { collations } = this.#plan;
    const sorter = new ExternalSorter(this.#spill, ascending(collations));
    for (const [side, results] of [this.#left, this.#right].entries()) {
      forEachRow(results, collations.length, (row) => sorter.add(row, withNumber(row, side)));
    }
    this.#rows = sorter.finish();
    this.#isThere = this.#rows.next();
  }

  next(): boolean {
    const { operator } = this.#plan;
    while (this.#isThere) {
      const [left, right] = this.#takeAlike(this.#rows!);
      // Of rows that are equal and not the same (1 and 1.0) a union has the first of the right side.
      this.#row =
        operator === "union"
          ? (right ?? left)
          : (operator === "intersect") === (right !== undefined)
            ? left
            : undefined;
      if (this.#row !== undefined) {
        return true;
      }
    }
    return false;
  }

  close(): void {
    this.#rows?.close();
    this.#rows = undefined;
    this.#isThere = false;
    this.#row = undefined;
  }

  answer(column: number): void {
    answerHeld(this.#row, column);
  }

  /** The first row of each side among those that are alike; goes behind them. */
  #takeAlike(rows: SortedRows): (HeldRow | undefined)[] {
    const firsts: (HeldRow | undefined)[] = [undefined, undefined];
    do {
      const row = rows.row();
      const side = row.values.at(-1) as number;
      firsts[side] ??= row;
      this.#isThere = rows.next();
    } while (this.#isThere && rows.isAlike);
    return firsts;
  }
}

/** Each row once, when it first comes; behind its columns what `beside` says of it. */
export class ExternallyDistinct implements Results {
  readonly #spill: Spill;
  readonly #results: Results;
  readonly #collations: readonly (Collation | undefined)[];
  readonly #beside: readonly Evaluate[];
  #seen: DistinctRows | undefined;
  /** Those that were put aside, once all have come. */
  #rest: SortedRows | undefined;
  #row: HeldRow | undefined;

  constructor(
    spill: Spill,
    results: Results,
    collations: readonly (Collation | undefined)[],
    beside: readonly Evaluate[],
  ) {
    this.#spill = spill;
    this.#results = results;
    this.#collations = collations;
    this.#beside = beside;
    this.#seen = undefined;
    this.#rest = undefined;
    this.#row = undefined;
  }

  open(): void {
    this.close();
    this.#seen = new DistinctRows(this.#spill, this.#collations);
    this.#results.open();
  }

  next(): boolean {
    const seen = this.#seen;
    if (seen === undefined) {
      return this.#nextOfRest();
    }
    while (this.#results.next()) {
      const row = holdRow(this.#results, this.#collations.length);
      const whole = this.#withBeside(row);
      if (seen.isNew(row, whole)) {
        this.#row = whole;
        return true;
      }
    }
    this.#results.close();
    this.#rest = seen.rest();
    this.#seen = undefined;
    return this.#nextOfRest();
  }

  close(): void {
    this.#seen?.close();
    this.#rest?.close();
    this.#seen = undefined;
    this.#rest = undefined;
    this.#row = undefined;
    this.#results.close();
  }

  answer(column: number): void {
    answerHeld(this.#row, column);
  }

  #withBeside(row: HeldRow): HeldRow {
    const beside = this.#beside;
    if (beside.length === 0) {
      return row;
    }
    const { tags, values } = holdRow({ answer: (index) => beside[index]!() }, beside.length);
    return { tags: [...row.tags, ...tags], values: [...row.values, ...values] };
  }

  #nextOfRest(): boolean {
    if (this.#rest?.next() !== true) {
      return false;
    }
    this.#row = this.#rest.row();
    return true;
  }
}
