/**
 * Rows that wait in the order in which they came: those of a recursive query that is compiled. A row is as many cells as it has
 * columns, each a tag, a number and an other, as generated code holds values; the cells lie in a ring.
 *
 *   const cell = queue.push();            // the first cell of a new row, to be filled
 *   while (queue.take()) queue.cell       // the first cell of the row that waited longest; it holds until the next push
 *
 * Bound: `limit` rows that wait; beyond it FULL.
 */
import { DbError } from "../../errors.ts";
import type { SqlValue } from "../value/value.ts";

const INITIAL_ROWS = 16;

export class RowQueue {
  tags: Uint8Array;
  numbers: Float64Array;
  others: SqlValue[];
  /** Of the row that was taken out last. */
  cell: number;
  readonly #columns: number;
  readonly #limit: number;
  /** A power of two. */
  #capacity: number;
  #first: number;
  #count: number;

  constructor(columns: number, limit: number) {
    const cells = INITIAL_ROWS * columns;
    this.tags = new Uint8Array(cells);
    this.numbers = new Float64Array(cells);
    this.others = new Array<SqlValue>(cells).fill(null);
    this.cell = 0;
    this.#columns = columns;
    this.#limit = limit;
    this.#capacity = INITIAL_ROWS;
    this.#first = 0;
    this.#count = 0;
  }

  /** Room for a row behind all others; its first cell. */
  push(): number {
    if (this.#count === this.#capacity) {
      this.#grow();
    }
    if (this.#count === this.#limit) {
      throw new DbError("FULL", `a statement may hold ${this.#limit} rows (option heldRows)`, { limit: this.#limit });
    }
    const row = (this.#first + this.#count++) & (this.#capacity - 1);
    return row * this.#columns;
  }

  /** Takes out the first row; false: there is none. */
  take(): boolean {
    if (this.#count === 0) {
      return false;
    }
    this.cell = this.#first * this.#columns;
    this.#first = (this.#first + 1) & (this.#capacity - 1);
    this.#count--;
    return true;
  }

  #grow(): void {
    const cells = this.#capacity * this.#columns;
    const from = this.#first * this.#columns;
    const tags = new Uint8Array(cells * 2);
    tags.set(this.tags.subarray(from));
    tags.set(this.tags.subarray(0, from), cells - from);
    const numbers = new Float64Array(cells * 2);
    numbers.set(this.numbers.subarray(from));
    numbers.set(this.numbers.subarray(0, from), cells - from);
    this.others = [...this.others.slice(from), ...this.others.slice(0, from), ...new Array<SqlValue>(cells).fill(null)];
    this.tags = tags;
    this.numbers = numbers;
    this.#first = 0;
    this.#capacity *= 2;
  }
}
