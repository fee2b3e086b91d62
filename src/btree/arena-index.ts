/**
 * The index of one log segment: for each keyspace a B+tree whose entries are op offsets in the segment's arena.
 *
 *     keyspace ──▶ tree {root, count, last leaf}
 *                    │
 *               inner node  ──▶  …  ──▶  leaf ⇄ leaf ⇄ leaf        heads | op offsets
 *                                                  │
 *                                                  ▼ newest         older
 *     segment arena                               op ── OP_PREVIOUS ──▶ op ──▶ 0
 *
 * A key has one entry, its newest version; older ones hang behind it in the arena. Nothing is copied out of the
 * arena but a key's first four bytes, and nothing is allocated: nodes lie in shared memory (arena-node.ts), so a
 * worker reads a frozen index in place, through `toTransfer` and `fromTransfer`.
 *
 * Invariants (checkArenaIndex verifies them):
 *   A1  keys ascend within a leaf and from leaf to leaf; an entry is the newest version of its key
 *   A2  heads match the keys that the op offsets lead to
 *   A3  separator i (i > 0) is above every key left of it and at most every key right of it
 *   A4  no node is empty, but for the tree that holds nothing: it has no root
 *   A5  leaves are linked in key order both ways; the tree's `last leaf` is the last of them
 *   A6  every op offset in a leaf, and in a separator other than the 0th, leads to an op that has not been undone
 *   A7  while `room` is true, one insert succeeds whatever it splits
 *   A8  a version is marked superseded exactly if a later op of the same record changes its key
 *
 * Writing is for one writer. `remove` is no delete of data (that is an op like any other) but the undo of `insert`,
 * newest first; since undone bytes of the arena are written anew, A6 is what it works for.
 *
 * A leaf that overflows at one of its ends is split there and not in the middle, so that ascending (and descending)
 * keys fill their leaves; and a key behind the last one is appended without a descent: 2–3x the rate of random keys.
 */
import { assert } from "../assert.ts";
import { headOf } from "../bytes.ts";
import {
  OP_FLAG_SUPERSEDED,
  opFlags,
  opKeyLength,
  opKeyOffset,
  opPrevious,
  setOpPrevious,
  setOpSuperseded,
} from "../wal/index.ts";
import {
  countSmallerHeads,
  INNER_CHILDREN,
  INNER_ENTRIES,
  INNER_OPS,
  insertIntoInner,
  insertIntoLeaf,
  LEAF_ENTRIES,
  LEAF_OPS,
  NODE_HEADS,
  NODE_LEVEL,
  NODE_PREVIOUS,
  NodeArena,
  removeFromInner,
  removeFromLeaf,
  splitInner,
  splitLeaf,
  unlinkLeaf,
} from "./arena-node.ts";

/** What a worker needs to read a frozen index, besides the segment's arena. Structured-clonable, nodes shared. */
export interface ArenaIndexTransfer {
  readonly nodes: SharedArrayBuffer;
  readonly trees: Uint32Array;
}

// A tree's words in the table of trees.
const TREE_KEYSPACE = 0;
const TREE_ROOT = 1;
const TREE_COUNT = 2;
const TREE_LAST_LEAF = 3;
const TREE_WORDS = 4;

/** Keyspaces below this id are found through an array, the others through a Map. */
const DIRECT_KEYSPACES = 65536;
const FIRST_DIRECT_KEYSPACES = 64;
const FIRST_TREES = 16;
const DEFAULT_MAX_BYTES: number = 16 * 1024 * 1024;

/** No tree can be as high: each level takes 32 times the nodes of the one above it, but for undone ends. */
const MAX_HEIGHT = 32;

export class ArenaIndex {
  /** The words of the nodes; for the cursor and the checker. */
  readonly nodes: Uint32Array;
  /** Changes whenever an entry may have moved; a cursor then looks for its place anew. */
  version: number;
  u8: Uint8Array;
  u32: Uint32Array;
  readonly #arena: NodeArena;
  /** Four words a tree, the first of them unused so that 0 names none. */
  #trees: Uint32Array;
  #treesEnd: number;
  #direct: Int32Array;
  readonly #sparse: Map<number, number>;
  #height: number;
  /** The inner nodes of the last descent, root first, and the child taken in each. */
  readonly #path: Uint32Array;
  readonly #pathSlots: Uint32Array;
  #depth: number;

  /** An empty index over the ops of one arena, with at most `maxBytes` of nodes. */
  constructor(u8: Uint8Array, u32: Uint32Array, maxBytes: number = DEFAULT_MAX_BYTES, nodes?: SharedArrayBuffer) {
    this.u8 = u8;
    this.u32 = u32;
    this.#arena = nodes === undefined ? NodeArena.ofBytes(maxBytes) : new NodeArena(nodes);
    this.nodes = this.#arena.words;
    this.version = 0;
    this.#trees = new Uint32Array(FIRST_TREES * TREE_WORDS);
    this.#treesEnd = TREE_WORDS;
    this.#direct = new Int32Array(FIRST_DIRECT_KEYSPACES);
    this.#sparse = new Map();
    this.#height = 0;
    this.#path = new Uint32Array(MAX_HEIGHT);
    this.#pathSlots = new Uint32Array(MAX_HEIGHT);
    this.#depth = 0;
  }

  /** The index in another thread, to read only; `u8` and `u32` are views of the same segment arena. */
  static fromTransfer(u8: Uint8Array, u32: Uint32Array, transfer: ArenaIndexTransfer): ArenaIndex {
    const index = new ArenaIndex(u8, u32, 0, transfer.nodes);
    index.#trees = transfer.trees;
    index.#treesEnd = transfer.trees.length;
    for (let tree = TREE_WORDS; tree < transfer.trees.length; tree += TREE_WORDS) {
      index.#name(transfer.trees[tree + TREE_KEYSPACE]!, tree);
    }
    return index;
  }

  toTransfer(): ArenaIndexTransfer {
    return { nodes: this.#arena.buffer, trees: this.#trees.slice(0, this.#treesEnd) };
  }

  /** Whether any one insert succeeds: it may split a node on every level, and needs a root above. */
  get room(): boolean {
    return this.#arena.available > this.#height + 1;
  }

  /** Memory that the nodes have reached. */
  get memoryBytes(): number {
    return this.#arena.touchedBytes;
  }

  /** Empties the index for a recycled arena. Costs nothing per node. */
  reset(u8: Uint8Array, u32: Uint32Array): void {
    this.u8 = u8;
    this.u32 = u32;
    this.#arena.reset();
    this.#treesEnd = TREE_WORDS;
    this.#direct.fill(0);
    this.#sparse.clear();
    this.#height = 0;
    this.version++;
  }

  /** Ids of the keyspaces that have entries, in the order of their first one. */
  keyspaces(): number[] {
    const ids: number[] = [];
    for (let tree = TREE_WORDS; tree < this.#treesEnd; tree += TREE_WORDS) {
      if (this.#trees[tree + TREE_COUNT] !== 0) {
        ids.push(this.#trees[tree + TREE_KEYSPACE]!);
      }
    }
    return ids;
  }

  /** How many keys have an entry, deleted ones included. */
  count(keyspace: number): number {
    return this.#trees[this.#treeOf(keyspace) + TREE_COUNT]!;
  }

  /** The root node of a keyspace, 0 for none; for the cursor and the checker. */
  root(keyspace: number): number {
    return this.#trees[this.#treeOf(keyspace) + TREE_ROOT]!;
  }

  lastLeaf(keyspace: number): number {
    return this.#trees[this.#treeOf(keyspace) + TREE_LAST_LEAF]!;
  }

  /** The newest version of a key, 0 if it has none here. */
  find(keyspace: number, key: Uint8Array, offset: number, length: number): number {
    let node = this.root(keyspace);
    if (node === 0) {
      return 0;
    }
    const nodes = this.nodes;
    const head = headOf(key, offset, length);
    for (let level = nodes[node + NODE_LEVEL]!; level > 0; level--) {
      node = nodes[node + INNER_CHILDREN + this.childSlot(node, head, key, offset, length)]!;
    }
    const slot = this.leafSlot(node, head, key, offset, length);
    return slot < 0 ? 0 : nodes[node + LEAF_OPS + slot]!;
  }

  /**
   * Makes `op` (its key is in the arena) the newest version of its key; returns the version before, 0 if none.
   * Writes the op's OP_PREVIOUS, and marks the version before as superseded if it lies at or after `recordStart`.
   * The caller asked `room` first.
   */
  insert(keyspace: number, op: number, recordStart: number): number {
    const u8 = this.u8;
    const keyOffset = opKeyOffset(this.u32, op);
    const keyLength = opKeyLength(this.u32, op);
    const head = headOf(u8, keyOffset, keyLength);
    let tree = this.#treeOf(keyspace);
    if (this.#trees[tree + TREE_ROOT] === 0) {
      tree = this.#plant(keyspace, tree);
    } else if (this.#append(tree, head, op, keyOffset, keyLength)) {
      return 0;
    }
    const leaf = this.#descend(this.#trees[tree + TREE_ROOT]!, head, u8, keyOffset, keyLength);
    const slot = this.leafSlot(leaf, head, u8, keyOffset, keyLength);
    if (slot >= 0) {
      return this.#replace(leaf, slot, op, recordStart);
    }
    setOpPrevious(this.u32, op, 0);
    this.#insertAt(tree, leaf, ~slot, head, op);
    return 0;
  }

  /**
   * Undoes the insert of `op`, which is the newest version of its key and whose bytes are still in the arena:
   * the version before it is the newest again, and if there is none the entry goes.
   */
  remove(keyspace: number, op: number): void {
    const u8 = this.u8;
    const tree = this.#treeOf(keyspace);
    assert(this.#trees[tree + TREE_ROOT] !== 0, "A6: what is undone was inserted");
    const keyOffset = opKeyOffset(this.u32, op);
    const keyLength = opKeyLength(this.u32, op);
    const head = headOf(u8, keyOffset, keyLength);
    const leaf = this.#descend(this.#trees[tree + TREE_ROOT]!, head, u8, keyOffset, keyLength);
    const slot = this.leafSlot(leaf, head, u8, keyOffset, keyLength);
    assert(slot >= 0 && this.nodes[leaf + LEAF_OPS + slot] === op, "A6: only the newest version of a key is undone");
    const previous = opPrevious(this.u32, op);
    if (previous === 0) {
      this.#removeAt(tree, leaf, slot, op);
      return;
    }
    if ((opFlags(this.u32, previous) & OP_FLAG_SUPERSEDED) !== 0) {
      setOpSuperseded(this.u32, previous, false);
    }
    this.nodes[leaf + LEAF_OPS + slot] = previous;
    this.#replaceSeparator(this.#depth, op, head, previous);
  }

  /** Which child of an inner node a key belongs to. For the cursor as well. */
  childSlot(inner: number, head: number, key: Uint8Array, offset: number, length: number): number {
    const nodes = this.nodes;
    const count = nodes[inner]!;
    const heads = inner + NODE_HEADS;
    const low = 1 + countSmallerHeads(nodes, heads + 1, count - 1, head);
    if (low === count || nodes[heads + low] !== head) {
      return low - 1;
    }
    const place = this.#searchTies(inner, INNER_OPS, low, count, head, key, offset, length);
    return place < 0 ? ~place - 1 : place;
  }

  /** The slot of a key in a leaf; where it is not there, `~slot` of the first entry above it. For the cursor as well. */
  leafSlot(leaf: number, head: number, key: Uint8Array, offset: number, length: number): number {
    const nodes = this.nodes;
    const count = nodes[leaf]!;
    const heads = leaf + NODE_HEADS;
    const low = countSmallerHeads(nodes, heads, count, head);
    if (low === count || nodes[heads + low] !== head) {
      return ~low;
    }
    return this.#searchTies(leaf, LEAF_OPS, low, count, head, key, offset, length);
  }

  /** Finds the key among the entries from `first` on that have its head; the result is as in `leafSlot`. */
  #searchTies(
    node: number,
    ops: number,
    first: number,
    count: number,
    head: number,
    key: Uint8Array,
    offset: number,
    length: number,
  ): number {
    const nodes = this.nodes;
    let low = first;
    let high = count;
    // Most heads are of one key: look at the first before halving what follows.
    let middle = first;
    while (low < high) {
      if (nodes[node + NODE_HEADS + middle] !== head) {
        high = middle;
      } else {
        const order = this.compareKey(nodes[node + ops + middle]!, key, offset, length);
        if (order === 0) {
          return middle;
        }
        if (order < 0) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      middle = (low + high) >>> 1;
    }
    return ~low;
  }

  /** The order of an op's key and a key with the same head. */
  compareKey(op: number, key: Uint8Array, offset: number, length: number): number {
    const u8 = this.u8;
    const opLength = opKeyLength(this.u32, op);
    const opOffset = opKeyOffset(this.u32, op);
    const shared = opLength < length ? opLength : length;
    for (let i = shared < 4 ? 0 : 4; i < shared; i++) {
      const difference = u8[opOffset + i]! - key[offset + i]!;
      if (difference !== 0) {
        return difference;
      }
    }
    return opLength - length;
  }

  #treeOf(keyspace: number): number {
    return keyspace < this.#direct.length ? this.#direct[keyspace]! : (this.#sparse.get(keyspace) ?? 0);
  }

  /** Remembers where the tree of a keyspace is. */
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

  /** Gives a keyspace without entries an empty leaf; makes its tree at the first time. */
  #plant(keyspace: number, existing: number): number {
    let tree = existing;
    if (tree === 0) {
      tree = this.#treesEnd;
      if (tree === this.#trees.length) {
        const grown = new Uint32Array(tree * 2);
        grown.set(this.#trees);
        this.#trees = grown;
      }
      this.#treesEnd = tree + TREE_WORDS;
      this.#trees[tree + TREE_KEYSPACE] = keyspace;
      this.#trees[tree + TREE_COUNT] = 0;
      this.#name(keyspace, tree);
    }
    const leaf = this.#arena.allocate(0);
    this.#trees[tree + TREE_ROOT] = leaf;
    this.#trees[tree + TREE_LAST_LEAF] = leaf;
    return tree;
  }

  /** The leaf that a key belongs to; leaves the way to it in `#path`, `#pathSlots` and `#depth`. */
  #descend(root: number, head: number, key: Uint8Array, offset: number, length: number): number {
    const nodes = this.nodes;
    const depth = nodes[root + NODE_LEVEL]!;
    let node = root;
    for (let i = 0; i < depth; i++) {
      const slot = this.childSlot(node, head, key, offset, length);
      this.#path[i] = node;
      this.#pathSlots[i] = slot;
      node = nodes[node + INNER_CHILDREN + slot]!;
    }
    this.#depth = depth;
    return node;
  }

  /** The short way for ascending keys: true if the key is above all others and the last leaf had room for it. */
  #append(tree: number, head: number, op: number, keyOffset: number, keyLength: number): boolean {
    const nodes = this.nodes;
    const leaf = this.#trees[tree + TREE_LAST_LEAF]!;
    const count = nodes[leaf]!;
    const lastHead = nodes[leaf + NODE_HEADS + count - 1]!;
    if (
      head < lastHead ||
      count === LEAF_ENTRIES ||
      (head === lastHead && this.compareKey(nodes[leaf + LEAF_OPS + count - 1]!, this.u8, keyOffset, keyLength) >= 0)
    ) {
      return false;
    }
    nodes[leaf + NODE_HEADS + count] = head;
    nodes[leaf + LEAF_OPS + count] = op;
    nodes[leaf] = count + 1;
    setOpPrevious(this.u32, op, 0);
    this.#trees[tree + TREE_COUNT]!++;
    this.version++;
    return true;
  }

  #replace(leaf: number, slot: number, op: number, recordStart: number): number {
    const place = leaf + LEAF_OPS + slot;
    const previous = this.nodes[place]!;
    this.nodes[place] = op;
    setOpPrevious(this.u32, op, previous);
    if (previous >= recordStart) {
      setOpSuperseded(this.u32, previous, true);
    }
    return previous;
  }

  #insertAt(tree: number, leaf: number, slot: number, head: number, op: number): void {
    this.version++;
    this.#trees[tree + TREE_COUNT]!++;
    const nodes = this.nodes;
    const count = nodes[leaf]!;
    if (count < LEAF_ENTRIES) {
      insertIntoLeaf(nodes, leaf, slot, head, op);
      return;
    }
    const right = this.#arena.allocate(0);
    const middle = slot === count ? count : slot === 0 ? 0 : count >>> 1;
    splitLeaf(nodes, leaf, middle, right);
    if (slot <= middle && middle < count) {
      insertIntoLeaf(nodes, leaf, slot, head, op);
    } else {
      insertIntoLeaf(nodes, right, slot - middle, head, op);
    }
    if (this.#trees[tree + TREE_LAST_LEAF] === leaf) {
      this.#trees[tree + TREE_LAST_LEAF] = right;
    }
    this.#insertChild(tree, right);
  }

  /** Hangs a node that was split off into the inner nodes of `#path`, splitting these in turn. */
  #insertChild(tree: number, splitOff: number): void {
    const nodes = this.nodes;
    let child = splitOff;
    let head = nodes[child + NODE_HEADS]!;
    let op = nodes[child + LEAF_OPS]!;
    for (let depth = this.#depth - 1; depth >= 0; depth--) {
      const inner = this.#path[depth]!;
      const slot = this.#pathSlots[depth]! + 1;
      const count = nodes[inner]!;
      if (count < INNER_ENTRIES) {
        insertIntoInner(nodes, inner, slot, head, op, child);
        return;
      }
      const right = this.#arena.allocate(nodes[inner + NODE_LEVEL]!);
      const middle = slot === count ? count : count >>> 1;
      splitInner(nodes, inner, middle, right);
      if (slot <= middle && middle < count) {
        insertIntoInner(nodes, inner, slot, head, op, child);
      } else {
        insertIntoInner(nodes, right, slot - middle, head, op, child);
      }
      child = right;
      head = nodes[right + NODE_HEADS]!;
      op = nodes[right + INNER_OPS]!;
    }
    const oldRoot = this.#trees[tree + TREE_ROOT]!;
    const height = nodes[oldRoot + NODE_LEVEL]! + 1;
    assert(height < MAX_HEIGHT, "A7: the path arrays hold every level");
    const root = this.#arena.allocate(height);
    insertIntoInner(nodes, root, 0, 0, 0, oldRoot);
    insertIntoInner(nodes, root, 1, head, op, child);
    this.#trees[tree + TREE_ROOT] = root;
    if (height > this.#height) {
      this.#height = height;
    }
  }

  #removeAt(tree: number, leaf: number, slot: number, op: number): void {
    this.version++;
    this.#trees[tree + TREE_COUNT]!--;
    const nodes = this.nodes;
    removeFromLeaf(nodes, leaf, slot);
    if (nodes[leaf] !== 0) {
      if (slot === 0) {
        this.#replaceSeparator(this.#depth, op, nodes[leaf + NODE_HEADS]!, nodes[leaf + LEAF_OPS]!);
      }
      return;
    }
    if (this.#trees[tree + TREE_LAST_LEAF] === leaf) {
      this.#trees[tree + TREE_LAST_LEAF] = nodes[leaf + NODE_PREVIOUS]!;
    }
    unlinkLeaf(nodes, leaf);
    this.#removeNode(tree, leaf, op);
  }

  /** Takes an empty leaf out of the tree, with the inner nodes that it leaves empty, and roots with one child. */
  #removeNode(tree: number, leaf: number, op: number): void {
    const nodes = this.nodes;
    this.#arena.release(leaf);
    let depth = this.#depth - 1;
    while (depth >= 0 && nodes[this.#path[depth]!] === 1) {
      this.#arena.release(this.#path[depth]!);
      depth--;
    }
    if (depth < 0) {
      this.#trees[tree + TREE_ROOT] = 0;
      return;
    }
    const inner = this.#path[depth]!;
    const slot = this.#pathSlots[depth]!;
    removeFromInner(nodes, inner, slot);
    if (slot === 0) {
      this.#replaceSeparator(depth, op, nodes[inner + NODE_HEADS]!, nodes[inner + INNER_OPS]!);
    }
    let root = this.#trees[tree + TREE_ROOT]!;
    while (nodes[root + NODE_LEVEL]! > 0 && nodes[root] === 1) {
      const child = nodes[root + INNER_CHILDREN]!;
      this.#arena.release(root);
      root = child;
    }
    this.#trees[tree + TREE_ROOT] = root;
  }

  /**
   * Where the separator left of the path above `depth` names `op`, lets it name `by` instead. A key is a separator
   * at most once: left of the first key of the subtree that the path's next turn to the right leads to.
   */
  #replaceSeparator(depth: number, op: number, head: number, by: number): void {
    for (let i = depth - 1; i >= 0; i--) {
      const slot = this.#pathSlots[i]!;
      if (slot > 0) {
        const inner = this.#path[i]!;
        if (this.nodes[inner + INNER_OPS + slot] === op) {
          this.nodes[inner + NODE_HEADS + slot] = head;
          this.nodes[inner + INNER_OPS + slot] = by;
        }
        return;
      }
    }
  }
}
