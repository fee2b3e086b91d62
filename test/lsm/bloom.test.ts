/** The public Bloom filter: no false negatives, rates as promised, and bytes that are refused unless they are a filter's. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BloomFilter, type BloomFilterOptions, DbError } from "../../src/bloom.ts";
import { checkProperty } from "../support/property.ts";

const HEADER_BYTES = 64;

function errorOf(action: () => unknown): DbError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
  throw new Error("nothing was thrown");
}

const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.uint8Array({ maxLength: 60 }),
  fc.constantFrom("", "a".repeat(40), "é".repeat(40), "a".repeat(41), "\ud800", "x".repeat(1365), "€".repeat(1366)),
);
const keys = fc.array(key, { maxLength: 50 });
const options: fc.Arbitrary<BloomFilterOptions> = fc.oneof(
  fc.record({ capacity: fc.integer({ min: 1, max: 5000 }), bitsPerKey: fc.double({ min: 1, max: 64, noNaN: true }) }),
  fc.record({ capacity: fc.integer({ min: 1, max: 5000 }) }),
  fc.record({
    capacity: fc.integer({ min: 1, max: 5000 }),
    falsePositiveRate: fc.double({ min: 1e-7, max: 0.5, noNaN: true }),
  }),
);

function filled(of: BloomFilterOptions, added: Iterable<string | Uint8Array>): BloomFilter {
  const filter = new BloomFilter(of);
  for (const each of added) {
    filter.add(each);
  }
  return filter;
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `key ${from + i}`);
}

/** Compared as bytes: as objects, all filters are equal. */
function expectSame(a: BloomFilter, b: BloomFilter): void {
  expect(Buffer.compare(a.serialize(), b.serialize())).toBe(0);
}

test("is what a program imports as nacre/bloom", () => {
  const entry = createRequire(import.meta.url).resolve("nacre/bloom");
  expect(entry).toBe(fileURLToPath(new URL("../../src/bloom.js", import.meta.url)));
});

describe("a filter", () => {
  test("is empty at first", () => {
    const filter = new BloomFilter({ capacity: 1000 });
    expect([filter.capacity, filter.count, filter.falsePositiveRate]).toEqual([1000, 0, 0]);
    expect([filter.has(""), filter.has("a"), filter.has(new Uint8Array(16))]).toEqual([false, false, false]);
  });

  test("has what was added, and says whether that was new", () => {
    checkProperty(
      fc.property(options, keys, (of, added) => {
        const filter = new BloomFilter(of);
        let count = 0;
        for (const each of added) {
          const isNew = !filter.has(each);
          expect(filter.add(each)).toBe(isNew);
          expect(filter.add(each)).toBe(false);
          count += isNew ? 1 : 0;
        }
        expect(added.every((each) => filter.has(each))).toBe(true);
        expect(filter.count).toBe(count);
      }),
    );
  });

  test("takes a string for its UTF-8 bytes", () => {
    checkProperty(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ minLength: 1000, maxLength: 3000 })), (text) => {
        expectSame(filled({ capacity: 100 }, [text]), filled({ capacity: 100 }, [Buffer.from(text)]));
      }),
    );
  });

  test("takes bytes from wherever they lie, and of another realm", () => {
    const around = new Uint8Array(new SharedArrayBuffer(20)).fill(7);
    const filter = filled({ capacity: 10 }, [around.subarray(3, 8)]);
    expect(filter.has(Uint8Array.of(7, 7, 7, 7, 7))).toBe(true);
    expect(filter.has(runInNewContext("Uint8Array.of(7, 7, 7, 7, 7)"))).toBe(true);
    expect(filter.has(runInNewContext("Uint8Array.of(7, 7, 7, 7)"))).toBe(false);
  });

  test.each([undefined, null, 1, ["a"], new ArrayBuffer(3), new Uint16Array(3), { length: 3 }])(
    "refuses %o as a key, and stays as it was",
    (wrong) => {
      const filter = filled({ capacity: 10 }, ["a"]);
      const before = filter.serialize();
      expect(errorOf(() => filter.add(wrong as unknown as string)).code).toBe("INVALID");
      expect(errorOf(() => filter.has(wrong as unknown as string)).code).toBe("INVALID");
      expect(Buffer.compare(filter.serialize(), before)).toBe(0);
    },
  );
});

describe("the size of a filter", () => {
  test("is the bits that were asked for, rounded up to blocks", () => {
    expect(new BloomFilter({ capacity: 1_000_000 }).sizeBytes).toBe(Math.ceil(10_000_000 / 512) * 64);
    expect(new BloomFilter({ capacity: 1_000_000, bitsPerKey: 12.5 }).sizeBytes).toBe(Math.ceil(12_500_000 / 512) * 64);
    expect(new BloomFilter({ capacity: 1 }).sizeBytes).toBe(64);
  });

  test.each([
    ["without capacity", {}],
    ["for no keys", { capacity: 0 }],
    ["for half a key", { capacity: 1.5 }],
    ["for NaN keys", { capacity: Number.NaN }],
    ["for keys as text", { capacity: "100" }],
    ["for more keys than there are numbers", { capacity: 2 ** 53 }],
    ["of less than a bit a key", { capacity: 10, bitsPerKey: 0.5 }],
    ["of too many bits a key", { capacity: 10, bitsPerKey: 65 }],
    ["of NaN bits a key", { capacity: 10, bitsPerKey: Number.NaN }],
    ["that is never wrong", { capacity: 10, falsePositiveRate: 0 }],
    ["that is mostly wrong", { capacity: 10, falsePositiveRate: 0.6 }],
    ["of both kinds", { capacity: 10, bitsPerKey: 10, falsePositiveRate: 0.01 }],
    ["with another option", { capacity: 10, bits: 10 }],
    ["of more than 1 GiB", { capacity: 2 ** 30 }],
    ["of more than 1 GiB, by its rate", { capacity: 2 ** 30, falsePositiveRate: 0.01 }],
    ["of far more", { capacity: Number.MAX_SAFE_INTEGER, falsePositiveRate: 1e-7 }],
    ["of nothing", undefined],
    ["of a number", 1000],
  ])("cannot be that of one %s", (_, of) => {
    const error = errorOf(() => new BloomFilter(of as unknown as BloomFilterOptions));
    expect(error.code).toBe("INVALID");
    expect(error.message).toMatch(/Bloom filter|the option/);
  });

  test("of 1 GiB is the largest, and the error says so", () => {
    const { facts, message } = errorOf(() => new BloomFilter({ capacity: 2 ** 30, bitsPerKey: 8.001 }));
    expect(facts).toMatchObject({ limit: 2 ** 30 });
    expect(message).toContain("fewer keys");
  });
});

describe("the rate of false positives", () => {
  test.each([0.5, 0.1, 0.01, 0.001, 0.0001])("stays within the %d that was asked for, and close to it", (rate) => {
    const filter = filled({ capacity: 200_000, falsePositiveRate: rate }, numbered(0, 200_000));
    expect(filter.predictedFalsePositiveRate).toBeLessThanOrEqual(rate);
    expect(filter.predictedFalsePositiveRate).toBeGreaterThan(0.95 * rate);
    expect(filter.falsePositiveRate).toBeGreaterThan(0.9 * rate);
    expect(filter.falsePositiveRate).toBeLessThan(1.05 * rate);
    expect(filter.falsePositiveRate / filter.predictedFalsePositiveRate).toBeGreaterThan(0.95);
    expect(filter.falsePositiveRate / filter.predictedFalsePositiveRate).toBeLessThan(1.05);
  });

  test.each([1, 2, 50, 51, 52, 500])("of a filter for %d keys is as asked for, too", (capacity) => {
    for (const rate of [0.3, 0.01, 1e-7]) {
      const of = { capacity, falsePositiveRate: rate };
      const filters = 200;
      let sum = 0;
      for (let i = 0; i < filters; i++) {
        sum += filled(of, numbered(i * capacity, (i + 1) * capacity)).falsePositiveRate;
      }
      expect(sum / filters).toBeLessThan(1.2 * rate);
    }
  });

  test("is what is counted with other keys", () => {
    const filter = filled({ capacity: 100_000, bitsPerKey: 8 }, numbered(0, 100_000));
    const found = numbered(100_000, 400_000).filter((absent) => filter.has(absent)).length;
    expect(found / 300_000 / filter.falsePositiveRate).toBeGreaterThan(0.95);
    expect(found / 300_000 / filter.falsePositiveRate).toBeLessThan(1.05);
  });

  test("rises when more is added than the filter was made for, up to 1, and stays predicted", () => {
    const filter = new BloomFilter({ capacity: 1000 });
    const predicted = filter.predictedFalsePositiveRate;
    const rates = [1000, 4000, 10_000, 100_000].map((count) => {
      for (const each of numbered(0, count)) {
        filter.add(each);
      }
      return filter.falsePositiveRate;
    });
    expect(rates[0]! / predicted).toBeGreaterThan(0.8);
    expect(rates[0]! / predicted).toBeLessThan(1.2);
    expect(rates.every((rate, i) => i === 0 || rate > rates[i - 1]!)).toBe(true);
    expect(rates.at(-1)).toBe(1);
    expect(filter.predictedFalsePositiveRate).toBe(predicted);
    expect(filter.count).toBeGreaterThan(1000);
    expect(filter.count).toBeLessThan(10_000);
    expect(filter.has("anything")).toBe(true);
  });
});

describe("merge", () => {
  test("gives the filter to which all keys were added", () => {
    checkProperty(
      fc.property(options, keys, keys, (of, ours, theirs) => {
        const filter = filled(of, ours);
        const other = filled(of, theirs);
        const before = other.serialize();
        const count = filter.count + other.count;
        filter.merge(other);
        expect(filter.count).toBe(count);
        expect([...ours, ...theirs].every((each) => filter.has(each))).toBe(true);
        expect(Buffer.compare(other.serialize(), before)).toBe(0);
        const bits = filled(of, [...ours, ...theirs])
          .serialize()
          .subarray(HEADER_BYTES);
        expect(Buffer.compare(filter.serialize().subarray(HEADER_BYTES), bits)).toBe(0);
      }),
    );
  });

  test("with itself changes nothing", () => {
    const filter = filled({ capacity: 10 }, ["a", "b"]);
    filter.merge(filter);
    expect(filter.count).toBe(2);
  });

  test("with a filter that was deserialised is one with the filter that it was", () => {
    const filter = filled({ capacity: 100 }, ["a"]);
    filter.merge(BloomFilter.deserialize(filled({ capacity: 100 }, ["b"]).serialize()));
    expect([filter.has("a"), filter.has("b"), filter.count]).toEqual([true, true, 2]);
  });

  test("refuses a filter of another shape, and what is none", () => {
    const filter = filled({ capacity: 1000 }, ["a"]);
    const before = filter.serialize();
    const others: unknown[] = [
      new BloomFilter({ capacity: 2000 }),
      new BloomFilter({ capacity: 500, bitsPerKey: 20 }),
      undefined,
      {},
      Object.create(BloomFilter.prototype),
      before,
    ];
    for (const other of others) {
      expect(errorOf(() => filter.merge(other as BloomFilter)).code).toBe("INVALID");
    }
    expect(errorOf(() => filter.merge(others[1] as BloomFilter)).facts).toEqual({
      sizeBytes: 1280,
      otherSizeBytes: 1280,
      probes: 6,
      otherProbes: 10,
    });
    expect(Buffer.compare(filter.serialize(), before)).toBe(0);
  });
});

describe("serialised", () => {
  test("and deserialised, from wherever the bytes lie, a filter is the same", () => {
    checkProperty(
      fc.property(options, keys, fc.nat(70), (of, added, offset) => {
        const filter = filled(of, added);
        const bytes = filter.serialize();
        expect(bytes.length).toBe(HEADER_BYTES + filter.sizeBytes);
        const around = new Uint8Array(offset + bytes.length + 5).fill(0xaa);
        around.set(bytes, offset);
        const same = BloomFilter.deserialize(around.subarray(offset, offset + bytes.length));
        around.fill(0);
        expectSame(same, filter);
        expect(added.every((each) => same.has(each))).toBe(true);
        expect([same.capacity, same.count, same.sizeBytes]).toEqual([filter.capacity, filter.count, filter.sizeBytes]);
        same.add("one more");
        filter.add("one more");
        expectSame(same, filter);
      }),
    );
  });

  test("is these bytes: later versions read them", () => {
    const bytes = Buffer.from(filled({ capacity: 30 }, ["a", "b", "user:1"]).serialize()).toString("hex");
    const fields = ["6e616372652e6266", "01000000", "1ae8d44e", "01000000", "06000000", "0300000000000000"];
    expect(bytes.slice(0, 2 * HEADER_BYTES)).toBe(`${fields.join("")}1e00000000000000${"00".repeat(24)}`);
    // As a program in another language sets them, by what bloom-block.ts says.
    expect(bytes.slice(2 * HEADER_BYTES)).toBe(
      "00000000000000400000a0002000000000800000000000010001000410000000" +
        "2000002001000000000000000000000000000010000100002040000100200000",
    );
  });

  const filter = filled({ capacity: 100 }, numbered(0, 100));
  const good = filter.serialize();

  test("with any byte changed it is refused", () => {
    for (let at = 0; at < good.length; at++) {
      for (const change of [1, 0x80, 0xff]) {
        const bytes = good.slice();
        bytes[at]! ^= change;
        const isVersion = at >= 8 && at < 12;
        expect(errorOf(() => BloomFilter.deserialize(bytes)).code).toBe(isVersion ? "UNSUPPORTED" : "CORRUPT");
      }
    }
  });

  test("with any other length it is refused", () => {
    for (let length = 0; length < good.length; length++) {
      expect(errorOf(() => BloomFilter.deserialize(good.subarray(0, length))).code).toBe("CORRUPT");
    }
    for (const more of [1, 4, 64]) {
      expect(errorOf(() => BloomFilter.deserialize(Buffer.concat([good, Buffer.alloc(more)]))).code).toBe("CORRUPT");
    }
  });

  test("what claims to be large is refused before memory is taken for it", () => {
    const bytes = good.slice();
    for (const blocks of [0, 3, 2 ** 24, 2 ** 24 + 1, 2 ** 32 - 1]) {
      new DataView(bytes.buffer).setUint32(16, blocks, true);
      expect(errorOf(() => BloomFilter.deserialize(sealed(bytes))).code).toBe("CORRUPT");
    }
  });

  test.each([
    ["no bits a key", 20, 0],
    ["too many bits a key", 20, 25],
    ["more keys than there are numbers", 28, 0x20_0000],
    ["a capacity of nothing", 32, 0],
    ["a capacity beyond numbers", 36, 0xffff_ffff],
    ["something behind its fields", 40, 1],
    ["something just before its blocks", 60, 0x8000_0000],
  ])("with a good checksum, but %s, it is refused", (_, offset, value) => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint32(offset, value, true);
    expect(errorOf(() => BloomFilter.deserialize(sealed(bytes))).code).toBe("CORRUPT");
  });

  test("of a later version it is UNSUPPORTED, with the version", () => {
    const bytes = good.slice();
    bytes[8] = 2;
    const { code, facts, message } = errorOf(() => BloomFilter.deserialize(bytes));
    expect([code, facts, message.includes("later version")]).toEqual(["UNSUPPORTED", { version: 2 }, true]);
  });

  test("whatever else it is, the answer is a filter or an error of ours, soon", () => {
    const header = fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES });
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const upper = fc.nat(0x1f_ffff);
    const fields = fc.tuple(fc.nat(3), fc.nat(30), word, upper, word, upper);
    checkProperty(
      fc.property(header, fields, fc.constantFrom(1, 2, 3), (head, words, blocks) => {
        const bytes = new Uint8Array([...head, ...new Uint8Array(64 * blocks).fill(blocks)]);
        bytes.set(good.subarray(0, 16));
        const data = new DataView(bytes.buffer);
        words.forEach((value, i) => {
          data.setUint32(16 + 4 * i, value, true);
        });
        bytes.fill(0, 40, HEADER_BYTES);
        try {
          const made = BloomFilter.deserialize(sealed(bytes));
          expect(made.falsePositiveRate).toBeGreaterThanOrEqual(0);
          expect(made.predictedFalsePositiveRate).toBeLessThanOrEqual(1);
          made.add("a");
          expect(made.has("a")).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: "DbError", code: "CORRUPT" });
        }
      }),
      { runs: 1000 },
    );
  });

  test.each([undefined, null, "nacre.bf", 1, new ArrayBuffer(128), [1, 2, 3]])("%o is INVALID", (wrong) => {
    expect(errorOf(() => BloomFilter.deserialize(wrong as unknown as Uint8Array)).code).toBe("INVALID");
  });
});

/** The bytes with the checksum that they should have. */
function sealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(12, crc32(bytes.subarray(16)), true);
  return bytes;
}
