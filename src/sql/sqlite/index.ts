/** What `nacre/sqlite` offers. */
export type { BackupMetadata, BackupOptions } from "./backup.ts";
export { callable } from "./callable.ts";
export { Database as DatabaseClass, type PragmaOptions, type SerializeOptions, type StatementOf } from "./database.ts";
export type { AnyFunction, RegistrationOptions } from "./definition-options.ts";
export type { LiveQuery } from "./live.ts";
export type { Options } from "./options.ts";
export { SqliteError, type SqliteErrorConstructor } from "./sqlite-error.ts";
export type { ColumnDefinition, RunResult, Statement } from "./statement.ts";
export type { VirtualTableOptions } from "./table-definition.ts";
export type { TransactionFunction } from "./transaction.ts";
export type { AggregateOptions } from "./user-aggregate.ts";
