/** Rows that are sorted, told apart and looked up on disk, against the same in memory. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { MemoryDisk, openUnnamed } from "../../../src/pager/index.ts";
import type { HeldRow } from "../../../src/sql/query/interpret/held-row.ts";
import type { Holding } from "../../../src/sql/run/holding.ts";
import type { SortTerm } from "../../../src/sql/run/sorter.ts";
import { DistinctRows } from "../../../src/sql/spill/distinct-rows.ts";
import { ExternalSorter } from "../../../src/sql/spill/external-sorter.ts";
import { compareKeys } from "../../../src/sql/spill/key-encoder.ts";
import { KeyedRows } from "../../../src/sql/spill/keyed-rows.ts";
import { Spill } from "../../../src/sql/spill/spill.ts";
import { StoredRows } from "../../../src/sql/spill/stored-rows.ts";
import { BUILT_IN_COLLATIONS, type Collation } from "../../../src/sql/value/collation.ts";
import { BIG, BLOB, INTEGER, NULL, REAL, type SqlValue, type Tag, TEXT } from "../../../src/sql/value/value.ts";
import { checkProperty } from "../../support/property.ts";

/** What a session may define. */
const BY_LENGTH: Collation = {
  name: "LENGTH",
  compare: (a, b) => a.length - b.length,
  fold: undefined,
};

type Cell = readonly [Tag, SqlValue];

const LONG = "n".repeat(2040);
const texts = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "A",
    "a ",
    "b",
    "\0",
    "a\0",
    "é",
    "\u{1f600}",
    LONG,
    `${LONG}\0\0`,
    `${LONG}12345678x`,
    `${LONG}12345678`,
  ),
  fc.string({ maxLength: 4 }),
  fc.integer({ min: 2030, max: 2060 }).map((length) => "n".repeat(length)),
);
const cells: fc.Arbitrary<Cell> = fc.oneof(
  fc.constant<Cell>([NULL, null]),
  fc.integer({ min: -3, max: 3 }).map((value): Cell => [INTEGER, value]),
  fc.constantFrom<Cell>(
    [INTEGER, 2 ** 53 - 1],
    [BIG, 2n ** 53n],
    [REAL, 2 ** 53],
    [BIG, 2n ** 63n - 1n],
    [BIG, -(2n ** 63n)],
  ),
  fc.constantFrom(-0, 0, 1, 2.5, -2.5, 1e300, -1e300, Infinity, -Infinity, 2 ** 63).map((value): Cell => [REAL, value]),
  fc.double({ noNaN: true }).map((value): Cell => [REAL, value]),
  texts.map((value): Cell => [TEXT, Buffer.from(value).toString()]),
  fc.uint8Array({ maxLength: 3 }).map((value): Cell => [BLOB, Uint8Array.from(value)]),
);
const terms: fc.Arbitrary<SortTerm> = fc.record({
  descending: fc.boolean(),
  nullsFirst: fc.boolean(),
  collation: fc.constantFrom(undefined, ...BUILT_IN_COLLATIONS.values(), BY_LENGTH),
});

function rowOf(cellsOfRow: readonly Cell[]): HeldRow {
  return { tags: cellsOfRow.map(([tag]) => tag), values: cellsOfRow.map(([, value]) => value) };
}

const sorts = fc.array(terms, { minLength: 0, maxLength: 3 }).chain((sorted) =>
  fc.record({
    sorted: fc.constant(sorted),
    keys: fc.array(fc.tuple(...sorted.map(() => cells)).map(rowOf), { maxLength: 60 }),
    rows: fc.integer({ min: 1, max: 20 }),
    bytes: fc.constantFrom(0, 300, 3000, 1e6),
    mostMerged: fc.integer({ min: 2, max: 4 }),
  }),
);

type Sort = typeof sorts extends fc.Arbitrary<infer T> ? T : never;

function forAny(check: (sort: Sort) => void): void {
  checkProperty(fc.property(sorts, check), { runs: 300 });
}

function newSpill(rows: number, bytes: number, spillBytes: number = 1e9): Spill {
  const holding: Holding = { rows, bytes, spillBytes, openFile: () => openUnnamed(new MemoryDisk(), "spill.0") };
  return new Spill(holding);
}

/** A row that tells its number, and has a value of each kind. */
function numbered(number: number): HeldRow {
  return rowOf([
    [INTEGER, number],
    [REAL, -0],
    [REAL, 1],
    [BIG, 2n ** 60n],
    [TEXT, "é"],
    [BLOB, Uint8Array.of(number & 0xff)],
    [NULL, null],
  ]);
}

function inOrder(sorted: readonly SortTerm[], keys: readonly HeldRow[]): number[] {
  return keys.map((_, number) => number).sort((a, b) => compareKeys(sorted, keys[a]!, keys[b]!) || a - b);
}

test("rows come in the order of their keys, alike ones as they came, and as they were", () => {
  forAny(({ sorted, keys, rows, bytes, mostMerged }) => {
    const spill = newSpill(rows, bytes);
    const sorter = new ExternalSorter(spill, sorted, mostMerged);
    for (const [number, key] of keys.entries()) {
      sorter.add(key, numbered(number));
    }
    const found = sorter.finish();
    const expected = inOrder(sorted, keys);
    for (const [place, number] of expected.entries()) {
      expect(found.next()).toBe(true);
      expect(found.row()).toEqual(numbered(number));
      const before = expected[place - 1];
      expect(found.isAlike).toBe(before !== undefined && compareKeys(sorted, keys[before]!, keys[number]!) === 0);
    }
    expect(found.next()).toBe(false);
    found.close();
  });
});

test("rows are found by their keys, in the order in which they came", () => {
  forAny(({ sorted, keys, rows, bytes }) => {
    const kept = keys.filter((_, number) => number % 3 !== 0);
    const stored = new KeyedRows(newSpill(rows, bytes), sorted);
    for (const [number, key] of kept.entries()) {
      stored.add(key, numbered(number));
    }
    stored.finish();
    for (const key of [...keys, ...keys]) {
      const expected = [...kept.keys()].filter((number) => compareKeys(sorted, kept[number]!, key) === 0);
      expect(stored.find(key)).toBe(expected.length > 0);
      const found: SqlValue[] = [];
      while (stored.next()) {
        found.push(stored.row().values[0]!);
      }
      expect(found).toEqual(expected);
    }
    const all: SqlValue[] = [];
    stored.forEach((row) => {
      all.push(row.values[0]!);
    });
    expect(all).toEqual(inOrder(sorted, kept));
    stored.close();
  });
});

test("of rows with the same keys the first comes, in its place", () => {
  forAny(({ sorted, keys, rows, bytes }) => {
    const collations = sorted.map(({ collation }) => collation);
    const told = new DistinctRows(newSpill(rows, bytes), collations);
    const found: SqlValue[] = [];
    for (const [number, key] of keys.entries()) {
      if (told.isNew(key, numbered(number))) {
        found.push(number);
      }
    }
    const rest = told.rest();
    while (rest?.next() === true) {
      found.push(rest.row().values[0]!);
    }
    told.close();
    const isFirst = (number: number): boolean =>
      keys.findIndex((key) => compareKeys(sorted, key, keys[number]!) === 0) === number;
    expect(found).toEqual([...keys.keys()].filter(isFirst));
  });
});

test("a column with NULLs where they do not belong, behind one that ends with a zero byte", () => {
  const sorted = [
    { descending: true, nullsFirst: false },
    { descending: false, nullsFirst: false },
  ];
  const keys = [Uint8Array.of(0), Uint8Array.of(), Uint8Array.of(0, 0)].map((blob) =>
    rowOf([
      [BLOB, blob],
      [INTEGER, 1],
    ]),
  );
  const sorter = new ExternalSorter(newSpill(10, 1000), sorted);
  for (const [number, key] of keys.entries()) {
    sorter.add(key, numbered(number));
  }
  const found = sorter.finish();
  const numbers: SqlValue[] = [];
  while (found.next()) {
    numbers.push(found.row().values[0]!);
  }
  expect(numbers).toEqual([2, 0, 1]);
});

test("keys that agree in more than a mark has are found", () => {
  const stored = new KeyedRows(newSpill(100, 5000), [{ descending: false, nullsFirst: true }]);
  const keyOf = (number: number): HeldRow => rowOf([[TEXT, `${"k".repeat(100)}${number % 500}`]]);
  for (let number = 0; number < 3000; number++) {
    stored.add(keyOf(number), numbered(number));
  }
  stored.finish();
  for (let number = 0; number < 500; number++) {
    expect(stored.find(keyOf(number))).toBe(true);
    const found: SqlValue[] = [];
    while (stored.next()) {
      found.push(stored.row().values[0]!);
    }
    expect(found).toEqual([0, 1, 2, 3, 4, 5].map((times) => number + times * 500));
  }
  expect(stored.find(keyOf(500 - 1))).toBe(true);
  expect(stored.find(rowOf([[TEXT, "k".repeat(100)]]))).toBe(false);
  stored.close();
});

test("stored rows are gone through by several, of whatever length", () => {
  const stored = new StoredRows(newSpill(1, 2000));
  const textOf = (number: number): string => "x".repeat((number * number * 7) % 5000);
  for (let number = 0; number < 50; number++) {
    stored.add(
      rowOf([
        [INTEGER, number],
        [TEXT, textOf(number)],
      ]),
    );
  }
  const [a, b] = [stored.reader(), stored.reader()];
  for (let number = 0; number < 50; number++) {
    for (const reader of [a, b]) {
      expect(reader.next()).toBe(true);
      expect(reader.row(2).values).toEqual([number, textOf(number)]);
    }
  }
  expect(a.next()).toBe(false);
  stored.close();
});

test("the bytes on disk have a bound, and those of a file that is closed are free again", () => {
  const spill = newSpill(1, 1600, 10_000);
  const row = rowOf([[TEXT, "x".repeat(1000)]]);
  const first = new StoredRows(spill);
  for (let number = 0; number < 9; number++) {
    first.add(row);
  }
  const second = new StoredRows(spill);
  expect(() => {
    for (let number = 0; number < 3; number++) {
      second.add(row);
    }
  }).toThrow("a statement may have 10000 bytes on disk (option spillBytes)");
  first.close();
  second.close();
  const third = new StoredRows(spill);
  for (let number = 0; number < 9; number++) {
    third.add(row);
  }
  spill.close();
});
