import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DbMap } from "../../src/index.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { codeOf, PLACES, type Place } from "./places.ts";

const COUNT = 3000;
const keyOf = (n: number) => `k${String(n).padStart(5, "0")}`;

describe.each(PLACES)("ranges on $name", ({ make }) => {
  let place: Place;
  let db: Database;
  let map: DbMap<string, number>;

  /** Keys 0 to 2999: a third in pages, a third in a frozen segment, overwritten and deleted ones in the active one. */
  beforeEach(async () => {
    place = make();
    db = place.open();
    map = db.map<number>("m");
    db.write((tx) => {
      for (let n = 0; n < COUNT; n += 2) {
        tx.map<number>("m").put(keyOf(n), n);
      }
    });
    await db.checkpoint();
    db.write((tx) => {
      const inside = tx.map<number>("m");
      for (let n = 1; n < COUNT; n += 2) {
        inside.put(keyOf(n), n);
      }
      for (let n = 0; n < COUNT; n += 10) {
        inside.delete(keyOf(n));
      }
    });
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  const expected = Array.from({ length: COUNT }, (_, n) => n).filter((n) => n % 10 !== 0);

  it("merges log and pages, both ways", () => {
    expect([...map.range().values()]).toEqual(expected);
    expect([...map.range({ reverse: true }).values()]).toEqual([...expected].reverse());
    expect(map.range().toArray()).toEqual(expected.map((n) => [keyOf(n), n]));
    expect(map.count()).toBe(expected.length);
  });

  it("cuts at bounds that are there, deleted, or never were", () => {
    for (const [from, to] of [
      [0, COUNT],
      [10, 20],
      [11, 19],
      [999, 1001],
      [1500, 1500],
      [2995, 9999],
      [20, 10],
    ] as const) {
      const within = (n: number) => n >= from && n < to;
      const bounds = { gte: keyOf(from), lt: keyOf(to) };
      expect([...map.range(bounds).values()]).toEqual(expected.filter(within));
      expect([...map.range({ ...bounds, reverse: true }).values()]).toEqual(expected.filter(within).reverse());
      expect(map.count(bounds)).toBe(expected.filter(within).length);
      const open = { gt: keyOf(from), lte: keyOf(to) };
      expect([...map.range(open).values()]).toEqual(expected.filter((n) => n > from && n <= to));
    }
    expect([...map.range({ gte: "k00100x", lt: "k00103x" }).values()]).toEqual([101, 102, 103]);
  });

  it("takes prefixes, alone and with bounds", () => {
    const tens = expected.filter((n) => n >= 120 && n < 130);
    expect([...map.range({ prefix: "k0012" }).values()]).toEqual(tens);
    expect([...map.range({ prefix: "k0012", reverse: true, limit: 2 }).values()]).toEqual([129, 128]);
    expect([...map.range({ prefix: "k0012", gt: keyOf(125) }).values()]).toEqual([126, 127, 128, 129]);
    expect([...map.range({ prefix: "k0012", lte: keyOf(122) }).values()]).toEqual([121, 122]);
    expect([...map.range({ prefix: "k0012", gte: keyOf(500) })]).toEqual([]);
    expect([...map.range({ prefix: "nothing" })]).toEqual([]);
    expect(map.count({ prefix: "" })).toBe(expected.length);
    expect(map.count({ prefix: "k0012" })).toBe(9);
  });

  it("stops at a limit", () => {
    expect([...map.range({ limit: 0 })]).toEqual([]);
    expect([...map.range({ limit: 3 }).values()]).toEqual([1, 2, 3]);
    expect([...map.range({ limit: 1e9 }).values()]).toEqual(expected);
    expect(map.count({ limit: 7 })).toBe(7);
    expect(map.count({ limit: 7, gte: keyOf(2998) })).toBe(2);
  });

  it("gives keys, values, entries, arrays and callbacks of the same", () => {
    const range = map.range({ gte: keyOf(5), lt: keyOf(8) });
    const entries = [5, 6, 7].map((n) => [keyOf(n), n]);
    const visited: unknown[] = [];
    range.forEach((key, value) => {
      visited.push([key, value]);
    });
    expect([[...range], range.toArray(), visited]).toEqual([entries, entries, entries]);
    expect([...range.keys()]).toEqual(entries.map(([key]) => key));
    expect([...range.values()]).toEqual([5, 6, 7]);
    expect(range.count()).toBe(3);
  });

  it("sees the map as it is when an iteration begins", () => {
    const range = map.range({ gte: keyOf(1), lt: keyOf(4) });
    const seen: number[] = [];
    for (const [key, value] of range) {
      seen.push(value);
      map.delete(key);
      map.put(`${key}+`, -1);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect([...range.values()]).toEqual([-1, -1, -1]);
  });

  it("refuses ranges that contradict themselves", () => {
    for (const options of [
      { gt: "a", gte: "a" },
      { lt: "a", lte: "a" },
      { limit: -1 },
      { limit: 1.5 },
      { limit: Number.NaN },
    ]) {
      expect(codeOf(() => map.range(options))).toBe("INVALID");
      expect(codeOf(() => map.count(options))).toBe("INVALID");
    }
    expect(codeOf(() => db.map("numbers", { key: "number" }).range({ prefix: 1 }))).toBe("INVALID");
    expect(codeOf(() => map.range({ gtee: "a" } as object))).toBe("INVALID");
    expect(map.range({ gte: "a", signal: undefined } as object).count()).toBe(map.count({ gte: "a" }));
  });

  it("lets go of what it pinned: at the end, and after break, return and throw", () => {
    const pins = () => db.stats().openSnapshots;
    const before = pins();
    for (const _ of map.range({ limit: 3 })) {
      expect(pins()).toBe(before + 1);
    }
    expect(pins()).toBe(before);
    for (const _ of map) {
      break;
    }
    expect(pins()).toBe(before);
    const [first] = map;
    expect([first, pins()]).toEqual([[keyOf(1), 1], before]);
    expect(() => {
      for (const _ of map) {
        throw new Error("out");
      }
    }).toThrow("out");
    expect(() =>
      map.range().forEach(() => {
        throw new Error("out");
      }),
    ).toThrow("out");
    expect(pins()).toBe(before);
  });

  it("stays ended after the end, and after return", () => {
    const iterator = map.range({ limit: 1 })[Symbol.iterator]();
    expect(iterator.next().done).toBe(false);
    expect([iterator.next(), iterator.next()]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    const left = map.range()[Symbol.iterator]();
    left.next();
    left.return!();
    left.return!();
    expect(left.next()).toEqual({ done: true, value: undefined });
    expect(db.stats().openSnapshots).toBe(0);
  });

  it("works through abandoned iterators as if they were not there", async () => {
    for (let n = 0; n < 100; n++) {
      map
        .range({ gte: keyOf(n) })
        [Symbol.iterator]()
        .next();
    }
    map.put(keyOf(0), 0);
    await db.checkpoint();
    map.delete(keyOf(0));
    await db.checkpoint();
    expect([...map.range().values()]).toEqual(expected);
    await db.check();
  });

  it("runs many iterations side by side", () => {
    const ascending = map.range().values();
    const descending = map.range({ reverse: true }).values();
    const steps = Array.from({ length: 50 }, () => [ascending.next().value, descending.next().value]);
    expect(steps).toEqual(steps.map((_, at) => [expected[at], expected.at(-1 - at)]));
    ascending.return!();
    descending.return!();
  });
});
