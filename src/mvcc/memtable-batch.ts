/**
 * The operations that a checkpoint applies to one keyspace: frozen memtables merged in key order, newest version only.
 *
 * Older versions of a key lie behind the newest in its chain and are not looked at: a snapshot that needs one reads it
 * from the memtable, which it pins. Merge operands are combined with what is behind them, in all memtables, as far as their
 * operator is known. What a range delete covers is left out; the range deletes themselves are `rangeDeletes`, and hide what
 * is in pages.
 */
import { ArenaCursor, type ArenaIndex, BATCH_MERGE, type BatchSource, CELL_PUT } from "../btree/index.ts";
import { compareBytes } from "../bytes.ts";
import { type Combine, type Folded, Operands, type RangeDelete, uniteDeletes } from "../lsm/index.ts";
import {
  OP_KIND_MERGE,
  OP_KIND_PUT,
  opExpiry,
  opKeyLength,
  opKeyOffset,
  opKind,
  opPrevious,
  opValueLength,
  opValueOffset,
} from "../wal/index.ts";
import { WHOLE_ARENA } from "./arena-source.ts";
import { addOp } from "./merged-read.ts";
import type { RangeOps } from "./range-ops.ts";

/** A frozen memtable as a checkpoint sees it, in either thread. */
export interface FrozenMemtable {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly data: DataView;
  readonly index: ArenaIndex;
  readonly ranges: RangeOps;
}

export class MemtableBatch implements BatchSource {
  u8: Uint8Array;
  keyOffset: number;
  keyLength: number;
  kind: number;
  /** The value lies in `values`: beside the key, or by itself. */
  values: Uint8Array;
  words: Uint32Array | undefined;
  valueOffset: number;
  valueLength: number;
  expiry: number;
  /** Operations given out so far. */
  consumed: number;
  /** In key order, without overlaps. */
  readonly rangeDeletes: readonly RangeDelete[];

  /** Newest memtable first: on equal keys the first one wins. */
  readonly #memtables: readonly FrozenMemtable[];
  readonly #cursors: readonly ArenaCursor[];
  readonly #keyspace: number;
  readonly #hasRanges: boolean;
  readonly #operands: Operands;
  /** Bit i: cursor i stands on the key that was given out last. */
  #atCurrent: number;

  constructor(memtables: readonly FrozenMemtable[], keyspace: number, combine: Combine | undefined) {
    this.#memtables = memtables.filter(({ index, ranges }) => index.count(keyspace) > 0 || ranges.has(keyspace));
    this.#cursors = this.#memtables.map((memtable) => {
      const cursor = new ArenaCursor();
      cursor.open(memtable.index, keyspace);
      cursor.first();
      return cursor;
    });
    this.#keyspace = keyspace;
    this.rangeDeletes = this.#memtables.reduce<readonly RangeDelete[]>(
      (deletes, { ranges }) => uniteDeletes(deletes, ranges.deletes(keyspace)),
      [],
    );
    this.#hasRanges = this.rangeDeletes.length > 0;
    this.#operands = new Operands(combine);
    this.#atCurrent = 0;
    this.u8 = NO_BYTES;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.kind = OP_KIND_PUT;
    this.values = NO_BYTES;
    this.words = undefined;
    this.valueOffset = 0;
    this.valueLength = 0;
    this.expiry = 0;
    this.consumed = 0;
  }

  next(): boolean {
    for (;;) {
      for (let i = 0; i < this.#cursors.length; i++) {
        if ((this.#atCurrent & (1 << i)) !== 0) {
          this.#cursors[i]!.next();
          this.#cursors[i]!.askAhead();
        }
      }
      const smallest = this.#findSmallest();
      if (smallest < 0) {
        return false;
      }
      this.consumed++;
      if (this.#take(smallest)) {
        return true;
      }
    }
  }

  applyTo(value: Uint8Array | undefined, kind: number): Folded {
    const operands = this.#operands;
    operands.reset();
    operands.addOlder(this.values.subarray(this.valueOffset, this.valueOffset + this.valueLength), BATCH_MERGE);
    if (value !== undefined && !operands.hasBase) {
      operands.addOlder(value, kind);
    }
    return operands.fold(true);
  }

  /** Makes the newest operation on the smallest key the current one; false where a range delete covers it. */
  #take(newest: number): boolean {
    const { u8, u32, data } = this.#memtables[newest]!;
    const op = this.#cursors[newest]!.op;
    this.u8 = u8;
    this.keyOffset = opKeyOffset(u32, op);
    this.keyLength = opKeyLength(u32, op);
    const deleter = this.#hasRanges ? this.#newestDeleter() : this.#memtables.length;
    if (deleter < newest || (deleter === newest && this.#coverIn(newest) > op)) {
      return false;
    }
    this.kind = opKind(u32, op);
    if (this.kind === OP_KIND_MERGE) {
      this.#fold(newest, deleter);
      return true;
    }
    this.values = u8;
    this.words = u32;
    this.valueOffset = opValueOffset(u32, op);
    this.valueLength = opValueLength(u32, op);
    this.expiry = opExpiry(u32, data, op);
    return true;
  }

  /** Combines the operands of the current key, in the memtables from `newest` to the one that deletes a range around it. */
  #fold(newest: number, deleter: number): void {
    const operands = this.#operands;
    operands.reset();
    let isComplete = false;
    for (let i = newest; i < this.#memtables.length && !isComplete; i++) {
      const { u8, u32 } = this.#memtables[i]!;
      const cover = i === deleter ? this.#coverIn(i) : 0;
      let op = (this.#atCurrent & (1 << i)) === 0 ? 0 : this.#cursors[i]!.op;
      while (op > cover && addOp(u8, u32, op, operands)) {
        op = opPrevious(u32, op);
      }
      isComplete = op > cover || cover !== 0;
    }
    const { kind, bytes } = operands.fold(isComplete);
    this.kind = kind === CELL_PUT ? OP_KIND_PUT : OP_KIND_MERGE;
    this.values = bytes;
    this.words = undefined;
    this.valueOffset = 0;
    this.valueLength = bytes.length;
    this.expiry = 0;
  }

  /** The newest memtable with a range delete over the current key. */
  #newestDeleter(): number {
    const index = this.#memtables.findIndex((_, i) => this.#coverIn(i) !== 0);
    return index < 0 ? this.#memtables.length : index;
  }

  #coverIn(index: number): number {
    const { ranges } = this.#memtables[index]!;
    return ranges.isEmpty
      ? 0
      : ranges.newestOver(this.#keyspace, this.u8, this.keyOffset, this.keyLength, WHOLE_ARENA, WHOLE_ARENA);
  }

  /** The newest memtable that has the smallest key, -1 at the end; marks every one that stands on that key. */
  #findSmallest(): number {
    let smallest = -1;
    let marks = 0;
    for (let i = 0; i < this.#cursors.length; i++) {
      if (this.#cursors[i]!.op === 0) {
        continue;
      }
      const order = smallest < 0 ? -1 : this.#compare(i, smallest);
      if (order < 0) {
        smallest = i;
        marks = 1 << i;
      } else if (order === 0) {
        marks |= 1 << i;
      }
    }
    this.#atCurrent = marks;
    return smallest;
  }

  #compare(a: number, b: number): number {
    const left = this.#memtables[a]!;
    const right = this.#memtables[b]!;
    const leftOp = this.#cursors[a]!.op;
    const rightOp = this.#cursors[b]!.op;
    return compareBytes(
      left.u8,
      opKeyOffset(left.u32, leftOp),
      opKeyLength(left.u32, leftOp),
      right.u8,
      opKeyOffset(right.u32, rightOp),
      opKeyLength(right.u32, rightOp),
    );
  }
}

const NO_BYTES: Uint8Array = new Uint8Array(0);
