import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkArenaIndex } from "../../src/btree/arena-check.ts";
import { ArenaCursor } from "../../src/btree/arena-cursor.ts";
import { ArenaIndex } from "../../src/btree/arena-index.ts";
import { LEAF_ENTRIES } from "../../src/btree/arena-node.ts";
import { compareBytes } from "../../src/bytes.ts";
import { seededRng } from "../../src/random.ts";
import {
  OP_FLAG_SUPERSEDED,
  OP_KIND_DELETE,
  OP_KIND_PUT,
  opFlags,
  opPrevious,
  visibleOp,
} from "../../src/wal/index.ts";
import { checkProperty, testSeed } from "../support/property.ts";
import { OpArena } from "./op-arena.ts";

const KEYSPACE = 1;

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function numberKey(n: number): Uint8Array {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n, 0xff, 0);
}

class Fixture {
  readonly arena: OpArena;
  readonly index: ArenaIndex;

  constructor(capacityBytes: number = 1024 * 1024, maxBytes: number = 1024 * 1024) {
    this.arena = new OpArena(capacityBytes);
    this.index = new ArenaIndex(this.arena.u8, this.arena.u32, maxBytes);
  }

  put(key: Uint8Array, keyspace = KEYSPACE, expiry = 0): number {
    const op = this.arena.append(keyspace, OP_KIND_PUT, key, 3, expiry);
    this.index.insert(keyspace, op, this.arena.recordStart);
    return op;
  }

  undo(op: number, keyspace = KEYSPACE): void {
    this.index.remove(keyspace, op);
    this.arena.undo(op);
  }

  find(key: Uint8Array, keyspace = KEYSPACE): number {
    return this.index.find(keyspace, key, 0, key.length);
  }

  scan(keyspace = KEYSPACE): number[] {
    const cursor = new ArenaCursor();
    cursor.open(this.index, keyspace);
    const ops: number[] = [];
    for (let op = cursor.first(); op !== 0; op = cursor.next()) {
      ops.push(op);
    }
    return ops;
  }
}

describe("an insert after a find", () => {
  const a = bytesOf("key a");
  const b = bytesOf("key b");

  test("of the same key goes on top of what was found", () => {
    const f = new Fixture();
    const first = f.put(a);
    f.put(b);
    expect(f.find(a)).toBe(first);
    const second = f.put(a);
    const third = f.put(a);
    expect(opPrevious(f.arena.u32, third)).toBe(second);
    expect(opFlags(f.arena.u32, second) & OP_FLAG_SUPERSEDED).not.toBe(0);
    expect(f.find(a)).toBe(third);
    checkArenaIndex(f.index);
  });

  test("of another key, or the same one of another keyspace, leaves what was found alone", () => {
    const f = new Fixture();
    const first = f.put(a);
    const other = f.put(a, 2);
    for (const [key, keyspace] of [
      [b, KEYSPACE],
      [bytesOf("key"), KEYSPACE],
      [bytesOf("key aa"), KEYSPACE],
      [a, 2],
      [a, 3],
    ] as const) {
      expect(f.find(a)).toBe(first);
      const op = f.put(key, keyspace);
      expect(opPrevious(f.arena.u32, op)).toBe(keyspace === 2 ? other : 0);
      expect(f.find(a)).toBe(first);
    }
    checkArenaIndex(f.index);
  });

  test("finds its place anew where entries have moved, were undone, or the index was emptied", () => {
    const f = new Fixture();
    f.put(b);
    f.put(bytesOf("key 9"));
    const first = f.put(a);
    expect(f.find(b)).not.toBe(0);
    f.undo(first); // key b is now where key a was
    const again = f.put(a);
    expect(opPrevious(f.arena.u32, again)).toBe(0);
    expect(f.find(a)).toBe(again);
    f.index.reset(f.arena.u8, f.arena.u32);
    expect(opPrevious(f.arena.u32, f.put(a))).toBe(0);
    expect(f.index.count(KEYSPACE)).toBe(1);
    checkArenaIndex(f.index);
  });
});

describe("versions", () => {
  test("a key leads to its newest op, and that to the older ones", () => {
    const f = new Fixture();
    const first = f.put(bytesOf("key"));
    f.arena.nextRecord();
    const second = f.arena.append(KEYSPACE, OP_KIND_DELETE, bytesOf("key"), 0);
    expect(f.index.insert(KEYSPACE, second, f.arena.recordStart)).toBe(first);
    expect(f.find(bytesOf("key"))).toBe(second);
    expect(opPrevious(f.arena.u32, second)).toBe(first);
    expect(opPrevious(f.arena.u32, first)).toBe(0);
    expect(f.index.count(KEYSPACE)).toBe(1);
    expect(visibleOp(f.arena.u32, second, 2)).toBe(second);
    expect(visibleOp(f.arena.u32, second, 1)).toBe(first);
    expect(visibleOp(f.arena.u32, second, 0)).toBe(0);
  });

  test("only a version of the same record is superseded, and no longer once its successor is undone", () => {
    const f = new Fixture();
    const committed = f.put(bytesOf("key"));
    f.arena.nextRecord();
    const first = f.put(bytesOf("key"));
    const second = f.put(bytesOf("key"), KEYSPACE, 1e12);
    expect(opFlags(f.arena.u32, committed) & OP_FLAG_SUPERSEDED).toBe(0);
    expect(opFlags(f.arena.u32, first) & OP_FLAG_SUPERSEDED).toBe(OP_FLAG_SUPERSEDED);
    expect(opFlags(f.arena.u32, second) & OP_FLAG_SUPERSEDED).toBe(0);
    f.undo(second);
    expect(f.find(bytesOf("key"))).toBe(first);
    expect(opFlags(f.arena.u32, first) & OP_FLAG_SUPERSEDED).toBe(0);
    f.undo(first);
    expect(f.find(bytesOf("key"))).toBe(committed);
    f.undo(committed);
    expect(f.find(bytesOf("key"))).toBe(0);
    expect(f.index.keyspaces()).toEqual([]);
  });

  test("only the newest version can be undone", () => {
    const f = new Fixture();
    const first = f.put(bytesOf("key"));
    f.put(bytesOf("key"));
    expect(() => f.index.remove(KEYSPACE, first)).toThrow("A6");
  });
});

describe("keys", () => {
  test("short keys and zero bytes sort as memcmp sorts them", () => {
    const f = new Fixture();
    const keys = [
      "",
      "\0",
      "\0\0",
      "a",
      "a\0",
      "a\0\0",
      "a\0\0\0",
      "a\0\0\0\0",
      "a\0b",
      "ab",
      "abcd",
      "abcd\0",
      "abce",
    ];
    const ops = new Map(keys.map((key) => [key, 0]));
    for (const key of [...keys].reverse()) {
      ops.set(key, f.put(bytesOf(key)));
    }
    expect(f.scan()).toEqual(keys.map((key) => ops.get(key)));
    for (const key of keys) {
      expect(f.find(bytesOf(key))).toBe(ops.get(key));
    }
    expect(f.find(bytesOf("a\0\0\0\0\0"))).toBe(0);
  });

  test("keys that share their first four bytes and fill many nodes are all found", () => {
    const f = new Fixture();
    const rng = seededRng(7);
    const ops = new Map<string, number>();
    for (let i = 0; i < 5000; i++) {
      const key = `user:${rng.next() % 100_000}`;
      ops.set(key, f.put(bytesOf(key)));
    }
    for (const [key, op] of ops) {
      expect(f.find(bytesOf(key))).toBe(op);
    }
    expect(checkArenaIndex(f.index).entries).toBe(ops.size);
  });

  test("any key that fits is a key", () => {
    checkProperty(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 300 }), (keys) => {
        const f = new Fixture();
        const newest = new Map<string, { key: Uint8Array; op: number }>();
        for (const key of keys) {
          newest.set(key.join(), { key, op: f.put(key) });
        }
        checkArenaIndex(f.index);
        const sorted = [...newest.values()].sort((a, b) =>
          compareBytes(a.key, 0, a.key.length, b.key, 0, b.key.length),
        );
        expect(f.scan()).toEqual(sorted.map(({ op }) => op));
      }),
    );
  });
});

describe("shape", () => {
  test.each([
    ["ascending", (i: number) => i],
    ["descending", (i: number) => 20_000 - i],
  ])("%s keys fill their leaves", (_, order) => {
    const f = new Fixture();
    for (let i = 0; i < 20_000; i++) {
      f.put(numberKey(order(i)));
    }
    const { entries, nodes } = checkArenaIndex(f.index);
    expect(entries).toBe(20_000);
    expect(nodes).toBeLessThan(1.1 * (20_000 / LEAF_ENTRIES));
  });

  test.each([1, 2, 3, 10])("ascending groups of %i that descend leave no leaves of a few entries", (size) => {
    const f = new Fixture();
    const fullLeaves = 32 * LEAF_ENTRIES;
    for (let i = 0; i < 2 * fullLeaves; i++) {
      f.put(numberKey(i < fullLeaves ? i : 1_000_000 + i));
    }
    for (let i = 0; i < 12_000; i++) {
      f.put(numberKey(500_000 - size * Math.floor(i / size) + (i % size)));
    }
    const { entries, nodes } = checkArenaIndex(f.index);
    expect(nodes).toBeLessThan(entries / 20);
  });

  test("undoing everything leaves nothing, whatever the order of the keys", () => {
    const f = new Fixture();
    const rng = seededRng(testSeed());
    for (let round = 0; round < 3; round++) {
      const ops = Array.from({ length: 8000 }, () => f.put(numberKey(rng.next() % 20_000)));
      checkArenaIndex(f.index);
      for (const op of ops.reverse()) {
        f.undo(op);
      }
      expect(f.index.count(KEYSPACE)).toBe(0);
      expect(f.scan()).toEqual([]);
    }
    const touched = f.index.memoryBytes;
    for (let i = 0; i < 8000; i++) {
      f.put(numberKey(i));
    }
    expect(f.index.memoryBytes).toBe(touched);
  });

  test("after true room one insert succeeds, and there is an end to the room", () => {
    for (const maxBytes of [4096, 16384, 65536, 300_000]) {
      for (const spread of [1, 50]) {
        const f = new Fixture(4 * 1024 * 1024, maxBytes);
        const rng = seededRng(maxBytes);
        let inserted = 0;
        while (f.index.room) {
          f.put(numberKey(rng.next()), inserted++ % spread);
        }
        checkArenaIndex(f.index);
        expect(f.index.memoryBytes).toBeLessThanOrEqual(maxBytes);
      }
    }
  });
});

describe("keyspaces", () => {
  test("each has its own keys, also with ids past the direct table", () => {
    const f = new Fixture();
    const ids = [0, 1, 63, 64, 65_535, 65_536, 4_000_000_000];
    const ops = ids.map((id) => f.put(bytesOf("key"), id));
    expect(f.index.keyspaces()).toEqual(ids);
    expect(ids.map((id) => f.find(bytesOf("key"), id))).toEqual(ops);
    expect(f.find(bytesOf("key"), 2)).toBe(0);
    expect(f.find(bytesOf("key"), 1_000_000)).toBe(0);
    expect(f.index.count(1_000_000)).toBe(0);
  });

  test("a transfer reads the same", () => {
    const f = new Fixture();
    for (let i = 0; i < 3000; i++) {
      f.put(numberKey(i * 7), i % 3 === 0 ? 70_000 : 5);
    }
    const transfer = structuredClone(f.index.toTransfer());
    const copy = ArenaIndex.fromTransfer(f.arena.u8, f.arena.u32, transfer);
    expect(copy.keyspaces()).toEqual(f.index.keyspaces());
    expect(checkArenaIndex(copy)).toEqual(checkArenaIndex(f.index));
    expect(copy.find(5, numberKey(7), 0, 6)).toBe(f.find(numberKey(7), 5));
  });

  test("a larger index takes over a smaller one, and goes on", () => {
    const f = new Fixture(1024 * 1024, 64 * 1024);
    const keyspaceOf = (i: number): number => (i % 3 === 0 ? 70_000 : 5);
    const ops: number[] = [];
    for (let i = 0; f.index.room; i++) {
      ops.push(f.put(numberKey((i * 7919) % 10_000), keyspaceOf(i)));
      if (i % 10 === 9) {
        f.undo(ops.pop()!, keyspaceOf(i));
      }
    }
    const larger = new Fixture(1024 * 1024, 256 * 1024);
    larger.arena.u8.set(f.arena.u8);
    larger.arena.tail = f.arena.tail;
    larger.index.copyFrom(f.index);
    expect(checkArenaIndex(larger.index)).toEqual(checkArenaIndex(f.index));
    const entries = (index: ArenaIndex): number[] =>
      Array.from({ length: 10_000 }, (_, n) =>
        [5, 70_000].map((keyspace) => index.find(keyspace, numberKey(n), 0, 6)),
      ).flat();
    expect(entries(larger.index)).toEqual(entries(f.index));
    for (let i = 0; i < 2000; i++) {
      larger.put(numberKey(20_000 + i), 5);
    }
    expect(larger.index.count(5)).toBe(f.index.count(5) + 2000);
    expect(larger.find(numberKey(21_000), 5)).not.toBe(0);
    checkArenaIndex(larger.index);
  });

  test("a reset index is empty and works again", () => {
    const f = new Fixture();
    for (let i = 0; i < 3000; i++) {
      f.put(numberKey(i), i % 2 === 0 ? 1 : 100_000);
    }
    const arena = new OpArena(65536);
    f.index.reset(arena.u8, arena.u32);
    expect(f.index.keyspaces()).toEqual([]);
    expect(f.find(numberKey(1))).toBe(0);
    const op = arena.append(100_000, OP_KIND_PUT, numberKey(9), 0);
    f.index.insert(100_000, op, arena.recordStart);
    expect(f.index.keyspaces()).toEqual([100_000]);
    expect(f.find(numberKey(9), 100_000)).toBe(op);
  });
});
