/**
 * nacre: an embeddable database for Node.js.
 *
 *     import { open } from "nacre";
 *     const db = open("app.nacre");
 *     const users = db.map<User>("users");
 *     users.put("u:1", { name: "Ada" });
 *     db.sql.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, user TEXT)");
 */
/// <reference lib="esnext.disposable" preserve="true" />
import type * as core from "./mvcc/index.ts";
import { addFrontend, open as openCore } from "./mvcc/index.ts";
import { type DatabaseSql, type Sql, sqlFrontend } from "./sql/index.ts";

export { DbError, type DbErrorCode, type DbErrorFacts } from "./errors.ts";
export type {
  BackupOptions,
  BackupResult,
  Change,
  ChangesOptions,
  CheckOptions,
  CheckReport,
  CommitChanges,
  CompactOptions,
  CompactResult,
  CopyProgress,
  CustomCodec,
  DatabaseStats,
  DbMap,
  Durability,
  EngineKind,
  Isolation,
  KeyKind,
  KeyOf,
  LoadOptions,
  LoadResult,
  LsmSettings,
  MapOptions,
  MapRange,
  MapShape,
  MergeOption,
  OpenOptions,
  PutOptions,
  RangeOptions,
  RestoreOptions,
  RunOptions,
  TransactionOptions,
  Tuple,
  TupleElement,
  ValueKind,
  ValueOf,
  WriteOptions,
} from "./mvcc/index.ts";
export { restore } from "./mvcc/index.ts";
export type {
  DatabaseSql,
  RowChange,
  RowChangesOptions,
  RunResult,
  Sql,
  SqlParameter,
  SqlParameters,
  SqlRow,
  SqlStatement,
  SqlValue,
  TableChanges,
  TableDescription,
} from "./sql/index.ts";

// The core knows no frontend (src/mvcc/frontend.ts). Here they come together: the properties, and the types that have them.
addFrontend(sqlFrontend);

/** A database: maps, SQL, and transactions over both. */
export interface Database extends core.Database {
  /** SQL outside of transactions: every statement that writes is a commit of its own. */
  readonly sql: DatabaseSql;
  write<T>(change: (tx: WriteTransaction) => T, options?: core.WriteOptions): T;
  transaction<T>(change: (tx: Transaction) => Promise<T> | T, options?: core.RunOptions): Promise<T>;
  begin(options?: core.TransactionOptions): Transaction;
  snapshot(options?: { readonly at?: number }): Snapshot;
}

/** What `db.write` hands to its callback. */
export interface WriteTransaction extends core.WriteTransaction {
  /** SQL inside of this transaction: it sees what the maps of `tx` have been given, and is committed with it. */
  readonly sql: Sql;
}

/** An interactive transaction: it may stay open across awaits. */
export interface Transaction extends core.Transaction {
  /** SQL inside of this transaction. Once it is used, the transaction is "serializable" in what it reads from then on. */
  readonly sql: Sql;
}

/** The database as it was at one commit. */
export interface Snapshot extends core.Snapshot {
  /** SQL that reads it. */
  readonly sql: Sql;
}

/** Opens the database at `path`, a directory, or ":memory:". Throws INVALID, LOCKED, CORRUPT, UNSUPPORTED, IO. */
export function open(path: string, options?: core.OpenOptions): Database {
  return openCore(path, options) as Database;
}
