/**
 * The blocks of a blocked Bloom filter (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007).
 *
 *     low  ──▶ which block     │ block 0: 512 bits │ block 1 │ … │
 *     high ──▶ which bits of it, one a probe
 *
 * A block is one cache line, 64 bytes: a key that is not there costs one cache miss, where a plain Bloom filter costs
 * one for each probe. The price is a higher rate of false positives, since some blocks get more keys than others: 0.97 %
 * instead of 0.82 % at ten bits a key (bloom-rate.ts has the prediction).
 *
 * Blocks come from the whole of `low` by multiply and shift, so that their number need not be a power of two. Bits come from
 * `high` by a step of a linear congruential generator for each probe, whose top nine bits name the bit. (RocksDB's filters
 * multiply alone; then a hash of zero, which the empty key has, sets one bit only. With an odd addend the period is 2^32.)
 * Double hashing, a + i × b, is as fast and the usual choice, but a block has few different progressions of that kind,
 * 2^17, and the more bits a key has, the more often one is covered by others. Measured rate, divided by the predicted one:
 *
 *     bits a key        5      8      10     12     16     20
 *     generator       1.00   1.00   1.00   0.99   0.99   0.99
 *     a + i × b       1.01   1.04   1.13   1.31   2.36   5.45
 *     a + i × b + i²  1.00   1.00   1.02   1.04   1.16   1.54
 *
 * Blocks are bytes, not words: on any machine the same. Part of the format: which block and which bits a hash has.
 */

/** Part of the format; never change. */
export const BLOCK_BYTES = 64;
export const BLOCK_BITS = 512;
/** The generator's step: its period is 2^32, as the multiplier is 1 more than a multiple of 4 and the addend odd. Part of the format. */
const STEP_MULTIPLIER = 0x9e3779b9;
const STEP_ADDEND = 0x6a09e667;
/** The most probes that a filter has; beyond, blocks fill up faster than rates fall. */
export const MAX_PROBES = 24;
/** The most blocks of a filter in memory: 1 GiB. */
export const MAX_BLOCKS: number = 2 ** 24;

const WORD = 0x1_0000_0000;
const HALF_WORD = 0x1_0000;
/** Below so many blocks, their product with a word is exact: it has 53 bits. */
const EXACT_BLOCKS = 0x20_0000;

/** Which of `blocks` blocks (1 to 2^32) belongs to a hash: its `low`, unsigned, × blocks / 2^32, rounded down. */
export function blockOf(low: number, blocks: number): number {
  const word = low >>> 0;
  if (blocks <= EXACT_BLOCKS) {
    return ((word * blocks) / WORD) >>> 0;
  }
  // In two halves of 16 bits: both products have 48.
  const upper = (word >>> 16) * blocks;
  const lower = (word & 0xffff) * blocks;
  return ((upper + Math.floor(lower / HALF_WORD)) / HALF_WORD) >>> 0;
}

/** Sets the bits of a hash in the block at byte `block`; returns whether one of them was not set yet. */
export function setBits(u8: Uint8Array, block: number, high: number, probes: number): boolean {
  let bits = high;
  let fresh = 0;
  for (let i = 0; i < probes; i++) {
    bits = (Math.imul(bits, STEP_MULTIPLIER) + STEP_ADDEND) | 0;
    const at = block + (bits >>> 26);
    const mask = 1 << ((bits >>> 23) & 7);
    const byte = u8[at]!;
    fresh |= ~byte & mask;
    u8[at] = byte | mask;
  }
  return fresh !== 0;
}

/** Whether all bits of a hash are set in the block at byte `block`. */
export function hasBits(u8: Uint8Array, block: number, high: number, probes: number): boolean {
  let bits = high;
  for (let i = 0; i < probes; i++) {
    bits = (Math.imul(bits, STEP_MULTIPLIER) + STEP_ADDEND) | 0;
    if ((u8[block + (bits >>> 26)]! & (1 << ((bits >>> 23) & 7))) === 0) {
      return false;
    }
  }
  return true;
}

/** How many bits are set in the block that starts at word `word` of `u32`. */
export function countBits(u32: Uint32Array, word: number): number {
  let count = 0;
  for (let i = word; i < word + BLOCK_BYTES / 4; i++) {
    let bits = u32[i]!;
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    count += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
