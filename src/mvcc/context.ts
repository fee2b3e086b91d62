/**
 * Where a map reads and writes: the live database, a write transaction, an interactive transaction or a snapshot.
 *
 * The level of bytes: every frontend (typed maps, SQL) works through this one interface and so works inside every kind of
 * transaction. A write is three calls, so that a value can be encoded where it will stay:
 *
 *     const op = context.reserve(kind, keyspace, keyLength, valueCapacity, expiry);
 *     // key to opKeyOffset(op), value to opValueOffset(op), in context.arena
 *     context.finish(op, valueLength);
 *
 * Between `beginWrite` and `endWrite` (or `failWrite`) all writes belong together: outside of a transaction they are one
 * commit, inside they are part of it.
 */

import type { ByteRange } from "./byte-range.ts";
import type { KeyspaceDescription, KeyspaceInfo } from "./catalog.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import type { Store } from "./store.ts";
import type { View } from "./view.ts";

/** The arrays of the arena that `reserve` answered an offset in. */
export interface OpArena {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
}

export interface Context {
  readonly view: View;
  readonly arena: OpArena;
  /** Whether the key is there; the place of its value is then in `view`. */
  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean;
  beginWrite(): void;
  reserve(kind: number, keyspace: number, keyLength: number, valueCapacity: number, expiry: number): number;
  finish(op: number, valueLength: number): void;
  endWrite(): void;
  failWrite(): void;
  /** A cursor before the first entry of the range; `closeScan` gives it back. */
  openScan(keyspace: number, range: ByteRange, isReverse: boolean): MergeCursor;
  closeScan(cursor: MergeCursor): void;
  /**
   * Puts a cursor of this context before the first entry of another range of its keyspace; the range's arrays are its own until
   * the next move. False: what it stands on has changed, so that another is to be opened.
   */
  moveScan(cursor: MergeCursor, keyspace: number, range: ByteRange): boolean;
  /** How many merges of the key lie one upon the other where the next one would go, or LOOK_FIRST (merge-depth.ts). */
  mergeDepth(keyspace: number, key: Uint8Array, offset: number, length: number, operandBytes: number): number;
  /** The number of entries in the range. */
  count(keyspace: number, range: ByteRange): number;
  /** About how many entries there are, without looking at one; nothing that conflicts with writes. */
  estimate(keyspace: number): number;
  /** The keyspace of that name, made as described if it is not there; undefined where it is not and cannot be made. */
  keyspace(name: string, describe: () => KeyspaceDescription): KeyspaceInfo | undefined;
  /** Where a bulk load writes; there is none inside transactions and snapshots. */
  readonly loadTarget?: Store;
}
