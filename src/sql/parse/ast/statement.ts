/** Every kind of statement, and the statement as it came out of a text. */
import type {
  AlterTable,
  CreateIndex,
  CreateTable,
  CreateTrigger,
  CreateView,
  CreateVirtualTable,
  Drop,
} from "./definition.ts";
import type { Expression, Name, QualifiedName, Query } from "./query.ts";
import type { Delete, Insert, Update } from "./write.ts";

export type TransactionStatement =
  | { readonly kind: "begin"; readonly at: number; readonly type: "deferred" | "immediate" | "exclusive" }
  | { readonly kind: "commit" | "rollback"; readonly at: number }
  | { readonly kind: "savepoint" | "release" | "rollback-to"; readonly at: number; readonly savepoint: Name };

export interface Pragma extends QualifiedName {
  readonly kind: "pragma";
  /** After `=` or in parentheses, without quotes; a number keeps its minus sign. */
  readonly value: string | undefined;
}

export interface Vacuum {
  readonly kind: "vacuum";
  readonly at: number;
  readonly schema: Name | undefined;
  readonly into: Expression | undefined;
}

export interface Attach {
  readonly kind: "attach";
  readonly at: number;
  readonly file: Expression;
  readonly schema: Expression;
  readonly key: Expression | undefined;
}

export interface Detach {
  readonly kind: "detach";
  readonly at: number;
  readonly schema: Expression;
}

/** Without a target: everything there is. */
export interface Maintenance {
  readonly kind: "analyze" | "reindex";
  readonly at: number;
  readonly target: QualifiedName | undefined;
}

export interface Explain {
  readonly kind: "explain";
  /** "query-plan" is SQLite's EXPLAIN QUERY PLAN. */
  readonly form: "plan" | "query-plan" | "codegen" | "analyze";
  readonly at: number;
  readonly statement: Exclude<Statement, Explain>;
}

export type Statement =
  | Query
  | Insert
  | Update
  | Delete
  | CreateTable
  | CreateIndex
  | CreateView
  | CreateTrigger
  | CreateVirtualTable
  | Drop
  | AlterTable
  | TransactionStatement
  | Pragma
  | Vacuum
  | Attach
  | Detach
  | Maintenance
  | Explain;

export interface ParsedStatement {
  readonly statement: Statement;
  /** The text that the statement was parsed from, without what surrounds it. */
  readonly text: string;
  /** Where it starts in the whole text. */
  readonly start: number;
  /** Names of the parameters in order, `:a` or `?2`; undefined for those without. */
  readonly parameters: readonly (string | undefined)[];
}
