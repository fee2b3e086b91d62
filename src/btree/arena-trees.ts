/**
 * The table of an ArenaIndex's trees: where the tree of a keyspace is, and what is known of all its keys at once.
 *
 *   +0 keyspace | +1 root | +2 count | +3 last leaf | +4 prefix length | – | – | – | +8 … +15 prefix, 32 bytes
 *
 * A tree is named by the index of its first word; 0 names none (the words there stay 0, so that an absent keyspace
 * reads as one without root and entries). A keyspace keeps its tree's place until `reset`.
 *
 * All keys of a tree begin with its prefix, which heads and comparisons skip. It starts as the first key and only
 * gets shorter. Keys of one map often begin alike ("user:"), and without the skip all their heads would tie, so that
 * every comparison would go to the arena: 0.8 against 1.6 million lookups a second with "user:" and eleven digits.
 */
import { sharedPrefixLength } from "../bytes.ts";

export const TREE_KEYSPACE = 0;
export const TREE_ROOT = 1;
export const TREE_COUNT = 2;
export const TREE_LAST_LEAF = 3;
export const TREE_PREFIX_LENGTH = 4;
const TREE_PREFIX = 8;
export const TREE_WORDS = 16;

const MAX_PREFIX_BYTES = 32;
/** Keyspaces below this id are found through an array, 1 ns; the others through a Map. */
const DIRECT_KEYSPACES = 65536;
const FIRST_DIRECT_KEYSPACES = 64;
const FIRST_TREES = 4;

export class ArenaTrees {
  words: Uint32Array;
  #bytes: Uint8Array;
  /** The first word behind the last tree. */
  end: number;
  #direct: Int32Array;
  readonly #sparse: Map<number, number>;

  /** An empty table, or the one whose words were transferred. */
  constructor(transferred?: Uint32Array) {
    this.words = transferred ?? new Uint32Array(FIRST_TREES * TREE_WORDS);
    this.#bytes = bytesOf(this.words);
    this.end = transferred?.length ?? TREE_WORDS;
    this.#direct = new Int32Array(FIRST_DIRECT_KEYSPACES);
    this.#sparse = new Map();
    for (let tree = TREE_WORDS; tree < this.end; tree += TREE_WORDS) {
      this.#name(this.words[tree + TREE_KEYSPACE]!, tree);
    }
  }

  toTransfer(): Uint32Array {
    return this.words.slice(0, this.end);
  }

  /** The tree of a keyspace, 0 if it never had an entry. */
  find(keyspace: number): number {
    return keyspace < this.#direct.length ? this.#direct[keyspace]! : (this.#sparse.get(keyspace) ?? 0);
  }

  add(keyspace: number): number {
    const tree = this.end;
    if (tree === this.words.length) {
      const grown = new Uint32Array(tree * 2);
      grown.set(this.words);
      this.words = grown;
      this.#bytes = bytesOf(grown);
    }
    this.end = tree + TREE_WORDS;
    this.words.fill(0, tree, this.end);
    this.words[tree + TREE_KEYSPACE] = keyspace;
    this.#name(keyspace, tree);
    return tree;
  }

  copyFrom(other: ArenaTrees): void {
    this.reset();
    for (let tree = TREE_WORDS; tree < other.end; tree += TREE_WORDS) {
      this.add(other.words[tree + TREE_KEYSPACE]!);
    }
    this.words.set(other.words.subarray(0, other.end));
  }

  reset(): void {
    this.end = TREE_WORDS;
    this.#direct.fill(0);
    this.#sparse.clear();
  }

  /** Takes as much of a key as fits for the prefix of a tree that has no other keys. */
  setPrefix(tree: number, key: Uint8Array, offset: number, length: number): void {
    const prefixLength = Math.min(length, MAX_PREFIX_BYTES);
    const prefix = (tree + TREE_PREFIX) * 4;
    for (let i = 0; i < prefixLength; i++) {
      this.#bytes[prefix + i] = key[offset + i]!;
    }
    this.words[tree + TREE_PREFIX_LENGTH] = prefixLength;
  }

  /** How many bytes of the tree's prefix a key begins with. */
  sharedPrefix(tree: number, key: Uint8Array, offset: number, length: number): number {
    const prefixLength = this.words[tree + TREE_PREFIX_LENGTH]!;
    return sharedPrefixLength(this.#bytes, (tree + TREE_PREFIX) * 4, prefixLength, key, offset, length);
  }

  /** 0 for a key with the tree's prefix; for another, negative or positive as it sorts before or after all that have it. */
  comparePrefix(tree: number, key: Uint8Array, offset: number, length: number): number {
    const shared = this.sharedPrefix(tree, key, offset, length);
    if (shared === this.words[tree + TREE_PREFIX_LENGTH]) {
      return 0;
    }
    return shared === length ? -1 : key[offset + shared]! - this.#bytes[(tree + TREE_PREFIX) * 4 + shared]!;
  }

  /**
   * Cuts the prefix to `length`. Returns what the keys' heads lack in front: `cut` bytes more are part of them now
   * (at most 4 matter), which are the first bytes of `front`, a head's word. No key need be read for that.
   */
  shortenPrefix(tree: number, length: number): { readonly cut: number; readonly front: number } {
    const cut = Math.min(4, this.words[tree + TREE_PREFIX_LENGTH]! - length);
    const at = (tree + TREE_PREFIX) * 4 + length;
    let front = 0;
    for (let i = 0; i < cut; i++) {
      front |= this.#bytes[at + i]! << (24 - 8 * i);
    }
    this.words[tree + TREE_PREFIX_LENGTH] = length;
    return { cut, front: front >>> 0 };
  }

  #name(keyspace: number, tree: number): void {
    if (keyspace >= DIRECT_KEYSPACES) {
      this.#sparse.set(keyspace, tree);
      return;
    }
    if (keyspace >= this.#direct.length) {
      const grown = new Int32Array(2 ** Math.ceil(Math.log2(keyspace + 1)));
      grown.set(this.#direct);
      this.#direct = grown;
    }
    this.#direct[keyspace] = tree;
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
