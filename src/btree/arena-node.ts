/**
 * The nodes of the arena tree, and the one block of shared memory that they lie in.
 *
 * A node is 128 u32 words (eight cache lines); it is named by the index of its first word, 0 names none:
 *
 *           +0      +1      +2     +3         +4            +4+62
 *   leaf    count | level | next | previous | heads[62]    | ops[62]
 *   inner   count | level | –    | –        | heads[41]    | ops[41]    | children[41]
 *                                           +4            +4+41        +4+82
 *
 * - `level` is 0 in a leaf, and one more than its children's in an inner node.
 * - `ops[i]` is an op offset in the log segment: in a leaf the newest version of the key, in an inner node some
 *   version of the separator's key. The key itself is read from there; nothing of it is copied but the head.
 * - `heads[i]` is the first four bytes of that key behind the tree's prefix (arena-trees.ts), big-endian, zero-padded:
 *   heads order as keys do, up to ties.
 * - Separator 0 of an inner node counts as minus infinity and is never read (it may name an op long undone).
 *
 * Figures (240 k random keys of 16 bytes): inserts take 65 ms with nodes of 512 bytes, 72 with 784, 78 with 1,024, and
 * lookups the same with all. A loop moves the usual thirty words; `copyWithin` would cost 40 % of an insert.
 *
 * Memory is taken from the front of the block, so pages of it that no node has reached are never touched; nodes
 * given back are kept in a list and used first. Nothing is zeroed: `allocate` writes the header, and what lies
 * past `count` is never read.
 */
import { assert } from "../assert.ts";
import { newSharedBlock } from "../pager/index.ts";

export const NODE_WORDS = 128;
export const NODE_LEVEL = 1;
export const NODE_NEXT = 2;
export const NODE_PREVIOUS = 3;
export const NODE_HEADS = 4;

export const LEAF_ENTRIES = 62;
export const LEAF_OPS: number = NODE_HEADS + LEAF_ENTRIES;

export const INNER_ENTRIES = 41;
export const INNER_OPS: number = NODE_HEADS + INNER_ENTRIES;
export const INNER_CHILDREN: number = INNER_OPS + INNER_ENTRIES;

const NODE_BYTES = NODE_WORDS * 4;

export class NodeArena {
  readonly buffer: SharedArrayBuffer;
  readonly words: Uint32Array;
  /** How many nodes can still be allocated. */
  available: number;
  /** Where the untouched rest of the block starts; the first node's place stays empty, so that 0 names none. */
  #untouched: number;
  #firstFree: number;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.words = new Uint32Array(buffer);
    this.available = 0;
    this.#untouched = 0;
    this.#firstFree = 0;
    this.reset();
  }

  /** A block of at most `maxBytes`; the memory is the system's until nodes reach it. */
  static ofBytes(maxBytes: number): NodeArena {
    return new NodeArena(newSharedBlock(Math.floor(maxBytes / NODE_BYTES) * NODE_BYTES));
  }

  /** Bytes of the block that nodes have reached so far. */
  get touchedBytes(): number {
    return this.#untouched * 4;
  }

  /** An empty node without links. The caller asked `available` first. */
  allocate(level: number): number {
    assert(this.available > 0, "A7: a node is allocated only while there is room");
    this.available--;
    const words = this.words;
    let node = this.#firstFree;
    if (node !== 0) {
      this.#firstFree = words[node + NODE_NEXT]!;
    } else {
      node = this.#untouched;
      this.#untouched = node + NODE_WORDS;
    }
    words[node] = 0;
    words[node + NODE_LEVEL] = level;
    words[node + NODE_NEXT] = 0;
    words[node + NODE_PREVIOUS] = 0;
    return node;
  }

  release(node: number): void {
    this.words[node + NODE_NEXT] = this.#firstFree;
    this.#firstFree = node;
    this.available++;
  }

  /** Takes over the nodes of a smaller arena, each at its place. */
  copyFrom(smaller: NodeArena): void {
    assert(smaller.words.length <= this.words.length, "A7: there is room for what is taken over");
    this.words.set(smaller.words.subarray(0, smaller.#untouched));
    this.available = this.#capacity - smaller.#capacity + smaller.available;
    this.#untouched = smaller.#untouched;
    this.#firstFree = smaller.#firstFree;
  }

  get #capacity(): number {
    return Math.floor(this.words.length / NODE_WORDS) - 1;
  }

  /** Forgets every node; the memory stays as it is. */
  reset(): void {
    this.available = Math.max(0, this.#capacity);
    this.#untouched = NODE_WORDS;
    this.#firstFree = 0;
  }
}

/** Makes entry `slot` of a leaf that has room. */
export function insertIntoLeaf(words: Uint32Array, leaf: number, slot: number, head: number, op: number): void {
  const count = words[leaf]!;
  const heads = leaf + NODE_HEADS;
  const ops = leaf + LEAF_OPS;
  for (let i = count; i > slot; i--) {
    words[heads + i] = words[heads + i - 1]!;
    words[ops + i] = words[ops + i - 1]!;
  }
  words[heads + slot] = head;
  words[ops + slot] = op;
  words[leaf] = count + 1;
}

export function removeFromLeaf(words: Uint32Array, leaf: number, slot: number): void {
  const count = words[leaf]! - 1;
  for (let i = slot; i < count; i++) {
    words[leaf + NODE_HEADS + i] = words[leaf + NODE_HEADS + i + 1]!;
    words[leaf + LEAF_OPS + i] = words[leaf + LEAF_OPS + i + 1]!;
  }
  words[leaf] = count;
}

/** Makes entry `slot` of an inner node that has room: the separator, and the child right of it. */
export function insertIntoInner(
  words: Uint32Array,
  inner: number,
  slot: number,
  head: number,
  op: number,
  child: number,
): void {
  const count = words[inner]!;
  for (let i = count; i > slot; i--) {
    words[inner + NODE_HEADS + i] = words[inner + NODE_HEADS + i - 1]!;
    words[inner + INNER_OPS + i] = words[inner + INNER_OPS + i - 1]!;
    words[inner + INNER_CHILDREN + i] = words[inner + INNER_CHILDREN + i - 1]!;
  }
  words[inner + NODE_HEADS + slot] = head;
  words[inner + INNER_OPS + slot] = op;
  words[inner + INNER_CHILDREN + slot] = child;
  words[inner] = count + 1;
}

export function removeFromInner(words: Uint32Array, inner: number, slot: number): void {
  const count = words[inner]! - 1;
  for (let i = slot; i < count; i++) {
    words[inner + NODE_HEADS + i] = words[inner + NODE_HEADS + i + 1]!;
    words[inner + INNER_OPS + i] = words[inner + INNER_OPS + i + 1]!;
    words[inner + INNER_CHILDREN + i] = words[inner + INNER_CHILDREN + i + 1]!;
  }
  words[inner] = count;
}

/** Moves the entries from `slot` on into the empty node `right`, which becomes the leaf's next. */
export function splitLeaf(words: Uint32Array, leaf: number, slot: number, right: number): void {
  const moved = words[leaf]! - slot;
  for (let i = 0; i < moved; i++) {
    words[right + NODE_HEADS + i] = words[leaf + NODE_HEADS + slot + i]!;
    words[right + LEAF_OPS + i] = words[leaf + LEAF_OPS + slot + i]!;
  }
  words[right] = moved;
  words[leaf] = slot;
  const next = words[leaf + NODE_NEXT]!;
  words[right + NODE_NEXT] = next;
  words[right + NODE_PREVIOUS] = leaf;
  words[leaf + NODE_NEXT] = right;
  if (next !== 0) {
    words[next + NODE_PREVIOUS] = right;
  }
}

export function splitInner(words: Uint32Array, inner: number, slot: number, right: number): void {
  const moved = words[inner]! - slot;
  for (let i = 0; i < moved; i++) {
    words[right + NODE_HEADS + i] = words[inner + NODE_HEADS + slot + i]!;
    words[right + INNER_OPS + i] = words[inner + INNER_OPS + slot + i]!;
    words[right + INNER_CHILDREN + i] = words[inner + INNER_CHILDREN + slot + i]!;
  }
  words[right] = moved;
  words[inner] = slot;
}

/** Takes a leaf out of the chain. */
export function unlinkLeaf(words: Uint32Array, leaf: number): void {
  const next = words[leaf + NODE_NEXT]!;
  const previous = words[leaf + NODE_PREVIOUS]!;
  if (next !== 0) {
    words[next + NODE_PREVIOUS] = previous;
  }
  if (previous !== 0) {
    words[previous + NODE_NEXT] = next;
  }
}

/** Puts the first `cut` bytes of `front` before the heads of a node and of all below it. */
export function shiftHeads(words: Uint32Array, node: number, cut: number, front: number): void {
  const count = words[node]!;
  for (let i = node + NODE_HEADS; i < node + NODE_HEADS + count; i++) {
    words[i] = cut === 4 ? front : front | (words[i]! >>> (8 * cut));
  }
  if (words[node + NODE_LEVEL]! > 0) {
    for (let i = 0; i < count; i++) {
      shiftHeads(words, words[node + INNER_CHILDREN + i]!, cut, front);
    }
  }
}
