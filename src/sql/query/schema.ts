/**
 * What queries ask of the catalog: tables with their keys and indexes.
 *
 *   table   rows under its key: the rowid, or the columns of `primaryKey`
 *   index   under its columns and the row's key: the row's key
 */
import type { Expression } from "../parse/ast/query.ts";
import type { Affinity } from "../value/affinity.ts";
import type { Collation } from "../value/collation.ts";
import type { SqlValue, Tag } from "../value/value.ts";

export interface Schema {
  /** `schema` is the name before the point; undefined: there is none. */
  table(schema: string | undefined, name: string): Table | undefined;
}

export interface Column {
  readonly name: string;
  /** Its place among the columns. */
  readonly index: number;
  readonly affinity: Affinity;
  readonly collation: Collation | undefined;
  readonly notNull: boolean;
  /** Its place in the row; −1: it is the rowid, which is in the key. */
  readonly slot: number;
  /** What it is in rows that are older than it. */
  readonly missing: { readonly tag: Tag; readonly value: SqlValue };
}

export interface Table {
  readonly name: string;
  readonly keyspace: number;
  readonly columns: readonly Column[];
  /** Columns of the key; empty: the key is the rowid. */
  readonly primaryKey: readonly KeyColumn[];
  /** The column that is an alias of the rowid. */
  readonly rowidColumn: Column | undefined;
  readonly indexes: readonly Index[];
}

export interface KeyColumn {
  readonly column: number;
  readonly collation: Collation | undefined;
  readonly descending: boolean;
}

export interface Index {
  readonly name: string;
  readonly keyspace: number;
  readonly isUnique: boolean;
  /** `column` is the place of one, or ROWID_INDEX; undefined: an expression. */
  readonly columns: readonly {
    readonly column: number | undefined;
    readonly expression: Expression | undefined;
    readonly collation: Collation | undefined;
    readonly descending: boolean;
  }[];
  /** Of a partial index. */
  readonly where: Expression | undefined;
}
