/**
 * The inside of an interactive transaction: `db.transaction` and `db.begin`.
 *
 *     begin     pins a snapshot
 *     reads     that snapshot under its own writes (write-set.ts)
 *     commit    validates, copies its operations into a record of the log, shows it: one synchronous stretch
 *
 * Isolation `snapshot`: of two transactions that write the same key, the one that commits later is refused (CONFLICT).
 * `serializable`: it is refused also where anything that it read, a key or a range, was written since (M5). A conflict is
 * found at commit and changes nothing. A savepoint is a mark in the write set.
 */
import { ArenaCursor } from "../btree/index.ts";
import { DbError } from "../errors.ts";
import {
  OP_KIND_PUT,
  opCommit,
  opExpiry,
  opKeyLength,
  opKeyOffset,
  opKind,
  opValueLength,
  opValueOffset,
} from "../wal/index.ts";
import type { KeyspaceDescription, KeyspaceInfo } from "./catalog.ts";
import type { Context, OpArena } from "./context.ts";
import { countEntries } from "./count.ts";
import { keyspaceAt } from "./keyspace-at.ts";
import type { ByteRange, MergeCursor } from "./merge-cursor.ts";
import { OpenScans } from "./open-scans.ts";
import type { Pin } from "./pins.ts";
import { ReadSet } from "./read-set.ts";
import { Savepoints } from "./savepoints.ts";
import type { Store } from "./store.ts";
import { View } from "./view.ts";
import type { WriteSet } from "./write-set.ts";

export type Isolation = "snapshot" | "serializable";
export const ISOLATIONS: readonly Isolation[] = ["snapshot", "serializable"];

export class TransactionContext implements Context {
  readonly view: View;
  readonly #store: Store;
  readonly #pin: Pin;
  readonly #writes: WriteSet;
  readonly #scans: OpenScans;
  readonly #savepoints: Savepoints;
  readonly #reads: ReadSet | undefined;
  #isOpen: boolean;
  /** Where the write that `beginWrite` began starts. */
  #writeMark: number;

  constructor(store: Store, isolation: Isolation) {
    this.#store = store;
    this.#pin = store.pin(true);
    this.#writes = store.writeSets.take();
    this.#reads = isolation === "serializable" ? new ReadSet() : undefined;
    this.#scans = new OpenScans(store);
    this.#savepoints = new Savepoints();
    this.#isOpen = true;
    this.#writeMark = 0;
    this.view = new View(this.#pin.point, this.#writes, store);
  }

  get arena(): OpArena {
    return this.#writes;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The commit that it reads at. */
  get snapshotCommit(): number {
    return this.#pin.point.commit;
  }

  /**
   * Commits; the commit number, or undefined where nothing was written. `isDeferred`: the caller waits for the sync, and
   * the record is written with it. Throws CONFLICT, FULL, POISONED, and is then over.
   */
  commit(isDeferred = false): number | undefined {
    this.#check();
    try {
      if (this.#writes.isEmpty) {
        return undefined;
      }
      this.#store.begin();
      try {
        this.#validate();
        this.#copyWrites();
      } catch (error) {
        this.#store.abort();
        throw error;
      }
      return this.#store.end(isDeferred);
    } finally {
      this.rollback();
    }
  }

  rollback(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#scans.closeAll();
      this.#store.unpin(this.#pin);
      this.#store.writeSets.give(this.#writes);
    }
  }

  savepoint(): number {
    this.#check();
    return this.#savepoints.add(this.#writes.tail);
  }

  rollbackTo(savepoint: number): void {
    this.#check();
    const mark = this.#savepoints.goBackTo(savepoint);
    this.#scans.closeAll();
    this.#writes.rewindTo(mark);
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    this.#check();
    this.#reads?.addKey(keyspace, key, offset, length);
    return this.view.get(keyspace, key, offset, length);
  }

  beginWrite(): void {
    this.#check();
    this.#store.checkWritable();
    this.#writeMark = this.#writes.tail;
  }

  reserve(kind: number, keyspace: number, keyLength: number, valueCapacity: number, expiry: number): number {
    return this.#writes.reserve(kind, keyspace, keyLength, valueCapacity, expiry);
  }

  finish(op: number, valueLength: number): void {
    this.#writes.finish(op, valueLength);
  }

  endWrite(): void {}

  /** What was written since `beginWrite` is taken back, so that a put and its deadline's note stay together. */
  failWrite(): void {
    if (this.#isOpen && this.#writes.tail > this.#writeMark) {
      this.#scans.closeAll();
      this.#writes.rewindTo(this.#writeMark);
    }
  }

  openScan(keyspace: number, range: ByteRange, isReverse: boolean): MergeCursor {
    this.#check();
    this.#reads?.addRange(keyspace, range);
    return this.#scans.open(this.#pin.point, this.#writes, keyspace, range, isReverse);
  }

  closeScan(cursor: MergeCursor): void {
    this.#scans.close(cursor);
  }

  count(keyspace: number, range: ByteRange): number {
    this.#check();
    this.#reads?.addRange(keyspace, range);
    return countEntries(this.#store, this.#pin.point, this.#writes, keyspace, range);
  }

  /**
   * As of the snapshot, or, where there was none, as it was made since. One that is not there yet is made by a commit of
   * its own: it stays, empty, if this transaction does not commit.
   */
  keyspace(name: string, description: KeyspaceDescription): KeyspaceInfo | undefined {
    this.#check();
    const { catalog } = this.#store;
    const found = keyspaceAt(catalog, this.view, name) ?? catalog.find(name);
    if (found !== undefined || this.#store.options.readOnly) {
      return found;
    }
    this.#store.writer.checkAlone();
    return this.#store.createKeyspace(name, description);
  }

  #validate(): void {
    const { commit, ended } = this.#pin.point;
    if (ended !== undefined) {
      throw ended;
    }
    if (this.#store.lastCommit === commit) {
      return;
    }
    this.#checkMapsAreThere();
    this.#validateLoads(commit);
    const later = this.#store.pins.memtablesAfter(commit);
    this.#forEachWrite((keyspace, op) => {
      const { u8, u32 } = this.#writes;
      const keyOffset = opKeyOffset(u32, op);
      const keyLength = opKeyLength(u32, op);
      for (const { segment, index } of later) {
        const newest = index.find(keyspace, u8, keyOffset, keyLength);
        if (newest !== 0 && opCommit(segment, newest) > commit) {
          throw this.#conflict(
            keyspace,
            "wrote a key that this one writes too",
            u8.slice(keyOffset, keyOffset + keyLength),
          );
        }
      }
    });
    const written = this.#reads?.findConflict(later, commit);
    if (written !== undefined) {
      throw this.#conflict(written, "wrote what this one has read", undefined);
    }
  }

  /** What was written to a map that is gone would be gone with it, and what was read there is no longer so. */
  #checkMapsAreThere(): void {
    for (const keyspace of [...this.#writes.index.keyspaces(), ...(this.#reads?.keyspaces() ?? [])]) {
      if (this.#store.catalog.isDropped(keyspace)) {
        throw this.#conflict(keyspace, "dropped a map that this one uses", undefined);
      }
    }
  }

  /** What was loaded past the log is in no memtable: a map that was loaded since then counts as written all over. */
  #validateLoads(commit: number): void {
    const { catalog } = this.#store;
    for (const keyspaces of [this.#writes.index.keyspaces(), this.#reads?.keyspaces() ?? []]) {
      for (const keyspace of keyspaces) {
        if (catalog.loadedAt(keyspace) > commit) {
          throw this.#conflict(keyspace, "loaded a map that this one uses", undefined);
        }
      }
    }
  }

  #copyWrites(): void {
    this.#forEachWrite((keyspace, op) => {
      const { u8, u32, data } = this.#writes;
      const keyOffset = opKeyOffset(u32, op);
      const keyLength = opKeyLength(u32, op);
      if (opKind(u32, op) === OP_KIND_PUT) {
        const valueOffset = opValueOffset(u32, op);
        const expiry = opExpiry(u32, data, op);
        this.#store.put(keyspace, u8, keyOffset, keyLength, u8, valueOffset, opValueLength(u32, op), expiry);
      } else {
        this.#store.delete(keyspace, u8, keyOffset, keyLength);
      }
    });
  }

  /** The last write of each key, keyspace by keyspace in key order. */
  #forEachWrite(visit: (keyspace: number, op: number) => void): void {
    const cursor = new ArenaCursor();
    for (const keyspace of this.#writes.index.keyspaces()) {
      cursor.open(this.#writes.index, keyspace);
      for (let op = cursor.first(); op !== 0; op = cursor.next()) {
        visit(keyspace, op);
      }
    }
  }

  #conflict(keyspace: number, what: string, key: Uint8Array | undefined): DbError {
    const map = this.#store.catalog.byId(keyspace)?.name;
    return new DbError(
      "CONFLICT",
      `a commit after this transaction's snapshot ${what}${map === undefined ? "" : ` (map ${map})`}; ` +
        "run the transaction again (db.transaction does so by itself)",
      { map, key: key === undefined ? undefined : Buffer.from(key).toString("hex") },
    );
  }

  #check(): void {
    this.#store.checkOpen();
    if (!this.#isOpen) {
      throw new DbError("CLOSED", "this transaction is over; begin another");
    }
  }
}
