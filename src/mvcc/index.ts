/** What frontends may use of the engine. */
export { type Leaf, type LeafFilter, MAX_KEY_BYTES, MAX_VALUE_BYTES } from "../btree/index.ts";
/** Where a frontend writes key and value of an operation that it has reserved (see Context). */

export { checkLsmSettings, type LevelShape, type LsmSettings, type RunsShape } from "../lsm/index.ts";
export { type DiskFile, newBlock, openTemporaryFile, openUnnamed } from "../pager/index.ts";
export { OP_KIND_DELETE, OP_KIND_PUT, opKeyOffset, opValueOffset } from "../wal/index.ts";
export { type BackupOptions, type BackupResult, backupTo, type CopyProgress } from "./backup.ts";
export { BATCH_ROWS, BatchScan } from "./batch-scan.ts";
export { ALL_KEYS, type ByteRange } from "./byte-range.ts";
export type { EngineKind, KeyspaceDescription, KeyspaceInfo } from "./catalog.ts";
export type { Change, ChangesOptions, CommitChanges } from "./changes.ts";
export type { CheckOptions, CheckReport } from "./check.ts";
export type { CheckpointOutcome, CheckpointRunner } from "./checkpoint-runner.ts";
export type { CompactOptions, CompactResult } from "./compact.ts";
export type { Context, OpArena } from "./context.ts";
export {
  Database,
  type InternalOptions,
  type OpenOptions,
  open,
  openOn,
  type RunOptions,
  type WriteOptions,
} from "./database.ts";
export { destroyAt } from "./destroy.ts";
export { addFrontend, type Frontend } from "./frontend.ts";
export type { CustomCodec, KeyKind, KeyOf } from "./key-codec.ts";
export type { LoadOptions, LoadResult } from "./load.ts";
export type { LoadTarget } from "./load-target.ts";
export { DbMap, type PutOptions } from "./map.ts";
export { MergeCursor } from "./merge-cursor.ts";
export { type AnyMergeOption, canMerge, type MergeOption } from "./merge-operator.ts";
export { MovingRange } from "./moving-range.ts";
export { type KeepingOptions, type MapOptions, type OpenMap, rawMap } from "./open-map.ts";
export type { Durability, RunnerSurroundings, Seams } from "./options.ts";
export { ownedCopy } from "./owned-bytes.ts";
export type { Participant } from "./participants.ts";
export { MapRange, type RangeOptions } from "./range.ts";
export { type RestoreOptions, restore, restoreTo } from "./restore.ts";
export { countSampled, type SampledEntry, sampleEntries } from "./sample.ts";
export { SnapshotContext } from "./snapshot.ts";
export type { DatabaseStats, MapShape } from "./stats.ts";
export { Store } from "./store.ts";
export { readLossyText, writeText } from "./text.ts";
export { Snapshot, Transaction, type TransactionOptions, WriteTransaction } from "./transaction.ts";
export { type Isolation, TransactionContext } from "./transaction-context.ts";
export type { Tuple, TupleElement } from "./tuple.ts";
export type { ValueKind, ValueOf } from "./value-codec.ts";
export { WriteContext } from "./write-context.ts";
