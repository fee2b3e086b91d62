/**
 * Where an expression is interpreted: what its leaves are. The rows of FROM are one such place, the groups behind them
 * another, where the same columns are those of the row that stands for the group.
 *
 *   Site       leaves of expressions
 *   RowCursor  the row that a source is at
 *   Rows       goes from row to row, and moves the cursors of the sources below it
 *   Results    goes from row to row of a query, and answers its columns
 */

import type { Arguments } from "../../run/arguments.ts";
import type { Spill } from "../../spill/spill.ts";
import type { BoundQuery, Source } from "../bind/bound.ts";

export interface Site {
  readonly values: Arguments;
  /** Rows that the statement may hold in memory. */
  readonly heldRows: number;
  /** Where rows go that are more; undefined: they may not be more. */
  readonly spill: Spill | undefined;
  /** `callback` lets go what is kept for one execution. */
  onEnd(callback: () => void): void;
  cursor(source: Source): RowCursor;
  /** The rows of a subquery. */
  query(query: BoundQuery): Subquery;
}

export interface RowCursor {
  /** Leaves the value of a column in `answer`; a column's number is its place in the source, −1 is the rowid. */
  answer(column: number): void;
}

/** Opened before the first row, again for the first row again, and closed when no more is wanted, the end reached or not. */
export interface Rows {
  open(): void;
  next(): boolean;
  close(): void;
  /** Every column below is NULL until the next row: an outer join found no partner. */
  setMissing(): void;
}

export interface Results {
  open(): void;
  next(): boolean;
  close(): void;
  /** Leaves the value of a column of the row in `answer`. */
  answer(column: number): void;
}

export interface Subquery extends Results {
  /** It gives the same rows each time, for as long as the statement runs. */
  readonly isConstant: boolean;
  /** A number that no other execution of the statement has. */
  readonly execution: number;
}
