/**
 * nacre: an embeddable database for Node.js.
 *
 *     import { open } from "nacre";
 *     const db = open("app.nacre");
 *     const users = db.map<User>("users");
 *     users.put("u:1", { name: "Ada" });
 */
/// <reference lib="esnext.disposable" preserve="true" />
export { DbError, type DbErrorCode, type DbErrorFacts } from "./errors.ts";
export {
  type BackupOptions,
  type BackupResult,
  type Change,
  type ChangesOptions,
  type CheckOptions,
  type CheckReport,
  type CommitChanges,
  type CompactOptions,
  type CompactResult,
  type CopyProgress,
  type CustomCodec,
  type Database,
  type DatabaseStats,
  type DbMap,
  type Durability,
  type EngineKind,
  type Isolation,
  type KeyKind,
  type KeyOf,
  type LoadOptions,
  type LoadResult,
  type LsmSettings,
  type MapOptions,
  type MapRange,
  type MapShape,
  type MergeOption,
  type OpenOptions,
  open,
  type PutOptions,
  type RangeOptions,
  type RestoreOptions,
  type RunOptions,
  restore,
  type Snapshot,
  type Transaction,
  type TransactionOptions,
  type Tuple,
  type TupleElement,
  type ValueKind,
  type ValueOf,
  type WriteOptions,
  type WriteTransaction,
} from "./mvcc/index.ts";
