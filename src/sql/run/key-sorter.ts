/**
 * Sorts pairs of bytes by the first of them: entries of an index that is built.
 *
 *   ─▶ add(key, …, value, …) … ─▶ sort() ─▶ order[0], order[1], …: pairs in the order of their keys
 *
 * Pairs lie one behind the other in one buffer. They are sorted by the eight bytes behind what all keys begin with, least
 * significant first, 16 bits at a time: four passes over numbers and no comparison. Those that are alike so far are few in
 * most data, and are compared.
 *
 * Bound: MAX_SORTED_BYTES; beyond it FULL.
 */
import { compareBytes, copyBytes } from "../../bytes.ts";
import { DbError } from "../../errors.ts";
import { distribute } from "./distribute.ts";

const MAX_SORTED_BYTES = 2 ** 30;
const INITIAL_BYTES = 65_536;
const INITIAL_PAIRS = 1024;
/** Fewer pairs are compared right away. */
const SMALL = 1000;

export class KeySorter {
  bytes: Uint8Array;
  count: number;
  /** Where each pair lies; the last one ends where the next would begin. */
  offsets: Uint32Array;
  /** Of each pair: how long its key is. */
  keyLengths: Uint16Array;
  #used: number;

  constructor() {
    this.bytes = new Uint8Array(INITIAL_BYTES);
    this.count = 0;
    this.offsets = new Uint32Array(INITIAL_PAIRS + 1);
    this.keyLengths = new Uint16Array(INITIAL_PAIRS);
    this.#used = 0;
  }

  add(key: Uint8Array, keyLength: number, value: Uint8Array, valueLength: number): void {
    const pair = this.count++;
    const at = this.#used;
    this.#reserve(at + keyLength + valueLength);
    copyBytes(key, 0, this.bytes, at, keyLength);
    copyBytes(value, 0, this.bytes, at + keyLength, valueLength);
    this.#used = at + keyLength + valueLength;
    this.offsets[pair] = at;
    this.offsets[pair + 1] = this.#used;
    this.keyLengths[pair] = keyLength;
  }

  /** The numbers of the pairs in the order of their keys. */
  sort(): Uint32Array {
    const order = Uint32Array.from({ length: this.count }, (_, pair) => pair);
    if (this.count <= SMALL) {
      return order.sort((a, b) => this.compareKeys(a, b));
    }
    const shared = this.#sharedLength();
    const high = new Uint32Array(this.count);
    const low = new Uint32Array(this.count);
    for (let pair = 0; pair < this.count; pair++) {
      high[pair] = this.#word(pair, shared);
      low[pair] = this.#word(pair, shared + 4);
    }
    let from: Uint32Array = order;
    let into: Uint32Array = new Uint32Array(this.count);
    for (const [words, shift] of [
      [low, 0],
      [low, 16],
      [high, 0],
      [high, 16],
    ] as const) {
      if (distribute(words, shift, from, into)) {
        [from, into] = [into, from];
      }
    }
    this.#settle(from, high, low);
    return from;
  }

  compareKeys(a: number, b: number): number {
    const { bytes, offsets, keyLengths } = this;
    return compareBytes(bytes, offsets[a]!, keyLengths[a]!, bytes, offsets[b]!, keyLengths[b]!);
  }

  /** How many bytes all keys begin with. */
  #sharedLength(): number {
    const { bytes, offsets, keyLengths } = this;
    let shared = keyLengths[0]!;
    for (let pair = 1; pair < this.count && shared > 0; pair++) {
      const most = Math.min(shared, keyLengths[pair]!);
      const at = offsets[pair]!;
      let same = 0;
      while (same < most && bytes[same] === bytes[at + same]) {
        same++;
      }
      shared = same;
    }
    return shared;
  }

  /** Four bytes of a key as a number; bytes that it does not have are 0. */
  #word(pair: number, from: number): number {
    const { bytes } = this;
    const at = this.offsets[pair]! + from;
    const left = this.keyLengths[pair]! - from;
    if (left >= 4) {
      return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    }
    let word = 0;
    for (let i = 0; i < left; i++) {
      word |= bytes[at + i]! << (24 - 8 * i);
    }
    return word >>> 0;
  }

  /** Compares those whose eight bytes are alike. */
  #settle(order: Uint32Array, high: Uint32Array, low: Uint32Array): void {
    let start = 0;
    for (let i = 1; i <= order.length; i++) {
      const isAlike =
        i < order.length && high[order[i]!] === high[order[start]!] && low[order[i]!] === low[order[start]!];
      if (!isAlike) {
        if (i - start > 1) {
          order.subarray(start, i).sort((a, b) => this.compareKeys(a, b));
        }
        start = i;
      }
    }
  }

  #reserve(needed: number): void {
    if (this.count > this.keyLengths.length) {
      const keyLengths = new Uint16Array(this.keyLengths.length * 2);
      keyLengths.set(this.keyLengths);
      const offsets = new Uint32Array(keyLengths.length + 1);
      offsets.set(this.offsets);
      this.keyLengths = keyLengths;
      this.offsets = offsets;
    }
    if (needed <= this.bytes.length) {
      return;
    }
    if (needed > MAX_SORTED_BYTES) {
      throw new DbError("FULL", `the entries of an index that is built may take ${MAX_SORTED_BYTES} bytes`, {
        limit: MAX_SORTED_BYTES,
      });
    }
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.#used));
    this.bytes = larger;
  }
}
