/** What other layers may use of SQL. */
export { quoteName } from "./catalog/name.ts";
export { type DatabaseSql, type ParametersOf, type Sql, type SqlStatement, sqlFrontend } from "./frontend.ts";
export { KEYWORDS as SQL_KEYWORDS } from "./parse/keywords.ts";
export type { RowChange, RowChangesOptions, TableChanges } from "./row-changes.ts";
export type { SqlParameter, SqlParameters } from "./run/arguments.ts";
export { openSql, type SqlOptions, SqlSession, type TableDescription } from "./session.ts";
export { type RunResult, type SqlRow, Statement } from "./statement.ts";
export type {
  BatchScan,
  FoundValue,
  KeyspaceReader,
  SortedEntries,
  SqlSnapshot,
  SqlStore,
  SqlTransaction,
} from "./storage.ts";
export type { SqlValue } from "./value/value.ts";
