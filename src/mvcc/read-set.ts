/**
 * What a serializable transaction has read: keys and ranges, per keyspace, to be held against later commits.
 *
 * A key is the range that holds only it. Beyond MAX_RANGES of one keyspace the set becomes "all of it": a conflict may
 * then be reported where there was none, never the other way round.
 */
import type { ArenaIndex } from "../btree/index.ts";
import { ArenaCursor } from "../btree/index.ts";
import { opCommit, opKeyLength, opKeyOffset } from "../wal/index.ts";
import { ALL_KEYS, type ByteRange, isInRange } from "./byte-range.ts";
import type { Memtable } from "./memtable.ts";

const MAX_RANGES = 16384;
const ONLY_ALL: readonly ByteRange[] = [ALL_KEYS];

export class ReadSet {
  readonly #ranges: Map<number, ByteRange[]>;
  readonly #cursor: ArenaCursor;

  constructor() {
    this.#ranges = new Map();
    this.#cursor = new ArenaCursor();
  }

  /** What was read from. */
  keyspaces(): Iterable<number> {
    return this.#ranges.keys();
  }

  addKey(keyspace: number, key: Uint8Array, offset: number, length: number): void {
    // The upper bound is exclusive: the key's successor is the key and a zero byte.
    const upper = new Uint8Array(length + 1);
    upper.set(key.subarray(offset, offset + length));
    this.#add(keyspace, { lower: upper.subarray(0, length), upper });
  }

  /** The ends of the range are copied. */
  addRange(keyspace: number, { lower, upper }: ByteRange): void {
    const isAll = lower === undefined && upper === undefined;
    this.#add(keyspace, isAll ? ALL_KEYS : { lower: lower?.slice(), upper: upper?.slice() });
  }

  #add(keyspace: number, range: ByteRange): void {
    let ranges = this.#ranges.get(keyspace);
    if (ranges === undefined) {
      ranges = [];
      this.#ranges.set(keyspace, ranges);
    }
    if (ranges.length === MAX_RANGES) {
      ranges.splice(0, MAX_RANGES, ...ONLY_ALL);
    } else if (ranges[0] !== ALL_KEYS) {
      ranges.push(range);
    }
  }

  /** A keyspace with a read key or range that was written after `commit`, in one of the memtables; undefined: none. */
  findConflict(memtables: readonly Memtable[], commit: number): number | undefined {
    for (const [keyspace, ranges] of this.#ranges) {
      for (const memtable of memtables) {
        if (!memtable.touches(keyspace)) {
          continue;
        }
        for (const range of ranges) {
          if (this.#isWritten(memtable, keyspace, range, commit)) {
            return keyspace;
          }
        }
      }
    }
    return undefined;
  }

  #isWritten({ segment, index, ranges }: Memtable, keyspace: number, range: ByteRange, commit: number): boolean {
    if (!ranges.isEmpty && ranges.covers(keyspace, range.lower, range.upper, commit - segment.baseCommit)) {
      return true;
    }
    const { u8, u32 } = segment;
    const cursor = this.#cursor;
    this.#seek(index, keyspace, range);
    while (cursor.op !== 0 && isInRange(range, u8, opKeyOffset(u32, cursor.op), opKeyLength(u32, cursor.op))) {
      if (opCommit(segment, cursor.op) > commit) {
        return true;
      }
      cursor.next();
    }
    return false;
  }

  #seek(index: ArenaIndex, keyspace: number, range: ByteRange): void {
    this.#cursor.open(index, keyspace);
    if (range.lower === undefined) {
      this.#cursor.first();
    } else {
      this.#cursor.seek(range.lower, 0, range.lower.length);
    }
  }
}
