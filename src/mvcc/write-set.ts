/**
 * The uncommitted writes of an interactive transaction: a private arena of operations and an index over them, in the same
 * form as a log segment, so that readers merge it like any memtable and the commit copies operations as they are.
 *
 * The arena starts small and doubles; growing copies the operations and indexes them anew. It is bounded by the
 * database's `maxTransactionBytes`: beyond it a write is FULL and the transaction can still be rolled back or committed.
 */
import { ArenaIndex } from "../btree/index.ts";
import { DbError } from "../errors.ts";
import { OP_HEADER_BYTES, OP_KIND_DELETE_RANGE, opBytes, opKeyspace, opKind, writeOpHeader } from "../wal/index.ts";
import { RangeOps } from "./range-ops.ts";

const INITIAL_BYTES = 16 * 1024;
/** Offset 0 means "none", so the first operation lies after it. */
const FIRST_OP = 8;
/** Slack that an index needs beside its operations: at 32 bytes an operation (the smallest), 12 bytes of leaf each, half full. */
const INDEX_BYTES_PER_ARENA_BYTE = 1;
const MIN_INDEX_BYTES = 64 * 1024;

export class WriteSet {
  u8: Uint8Array;
  u32: Uint32Array;
  data: DataView;
  index: ArenaIndex;
  readonly ranges: RangeOps;
  /** Where the next operation goes; also a savepoint's mark. */
  tail: number;
  readonly #limitBytes: number;
  #indexBytes: number;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    const buffer = new ArrayBuffer(INITIAL_BYTES);
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.data = new DataView(buffer);
    this.#indexBytes = MIN_INDEX_BYTES;
    this.index = new ArenaIndex(this.u8, this.u32, this.#indexBytes);
    this.ranges = new RangeOps(this.u8, this.u32);
    this.tail = FIRST_OP;
  }

  /** Empties it for the next transaction; false where it has grown too large to be kept. */
  reset(): boolean {
    if (this.u8.length > INITIAL_BYTES || this.#indexBytes > MIN_INDEX_BYTES) {
      return false;
    }
    if (!this.isEmpty) {
      this.index.reset(this.u8, this.u32);
      this.ranges.reset(this.u8, this.u32);
      this.tail = FIRST_OP;
    }
    return true;
  }

  get isEmpty(): boolean {
    return this.tail === FIRST_OP;
  }

  get sizeBytes(): number {
    return this.tail - FIRST_OP;
  }

  /** Room for one operation; the caller writes key and value in place and then calls `finish`. */
  reserve(kind: number, keyspace: number, keyLength: number, valueCapacity: number, expiry: number): number {
    const needed = this.tail + OP_HEADER_BYTES + 8 + keyLength + valueCapacity + 4;
    while (needed > this.u8.length || !this.index.room) {
      this.#grow(needed);
    }
    writeOpHeader(this.u32, this.data, this.tail, kind, keyspace, keyLength, expiry);
    return this.tail;
  }

  finish(op: number, valueLength: number): void {
    this.u32[(op + 16) >> 2] = valueLength;
    this.#insert(op);
    this.tail = op + opBytes(this.u32, op);
  }

  #insert(op: number): void {
    if (opKind(this.u32, op) === OP_KIND_DELETE_RANGE) {
      this.ranges.add(op);
    } else {
      this.index.insert(opKeyspace(this.u32, op), op, FIRST_OP);
    }
  }

  /** Keyspaces that anything was written to. */
  keyspaces(): Set<number> {
    return new Set([...this.index.keyspaces(), ...this.ranges.keyspaces()]);
  }

  /** Takes back every operation from `mark` on. */
  rewindTo(mark: number): void {
    this.ranges.rewindTo(mark);
    for (const op of this.#opsFrom(mark).reverse()) {
      if (opKind(this.u32, op) !== OP_KIND_DELETE_RANGE) {
        this.index.remove(opKeyspace(this.u32, op), op);
      }
    }
    this.tail = mark;
  }

  #opsFrom(mark: number): number[] {
    const ops: number[] = [];
    for (let op = mark; op < this.tail; op += opBytes(this.u32, op)) {
      ops.push(op);
    }
    return ops;
  }

  #grow(needed: number): void {
    if (needed > this.#limitBytes) {
      throw new DbError(
        "FULL",
        `the transaction holds ${this.sizeBytes} bytes of writes and may hold ${this.#limitBytes}; ` +
          "commit in smaller parts, use load() for bulk data, or raise the option maxTransactionBytes",
        { bytes: needed, limit: this.#limitBytes },
      );
    }
    let capacity = this.u8.length;
    while (capacity < needed) {
      capacity *= 2;
    }
    // Operations on many keyspaces fill the index first.
    const indexBytes = this.index.room ? this.#indexBytes : 2 * this.#indexBytes;
    this.#indexBytes = Math.max(indexBytes, capacity * INDEX_BYTES_PER_ARENA_BYTE);
    const buffer = new ArrayBuffer(capacity);
    const grown = new Uint8Array(buffer);
    grown.set(this.u8.subarray(0, this.tail));
    this.u8 = grown;
    this.u32 = new Uint32Array(buffer);
    this.data = new DataView(buffer);
    this.index = new ArenaIndex(this.u8, this.u32, this.#indexBytes);
    this.ranges.reset(this.u8, this.u32);
    for (const op of this.#opsFrom(FIRST_OP)) {
      this.#insert(op);
    }
  }
}

const SPARE_WRITE_SETS_KEPT = 64;

/** Write sets of ended transactions: most are small, and making one costs more than using it. */
export class WriteSetPool {
  readonly #limitBytes: number;
  readonly #spares: WriteSet[];

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#spares = [];
  }

  take(): WriteSet {
    return this.#spares.pop() ?? new WriteSet(this.#limitBytes);
  }

  give(writes: WriteSet): void {
    if (this.#spares.length < SPARE_WRITE_SETS_KEPT && writes.reset()) {
      this.#spares.push(writes);
    }
  }
}
