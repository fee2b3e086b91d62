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
 * arena but four bytes of each key, and nothing is allocated: nodes lie in shared memory (arena-node.ts), so a
 * worker reads a frozen index in place, through `toTransfer` and `fromTransfer`.
 *
 * Invariants (checkArenaIndex verifies them):
 *   A1  keys ascend within a leaf and from leaf to leaf; an entry is the newest version of its key
 *   A2  all keys of a tree begin with its prefix, and heads match the keys that the op offsets lead to
 *   A3  separator i (i > 0) is above every key left of it and at most every key right of it
 *   A4  no node is empty, but for the tree that holds nothing: it has no root
 *   A5  leaves are linked in key order both ways; the tree's `last leaf` is the last of them
 *   A6  every op offset in a leaf, and in a separator other than the 0th, leads to an op that has not been undone
 *   A7  while `room` is true, one insert succeeds whatever it splits
 *   A8  a version is marked superseded exactly if a later op of the same record changes its key
 *   A9  the filter lets through every key that has an entry (arena-filter.ts)
 *
 * Writing is for one writer. `remove` is no delete of data (that is an op like any other) but the undo of `insert`,
 * newest first; since undone bytes of the arena are written anew, A6 is what it works for.
 *
 * A leaf that overflows at one of its ends is split there and not in the middle (`leafSplit`), so that ascending and
 * descending keys fill their leaves; and a key behind the last one is appended without a descent: 40 ns, where a random key takes 220.
 */
import { assert } from "../assert.ts";
import { equalBytes, headOf } from "../bytes.ts";
import {
  OP_FLAG_SUPERSEDED,
  OP_KIND_MERGE,
  opFlags,
  opKeyLength,
  opKeyOffset,
  opKind,
  opPrevious,
  setOpPrevious,
  setOpSuperseded,
} from "../wal/index.ts";
import { ArenaFilter } from "./arena-filter.ts";
import {
  INNER_CHILDREN,
  INNER_ENTRIES,
  INNER_OPS,
  insertIntoInner,
  insertIntoLeaf,
  LEAF_ENTRIES,
  LEAF_OPS,
  NODE_HEADS,
  NODE_LEVEL,
  NODE_NEXT,
  NODE_PREVIOUS,
  NodeArena,
  removeFromInner,
  removeFromLeaf,
  shiftHeads,
  splitInner,
  splitLeaf,
  unlinkLeaf,
} from "./arena-node.ts";
import { compareToOp, findChild, findSlot } from "./arena-search.ts";
import {
  ArenaTrees,
  TREE_COUNT,
  TREE_KEYSPACE,
  TREE_LAST_LEAF,
  TREE_PREFIX_LENGTH,
  TREE_ROOT,
  TREE_WORDS,
} from "./arena-trees.ts";

/** What a worker needs to read a frozen index, besides the segment's arena. Structured-clonable, nodes shared. */
export interface ArenaIndexTransfer {
  readonly nodes: SharedArrayBuffer;
  readonly trees: Uint32Array;
}

const DEFAULT_MAX_BYTES: number = 16 * 1024 * 1024;

/** Four levels hold a full segment; undone inserts can leave thin ones, but not as many as this. */
const MAX_HEIGHT = 32;

export class ArenaIndex {
  /** The words of the nodes; for the cursor and the checker. */
  readonly nodes: Uint32Array;
  /** Changes whenever an entry may have moved; a cursor then looks for its place anew. */
  version: number;
  u8: Uint8Array;
  u32: Uint32Array;
  /** For the cursor and the checker. */
  readonly trees: ArenaTrees;
  readonly #arena: NodeArena;
  readonly #filter: ArenaFilter;
  /** Of the highest root so far. */
  #level: number;
  /** The inner nodes of the last descent, root first, and the child taken in each. */
  readonly #path: Uint32Array;
  readonly #pathSlots: Uint32Array;
  #depth: number;
  /** Where the last find that succeeded found its entry: a word of the nodes, of a keyspace, at a version. */
  #foundPlace: number;
  #foundKeyspace: number;
  #foundVersion: number;

  /** An empty index over the ops of one arena, with at most `maxBytes` of nodes. */
  constructor(u8: Uint8Array, u32: Uint32Array, maxBytes: number = DEFAULT_MAX_BYTES, transfer?: ArenaIndexTransfer) {
    this.u8 = u8;
    this.u32 = u32;
    this.#arena = transfer === undefined ? NodeArena.ofBytes(maxBytes) : new NodeArena(transfer.nodes);
    this.nodes = this.#arena.words;
    this.trees = new ArenaTrees(transfer?.trees);
    this.#filter = new ArenaFilter(maxBytes);
    if (transfer !== undefined) {
      this.#filter.open();
    }
    this.version = 0;
    this.#level = 0;
    this.#path = new Uint32Array(MAX_HEIGHT);
    this.#pathSlots = new Uint32Array(MAX_HEIGHT);
    this.#depth = 0;
    this.#foundPlace = 0;
    this.#foundKeyspace = 0;
    this.#foundVersion = -1;
  }

  /** The index in another thread, to read only; `u8` and `u32` are views of the same segment arena. */
  static fromTransfer(u8: Uint8Array, u32: Uint32Array, transfer: ArenaIndexTransfer): ArenaIndex {
    return new ArenaIndex(u8, u32, 0, transfer);
  }

  toTransfer(): ArenaIndexTransfer {
    return { nodes: this.#arena.buffer, trees: this.trees.toTransfer() };
  }

  /** Whether any one insert succeeds: it may split a node on every level, and needs a root above. */
  get room(): boolean {
    return this.#arena.available >= this.#level + 2;
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
    this.trees.reset();
    this.#filter.clear();
    this.#level = 0;
    this.version++;
  }

  /** Takes over what a smaller index says of operations that lie at the same offsets in this one's arena. */
  copyFrom(smaller: ArenaIndex): void {
    this.#arena.copyFrom(smaller.#arena);
    this.trees.copyFrom(smaller.trees);
    this.#filter.copyFrom(smaller.#filter);
    this.#level = smaller.#level;
    this.version++;
  }

  /** Ids of the keyspaces that have entries, in the order of their first one. */
  keyspaces(): number[] {
    const { words, end } = this.trees;
    const ids: number[] = [];
    for (let tree = TREE_WORDS; tree < end; tree += TREE_WORDS) {
      if (words[tree + TREE_COUNT] !== 0) {
        ids.push(words[tree + TREE_KEYSPACE]!);
      }
    }
    return ids;
  }

  /** How many keys have an entry, deleted ones included. */
  count(keyspace: number): number {
    return this.trees.words[this.trees.find(keyspace) + TREE_COUNT]!;
  }

  /** The newest version of a key, 0 if it has none here. */
  find(keyspace: number, key: Uint8Array, offset: number, length: number): number {
    const tree = this.trees.find(keyspace);
    let node = this.trees.words[tree + TREE_ROOT]!;
    if (node === 0 || !this.#filter.mayHave(this, keyspace, key, offset, length)) {
      return 0;
    }
    const nodes = this.nodes;
    const skip = this.trees.words[tree + TREE_PREFIX_LENGTH]!;
    if (skip > 0 && this.trees.sharedPrefix(tree, key, offset, length) < skip) {
      return 0;
    }
    const head = headOf(key, offset + skip, length - skip);
    for (let level = nodes[node + NODE_LEVEL]!; level > 0; level--) {
      node = nodes[node + INNER_CHILDREN + findChild(this, node, head, key, offset, length, skip)]!;
    }
    const slot = findSlot(this, node, head, key, offset, length, skip);
    if (slot < 0) {
      return 0;
    }
    const place = node + LEAF_OPS + slot;
    this.#foundPlace = place;
    this.#foundKeyspace = keyspace;
    this.#foundVersion = this.version;
    return nodes[place]!;
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
    if (this.#wasJustFound(keyspace, keyOffset, keyLength)) {
      return this.#replace(this.#foundPlace, op, recordStart);
    }
    this.#filter.add(this, op);
    let tree = this.trees.find(keyspace);
    if (this.trees.words[tree + TREE_ROOT] === 0) {
      tree = this.#plant(keyspace, tree, keyOffset, keyLength);
    }
    let skip = this.trees.words[tree + TREE_PREFIX_LENGTH]!;
    if (skip > 0) {
      skip = this.#fitPrefix(tree, skip, keyOffset, keyLength);
    }
    const head = headOf(u8, keyOffset + skip, keyLength - skip);
    if (this.#append(tree, head, op, keyOffset, keyLength, skip)) {
      return 0;
    }
    const leaf = this.#descend(tree, head, keyOffset, keyLength, skip);
    const slot = findSlot(this, leaf, head, u8, keyOffset, keyLength, skip);
    if (slot >= 0) {
      return this.#replace(leaf + LEAF_OPS + slot, op, recordStart);
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
    const u32 = this.u32;
    const tree = this.trees.find(keyspace);
    assert(this.trees.words[tree + TREE_ROOT] !== 0, "A6: what is undone was inserted");
    this.#filter.undo(op);
    const keyOffset = opKeyOffset(u32, op);
    const keyLength = opKeyLength(u32, op);
    const skip = this.trees.words[tree + TREE_PREFIX_LENGTH]!;
    const head = headOf(this.u8, keyOffset + skip, keyLength - skip);
    const leaf = this.#descend(tree, head, keyOffset, keyLength, skip);
    const slot = findSlot(this, leaf, head, this.u8, keyOffset, keyLength, skip);
    assert(slot >= 0 && this.nodes[leaf + LEAF_OPS + slot] === op, "A6: only the newest version of a key is undone");
    const previous = opPrevious(u32, op);
    if (previous === 0) {
      this.#removeAt(tree, leaf, slot, op);
      return;
    }
    if ((opFlags(u32, previous) & OP_FLAG_SUPERSEDED) !== 0) {
      setOpSuperseded(u32, previous, false);
    }
    this.nodes[leaf + LEAF_OPS + slot] = previous;
    this.#replaceSeparator(this.#depth, op, head, previous);
  }

  /** Gives a keyspace without entries an empty leaf, and a place in the table at the first time. */
  #plant(keyspace: number, existing: number, keyOffset: number, keyLength: number): number {
    const tree = existing === 0 ? this.trees.add(keyspace) : existing;
    const leaf = this.#arena.allocate(0);
    this.trees.words[tree + TREE_ROOT] = leaf;
    this.trees.words[tree + TREE_LAST_LEAF] = leaf;
    this.trees.setPrefix(tree, this.u8, keyOffset, keyLength);
    return tree;
  }

  /** Shortens the tree's prefix to what a new key shares with it; returns its length. */
  #fitPrefix(tree: number, skip: number, keyOffset: number, keyLength: number): number {
    const shared = this.trees.sharedPrefix(tree, this.u8, keyOffset, keyLength);
    if (shared < skip) {
      const { cut, front } = this.trees.shortenPrefix(tree, shared);
      shiftHeads(this.nodes, this.trees.words[tree + TREE_ROOT]!, cut, front);
    }
    return shared;
  }

  /** The leaf that a key of the arena belongs to; leaves the way to it in `#path`, `#pathSlots` and `#depth`. */
  #descend(tree: number, head: number, keyOffset: number, keyLength: number, skip: number): number {
    const nodes = this.nodes;
    let node = this.trees.words[tree + TREE_ROOT]!;
    const depth = nodes[node + NODE_LEVEL]!;
    for (let i = 0; i < depth; i++) {
      const slot = findChild(this, node, head, this.u8, keyOffset, keyLength, skip);
      this.#path[i] = node;
      this.#pathSlots[i] = slot;
      node = nodes[node + INNER_CHILDREN + slot]!;
    }
    this.#depth = depth;
    return node;
  }

  /** The short way for ascending keys: true if the key is above all others and the last leaf had room for it. */
  #append(tree: number, head: number, op: number, keyOffset: number, keyLength: number, skip: number): boolean {
    const nodes = this.nodes;
    const leaf = this.trees.words[tree + TREE_LAST_LEAF]!;
    const count = nodes[leaf]!;
    if (count === LEAF_ENTRIES) {
      return false;
    }
    if (count > 0) {
      const lastHead = nodes[leaf + NODE_HEADS + count - 1]!;
      const lastOp = nodes[leaf + LEAF_OPS + count - 1]!;
      if (
        head < lastHead ||
        (head === lastHead && compareToOp(this, lastOp, this.u8, keyOffset, keyLength, skip) >= 0)
      ) {
        return false;
      }
    }
    nodes[leaf + NODE_HEADS + count] = head;
    nodes[leaf + LEAF_OPS + count] = op;
    nodes[leaf] = count + 1;
    setOpPrevious(this.u32, op, 0);
    this.trees.words[tree + TREE_COUNT]!++;
    this.version++;
    return true;
  }

  /**
   * Whether a key of the arena is the one that was found last. Who reads an entry and then writes it (a delete, an
   * increment) needs no second descent: 0.40 instead of 0.55 µs for both.
   */
  #wasJustFound(keyspace: number, keyOffset: number, keyLength: number): boolean {
    if (this.#foundVersion !== this.version || this.#foundKeyspace !== keyspace) {
      return false;
    }
    const found = this.nodes[this.#foundPlace]!;
    return (
      opKeyLength(this.u32, found) === keyLength &&
      equalBytes(this.u8, opKeyOffset(this.u32, found), this.u8, keyOffset, keyLength)
    );
  }

  #replace(place: number, op: number, recordStart: number): number {
    const previous = this.nodes[place]!;
    this.nodes[place] = op;
    setOpPrevious(this.u32, op, previous);
    // Operands are applied to what is behind them, so that is still read.
    if (previous >= recordStart && opKind(this.u32, op) !== OP_KIND_MERGE) {
      setOpSuperseded(this.u32, previous, true);
    }
    return previous;
  }

  #insertAt(tree: number, leaf: number, slot: number, head: number, op: number): void {
    this.version++;
    this.trees.words[tree + TREE_COUNT]!++;
    const nodes = this.nodes;
    const count = nodes[leaf]!;
    if (count < LEAF_ENTRIES) {
      insertIntoLeaf(nodes, leaf, slot, head, op);
      return;
    }
    const right = this.#arena.allocate(0);
    const middle = leafSplit(nodes, leaf, slot);
    splitLeaf(nodes, leaf, middle, right);
    if (slot <= middle && middle < count) {
      insertIntoLeaf(nodes, leaf, slot, head, op);
    } else {
      insertIntoLeaf(nodes, right, slot - middle, head, op);
    }
    if (this.trees.words[tree + TREE_LAST_LEAF] === leaf) {
      this.trees.words[tree + TREE_LAST_LEAF] = right;
    }
    this.#insertChild(tree, right);
  }

  /** Hangs a node that was split off into the inner nodes of `#path`, splitting these in turn. */
  #insertChild(tree: number, splitOff: number): void {
    const nodes = this.nodes;
    let child = splitOff;
    let head = nodes[child + NODE_HEADS]!;
    let op = nodes[child + LEAF_OPS]!;
    const isLast = nodes[child + NODE_NEXT] === 0;
    for (let depth = this.#depth - 1; depth >= 0; depth--) {
      const inner = this.#path[depth]!;
      const slot = this.#pathSlots[depth]! + 1;
      const count = nodes[inner]!;
      if (count < INNER_ENTRIES) {
        insertIntoInner(nodes, inner, slot, head, op, child);
        return;
      }
      const right = this.#arena.allocate(nodes[inner + NODE_LEVEL]!);
      const middle = isLast ? count : count >>> 1;
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
    const oldRoot = this.trees.words[tree + TREE_ROOT]!;
    const level = nodes[oldRoot + NODE_LEVEL]! + 1;
    assert(level < MAX_HEIGHT, "A7: the path arrays hold every level");
    const root = this.#arena.allocate(level);
    insertIntoInner(nodes, root, 0, 0, 0, oldRoot);
    insertIntoInner(nodes, root, 1, head, op, child);
    this.trees.words[tree + TREE_ROOT] = root;
    if (level > this.#level) {
      this.#level = level;
    }
  }

  #removeAt(tree: number, leaf: number, slot: number, op: number): void {
    this.version++;
    this.trees.words[tree + TREE_COUNT]!--;
    const nodes = this.nodes;
    removeFromLeaf(nodes, leaf, slot);
    if (nodes[leaf] !== 0) {
      if (slot === 0) {
        this.#replaceSeparator(this.#depth, op, nodes[leaf + NODE_HEADS]!, nodes[leaf + LEAF_OPS]!);
      }
      return;
    }
    if (this.trees.words[tree + TREE_LAST_LEAF] === leaf) {
      this.trees.words[tree + TREE_LAST_LEAF] = nodes[leaf + NODE_PREVIOUS]!;
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
      this.trees.words[tree + TREE_ROOT] = 0;
      return;
    }
    const inner = this.#path[depth]!;
    const slot = this.#pathSlots[depth]!;
    removeFromInner(nodes, inner, slot);
    if (slot === 0) {
      this.#replaceSeparator(depth, op, nodes[inner + NODE_HEADS]!, nodes[inner + INNER_OPS]!);
    }
    let root = this.trees.words[tree + TREE_ROOT]!;
    while (nodes[root + NODE_LEVEL]! > 0 && nodes[root] === 1) {
      const child = nodes[root + INNER_CHILDREN]!;
      this.#arena.release(root);
      root = child;
    }
    this.trees.words[tree + TREE_ROOT] = root;
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

/**
 * Where a full leaf is split for a new entry at `slot`. At its end the new leaf begins with that entry alone, which the
 * next ones join if keys ascend. Where they do not, one such leaf must not follow another: keys that descend towards
 * the end of a full leaf would get a leaf each.
 */
function leafSplit(nodes: Uint32Array, leaf: number, slot: number): number {
  const count = nodes[leaf]!;
  if (slot === count) {
    const next = nodes[leaf + NODE_NEXT]!;
    if (next === 0 || nodes[next]! >= LEAF_ENTRIES >>> 1) {
      return count;
    }
  }
  return slot === 0 ? 0 : count >>> 1;
}
