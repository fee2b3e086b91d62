/**
 * nacre/sqlite: better-sqlite3's API on a nacre database.
 *
 *     import Database from "nacre/sqlite";                // was: from "better-sqlite3"
 *     const db = new Database("app.db");                  // a nacre directory of that name
 *     db.prepare("SELECT * FROM users WHERE id = ?").get(1);
 *
 * `require("nacre/sqlite")` is the class, as `require("better-sqlite3")` is.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import type { Database as NacreDatabase } from "./mvcc/index.ts";
import {
  type AggregateOptions as AggregateOptionsOf,
  type AnyFunction,
  type BackupMetadata as BackupMetadataType,
  type BackupOptions as BackupOptionsType,
  type ColumnDefinition as ColumnDefinitionType,
  callable,
  DatabaseClass,
  type LiveQuery as LiveQueryType,
  type Options as OptionsType,
  type PragmaOptions as PragmaOptionsType,
  type RegistrationOptions as RegistrationOptionsType,
  type RunResult as RunResultType,
  type SerializeOptions as SerializeOptionsType,
  SqliteError,
  type SqliteErrorConstructor,
  type StatementOf,
  type TransactionFunction,
  type VirtualTableOptions as VirtualTableOptionsType,
} from "./sql/sqlite/index.ts";

export interface DatabaseConstructor {
  new (filename?: string | Buffer | NacreDatabase, options?: Database.Options): Database.Database;
  (filename?: string | Buffer | NacreDatabase, options?: Database.Options): Database.Database;
  readonly prototype: Database.Database;
  readonly SqliteError: SqliteErrorConstructor;
}

const Database: DatabaseConstructor = Object.assign(
  callable<typeof DatabaseClass, Omit<DatabaseConstructor, "SqliteError">>(DatabaseClass),
  { SqliteError },
) as DatabaseConstructor;

/** Types under the names that they have in better-sqlite3's declarations. */
declare namespace Database {
  type Database = DatabaseClass;
  type Statement<BindParameters extends unknown[] | object = unknown[], Result = unknown> = StatementOf<
    BindParameters,
    Result
  >;
  type Transaction<F extends AnyFunction = AnyFunction> = TransactionFunction<F>;
  type SqliteError = SqliteErrorConstructor;
  type AggregateOptions<T = unknown> = AggregateOptionsOf<T>;
  type BackupMetadata = BackupMetadataType;
  type BackupOptions = BackupOptionsType;
  type ColumnDefinition = ColumnDefinitionType;
  type LiveQuery = LiveQueryType;
  type Options = OptionsType;
  type PragmaOptions = PragmaOptionsType;
  type RegistrationOptions = RegistrationOptionsType;
  type RunResult = RunResultType;
  type SerializeOptions = SerializeOptionsType;
  type VirtualTableOptions = VirtualTableOptionsType;
}

export { Database, Database as default, Database as "module.exports", SqliteError };
