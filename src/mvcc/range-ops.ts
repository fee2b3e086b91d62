/**
 * The range deletes of one arena: which of its operations say that everything between two keys is gone.
 *
 * They are not in the arena's index, which knows keys, but beside it, each keyspace's by themselves (keyspace-ranges.ts),
 * so that a search or two find the newest one over a key that a reader sees. An operation of the same arena on a key is
 * hidden by one that lies behind it, and everything in older places by any.
 *
 * Each takes 30 to 60 bytes here, beside at least 28 in the arena and the record around it. `isFull` says when they take more
 * than `limitBytes` together.
 */
import type { RangeDelete } from "../lsm/index.ts";
import { opKeyspace } from "../wal/index.ts";
import { KeyspaceRanges } from "./keyspace-ranges.ts";
import { copyOfEnd, hasUpper, upperEnd } from "./range-ends.ts";

const NO_DELETES: readonly RangeDelete[] = [];

export class RangeOps {
  /** Whether there are none: most arenas never have one. */
  isEmpty: boolean;
  /** Whether they take more memory than they are given: it is time for another arena. */
  isFull: boolean;
  #u8: Uint8Array;
  #u32: Uint32Array;
  readonly #byKeyspace: Map<number, KeyspaceRanges>;
  readonly #limitBytes: number;
  #bytes: number;

  constructor(u8: Uint8Array, u32: Uint32Array, limitBytes: number = Number.POSITIVE_INFINITY) {
    this.isEmpty = true;
    this.isFull = false;
    this.#u8 = u8;
    this.#u32 = u32;
    this.#byKeyspace = new Map();
    this.#limitBytes = limitBytes;
    this.#bytes = 0;
  }

  /** The ranges in another thread, which has the same arena. */
  static fromTransfer(u8: Uint8Array, u32: Uint32Array, ops: readonly Uint32Array[]): RangeOps {
    const ranges = new RangeOps(u8, u32);
    for (const ofKeyspace of ops) {
      for (const op of ofKeyspace) {
        ranges.add(op);
      }
    }
    return ranges;
  }

  toTransfer(): readonly Uint32Array[] {
    return [...this.#byKeyspace.values()].map(({ ops }) => ops.slice());
  }

  /** What they take, with what was made for readers of the past. */
  get memoryBytes(): number {
    let bytes = this.#bytes;
    for (const ranges of this.#byKeyspace.values()) {
      bytes += ranges.historyBytes;
    }
    return bytes;
  }

  keyspaces(): Iterable<number> {
    return this.#byKeyspace.keys();
  }

  has(keyspace: number): boolean {
    return !this.isEmpty && this.#byKeyspace.has(keyspace);
  }

  /** Takes in an operation that lies behind all others. */
  add(op: number): void {
    const keyspace = opKeyspace(this.#u32, op);
    const known = this.#byKeyspace.get(keyspace);
    const ranges = known ?? new KeyspaceRanges(this.#u8, this.#u32);
    const before = known === undefined ? 0 : known.memoryBytes;
    ranges.add(op);
    if (ranges.isEmpty) {
      // Its ends leave nothing in between.
      return;
    }
    if (known === undefined) {
      this.#byKeyspace.set(keyspace, ranges);
    }
    this.isEmpty = false;
    this.#count(ranges.memoryBytes - before);
  }

  /** Takes back the operations from `mark` on. */
  rewindTo(mark: number): void {
    if (this.isEmpty) {
      return;
    }
    for (const [keyspace, ranges] of this.#byKeyspace) {
      const before = ranges.memoryBytes;
      ranges.rewindTo(mark);
      if (ranges.isEmpty) {
        this.#byKeyspace.delete(keyspace);
      }
      this.#count((ranges.isEmpty ? 0 : ranges.memoryBytes) - before);
    }
    this.isEmpty = this.#byKeyspace.size === 0;
  }

  /** Begins anew, over another arena. */
  reset(u8: Uint8Array, u32: Uint32Array): void {
    this.#u8 = u8;
    this.#u32 = u32;
    this.#byKeyspace.clear();
    this.isEmpty = true;
    this.#count(-this.#bytes);
  }

  /**
   * The newest operation that covers the key for a reader that sees commit deltas up to `limit`, and operations before
   * `end`; 0 for none.
   */
  newestOver(keyspace: number, key: Uint8Array, offset: number, length: number, limit: number, end: number): number {
    const ranges = this.#byKeyspace.get(keyspace);
    return ranges === undefined ? 0 : ranges.newestOver(key, offset, length, limit, end);
  }

  /** The keys that one of the operations covers. */
  rangeOf(op: number): RangeDelete {
    return rangeOfOp(this.#u8, this.#u32, op);
  }

  /** What is covered, by whichever operation: in key order, ranges that do not touch. */
  deletes(keyspace: number): readonly RangeDelete[] {
    return this.#byKeyspace.get(keyspace)?.covered() ?? NO_DELETES;
  }

  /** Whether an operation made after `delta` covers anything between the keys. */
  covers(keyspace: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined, delta: number): boolean {
    const ranges = this.#byKeyspace.get(keyspace);
    return ranges?.covers(lower, upper, delta) ?? false;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.isFull = this.#bytes > this.#limitBytes;
  }
}

/** The keys that a range delete covers: its key is the lower end, its value the upper one, of no bytes if there is none. */
export function rangeOfOp(u8: Uint8Array, u32: Uint32Array, op: number): RangeDelete {
  return {
    lower: copyOfEnd(u8, u32, op),
    upper: hasUpper(u32, op) ? copyOfEnd(u8, u32, upperEnd(op)) : undefined,
  };
}
