import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DbMap, RangeOptions } from "../../src/index.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { ManualClock } from "./manual-clock.ts";
import { codeOf, codeOfAsync, PLACES, type Place } from "./places.ts";

const OPTIONS = { segmentBytes: 64 * 1024 } as const;
const NUMBERS = { key: "number" } as const;
const COUNT = 100;

describe.each(PLACES)("map.deleteRange on $name", ({ make }) => {
  let place: Place;
  let db: Database;

  beforeEach(() => {
    place = make();
    db = place.open(OPTIONS);
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  function numbers(): DbMap<number, number> {
    return db.map<number>("n", NUMBERS);
  }

  /** The keys from 0 to 99, half of them in pages. */
  async function fill(): Promise<DbMap<number, number>> {
    const map = numbers();
    db.write((tx) => {
      for (let n = 0; n < COUNT; n++) {
        tx.map<number>("n", NUMBERS).put(n, n);
      }
    });
    await db.checkpoint();
    for (let n = 0; n < COUNT; n += 2) {
      map.put(n, n);
    }
    return map;
  }

  function expectKeys(map: DbMap<number, number>, keys: readonly number[]): void {
    expect([...map.range().keys()]).toEqual(keys);
    expect([...map.range({ reverse: true }).keys()]).toEqual(keys.toReversed());
    expect(map.count()).toBe(keys.length);
    const there = new Set(keys);
    for (let n = 0; n < COUNT; n++) {
      expect(map.get(n)).toBe(there.has(n) ? n : undefined);
    }
    expect(map.count({ gte: 20, lt: 50 })).toBe(keys.filter((key) => key >= 20 && key < 50).length);
    expect([...map.range({ gt: 20, lte: 50, reverse: true, limit: 3 }).keys()]).toEqual(
      keys
        .filter((key) => key > 20 && key <= 50)
        .toReversed()
        .slice(0, 3),
    );
  }

  /** The same after each of the ways in which entries move to other places. */
  async function expectEverywhere(keys: readonly number[]): Promise<void> {
    expectKeys(numbers(), keys);
    await db.checkpoint();
    expectKeys(numbers(), keys);
    if (place.isKept) {
      db.close();
      db = place.open(OPTIONS);
      expectKeys(numbers(), keys);
    }
    await db.compact();
    expectKeys(numbers(), keys);
    await db.check();
  }

  function without(...bounds: readonly (readonly [number, number])[]): number[] {
    return Array.from({ length: COUNT }, (_, n) => n).filter((n) => !bounds.some(([a, b]) => n >= a && n < b));
  }

  it.each<[string, RangeOptions<number>, [number, number]]>([
    ["from the beginning", { lt: 30 }, [0, 30]],
    ["to the end", { gte: 30 }, [30, COUNT]],
    ["between", { gt: 10, lte: 60 }, [11, 61]],
    ["one key", { gte: 7, lte: 7 }, [7, 8]],
    ["all of it", {}, [0, COUNT]],
    ["beside all keys", { gte: 1000, lt: 2000 }, [0, 0]],
  ])("takes bounds: %s", async (_, bounds, gone) => {
    const map = await fill();
    map.deleteRange(bounds);
    await expectEverywhere(without(gone));
  });

  it("takes a prefix, and refuses what has no meaning", async () => {
    const map = db.map("tuples", { key: "tuple" });
    for (const [a, b] of [
      ["x", 1],
      ["y", 1],
      ["y", 2],
      ["z", 1],
    ] as const) {
      map.put([a, b], b);
    }
    await db.checkpoint();
    map.deleteRange({ prefix: ["y"] });
    expect([...map.range().keys()]).toEqual([
      ["x", 1],
      ["z", 1],
    ]);
    const before = db.lastCommit;
    expect(codeOf(() => map.deleteRange({ reverse: true }))).toBe("INVALID");
    expect(codeOf(() => map.deleteRange({ limit: 3 }))).toBe("INVALID");
    map.deleteRange({ gte: ["z"], lt: ["x"] });
    expect([map.count(), db.lastCommit]).toEqual([2, before]);
  });

  it("hides what was there before it, and nothing that is put after it", async () => {
    const map = await fill();
    map.deleteRange({ gte: 10, lt: 90 });
    map.put(50, 50);
    await db.checkpoint();
    map.deleteRange({ gte: 40, lt: 45 });
    map.put(42, 42);
    map.put(60, 60);
    map.deleteRange({ gte: 55, lt: 65 });
    map.deleteRange({ gte: 60, lt: 95 });
    await expectEverywhere([...without([10, COUNT]), 42, 50, ...without([0, 95])]);
  });

  it("in db.write: before and after puts, and taken back by savepoints", async () => {
    await fill();
    db.write((tx) => {
      const inside = tx.map<number>("n", NUMBERS);
      inside.put(15, -1);
      inside.deleteRange({ gte: 10, lt: 20 });
      inside.put(12, 12);
      expectKeys(inside, without([10, 12], [13, 20]));
      const savepoint = tx.savepoint();
      inside.deleteRange();
      inside.put(3, 3);
      expectKeys(inside, [3]);
      tx.rollbackTo(savepoint);
      inside.deleteRange({ gte: 90 });
      expectKeys(inside, without([10, 12], [13, 20], [90, COUNT]));
      expectKeys(numbers(), without());
    });
    await expectEverywhere(without([10, 12], [13, 20], [90, COUNT]));
    expect(() =>
      db.write((tx) => {
        tx.map<number>("n", NUMBERS).deleteRange();
        throw new Error("no");
      }),
    ).toThrow("no");
    expectKeys(numbers(), without([10, 12], [13, 20], [90, COUNT]));
  });

  it("in a transaction: before and after puts, and taken back by savepoints", async () => {
    const map = await fill();
    const transaction = db.begin();
    const inside = transaction.map<number>("n", NUMBERS);
    inside.put(15, -1);
    inside.deleteRange({ gte: 10, lt: 20 });
    inside.put(12, 12);
    expectKeys(inside, without([10, 12], [13, 20]));
    const savepoint = transaction.savepoint();
    inside.deleteRange({ lt: 50 });
    inside.delete(70);
    expectKeys(inside, without([0, 50], [70, 71]));
    transaction.rollbackTo(savepoint);
    expectKeys(inside, without([10, 12], [13, 20]));
    inside.deleteRange({ gte: 90 });
    expectKeys(map, without());
    await transaction.commit();
    await expectEverywhere(without([10, 12], [13, 20], [90, COUNT]));
  });

  it("is not seen by snapshots and transactions from before it", async () => {
    const map = await fill();
    const snapshot = db.snapshot();
    const transaction = db.begin();
    const iterator = map.range()[Symbol.iterator]();
    iterator.next();
    map.deleteRange({ gte: 20 });
    map.put(30, 30);
    await db.checkpoint();
    map.deleteRange();
    await db.checkpoint();
    await db.compact();
    expectKeys(snapshot.map<number>("n", NUMBERS), without());
    expectKeys(transaction.map<number>("n", NUMBERS), without());
    expect([...iterator].length).toBe(COUNT - 1);
    expectKeys(map, []);
    snapshot.close();
    transaction.rollback();
  });

  it("conflicts with what others write to the range, both ways", async () => {
    const map = await fill();
    const commitAfter = async (
      inside: (map: DbMap<number, number>) => void,
      outside: () => void,
      serializable = false,
    ) => {
      const transaction = db.begin(serializable ? { isolation: "serializable" } : {});
      inside(transaction.map<number>("n", NUMBERS));
      outside();
      return await codeOfAsync(() => transaction.commit());
    };
    const deletesRange = (inside: DbMap<number, number>) => inside.deleteRange({ gte: 10, lt: 20 });
    expect(await commitAfter(deletesRange, () => map.put(15, 1))).toBe("CONFLICT");
    expect(await commitAfter(deletesRange, () => map.delete(16))).toBe("CONFLICT");
    expect(await commitAfter(deletesRange, () => map.deleteRange({ gte: 19, lt: 30 }))).toBe("CONFLICT");
    expect(
      await commitAfter(
        (inside) => inside.put(25, 1),
        () => map.deleteRange({ gte: 20, lt: 30 }),
      ),
    ).toBe("CONFLICT");
    expect(
      await commitAfter(
        (inside) => inside.delete(30),
        () => map.deleteRange({ gte: 30, lt: 31 }),
      ),
    ).toBe("CONFLICT");
    const reads = (inside: DbMap<number, number>) => {
      inside.get(40);
      inside.put(2, 2);
    };
    expect(await commitAfter(reads, () => map.deleteRange({ gte: 40, lt: 41 }), true)).toBe("CONFLICT");
    const scans = (inside: DbMap<number, number>) => {
      inside.count({ gte: 50, lt: 60 });
      inside.put(2, 2);
    };
    expect(await commitAfter(scans, () => map.deleteRange({ gte: 59 }), true)).toBe("CONFLICT");
    // What lies beside it does not.
    expect(await commitAfter(deletesRange, () => map.put(20, 20))).toBe("nothing was thrown");
    expect(
      await commitAfter(
        (inside) => inside.put(5, 5),
        () => map.deleteRange({ gte: 6, lt: 7 }),
      ),
    ).toBe("nothing was thrown");
    expect(await commitAfter(reads, () => map.deleteRange({ gte: 41, lt: 42 }), true)).toBe("nothing was thrown");
    expect(map.get(15)).toBeUndefined();
  });

  it("wakes who waits for its range, and is one change in the feed", async () => {
    const map = await fill();
    const since = db.lastCommit;
    const other = new AbortController();
    const waits = map.nextChange({ gte: 15, lt: 16 });
    const waitsInVain = map.nextChange({ gte: 20, signal: other.signal });
    map.deleteRange({ gte: 10, lt: 20 });
    expect(await waits).toBe(since + 1);
    other.abort();
    await expect(waitsInVain).rejects.toThrow();
    map.deleteRange({ gte: 50 });
    const seen: unknown[] = [];
    for await (const { changes } of db.changes({ since, of: "n" })) {
      seen.push(...changes);
      if (seen.length === 2) {
        break;
      }
    }
    expect(seen).toMatchObject([
      { map: "n", type: "deleteRange", key: undefined, value: undefined, range: { upper: expect.any(Uint8Array) } },
      { map: "n", type: "deleteRange", range: { upper: undefined } },
    ]);
  });

  it("leaves no deadlines behind that matter: what is put there later stays", async () => {
    db.close();
    const clock = new ManualClock();
    db = place.open({ ...OPTIONS, checkpoints: "inline" }, clock);
    const map = db.map<number>("ends", NUMBERS);
    for (let n = 0; n < 20; n++) {
      map.put(n, n, { ttl: 1000 });
    }
    await clock.advanceUntil(db.checkpoint());
    map.deleteRange({ lt: 10 });
    map.put(3, 33);
    map.put(4, 44, { ttl: 100_000 });
    expect([...map.range().keys()].length).toBe(12);
    await clock.advanceUntil(db.check());
    clock.advance(5000);
    await clock.advanceUntil(db.checkpoint());
    clock.advance(5000);
    expect([...map]).toEqual([
      [3, 33],
      [4, 44],
    ]);
    await clock.advanceUntil(db.check());
    clock.advance(200_000);
    expect([...map]).toEqual([[3, 33]]);
  });

  it("ten thousand times, apart, overlapping and all the same", async () => {
    const map = numbers();
    db.write((tx) => {
      const inside = tx.map<number>("n", NUMBERS);
      for (let n = 0; n < 40_000; n++) {
        inside.put(n, n);
      }
    });
    await db.checkpoint();
    for (let from = 0; from < 3400; from += 100) {
      db.write((tx) => {
        const inside = tx.map<number>("n", NUMBERS);
        for (let n = from; n < from + 100; n++) {
          inside.deleteRange({ gte: 2 * n, lt: 2 * n + 1 });
          inside.deleteRange({ gte: 25_000 + n / 2, lt: 25_100 + n / 2 });
          inside.deleteRange({ gte: 39_000 });
        }
      });
    }
    const left = 40_000 - 3400 - 1800 - 1000;
    for (let round = 0; round < 2; round++) {
      expect([...map.range().keys()].length).toBe(left);
      expect([map.get(1), map.get(2), map.get(24_999), map.get(25_000), map.get(39_000)]).toEqual([
        1,
        undefined,
        24_999,
        undefined,
        undefined,
      ]);
      expect(map.count({ gte: 100, lt: 200 })).toBe(50);
      await db.checkpoint();
    }
    await db.check();
  });
});
