/**
 * A snapshot: the database as it was at one commit, to read for as long as it is open.
 *
 * It pins pages and memtables (pins.ts), so it is closed when done: `using snapshot = db.snapshot()` does it. One that is
 * forgotten holds back space, never writers.
 */
import { DbError } from "../errors.ts";
import type { ByteRange } from "./byte-range.ts";
import type { KeyspaceInfo } from "./catalog.ts";
import type { Context, OpArena } from "./context.ts";
import { countEntries, estimateEntries } from "./count.ts";
import { keyspaceAt } from "./keyspace-at.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import { OpenScans } from "./open-scans.ts";
import type { Pin } from "./pins.ts";
import type { Store } from "./store.ts";
import { View } from "./view.ts";

export class SnapshotContext implements Context {
  readonly view: View;
  readonly #store: Store;
  readonly #pin: Pin;
  readonly #scans: OpenScans;
  #isClosed: boolean;

  /** At the last commit, or at an earlier one that the log still holds. Throws INVALID. */
  constructor(store: Store, at?: number) {
    this.#store = store;
    this.#pin = at === undefined ? store.pin(false) : store.pinAt(at);
    this.#scans = new OpenScans(store);
    this.#isClosed = false;
    this.view = new View(this.#pin.point, undefined, store);
  }

  /** The last commit that it sees. */
  get commit(): number {
    return this.#pin.point.commit;
  }

  get arena(): OpArena {
    throw readOnly();
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    this.#check();
    return this.view.get(keyspace, key, offset, length);
  }

  beginWrite(): void {
    throw readOnly();
  }

  reserve(): number {
    throw readOnly();
  }

  finish(): void {
    throw readOnly();
  }

  endWrite(): void {
    throw readOnly();
  }

  failWrite(): void {}

  openScan(keyspace: number, range: ByteRange, isReverse: boolean): MergeCursor {
    this.#check();
    return this.#scans.open(this.#pin.point, undefined, keyspace, range, isReverse);
  }

  closeScan(cursor: MergeCursor): void {
    this.#scans.close(cursor);
  }

  moveScan(cursor: MergeCursor, _keyspace: number, range: ByteRange): boolean {
    this.#check();
    return cursor.moveTo(range);
  }

  mergeDepth(): number {
    return 0;
  }

  count(keyspace: number, range: ByteRange): number {
    this.#check();
    return countEntries(this.#store, this.#pin.point, undefined, keyspace, range);
  }

  estimate(keyspace: number): number {
    this.#check();
    return estimateEntries(this.#pin.point, undefined, keyspace);
  }

  keyspace(name: string): KeyspaceInfo | undefined {
    this.#check();
    return keyspaceAt(this.#store.catalog, this.view, name);
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#scans.closeAll();
      this.#store.unpin(this.#pin);
    }
  }

  #check(): void {
    this.#store.checkOpen();
    if (this.#isClosed) {
      throw new DbError("CLOSED", "the snapshot is closed; take another with db.snapshot()");
    }
  }
}

function readOnly(): DbError {
  return new DbError("READONLY", "a snapshot is read only; write through the database or a transaction");
}
