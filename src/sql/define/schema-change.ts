/** Statements that make, change or drop something, as functions of the transaction that they are carried out in. */
import type { Arguments } from "../run/arguments.ts";
import type { Writing } from "../run/write-support.ts";
import type { SqlTransaction } from "../storage.ts";

/** Whose statement it is. */
export interface Author {
  readonly values: Arguments;
  readonly writing: Writing;
  /** What the temporary schema is changed in, too; undefined: there is none. */
  readonly temp: SqlTransaction | undefined;
  /** What is held may go to disk. */
  readonly isExternal: boolean;
}

/** What a statement does that makes, changes or drops a table, an index, a view or a trigger. */
export type SchemaChange = (transaction: SqlTransaction, author: Author) => void;
