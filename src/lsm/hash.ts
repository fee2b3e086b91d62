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
 *     bytes     4    8   16   32   64   128
 *     ns       16   21   21   30   50    87        of that, 8 are the mixing at the end
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
    const end = offset + length - (length % BLOCK_BYTES);
    let at = offset;
    for (; at < end; at += BLOCK_BYTES) {
      h1 ^= scramble(word(u8, at), M1, 15, M2);
      h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
      h2 ^= scramble(word(u8, at + 4), M2, 16, M3);
      h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
      h3 ^= scramble(word(u8, at + 8), M3, 17, M4);
      h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
      h4 ^= scramble(word(u8, at + 12), M4, 18, M1);
      h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
    }
    const left = offset + length - at;
    if (left > 0) {
      h1 ^= scramble(lastWord(u8, at, left), M1, 15, M2);
      if (left > 4) {
        h2 ^= scramble(lastWord(u8, at + 4, left - 4), M2, 16, M3);
      }
      if (left > 8) {
        h3 ^= scramble(lastWord(u8, at + 8, left - 8), M3, 17, M4);
      }
      if (left > 12) {
        h4 ^= scramble(lastWord(u8, at + 12, left - 12), M4, 18, M1);
      }
    }
    this.#finish(h1 ^ length, h2 ^ length, h3 ^ length, h4 ^ length);
  }

  #finish(h1: number, h2: number, h3: number, h4: number): void {
    const sum = (h1 + h2 + h3 + h4) | 0;
    const m1 = mix(sum);
    const m2 = mix(h2 + sum);
    const m3 = mix(h3 + sum);
    const m4 = mix(h4 + sum);
    const low = (m1 + m2 + m3 + m4) | 0;
    this.low = low;
    this.high = (m2 + low) | 0;
    this.third = (m3 + low) | 0;
    this.fourth = (m4 + low) | 0;
  }
}

function word(u8: Uint8Array, at: number): number {
  return u8[at]! | (u8[at + 1]! << 8) | (u8[at + 2]! << 16) | (u8[at + 3]! << 24);
}

/** The next word where only `left` bytes follow: zeros stand for those that are not there. */
function lastWord(u8: Uint8Array, at: number, left: number): number {
  if (left >= 4) {
    return word(u8, at);
  }
  let bits = 0;
  for (let i = left - 1; i >= 0; i--) {
    bits = (bits << 8) | u8[at + i]!;
  }
  return bits;
}

function scramble(bits: number, first: number, turn: number, second: number): number {
  return Math.imul(rotate(Math.imul(bits, first), turn), second);
}

function rotate(bits: number, turn: number): number {
  return (bits << turn) | (bits >>> (32 - turn));
}

function mix(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
