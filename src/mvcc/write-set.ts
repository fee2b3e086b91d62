/**
 * The uncommitted writes of an interactive transaction: a private arena of operations and an index over them, in the same
 * form as a log segment, so that readers merge it like any memtable and the commit copies operations as they are.
 *
 * The arena starts small and grows to the next larger one; operations and index are copied as they lie. It is bounded by the
 * database's `maxTransactionBytes`: beyond it a write is FULL and the transaction can still be rolled back or committed.
 * Large memory that a transaction leaves is the next one's that grows: what the system has to find anew costs more than the writes.
 */
import { ArenaIndex } from "../btree/index.ts";
import { DbError } from "../errors.ts";
import { newBlock } from "../pager/index.ts";
import { OP_HEADER_BYTES, OP_KIND_DELETE_RANGE, opBytes, opKeyspace, opKind, writeOpHeader } from "../wal/index.ts";
import { RangeOps } from "./range-ops.ts";

const INITIAL_BYTES = 16 * 1024;
/** Offset 0 means "none", so the first operation lies after it. */
const FIRST_OP = 8;
/** Slack that an index needs beside its operations: at 32 bytes an operation (the smallest), 12 bytes of leaf each, half full. */
const INDEX_BYTES_PER_ARENA_BYTE = 1;
const MIN_INDEX_BYTES = 64 * 1024;
const GROWTH = 4;
/** Arenas up to this size are kept for the next transaction, one at a time. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/** What operations are written to, and the index over them. */
class WriteMemory {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly data: DataView;
  readonly index: ArenaIndex;
  readonly indexBytes: number;

  constructor(arenaBytes: number, indexBytes: number) {
    const buffer = newBlock(arenaBytes);
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.data = new DataView(buffer);
    this.index = new ArenaIndex(this.u8, this.u32, indexBytes);
    this.indexBytes = indexBytes;
  }

  get isSmall(): boolean {
    return this.u8.length === INITIAL_BYTES && this.indexBytes === MIN_INDEX_BYTES;
  }
}

export class WriteSet {
  u8: Uint8Array;
  u32: Uint32Array;
  data: DataView;
  index: ArenaIndex;
  readonly ranges: RangeOps;
  /** Where the next operation goes; also a savepoint's mark. */
  tail: number;
  readonly #pool: WriteSetPool;
  #memory: WriteMemory;

  constructor(pool: WriteSetPool) {
    this.#pool = pool;
    this.#memory = new WriteMemory(INITIAL_BYTES, MIN_INDEX_BYTES);
    const { u8, u32, data, index } = this.#memory;
    this.u8 = u8;
    this.u32 = u32;
    this.data = data;
    this.index = index;
    this.ranges = new RangeOps(u8, u32);
    this.tail = FIRST_OP;
  }

  get memory(): WriteMemory {
    return this.#memory;
  }

  /** Empties it for the next transaction. */
  reset(): void {
    if (!this.isEmpty) {
      this.index.reset(this.u8, this.u32);
      this.ranges.reset(this.u8, this.u32);
      this.tail = FIRST_OP;
    }
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
    const { maxBytes } = this.#pool;
    if (needed > maxBytes) {
      throw new DbError(
        "FULL",
        `the transaction holds ${this.sizeBytes} bytes of writes and may hold ${maxBytes}; ` +
          "commit in smaller parts, use load() for bulk data, or raise the option maxTransactionBytes",
        { bytes: needed, limit: maxBytes },
      );
    }
    const { u8, index, tail } = this;
    // Operations on many keyspaces fill the index first.
    const indexBytes = index.room ? this.#memory.indexBytes : GROWTH * this.#memory.indexBytes;
    const memory = this.#pool.takeMemory(u8.length, needed, indexBytes);
    memory.u8.set(u8.subarray(0, tail));
    memory.index.copyFrom(index);
    this.#memory = memory;
    this.u8 = memory.u8;
    this.u32 = memory.u32;
    this.data = memory.data;
    this.index = memory.index;
    this.#moveRanges();
  }

  #moveRanges(): void {
    const hadSome = !this.ranges.isEmpty;
    this.ranges.reset(this.u8, this.u32);
    if (hadSome) {
      for (const op of this.#opsFrom(FIRST_OP)) {
        if (opKind(this.u32, op) === OP_KIND_DELETE_RANGE) {
          this.ranges.add(op);
        }
      }
    }
  }
}

const SPARE_WRITE_SETS_KEPT = 64;

/** Write sets of ended transactions: most are small, and making one costs more than using it. And the memory of one that was large. */
export class WriteSetPool {
  /** That one transaction may hold. */
  readonly maxBytes: number;
  readonly #spares: WriteSet[];
  /** As it was left: whoever takes it copies its own arena and index into it. */
  #largeMemory: WriteMemory | undefined;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
    this.#spares = [];
    this.#largeMemory = undefined;
  }

  take(): WriteSet {
    return this.#spares.pop() ?? new WriteSet(this);
  }

  give(writes: WriteSet): void {
    const { memory } = writes;
    if (memory.isSmall) {
      if (this.#spares.length < SPARE_WRITE_SETS_KEPT) {
        writes.reset();
        this.#spares.push(writes);
      }
    } else if (memory.u8.length <= MAX_KEPT_BYTES && memory.u8.length > (this.#largeMemory?.u8.length ?? 0)) {
      this.#largeMemory = memory;
    }
  }

  /** For a write set whose arena has `arenaBytes` and needs more of it, or of its index. */
  takeMemory(arenaBytes: number, needed: number, indexBytes: number): WriteMemory {
    const kept = this.#largeMemory;
    if (kept !== undefined && kept.u8.length >= needed && kept.indexBytes >= indexBytes) {
      this.#largeMemory = undefined;
      return kept;
    }
    let capacity = arenaBytes;
    while (capacity < needed) {
      capacity *= GROWTH;
    }
    return new WriteMemory(capacity, Math.max(indexBytes, capacity * INDEX_BYTES_PER_ARENA_BYTE));
  }

  /** Gives back memory, as the log does at rest. */
  removeSpares(): void {
    this.#largeMemory = undefined;
  }
}
