import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareBytes } from "../../src/bytes.ts";
import { answerRowid, EXACT_ROWIDS, endOfColumns, KeyWriter, readRowid, writeIntegerKey } from "../../src/sql/key.ts";
import { locateColumn, place, RowWriter, readColumn } from "../../src/sql/row.ts";
import { compareValues } from "../../src/sql/value/compare.ts";
import {
  answer,
  answered,
  BLOB,
  INTEGER,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
  tagOf,
} from "../../src/sql/value/value.ts";
import { checkProperty } from "../support/property.ts";

const edges = [
  0,
  1,
  2,
  127,
  128,
  255,
  256,
  32_767,
  32_768,
  65_535,
  2 ** 23,
  2 ** 24,
  2 ** 31,
  2 ** 32,
  2 ** 47,
  2 ** 48,
];
const integers = fc.oneof(
  fc.maxSafeInteger(),
  fc.constantFrom(...edges.flatMap((edge) => [edge, edge - 1, edge + 1, -edge, -edge - 1, 1 - edge]), 2 ** 53 - 1),
  fc.integer({ min: -300, max: 300 }),
);
const bigs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
});
const reals = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(0.5, -0.5, 2.5, -2.5, 1e300, -1e300, 5e-324, -5e-324, Infinity, -Infinity, 2 ** 63, -(2 ** 63)),
  integers.map((value) => value + 0.5),
);
const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string(),
  fc.constantFrom("", "a", "a\0", "a\0b", "ab", "é", "\uffff", "𝒳"),
);
const blobs = fc.uint8Array({ max: 255, maxLength: 40 });
/** A value with its tag: a whole real is a REAL here. */
const values: fc.Arbitrary<readonly [Tag, SqlValue]> = fc.oneof(
  fc.constant([0, null] as const),
  integers.map((value) => [1, value + 0] as const),
  bigs.map((value) => [tagOf(value)!, value === 0 ? 0 : value] as const),
  reals.map((value) => [2, value] as const),
  texts.map((value) => [4, Buffer.from(value).toString()] as const),
  blobs.map((value) => [5, value] as const),
);

describe("rows", () => {
  test("every column reads back by itself, in narrow and wide rows", () => {
    const writer = new RowWriter();
    checkProperty(
      fc.property(fc.array(values, { minLength: 1, maxLength: 12 }), fc.nat(5000), (columns, padding) => {
        writer.begin(columns.length + 1);
        for (const [tag, value] of columns) {
          writer.add(tag, value);
        }
        writer.add(4, "é".repeat(padding));
        const length = writer.finish();
        // The row lies at an odd place of a larger array, with noise around it.
        const u8 = new Uint8Array(length + 20).fill(0xa5);
        u8.set(writer.bytes.subarray(0, length), 7);
        const data = new DataView(u8.buffer);
        columns.forEach(([tag, value], slot) => {
          readColumn(u8, data, 7, slot);
          expect([answer.tag, answered()]).toEqual([tag, value]);
        });
        expect(locateColumn(data, 7, columns.length)).toBe(true);
        expect(place.end).toBe(7 + length);
        expect(locateColumn(data, 7, columns.length + 1)).toBe(false);
      }),
      { runs: 300 },
    );
  });

  test("the bytes of one row, as the format says", () => {
    const writer = new RowWriter();
    writer.begin(5);
    writer.addInteger(1);
    writer.addInteger(-2);
    writer.addNull();
    writer.addText("ab");
    writer.addReal(0.5);
    const bytes = Buffer.from(writer.bytes.subarray(0, writer.finish())).toString("hex");
    expect(bytes).toBe(["0a00", "0c20", "0d30", "0d00", "0fb0", "17a0", "fe", "6162", "000000000000e03f"].join(""));
  });

  test("a row of 2000 columns, and a value of a megabyte", () => {
    const writer = new RowWriter();
    writer.begin(2000);
    for (let slot = 0; slot < 2000; slot++) {
      writer.addInteger(slot);
    }
    writer.finish();
    readColumn(writer.bytes, new DataView(writer.bytes.buffer), 0, 1999);
    expect(answered()).toBe(1999);
    writer.begin(2);
    writer.addText("x".repeat(1_000_000));
    writer.addInteger(7);
    writer.finish();
    readColumn(writer.bytes, new DataView(writer.bytes.buffer), 0, 1);
    expect(answered()).toBe(7);
  });
});

describe("keys", () => {
  const keyOf = (columns: readonly (readonly [Tag, SqlValue])[], descending: readonly boolean[] = []): Uint8Array => {
    const writer = new KeyWriter();
    writer.begin();
    for (const [index, [tag, value]] of columns.entries()) {
      writer.addOrdered(tag, value, { collation: undefined, descending: descending[index] ?? false });
    }
    return writer.bytes.slice(0, writer.length);
  };
  /** Of few bytes, so that one is often the beginning of another. */
  const short = fc.oneof(
    fc
      .array(fc.constantFrom(0, 1, 0xfe, 0xff), { maxLength: 3 })
      .map((bytes) => [BLOB, Uint8Array.from(bytes)] as const),
    fc.string({ unit: fc.constantFrom("\0", "a"), maxLength: 3 }).map((text) => [TEXT, text] as const),
    fc.constantFrom([INTEGER, 2] as const, [REAL, 2.5] as const, [REAL, 2 ** 63] as const, [REAL, 2 ** 64] as const),
  );

  test("bytes order as values do, column by column", () => {
    const columns = fc.array(fc.oneof(values, short), { minLength: 2, maxLength: 2 });
    const directions = fc.array(fc.boolean(), { minLength: 2, maxLength: 2 });
    checkProperty(
      fc.property(columns, columns, directions, (a, b, descending) => {
        const x = keyOf(a, descending);
        const y = keyOf(b, descending);
        const [first, second] = [0, 1].map((column) => {
          const order = compareValues(a[column]![0], a[column]![1], b[column]![0], b[column]![1]);
          return descending[column] ? 0 - order : order;
        });
        expect(Math.sign(compareBytes(x, 0, x.length, y, 0, y.length))).toBe(
          Math.sign(first! !== 0 ? first! : second!),
        );
        const orders = descending.map((isDescending) => ({ collation: undefined, descending: isDescending }));
        expect(endOfColumns(x, orders)).toBe(x.length);
        expect(endOfColumns(x, orders.slice(0, 1))).toBe(keyOf(a.slice(0, 1), descending).length);
      }),
      { runs: 5000 },
    );
  });

  test("numbers of one value have one key, whatever their type", () => {
    expect(keyOf([[2, 5]])).toEqual(keyOf([[1, 5]]));
    expect(keyOf([[2, 2 ** 60]])).toEqual(keyOf([[3, 2n ** 60n]]));
    expect(keyOf([[2, -0]])).toEqual(keyOf([[1, 0]]));
  });

  test("rowids read back from any split into prefix and rest", () => {
    checkProperty(
      fc.property(fc.oneof(integers, bigs), fc.nat(9), (rowid, split) => {
        const key = keyOf([[tagOf(rowid)!, rowid]]);
        const cut = Math.min(split, key.length);
        const parts = [key, 0, cut, key, cut, key.length - cut] as const;
        answerRowid(...parts);
        expect(answered()).toBe(rowid === 0 ? 0 : rowid);
        const quick = readRowid(...parts);
        if (Math.abs(quick) < EXACT_ROWIDS) {
          expect(quick).toBe(rowid === 0 ? 0 : rowid);
        } else {
          expect(Math.abs(Number(rowid))).toBeGreaterThanOrEqual(EXACT_ROWIDS);
        }
      }),
      { runs: 1000 },
    );
  });

  test("small rowids are short, and all of one length share their first byte", () => {
    const into = new Uint8Array(16);
    expect([0, 1, 255, 256, 65_536, 16_777_216].map((rowid) => writeIntegerKey(rowid, into, 0))).toEqual([
      1, 2, 2, 3, 4, 5,
    ]);
  });

  test("a key beyond the limit is refused", () => {
    expect(() => keyOf([[4, "x".repeat(3000)]])).toThrow(/2048 bytes/);
    expect(() => keyOf([[4, "\0".repeat(1500)]])).toThrow(/2048 bytes/);
  });
});
