/**
 * Random work on an arena tree, beside a list of versions for each key: puts and deletes in several keyspaces, records,
 * savepoints undone and the arena written anew over them, cursors that stand still meanwhile, rebuilding as recovery
 * does, recycling. The checker walks the index now and then; links and flags of the ops are compared as well.
 *
 * Canaries are planted around the index: a call of it goes wrong, or one of its words is put back.
 *
 *   lost-split         the leaf before a leaf that was split off does not lead to it
 *   stale-separator    undoing leaves a separator that names the undone op
 *   unnoticed-change   an insert that moves entries does not tell the cursors
 *   unmarked-version   a version is not marked as superseded in its record
 */
import { assert } from "../src/assert.ts";
import { INNER_OPS, NODE_LEVEL, NODE_NEXT, NODE_PREVIOUS, NODE_WORDS } from "../src/btree/arena-node.ts";
import { ArenaCursor, ArenaIndex, checkArenaIndex } from "../src/btree/index.ts";
import type { Rng } from "../src/random.ts";
import {
  OP_FLAG_SUPERSEDED,
  OP_KIND_DELETE,
  OP_KIND_PUT,
  opCommitDelta,
  opFlags,
  opPrevious,
} from "../src/wal/index.ts";
import { OpArena } from "../test/btree/op-arena.ts";
import { below, keySource } from "../test/btree/random-entries.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const STEPS = 1500;
const CURSORS = 4;
const VALUE_BYTES = 8;
const CANARIES: readonly string[] = ["lost-split", "stale-separator", "unnoticed-change", "unmarked-version"];

export const btreeArenaFuzzer: Fuzzer = {
  name: "btree-arena",
  canaries: CANARIES,
  run(rng: Rng, options: FuzzOptions): void {
    const run = new ArenaRun(rng, options.canary);
    for (let step = 0; step < STEPS; step++) {
      run.step();
    }
    run.compareAll();
  },
};

/** An op of the model: in which keyspace, of which key (a latin1 string: sorts as its bytes do), in which record. */
interface ModelOp {
  readonly op: number;
  readonly keyspace: number;
  readonly key: string;
  readonly record: number;
}

/** A cursor, and the key that it must stand on. */
interface Walker {
  readonly cursor: ArenaCursor;
  keyspace: number;
  key: string | undefined;
}

class ArenaRun {
  readonly #rng: Rng;
  readonly #canary: string | undefined;
  readonly #maxBytes: number;
  readonly #keyspaces: readonly number[];
  readonly #drawKey: () => Uint8Array;
  readonly #walkers: readonly Walker[];
  #arena: OpArena;
  #index: ArenaIndex;
  /** All ops, oldest first; and by keyspace and key. */
  #ops: ModelOp[];
  #versions: Map<number, Map<string, ModelOp[]>>;
  #record: number;

  constructor(rng: Rng, canary: string | undefined) {
    this.#rng = rng;
    this.#canary = canary;
    this.#maxBytes = [4096, 32 * 1024, 1024 * 1024][below(rng, 3)]!;
    this.#keyspaces = [[7], [0, 1, 100_000], [3, 64, 65_535, 65_536, 4_000_000_000]][below(rng, 3)]!;
    this.#drawKey = keyOrder(rng);
    this.#arena = new OpArena((64 * 1024) << below(rng, 6));
    this.#index = new ArenaIndex(this.#arena.u8, this.#arena.u32, this.#maxBytes);
    this.#ops = [];
    this.#versions = new Map();
    this.#record = 0;
    this.#walkers = Array.from({ length: CURSORS }, () => ({ cursor: new ArenaCursor(), keyspace: 0, key: undefined }));
    this.#reopenCursors();
  }

  step(): void {
    const dice = below(this.#rng, 1000);
    if (dice < 600) {
      for (let count = dice < 20 ? 1 + below(this.#rng, 500) : 1; count > 0; count--) {
        this.#put();
      }
    } else if (dice < 640) {
      this.#arena.nextRecord();
      this.#record++;
    } else if (dice < 660) {
      this.#undo();
    } else if (dice < 780) {
      this.#find();
    } else if (dice < 840) {
      this.#seek(this.#pick(this.#walkers));
    } else if (dice < 990) {
      this.#move(this.#pick(this.#walkers));
    } else if (dice < 995) {
      checkArenaIndex(this.#index);
    } else if (dice < 998) {
      this.#rebuild();
    } else {
      this.#compareTransfer();
    }
  }

  /** Every keyspace from end to end, and every version's link and flag. */
  compareAll(): void {
    const entries = this.#keyspaces.reduce((sum, keyspace) => sum + this.#keys(keyspace).length, 0);
    assert(checkArenaIndex(this.#index).entries === entries, "the checker counts every entry once");
    const cursor = new ArenaCursor();
    for (const keyspace of this.#keyspaces) {
      const keys = this.#keys(keyspace);
      assert(this.#index.count(keyspace) === keys.length, "the count is that of the keys");
      cursor.open(this.#index, keyspace);
      cursor.first();
      for (const key of keys) {
        assert(cursor.op === this.#newest(keyspace, key), "a walk up meets every key");
        cursor.next();
      }
      assert(cursor.op === 0, "a walk up ends behind the last key");
      cursor.last();
      for (const key of keys.reverse()) {
        assert(cursor.op === this.#newest(keyspace, key), "a walk down meets every key");
        cursor.prev();
      }
      this.#compareVersions(keyspace);
    }
  }

  #compareVersions(keyspace: number): void {
    const { u32 } = this.#arena;
    for (const versions of this.#keysOf(keyspace).values()) {
      for (const [i, version] of versions.entries()) {
        assert(opPrevious(u32, version.op) === (versions[i - 1]?.op ?? 0), "an op names the version before it");
        const isSuperseded = versions[i + 1]?.record === version.record;
        assert(
          ((opFlags(u32, version.op) & OP_FLAG_SUPERSEDED) !== 0) === isSuperseded,
          "A8: superseded versions are marked",
        );
        assert(opCommitDelta(u32, version.op) === version.record + 1, "no op is written over");
      }
    }
  }

  #put(): void {
    const keyspace = this.#pick(this.#keyspaces);
    const known = this.#ops.length > 0 && below(this.#rng, 4) === 0 ? this.#pick(this.#ops) : undefined;
    const key = known === undefined ? this.#drawKey() : bytesOf(known.key);
    if (!this.#arena.hasRoom(key.length, VALUE_BYTES) || !this.#index.room) {
      this.#recycle();
    }
    const isDelete = below(this.#rng, 5) === 0;
    const kind = isDelete ? OP_KIND_DELETE : OP_KIND_PUT;
    const expiry = !isDelete && below(this.#rng, 3) === 0 ? 1e12 : 0;
    const op = this.#arena.append(keyspace, kind, key, isDelete ? 0 : VALUE_BYTES, expiry);
    const name = textOf(key);
    const versions = this.#keysOf(keyspace).get(name) ?? [];
    assert(this.#insert(keyspace, op) === (versions.at(-1)?.op ?? 0), "an insert returns the version before it");
    const entry: ModelOp = { op, keyspace, key: name, record: this.#record };
    this.#keysOf(keyspace).set(name, [...versions, entry]);
    this.#ops.push(entry);
  }

  #insert(keyspace: number, op: number): number {
    const index = this.#index;
    const { version, memoryBytes } = index;
    const recordStart = this.#canary === "unmarked-version" ? Number.POSITIVE_INFINITY : this.#arena.recordStart;
    const previous = index.insert(keyspace, op, recordStart);
    if (this.#canary === "unnoticed-change") {
      index.version = version;
    }
    const node = memoryBytes / 4;
    if (this.#canary === "lost-split" && index.memoryBytes > memoryBytes && index.nodes[node + NODE_LEVEL] === 0) {
      const before = index.nodes[node + NODE_PREVIOUS]!;
      if (before !== 0) {
        index.nodes[before + NODE_NEXT] = index.nodes[node + NODE_NEXT]!;
      }
    }
    return previous;
  }

  /** Back to a savepoint of the open record, or out of it altogether. */
  #undo(): void {
    const open = this.#ops.filter((op) => op.record === this.#record).length;
    const count = below(this.#rng, 3) === 0 ? open : below(this.#rng, open + 1);
    for (const { cursor } of this.#walkers) {
      cursor.keepKey();
    }
    for (let i = 0; i < count; i++) {
      const { op, keyspace, key } = this.#ops.pop()!;
      this.#remove(keyspace, op);
      const versions = this.#keysOf(keyspace).get(key)!.slice(0, -1);
      if (versions.length > 0) {
        this.#keysOf(keyspace).set(key, versions);
      } else {
        this.#keysOf(keyspace).delete(key);
      }
      this.#arena.undo(op);
    }
  }

  #remove(keyspace: number, op: number): void {
    const { nodes, memoryBytes } = this.#index;
    const separators: number[] = [];
    if (this.#canary === "stale-separator") {
      for (let node = NODE_WORDS; node < memoryBytes / 4; node += NODE_WORDS) {
        const isInner = nodes[node + NODE_LEVEL]! > 0;
        for (let i = 1; isInner && i < nodes[node]!; i++) {
          if (nodes[node + INNER_OPS + i] === op) {
            separators.push(node + INNER_OPS + i);
          }
        }
      }
    }
    this.#index.remove(keyspace, op);
    for (const separator of separators) {
      nodes[separator] = op;
    }
  }

  #find(): void {
    const keyspace = this.#pick(this.#keyspaces);
    const key = this.#someKey();
    const bytes = bytesOf(key);
    assert(
      this.#index.find(keyspace, bytes, 0, bytes.length) === this.#newest(keyspace, key),
      "a find leads to the newest version",
    );
  }

  #seek(walker: Walker): void {
    walker.keyspace = this.#pick(this.#keyspaces);
    walker.cursor.open(this.#index, walker.keyspace);
    const keys = this.#keys(walker.keyspace);
    const key = this.#someKey();
    const bytes = bytesOf(key);
    const isInclusive = below(this.#rng, 2) === 0;
    switch (below(this.#rng, 6)) {
      case 0:
        walker.cursor.first();
        walker.key = keys[0];
        break;
      case 1:
        walker.cursor.last();
        walker.key = keys.at(-1);
        break;
      case 2:
      case 3:
        walker.cursor.seek(bytes, 0, bytes.length, isInclusive);
        walker.key = keys.find((other) => other > key || (isInclusive && other === key));
        break;
      default:
        walker.cursor.seekBefore(bytes, 0, bytes.length, isInclusive);
        walker.key = keys.findLast((other) => other < key || (isInclusive && other === key));
    }
    this.#compareCursor(walker);
  }

  #move(walker: Walker): void {
    const { cursor, key } = walker;
    const isUp = below(this.#rng, 2) === 0;
    for (let steps = 1 + below(this.#rng, 3); steps > 0 && walker.key !== undefined; steps--) {
      const keys = this.#keys(walker.keyspace);
      const from = walker.key;
      walker.key = isUp ? keys.find((other) => other > from) : keys.findLast((other) => other < from);
      assert((isUp ? cursor.next() : cursor.prev()) === cursor.op, "a move returns where it leads");
      this.#compareCursor(walker);
    }
    if (key === undefined) {
      assert(cursor.next() === 0 && cursor.prev() === 0, "a cursor past an end stays there");
    }
  }

  #compareCursor({ cursor, keyspace, key }: Walker): void {
    if (key === undefined) {
      assert(cursor.op === 0, "a cursor ends where the keys do");
      return;
    }
    assert(cursor.op === this.#newest(keyspace, key), "a cursor stands on the newest version of its key");
    const bytes = this.#arena.u8.slice(cursor.keyOffset, cursor.keyOffset + cursor.keyLength);
    assert(textOf(bytes) === key, "a cursor shows its key");
  }

  /** Indexes all ops anew, as recovery does. */
  #rebuild(): void {
    const reachedBytes = this.#index.memoryBytes;
    this.#index = new ArenaIndex(this.#arena.u8, this.#arena.u32, 2 * Math.max(this.#maxBytes, reachedBytes));
    let recordStart = 0;
    let record = -1;
    for (const entry of this.#ops) {
      if (entry.record !== record) {
        record = entry.record;
        recordStart = entry.op;
      }
      assert(this.#index.room, "A7: what fitted once fits into twice the room");
      this.#index.insert(entry.keyspace, entry.op, recordStart);
    }
    this.#reopenCursors();
  }

  #recycle(): void {
    this.compareAll();
    this.#arena = new OpArena(this.#arena.u8.length);
    this.#index.reset(this.#arena.u8, this.#arena.u32);
    this.#ops = [];
    this.#versions = new Map();
    this.#record = 0;
    this.#reopenCursors();
  }

  #reopenCursors(): void {
    for (const walker of this.#walkers) {
      walker.keyspace = this.#keyspaces[0]!;
      walker.key = undefined;
      walker.cursor.open(this.#index, walker.keyspace);
    }
  }

  #compareTransfer(): void {
    const copy = ArenaIndex.fromTransfer(this.#arena.u8, this.#arena.u32, structuredClone(this.#index.toTransfer()));
    const there = checkArenaIndex(copy);
    const here = checkArenaIndex(this.#index);
    assert(there.entries === here.entries && there.versions === here.versions, "a transferred index holds the same");
  }

  #keysOf(keyspace: number): Map<string, ModelOp[]> {
    let keys = this.#versions.get(keyspace);
    if (keys === undefined) {
      keys = new Map();
      this.#versions.set(keyspace, keys);
    }
    return keys;
  }

  #keys(keyspace: number): string[] {
    return [...this.#keysOf(keyspace).keys()].sort((a, b) => (a < b ? -1 : 1));
  }

  #newest(keyspace: number, key: string): number {
    return this.#keysOf(keyspace).get(key)?.at(-1)?.op ?? 0;
  }

  /** A key that may be there: one of any keyspace, one beside it, or a new one. */
  #someKey(): string {
    const kind = below(this.#rng, 4);
    if (kind === 0 || this.#ops.length === 0) {
      return textOf(this.#drawKey());
    }
    const { key } = this.#pick(this.#ops);
    return kind === 1 ? `${key}\0` : kind === 2 ? key.slice(0, below(this.#rng, key.length + 1)) : key;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[below(this.#rng, choices.length)]!;
  }
}

/** Keys drawn to be awkward; or rising, falling, or behind a long prefix, which takes other ways through the index. */
function keyOrder(rng: Rng): () => Uint8Array {
  const anyKey = keySource(rng);
  const prefix = ["", "user:", "a prefix that is longer than is kept: "][below(rng, 3)]!;
  let number = below(rng, 2) * 5_000_000;
  const step = number === 0 ? 1 : -1;
  const numbered = () => {
    number += step * (1 + below(rng, 3));
    return bytesOf(`${prefix}${String(number).padStart(8, "0")}`);
  };
  const isNumbered = below(rng, 2) === 0;
  const oddOnes = [2, 50, 1_000_000][below(rng, 3)]!;
  return () => (below(rng, oddOnes) === 0 ? anyKey() : isNumbered ? numbered() : scattered(rng, prefix));
}

function scattered(rng: Rng, prefix: string): Uint8Array {
  return bytesOf(`${prefix}${below(rng, 100_000)}`);
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
