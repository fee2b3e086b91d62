/** Ranges of keys as bytes. */
import { compareBytes } from "../bytes.ts";

/** Keys between `lower` (inclusive) and `upper` (exclusive); undefined: no bound. */
export interface ByteRange {
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
}

export const ALL_KEYS: ByteRange = { lower: undefined, upper: undefined };

/** The first `length` bytes of all keys that a range can hold, if they are the same in all of them. */
export function sharedPrefix({ lower, upper }: ByteRange, length: number): Uint8Array | undefined {
  if (lower === undefined || upper === undefined || lower.length < length) {
    return undefined;
  }
  const prefix = lower.subarray(0, length);
  const end = successorOf(prefix);
  return end === undefined || Buffer.compare(upper, end) <= 0 ? prefix : undefined;
}

/** The first key behind all that begin with the prefix; undefined: nothing comes behind them. */
function successorOf(prefix: Uint8Array): Uint8Array | undefined {
  for (let i = prefix.length - 1; i >= 0; i--) {
    if (prefix[i] !== 0xff) {
      const end = prefix.slice(0, i + 1);
      end[i]! += 1;
      return end;
    }
  }
  return undefined;
}

/** Whether two ranges have keys in common. */
export function meets(a: ByteRange, b: ByteRange): boolean {
  return reaches(a.lower, b.upper) && reaches(b.lower, a.upper);
}

function reaches(lower: Uint8Array | undefined, upper: Uint8Array | undefined): boolean {
  return lower === undefined || upper === undefined || Buffer.compare(lower, upper) < 0;
}

/** Whether `key` lies in the range. */
export function isInRange(range: ByteRange, key: Uint8Array, offset: number, length: number): boolean {
  return (
    (range.lower === undefined || compareBytes(key, offset, length, range.lower, 0, range.lower.length) >= 0) &&
    (range.upper === undefined || compareBytes(key, offset, length, range.upper, 0, range.upper.length) < 0)
  );
}
