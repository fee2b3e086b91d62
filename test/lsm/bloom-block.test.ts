/** The arithmetic of blocked Bloom filters: exact blocks, bits that are spread as predicted. Counted, not timed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BLOCK_BITS,
  BLOCK_BYTES,
  blockOf,
  countBits,
  hasBits,
  MAX_PROBES,
  setBits,
} from "../../src/lsm/bloom-block.ts";
import { predictedRate, probesFor, summedRate } from "../../src/lsm/bloom-rate.ts";
import { KeyHash } from "../../src/lsm/hash.ts";
import { seededRng } from "../../src/random.ts";
import { checkProperty } from "../support/property.ts";

const KEY_BYTES = 16;
const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

describe("the block of a hash", () => {
  test("is low × blocks / 2^32, rounded down, for every number of blocks up to 2^32", () => {
    const edges = [1, 2, 127, 2 ** 21 - 1, 2 ** 21, 2 ** 21 + 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32];
    const count = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 1, max: 2 ** 32 }));
    const low = fc.oneof(fc.constantFrom(0, -1, 1, -(2 ** 31), 2 ** 31 - 1), word);
    checkProperty(
      fc.property(low, count, (bits, blocks) => {
        expect(blockOf(bits, blocks)).toBe(Number((BigInt(bits >>> 0) * BigInt(blocks)) >> 32n));
      }),
      { runs: 2000 },
    );
  });

  test("is drawn from all blocks alike", () => {
    const blocks = 127 * 3;
    const rng = seededRng(1);
    const counts = new Float64Array(blocks);
    const draws = 1000 * blocks;
    for (let i = 0; i < draws; i++) {
      counts[blockOf(rng.next(), blocks)]!++;
    }
    // Chi squared has a mean of blocks - 1 and a deviation of sqrt(2 (blocks - 1)).
    const chi = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(Math.abs(chi - (blocks - 1))).toBeLessThan(5 * Math.sqrt(2 * (blocks - 1)));
  });
});

describe("the bits of a hash", () => {
  test("stay in the block, are found again, and are reported as fresh once", () => {
    checkProperty(
      fc.property(fc.array(word, { maxLength: 40 }), fc.integer({ min: 1, max: MAX_PROBES }), (hashes, probes) => {
        const u8 = new Uint8Array(3 * BLOCK_BYTES);
        const model = new Set<number>();
        for (const hash of hashes) {
          const before = countBits(new Uint32Array(u8.buffer), BLOCK_BYTES / 4);
          expect(hasBits(u8, BLOCK_BYTES, hash, probes) || !model.has(hash)).toBe(true);
          const isFresh = setBits(u8, BLOCK_BYTES, hash, probes);
          expect(isFresh).toBe(countBits(new Uint32Array(u8.buffer), BLOCK_BYTES / 4) > before);
          expect(setBits(u8, BLOCK_BYTES, hash, probes)).toBe(false);
          model.add(hash);
        }
        expect([...model].every((hash) => hasBits(u8, BLOCK_BYTES, hash, probes))).toBe(true);
        expect(countBits(new Uint32Array(u8.buffer), 0)).toBe(0);
        expect(countBits(new Uint32Array(u8.buffer), BLOCK_BYTES / 2)).toBe(0);
      }),
    );
  });

  test("are several for the hash of the empty key, which is zero", () => {
    const u8 = new Uint8Array(BLOCK_BYTES);
    setBits(u8, 0, 0, 6);
    expect(countBits(new Uint32Array(u8.buffer), 0)).toBe(6);
  });

  test("are these: a filter on disk is read by later versions", () => {
    const u8 = new Uint8Array(BLOCK_BYTES);
    setBits(u8, 0, 0x12345678, 8);
    const set = Array.from({ length: BLOCK_BITS }, (_, bit) => bit).filter((bit) => u8[bit >> 3]! & (1 << (bit & 7)));
    expect(set).toEqual(stepsFrom(0x12345678n, 8));
  });
});

/** The same by the definition: x ← 0x9e3779b9 x + 0x6a09e667 mod 2^32, the top nine bits of each x. */
function stepsFrom(start: bigint, count: number): number[] {
  const bits: number[] = [];
  let x = start;
  for (let i = 0; i < count; i++) {
    x = (x * 0x9e3779b9n + 0x6a09e667n) % 2n ** 32n;
    bits.push(Number(x >> 23n));
  }
  return bits.sort((a, b) => a - b);
}

/** A filter of `keys` keys, what it says of them and of as many `absent` ones. */
function measure(
  keys: number,
  blocks: number,
  probes: number,
  absent: number,
): { lost: number; rate: number; fill: number } {
  const u8 = new Uint8Array(blocks * BLOCK_BYTES);
  const hash = new KeyHash();
  const key = new Uint8Array(KEY_BYTES);
  const data = new DataView(key.buffer);
  const hashOf = (n: number): void => {
    data.setFloat64(0, n);
    hash.of(key, 0, KEY_BYTES);
  };
  for (let n = 0; n < keys; n++) {
    hashOf(n);
    setBits(u8, blockOf(hash.low, blocks) * BLOCK_BYTES, hash.high, probes);
  }
  let lost = 0;
  for (let n = 0; n < keys; n++) {
    hashOf(n);
    lost += hasBits(u8, blockOf(hash.low, blocks) * BLOCK_BYTES, hash.high, probes) ? 0 : 1;
  }
  let found = 0;
  for (let n = keys; n < keys + absent; n++) {
    hashOf(n);
    found += hasBits(u8, blockOf(hash.low, blocks) * BLOCK_BYTES, hash.high, probes) ? 1 : 0;
  }
  return { lost, rate: found / absent, fill: summedRate(new Uint32Array(u8.buffer), 0, blocks, probes) / blocks };
}

describe("the rate of false positives", () => {
  test.each([
    [5, 1_000_000, 1_000_000],
    [7, 1_000_000, 1_000_000],
    [10, 1_000_000, 1_000_000],
    [12, 1_000_000, 1_000_000],
    [14, 1_000_000, 1_000_000],
    [16, 1_000_000, 2_000_000],
    [18, 1_000_000, 4_000_000],
    [20, 1_000_000, 8_000_000],
    [10, 10_000_000, 3_000_000],
  ])("at %d bits for each of %d keys is what was predicted, and what the bits say", (bitsPerKey, keys, absent) => {
    const blocks = Math.ceil((keys * bitsPerKey) / BLOCK_BITS);
    const probes = probesFor(bitsPerKey);
    const { lost, rate, fill } = measure(keys, blocks, probes, absent);
    expect(lost).toBe(0);
    expect(rate / predictedRate(keys, blocks, probes)).toBeGreaterThan(0.93);
    expect(rate / predictedRate(keys, blocks, probes)).toBeLessThan(1.07);
    expect(rate / fill).toBeGreaterThan(0.92);
    expect(rate / fill).toBeLessThan(1.08);
  });

  test("of a filter of a few blocks is predicted too, as a mean", () => {
    const keys = 200;
    const blocks = 4;
    const probes = 6;
    const rng = seededRng(3);
    let sum = 0;
    const filters = 2000;
    for (let i = 0; i < filters; i++) {
      const u8 = new Uint8Array(blocks * BLOCK_BYTES);
      for (let n = 0; n < keys; n++) {
        setBits(u8, blockOf(rng.next(), blocks) * BLOCK_BYTES, rng.next() | 0, probes);
      }
      sum += summedRate(new Uint32Array(u8.buffer), 0, blocks, probes) / blocks;
    }
    expect(sum / filters / predictedRate(keys, blocks, probes)).toBeGreaterThan(0.95);
    expect(sum / filters / predictedRate(keys, blocks, probes)).toBeLessThan(1.05);
  });

  test.each([
    [10_000_000, 200_000, 6, 0.985, 1],
    [10_000_000, 1_000_000, 1, 1, 1],
    [10_000_000, 400_000, 10, 0.965, 0.98],
  ])("of %d keys in %d blocks is what the paper has, %d probes, and more by the variance", (...numbers) => {
    const [keys, blocks, probes, least, most] = numbers;
    let weight = Math.exp(-keys / blocks);
    let sum = 0;
    for (let j = 0; j < 300; j++) {
      sum += weight * (1 - (1 - 1 / BLOCK_BITS) ** (probes * j)) ** probes;
      weight *= keys / blocks / (j + 1);
    }
    expect(sum / predictedRate(keys, blocks, probes)).toBeGreaterThan(least - 1e-6);
    expect(sum / predictedRate(keys, blocks, probes)).toBeLessThan(most + 1e-6);
  });

  test("at the ends: no keys, one block, more keys than any block has room for", () => {
    expect(predictedRate(0, 10, 6)).toBe(0);
    expect(predictedRate(1, 1, 1)).toBeCloseTo(1 / BLOCK_BITS, 10);
    expect(predictedRate(3, 100_000, 4)).toBeCloseTo(3e-5 * (4 / BLOCK_BITS) ** 4, 12);
    expect(predictedRate(2 ** 52, 1, 6)).toBe(1);
    expect(predictedRate(2 ** 52, 2, 6)).toBe(1);
    expect(predictedRate(100_000, 2, 24)).toBeCloseTo(1, 10);
  });

  test("falls with every bit a key has more, in steps of probes", () => {
    const rates = Array.from({ length: 59 }, (_, i) =>
      predictedRate(1e6, Math.ceil((1e6 * (i + 6)) / 512), probesFor(i + 6)),
    );
    expect(rates.every((rate, i) => i === 0 || rate < rates[i - 1]!)).toBe(true);
    expect([1, 5, 10, 16, 20, 64].map(probesFor)).toEqual([1, 3, 6, 9, 10, 19]);
  });
});
