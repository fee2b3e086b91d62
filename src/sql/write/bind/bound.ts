/**
 * Bound INSERT, UPDATE and DELETE.
 *
 * Each finds all rows that it is about before it changes the first: an INSERT by its query, UPDATE and DELETE by one that gives
 * the keys of rows, and what UPDATE sets beside them. Whatever is then done with a row reads *records*: rows in hand, which are
 * sources like any other to the expressions of checks, generated columns, indexes, ON CONFLICT, RETURNING and triggers.
 */
import type { Column, Table, Trigger } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Bound, BoundColumn, BoundIndex, BoundQuery, Source } from "../../query/bind/bound.ts";

/** A table that is written to, with what its definition asks of every row. */
export interface Target {
  readonly table: Table;
  /** The row as it is to be. */
  readonly row: Source;
  /** Undefined: NULL. */
  readonly defaults: readonly (Bound | undefined)[];
  /** In an order in which each finds those that it reads. */
  readonly generated: readonly { readonly column: Column; readonly value: Bound }[];
  readonly checks: readonly { readonly name: string; readonly value: Bound }[];
  readonly indexes: readonly BoundIndex[];
  readonly triggers: readonly Trigger[];
  /** sqlite_sequence, where the rowids of AUTOINCREMENT are remembered. */
  readonly sequence: Table | undefined;
}

export interface BoundReturning {
  /** The row as it was inserted or updated, or before it was deleted. */
  readonly row: Source;
  readonly columns: readonly BoundColumn[];
}

export interface BoundInsert {
  readonly kind: "insert";
  readonly target: Target;
  /** Undefined: DEFAULT VALUES. */
  readonly query: BoundQuery | undefined;
  /** For each column of the table the column of the query that it gets; undefined: its default. */
  readonly columns: readonly (number | undefined)[];
  /** Of the rowid, where it is named by a name that no column has. */
  readonly rowid: number | undefined;
  /** Undefined: what each constraint says. */
  readonly conflict: ConflictAction | undefined;
  readonly upserts: readonly BoundUpsert[];
  readonly returning: BoundReturning | undefined;
}

/** ON CONFLICT. */
export interface BoundUpsert {
  /** The index that it is about; null: the table's own key; undefined: whatever is unique. */
  readonly index: BoundIndex | null | undefined;
  /** Undefined: DO NOTHING. */
  readonly update: UpsertUpdate | undefined;
}

export interface UpsertUpdate {
  /** The row that is there. */
  readonly existing: Source;
  /** The row that was to be inserted. */
  readonly excluded: Source;
  readonly assignments: readonly BoundAssignment[];
  readonly where: Bound | undefined;
}

export interface BoundAssignment {
  /** Undefined: the rowid. */
  readonly column: Column | undefined;
  readonly value: Bound;
}

export interface BoundUpdate {
  readonly kind: "update";
  readonly target: Target;
  /** The columns of the row's key, then the values of `assigned`. */
  readonly query: BoundQuery;
  readonly keyColumns: number;
  /** Undefined: the rowid. */
  readonly assigned: readonly (Column | undefined)[];
  readonly conflict: ConflictAction | undefined;
  readonly returning: BoundReturning | undefined;
}

export interface BoundDelete {
  readonly kind: "delete";
  readonly target: Target;
  /** The columns of the row's key. */
  readonly query: BoundQuery;
  readonly keyColumns: number;
  readonly returning: BoundReturning | undefined;
}

export type BoundWrite = BoundInsert | BoundUpdate | BoundDelete;
