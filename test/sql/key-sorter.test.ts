/** Sorting pairs by the bytes of their keys. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySorter } from "../../src/sql/run/key-sorter.ts";

function sorted(pairs: readonly (readonly [string, string])[]): string[] {
  const sorter = new KeySorter();
  for (const [key, value] of pairs) {
    const keyBytes = Buffer.from(key, "latin1");
    const valueBytes = Buffer.from(value, "latin1");
    sorter.add(keyBytes, keyBytes.length, valueBytes, valueBytes.length);
  }
  return [...sorter.sort()].map((pair) => {
    const at = sorter.offsets[pair]!;
    const end = sorter.offsets[pair + 1]!;
    const behindKey = at + sorter.keyLengths[pair]!;
    const text = (from: number, to: number): string => Buffer.from(sorter.bytes.subarray(from, to)).toString("latin1");
    return `${text(at, behindKey)} ${text(behindKey, end)}`;
  });
}

function expected(pairs: readonly (readonly [string, string])[]): string[] {
  return pairs
    .map(([key, value]) => [Buffer.from(key, "latin1"), value] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
    .map(([key, value]) => `${key.toString("latin1")} ${value}`);
}

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array).toString("latin1"));

test("few pairs, with keys that are alike", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, bytes), { maxLength: 60 }), (pairs) => {
      expect(sorted(pairs)).toEqual(expected(pairs));
    }),
  );
});

// Beyond a thousand pairs it is digits that are sorted by.
test.each([
  ["that begin alike", (i: number) => `shared beginning ${(i * 7919) % 5000}`],
  ["of few values", (i: number) => String.fromCharCode(i % 3)],
  ["all the same", () => "same"],
  ["of every length", (i: number) => "ab\0\0cd".repeat(1 + (i % 7)).slice(0, i % 40)],
  ["alike in more than eight bytes", (i: number) => `${i % 2}${"x".repeat(12)}${(i * 31) % 4000}`],
])("many keys %s", (_, keyOf) => {
  const pairs = Array.from({ length: 5000 }, (_unused, i) => [keyOf(i), String(i)] as const);
  expect(sorted(pairs).map((line) => line.split(" ")[0])).toEqual(expected(pairs).map((line) => line.split(" ")[0]));
  expect(new Set(sorted(pairs)).size).toBe(new Set(expected(pairs)).size);
});
