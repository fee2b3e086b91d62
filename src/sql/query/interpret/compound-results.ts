/**
 * UNION, INTERSECT and EXCEPT: rows of two queries, told apart by the values of all their columns. NULLs are one value here.
 *
 * Except for UNION ALL the rows come in the order of their values, as SQLite, which keeps them in a tree, gives them out.
 */
import { checkHeldBytes } from "../../run/holding.ts";
import { Sorter } from "../../run/sorter.ts";
import { ValueSet } from "../../run/value-set.ts";
import type { BodyPlan } from "../plan/plan.ts";
import type { Execution } from "./execution.ts";
import { answerHeld, enterRow, type HeldRow, holdRow, offerRow } from "./held-row.ts";
import type { Results } from "./site.ts";

type Compound = Extract<BodyPlan, { kind: "compound" }>;

/** One after the other. */
export class UnionAllResults implements Results {
  readonly #left: Results;
  readonly #right: Results;
  #isRight: boolean;

  constructor(left: Results, right: Results) {
    this.#left = left;
    this.#right = right;
    this.#isRight = false;
  }

  open(): void {
    this.close();
    this.#isRight = false;
    this.#left.open();
  }

  next(): boolean {
    if (!this.#isRight) {
      if (this.#left.next()) {
        return true;
      }
      this.#left.close();
      this.#isRight = true;
      this.#right.open();
    }
    return this.#right.next();
  }

  close(): void {
    this.#left.close();
    this.#right.close();
  }

  answer(column: number): void {
    (this.#isRight ? this.#right : this.#left).answer(column);
  }
}

export class SetResults implements Results {
  readonly #execution: Execution;
  readonly #plan: Pick<Compound, "operator" | "collations">;
  readonly #left: Results;
  readonly #right: Results;
  #rows: HeldRow[];
  #next: number;

  constructor(execution: Execution, plan: Pick<Compound, "operator" | "collations">, left: Results, right: Results) {
    this.#execution = execution;
    this.#plan = plan;
    this.#left = left;
    this.#right = right;
    this.#rows = [];
    this.#next = 0;
  }

  open(): void {
    const { operator, collations } = this.#plan;
    const { rows: limit, bytes } = this.#execution.holding;
    const columns = collations.length;
    // Rows of the set and of the list have the same numbers.
    const rows: HeldRow[] = [];
    const seen = new ValueSet(collations, limit, bytes);
    forEachRow(this.#left, columns, (row) => {
      enterRow(seen, row);
      if (seen.add() === rows.length) {
        checkHeldBytes(rows, bytes);
        rows.push(row);
      }
    });
    let wanted: readonly HeldRow[] = rows;
    const onRight = new Uint8Array(rows.length);
    if (operator === "union") {
      // Of rows that are equal and not the same (1 and 1.0, 'a' and 'A' by NOCASE) the first of the right side stays.
      forEachRow(this.#right, columns, (row) => {
        enterRow(seen, row);
        const number = seen.add();
        if (number === rows.length) {
          checkHeldBytes(rows, bytes);
        }
        if (number === rows.length || onRight[number] === 0) {
          rows[number] = row;
          onRight[number] = 1;
        }
      });
    } else if (rows.length > 0) {
      forEachRow(this.#right, columns, (row) => {
        enterRow(seen, row);
        if (seen.has()) {
          onRight[seen.add()] = 1;
        }
      });
      const isWanted = operator === "intersect" ? 1 : 0;
      wanted = rows.filter((_, number) => onRight[number] === isWanted);
    }
    this.#rows = this.#inOrder(wanted);
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

  #inOrder(rows: readonly HeldRow[]): HeldRow[] {
    const terms = this.#plan.collations.map((collation) => ({ descending: false, nullsFirst: true, collation }));
    const sorter = new Sorter(terms, Number.POSITIVE_INFINITY, this.#execution.heldRows);
    for (const row of rows) {
      offerRow(sorter, row, row);
    }
    const sorted: unknown[] = [];
    sorter.finish(sorted, 0, Number.POSITIVE_INFINITY);
    return sorted as HeldRow[];
  }
}

/** DISTINCT: each row once, when it first comes. */
export class DistinctResults implements Results {
  readonly #execution: Execution;
  readonly #results: Results;
  readonly #collations: Compound["collations"];
  #seen: ValueSet | undefined;
  #row: HeldRow | undefined;

  constructor(execution: Execution, results: Results, collations: Compound["collations"]) {
    this.#execution = execution;
    this.#results = results;
    this.#collations = collations;
    this.#seen = undefined;
    this.#row = undefined;
  }

  open(): void {
    const { rows: limit, bytes } = this.#execution.holding;
    this.#seen = new ValueSet(this.#collations, limit, bytes);
    this.#results.open();
  }

  next(): boolean {
    const seen = this.#seen!;
    while (this.#results.next()) {
      const { count } = seen;
      this.#row = holdRow(this.#results, this.#collations.length);
      enterRow(seen, this.#row);
      if (seen.add() === count) {
        return true;
      }
    }
    return false;
  }

  close(): void {
    this.#seen = undefined;
    this.#row = undefined;
    this.#results.close();
  }

  answer(column: number): void {
    answerHeld(this.#row, column);
  }
}

/** Goes through all rows, and closes in any case. */
export function forEachRow(results: Results, columns: number, visit: (row: HeldRow) => void): void {
  try {
    results.open();
    while (results.next()) {
      visit(holdRow(results, columns));
    }
  } finally {
    results.close();
  }
}
