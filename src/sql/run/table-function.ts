/** Table functions: rows that a call gives, in FROM. */
import type { Affinity } from "../value/affinity.ts";
import type { SqlValue, Tag, TypeSet } from "../value/value.ts";

export interface TableFunctionColumn {
  readonly name: string;
  /** Of a column without a type, as SQLite's have none: BLOB. */
  readonly affinity: Affinity;
  readonly types: TypeSet;
  /** It is an argument: `WHERE column = x` gives it, and `*` leaves it out. */
  readonly isHidden: boolean;
  /** It is the column of this name as an argument that may be JSON (value/json/index.ts); no statement can name it. */
  readonly nestedOf?: string;
}

export interface TableFunction {
  readonly name: string;
  readonly columns: readonly TableFunctionColumn[];
  /** Whether its rows have a rowid. */
  readonly hasRowid: boolean;
  /** Whether a condition on a hidden column that gives it no value is an error. */
  readonly takesEqualsOnly: boolean;
  /** The rows of one call; the values are those of the hidden columns, in order, undefined where none is given. */
  readonly open: (tags: readonly (Tag | undefined)[], values: readonly (SqlValue | undefined)[]) => TableFunctionRows;
}

export interface TableFunctionRows {
  next(): boolean;
  /** Leaves a column in `answer`; −1 is the rowid. */
  answer(column: number): void;
}
