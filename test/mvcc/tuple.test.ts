import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keyCodec } from "../../src/mvcc/key-codec.ts";
import { MAX_TUPLE_DEPTH, type Tuple, type TupleElement } from "../../src/mvcc/tuple.ts";
import { checkProperty } from "../support/property.ts";
import { codeOf, compareTuples, decodeKey, encodeKey, someBytes, someTuple } from "./codec-fixture.ts";

const codec = keyCodec("tuple");
const hexOf = (tuple: Tuple): string => Buffer.from(encodeKey(codec, tuple)).toString("hex");
const tupleOf = (hex: string): Tuple => decodeKey(codec, Buffer.from(hex, "hex"));

/** -0 is stored as 0; everything else comes back as it went in. */
function withoutNegativeZero(element: TupleElement): TupleElement {
  if (Array.isArray(element)) {
    return element.map(withoutNegativeZero);
  }
  return Object.is(element, -0) ? 0 : element;
}

describe("the tuple encoding", () => {
  it.each<[string, Tuple, string]>([
    // The test cases of FoundationDB's specification.
    ["bytes", [Buffer.from("foo\0bar")], "01666f6f00ff62617200"],
    ["text", ["F\u00d4O\u0000bar"], "0246c3944f00ff62617200"],
    ["nested", [[Buffer.from("foo\0bar"), null, []]], "0501666f6f00ff6261720000ff050000"],
    ["an integer", [-5551212n], "11ab4b93"],
    // What its text says of the rest.
    ["nothing", [], ""],
    ["null", [null], "00"],
    ["zero", [0n], "14"],
    ["minus one", [-1n], "13fe"],
    ["one byte", [255n], "15ff"],
    ["two bytes", [256n], "160100"],
    ["minus two bytes", [-256n], "12feff"],
    ["eight bytes", [0xffff_ffff_ffff_ffffn], "1cffffffffffffffff"],
    ["minus eight bytes", [-0xffff_ffff_ffff_ffffn], "0c0000000000000000"],
    ["nine bytes", [1n << 64n], "1d09010000000000000000"],
    ["minus nine bytes", [-(1n << 64n)], "0bf6feffffffffffffffff"],
    ["a double", [1.5], "21bff8000000000000"],
    ["a negative double", [-42], "213fbaffffffffffff"],
    ["a whole number", [1], "21bff0000000000000"],
    ["booleans", [false, true], "2627"],
    ["nested nothing", [[]], "0500"],
    ["nested null", [[null]], "0500ff00"],
  ])("is that of the specification: %s", (_, tuple, hex) => {
    expect(hexOf(tuple)).toBe(hex);
    expect(compareTuples(tupleOf(hex), tuple)).toBe(0);
  });

  it("reads what only other writers write: floats and UUIDs", () => {
    expect(tupleOf("203dd7ffff")).toEqual([-42]);
    expect(tupleOf("30000102030405060708090a0b0c0d0e0f")).toEqual(["00010203-0405-0607-0809-0a0b0c0d0e0f"]);
  });

  it("comes back as it went in", () => {
    checkProperty(
      fc.property(someTuple, (tuple) => {
        expect(decodeKey(codec, encodeKey(codec, tuple))).toStrictEqual(withoutNegativeZero(tuple));
      }),
      { runs: 500 },
    );
  });

  it("sorts as the tuples do", () => {
    checkProperty(
      fc.property(someTuple, someTuple, (a, b) => {
        expect(Buffer.compare(encodeKey(codec, a), encodeKey(codec, b))).toBe(compareTuples(a, b));
        expect(Buffer.compare(encodeKey(codec, [...a, ...b]), encodeKey(codec, a))).toBe(b.length === 0 ? 0 : 1);
      }),
      { runs: 500 },
    );
  });

  it("puts numbers in numeric order, whole or not", () => {
    const sorted = [-Infinity, -2.5, -2, -1, 0, 0.5, 1, 1.5, 2, 10, 2 ** 53, 1e300, Infinity];
    const encoded = sorted.map((number) => encodeKey(codec, ["n", number]));
    expect(encoded.toSorted(Buffer.compare)).toEqual(encoded);
  });
});

describe("the tuple decoder", () => {
  it("meets any bytes with a tuple that encodes to them, or with an error", () => {
    const foreign = /^(CORRUPT|UNSUPPORTED)$/;
    const codes = fc.constantFrom(0, 1, 2, 5, 0xb, 0xc, 0x13, 0x14, 0x15, 0x1c, 0x1d, 0x21, 0x26, 0x27, 0x32, 0xff);
    const hostile = fc.oneof(
      someBytes,
      fc.array(codes, { maxLength: 30 }).map((values) => Uint8Array.from(values)),
    );
    checkProperty(
      fc.property(
        hostile.filter((bytes) => !bytes.includes(0x20) && !bytes.includes(0x30)),
        (bytes) => {
          let tuple: Tuple;
          try {
            tuple = decodeKey(codec, bytes);
          } catch {
            expect(codeOf(() => decodeKey(codec, bytes))).toMatch(foreign);
            return;
          }
          expect(encodeKey(codec, tuple)).toEqual(bytes);
        },
      ),
      { runs: 3000 },
    );
  });

  it("says of every cut and every flipped bit of a key that it is damaged, or reads another key", () => {
    const whole = encodeKey(codec, ["users", 7n, -(1n << 70n), [null, "a\0b", new Uint8Array([0, 1])], 2.5, true]);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(codeOf(() => decodeKey(codec, bytes))).toMatch(/^(CORRUPT|UNSUPPORTED|nothing thrown)$/);
      expect(codeOf(() => decodeKey(codec, whole.slice(0, bit >> 3)))).toMatch(/^(CORRUPT|nothing thrown)$/);
    }
  });

  it.each([
    ["a string without an end", "0261"],
    ["bytes whose end is an escape", "016100ff"],
    ["text that is not UTF-8", "02c32800"],
    ["an integer with a leading zero", "160001"],
    ["a negative integer with a leading zero", "12ffff"],
    ["a long integer that is short", "1d0101"],
    ["a long integer with a leading zero", "1d09000000000000000001"],
    ["a double that is cut off", "21bff0"],
    ["NaN", "21fff8000000000000"],
    ["minus zero", "217fffffffffffffff"],
    ["a nested tuple without an end", "0514"],
    ["an unknown type", "25"],
    ["the escape", "ff"],
    ["nesting without an end", "05".repeat(2000)],
  ])("refuses %s as CORRUPT", (_, hex) => {
    expect(codeOf(() => tupleOf(hex))).toBe("CORRUPT");
  });

  it("refuses versionstamps as UNSUPPORTED", () => {
    expect(codeOf(() => tupleOf(`32${"00".repeat(10)}`))).toBe("UNSUPPORTED");
    expect(codeOf(() => tupleOf(`33${"00".repeat(12)}`))).toBe("UNSUPPORTED");
  });
});

describe("the tuple encoder", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const sparse = new Array(2);

  it.each<[string, unknown]>([
    ["no array", "a"],
    ["undefined", [undefined]],
    ["a hole", sparse],
    ["an object", [{}]],
    ["a Date", [new Date(0)]],
    ["a function", [() => 1]],
    ["a symbol", [Symbol("s")]],
    ["NaN", [Number.NaN]],
    ["half a surrogate pair", ["\ud800"]],
    ["a cycle", cycle],
    ["an integer of 256 bytes", [1n << 2040n]],
    ["a negative integer of 256 bytes", [-(1n << 2040n)]],
  ])("refuses %s as INVALID", (_, tuple) => {
    expect(codeOf(() => encodeKey(codec, tuple as Tuple))).toBe("INVALID");
  });

  it("takes nesting up to its limit", () => {
    let tuple: Tuple = [];
    for (let depth = 1; depth < MAX_TUPLE_DEPTH; depth++) {
      tuple = [tuple];
    }
    expect(decodeKey(codec, encodeKey(codec, tuple))).toEqual(tuple);
    expect(codeOf(() => encodeKey(codec, [tuple]))).toBe("INVALID");
  });

  it("takes keys up to 2048 bytes of every make, and refuses the next", () => {
    const fill = (bytes: number): TupleElement => "x".repeat(bytes - 2);
    const last: [TupleElement, number][] = [
      [null, 1],
      [true, 1],
      [1.5, 9],
      [1n << 30n, 5],
      [1n << 70n, 11],
      ["é€", 7],
      ["\0", 4],
      [new Uint8Array(10), 22],
      [[null, 1], 13],
    ];
    for (const [element, bytes] of last) {
      const fits = [fill(2048 - bytes), element];
      expect(encodeKey(codec, fits)).toHaveLength(2048);
      expect(decodeKey(codec, encodeKey(codec, fits))).toEqual(fits);
      for (let over = 1; over <= bytes; over++) {
        expect(codeOf(() => encodeKey(codec, [fill(2048 - bytes + over), element]))).toBe("INVALID");
      }
    }
    expect(() => encodeKey(codec, ["x".repeat(5000)])).toThrow(/limit is 2048/);
  });
});
