import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareBytes,
  copyBytes,
  equalBytes,
  headOf,
  highWord,
  joinWords,
  lowWord,
  sharedPrefixLength,
} from "../src/bytes.ts";
import { checkProperty } from "./support/property.ts";

/** Bytes that are often alike at the front, as keys are. */
const bytes: fc.Arbitrary<Uint8Array> = fc
  .array(fc.constantFrom(0, 1, 2, 127, 128, 255), { maxLength: 12 })
  .map((values) => Uint8Array.from(values));

/** The same bytes, in an array with other bytes on both sides. */
function framed(inner: Uint8Array, padding: number): Uint8Array {
  const outer = new Uint8Array(inner.length + 2 * padding).fill(170);
  outer.set(inner, padding);
  return outer;
}

describe("bytes", () => {
  it("compare as memcmp does, a prefix first, wherever they lie", () => {
    checkProperty(
      fc.property(bytes, bytes, fc.nat(9), fc.nat(9), (a, b, aPadding, bPadding) => {
        const ours = compareBytes(framed(a, aPadding), aPadding, a.length, framed(b, bPadding), bPadding, b.length);
        expect(Math.sign(ours)).toBe(Buffer.compare(a, b));
      }),
    );
  });

  it("have heads that never order against them", () => {
    checkProperty(
      fc.property(bytes, bytes, (a, b) => {
        const headOrder = Math.sign(headOf(a, 0, a.length) - headOf(b, 0, b.length));
        expect([0, Buffer.compare(a, b)]).toContain(headOrder);
      }),
    );
  });

  it("share the prefix that they begin with", () => {
    checkProperty(
      fc.property(bytes, bytes, bytes, (prefix, a, b) => {
        const left = Buffer.concat([prefix, a]);
        const right = Buffer.concat([prefix, b]);
        const shared = sharedPrefixLength(left, 0, left.length, right, 0, right.length);
        expect(shared).toBeGreaterThanOrEqual(prefix.length);
        expect(equalBytes(left, 0, right, 0, shared)).toBe(true);
        expect(left[shared] === right[shared] && shared < left.length).toBe(false);
      }),
    );
  });

  it("are copied, short and long, and nothing beside them", () => {
    for (const length of [0, 1, 63, 64, 65, 500]) {
      const from = Uint8Array.from({ length }, (_, i) => (i * 7 + 1) & 255);
      const into = framed(new Uint8Array(length), 5);
      copyBytes(from, 0, into, 5, length);
      expect(into).toEqual(framed(from, 5));
    }
  });
});

describe("words", () => {
  it("join into what they were split from, up to 2^53", () => {
    checkProperty(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (value) => {
        expect(joinWords(lowWord(value), highWord(value))).toBe(value);
      }),
      { examples: [[0], [2 ** 32 - 1], [2 ** 32], [Number.MAX_SAFE_INTEGER]] },
    );
  });
});
