import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isZstdAvailable } from "../../src/btree/index.ts";
import { type DbMap, open, restore } from "../../src/index.ts";
import { type Database, MAX_KEY_BYTES } from "../../src/mvcc/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { ManualClock } from "./manual-clock.ts";
import { codeOf, KEPT_PLACES, PLACES, type Place } from "./places.ts";

const SEGMENT_BYTES = 64 * 1024;
const OPTIONS = { segmentBytes: SEGMENT_BYTES } as const;
const LSM = { engine: "lsm" } as const;
const TIERED = { engine: "lsm", lsm: { compaction: "tiered" } } as const;

const LSM_PLACES = PLACES.filter(({ name }) => name.endsWith("lsm"));
const KEPT_LSM_PLACES = KEPT_PLACES.filter(({ name }) => name.endsWith("lsm"));

function keyOf(n: number): string {
  return `key ${String(n).padStart(6, "0")}`;
}

/** Flushes one run of keys, of a hundred bytes each. */
async function flushKeys(db: Database, map: DbMap<string, string>, keys: readonly number[], value = "v".repeat(80)) {
  db.write((tx) => {
    for (const n of keys) {
      tx.map<string>(map.name).put(keyOf(n), value);
    }
  });
  await db.checkpoint();
}

function numbers(from: number, to: number, step = 1): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
}

describe.each(LSM_PLACES)("LSM maps on $name", ({ make }) => {
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

  function reopen(): void {
    if (place.isKept) {
      db.close();
      db = place.open(OPTIONS);
    }
  }

  function infoOf(name: string) {
    return db.store.catalog.find(name)!;
  }

  it("are made by the option of open, or by their own; and stay what they are", async () => {
    db.map("usual");
    db.map("tree", { engine: "btree" });
    db.map("tiered", { ...TIERED, lsm: { compaction: "tiered", filterBitsPerKey: [4, 12], prefixBytes: 3 } });
    for (let round = 0; round < 2; round++) {
      expect([infoOf("usual").engine, infoOf("tree").engine, infoOf("tiered").engine]).toEqual(["lsm", "btree", "lsm"]);
      expect(infoOf("usual").lsm).toMatchObject({ compaction: "levelled", filterBitsPerKey: 10, prefixBytes: 0 });
      expect(infoOf("tiered").lsm).toMatchObject({ compaction: "tiered", filterBitsPerKey: [4, 12], prefixBytes: 3 });
      expect(db.map("usual", LSM)).toBeDefined();
      expect(db.map("tree")).toBeDefined();
      expect(db.map("tiered", { engine: "lsm", lsm: { prefixBytes: 3, filterBitsPerKey: [4, 12] } })).toBeDefined();
      expect(codeOf(() => db.map("usual", { engine: "btree" }))).toBe("INVALID");
      expect(codeOf(() => db.map("tree", LSM))).toBe("INVALID");
      expect(codeOf(() => db.map("usual", TIERED))).toBe("INVALID");
      expect(codeOf(() => db.map("tiered", { engine: "lsm", lsm: { prefixBytes: 4 } }))).toBe("INVALID");
      await db.checkpoint();
      reopen();
    }
  });

  it("are asked for with the settings that they have, whatever engine is the usual one", async () => {
    db.map("tree", { engine: "btree" });
    db.map("usual", { lsm: { prefixBytes: 4 } });
    for (let round = 0; round < 2; round++) {
      for (const engine of ["lsm", "btree"] as const) {
        if (place.isKept) {
          db.close();
          db = place.open({ ...OPTIONS, engine });
        }
        const snapshot = db.snapshot();
        for (const { map } of [db, snapshot]) {
          expect(map("usual", { lsm: { prefixBytes: 4 } }).count()).toBe(0);
          expect(map("usual", { lsm: {} }).count()).toBe(0);
          expect(codeOf(() => map("usual", { lsm: { prefixBytes: 8 } }))).toBe("INVALID");
          expect(codeOf(() => map("usual", { engine: "btree", lsm: { prefixBytes: 4 } }))).toBe("INVALID");
          expect(codeOf(() => map("tree", { lsm: {} }))).toBe("INVALID");
          expect(codeOf(() => map("tree", { lsm: { prefixBytes: 4 } }))).toBe("INVALID");
        }
        snapshot.close();
      }
      if (place.isKept) {
        expect(codeOf(() => db.map("new", { lsm: {} }))).toBe("INVALID");
      }
      expect(infoOf("usual").lsm).toMatchObject({ prefixBytes: 4 });
      await db.checkpoint();
    }
    expect(db.maps()).toEqual(["tree", "usual"]);
  });

  it("say which settings there are, and what they take", () => {
    for (const lsm of [
      { compaction: "leveled" as "levelled" },
      { compression: "gzip" as "deflate" },
      { filterBitsPerKey: -1 },
      { filterBitsPerKey: 1.5 },
      { filterBitsPerKey: [] },
      { filterBitsPerKey: [10, 33] },
      { prefixBytes: 257 },
      { prefixBytes: "3" as unknown as number },
      { largeValueBytes: 127 },
      { largeValueBytes: 2001 },
      { blockBytes: 1 } as object,
      { toString: 1 } as object,
      [] as object,
      5 as unknown as object,
      "tiered" as unknown as object,
      null as unknown as object,
    ]) {
      expect(codeOf(() => db.map("m", { engine: "lsm", lsm }))).toBe("INVALID");
    }
    expect(codeOf(() => db.map("m", { engine: "btree", lsm: {} }))).toBe("INVALID");
    expect(codeOf(() => db.map("m", { engine: "hash" as "lsm" }))).toBe("UNSUPPORTED");
    expect(db.maps()).toEqual([]);
  });

  it("of every setting read the same", async () => {
    const settings = [
      {},
      { compaction: "tiered" },
      { compression: "none" },
      ...(isZstdAvailable() ? [{ compression: "zstd" } as const] : []),
      { filterBitsPerKey: 0 },
      { filterBitsPerKey: [2, 20], prefixBytes: 8 },
      { largeValueBytes: 128 },
    ] as const;
    const value = (n: number) => `${n} `.repeat(n % 7 === 0 ? 400 : 10);
    for (let round = 0; round < 6; round++) {
      for (const [i, lsm] of settings.entries()) {
        db.write((tx) => {
          const map = tx.map<string>(`m${i}`, { engine: "lsm", lsm });
          for (let n = round; n < 600; n += 6) {
            map.put(keyOf(n), value(n));
          }
          map.delete(keyOf(round * 7 + 1));
        });
      }
      await db.checkpoint();
    }
    for (let round = 0; round < 2; round++) {
      const first = [...db.map<string>("m0")];
      expect(first.length).toBeGreaterThan(590);
      for (const i of settings.keys()) {
        const map = db.map<string>(`m${i}`);
        expect([...map]).toEqual(first);
        expect([...map.range({ prefix: "key 0001", reverse: true })]).toEqual(
          first.filter(([key]) => key.startsWith("key 0001")).toReversed(),
        );
        for (let n = 0; n < 605; n += 11) {
          expect(map.get(keyOf(n))).toBe(new Map(first).get(keyOf(n)));
        }
      }
      await db.compact();
      await db.check();
      reopen();
    }
  });

  it("hold values of 0 bytes to 3 MiB, and keys of 2048", async () => {
    const map = db.map("m", { ...LSM, key: "bytes", value: "bytes" });
    const sizes = [0, 1, 1023, 1024, 1025, 4077, 8176, 8177, 100_000, 1 << 20, 3 << 20];
    const expected: [Uint8Array, Uint8Array][] = [];
    for (const [i, size] of sizes.entries()) {
      expected.push([Uint8Array.of(i), new Uint8Array(size).fill(i + 1)]);
      expected.push([new Uint8Array(MAX_KEY_BYTES - (i % 2)).fill(100 + i), new Uint8Array(size).fill(i + 2)]);
    }
    expected.push([new Uint8Array(0), Uint8Array.of(9)]);
    expected.sort(([a], [b]) => Buffer.compare(a, b));
    for (let round = 0; round < 4; round++) {
      for (const [key, value] of expected) {
        if (round < 2 || key.length % 2 === 0) {
          map.put(key, value);
        }
      }
      if (round > 0) {
        await db.checkpoint();
      }
      const found = [...map];
      expect(found.length).toBe(expected.length);
      for (const [i, [key, value]] of expected.entries()) {
        expect(Buffer.compare(found[i]![0], key) + Buffer.compare(found[i]![1], value)).toBe(0);
        expect(Buffer.compare(map.get(key)!, value)).toBe(0);
      }
    }
    await db.compact();
    expect([...map.range({ reverse: true }).values()].map(({ length }) => length)).toEqual(
      expected.map(([, value]) => value.length).toReversed(),
    );
    await db.check();
    expect(codeOf(() => map.put(new Uint8Array(MAX_KEY_BYTES + 1), new Uint8Array(0)))).toBe("INVALID");
  });

  it("are bulk loaded, into pages of the deepest level, or above what is there", async () => {
    let map = db.map<string>("m", LSM);
    const entries = (from: number, to: number, step: number, value: string) =>
      numbers(from, to, step).map((n) => [keyOf(n), value] as [string, string]);
    await map.load(entries(0, 2000, 1, "first"));
    expect(db.shapes()[0]!.levels.map(({ level }) => level)).toEqual([6]);
    map.put(keyOf(10), "put");
    map.deleteRange({ gte: keyOf(100), lt: keyOf(200) });
    await db.checkpoint();
    await map.load(entries(0, 2500, 5, "second"));
    for (let round = 0; round < 2; round++) {
      expect([map.get(keyOf(10)), map.get(keyOf(11)), map.get(keyOf(2495))]).toEqual(["second", "first", "second"]);
      expect([map.get(keyOf(100)), map.get(keyOf(101))]).toEqual(["second", undefined]);
      expect(map.count()).toBe(2000 - 100 + 20 + 100);
      await db.compact();
      reopen();
      map = db.map<string>("m");
    }
    await db.check();
  });

  it("many of them, some dropped while they are compacted", async () => {
    const names = Array.from({ length: 30 }, (_, n) => `map ${n}`);
    for (let round = 0; round < 8; round++) {
      for (const [i, name] of names.entries()) {
        db.write((tx) => {
          const map = tx.map<string>(name, i % 2 === 0 ? LSM : TIERED);
          for (let n = round % 4; n < 100; n += 4) {
            map.put(keyOf(n), `${round} `.repeat(20));
          }
        });
      }
      const checkpoint = db.checkpoint();
      if (round >= 4) {
        db.drop(names.pop()!);
      }
      await checkpoint;
    }
    for (let round = 0; round < 2; round++) {
      expect(db.maps().length).toBe(26);
      for (const name of names) {
        expect(db.map(name).count()).toBe(100);
      }
      await db.check();
      reopen();
    }
    for (const name of names.splice(0)) {
      db.drop(name);
    }
    await db.checkpoint();
    await db.checkpoint();
    await db.compact();
    const { pages, freePages, pendingPages } = db.stats();
    expect(pages - freePages - pendingPages).toBeLessThan(12);
  });

  it("tell their shape, and how reads went", async () => {
    const map = db.map<string>("m", TIERED);
    expect(db.shapes()).toEqual([]);
    await flushKeys(db, map, numbers(0, 500));
    await flushKeys(db, map, numbers(0, 500, 2));
    for (let n = 0; n < 100; n++) {
      map.get(keyOf(n));
      map.get(`${keyOf(n)} absent`);
    }
    const [shape] = db.shapes();
    expect(shape).toMatchObject({ map: "m", compaction: "tiered", runsPerScan: 2, valueBytes: 0, liveValueBytes: 0 });
    expect(shape!.levels).toMatchObject([{ level: 0, runs: 2, entries: 750, deletes: 0 }]);
    expect(shape!.treesPerMiss).toBeLessThan(0.2);
    expect(shape!.writeAmplification).toBeGreaterThan(1);
    expect(shape!.userBytes).toBeGreaterThanOrEqual(750 * 80);
    const { searches, compactionDebtBytes } = db.stats();
    expect(searches.gets).toBe(200);
    expect(searches.filters).toBe(searches.filtered + searches.trees);
    expect(searches.trees - searches.treesInVain).toBe(100);
    expect(compactionDebtBytes).toBe(0);
  });

  it("search hardly more than one of ten runs for a key, and hardly any for a key that is not there", async () => {
    const map = db.map<string>("m", TIERED);
    const COUNT = 2000;
    // Runs that all reach from the first key to the last.
    for (let run = 0; run < 10; run++) {
      await flushKeys(db, map, numbers(run, COUNT, 10));
    }
    const runs = db.shapes()[0]!.runsPerScan;
    expect(runs).toBeGreaterThan(3);
    const before = { ...db.store.searches };
    for (let n = 0; n < COUNT; n++) {
      expect(map.get(`${keyOf(n)}x`)).toBeUndefined();
    }
    const missed = { ...db.store.searches };
    expect(missed.searches - before.searches).toBe(COUNT);
    expect(missed.trees - before.trees).toBeLessThan(1.1 * COUNT);
    expect(missed.trees - before.trees).toBeLessThan(0.02 * runs * COUNT);
    for (let n = 0; n < COUNT; n++) {
      expect(map.get(keyOf(n))).toBeDefined();
    }
    const found = db.store.searches;
    expect(found.trees - missed.trees).toBeLessThan(1.1 * COUNT);
    expect(found.trees - missed.trees).toBeGreaterThanOrEqual(COUNT);
  });
});

describe.each(LSM_PLACES)("time and space of LSM maps on $name", ({ make }) => {
  it("entries that have ended vanish, and what they took with them", async () => {
    using place = make();
    const clock = new ManualClock();
    using db = place.open({ ...OPTIONS, checkpoints: "inline" }, clock);
    const map = db.map<string>("m", LSM);
    for (let round = 0; round < 4; round++) {
      db.write((tx) => {
        for (let n = 0; n < 1000; n++) {
          tx.map("m").put(keyOf(n), "v".repeat(n % 10 === 0 ? 3000 : 100), n < 20 ? {} : { ttl: 10_000 });
        }
      });
      await clock.advanceUntil(db.checkpoint());
    }
    const used = () => {
      const { pages, freePages, pendingPages } = db.stats();
      return pages - freePages - pendingPages;
    };
    const before = used();
    clock.advance(11_000);
    expect([map.count(), map.get(keyOf(100)), map.get(keyOf(1))?.length]).toEqual([20, undefined, 100]);
    for (let round = 0; round < 12; round++) {
      clock.advance(5000);
      map.put("touch", String(round));
      await clock.advanceUntil(db.checkpoint());
    }
    await clock.advanceUntil(db.check());
    expect(map.count()).toBe(21);
    expect(used()).toBeLessThan(before / 3);
  });

  it("what a range delete covers comes back, though nothing else is written", async () => {
    using place = make();
    const clock = new ManualClock();
    using db = place.open({ ...OPTIONS, checkpoints: "inline" }, clock);
    const map = db.map<string>("m", LSM);
    await clock.advanceUntil(map.load(numbers(0, 20_000).map((n) => [keyOf(n), `${n * 7919} `.repeat(9)] as const)));
    const used = () => {
      const { pages, freePages, pendingPages } = db.stats();
      return pages - freePages - pendingPages;
    };
    const before = used();
    expect(before).toBeGreaterThan(60);
    map.deleteRange({ gte: keyOf(100) });
    await clock.advanceUntil(db.checkpoint());
    for (let second = 0; second < 60 && used() > before / 4; second++) {
      clock.advance(1000);
      await clock.advanceUntil(new Promise((resolve) => setImmediate(resolve)));
    }
    expect(used()).toBeLessThan(before / 4);
    expect(map.count()).toBe(100);
    await clock.advanceUntil(db.check());
  });
});

describe.each(KEPT_LSM_PLACES)("copies of LSM maps on $name", ({ make }) => {
  it("are backed up and restored with all that they have", async () => {
    using place = make();
    using directory = temporaryDirectory();
    using db = place.open(OPTIONS);
    const map = db.map<string>("m", LSM);
    const counts = db.map<number>("counts", { ...TIERED, merge: "counter" });
    for (let round = 0; round < 5; round++) {
      await flushKeys(db, map, numbers(round, 1000, 5), "v".repeat(round === 0 ? 5000 : 50));
      counts.merge("rounds", 1);
    }
    map.deleteRange({ gte: keyOf(500), lt: keyOf(600) });
    counts.merge("rounds", 1);
    await db.checkpoint();
    map.put("in the log", "too");
    const copyPath = join(directory.path, "copy.nacre");
    await db.backup(copyPath);
    const expected = [...map];
    await restore(copyPath, join(directory.path, "restored.nacre"));
    for (const name of ["copy.nacre", "restored.nacre"]) {
      const copy = open(join(directory.path, name), OPTIONS);
      await copy.check();
      expect([...copy.map<string>("m")]).toEqual(expected);
      expect([...copy.map<number>("counts")]).toEqual([["rounds", 6]]);
      copy.map<number>("counts").merge("rounds", 1);
      await copy.checkpoint();
      await copy.compact();
      await copy.check();
      expect(copy.map("counts").get("rounds")).toBe(7);
      copy.close();
    }
  });

  it("are read by a read-only database, also with compactions to be done", async () => {
    using place = make();
    const first = place.open(OPTIONS);
    const map = first.map<string>("m", LSM);
    for (let round = 0; round < 5; round++) {
      await flushKeys(first, map, numbers(round, 1000, 5));
    }
    map.deleteRange({ gte: keyOf(500) });
    map.put(keyOf(700), "put");
    const expected = [...map];
    first.close();
    using reading = place.open({ ...OPTIONS, readOnly: true });
    expect([...reading.map("m")]).toEqual(expected);
    expect([...reading.map("m").range({ reverse: true })]).toEqual(expected.toReversed());
    expect(codeOf(() => reading.map("m").put("a", 1))).toBe("READONLY");
    expect(codeOf(() => reading.map("m").deleteRange())).toBe("READONLY");
    expect(codeOf(() => reading.map("m").merge("a", 1))).toMatch(/READONLY|INVALID/);
    expect(reading.map("other", LSM).count()).toBe(0);
    await reading.check();
  });
});
