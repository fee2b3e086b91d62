import type { SqlTransaction } from "../storage.ts";

/** What a statement does that makes, changes or drops a table, an index, a view or a trigger. */
export type SchemaChange = (transaction: SqlTransaction) => void;
