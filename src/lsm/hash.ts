/**
 * The hash of a key: MurmurHash3 x86_128 by Austin Appleby, who placed it in the public domain (aappleby/smhasher,
 * MurmurHash3.cpp; its verification value is 0xB3ECE62A). Part of the format: filters on disk are made from it.
 *
 * Of its variants it is the one that 32-bit arithmetic computes: x64_128 multiplies 64-bit words, which JavaScript can do
 * in BigInt alone, and x86_32 gives too few bits. A filter takes a block from `low` and the bits in it from `high`, so
 * that two keys look alike to it only if they agree in nearly 64 bits.
 *
 * The words are signed. V8 keeps whole numbers from -2^31 to 2^31 - 1 in a register or a field as they are; an unsigned
 * word above would be a number on the heap, made anew whenever it is passed to a function that is not compiled in place.
 *
 *     bytes     4    8   12   16   20   32   128  1024
 *     ns       20   24   29   22   33   33    97   695
 *
 * Each lane is written out by hand. With functions for reading, turning and mixing words it was half as long, and 16 bytes
 * took 22 ns or 69, by what had run before: V8 compiles only so many calls of a function in place.
 *
 * Not for secrets, and not against an adversary who chooses the keys: collisions of this hash are easy to make. They cost
 * reads that find nothing, never an answer.
 */

// The multipliers of the four lanes.
const M1 = 0x239b961b;
const M2 = 0xab0e9789;
const M3 = 0x38b34ae5;
const M4 = 0xa1e38b93;

const BLOCK_BYTES = 16;

export class KeyHash {
  /** The first of the four words of 32 bits that `of` came to. */
  low: number;
  /** The second. */
  high: number;
  /** The third and the fourth, which no filter uses: what is published of this hash is about all four. */
  third: number;
  fourth: number;
  readonly #seed: number;

  /** Filters have the seed 0. */
  constructor(seed = 0) {
    this.low = 0;
    this.high = 0;
    this.third = 0;
    this.fourth = 0;
    this.#seed = seed | 0;
  }

  /** Hashes `length` bytes from `offset`, which need not be aligned, into the four words. */
  of(u8: Uint8Array, offset: number, length: number): void {
    let h1 = this.#seed;
    let h2 = h1;
    let h3 = h1;
    let h4 = h1;
    let at = offset;
    for (let left = length; left >= BLOCK_BYTES; left -= BLOCK_BYTES) {
      let k = u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16) | (u8[at + 3]! << 24);
      k = Math.imul(k, M1);
      h1 ^= Math.imul((k << 15) | (k >>> 17), M2);
      h1 = (Math.imul(((h1 << 19) | (h1 >>> 13)) + h2, 5) + 0x561ccd1b) | 0;
      k = u8[at + 4]! | (u8[at + 5]! << 8) | (u8[at + 6]! << 16) | (u8[at + 7]! << 24);
      k = Math.imul(k, M2);
      h2 ^= Math.imul((k << 16) | (k >>> 16), M3);
      h2 = (Math.imul(((h2 << 17) | (h2 >>> 15)) + h3, 5) + 0x0bcaa747) | 0;
      k = u8[at + 8]! | (u8[at + 9]! << 8) | (u8[at + 10]! << 16) | (u8[at + 11]! << 24);
      k = Math.imul(k, M3);
      h3 ^= Math.imul((k << 17) | (k >>> 15), M4);
      h3 = (Math.imul(((h3 << 15) | (h3 >>> 17)) + h4, 5) + 0x96cd1c35) | 0;
      k = u8[at + 12]! | (u8[at + 13]! << 8) | (u8[at + 14]! << 16) | (u8[at + 15]! << 24);
      k = Math.imul(k, M4);
      h4 ^= Math.imul((k << 18) | (k >>> 14), M1);
      h4 = (Math.imul(((h4 << 13) | (h4 >>> 19)) + h1, 5) + 0x32ac3b17) | 0;
      at += BLOCK_BYTES;
    }
    this.low = h1;
    this.high = h2;
    this.third = h3;
    this.fourth = h4;
    const rest = length & (BLOCK_BYTES - 1);
    if (rest > 0) {
      this.#addRest(u8, at, rest);
    }
    this.#finish(length);
  }

  /** The last 1 to 15 bytes. */
  #addRest(u8: Uint8Array, at: number, left: number): void {
    let k = 0;
    for (let i = left - 1; i >= 12; i--) {
      k = (k << 8) | u8[at + i]!;
    }
    k = Math.imul(k, M4);
    this.fourth ^= Math.imul((k << 18) | (k >>> 14), M1);
    k = 0;
    for (let i = left < 12 ? left - 1 : 11; i >= 8; i--) {
      k = (k << 8) | u8[at + i]!;
    }
    k = Math.imul(k, M3);
    this.third ^= Math.imul((k << 17) | (k >>> 15), M4);
    k = 0;
    for (let i = left < 8 ? left - 1 : 7; i >= 4; i--) {
      k = (k << 8) | u8[at + i]!;
    }
    k = Math.imul(k, M2);
    this.high ^= Math.imul((k << 16) | (k >>> 16), M3);
    k = 0;
    for (let i = left < 4 ? left - 1 : 3; i >= 0; i--) {
      k = (k << 8) | u8[at + i]!;
    }
    k = Math.imul(k, M1);
    this.low ^= Math.imul((k << 15) | (k >>> 17), M2);
  }

  /** Mixes each word by itself, and all of them with one another. */
  #finish(length: number): void {
    let h2 = this.high ^ length;
    let h3 = this.third ^ length;
    let h4 = this.fourth ^ length;
    let h1 = ((this.low ^ length) + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0;
    h3 = (h3 + h1) | 0;
    h4 = (h4 + h1) | 0;
    h1 = Math.imul(h1 ^ (h1 >>> 16), 0x85ebca6b);
    h2 = Math.imul(h2 ^ (h2 >>> 16), 0x85ebca6b);
    h3 = Math.imul(h3 ^ (h3 >>> 16), 0x85ebca6b);
    h4 = Math.imul(h4 ^ (h4 >>> 16), 0x85ebca6b);
    h1 = Math.imul(h1 ^ (h1 >>> 13), 0xc2b2ae35);
    h2 = Math.imul(h2 ^ (h2 >>> 13), 0xc2b2ae35);
    h3 = Math.imul(h3 ^ (h3 >>> 13), 0xc2b2ae35);
    h4 = Math.imul(h4 ^ (h4 >>> 13), 0xc2b2ae35);
    h2 ^= h2 >>> 16;
    h3 ^= h3 >>> 16;
    h4 ^= h4 >>> 16;
    h1 = ((h1 ^ (h1 >>> 16)) + h2 + h3 + h4) | 0;
    this.low = h1;
    this.high = (h2 + h1) | 0;
    this.third = (h3 + h1) | 0;
    this.fourth = (h4 + h1) | 0;
  }
}
