/**
 * The operations that a checkpoint applies to one keyspace: frozen memtables merged in key order, newest version only.
 *
 * Older versions of a key lie behind the newest in its chain and are not looked at: a snapshot that needs one reads it
 * from the memtable, which it pins.
 */
import { ArenaCursor, type ArenaIndex, type BatchSource } from "../btree/index.ts";
import { compareBytes } from "../bytes.ts";
import {
  OP_KIND_DELETE,
  OP_KIND_PUT,
  opExpiry,
  opKeyLength,
  opKeyOffset,
  opKind,
  opValueLength,
  opValueOffset,
} from "../wal/index.ts";

/** A frozen memtable as a checkpoint sees it, in either thread. */
export interface FrozenMemtable {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly data: DataView;
  readonly index: ArenaIndex;
}

export class MemtableBatch implements BatchSource {
  u8: Uint8Array;
  keyOffset: number;
  keyLength: number;
  kind: 1 | 2;
  valueOffset: number;
  valueLength: number;
  expiry: number;
  /** Operations given out so far. */
  consumed: number;

  /** Newest memtable first: on equal keys the first one wins. */
  readonly #memtables: readonly FrozenMemtable[];
  readonly #cursors: readonly ArenaCursor[];
  /** Bit i: cursor i stands on the key that was given out last. */
  #atCurrent: number;

  constructor(memtables: readonly FrozenMemtable[], keyspace: number) {
    this.#memtables = memtables.filter((memtable) => memtable.index.count(keyspace) > 0);
    this.#cursors = this.#memtables.map((memtable) => {
      const cursor = new ArenaCursor();
      cursor.open(memtable.index, keyspace);
      cursor.first();
      return cursor;
    });
    this.#atCurrent = 0;
    this.u8 = new Uint8Array(0);
    this.keyOffset = 0;
    this.keyLength = 0;
    this.kind = OP_KIND_PUT;
    this.valueOffset = 0;
    this.valueLength = 0;
    this.expiry = 0;
    this.consumed = 0;
  }

  next(): boolean {
    for (let i = 0; i < this.#cursors.length; i++) {
      if ((this.#atCurrent & (1 << i)) !== 0) {
        this.#cursors[i]!.next();
      }
    }
    const smallest = this.#findSmallest();
    if (smallest < 0) {
      return false;
    }
    this.consumed++;
    const { u8, u32, data } = this.#memtables[smallest]!;
    const op = this.#cursors[smallest]!.op;
    this.u8 = u8;
    this.keyOffset = opKeyOffset(u32, op);
    this.keyLength = opKeyLength(u32, op);
    this.kind = opKind(u32, op) === OP_KIND_PUT ? OP_KIND_PUT : OP_KIND_DELETE;
    this.valueOffset = opValueOffset(u32, op);
    this.valueLength = opValueLength(u32, op);
    this.expiry = opExpiry(u32, data, op);
    return true;
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
