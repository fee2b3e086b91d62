/**
 * Thousands of range deletes in one arena, in every form: nested, rising, falling, side by side, anyhow. They are held against a
 * list for each key, and what they take is counted: comparisons of keys, and bytes, never time.
 */
import { describe, expect, it } from "vitest";
import type { RangeDelete } from "../../src/lsm/index.ts";
import { RangeOps } from "../../src/mvcc/range-ops.ts";
import { type Rng, seededRng } from "../../src/random.ts";
import { OP_KIND_DELETE_RANGE, opValueOffset } from "../../src/wal/index.ts";
import { OpArena } from "../btree/op-arena.ts";
import { testSeed } from "../support/property.ts";

const KEYSPACE = 7;
const WHOLE = 0xffff_ffff;
const END = Number.POSITIVE_INFINITY;

function keyOf(n: number): Uint8Array {
  return Uint8Array.of(n >>> 16, (n >>> 8) & 255, n & 255);
}

function append(arena: OpArena, lower: number, upper: number): number {
  const end = upper === END ? new Uint8Array(0) : keyOf(upper);
  const op = arena.append(KEYSPACE, OP_KIND_DELETE_RANGE, keyOf(lower), end.length);
  arena.u8.set(end, opValueOffset(arena.u32, op));
  return op;
}

/** The i-th of `count` ranges among keys below `keys`, `keys` being at least 4 × `count`. */
type Form = (i: number, count: number, keys: number, rng: Rng) => readonly [number, number];

const FORMS: Readonly<Record<string, Form>> = {
  "a rising end": (i) => [0, i + 1],
  "a falling end": (i, count) => [0, count - i],
  "a falling beginning": (i, count) => [count - i, END],
  "each around the last": (i, count) => [count - i, count + i + 1],
  "each within the last": (i, count) => [i, 2 * count - i],
  "side by side, rising": (i) => [3 * i, 3 * i + 2],
  "side by side, falling": (i, count) => [3 * (count - i), 3 * (count - i) + 2],
  "side by side, touching": (i) => [2 * i, 2 * i + 2],
  "side by side, in any order": (_, count, __, rng) => {
    const at = 3 * (rng.next() % count);
    return [at, at + 2];
  },
  "a rising window": (i) => [i, i + 100],
  "small ones, and all of it now and then": (i, count) => (i % 50 === 49 ? [0, END] : [3 * (i % count), 3 * i + 1]),
  anyhow: (_, __, keys, rng) => {
    const lower = rng.next() % keys;
    const reach = rng.next() % 3 === 0 ? keys : 20;
    return [lower, Math.min(keys, lower + 1 + (rng.next() % reach))];
  },
};

describe("many range deletes of an arena", () => {
  const KEYS = 1600;

  it("say what a list for each key says, whatever their form, at every time and after rewinds", () => {
    const seed = testSeed();
    const rng = seededRng(seed);
    const below = (n: number) => rng.next() % n;
    const forms = Object.entries(FORMS);
    const arena = new OpArena(1 << 20);
    let ranges = new RangeOps(arena.u8, arena.u32);
    let made: { readonly op: number; readonly delta: number; readonly lower: number; readonly upper: number }[] = [];
    /** The places in `made` of those that cover a key; at KEYS, behind all ends, of those that have none. */
    let over: number[][] = Array.from({ length: KEYS + 1 }, () => []);

    const add = (lower: number, upper: number) => {
      const op = append(arena, lower, upper);
      ranges.add(op);
      for (let n = lower; n < Math.min(upper, KEYS + 1); n++) {
        over[n]!.push(made.length);
      }
      made.push({ op, delta: arena.commitDelta, lower, upper });
    };
    const check = (what: string) => {
      const hint = `NACRE_SEED=${seed}, after ${what}, ${made.length} made`;
      for (let i = 0; i < 200; i++) {
        const n = below(KEYS);
        const limit = below(3) === 0 ? WHOLE : below(arena.commitDelta + 2);
        const end = below(3) !== 0 || made.length === 0 ? WHOLE : made[below(made.length)]!.op;
        const found = ranges.newestOver(KEYSPACE, keyOf(n), 0, 3, limit, end);
        const place = over[n]!.findLast((at) => made[at]!.delta <= limit && made[at]!.op < end);
        expect(found, hint).toBe(place === undefined ? 0 : made[place]!.op);
      }
      for (let i = 0; i < 50; i++) {
        const lower = below(4) === 0 ? undefined : below(KEYS);
        const upper = below(4) === 0 ? undefined : (lower ?? 0) + 1 + below(below(2) === 0 ? 4 : KEYS);
        const delta = below(arena.commitDelta + 2);
        const covers = ranges.covers(
          KEYSPACE,
          lower === undefined ? undefined : keyOf(lower),
          upper === undefined ? undefined : keyOf(upper),
          delta,
        );
        const expected = made.some(
          (one) => one.delta > delta && (upper === undefined || one.lower < upper) && one.upper > (lower ?? 0),
        );
        expect(covers, hint).toBe(expected);
      }
      expect(ranges.deletes(KEYSPACE), hint).toEqual(covered(over));
    };

    for (let round = 0; round < 40; round++) {
      const [name, form] = forms[below(forms.length)]!;
      const count = 1 + below(KEYS / 4);
      for (let i = 0; i < count; i++) {
        add(...form(i, count, KEYS, rng));
        if (below(4) === 0) {
          arena.nextRecord();
        }
      }
      check(name);
      if (below(3) === 0) {
        const kept = below(2) === 0 ? Math.max(0, made.length - 1 - below(5)) : below(made.length + 1);
        const mark = made[kept]?.op ?? arena.tail;
        ranges.rewindTo(mark);
        arena.undo(mark);
        made = made.slice(0, kept);
        over = over.map((places) => places.filter((at) => at < kept));
        check("a rewind");
      }
      if (below(8) === 0) {
        ranges = RangeOps.fromTransfer(arena.u8, arena.u32, structuredClone(ranges.toTransfer()));
        check("a transfer");
      }
    }
    ranges.rewindTo(0);
    expect([ranges.isEmpty, ranges.memoryBytes]).toEqual([true, 0]);
  });
});

function covered(over: readonly (readonly number[])[]): RangeDelete[] {
  const ranges: RangeDelete[] = [];
  for (let n = 0; n < over.length; n++) {
    const lower = n;
    while (n < over.length && over[n]!.length > 0) {
      n++;
    }
    if (n > lower) {
      ranges.push({ lower: keyOf(lower), upper: n < over.length ? keyOf(n) : undefined });
    }
  }
  return ranges;
}

describe("what many range deletes take", () => {
  const COUNT = 4000;
  const KEYS = 4 * COUNT;
  /** A binary search takes 13 comparisons here, each of which reads up to 4 words. */
  const SEARCH_READS = 13 * 4;
  const BYTES = 80;

  for (const [name, form] of Object.entries(FORMS)) {
    it(`is little for each one: ${name}`, () => {
      const rng = seededRng(testSeed());
      const arena = new OpArena(1 << 20);
      const counted = countReads(arena.u32);
      const ranges = new RangeOps(arena.u8, counted.u32);
      const ops: number[] = [];
      for (let i = 0; i < COUNT; i++) {
        ops.push(append(arena, ...form(i, COUNT, KEYS, rng)));
        ranges.add(ops[i]!);
        arena.nextRecord();
      }
      const adds = counted.take() / COUNT;
      const bytes = ranges.memoryBytes / COUNT;
      const reading = (limit: () => number) => {
        for (let i = 0; i < COUNT; i++) {
          ranges.newestOver(KEYSPACE, keyOf(rng.next() % KEYS), 0, 3, limit(), WHOLE);
        }
        return counted.take() / COUNT;
      };
      const newest = reading(() => WHOLE);
      const older = reading(() => rng.next() % COUNT);
      for (let i = 0; i < COUNT; i++) {
        const n = rng.next() % KEYS;
        ranges.covers(KEYSPACE, keyOf(n), keyOf(n + 1), rng.next() % COUNT);
      }
      const checks = counted.take() / COUNT;
      ranges.rewindTo(ops[COUNT - 20]!);
      const rewinds = counted.take() / 20;
      expect(adds).toBeLessThan(3 * SEARCH_READS);
      expect(bytes).toBeLessThan(BYTES);
      expect(newest).toBeLessThan(SEARCH_READS);
      expect(older).toBeLessThan(15 * SEARCH_READS);
      expect(checks).toBeLessThan(3 * SEARCH_READS);
      expect(rewinds).toBeLessThan(3 * SEARCH_READS);
      expect(ranges.memoryBytes / COUNT).toBeLessThan(BYTES);
    });
  }

  it("is a limit that says when there should be another arena", () => {
    const arena = new OpArena(1 << 20);
    const ranges = new RangeOps(arena.u8, arena.u32, 64 * 1024);
    const ops: number[] = [];
    while (!ranges.isFull) {
      ops.push(append(arena, 3 * ops.length, 3 * ops.length + 1));
      ranges.add(ops.at(-1)!);
    }
    expect(ops.length).toBeGreaterThan(500);
    expect(ranges.memoryBytes).toBeLessThan(2 * 64 * 1024);
    ranges.rewindTo(ops[0]!);
    expect([ranges.isFull, ranges.memoryBytes]).toEqual([false, 0]);
  });
});

/** The words of an arena, and how often one of them was read: a few times for each comparison of keys. */
function countReads(words: Uint32Array): { readonly u32: Uint32Array; take(): number } {
  let reads = 0;
  const u32 = new Proxy(words, {
    get(target, property) {
      reads++;
      return Reflect.get(target, property);
    },
  });
  const take = () => {
    const taken = reads;
    reads = 0;
    return taken;
  };
  return { u32, take };
}
