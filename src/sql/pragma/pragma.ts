/**
 * What a PRAGMA is: a name, the columns of its rows, and what it does with a value or without one.
 *
 * Those of the schema need the catalog alone, so they are tables in FROM, too: `SELECT name FROM pragma_table_info('users')`.
 */

import type { Durability } from "../../mvcc/index.ts";
import type { Schema, View } from "../catalog/schema.ts";
import type { Arguments } from "../run/arguments.ts";
import type { SessionFunctions } from "../run/session-functions.ts";
import type { WriteSettings } from "../run/write-support.ts";
import type { KeyspaceReader, SqlStore, SqlTransaction } from "../storage.ts";
import type { SqlValue } from "../value/value.ts";

export type PragmaRows = readonly (readonly SqlValue[])[];

/** A view's columns, which only its query tells; what is wrong with that is thrown. */
export type ColumnsOfView = (view: View) => readonly {
  readonly name: string;
  /** As the column of a table that it is was declared. */
  readonly type: string | undefined;
}[];

export type Pragma = {
  readonly name: string;
  /** Of its rows; none: it never gives any. */
  readonly columns: readonly string[];
} & (
  | {
      readonly kind: "schema";
      /** `schema` is the one named before the pragma, in lower case. */
      readonly rows: (
        catalog: Schema,
        value: string | undefined,
        columnsOf: ColumnsOfView,
        schema: string | undefined,
      ) => PragmaRows;
    }
  | {
      readonly kind: "session";
      /** With a value it sets something, and gives no rows. */
      readonly isSilentWithValue: boolean;
      readonly rows: (session: PragmaSession, value: string | undefined) => PragmaRows;
    }
);

/** What of its connection a PRAGMA may ask and change. */
export interface PragmaConnection {
  readonly store: SqlStore;
  readonly writing: { readonly settings: WriteSettings };
  readonly functions: SessionFunctions;
  /** Values that are held, no more. */
  readonly settings: Map<string, SqlValue>;
  readonly isReadOnly: boolean;
  readonly isDefensive: boolean;
  readonly inTransaction: boolean;
  durability: Durability | undefined;
  timeoutMs: number;
  isQueryOnly: boolean;
  reader(): KeyspaceReader;
  readerOf(schema: string): KeyspaceReader | undefined;
  change(changes: ReadonlyMap<string, (transaction: SqlTransaction) => void>, values: Arguments): void;
}

/** What a PRAGMA may ask and change. */
export interface PragmaSession {
  /** The one named before the pragma, in lower case. */
  readonly schema: string | undefined;
  readonly connection: PragmaConnection;
  readonly catalog: Schema;
  /** The rows of a query. */
  readonly query: (text: string) => PragmaRows;
}

/** Names of the result's columns; undefined: it gives no rows. */
export function columnsOfPragma(pragma: Pragma, value: string | undefined): readonly string[] | undefined {
  const isSilent = pragma.kind === "session" && pragma.isSilentWithValue && value !== undefined;
  return isSilent || pragma.columns.length === 0 ? undefined : pragma.columns;
}

const TRUE_WORDS: ReadonlySet<string> = new Set(["1", "on", "yes", "true"]);

/** A boolean as SQLite reads it: a number that is not 0, or a word. */
export function truthOf(value: string): boolean {
  const folded = value.toLowerCase();
  return TRUE_WORDS.has(folded) || (/^[+-]?\d+$/.test(folded) && Number(folded) !== 0);
}

/** The integer that a text begins with; 0 without one. */
export function integerOf(value: string): number {
  const [digits] = /^[+-]?\d+/.exec(value) ?? ["0"];
  return Number(digits);
}
