/**
 * How large a Bloom filter is made, from what its user knows: how many keys, and bits for each or the rate of false
 * positives that they may come to.
 */
import { DbError } from "../errors.ts";
import { BLOCK_BITS, BLOCK_BYTES, MAX_BLOCKS } from "./bloom-block.ts";
import { predictedRate, probesFor } from "./bloom-rate.ts";

/** How large a filter is made: by bits for each key, or by the rate of false positives that it may reach. */
export type BloomFilterOptions =
  | {
      /** How many different keys it is made for. More may be added, at a higher rate of false positives. */
      readonly capacity: number;
      /** 1 to 64; 10 unless given, which comes to a rate of 1 %. */
      readonly bitsPerKey?: number;
      readonly falsePositiveRate?: never;
    }
  | {
      readonly capacity: number;
      readonly bitsPerKey?: never;
      /** 1e-7 to 0.5: with `capacity` keys in it, at most this share of other keys looks as if it were there. */
      readonly falsePositiveRate: number;
    };

export interface BloomShape {
  readonly capacity: number;
  readonly blocks: number;
  /** Bits that each key sets. */
  readonly probes: number;
}

const OPTIONS = ["capacity", "bitsPerKey", "falsePositiveRate"];
const DEFAULT_BITS_PER_KEY = 10;
const MAX_BITS_PER_KEY = 64;
const MIN_RATE = 1e-7;
const MAX_RATE = 0.5;

/** Throws INVALID for options that are not as described, and for a filter that would be too large. */
export function shapeOf(options: BloomFilterOptions): BloomShape {
  checkOptions(options);
  const { capacity, bitsPerKey = DEFAULT_BITS_PER_KEY, falsePositiveRate } = options;
  if (falsePositiveRate === undefined) {
    const blocks = Math.ceil((capacity * bitsPerKey) / BLOCK_BITS);
    checkBlocks(blocks);
    return { capacity, blocks, probes: probesFor(bitsPerKey) };
  }
  const blocks = blocksWithin(capacity, falsePositiveRate);
  checkBlocks(blocks);
  return { capacity, blocks, probes: probesWithin(capacity, blocks, falsePositiveRate) };
}

function checkOptions(options: BloomFilterOptions): void {
  if (typeof options !== "object" || options === null) {
    throw invalid("a Bloom filter takes options: { capacity, bitsPerKey } or { capacity, falsePositiveRate }");
  }
  for (const name in options) {
    if (!OPTIONS.includes(name)) {
      throw invalid(`a Bloom filter has no option ${name}; it takes ${OPTIONS.join(", ")}`);
    }
  }
  const { capacity, bitsPerKey, falsePositiveRate } = options;
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw invalid(`the option capacity is how many keys a Bloom filter is made for, from 1 on, not ${capacity}`);
  }
  if (bitsPerKey !== undefined && falsePositiveRate !== undefined) {
    throw invalid("a Bloom filter takes bitsPerKey or falsePositiveRate, not both: one follows from the other");
  }
  if (bitsPerKey !== undefined && !(bitsPerKey >= 1 && bitsPerKey <= MAX_BITS_PER_KEY)) {
    throw invalid(`the option bitsPerKey is from 1 to ${MAX_BITS_PER_KEY}, not ${bitsPerKey}`);
  }
  if (falsePositiveRate !== undefined && !(falsePositiveRate >= MIN_RATE && falsePositiveRate <= MAX_RATE)) {
    throw invalid(`the option falsePositiveRate is from ${MIN_RATE} to ${MAX_RATE}, not ${falsePositiveRate}`);
  }
}

/** The fewest blocks with which `capacity` keys stay within a rate. */
function blocksWithin(capacity: number, rate: number): number {
  let tooFew = 0;
  let enough = Math.ceil((capacity * MAX_BITS_PER_KEY) / BLOCK_BITS);
  while (enough - tooFew > 1) {
    const blocks = Math.floor((tooFew + enough) / 2);
    if (predictedRate(capacity, blocks, probesFor((blocks * BLOCK_BITS) / capacity)) <= rate) {
      enough = blocks;
    } else {
      tooFew = blocks;
    }
  }
  return enough;
}

/** The fewest bits to set for a key with which `capacity` keys stay within a rate; some number of them does. */
function probesWithin(capacity: number, blocks: number, rate: number): number {
  let probes = 1;
  while (predictedRate(capacity, blocks, probes) > rate) {
    probes++;
  }
  return probes;
}

function checkBlocks(blocks: number): void {
  if (blocks > MAX_BLOCKS) {
    throw new DbError(
      "INVALID",
      `a Bloom filter is at most ${MAX_BLOCKS * BLOCK_BYTES} bytes, and this one would be ${blocks * BLOCK_BYTES}; ` +
        "make it for fewer keys or with fewer bits for each, or divide the keys among several",
      { limit: MAX_BLOCKS * BLOCK_BYTES, sizeBytes: blocks * BLOCK_BYTES },
    );
  }
}

function invalid(message: string): DbError {
  return new DbError("INVALID", message);
}
