/**
 * The one place where commits are made: operations go straight into the active log segment and its index.
 *
 *     begin ── reserve/finish … ── commit          the record is encoded once, where it stays
 *                   │    ▲
 *                   └────┘ rewindTo(savepoint)      operations leave the index newest first, then the arena
 *
 * While a record is open its operations carry the next commit number, so every reader but the open transaction's own
 * skips them (M1). JavaScript runs one thing at a time and the callers are synchronous between begin and commit, so there
 * is one writer by construction; the assertions say so.
 *
 * Where the record outgrows the segment, the log seals the segment before the record and moves the record into the next
 * one (of the record's own size, if need be); the operations are indexed anew there.
 */
import { assert } from "../assert.ts";
import { copyBytes, EMPTY_BYTES } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { operandDepth } from "../lsm/index.ts";
import {
  type Log,
  MAX_OP_KEY_BYTES,
  OP_KIND_DELETE,
  OP_KIND_DELETE_RANGE,
  OP_KIND_MERGE,
  OP_KIND_PUT,
  opBytes,
  opBytesFor,
  opKeyOffset,
  opKeyspace,
  opKind,
  opValueOffset,
  type Segment,
} from "../wal/index.ts";
import { CATALOG_KEYSPACE, DEADLINE_KEYSPACE } from "./catalog.ts";
import type { Memtable, MemtablePool, OpRun } from "./memtable.ts";

/** Told of every commit, once it is visible; reads its operations with `writer.forEachOp`. */
export type CommitWatcher = (commit: number, writer: CommitWriter) => void;

/** What the writer asks of its owner. */
export interface RotationHost {
  /** Called before a segment is sealed: returns when one more may wait for its checkpoint, or throws. */
  beforeSeal(): void;
  /** The active memtable is another one; `sealed`, if there is one, waits for its checkpoint. */
  rotated(sealed: Memtable | undefined, active: Memtable): void;
}

export class CommitWriter {
  readonly #log: Log;
  readonly #pool: MemtablePool;
  readonly #host: RotationHost;
  #active: Memtable;
  #isOpen: boolean;
  /** Offset of the open record's first operation. */
  #start: number;
  /** Whether the open record, or the last one, changes the catalog. */
  #touchesCatalog: boolean;
  /** And whether it changes the notes of deadlines. */
  #touchesDeadlines: boolean;
  /** A keyspace that is being loaded past the log: nothing else is written to it. */
  #lockedKeyspace: number;

  constructor(log: Log, pool: MemtablePool, host: RotationHost) {
    this.#log = log;
    this.#pool = pool;
    this.#host = host;
    this.#active = pool.take(log.active);
    this.#isOpen = false;
    this.#start = 0;
    this.#touchesCatalog = false;
    this.#touchesDeadlines = false;
    this.#lockedKeyspace = NO_KEYSPACE;
  }

  get active(): Memtable {
    return this.#active;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get touchesCatalog(): boolean {
    return this.#touchesCatalog;
  }

  get touchesDeadlines(): boolean {
    return this.#touchesDeadlines;
  }

  /** The arena that `reserve` answers an offset in. */
  get segment(): Segment {
    return this.#active.segment;
  }

  /** Where the open record's operations begin in the active memtable, until the record moves. */
  get start(): number {
    return this.#start;
  }

  /** A mark for `rewindTo`, relative to the record, since the record may move. */
  get savepoint(): number {
    return this.#log.tail - this.#start;
  }

  /** From now on writes to the keyspace are a CONFLICT. */
  lockKeyspace(keyspace: number): void {
    assert(this.#lockedKeyspace === NO_KEYSPACE, "M1: one keyspace is loaded at a time");
    this.#lockedKeyspace = keyspace;
  }

  isLocked(keyspace: number): boolean {
    return keyspace === this.#lockedKeyspace;
  }

  unlockKeyspace(): void {
    this.#lockedKeyspace = NO_KEYSPACE;
  }

  /** Throws INVALID inside a write transaction. */
  checkAlone(): void {
    if (this.#isOpen) {
      throw new DbError(
        "INVALID",
        "a write transaction is open: inside db.write() use the tx that it hands out, not the database or its maps",
      );
    }
  }

  begin(): void {
    this.checkAlone();
    if (!this.#active.hasRoom) {
      this.rotate();
    }
    this.#log.beginRecord();
    this.#start = this.#log.tail;
    this.#touchesCatalog = false;
    this.#touchesDeadlines = false;
    this.#isOpen = true;
  }

  /** Room for one operation in the open record; key and value are written in place, then `finish` ends it. */
  reserve(kind: number, keyspace: number, keyLength: number, valueCapacity: number, expiry: number): number {
    if (keyspace === this.#lockedKeyspace) {
      throw new DbError("CONFLICT", "this map is being loaded; write to it when its load has ended", { keyspace });
    }
    if (this.#active.hasRoom) {
      const op = this.#log.reserveOp(kind, keyspace, keyLength, valueCapacity, expiry);
      if (op !== 0) {
        return op;
      }
    }
    this.#makeRoom(opBytesFor(keyLength, valueCapacity));
    const op = this.#log.reserveOp(kind, keyspace, keyLength, valueCapacity, expiry);
    assert(op !== 0, "M1: an operation fits after room was made for it");
    return op;
  }

  finish(op: number, valueLength: number): void {
    this.#log.finishOp(op, valueLength);
    this.#active.insert(op, this.#start);
    const keyspace = opKeyspace(this.#active.segment.u32, op);
    if (keyspace === CATALOG_KEYSPACE) {
      this.#touchesCatalog = true;
    } else if (keyspace === DEADLINE_KEYSPACE) {
      this.#touchesDeadlines = true;
    }
  }

  /** Writes one operation of the open record, from bytes. */
  put(
    keyspace: number,
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
    expiry: number,
  ): void {
    const op = this.reserve(OP_KIND_PUT, keyspace, keyLength, valueLength, expiry);
    const { u8, u32 } = this.segment;
    copyBytes(key, keyOffset, u8, opKeyOffset(u32, op), keyLength);
    copyBytes(value, valueOffset, u8, opValueOffset(u32, op), valueLength);
    this.finish(op, valueLength);
  }

  delete(keyspace: number, key: Uint8Array, keyOffset: number, keyLength: number): void {
    const op = this.reserve(OP_KIND_DELETE, keyspace, keyLength, 0, 0);
    const { u8, u32 } = this.segment;
    copyBytes(key, keyOffset, u8, opKeyOffset(u32, op), keyLength);
    this.finish(op, 0);
  }

  /** `items` as lsm/operands.ts encodes them. */
  merge(keyspace: number, key: Uint8Array, keyOffset: number, keyLength: number, items: Uint8Array): void {
    const op = this.reserve(OP_KIND_MERGE, keyspace, keyLength, items.length, 0);
    const { u8, u32 } = this.segment;
    copyBytes(key, keyOffset, u8, opKeyOffset(u32, op), keyLength);
    copyBytes(items, 0, u8, opValueOffset(u32, op), items.length);
    this.finish(op, items.length);
  }

  deleteRange(keyspace: number, lower: Uint8Array, upper: Uint8Array | undefined): void {
    assert(
      lower.length <= MAX_OP_KEY_BYTES && (upper === undefined || upper.length <= MAX_OP_KEY_BYTES),
      "W11: no bound is longer than a key's successor",
    );
    const op = this.reserve(OP_KIND_DELETE_RANGE, keyspace, lower.length, upper?.length ?? 0, 0);
    const { u8, u32 } = this.segment;
    copyBytes(lower, 0, u8, opKeyOffset(u32, op), lower.length);
    copyBytes(upper ?? EMPTY_BYTES, 0, u8, opValueOffset(u32, op), upper?.length ?? 0);
    this.finish(op, upper?.length ?? 0);
  }

  /** How many merge operations on a key lie one upon the other in the active memtable. */
  mergeDepth(keyspace: number, key: Uint8Array, offset: number, length: number): number {
    const { segment, index } = this.#active;
    const op = index.find(keyspace, key, offset, length);
    if (op === 0 || opKind(segment.u32, op) !== OP_KIND_MERGE) {
      return 0;
    }
    return operandDepth(segment.u8, opValueOffset(segment.u32, op)) + 1;
  }

  rewindTo(savepoint: number): void {
    const mark = this.#start + savepoint;
    this.#active.remove(this.#opsFrom(mark));
    this.#log.rewindTo(mark);
  }

  /** Writes the record (a deferred one with the next sync); its commit number, or the last one where it is empty. */
  commit(flags: number, nowMs: number, isDeferred: boolean): number {
    assert(this.#isOpen, "M1: a commit ends an open record");
    if (this.savepoint === 0) {
      this.abort();
      return this.#log.lastCommit;
    }
    try {
      const commit = this.#log.endRecord(flags, nowMs, isDeferred);
      this.#isOpen = false;
      return commit;
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** Nothing of the open record remains. */
  abort(): void {
    if (this.#isOpen) {
      this.#active.remove(this.#opsFrom(this.#start));
      this.#log.abortRecord();
      this.#isOpen = false;
    }
  }

  /** Calls back with each operation of the record that is open or was just committed, in order. */
  forEachOp(visit: (segment: Segment, op: number) => void): void {
    const segment = this.#active.segment;
    for (let op = this.#start; op < segment.tail; op += opBytes(segment.u32, op)) {
      visit(segment, op);
    }
  }

  /** Ends the active segment, if it holds anything, and starts the next. */
  rotate(): void {
    assert(!this.#isOpen, "M1: a segment is not ended under an open record; makeRoom moves it");
    this.#host.beforeSeal();
    const sealed = this.#active;
    if (this.#log.rotate() !== undefined) {
      this.#adopt(sealed);
    }
  }

  /** Moves the open record into a new segment; where that fails, nothing has changed. */
  #makeRoom(bytes: number): void {
    this.#host.beforeSeal();
    const before = this.#active;
    const ops = this.#opsFrom(this.#start);
    const length = this.savepoint;
    const wasSealed = this.#log.makeRoom(bytes) !== undefined;
    before.remove(ops);
    const end = this.#log.tail;
    this.#start = end - length;
    this.#adopt(wasSealed ? before : undefined, { first: this.#start, end });
  }

  /** `open` is the open record's part of the new segment. */
  #adopt(sealed: Memtable | undefined, open?: OpRun): void {
    this.#active =
      open === undefined ? this.#pool.take(this.#log.active) : this.#pool.takeWith(this.#log.active, [open]);
    this.#host.rotated(sealed, this.#active);
  }

  #opsFrom(from: number): number[] {
    const { u32 } = this.#active.segment;
    const ops: number[] = [];
    for (let op = from; op < this.#log.tail; op += opBytes(u32, op)) {
      ops.push(op);
    }
    return ops;
  }
}

/** No keyspace ever has this id. */
const NO_KEYSPACE = 0xffff_ffff;
