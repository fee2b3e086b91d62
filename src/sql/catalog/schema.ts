/**
 * What statements know of tables, indexes, views and triggers.
 *
 *   table   rows under its key: the rowid, or the columns of `primaryKey`
 *   index   under its columns: the row's key. Where the index is not unique, or a column is NULL, the row's key is the end of
 *           the entry's key, too
 *
 * A rowid table has a rowid whether it says so or not; a column declared exactly INTEGER PRIMARY KEY is that rowid and not in the
 * row. A PRIMARY KEY of another kind is a unique index of such a table, and the key itself of one that is WITHOUT ROWID.
 * A slot is a column's place in the row and is never used again.
 */
import type { CreateTrigger, CreateView, ReferenceAction } from "../parse/ast/definition.ts";
import type { Expression } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { ConflictAction } from "../parse/ast/write.ts";
import type { Affinity } from "../value/affinity.ts";
import type { Collation } from "../value/collation.ts";
import type { SqlValue, Tag } from "../value/value.ts";
import type { NumberedEntry } from "./entry.ts";

export interface ListedDatabase {
  readonly number: number;
  /** In lower case. */
  readonly name: string;
  /** As it was given. */
  readonly label: string;
  /** Undefined: in memory. */
  readonly path: string | undefined;
}

/** A table or view, by the schema that it is in and its name there. */
export interface Owner {
  readonly schema: string;
  readonly name: string;
}

/** One schema, or all of a session's. */
export interface Schema {
  /** In the order in which they were made: the rows of sqlite_schema. Of a schema that there is not: none. */
  entriesOf(schema: string): readonly NumberedEntry[];
  /** The names of the schemas, as SQLite numbers them. */
  readonly names: readonly string[];
  /** The databases that they are in. */
  readonly databases: readonly ListedDatabase[];
  /** `schema` is the name before the point; undefined: there is none, and the first that has a table or view of the name is meant. */
  table(schema: string | undefined, name: string): Table | undefined;
  view(schema: string | undefined, name: string): View | undefined;
  /** In the order in which they were made. */
  tables(): readonly Table[];
  views(): readonly View[];
  virtualTable(schema: string | undefined, name: string): VirtualTable | undefined;
  /** Of a table or view; the one made last comes first, as SQLite runs them. */
  triggersOf(owner: Owner): readonly Trigger[];
  /** The foreign keys that refer to a table. */
  references(table: Owner): readonly Reference[];
}

/** A foreign key with the table that it is of. */
export interface Reference {
  readonly table: Table;
  readonly key: ForeignKey;
}

/** The types that a STRICT table knows. */
export type StrictType = "INT" | "INTEGER" | "REAL" | "TEXT" | "BLOB" | "ANY";

export interface Column {
  readonly name: string;
  /** Its place among the columns. */
  readonly index: number;
  /** As declared, a standard type in capitals; undefined where nothing is. */
  readonly type: string | undefined;
  readonly affinity: Affinity;
  /** Undefined is BINARY. */
  readonly collation: Collation | undefined;
  /** Undefined: the table is not STRICT. */
  readonly strictType: StrictType | undefined;
  readonly notNull: boolean;
  readonly notNullConflict: ConflictAction | undefined;
  /** Its place in the row; −1: it is the rowid, which is in the key. */
  readonly slot: number;
  readonly default: Expression | undefined;
  readonly defaultText: string | undefined;
  /** GENERATED ALWAYS AS: worked out when a row is written, whether VIRTUAL or STORED. */
  readonly generated: { readonly expression: Expression; readonly stored: boolean } | undefined;
  /** What it is in rows that are older than it; NULL where there are none. */
  readonly missing: { readonly tag: Tag; readonly value: SqlValue };
}

export interface KeyColumn {
  readonly column: number;
  readonly collation: Collation | undefined;
  readonly descending: boolean;
}

export interface Check {
  /** The name of the constraint, or its expression as written: what a failure shows. */
  readonly name: string;
  readonly expression: Expression;
}

export interface ForeignKey {
  /** Its place among those of its table. */
  readonly id: number;
  readonly columns: readonly Column[];
  readonly table: string;
  /** Undefined: the primary key. */
  readonly referenced: readonly string[] | undefined;
  readonly onDelete: ReferenceAction;
  readonly onUpdate: ReferenceAction;
  readonly initiallyDeferred: boolean;
}

export interface Table {
  /** "main", "temp", or as it was attached. */
  readonly schema: string;
  readonly name: string;
  /** What it stands for, if it is no table but a view that is written to. */
  readonly view: View | undefined;
  readonly keyspace: number;
  readonly columns: readonly Column[];
  /** How many slots a new row has. */
  readonly slots: number;
  /** Columns of the key; empty: the key is the rowid. */
  readonly primaryKey: readonly KeyColumn[];
  /** The columns that PRIMARY KEY names, in its order. */
  readonly declaredKey: readonly Column[];
  /** The column that is an alias of the rowid. */
  readonly rowidColumn: Column | undefined;
  /** What becomes of a row whose own key is taken. */
  readonly keyConflict: ConflictAction | undefined;
  readonly isAutoincrement: boolean;
  readonly isStrict: boolean;
  readonly indexes: readonly Index[];
  readonly checks: readonly Check[];
  readonly foreignKeys: readonly ForeignKey[];
  /** The statement that makes it. */
  readonly definition: ParsedStatement;
}

export interface IndexColumn {
  /** The place of a column, or ROWID_INDEX; undefined: an expression. */
  readonly column: number | undefined;
  readonly expression: Expression | undefined;
  readonly collation: Collation | undefined;
  readonly descending: boolean;
}

export interface Index {
  readonly name: string;
  readonly keyspace: number;
  readonly isUnique: boolean;
  /** CREATE INDEX, UNIQUE or PRIMARY KEY. */
  readonly origin: "c" | "u" | "pk";
  readonly columns: readonly IndexColumn[];
  /** Of a partial index. */
  readonly where: Expression | undefined;
  /** Of the constraint that it is for. */
  readonly conflict: ConflictAction | undefined;
  /** The statement that its expressions are in: that of the index, or of its table. */
  readonly definition: ParsedStatement;
}

export const ROWID_INDEX = -1;

/** A table that a module of the session's makes. */
export interface VirtualTable {
  readonly schema: string;
  readonly name: string;
  readonly module: string;
  readonly parameters: readonly string[];
  readonly sql: string;
}

export interface View {
  readonly schema: string;
  readonly name: string;
  readonly statement: CreateView;
  readonly definition: ParsedStatement;
}

export interface Trigger {
  readonly schema: string;
  readonly name: string;
  /** The table or view, as the catalog has it. */
  readonly table: string;
  /** Where that is: a temporary trigger may be of any schema's table. */
  readonly tableSchema: string;
  readonly statement: CreateTrigger;
  readonly definition: ParsedStatement;
}

/** The columns that a table's key is made of; none: it is the rowid. */
export function keyColumnsOf({ primaryKey, columns }: Pick<Table, "primaryKey" | "columns">): readonly Column[] {
  return primaryKey.map(({ column }) => columns[column]!);
}

/** Whether it is WITHOUT ROWID. */
export function isKeyed(table: Pick<Table, "primaryKey">): boolean {
  return table.primaryKey.length > 0;
}
