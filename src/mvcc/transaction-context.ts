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
import { ArenaCursor, CELL_PUT } from "../btree/index.ts";
import { DbError } from "../errors.ts";
import { type Folded, Operands, setOperandDepth } from "../lsm/index.ts";
import {
  OP_KIND_MERGE,
  OP_KIND_PUT,
  opCommit,
  opExpiry,
  opKeyLength,
  opKeyOffset,
  opKind,
  opPrevious,
  opValueLength,
  opValueOffset,
} from "../wal/index.ts";
import { WHOLE_ARENA } from "./arena-source.ts";
import type { ByteRange } from "./byte-range.ts";
import type { KeyspaceDescription, KeyspaceInfo } from "./catalog.ts";
import type { Context, OpArena } from "./context.ts";
import { countEntries, estimateEntries } from "./count.ts";
import { keyspaceAt } from "./keyspace-at.ts";
import type { Memtable } from "./memtable.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import { LOOK_FIRST, mergeDepth, valueIfDeep } from "./merge-depth.ts";
import { addOp } from "./merged-read.ts";
import { OpenScans } from "./open-scans.ts";
import { Participants } from "./participants.ts";
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
  readonly participants: Participants;
  readonly #store: Store;
  readonly #pin: Pin;
  readonly #writes: WriteSet;
  readonly #scans: OpenScans;
  readonly #savepoints: Savepoints;
  #reads: ReadSet | undefined;
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
    this.participants = new Participants();
    this.view = new View(this.#pin.point, this.#writes, store);
  }

  get arena(): OpArena {
    return this.#writes;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Nothing has been written. */
  get isEmpty(): boolean {
    return this.#writes.isEmpty;
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
    let isCommitted = false;
    try {
      this.participants.beforeCommit();
      const commit = this.#writes.isEmpty ? undefined : this.#commitWrites(isDeferred);
      isCommitted = true;
      return commit;
    } finally {
      this.#end(isCommitted);
    }
  }

  rollback(): void {
    this.#end(false);
  }

  /** From here on what is read is validated, too, as in "serializable". */
  trackReads(): void {
    this.#reads ??= new ReadSet();
  }

  savepoint(): number {
    this.#check();
    const savepoint = this.#savepoints.add(this.#writes.tail);
    this.participants.savepointMade(savepoint);
    return savepoint;
  }

  /** The savepoint and those after it are of no use any more. */
  releaseSavepoint(savepoint: number): void {
    this.#savepoints.release(savepoint);
  }

  rollbackTo(savepoint: number): void {
    this.#check();
    const mark = this.#savepoints.goBackTo(savepoint);
    this.#scans.closeAll();
    this.#writes.rewindTo(mark);
    this.participants.wentBackTo(savepoint);
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

  moveScan(cursor: MergeCursor, keyspace: number, range: ByteRange): boolean {
    this.#check();
    this.#reads?.addRange(keyspace, range);
    return cursor.moveTo(range);
  }

  /** The operands of a transaction are combined at its commit: what they are applied to is not known before. */
  mergeDepth(): number {
    return 0;
  }

  count(keyspace: number, range: ByteRange): number {
    this.#check();
    this.#reads?.addRange(keyspace, range);
    return countEntries(this.#store, this.#pin.point, this.#writes, keyspace, range);
  }

  estimate(keyspace: number): number {
    this.#check();
    return estimateEntries(this.#pin.point, this.#writes, keyspace);
  }

  /**
   * As of the snapshot, or, where there was none, as it was made since. One that is not there yet is made by a commit of
   * its own: it stays, empty, if this transaction does not commit.
   */
  keyspace(name: string, describe: () => KeyspaceDescription): KeyspaceInfo | undefined {
    this.#check();
    const { catalog } = this.#store;
    const found = keyspaceAt(catalog, this.view, name) ?? catalog.find(name);
    if (found !== undefined || this.#store.options.readOnly) {
      return found;
    }
    this.#store.writer.checkAlone();
    return this.#store.createKeyspace(name, describe());
  }

  #commitWrites(isDeferred: boolean): number {
    this.#store.begin();
    try {
      this.#validate();
      this.#copyWrites();
    } catch (error) {
      this.#store.abort();
      throw error;
    }
    return this.#store.end(isDeferred);
  }

  #end(isCommitted: boolean): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#scans.closeAll();
      this.#store.unpin(this.#pin);
      this.#store.writeSets.give(this.#writes);
      this.participants.ended(isCommitted);
    }
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
      const key = opKeyOffset(u32, op);
      const keyLength = opKeyLength(u32, op);
      if (
        !this.#isBlind(keyspace, op) &&
        later.some((memtable) => isChanged(memtable, keyspace, u8, key, keyLength, commit))
      ) {
        throw this.#conflict(keyspace, "wrote a key that this one writes too", u8.slice(key, key + keyLength));
      }
    });
    const cleared = this.#clearedRanges().findConflict(later, commit);
    if (cleared !== undefined) {
      throw this.#conflict(cleared, "wrote to a range that this one deletes", undefined);
    }
    const written = this.#reads?.findConflict(later, commit);
    if (written !== undefined) {
      throw this.#conflict(written, "wrote what this one has read", undefined);
    }
  }

  /** What was written to a map that is gone would be gone with it, and what was read there is no longer so. */
  #checkMapsAreThere(): void {
    for (const keyspace of [...this.#writes.keyspaces(), ...(this.#reads?.keyspaces() ?? [])]) {
      if (this.#store.catalog.isDropped(keyspace)) {
        throw this.#conflict(keyspace, "dropped a map that this one uses", undefined);
      }
    }
  }

  /** What was loaded past the log is in no memtable: a map that was loaded since then counts as written all over. */
  #validateLoads(commit: number): void {
    const { catalog } = this.#store;
    for (const keyspaces of [this.#writes.keyspaces(), this.#reads?.keyspaces() ?? []]) {
      for (const keyspace of keyspaces) {
        if (catalog.loadedAt(keyspace) > commit) {
          throw this.#conflict(keyspace, "loaded a map that this one uses", undefined);
        }
      }
    }
  }

  /** Range deletes first: of what they cover, only what was written after them is copied. */
  #copyWrites(): void {
    const { u8, u32, data, ranges } = this.#writes;
    for (const keyspace of ranges.keyspaces()) {
      for (const { lower, upper } of ranges.deletes(keyspace)) {
        this.#store.writer.deleteRange(keyspace, lower, upper);
      }
    }
    this.#forEachWrite((keyspace, op) => {
      const key = opKeyOffset(u32, op);
      const keyLength = opKeyLength(u32, op);
      const value = opValueOffset(u32, op);
      switch (opKind(u32, op)) {
        case OP_KIND_PUT:
          this.#store.writer.put(
            keyspace,
            u8,
            key,
            keyLength,
            u8,
            value,
            opValueLength(u32, op),
            opExpiry(u32, data, op),
          );
          break;
        case OP_KIND_MERGE:
          this.#copyMerged(keyspace, op);
          break;
        default:
          this.#store.writer.delete(keyspace, u8, key, keyLength);
      }
    });
  }

  /** All operands that the transaction has for a key, as one operation: where they lie on many others, as the value. */
  #copyMerged(keyspace: number, newest: number): void {
    const { u8, u32 } = this.#writes;
    const { writer, pending } = this.#store;
    const key = opKeyOffset(u32, newest);
    const keyLength = opKeyLength(u32, newest);
    const { kind, bytes } = this.#folded(keyspace, newest);
    if (kind === CELL_PUT) {
      writer.put(keyspace, u8, key, keyLength, bytes, 0, bytes.length, 0);
      return;
    }
    let depth = mergeDepth(this.#store, keyspace, u8, key, keyLength, bytes.length);
    if (depth === LOOK_FIRST) {
      const operands = new View(pending, undefined, this.#store).operandsOf(keyspace, u8, key, keyLength, bytes);
      const value = valueIfDeep(operands);
      if (value !== undefined) {
        writer.put(keyspace, u8, key, keyLength, value, 0, value.length, 0);
        return;
      }
      depth = operands.count - 1;
    }
    setOperandDepth(bytes, depth);
    writer.merge(keyspace, u8, key, keyLength, bytes);
  }

  #folded(keyspace: number, newest: number): Folded {
    const operands = new Operands(this.#store.operatorOf(keyspace));
    return operands.fold(this.#collectOperands(keyspace, newest, operands));
  }

  /** Whether a write is only operands, which are applied to whatever the entry is by then. */
  #isBlind(keyspace: number, op: number): boolean {
    return (
      opKind(this.#writes.u32, op) === OP_KIND_MERGE && !this.#collectOperands(keyspace, op, new Operands(undefined))
    );
  }

  /** Adds what the transaction wrote of a key; whether that is all: it says what the operands are applied to. */
  #collectOperands(keyspace: number, newest: number, operands: Operands): boolean {
    const { u8, u32 } = this.#writes;
    const cover = this.#coverOf(keyspace, newest);
    let op = newest;
    while (op > cover && addOp(u8, u32, op, operands)) {
      op = opPrevious(u32, op);
    }
    return op > cover || cover !== 0;
  }

  /** The newest range delete of the transaction over the key of an operation; 0 for none. */
  #coverOf(keyspace: number, op: number): number {
    const { u8, u32, ranges } = this.#writes;
    return ranges.isEmpty
      ? 0
      : ranges.newestOver(keyspace, u8, opKeyOffset(u32, op), opKeyLength(u32, op), 0, WHOLE_ARENA);
  }

  #clearedRanges(): ReadSet {
    const cleared = new ReadSet();
    const { ranges } = this.#writes;
    for (const keyspace of ranges.keyspaces()) {
      for (const range of ranges.deletes(keyspace)) {
        cleared.addRange(keyspace, range);
      }
    }
    return cleared;
  }

  /** The last write of each key that no later range delete covers, keyspace by keyspace in key order. */
  #forEachWrite(visit: (keyspace: number, op: number) => void): void {
    const cursor = new ArenaCursor();
    for (const keyspace of this.#writes.index.keyspaces()) {
      cursor.open(this.#writes.index, keyspace);
      for (let op = cursor.first(); op !== 0; op = cursor.next()) {
        if (this.#coverOf(keyspace, op) < op) {
          visit(keyspace, op);
        }
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

/** Whether a commit after `commit` wrote the key, or deleted a range around it. */
function isChanged(
  { segment, index, ranges }: Memtable,
  keyspace: number,
  u8: Uint8Array,
  key: number,
  length: number,
  commit: number,
): boolean {
  const newest = index.find(keyspace, u8, key, length);
  if (newest !== 0 && opCommit(segment, newest) > commit) {
    return true;
  }
  const cover = ranges.isEmpty ? 0 : ranges.newestOver(keyspace, u8, key, length, WHOLE_ARENA, WHOLE_ARENA);
  return cover !== 0 && opCommit(segment, cover) > commit;
}
