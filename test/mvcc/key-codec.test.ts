import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CustomCodec, type KeyCodec, keyCodec, prefixRange } from "../../src/mvcc/key-codec.ts";
import type { Tuple } from "../../src/mvcc/tuple.ts";
import { checkProperty } from "../support/property.ts";
import {
  codeOf,
  compareNumbers,
  compareText,
  decodeKey,
  encodeKey,
  someBigint,
  someBytes,
  someNumber,
  someTuple,
  wellFormedText,
} from "./codec-fixture.ts";

function checkKind<K>(codec: KeyCodec<K>, keys: fc.Arbitrary<K>, compare: (a: K, b: K) => number): void {
  checkProperty(
    fc.property(keys, keys, fc.nat(20), (a, b, paddingAfter) => {
      const encoded = encodeKey(codec, a);
      expect(compare(decodeKey(codec, encoded, paddingAfter), a)).toBe(0);
      expect(encodeKey(codec, decodeKey(codec, encoded))).toEqual(encoded);
      expect(Buffer.compare(encoded, encodeKey(codec, b))).toBe(compare(a, b));
    }),
    { runs: 500 },
  );
}

describe("keys sort as their bytes do and come back as they were", () => {
  it("strings", () => checkKind(keyCodec("string"), wellFormedText, compareText));
  it("numbers", () => checkKind(keyCodec("number"), someNumber, compareNumbers));
  it("bigints", () => checkKind(keyCodec("bigint"), someBigint, compareNumbers));
  it("bytes", () => checkKind(keyCodec("bytes"), someBytes, Buffer.compare));

  it("strings of every length around the shortcuts, ASCII or not", () => {
    const codec = keyCodec("string");
    for (let length = 0; length < 70; length++) {
      for (const last of ["", "z", "\u007f", "\u0080", "é", "漢", "😀", "\ufffd"]) {
        const key = "abcdefghij".repeat(7).slice(0, length) + last;
        expect(Buffer.from(encodeKey(codec, key))).toEqual(Buffer.from(key));
        expect(decodeKey(codec, encodeKey(codec, key))).toBe(key);
        expect(decodeKey(codec, encodeKey(codec, key), 0)).toBe(key);
      }
    }
  });

  it("strings by code point, where JavaScript compares UTF-16 units", () => {
    const codec = keyCodec("string");
    expect("\u{1f600}" < "\uffff").toBe(true);
    expect(Buffer.compare(encodeKey(codec, "\u{1f600}"), encodeKey(codec, "\uffff"))).toBe(1);
  });

  it("0 and -0 are one key", () => {
    const codec = keyCodec("number");
    expect(encodeKey(codec, -0)).toEqual(encodeKey(codec, 0));
    expect(decodeKey(codec, encodeKey(codec, -0))).toBe(0);
  });

  it("bytes are the caller's own copy", () => {
    const codec = keyCodec("bytes");
    const stored = Uint8Array.of(1, 2, 3);
    codec.decode(stored, 0, 3).fill(9);
    expect(stored).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe("keys that are refused", () => {
  it.each<[string, KeyCodec<unknown>, unknown]>([
    ["half a surrogate pair", keyCodec("string"), "\ud800"],
    ["half a surrogate pair in a long string", keyCodec("string"), `${"x".repeat(300)}\udc00`],
    ["two halves the wrong way round", keyCodec("string"), "\udc00\ud800"],
    ["NaN", keyCodec("number"), Number.NaN],
    ["an integer of 256 bytes", keyCodec("bigint"), 1n << 2040n],
    ["a number for a string", keyCodec("string"), 1],
    ["null for a string", keyCodec("string"), null],
    ["undefined for a string", keyCodec("string"), undefined],
    ["a string for a number", keyCodec("number"), "1"],
    ["a number for a bigint", keyCodec("bigint"), 1],
    ["a string for bytes", keyCodec("bytes"), "a"],
    ["another view for bytes", keyCodec("bytes"), new Uint16Array(2)],
    ["a string for a tuple", keyCodec("tuple"), "a"],
  ])("%s", (_, codec, key) => {
    expect(codeOf(() => encodeKey(codec, key))).toBe("INVALID");
  });

  it("over 2048 bytes, with the facts", () => {
    const tooLong: [KeyCodec<unknown>, unknown, number][] = [
      [keyCodec("string"), "x".repeat(2049), 2049],
      [keyCodec("string"), "漢".repeat(683), 2049],
      [keyCodec("string"), "x".repeat(1_000_000), 1_000_000],
      [keyCodec("bytes"), new Uint8Array(2049), 2049],
      [keyCodec("tuple"), ["x".repeat(2047)], 2049],
    ];
    for (const [codec, key, bytes] of tooLong) {
      expect(() => encodeKey(codec, key)).toThrow(
        expect.objectContaining({ code: "INVALID", facts: { bytes, limit: 2048 } }),
      );
    }
    expect(encodeKey(keyCodec("string"), "x".repeat(2048))).toHaveLength(2048);
    expect(encodeKey(keyCodec("string"), "é".repeat(1024))).toHaveLength(2048);
    expect(encodeKey(keyCodec("bytes"), new Uint8Array(2048))).toHaveLength(2048);
  });

  it("a kind that there is not", () => {
    for (const choice of ["int", undefined, null, {}, { encode: () => new Uint8Array(1) }]) {
      expect(codeOf(() => keyCodec(choice as never))).toBe("INVALID");
    }
  });
});

describe("stored keys that are damaged", () => {
  it.each<[string, KeyCodec<unknown>, number[]]>([
    ["a string that is not UTF-8", keyCodec("string"), [0x61, 0xc3, 0x28]],
    ["half a surrogate pair in UTF-8", keyCodec("string"), [0xed, 0xa0, 0x80]],
    ["a number of 7 bytes", keyCodec("number"), [1, 2, 3, 4, 5, 6, 7]],
    ["NaN", keyCodec("number"), [0xff, 0xf8, 0, 0, 0, 0, 0, 0]],
    ["an empty bigint", keyCodec("bigint"), []],
    ["a bigint that is a string", keyCodec("bigint"), [2, 0x61, 0]],
    ["a bigint that is cut off", keyCodec("bigint"), [0x16, 1]],
    ["a bigint with more behind it", keyCodec("bigint"), [0x15, 1, 0]],
  ])("%s is CORRUPT", (_, codec, bytes) => {
    expect(codeOf(() => decodeKey(codec, Uint8Array.from(bytes)))).toBe("CORRUPT");
  });

  it("read as keys that have these bytes, or as CORRUPT", () => {
    for (const kind of ["string", "number", "bigint"] as const) {
      const codec = keyCodec(kind) as KeyCodec<unknown>;
      checkProperty(
        fc.property(fc.oneof(someBytes, fc.uint8Array({ minLength: 8, maxLength: 8 })), (bytes) => {
          if (codeOf(() => decodeKey(codec, bytes)) === "nothing thrown") {
            expect(encodeKey(codec, decodeKey(codec, bytes))).toEqual(bytes);
          } else {
            expect(codeOf(() => decodeKey(codec, bytes))).toBe("CORRUPT");
          }
        }),
        { runs: 300 },
      );
    }
  });
});

describe("prefix ranges", () => {
  function isInRange<K>(codec: KeyCodec<K>, prefix: K, key: K): boolean {
    const { lower, upper } = prefixRange(codec, prefix);
    const bytes = encodeKey(codec, key);
    return Buffer.compare(bytes, lower) >= 0 && (upper === undefined || Buffer.compare(bytes, upper) < 0);
  }

  it("hold the strings that start with the prefix", () => {
    checkProperty(
      fc.property(wellFormedText, wellFormedText, (prefix, text) => {
        expect(isInRange(keyCodec("string"), prefix, prefix + text)).toBe(true);
        expect(isInRange(keyCodec("string"), prefix, text)).toBe(text.startsWith(prefix));
      }),
    );
  });

  it("hold the byte strings that start with the prefix", () => {
    const startsWith = (bytes: Uint8Array, prefix: Uint8Array): boolean =>
      Buffer.from(bytes).subarray(0, prefix.length).equals(prefix);
    checkProperty(
      fc.property(someBytes, someBytes, (prefix, bytes) => {
        expect(isInRange(keyCodec("bytes"), prefix, Buffer.concat([prefix, bytes]))).toBe(true);
        expect(isInRange(keyCodec("bytes"), prefix, bytes)).toBe(startsWith(bytes, prefix));
      }),
    );
    expect(prefixRange(keyCodec("bytes"), Uint8Array.of(1, 0xff, 0xff)).upper).toEqual(Uint8Array.of(2));
    expect(prefixRange(keyCodec("bytes"), Uint8Array.of(0xff, 0xff)).upper).toBeUndefined();
    expect(prefixRange(keyCodec("bytes"), Uint8Array.of()).upper).toBeUndefined();
  });

  it("hold the tuples that start with the prefix's elements", () => {
    const codec = keyCodec("tuple");
    const startsWith = (tuple: Tuple, prefix: Tuple): boolean =>
      Buffer.compare(encodeKey(codec, tuple.slice(0, prefix.length)), encodeKey(codec, prefix)) === 0;
    checkProperty(
      fc.property(someTuple, someTuple, (prefix, tuple) => {
        expect(isInRange(codec, prefix, [...prefix, ...tuple])).toBe(true);
        expect(isInRange(codec, prefix, tuple)).toBe(startsWith(tuple, prefix));
      }),
      { runs: 300 },
    );
    // A longer string is no longer tuple, even where its bytes begin alike.
    expect(isInRange(codec, ["a"], ["a\0b"])).toBe(false);
    expect(isInRange(codec, ["a"], ["ab"])).toBe(false);
    expect(isInRange(codec, ["a"], ["a"])).toBe(true);
  });

  it("take a prefix as long as a key", () => {
    const { lower, upper } = prefixRange(keyCodec("tuple"), ["x".repeat(2046)]);
    expect([lower.length, upper?.length]).toEqual([2048, 2049]);
  });

  it("are INVALID for numbers and codecs of one's own", () => {
    expect(codeOf(() => prefixRange(keyCodec("number"), 1))).toBe("INVALID");
    expect(codeOf(() => prefixRange(keyCodec("bigint"), 1n))).toBe("INVALID");
    expect(codeOf(() => prefixRange(keyCodec(days), new Date(0)))).toBe("INVALID");
  });
});

const days: CustomCodec<Date> = {
  encode: (day) => Buffer.from(day.toISOString()),
  decode: (bytes) => new Date(Buffer.from(bytes).toString()),
};

describe("a key codec of one's own", () => {
  it("decides about the bytes", () => {
    const codec = keyCodec(days);
    expect(codec.kind).toBe("custom");
    expect(decodeKey(codec, encodeKey(codec, new Date(86_400_000)))).toEqual(new Date(86_400_000));
  });

  it("is held to bytes and to the limit", () => {
    const wordy = keyCodec({ encode: (key: string) => key as never, decode: () => "" });
    expect(codeOf(() => encodeKey(wordy, "a"))).toBe("INVALID");
    const long = keyCodec({ encode: () => new Uint8Array(2049), decode: () => "" });
    expect(codeOf(() => encodeKey(long, "a"))).toBe("INVALID");
  });
});
