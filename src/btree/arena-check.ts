/**
 * Walks an ArenaIndex and verifies A1 to A6, A8 and A9 as far as they can be seen from outside: order, heads, separators,
 * counts, levels, links, version chains. Throws AssertionError with the invariant that does not hold. For tests and
 * fuzzers: the index is rebuilt at every open, so that a fault in it is a bug and never damage.
 */
import { assert } from "../assert.ts";
import { compareBytes, headOf } from "../bytes.ts";
import { opCommitDelta, opKeyLength, opKeyOffset, opKeyspace, opPrevious } from "../wal/index.ts";
import type { ArenaIndex } from "./arena-index.ts";
import {
  INNER_CHILDREN,
  INNER_ENTRIES,
  INNER_OPS,
  LEAF_ENTRIES,
  LEAF_OPS,
  NODE_HEADS,
  NODE_LEVEL,
  NODE_NEXT,
  NODE_PREVIOUS,
} from "./arena-node.ts";
import { TREE_LAST_LEAF, TREE_PREFIX_LENGTH, TREE_ROOT } from "./arena-trees.ts";

export interface ArenaIndexCheck {
  /** Keys with an entry, and their versions, in all keyspaces. */
  readonly entries: number;
  readonly versions: number;
  readonly nodes: number;
}

export function checkArenaIndex(index: ArenaIndex): ArenaIndexCheck {
  const steps = checkArenaIndexSteps(index);
  for (;;) {
    const { done, value } = steps.next();
    if (done) {
      return value;
    }
  }
}

/** The same leaf by leaf; the index does not change meanwhile. */
export function* checkArenaIndexSteps(index: ArenaIndex): Generator<void, ArenaIndexCheck> {
  const seen = new Set<number>();
  let entries = 0;
  let versions = 0;
  for (const keyspace of index.keyspaces()) {
    const walk = new TreeWalk(index, keyspace, seen);
    yield* walk.steps();
    entries += walk.entries;
    versions += walk.versions;
  }
  return { entries, versions, nodes: seen.size };
}

class TreeWalk {
  entries: number;
  versions: number;
  readonly #index: ArenaIndex;
  readonly #keyspace: number;
  /** Nodes of all trees so far: none may have two parents. */
  readonly #seen: Set<number>;
  readonly #tree: number;
  readonly #prefixLength: number;
  #lastOp: number;
  #lastLeaf: number;

  constructor(index: ArenaIndex, keyspace: number, seen: Set<number>) {
    this.entries = 0;
    this.versions = 0;
    this.#index = index;
    this.#keyspace = keyspace;
    this.#seen = seen;
    this.#tree = index.trees.find(keyspace);
    this.#prefixLength = index.trees.words[this.#tree + TREE_PREFIX_LENGTH]!;
    this.#lastOp = 0;
    this.#lastLeaf = 0;
  }

  *steps(): Generator<void, void> {
    const { nodes, trees } = this.#index;
    const root = trees.words[this.#tree + TREE_ROOT]!;
    assert(root !== 0, "A4: a keyspace with entries has a root");
    yield* this.#checkNode(root, nodes[root + NODE_LEVEL]!, 0, 0);
    assert(this.#lastLeaf === trees.words[this.#tree + TREE_LAST_LEAF], "A5: the tree knows its last leaf");
    assert(nodes[this.#lastLeaf + NODE_NEXT] === 0, "A5: the last leaf has no next");
    assert(this.entries === this.#index.count(this.#keyspace), "A1: the count is that of the entries");
  }

  /** `lower` and `upper`: ops with the keys that bound the subtree, from and up to but without; 0 for none. */
  *#checkNode(node: number, level: number, lower: number, upper: number): Generator<void, void> {
    const { nodes } = this.#index;
    const count = nodes[node]!;
    assert(!this.#seen.has(node), "A4: a node has one parent");
    this.#seen.add(node);
    assert(nodes[node + NODE_LEVEL] === level, "A4: levels descend by one");
    assert(count >= 1 && count <= (level === 0 ? LEAF_ENTRIES : INNER_ENTRIES), "A4: no node is empty or overfull");
    if (level === 0) {
      this.#checkLeaf(node, count, lower, upper);
      yield;
      return;
    }
    for (let i = 0; i < count; i++) {
      const from = i === 0 ? lower : nodes[node + INNER_OPS + i]!;
      const to = i + 1 === count ? upper : nodes[node + INNER_OPS + i + 1]!;
      if (i > 0) {
        this.#checkEntry(nodes[node + NODE_HEADS + i]!, from);
        assert(lower === 0 || this.#compare(lower, from) < 0, "A3: separators lie within the bounds of their node");
        assert(to === 0 || this.#compare(from, to) < 0, "A3: separators ascend");
      }
      yield* this.#checkNode(nodes[node + INNER_CHILDREN + i]!, level - 1, from, to);
    }
  }

  #checkLeaf(leaf: number, count: number, lower: number, upper: number): void {
    const { nodes } = this.#index;
    assert(nodes[leaf + NODE_PREVIOUS] === this.#lastLeaf, "A5: a leaf is linked to the one before it");
    assert(this.#lastLeaf === 0 || nodes[this.#lastLeaf + NODE_NEXT] === leaf, "A5: a leaf is linked to the next one");
    this.#lastLeaf = leaf;
    for (let i = 0; i < count; i++) {
      const op = nodes[leaf + LEAF_OPS + i]!;
      this.#checkEntry(nodes[leaf + NODE_HEADS + i]!, op);
      assert(this.#lastOp === 0 || this.#compare(this.#lastOp, op) < 0, "A1: keys ascend");
      assert(lower === 0 || this.#compare(lower, op) <= 0, "A3: a separator is at most every key right of it");
      assert(upper === 0 || this.#compare(op, upper) < 0, "A3: a separator is above every key left of it");
      this.#lastOp = op;
      this.entries++;
      this.#checkVersions(op);
    }
  }

  #checkEntry(head: number, op: number): void {
    const { u8, u32, trees } = this.#index;
    const skip = this.#prefixLength;
    assert(op !== 0 && op % 4 === 0 && op < u8.length, "A6: an op offset lies in the arena");
    assert(opKeyspace(u32, op) === this.#keyspace, "A6: an op is of the tree's keyspace");
    const offset = opKeyOffset(u32, op);
    const length = opKeyLength(u32, op);
    assert(trees.sharedPrefix(this.#tree, u8, offset, length) === skip, "A2: keys begin with their tree's prefix");
    assert(head === headOf(u8, offset + skip, length - skip), "A2: heads match their keys");
    assert(this.#index.find(this.#keyspace, u8, offset, length) !== 0, "A9: the filter lets every key through");
  }

  #checkVersions(newest: number): void {
    const { u32 } = this.#index;
    this.versions++;
    let op = newest;
    for (let older = opPrevious(u32, op); older !== 0; older = opPrevious(u32, op)) {
      assert(older < op, "A1: older versions lie before newer ones");
      assert(this.#compare(older, newest) === 0, "A1: versions are of one key");
      assert(opCommitDelta(u32, older) <= opCommitDelta(u32, op), "A1: commit numbers do not descend");
      this.versions++;
      op = older;
    }
  }

  #compare(a: number, b: number): number {
    const { u8, u32 } = this.#index;
    return compareBytes(u8, opKeyOffset(u32, a), opKeyLength(u32, a), u8, opKeyOffset(u32, b), opKeyLength(u32, b));
  }
}
