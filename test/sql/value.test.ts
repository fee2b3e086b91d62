import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { affinityOfType, castTo } from "../../src/sql/value/affinity.ts";
import { Pattern } from "../../src/sql/value/like.ts";
import { readNumber, realText } from "../../src/sql/value/number-text.ts";
import { decoded, decodeReal, roundedUnits } from "../../src/sql/value/real-digits.ts";
import { compareText, encodeText } from "../../src/sql/value/text.ts";
import { answer, answered, REAL, TEXT } from "../../src/sql/value/value.ts";
import { checkProperty } from "../support/property.ts";

test("types have the affinity that SQLite reads out of their names", () => {
  const names = [
    "INTEGER",
    "charint",
    "floating point",
    "varchar(5)",
    "CLOB",
    "",
    "blob",
    "double",
    "boolean",
    "decimal(10,5)",
    "date",
  ];
  expect(names.map(affinityOfType)).toEqual([
    ..."INTEGER INTEGER INTEGER TEXT TEXT BLOB BLOB REAL NUMERIC NUMERIC NUMERIC".split(" "),
  ]);
});

describe("reals as text", () => {
  // What SQLite 3.53 writes.
  test.each([
    [0.1 + 0.2, "0.30000000000000004"],
    [1e15, "1000000000000000.0"],
    [1e16, "10000000000000000.0"],
    [1e17, "1.0e+17"],
    [1.2345678901234568e17, "1.2345678901234568e+17"],
    [1e-5, "1.0e-05"],
    [0.0001, "0.0001"],
    [5e-324, "4.9406564584124654e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [2 / 3, "0.66666666666666663"],
    [-0, "0.0"],
    [49.47, "49.47"],
    [-1.5, "-1.5"],
    [Number.POSITIVE_INFINITY, "Inf"],
    // Here SQLite's 17th digit is not that of the exact value.
    [0.0045540687581873285, "0.0045540687581873286"],
    [9.088145035556582e-7, "9.0881450355565825e-07"],
    [70862739125.73175, "70862739125.731751"],
    [2.480539905861872e-16, "2.4805399058618719e-16"],
    [0.123456789012345, "0.123456789012345"],
    [0.00001, "1.0e-05"],
  ])("%s", (value, text) => {
    expect(realText(value)).toBe(text);
  });

  test("a rounding that one product decides is that of all digits", () => {
    checkProperty(
      fc.property(fc.double({ min: 1e-9, max: 1e8, noNaN: true }), fc.integer({ min: 0, max: 9 }), (value, places) => {
        const units = roundedUnits(value, places);
        decodeReal(value, 18, 20);
        const digits = BigInt(decoded.digits.padEnd(18, "0"));
        const unit = 10n ** BigInt(18 - decoded.point - places);
        expect(Number.isNaN(units) || BigInt(units) === (digits + unit / 2n) / unit).toBe(true);
      }),
      { runs: 2000 },
    );
  });

  test("they read back as the same real", () => {
    checkProperty(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(readNumber(realText(value))).toBe(true);
        expect(answer.tag).toBe(REAL);
        expect(answered()).toBe(value === 0 ? 0 : value);
      }),
      { runs: 2000 },
    );
  });
});

test("text is a number with spaces around it, and nothing else", () => {
  const numbers = ["12", " -1.5 ", "+.5", "5.", "1e3", "\t7\n", "9223372036854775807"];
  const others = ["", " ", "1 2", "0x10", "1e", "- 5", "abc", "5e+", "1_000", "Infinity", "NaN", "½"];
  expect(numbers.map(readNumber)).toEqual(numbers.map(() => true));
  expect(others.map(readNumber)).toEqual(others.map(() => false));
});

test("CAST takes what it can of the start of a text", () => {
  const cast = (text: string): unknown => {
    castTo("INTEGER", TEXT, text);
    return answered();
  };
  expect(["12abc", "1.9", "abc", "", " 7 ", "1e3", "9223372036854775808", "-99999999999999999999"].map(cast)).toEqual([
    ...[12, 1, 0, 0, 7, 1, 2n ** 63n - 1n, -(2n ** 63n)],
  ]);
});

test("text orders as its UTF-8 does", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "\u007f", "é", "\ud7ff", "\ue000", "\uffff", "𝒳", "😀") });
  checkProperty(
    fc.property(texts, texts, (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(encodeText(a), encodeText(b)));
    }),
    { runs: 1000 },
  );
});

describe("patterns", () => {
  const letters = fc.constantFrom("a", "B", "b", "é", "É", "𝒳", "%", "_", "x", "[");
  /** The same by a regular expression. */
  const model = (pattern: string, escaping: string | undefined): RegExp => {
    let source = "";
    const characters = Array.from(pattern);
    for (let i = 0; i < characters.length; i++) {
      const character = characters[i]!;
      const escaped = character === escaping;
      const literal = escaped ? characters[++i] : character;
      source +=
        !escaped && literal === "%"
          ? "[^]*"
          : !escaped && literal === "_"
            ? "[^]"
            : literal === undefined
              ? "(?!)"
              : /[a-z]/i.test(literal)
                ? `[${literal.toLowerCase()}${literal.toUpperCase()}]`
                : literal.replace(/[[\]]/g, "\\$&");
    }
    return new RegExp(`^${source}$`, "u");
  };

  test("LIKE matches as a regular expression does, on strings and in place", () => {
    checkProperty(
      fc.property(
        fc.string({ unit: letters, maxLength: 8 }),
        fc.string({ unit: letters, maxLength: 10 }),
        fc.boolean(),
        (pattern, text, escapes) => {
          const escaping = escapes ? "x" : undefined;
          const expected = model(pattern, escaping).test(text);
          const compiled = Pattern.like(pattern, escaping);
          expect(compiled.matches(text)).toBe(expected);
          const bytes = encodeText(`zz${text}zz`);
          expect(compiled.matchesBytes(bytes, 2, bytes.length - 2)).toBe(expected);
        },
      ),
      { runs: 3000 },
    );
  });

  test("GLOB has sets, and minds the case", () => {
    const matches = (pattern: string, text: string): boolean => Pattern.glob(pattern).matches(text);
    expect(matches("a[b-d]*", "acx")).toBe(true);
    expect(matches("a[^b-d]", "ac")).toBe(false);
    expect(matches("[]]", "]")).toBe(true);
    expect(matches("[^]a]", "b")).toBe(true);
    expect(matches("a[a-]c", "a-c")).toBe(true);
    expect(matches("[", "[")).toBe(false);
    expect(matches("A*", "abc")).toBe(false);
    expect(matches("?", "𝒳")).toBe(true);
  });

  test("a pattern made to be slow is not", () => {
    const text = "a".repeat(20_000);
    expect(Pattern.like(`${"%a".repeat(20)}b`, undefined).matches(text)).toBe(false);
    expect(() => Pattern.like("%".repeat(50_001), undefined)).toThrow(/pattern too complex/);
  });
});
