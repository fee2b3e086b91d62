import { describe, expect, test } from "vitest";
import { ArenaFilter } from "../../src/btree/arena-filter.ts";
import { OP_KIND_PUT } from "../../src/wal/index.ts";
import { OpArena } from "./op-arena.ts";

const KEYSPACE = 1;
/** A filter of this size lists 256 operations, and has 2048 bits. */
const INDEX_BYTES = 32 * 1024;
const LISTED = 256;
/** Of which a lookup notes so many. */
const NOTED_AT_ONCE = 64;

class Fixture {
  readonly arena: OpArena = new OpArena(256 * 1024);
  readonly filter: ArenaFilter = new ArenaFilter(INDEX_BYTES);

  add(n: number): number {
    const op = this.arena.append(KEYSPACE, OP_KIND_PUT, numberKey(n), 0);
    this.filter.add(this.searched, op);
    return op;
  }

  undo(op: number): void {
    this.filter.undo(op);
    this.arena.undo(op);
  }

  mayHave(n: number): boolean {
    const key = numberKey(n);
    return this.filter.mayHave(this.searched, KEYSPACE, key, 0, key.length);
  }

  /** How many of a thousand keys that were never added are let through. */
  falseOnes(): number {
    return numbers(10_000, 1000).filter((n) => this.mayHave(n)).length;
  }

  private get searched() {
    return { nodes: new Uint32Array(0), u8: this.arena.u8, u32: this.arena.u32 };
  }
}

function numberKey(n: number): Uint8Array {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n, 7, 7, n, n >>> 8);
}

function numbers(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

describe("ArenaFilter", () => {
  test.each([1, NOTED_AT_ONCE, LISTED, LISTED + 1, 3 * LISTED])(
    "has every one of %d keys, at once and later",
    (count) => {
      const f = new Fixture();
      for (const n of numbers(0, count)) {
        f.add(n);
      }
      for (let round = 0; round < 2; round++) {
        expect(numbers(0, count).filter((n) => !f.mayHave(n))).toEqual([]);
      }
    },
  );

  test("says no of a key that was never added, when lookups have noted those that were", () => {
    const f = new Fixture();
    expect(f.mayHave(0)).toBe(false);
    for (const n of numbers(0, 2 * NOTED_AT_ONCE)) {
      f.add(n);
    }
    expect(f.mayHave(10_000)).toBe(true); // not all are noted yet
    expect(f.falseOnes()).toBeLessThan(150); // of 128 in 2048 bits: 62
  });

  test("looks at nothing that was undone, noted or not", () => {
    const f = new Fixture();
    const ops = numbers(0, 100).map((n) => f.add(n));
    f.mayHave(0); // notes those from 36 on
    for (const op of ops.slice(20).reverse()) {
      f.undo(op);
    }
    for (const n of numbers(1000, 100)) {
      f.add(n);
    }
    const present = [...numbers(0, 20), ...numbers(1000, 100)];
    for (let round = 0; round < 2; round++) {
      expect(present.filter((n) => !f.mayHave(n))).toEqual([]);
    }
    expect(f.falseOnes()).toBeLessThan(180); // of 184 noted ones: 88
  });

  test("is empty when it was cleared, and has everything when it was opened", () => {
    const f = new Fixture();
    f.add(1);
    f.mayHave(1);
    f.add(2);
    f.filter.clear();
    expect([1, 2, 3].map((n) => f.mayHave(n))).toEqual([false, false, false]);
    f.filter.open();
    expect(f.mayHave(3)).toBe(true);
  });
});
