/** INSERT, UPDATE and DELETE, alone and in the body of a trigger. */
import type { Expression, From, Name, OrderingTerm, Query, ResultColumn, TableName, With } from "./query.ts";

/** What becomes of a row that breaks a constraint. */
export type ConflictAction = "rollback" | "abort" | "fail" | "ignore" | "replace";

/** One column, or several that get the values of a row or of a subquery's row. */
export interface Assignment {
  readonly at: number;
  readonly columns: readonly Name[];
  readonly value: Expression;
}

/** A part of an index or of what names one: an expression, most often a column's name. */
export interface IndexedExpression {
  readonly at: number;
  /** Without COLLATE. */
  readonly expression: Expression;
  /** As written, with COLLATE. */
  readonly text: string;
  readonly collation: string | undefined;
  readonly descending: boolean;
}

export interface Upsert {
  readonly at: number;
  /** What is to be unique; undefined: whatever is. */
  readonly target: readonly IndexedExpression[] | undefined;
  readonly targetWhere: Expression | undefined;
  /** Undefined: DO NOTHING. */
  readonly assignments: readonly Assignment[] | undefined;
  readonly where: Expression | undefined;
}

/** RETURNING. */
export interface Returning {
  readonly at: number;
  readonly columns: readonly ResultColumn[];
}

export interface Insert {
  readonly kind: "insert";
  readonly at: number;
  readonly with: With | undefined;
  readonly table: TableName;
  /** Undefined: what each constraint says. */
  readonly conflict: ConflictAction | undefined;
  /** The columns named; undefined: all of them, in order. */
  readonly columns: readonly Name[] | undefined;
  /** VALUES is a query, too; undefined: DEFAULT VALUES. */
  readonly source: Query | undefined;
  readonly upserts: readonly Upsert[];
  readonly returning: Returning | undefined;
}

export interface Update {
  readonly kind: "update";
  readonly at: number;
  readonly with: With | undefined;
  readonly table: TableName;
  readonly conflict: ConflictAction | undefined;
  readonly assignments: readonly Assignment[];
  readonly from: From | undefined;
  readonly where: Expression | undefined;
  readonly returning: Returning | undefined;
  readonly orderBy: readonly OrderingTerm[];
  readonly limit: Expression | undefined;
  readonly offset: Expression | undefined;
}

export interface Delete {
  readonly kind: "delete";
  readonly at: number;
  readonly with: With | undefined;
  readonly table: TableName;
  readonly where: Expression | undefined;
  readonly returning: Returning | undefined;
  readonly orderBy: readonly OrderingTerm[];
  readonly limit: Expression | undefined;
  readonly offset: Expression | undefined;
}
