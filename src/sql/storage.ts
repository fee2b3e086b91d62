/**
 * What SQL needs of storage: ordered keyspaces of bytes under transactions. Nothing here knows of tables.
 *
 * Bytes are passed as `(array, offset, length)` and read where they lie; what `found` and a batch point at is valid until the
 * next read, so whoever keeps a value copies it.
 *
 *   SqlStore ──latest()──► KeyspaceReader       reads of the newest commit, one object for ever, no cost per statement
 *            ──begin()───► SqlTransaction       reads its own writes over a snapshot
 *            ──snapshot()► SqlSnapshot          a pinned state, for results that are read over several turns
 */
import type { Clock } from "../clock.ts";
import type { DiskFile, Durability, LeafFilter } from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import type { ZoneMaps } from "./run/zone-maps.ts";
import type { WriteReservation } from "./write-reservation.ts";

export interface SqlStore {
  /** What `now` and `random()` are by, unless a session has its own. */
  readonly clock: Clock;
  readonly rng: Rng;
  /** Where it lies; undefined: in memory. */
  readonly path: string | undefined;
  /** The number of the newest commit. */
  readonly lastCommit: number;
  /**
   * Reads the newest committed state. The same object every time; a scan on it is finished or closed before control
   * returns to the event loop or anything is committed.
   */
  latest(): KeyspaceReader;
  /** Checked by connections, not here. */
  readonly reservation: WriteReservation;
  /**
   * "statement": begun and ended before control returns to the event loop, alone, so that it cannot conflict.
   * "interactive": open as long as its user likes; its commit may throw CONFLICT. LOCKED where another one of the first kind is
   * not over.
   */
  begin(kind: "statement" | "interactive"): SqlTransaction;
  snapshot(): SqlSnapshot;
  /** An empty one in memory; `close` lets go of it. */
  newTemporary(): { readonly store: SqlStore; readonly close: () => void };
  /** A file of no name, for what a statement has to hold; whoever opens it closes it. */
  openFile(): DiskFile;
  /** Resolves at the next commit that changes one of these keyspaces, or the catalog; rejects with the signal's reason. */
  changed(keyspaces: readonly number[], signal: AbortSignal): Promise<void>;
}

export interface KeyspaceReader {
  /**
   * Changes whenever a keyspace was made or dropped or `touchSchema` was called in the state that is read. No number
   * comes twice, uncommitted states included: equal numbers mean equal schemas.
   */
  readonly schemaVersion: number;
  /** The id of the keyspace of this name. */
  keyspace(name: string): number | undefined;
  /** True: the value is at `found`. */
  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean;
  readonly found: FoundValue;
  /** What is known of the leaves of this store. */
  readonly zones?: ZoneMaps;
  /**
   * Entries from `lower` (inclusive) to `upper` (exclusive), either of them open; backwards if `reverse`. `ended`: a scan of
   * this store that nobody needs any more, which may be given out again.
   */
  scan(
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    reverse: boolean,
    ended?: BatchScan,
  ): BatchScan;
  /** Scans of this store that nobody needs any more: whoever takes one out gives it to `scan`. */
  readonly endedScans: BatchScan[];
  count(keyspace: number, lower?: Uint8Array, upper?: Uint8Array): number;
  /** About how many entries there are, at once. */
  estimate(keyspace: number): number;
  /**
   * For who plans: entries here and there, evenly spaced and as many as asked for at the most; and how many there are in a range.
   * Both know of entries in pages alone, and neither conflicts with writes.
   */
  sample(keyspace: number, most: number): SampledEntry[];
  countSampled(keyspace: number, lower: Uint8Array, upper: Uint8Array): number;
}

export interface SampledEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface FoundValue {
  readonly u8: Uint8Array;
  /** The same bytes as `u8`, offsets alike. */
  readonly data: DataView;
  readonly valueOffset: number;
  readonly valueLength: number;
}

export interface SqlSnapshot extends KeyspaceReader {
  close(): void;
}

export interface SqlTransaction extends KeyspaceReader {
  put(
    keyspace: number,
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
  ): void;
  delete(keyspace: number, key: Uint8Array, offset: number, length: number): void;
  /** Made, or dropped with all its entries, when the transaction commits. */
  createKeyspace(name: string): number;
  /** The same with entries: what is the fastest for many of them before the transaction's first write. */
  createKeyspaceWith(name: string, entries: SortedEntries): number;
  dropKeyspace(keyspace: number): void;
  /** Gives the schema a new version, for changes that neither make nor drop a keyspace. */
  touchSchema(): void;
  /** A mark to which the transaction can be taken back. */
  savepoint(): number;
  rollbackTo(savepoint: number): void;
  /** The mark and those after it are not gone back to any more. */
  release(savepoint: number): void;
  /** `durability` is the store's, unless given. */
  commit(durability?: Durability): void;
  rollback(): void;
}

/** Entries in ascending order of their keys, no two of one. */
export interface SortedEntries {
  readonly count: number;
  /** Goes to the next entry; false: there is none. */
  next(): boolean;
  /** Where key and value of the entry lie. */
  readonly bytes: Uint8Array;
  readonly keyOffset: number;
  readonly keyLength: number;
  readonly valueOffset: number;
  readonly valueLength: number;
}

/**
 * Rows in key order, a batch at a time. All rows of a batch lie in one source; key `i` is the shared prefix and a rest.
 * The transaction may write to the keyspace between two batches: the scan goes on behind the last key that it gave out.
 */
export interface BatchScan {
  /** How many rows the next batch has; 0 at the end. */
  next(): number;
  /** The same; of its rows only where values begin is there for certain, and the rest if `hasKeys`, or after `locateKeys`.
   * Rows that the filter leaves out may be passed over. */
  nextRows(filter?: LeafFilter): number;
  hasKeys: boolean;
  /** Before anything else is read. */
  locateKeys(): void;
  u8: Uint8Array;
  data: DataView;
  /** The prefix may lie in another array than the rest. */
  prefix: Uint8Array;
  prefixOffset: number;
  prefixLength: number;
  keyOffsets: Uint32Array;
  keyLengths: Uint32Array;
  valueOffsets: Uint32Array;
  valueLengths: Uint32Array;
  /** What the batch of `count` rows points at stays valid until the next one, whatever else is read. */
  keep(count: number): void;
  /**
   * Begins anew in another range of the keyspace: from the first bytes of `lower` on, up to those of `upper`; NO_END of them: an
   * open end. Cheaper than another scan. Moved once, it stays open at its end until it is closed.
   */
  move(lower: Uint8Array, lowerLength: number, upper: Uint8Array, upperLength: number): void;
  close(): void;
}

/** In place of the length of an end of a range: there is none. */
export const NO_END = -1;
