/**
 * Range deletes: everything between two keys is gone, said in one entry however much it was.
 *
 * A list of them is kept sorted and without overlaps, so that one search answers whether a key is covered. Which of the
 * entries of a source they apply to is the owner's business: those of a part hide what lies in older runs, never what lies
 * in the part itself.
 */
import { compareBytes } from "../bytes.ts";

/** Keys from `lower` (inclusive) to `upper` (exclusive); undefined: to the end. */
export interface RangeDelete {
  readonly lower: Uint8Array;
  readonly upper: Uint8Array | undefined;
}

export const NO_RANGE_DELETES: readonly RangeDelete[] = [];

/** The range delete that covers the key, if one does. */
export function coveringDelete(
  deletes: readonly RangeDelete[],
  key: Uint8Array,
  offset: number,
  length: number,
): RangeDelete | undefined {
  const last = deletes[lastStartingUpTo(deletes, key, offset, length)];
  return last !== undefined && isBelow(key, offset, length, last.upper) ? last : undefined;
}

/** Both lists as one. */
export function uniteDeletes(a: readonly RangeDelete[], b: readonly RangeDelete[]): readonly RangeDelete[] {
  if (a.length === 0 || b.length === 0) {
    return a.length === 0 ? b : a;
  }
  const sorted = [...a, ...b].sort((left, right) => Buffer.compare(left.lower, right.lower));
  const united: RangeDelete[] = [];
  for (const next of sorted) {
    const last = united.at(-1);
    if (last === undefined || !reaches(last.upper, next.lower)) {
      united.push(next);
    } else if (last.upper !== undefined) {
      united[united.length - 1] = { lower: last.lower, upper: laterEnd(last.upper, next.upper) };
    }
  }
  return united;
}

/** What of the list lies between two keys. */
export function clipDeletes(
  deletes: readonly RangeDelete[],
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): readonly RangeDelete[] {
  if (deletes.length === 0) {
    return deletes;
  }
  const clipped: RangeDelete[] = [];
  for (const range of deletes) {
    const from = lower !== undefined && Buffer.compare(range.lower, lower) < 0 ? lower : range.lower;
    const to = earlierEnd(range.upper, upper);
    if (to === undefined || Buffer.compare(from, to) < 0) {
      clipped.push({ lower: from, upper: to });
    }
  }
  return clipped;
}

/** The earlier of two exclusive ends, of which undefined is the last. */
export function earlierEnd(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  return Buffer.compare(a, b) <= 0 ? a : b;
}

/** The later of two exclusive ends. */
export function laterEnd(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) {
    return undefined;
  }
  return Buffer.compare(a, b) >= 0 ? a : b;
}

/** Whether a key lies below an exclusive end. */
export function isBelow(key: Uint8Array, offset: number, length: number, end: Uint8Array | undefined): boolean {
  return end === undefined || compareBytes(key, offset, length, end, 0, end.length) < 0;
}

/** Whether a range that ends at `upper` leaves no gap before `lower`. */
function reaches(upper: Uint8Array | undefined, lower: Uint8Array): boolean {
  return upper === undefined || Buffer.compare(upper, lower) >= 0;
}

/** The index of the last range that starts at or before the key; -1 for none. */
function lastStartingUpTo(deletes: readonly RangeDelete[], key: Uint8Array, offset: number, length: number): number {
  let low = 0;
  let high = deletes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { lower } = deletes[middle]!;
    if (compareBytes(lower, 0, lower.length, key, offset, length) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}
