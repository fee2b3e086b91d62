/**
 * A position among the keys of one keyspace of an ArenaIndex, moved both ways.
 *
 *   cursor.open(index, keyspace);
 *   for (let op = cursor.seek(key, 0, key.length); op !== 0; op = cursor.next()) { … }
 *
 * The position is a key: after any change of the index `next` and `prev` go on from it, whether or not it is still
 * there. While the index is unchanged (`index.version`) a step is one in a leaf or along its links, 10 ns (50 where
 * keys are scattered in the arena: the key's place is read there); after a change it is one descent. The fields hold the entry's newest version as of the last move.
 *
 * The key is read from the arena where the index changed, so it must still be there. Committed ops are; an op that
 * is undone is not. Before a rollback, `keepKey` the cursors that may stand on what is undone.
 *
 * Past either end `op` is 0, and the cursor stays there until it is positioned anew.
 */
import { copyBytes, headOf } from "../bytes.ts";
import { opKeyLength, opKeyOffset } from "../wal/index.ts";
import type { ArenaIndex } from "./arena-index.ts";
import { INNER_CHILDREN, LEAF_OPS, NODE_LEVEL, NODE_NEXT, NODE_PREVIOUS } from "./arena-node.ts";
import { findChild, findSlot } from "./arena-search.ts";
import { TREE_LAST_LEAF, TREE_PREFIX_LENGTH, TREE_ROOT } from "./arena-trees.ts";

/** A cache line of 64 bytes. */
const WORDS_A_LINE = 16;

export class ArenaCursor {
  /** The newest version of the current key, 0 past the end. */
  op: number;
  /** Where its key lies in the segment's arena. */
  keyOffset: number;
  keyLength: number;
  #index: ArenaIndex | undefined;
  #keyspace: number;
  #leaf: number;
  #slot: number;
  /** Of no use, but it keeps the reads of `askAhead` from being left out. */
  asked: number;
  #version: number;
  /** A copy of the current key, from `keepKey` until the next move. */
  #keptKey: Uint8Array | undefined;

  constructor() {
    this.op = 0;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.#index = undefined;
    this.#keyspace = 0;
    this.#leaf = 0;
    this.#slot = 0;
    this.#version = 0;
    this.asked = 0;
    this.#keptKey = undefined;
  }

  /** Sets the cursor on an index, without a position. */
  open(index: ArenaIndex, keyspace: number): void {
    this.#index = index;
    this.#keyspace = keyspace;
    this.#end();
  }

  /** Lets go of the index, so that a cursor that is kept does not keep an arena alive. */
  close(): void {
    this.#index = undefined;
    this.#end();
  }

  /** To the first key at or above the given one, or above it if not `inclusive`. Returns the op, 0 for none. */
  seek(key: Uint8Array, offset: number, length: number, inclusive = true): number {
    const order = this.#find(key, offset, length);
    if (this.#leaf === 0) {
      return order < 0 ? this.first() : this.#end();
    }
    const slot = this.#slot;
    return this.#settleForward(slot < 0 ? ~slot : inclusive ? slot : slot + 1);
  }

  /** To the last key below the given one, or at it if `inclusive`. Returns the op, 0 for none. */
  seekBefore(key: Uint8Array, offset: number, length: number, inclusive = false): number {
    const order = this.#find(key, offset, length);
    if (this.#leaf === 0) {
      return order > 0 ? this.last() : this.#end();
    }
    const slot = this.#slot;
    return this.#settleBackward(slot < 0 ? ~slot - 1 : inclusive ? slot : slot - 1);
  }

  first(): number {
    const index = this.#index!;
    const nodes = index.nodes;
    let node = index.trees.words[index.trees.find(this.#keyspace) + TREE_ROOT]!;
    if (node === 0) {
      return this.#end();
    }
    while (nodes[node + NODE_LEVEL]! > 0) {
      node = nodes[node + INNER_CHILDREN]!;
    }
    this.#leaf = node;
    this.#version = index.version;
    return this.#settleForward(0);
  }

  last(): number {
    const index = this.#index!;
    this.#leaf = index.trees.words[index.trees.find(this.#keyspace) + TREE_LAST_LEAF]!;
    if (this.#leaf === 0) {
      return this.#end();
    }
    this.#version = index.version;
    return this.#settleBackward(index.nodes[this.#leaf]! - 1);
  }

  next(): number {
    if (this.op === 0) {
      return 0;
    }
    if (this.#version === this.#index!.version) {
      return this.#settleForward(this.#slot + 1);
    }
    return this.#keptKey === undefined
      ? this.seek(this.#index!.u8, this.keyOffset, this.keyLength, false)
      : this.seek(this.#keptKey, 0, this.#keptKey.length, false);
  }

  prev(): number {
    if (this.op === 0) {
      return 0;
    }
    if (this.#version === this.#index!.version) {
      return this.#settleBackward(this.#slot - 1);
    }
    return this.#keptKey === undefined
      ? this.seekBefore(this.#index!.u8, this.keyOffset, this.keyLength, false)
      : this.seekBefore(this.#keptKey, 0, this.#keptKey.length, false);
  }

  /**
   * Asks for the memory of the entries ahead in this leaf, if it was entered just now. They lie scattered in the arena, and
   * arrive together instead of one after the other: for who goes through all of them.
   */
  askAhead(): void {
    if (this.#slot !== 0 || this.op === 0) {
      return;
    }
    const { nodes, u32 } = this.#index!;
    const ops = this.#leaf + LEAF_OPS;
    const end = ops + nodes[this.#leaf]!;
    let sum = 0;
    for (let i = ops; i < end; i++) {
      const word = nodes[i]! >>> 2;
      sum |= u32[word]! | u32[word + WORDS_A_LINE]! | u32[word + 2 * WORDS_A_LINE]!;
    }
    this.asked = sum;
  }

  /** Copies the current key, so that the position survives the undoing of its op. Holds until the next move. */
  keepKey(): void {
    if (this.op !== 0 && this.#keptKey === undefined) {
      this.#keptKey = new Uint8Array(this.keyLength);
      copyBytes(this.#index!.u8, this.keyOffset, this.#keptKey, 0, this.keyLength);
    }
  }

  /**
   * Sets `#leaf` to where the key belongs and `#slot` as `findSlot` has it. A key that sorts before (negative) or after
   * (positive) all keys by the tree's prefix has no leaf, 0, nor has any key where there is no tree.
   */
  #find(key: Uint8Array, offset: number, length: number): number {
    const index = this.#index!;
    const trees = index.trees;
    const tree = trees.find(this.#keyspace);
    const nodes = index.nodes;
    let node = trees.words[tree + TREE_ROOT]!;
    this.#leaf = 0;
    this.#version = index.version;
    const order = node === 0 ? 0 : trees.comparePrefix(tree, key, offset, length);
    if (node === 0 || order !== 0) {
      return order;
    }
    const skip = trees.words[tree + TREE_PREFIX_LENGTH]!;
    const head = headOf(key, offset + skip, length - skip);
    for (let level = nodes[node + NODE_LEVEL]!; level > 0; level--) {
      node = nodes[node + INNER_CHILDREN + findChild(index, node, head, key, offset, length, skip)]!;
    }
    this.#leaf = node;
    this.#slot = findSlot(index, node, head, key, offset, length, skip);
    return 0;
  }

  /** Stands on `slot` of `#leaf`, or on the first entry of the next leaf if it is past the last. */
  #settleForward(slot: number): number {
    const nodes = this.#index!.nodes;
    if (slot < nodes[this.#leaf]!) {
      return this.#stand(slot);
    }
    this.#leaf = nodes[this.#leaf + NODE_NEXT]!;
    return this.#leaf === 0 ? this.#end() : this.#stand(0);
  }

  #settleBackward(slot: number): number {
    if (slot >= 0) {
      return this.#stand(slot);
    }
    const nodes = this.#index!.nodes;
    this.#leaf = nodes[this.#leaf + NODE_PREVIOUS]!;
    return this.#leaf === 0 ? this.#end() : this.#stand(nodes[this.#leaf]! - 1);
  }

  #stand(slot: number): number {
    const index = this.#index!;
    const op = index.nodes[this.#leaf + LEAF_OPS + slot]!;
    this.#slot = slot;
    this.op = op;
    this.keyOffset = opKeyOffset(index.u32, op);
    this.keyLength = opKeyLength(index.u32, op);
    this.#keptKey = undefined;
    return op;
  }

  #end(): number {
    this.op = 0;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.#leaf = 0;
    this.#slot = 0;
    this.#keptKey = undefined;
    return 0;
  }
}
