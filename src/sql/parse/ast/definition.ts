/**
 * What makes, changes and drops tables, indexes, views and triggers.
 *
 * A CREATE statement has in `text` what SQLite keeps of it in sqlite_schema: CREATE, the kind, then the source from the
 * name on. Where the catalog keeps an expression, its text as written is beside it.
 */
import type { Expression, Name, QualifiedName, Query } from "./query.ts";
import type { ConflictAction, Delete, IndexedExpression, Insert, Update } from "./write.ts";

export interface GeneratedColumn {
  readonly expression: Expression;
  readonly text: string;
  readonly stored: boolean;
}

export interface ColumnDefinition {
  readonly name: string;
  readonly at: number;
  /** The declared type as written; undefined where there is none. */
  readonly type: string | undefined;
  readonly notNull: boolean;
  readonly notNullConflict: ConflictAction | undefined;
  readonly default: Expression | undefined;
  /** The text of the default as written, without parentheses around it: what pragmas show. */
  readonly defaultText: string | undefined;
  readonly collation: Name | undefined;
  readonly generated: GeneratedColumn | undefined;
}

export interface KeyColumn extends Name {
  readonly collation: string | undefined;
  readonly descending: boolean;
}

export interface PrimaryKey {
  readonly kind: "primary-key";
  readonly at: number;
  readonly name: string | undefined;
  readonly columns: readonly KeyColumn[];
  readonly autoincrement: boolean;
  readonly conflict: ConflictAction | undefined;
}

export interface Unique {
  readonly kind: "unique";
  readonly at: number;
  readonly name: string | undefined;
  readonly columns: readonly KeyColumn[];
  readonly conflict: ConflictAction | undefined;
}

export interface Check {
  readonly kind: "check";
  readonly at: number;
  readonly name: string | undefined;
  readonly expression: Expression;
  /** What stands in its parentheses. */
  readonly text: string;
  readonly conflict: ConflictAction | undefined;
}

export type ReferenceAction = "no action" | "restrict" | "set null" | "set default" | "cascade";

export interface ForeignKey {
  readonly kind: "foreign-key";
  readonly at: number;
  readonly name: string | undefined;
  readonly columns: readonly Name[];
  readonly table: string;
  readonly tableAt: number;
  /** Undefined: the primary key. */
  readonly referenced: readonly Name[] | undefined;
  readonly onDelete: ReferenceAction;
  readonly onUpdate: ReferenceAction;
  readonly initiallyDeferred: boolean;
}

export type Constraint = PrimaryKey | Unique | Check | ForeignKey;

export interface CreateTable extends QualifiedName {
  readonly kind: "create-table";
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  /** Those of columns, and those of the table, in the order in which they were written. */
  readonly constraints: readonly Constraint[];
  /** The one among `constraints`. */
  readonly primaryKey: PrimaryKey | undefined;
  readonly withoutRowid: boolean;
  readonly strict: boolean;
  /** CREATE TABLE … AS: it has no columns of its own. */
  readonly query: Query | undefined;
  /** Where the columns end: at the comma before the first constraint of the table, or at the parenthesis. */
  readonly columnsEnd: number;
  readonly text: string;
}

export interface CreateIndex extends QualifiedName {
  readonly kind: "create-index";
  readonly unique: boolean;
  readonly ifNotExists: boolean;
  readonly table: Name;
  readonly columns: readonly IndexedExpression[];
  readonly where: Expression | undefined;
  readonly whereText: string | undefined;
  readonly text: string;
}

export interface CreateView extends QualifiedName {
  readonly kind: "create-view";
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly columns: readonly Name[] | undefined;
  readonly query: Query;
  readonly text: string;
}

export interface CreateTrigger extends QualifiedName {
  readonly kind: "create-trigger";
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly time: "before" | "after" | "instead of";
  readonly event: "insert" | "update" | "delete";
  /** UPDATE OF. */
  readonly columns: readonly Name[] | undefined;
  readonly table: QualifiedName;
  readonly when: Expression | undefined;
  readonly body: readonly (Insert | Update | Delete | Query)[];
  readonly text: string;
}

export interface CreateVirtualTable extends QualifiedName {
  readonly kind: "create-virtual-table";
  readonly ifNotExists: boolean;
  readonly module: Name;
  /** As written, without the space around them. */
  readonly arguments: readonly string[];
  readonly text: string;
}

export interface Drop extends QualifiedName {
  readonly kind: "drop-table" | "drop-index" | "drop-view" | "drop-trigger";
  readonly ifExists: boolean;
}

export interface AlterTable {
  readonly kind: "alter-table";
  readonly at: number;
  readonly table: QualifiedName;
  readonly change: AlterTableChange;
}

/** `text` is what goes into the table's text, as written. */
export type AlterTableChange =
  | { readonly kind: "rename-table"; readonly to: Name }
  /** Whether the new name is in quotes, which it then is in every text that it is put into. */
  | { readonly kind: "rename-column"; readonly column: Name; readonly to: Name; readonly quoted: boolean }
  | {
      readonly kind: "add-column";
      readonly column: ColumnDefinition;
      readonly constraints: readonly Constraint[];
      readonly text: string;
    }
  | { readonly kind: "drop-column"; readonly column: Name }
  | {
      readonly kind: "set-not-null";
      readonly column: Name;
      readonly conflict: ConflictAction | undefined;
      readonly text: string;
    }
  | { readonly kind: "drop-not-null"; readonly column: Name }
  | { readonly kind: "add-check"; readonly constraint: Check; readonly text: string }
  | { readonly kind: "drop-constraint"; readonly constraint: Name };
