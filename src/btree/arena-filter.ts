/**
 * Which keys an index may hold: one bit a key, so that most lookups of keys that are elsewhere end before the tree.
 *
 * A reader asks every memtable before the page tree, and mostly in vain: 10 ns here instead of 100 to 150 for a descent.
 * The hash looks at the keyspace, the length, and four bytes each at the start, the middle and the end of the key. Keys
 * that agree in all of that share a bit, which costs a descent and never an answer (A9). Bits are set and not taken back:
 * what was undone looks like a key that may be there.
 *
 * Whoever writes and does not read needs none of it: new operations are only listed (2 ns, where a bit takes 50), and their
 * bits are set by the reads that come, 64 at the most by each. Until all are set a read goes down the tree.
 *
 * Sized for segments: 2 million bits beside 32 MiB of operations, of which 240,000 of 136 bytes set one in nine.
 */
import { headOf } from "../bytes.ts";
import { opKeyLength, opKeyOffset, opKeyspace } from "../wal/index.ts";
import type { SearchedArena } from "./arena-search.ts";

const INDEX_BYTES_PER_FILTER_BYTE = 128;
const MIN_WORDS = 64;
const EVERY_BIT = 0xffff_ffff;
/** Operations that are listed at the most, for each word of bits. */
const LISTED_PER_WORD = 4;
const NOTED_AT_ONCE = 64;

export class ArenaFilter {
  readonly #words: Uint32Array;
  /** Bits of a hash that name a word. */
  readonly #mask: number;
  /** Ascending operations whose keys have no bits yet. */
  readonly #listed: Uint32Array;
  #listedCount: number;

  /** For an index of at most `indexBytes`. */
  constructor(indexBytes: number) {
    let words = MIN_WORDS;
    while (words * 4 * INDEX_BYTES_PER_FILTER_BYTE < indexBytes) {
      words *= 2;
    }
    this.#words = new Uint32Array(words);
    this.#mask = words - 1;
    this.#listed = new Uint32Array(LISTED_PER_WORD * words);
    this.#listedCount = 0;
  }

  /** Lets every key through, from now on. */
  open(): void {
    this.#words.fill(EVERY_BIT);
  }

  clear(): void {
    this.#words.fill(0);
    this.#listedCount = 0;
  }

  /** Takes over what a smaller one knows, of the same operations: a key that has its bit there has it here. */
  copyFrom(smaller: ArenaFilter): void {
    const words = smaller.#words;
    for (let at = 0; at < this.#words.length; at += words.length) {
      this.#words.set(words, at);
    }
    this.#listed.set(smaller.#listed.subarray(0, smaller.#listedCount));
    this.#listedCount = smaller.#listedCount;
  }

  /** Takes in an operation, behind all that were taken in before. */
  add(arena: SearchedArena, op: number): void {
    if (this.#listedCount < this.#listed.length) {
      this.#listed[this.#listedCount++] = op;
    } else {
      this.#note(arena, op);
    }
  }

  /** Operations from `op` on are undone: what is at their place will be something else. */
  undo(op: number): void {
    while (this.#listedCount > 0 && this.#listed[this.#listedCount - 1]! >= op) {
      this.#listedCount--;
    }
  }

  /** False: no operation with this key was added. */
  mayHave(arena: SearchedArena, keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    if (this.#listedCount > 0 && !this.#catchUp(arena)) {
      return true;
    }
    const hash = hashOf(keyspace, key, offset, length);
    return (this.#words[(hash >>> 5) & this.#mask]! & (1 << hash)) !== 0;
  }

  /** Whether nothing is listed any more. */
  #catchUp(arena: SearchedArena): boolean {
    const end = Math.max(0, this.#listedCount - NOTED_AT_ONCE);
    while (this.#listedCount > end) {
      this.#note(arena, this.#listed[--this.#listedCount]!);
    }
    return end === 0;
  }

  #note({ u8, u32 }: SearchedArena, op: number): void {
    const hash = hashOf(opKeyspace(u32, op), u8, opKeyOffset(u32, op), opKeyLength(u32, op));
    this.#words[(hash >>> 5) & this.#mask]! |= 1 << hash;
  }
}

function hashOf(keyspace: number, key: Uint8Array, offset: number, length: number): number {
  let hash = headOf(key, offset, length) ^ Math.imul(keyspace + length, 0x9e3779b1);
  if (length > 4) {
    hash = Math.imul(hash, 0x85ebca6b) ^ headOf(key, offset + length - 4, 4);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35) ^ headOf(key, offset + ((length - 4) >> 1), 4);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return hash ^ (hash >>> 15);
}
