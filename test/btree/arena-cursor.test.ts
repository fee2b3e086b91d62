import { beforeEach, describe, expect, test } from "vitest";
import { ArenaCursor } from "../../src/btree/arena-cursor.ts";
import { ArenaIndex } from "../../src/btree/arena-index.ts";
import { OP_KIND_PUT } from "../../src/wal/index.ts";
import { OpArena } from "./op-arena.ts";

const KEYSPACE = 3;
const COUNT = 1000;

let arena: OpArena;
let index: ArenaIndex;
let cursor: ArenaCursor;

function key(n: number): Uint8Array {
  return Uint8Array.from(`key ${String(n).padStart(6, "0")}`, (character) => character.charCodeAt(0));
}

function put(n: number): number {
  const op = arena.append(KEYSPACE, OP_KIND_PUT, key(n), 10);
  index.insert(KEYSPACE, op, arena.recordStart);
  return op;
}

function undo(op: number): void {
  index.remove(KEYSPACE, op);
  arena.undo(op);
}

/** The number in the current key, -1 past the end. */
function at(): number {
  if (cursor.op === 0) {
    return -1;
  }
  return Number(
    Buffer.from(arena.u8.slice(cursor.keyOffset, cursor.keyOffset + cursor.keyLength))
      .toString()
      .slice(4),
  );
}

/** The even numbers below 2 * COUNT, in an order that splits leaves everywhere. */
beforeEach(() => {
  arena = new OpArena(1024 * 1024);
  index = new ArenaIndex(arena.u8, arena.u32, 1024 * 1024);
  for (let i = 0; i < COUNT; i++) {
    put(2 * ((i * 379) % COUNT));
  }
  arena.nextRecord();
  cursor = new ArenaCursor();
  cursor.open(index, KEYSPACE);
});

describe("positions", () => {
  test("first, last and what is beyond them", () => {
    cursor.first();
    expect(at()).toBe(0);
    expect(cursor.prev()).toBe(0);
    expect(cursor.next()).toBe(0);
    cursor.last();
    expect(at()).toBe(2 * COUNT - 2);
    expect(cursor.next()).toBe(0);
    expect(cursor.op).toBe(0);
  });

  test("an empty keyspace has none", () => {
    cursor.open(index, 99);
    expect([cursor.first(), cursor.last(), cursor.next(), cursor.prev()]).toEqual([0, 0, 0, 0]);
    expect(cursor.seek(key(1), 0, 10)).toBe(0);
    expect(cursor.seekBefore(key(1), 0, 10)).toBe(0);
  });

  test("seek and seekBefore, inclusive or not, at every key and between", () => {
    for (let n = -1; n < 2 * COUNT + 1; n++) {
      const place = n < 0 ? Uint8Array.of(1) : key(n);
      const up = n + (n & 1);
      const down = n - (n & 1);
      const clip = (m: number) => (m < 0 || m >= 2 * COUNT ? -1 : m);
      cursor.seek(place, 0, place.length);
      expect(at()).toBe(n < 0 ? 0 : clip(up));
      cursor.seek(place, 0, place.length, false);
      expect(at()).toBe(n < 0 ? 0 : clip(n % 2 === 0 ? n + 2 : up));
      cursor.seekBefore(place, 0, place.length);
      expect(at()).toBe(n < 0 ? -1 : n === 2 * COUNT ? n - 2 : clip(n % 2 === 0 ? n - 2 : down));
      cursor.seekBefore(place, 0, place.length, true);
      expect(at()).toBe(n < 0 ? -1 : n === 2 * COUNT ? n - 2 : clip(down));
    }
  });

  test("walks both ways see every key", () => {
    let n = 0;
    for (let op = cursor.first(); op !== 0; op = cursor.next()) {
      expect(at()).toBe(n);
      n += 2;
    }
    for (let op = cursor.last(); op !== 0; op = cursor.prev()) {
      n -= 2;
      expect(at()).toBe(n);
    }
    expect(n).toBe(0);
  });
});

describe("changes between steps", () => {
  test("keys that appear ahead are met, those behind are not, none is met twice", () => {
    let n = 0;
    for (let op = cursor.first(); op !== 0; op = cursor.next()) {
      expect(at()).toBe(n);
      if (n % 20 === 0) {
        put(n + 3);
      }
      if (n % 50 === 48) {
        put(n - 1);
      }
      n = n % 20 === 2 ? n + 1 : n + (n % 2 === 1 ? 1 : 2);
    }
    expect(n).toBe(2 * COUNT + ((2 * COUNT) % 20 === 2 ? 1 : 0));
  });

  test("a walk down goes on likewise", () => {
    let n = 2 * COUNT - 2;
    for (let op = cursor.last(); op !== 0; op = cursor.prev()) {
      expect(at()).toBe(n);
      put(n + 1);
      n -= 2;
    }
    expect(n).toBe(-2);
    expect(index.count(KEYSPACE)).toBe(2 * COUNT);
  });

  test("a new version does not move the cursor", () => {
    cursor.seek(key(500), 0, 10);
    const before = cursor.op;
    const version = index.version;
    put(500);
    expect(index.version).toBe(version);
    expect(cursor.op).toBe(before);
    cursor.next();
    expect(at()).toBe(502);
  });

  test("with its key kept, the position outlives the undoing of its op", () => {
    for (const move of ["next", "prev"] as const) {
      const undone = [501, 503, 505].map(put);
      const newVersion = put(502);
      cursor.seek(key(503), 0, 10);
      cursor.keepKey();
      undo(newVersion);
      for (const op of undone.reverse()) {
        undo(op);
      }
      put(900_000);
      cursor[move]();
      expect(at()).toBe(move === "next" ? 504 : 502);
    }
  });

  test("a cursor goes on where its index was emptied under it", () => {
    const small = new OpArena(4096);
    const smallIndex = new ArenaIndex(small.u8, small.u32, 8192);
    const op = small.append(KEYSPACE, OP_KIND_PUT, key(1), 0);
    smallIndex.insert(KEYSPACE, op, small.recordStart);
    cursor.open(smallIndex, KEYSPACE);
    cursor.first();
    cursor.keepKey();
    smallIndex.remove(KEYSPACE, op);
    expect(cursor.next()).toBe(0);
  });
});
