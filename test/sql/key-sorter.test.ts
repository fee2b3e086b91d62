/** Sorting entries by the bytes of their keys. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySorter } from "../../src/sql/run/key-sorter.ts";

function sorted(pairs: readonly (readonly [string, string])[]): string[] {
  const sorter = new KeySorter();
  for (const [key, value] of pairs) {
    const keyBytes = Buffer.from(key, "latin1");
    const valueBytes = Buffer.from(value, "latin1");
    const half = valueBytes.length >> 1;
    sorter.add(keyBytes, keyBytes.length, true, valueBytes, 0, half, valueBytes, half, valueBytes.length - half);
  }
  sorter.sort();
  const lines: string[] = [];
  while (sorter.next()) {
    const { bytes, keyOffset, keyLength, valueOffset, valueLength } = sorter;
    const text = (from: number, length: number): string =>
      Buffer.from(bytes.subarray(from, from + length)).toString("latin1");
    lines.push(`${text(keyOffset, keyLength)} ${text(valueOffset, valueLength)}`);
  }
  return lines;
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

test("what others may have the columns of has the row's key behind them, and is never there twice", () => {
  const sorter = new KeySorter();
  const columns = Buffer.from("same");
  for (const row of ["b", "a", "c"]) {
    sorter.add(columns, columns.length, false, Buffer.from(row), 0, 1, columns, 0, 0);
  }
  sorter.sort();
  expect(sorter.hasTwice).toBe(false);
  expect(sorter.next()).toBe(true);
  const { bytes, keyOffset, keyLength, valueOffset, valueLength } = sorter;
  expect(Buffer.from(bytes.subarray(keyOffset, keyOffset + keyLength)).toString()).toBe("samea");
  expect(Buffer.from(bytes.subarray(valueOffset, valueOffset + valueLength)).toString()).toBe("a");
});

// Beyond 65,536 it is by one byte at a time.
test.each([
  ["of few values and many rests", (i: number) => `${"abc"[i % 3]}${"same".repeat(i % 2)}${(i * 7919) % 70_001}`],
  ["of two lengths", (i: number) => (i % 2 === 0 ? "\0".repeat(i % 9) : String.fromCharCode(i & 0xff, i >> 8))],
])("very many keys %s", (_, keyOf) => {
  const pairs = Array.from({ length: 70_001 }, (_unused, i) => [keyOf(i), "value"] as const);
  expect(sorted(pairs)).toEqual(expected(pairs));
});

test.each([3, 5000])("one key among %i that is there twice is found", (count) => {
  for (const isTwice of [true, false]) {
    const sorter = new KeySorter();
    for (let i = 0; i < count; i++) {
      const key = Buffer.from(`${isTwice && i === count - 1 ? 1 : i}`);
      sorter.add(key, key.length, true, key, 0, 0, key, 0, 0);
    }
    sorter.sort();
    expect(sorter.hasTwice).toBe(isTwice);
  }
});

// Beyond a few dozen it is digits that are sorted by.
test.each([
  ["that begin alike", (i: number) => `shared beginning ${(i * 7919) % 5000}`],
  ["of few values", (i: number) => String.fromCharCode(i % 3)],
  ["all the same", () => "same"],
  ["of every length", (i: number) => "ab\0\0cd".repeat(1 + (i % 7)).slice(0, i % 40)],
  ["alike but for zeros at their ends", (i: number) => `${i % 50}${"\0".repeat(i % 30)}`],
  ["alike in more than eight bytes", (i: number) => `${i % 2}${"x".repeat(12)}${(i * 31) % 4000}`],
])("many keys %s", (_, keyOf) => {
  const pairs = Array.from({ length: 5000 }, (_unused, i) => [keyOf(i), String(i)] as const);
  expect(sorted(pairs).map((line) => line.split(" ")[0])).toEqual(expected(pairs).map((line) => line.split(" ")[0]));
  expect(new Set(sorted(pairs)).size).toBe(new Set(expected(pairs)).size);
});
