/** What the codec tests share: values of every kind, orders to compare with, and bytes that are out to do harm. */
import fc from "fast-check";
import { DbError } from "../../src/errors.ts";
import { KEY_SCRATCH_BYTES, type KeyCodec } from "../../src/mvcc/key-codec.ts";
import type { Tuple, TupleElement } from "../../src/mvcc/tuple.ts";

/** The bytes of a key, encoded somewhere in the middle of shared memory, as in a log arena. */
export function encodeKey<K>(codec: KeyCodec<K>, key: K): Uint8Array {
  const padding = 13;
  const into = new Uint8Array(new SharedArrayBuffer(padding + KEY_SCRATCH_BYTES));
  const length = codec.encode(key, into, padding);
  return Uint8Array.from(into.subarray(padding, padding + length));
}

/** The key that `bytes` spell, read from between other bytes. */
export function decodeKey<K>(codec: KeyCodec<K>, bytes: Uint8Array, paddingAfter = 20): K {
  const outer = new Uint8Array(new SharedArrayBuffer(7 + bytes.length + paddingAfter)).fill(0xaa);
  outer.set(bytes, 7);
  return codec.decode(outer, 7, bytes.length);
}

export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof DbError ? error.code : `no DbError: ${error}`;
  }
  return "nothing thrown";
}

export const wellFormedText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme-ascii", maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom("\0", "\u0001", "a", "\u007f", "\u0080", "ÿ", "\ufffd", "\uffff", "😀"),
    maxLength: 20,
  }),
);

export const someBytes: fc.Arbitrary<Uint8Array> = fc
  .array(fc.oneof(fc.constantFrom(0, 1, 0xfe, 0xff), fc.nat(255)), { maxLength: 40 })
  .map((values) => Uint8Array.from(values));

export const someNumber: fc.Arbitrary<number> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, -0, 1, -1, 1.5, 5e-324, -5e-324, Infinity, -Infinity, Number.MAX_VALUE, 2 ** 53),
);

/** Integers of every length, crowding around the lengths' borders. */
export const someBigint: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: -300n, max: 300n }),
  fc.tuple(fc.nat(2040), fc.bigInt({ min: -2n, max: 2n }), fc.boolean()).map(([bits, near, isNegative]) => {
    const magnitude = bits === 2040 ? (1n << 2040n) - 1n : (1n << BigInt(bits)) + near;
    return isNegative ? -magnitude : magnitude;
  }),
  fc.bigInt({ min: -(1n << 80n), max: 1n << 80n }),
);

export const someTuple: fc.Arbitrary<Tuple> = fc.letrec<{ element: TupleElement; tuple: Tuple }>((tie) => ({
  element: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    someBytes,
    wellFormedText,
    someBigint.filter((value) => value.toString(16).length < 100),
    someNumber,
    fc.boolean(),
    tie("tuple"),
  ),
  tuple: fc.array(tie("element"), { maxLength: 4 }),
})).tuple;

export function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The order of code points, by way of arrays of them. */
export function compareText(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0) as number);
  const right = Array.from(b, (character) => character.codePointAt(0) as number);
  const differing = left.findIndex((code, i) => code !== right[i]);
  if (differing < 0) {
    return left.length === right.length ? 0 : -1;
  }
  return differing < right.length ? compareNumbers(left[differing] as number, right[differing] as number) : 1;
}

/** The order that tuple.ts promises, written down without any bytes. */
export function compareTuples(a: Tuple, b: Tuple): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareElements(a[i] as TupleElement, b[i] as TupleElement);
    if (order !== 0) {
      return order;
    }
  }
  return compareNumbers(a.length, b.length);
}

function compareElements(a: TupleElement, b: TupleElement): number {
  const order = compareNumbers(rank(a), rank(b));
  if (order !== 0 || a === null) {
    return order;
  }
  if (typeof a === "string") {
    return compareText(a, b as string);
  }
  if (a instanceof Uint8Array) {
    return Buffer.compare(a, b as Uint8Array);
  }
  if (typeof a === "object") {
    return compareTuples(a, b as Tuple);
  }
  return compareNumbers(Number.isNaN(a) ? 0 : (a as number), b as number);
}

function rank(element: TupleElement): number {
  if (element === null) {
    return 0;
  }
  if (element instanceof Uint8Array) {
    return 1;
  }
  if (typeof element === "object") {
    return 3;
  }
  return { string: 2, bigint: 4, number: 5, boolean: 6 }[typeof element as "string" | "bigint" | "number" | "boolean"];
}
