/**
 * One arena of a merge: a memtable or a write set, seen through a commit limit.
 *
 * It stands on an entry whose newest visible version is `op`, or has ended with `op` 0. Entries of which no version is
 * visible yet are passed over. A transaction's own writes all have one commit number, so that of those made before and
 * after its scan began the offsets tell: an arena is only added to. The object is reused from scan to scan.
 */
import { ArenaCursor, type ArenaIndex } from "../btree/index.ts";
import { compareBytes } from "../bytes.ts";
import { opKeyLength, opKeyOffset, opPrevious, visibleOp } from "../wal/index.ts";

/** Behind every op that there is or will be. */
export const WHOLE_ARENA = 0xffff_ffff;

const EMPTY_U8 = new Uint8Array(0);
const EMPTY_U32 = new Uint32Array(0);
const EMPTY_DATA = new DataView(EMPTY_U8.buffer);

export class ArenaSource {
  u8: Uint8Array;
  u32: Uint32Array;
  data: DataView;
  /** The visible version of the current entry; 0 at the end. */
  op: number;
  keyOffset: number;
  keyLength: number;
  /** Its place among the sources of a scan (range-cover.ts). */
  rank: number;
  readonly #cursor: ArenaCursor;
  #index: ArenaIndex | undefined;
  #keyspace: number;
  #limit: number;
  #end: number;

  constructor() {
    this.u8 = EMPTY_U8;
    this.u32 = EMPTY_U32;
    this.data = EMPTY_DATA;
    this.op = 0;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.rank = 0;
    this.#cursor = new ArenaCursor();
    this.#index = undefined;
    this.#keyspace = 0;
    this.#limit = 0;
    this.#end = WHOLE_ARENA;
  }

  /** `limit` is the largest commit delta that the reader sees; ops at `end` and behind it, it does not see. */
  open(
    u8: Uint8Array,
    u32: Uint32Array,
    data: DataView,
    index: ArenaIndex,
    keyspace: number,
    limit: number,
    end: number = WHOLE_ARENA,
  ): void {
    this.u8 = u8;
    this.u32 = u32;
    this.data = data;
    this.#limit = limit;
    this.#end = end;
    this.#index = index;
    this.#keyspace = keyspace;
    this.#cursor.open(index, keyspace);
    this.op = 0;
  }

  /** Lets go of the arena, so that a pooled source does not keep it alive. */
  close(): void {
    this.u8 = EMPTY_U8;
    this.u32 = EMPTY_U32;
    this.data = EMPTY_DATA;
    this.op = 0;
    this.#index = undefined;
    this.#cursor.close();
  }

  seekForward(key: Uint8Array | undefined, length: number): void {
    if (key === undefined) {
      this.#cursor.first();
    } else {
      this.#cursor.seek(key, 0, length);
    }
    this.#settleForward();
  }

  /** To the last entry below `key` (the last of all, if undefined). */
  seekBackward(key: Uint8Array | undefined, length: number): void {
    if (key === undefined) {
      this.#cursor.last();
    } else {
      this.#cursor.seekBefore(key, 0, length);
    }
    this.#settleBackward();
  }

  /** Stands behind the last entry. */
  end(): void {
    this.op = 0;
  }

  next(): void {
    this.#cursor.next();
    this.#settleForward();
  }

  previous(): void {
    this.#cursor.prev();
    this.#settleBackward();
  }

  /** Whether a version of the key is visible here, a deletion too. */
  has(key: Uint8Array, offset: number, length: number): boolean {
    const newest = this.#index!.find(this.#keyspace, key, offset, length);
    return newest !== 0 && this.#visible(newest) !== 0;
  }

  compareKey(key: Uint8Array, offset: number, length: number): number {
    return compareBytes(this.u8, this.keyOffset, this.keyLength, key, offset, length);
  }

  #settleForward(): void {
    const cursor = this.#cursor;
    while (cursor.op !== 0 && !this.#take(cursor.op)) {
      cursor.next();
    }
    if (cursor.op === 0) {
      this.op = 0;
    }
  }

  #settleBackward(): void {
    const cursor = this.#cursor;
    while (cursor.op !== 0 && !this.#take(cursor.op)) {
      cursor.prev();
    }
    if (cursor.op === 0) {
      this.op = 0;
    }
  }

  #take(newest: number): boolean {
    const op = this.#visible(newest);
    if (op === 0) {
      return false;
    }
    this.op = op;
    this.keyOffset = opKeyOffset(this.u32, op);
    this.keyLength = opKeyLength(this.u32, op);
    return true;
  }
  #visible(newest: number): number {
    let op = newest;
    while (op >= this.#end) {
      op = opPrevious(this.u32, op);
    }
    return visibleOp(this.u32, op, this.#limit);
  }
}
