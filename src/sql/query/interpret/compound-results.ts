/**
 * UNION, INTERSECT and EXCEPT: rows of two queries, told apart by the values of all their columns. NULLs are one value here.
 *
 * Except for UNION ALL the rows come in the order of their values, as SQLite, which keeps them in a tree, gives them out.
 */

import { RowArena } from "../../run/row-arena.ts";
import { Sorter } from "../../run/sorter.ts";
import { ValueSet } from "../../run/value-set.ts";
import { answer, answered, type SqlValue, type Tag } from "../../value/value.ts";
import type { BodyPlan } from "../plan/plan.ts";
import { ArenaCursor, keepRow } from "./computed-cursor.ts";
import type { Execution } from "./execution.ts";
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
  readonly #cursor: ArenaCursor;
  #order: number[];
  #next: number;

  constructor(execution: Execution, plan: Pick<Compound, "operator" | "collations">, left: Results, right: Results) {
    this.#execution = execution;
    this.#plan = plan;
    this.#left = left;
    this.#right = right;
    this.#cursor = new ArenaCursor();
    this.#order = [];
    this.#next = 0;
  }

  open(): void {
    const { operator, collations } = this.#plan;
    const { heldRows } = this.#execution;
    const arena = new RowArena(heldRows);
    const seen = new ValueSet(collations, heldRows);
    forEachRow(this.#left, () => this.#add(this.#left, seen, arena));
    let isWanted = (_row: number): boolean => true;
    if (operator === "union") {
      forEachRow(this.#right, () => this.#add(this.#right, seen, arena));
    } else {
      const onRight = new Uint8Array(arena.count);
      forEachRow(this.#right, () => {
        enter(this.#right, seen, collations.length);
        if (seen.has()) {
          onRight[seen.add()] = 1;
        }
      });
      const wanted = operator === "intersect" ? 1 : 0;
      isWanted = (row) => onRight[row] === wanted;
    }
    this.#cursor.arena = arena;
    this.#order = this.#inOrder(arena, isWanted);
    this.#next = 0;
  }

  next(): boolean {
    if (this.#next === this.#order.length) {
      return false;
    }
    this.#cursor.row = this.#order[this.#next++]!;
    return true;
  }

  close(): void {
    this.#order = [];
    this.#next = 0;
  }

  answer(column: number): void {
    this.#cursor.answer(column);
  }

  /** Rows of the set and of the arena have the same numbers. */
  #add(results: Results, seen: ValueSet, arena: RowArena): void {
    enter(results, seen, this.#plan.collations.length);
    if (seen.add() === arena.count) {
      keepRow(arena, this.#plan.collations.length, (column) => results.answer(column));
    }
  }

  #inOrder(arena: RowArena, isWanted: (row: number) => boolean): number[] {
    const { collations } = this.#plan;
    const terms = collations.map((collation) => ({ descending: false, nullsFirst: true, collation }));
    const sorter = new Sorter(terms, Number.POSITIVE_INFINITY, this.#execution.heldRows);
    for (let row = 0; row < arena.count; row++) {
      if (!isWanted(row)) {
        continue;
      }
      this.#cursor.row = row;
      let slot = -1;
      for (let term = 0; term < terms.length; term++) {
        this.#cursor.answer(term);
        if (term === 0) {
          slot = sorter.offerValue(answer.tag, answered());
        } else {
          sorter.keyValue(slot, term, answer.tag, answered());
        }
      }
      sorter.rows[slot] = row;
    }
    const order: number[] = [];
    sorter.finish(order, 0, Number.POSITIVE_INFINITY);
    return order;
  }
}

/** DISTINCT: each row once, when it first comes. */
export class DistinctResults implements Results {
  readonly #execution: Execution;
  readonly #results: Results;
  readonly #collations: Compound["collations"];
  #seen: ValueSet | undefined;

  constructor(execution: Execution, results: Results, collations: Compound["collations"]) {
    this.#execution = execution;
    this.#results = results;
    this.#collations = collations;
    this.#seen = undefined;
  }

  open(): void {
    this.#seen = new ValueSet(this.#collations, this.#execution.heldRows);
    this.#results.open();
  }

  next(): boolean {
    const seen = this.#seen!;
    while (this.#results.next()) {
      const { count } = seen;
      enter(this.#results, seen, this.#collations.length);
      if (seen.add() === count) {
        return true;
      }
    }
    return false;
  }

  close(): void {
    this.#seen = undefined;
    this.#results.close();
  }

  answer(column: number): void {
    this.#results.answer(column);
  }
}

/** Writes all columns of a row into a set; the values come first, since answering one may use the set's own machinery. */
export function enter(results: Results, set: ValueSet, columns: number): void {
  const tags: Tag[] = [];
  const values: SqlValue[] = [];
  for (let column = 0; column < columns; column++) {
    results.answer(column);
    tags.push(answer.tag);
    values.push(answered());
  }
  set.begin();
  for (let column = 0; column < columns; column++) {
    set.value(column, tags[column]!, values[column]!);
  }
}

function forEachRow(results: Results, visit: () => void): void {
  results.open();
  try {
    while (results.next()) {
      visit();
    }
  } finally {
    results.close();
  }
}
