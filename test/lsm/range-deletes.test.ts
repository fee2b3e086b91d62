/** Lists of range deletes against the set of keys that they cover. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clipDeletes,
  coveringDelete,
  earlierEnd,
  isBelow,
  laterEnd,
  type RangeDelete,
  uniteDeletes,
} from "../../src/lsm/range-deletes.ts";
import { checkProperty } from "../support/property.ts";

const KEYS = 24;

function keyOf(n: number): Uint8Array {
  return n === 0 ? new Uint8Array(0) : Uint8Array.of(7, n);
}

const range: fc.Arbitrary<RangeDelete> = fc
  .tuple(fc.nat(KEYS - 1), fc.oneof(fc.integer({ min: 1, max: KEYS }), fc.constant(undefined)))
  .map(([lower, length]) => ({
    lower: keyOf(lower),
    upper: length === undefined ? undefined : keyOf(lower + length),
  }));

const list = fc
  .array(range, { maxLength: 6 })
  .map((ranges) => ranges.reduce((all, each) => uniteDeletes(all, [each]), [] as readonly RangeDelete[]));

const bound = fc.option(fc.nat(KEYS), { nil: undefined });

function covered(deletes: readonly RangeDelete[]): number[] {
  return Array.from({ length: 2 * KEYS + 2 }, (_, n) => n).filter((n) => {
    const key = keyOf(n);
    return coveringDelete(deletes, key, 0, key.length) !== undefined;
  });
}

/** Without a search: whether any range has the key. */
function coveredPlainly(deletes: readonly RangeDelete[]): number[] {
  return Array.from({ length: 2 * KEYS + 2 }, (_, n) => n).filter((n) =>
    deletes.some(
      ({ lower, upper }) =>
        Buffer.compare(lower, keyOf(n)) <= 0 && (upper === undefined || Buffer.compare(keyOf(n), upper) < 0),
    ),
  );
}

function isInOrder(deletes: readonly RangeDelete[]): boolean {
  return deletes.every(({ lower, upper }, i) => {
    const next = deletes[i + 1];
    const isSome = upper === undefined || Buffer.compare(lower, upper) < 0;
    return isSome && (next === undefined || (upper !== undefined && Buffer.compare(upper, next.lower) < 0));
  });
}

describe("lists of range deletes", () => {
  it("united cover what either did, in order and without touching", () => {
    checkProperty(
      fc.property(list, list, (a, b) => {
        const united = uniteDeletes(a, b);
        expect(isInOrder(united)).toBe(true);
        expect(covered(united)).toEqual([...new Set([...covered(a), ...covered(b)])].sort((x, y) => x - y));
        expect(covered(united)).toEqual(coveredPlainly(united));
      }),
      { runs: 500 },
    );
  });

  it("clipped cover what they did between the bounds", () => {
    checkProperty(
      fc.property(list, bound, bound, (deletes, lower, upper) => {
        const clipped = clipDeletes(
          deletes,
          lower === undefined ? undefined : keyOf(lower),
          upper === undefined ? undefined : keyOf(upper),
        );
        expect(isInOrder(clipped)).toBe(true);
        expect(covered(clipped)).toEqual(
          covered(deletes).filter((n) => (lower === undefined || n >= lower) && (upper === undefined || n < upper)),
        );
      }),
      { runs: 500 },
    );
  });

  it("take an end of undefined for the last one", () => {
    const [a, b] = [keyOf(1), keyOf(2)];
    expect([earlierEnd(a, b), earlierEnd(undefined, b), earlierEnd(undefined, undefined)]).toEqual([a, b, undefined]);
    expect([laterEnd(a, b), laterEnd(undefined, b), laterEnd(a, undefined)]).toEqual([b, undefined, undefined]);
    expect([isBelow(a, 0, 2, b), isBelow(b, 0, 2, b), isBelow(b, 0, 2, undefined)]).toEqual([true, false, true]);
  });
});
