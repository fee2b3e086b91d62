/**
 * The range deletes of one arena: which of its operations say that everything between two keys is gone.
 *
 * They are not in the arena's index, which knows keys. They are kept as fragments, which do not overlap, each with the
 * operations that cover it, oldest first; so one search finds the newest one that a reader sees. An operation of the same
 * arena on a key is hidden by one that lies behind it, and everything in older places by any.
 *
 *     op 100   deletes [b, h)          ├──────────┤
 *     op 240   deletes [e, m)                ├──────────┤
 *     fragments                        ├100──┤├100,240┤├240┤
 */
import { isBelow, type RangeDelete } from "../lsm/index.ts";
import { OP_COMMIT_DELTA, opKeyLength, opKeyOffset, opKeyspace, opValueLength, opValueOffset } from "../wal/index.ts";

interface Fragment extends RangeDelete {
  /** Ascending; this fragment's own. */
  readonly ops: number[];
}

const NO_FRAGMENTS: readonly Fragment[] = [];
/** A function takes only so many arguments. */
const MAX_SPLICED = 1000;

export class RangeOps {
  /** Whether there are none: most arenas never have one. */
  isEmpty: boolean;
  #u8: Uint8Array;
  #u32: Uint32Array;
  /** In key order. */
  readonly #byKeyspace: Map<number, Fragment[]>;
  /** All of them, in the order in which they were written. */
  #ops: number[];

  constructor(u8: Uint8Array, u32: Uint32Array, ops: readonly number[] = []) {
    this.isEmpty = true;
    this.#u8 = u8;
    this.#u32 = u32;
    this.#byKeyspace = new Map();
    this.#ops = [];
    for (const op of ops) {
      this.add(op);
    }
  }

  /** For another thread, which has the same arena. */
  toTransfer(): readonly number[] {
    return this.#ops;
  }

  keyspaces(): Iterable<number> {
    return this.#byKeyspace.keys();
  }

  has(keyspace: number): boolean {
    return !this.isEmpty && this.#byKeyspace.has(keyspace);
  }

  add(op: number): void {
    const keyspace = opKeyspace(this.#u32, op);
    this.#ops.push(op);
    this.isEmpty = false;
    const fragments = this.#byKeyspace.get(keyspace);
    const range = this.#rangeOf(op);
    if (fragments === undefined) {
      this.#byKeyspace.set(keyspace, [{ ...range, ops: [op] }]);
    } else {
      cover(fragments, range, op);
    }
  }

  /** Takes back the operations from `mark` on. */
  rewindTo(mark: number): void {
    if (this.#ops.length > 0 && this.#ops.at(-1)! >= mark) {
      this.reset(
        this.#u8,
        this.#u32,
        this.#ops.filter((op) => op < mark),
      );
    }
  }

  /** Begins anew, over another arena or other operations. */
  reset(u8: Uint8Array, u32: Uint32Array, ops: readonly number[] = []): void {
    this.#u8 = u8;
    this.#u32 = u32;
    this.#byKeyspace.clear();
    this.#ops = [];
    this.isEmpty = true;
    for (const op of ops) {
      this.add(op);
    }
  }

  /**
   * The newest operation that covers the key for a reader that sees commit deltas up to `limit`, and operations before
   * `end`; 0 for none.
   */
  newestOver(keyspace: number, key: Uint8Array, offset: number, length: number, limit: number, end: number): number {
    const fragment = this.fragmentOver(keyspace, key, offset, length);
    return fragment === undefined ? 0 : this.#newestVisible(fragment.ops, limit, end);
  }

  /** The stretch around a key that the same operations cover. */
  fragmentOver(
    keyspace: number,
    key: Uint8Array,
    offset: number,
    length: number,
  ): (RangeDelete & Fragment) | undefined {
    const fragments = this.#byKeyspace.get(keyspace) ?? NO_FRAGMENTS;
    const fragment = fragments[countStartingUpTo(fragments, key, offset, length) - 1];
    return fragment !== undefined && isBelow(key, offset, length, fragment.upper) ? fragment : undefined;
  }

  /** What is covered, by whichever operation. */
  deletes(keyspace: number): readonly RangeDelete[] {
    return this.#byKeyspace.get(keyspace) ?? NO_FRAGMENTS;
  }

  /** Whether an operation made after `delta` covers anything between the keys. */
  covers(keyspace: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined, delta: number): boolean {
    return this.deletes(keyspace).some((range) => {
      const isApart =
        (upper !== undefined && Buffer.compare(range.lower, upper) >= 0) ||
        (lower !== undefined && range.upper !== undefined && Buffer.compare(range.upper, lower) <= 0);
      return !isApart && (range as Fragment).ops.some((op) => this.#deltaOf(op) > delta);
    });
  }

  #newestVisible(ops: readonly number[], limit: number, end: number): number {
    for (let i = ops.length - 1; i >= 0; i--) {
      const op = ops[i]!;
      if (op < end && this.#deltaOf(op) <= limit) {
        return op;
      }
    }
    return 0;
  }

  #deltaOf(op: number): number {
    return this.#u32[(op + OP_COMMIT_DELTA) >>> 2]!;
  }

  #rangeOf(op: number): RangeDelete {
    return rangeOfOp(this.#u8, this.#u32, op);
  }
}

/** The keys that a range delete covers: its key is the lower end, its value the upper one, of no bytes if there is none. */
export function rangeOfOp(u8: Uint8Array, u32: Uint32Array, op: number): RangeDelete {
  const key = opKeyOffset(u32, op);
  const value = opValueOffset(u32, op);
  const length = opValueLength(u32, op);
  return {
    lower: u8.slice(key, key + opKeyLength(u32, op)),
    upper: length === 0 ? undefined : u8.slice(value, value + length),
  };
}

/** One more range over the fragments. Only those that it touches are looked at: there may be many thousands. */
function cover(fragments: Fragment[], range: RangeDelete, op: number): void {
  const { lower, upper } = range;
  const starting = countStartingUpTo(fragments, lower, 0, lower.length);
  const first = starting > 0 && startsBefore(lower, fragments[starting - 1]!.upper) ? starting - 1 : starting;
  const covered: Fragment[] = [];
  let end = first;
  let from: Uint8Array | undefined = lower;
  for (; end < fragments.length && startsBefore(fragments[end]!.lower, upper); end++) {
    const fragment = fragments[end]!;
    if (Buffer.compare(fragment.lower, from!) < 0) {
      covered.push({ lower: fragment.lower, upper: from, ops: [...fragment.ops] });
    } else {
      pushGap(covered, from!, fragment.lower, op);
      from = fragment.lower;
    }
    const isWithin = endsWithin(fragment.upper, upper);
    if (!isWithin) {
      covered.push({ lower: from!, upper, ops: [...fragment.ops, op] });
      covered.push({ lower: upper!, upper: fragment.upper, ops: fragment.ops });
    } else {
      fragment.ops.push(op);
      covered.push({ lower: from!, upper: fragment.upper, ops: fragment.ops });
    }
    from = isWithin ? fragment.upper : undefined;
  }
  if (from !== undefined) {
    pushGap(covered, from, upper, op);
  }
  if (covered.length <= MAX_SPLICED) {
    fragments.splice(first, end - first, ...covered);
  } else {
    const behind = fragments.splice(first).slice(end - first);
    for (const fragment of [...covered, ...behind]) {
      fragments.push(fragment);
    }
  }
}

function pushGap(into: Fragment[], lower: Uint8Array, upper: Uint8Array | undefined, op: number): void {
  if (startsBefore(lower, upper)) {
    into.push({ lower, upper, ops: [op] });
  }
}

/** How many fragments start at or before the key. */
function countStartingUpTo(fragments: readonly Fragment[], key: Uint8Array, offset: number, length: number): number {
  let low = 0;
  let high = fragments.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(key, offset, length, fragments[middle]!.lower)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

function startsBefore(lower: Uint8Array, end: Uint8Array | undefined): boolean {
  return end === undefined || Buffer.compare(lower, end) < 0;
}

/** Whether one exclusive end is not behind another. */
function endsWithin(end: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return other === undefined || (end !== undefined && Buffer.compare(end, other) <= 0);
}
