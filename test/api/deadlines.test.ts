import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Change, DbMap } from "../../src/index.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { ManualClock } from "./manual-clock.ts";
import { codeOf, KEPT_PLACES, PLACES, type Place } from "./places.ts";

describe.each(PLACES)("deadlines on $name", ({ make }) => {
  let place: Place;
  let clock: ManualClock;
  let db: Database;
  let map: DbMap<string, number>;

  beforeEach(() => {
    place = make();
    clock = new ManualClock();
    db = place.open({ checkpoints: "inline", retainLogBytes: 1 << 24 }, clock);
    map = db.map<number>("m");
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  it("an entry is there until its time, and then it is not, whoever looks", () => {
    map.put("stays", 1);
    map.put("ends", 2, { ttl: 1000 });
    map.put("later", 3, { expiresAt: clock.now() + 2000 });
    const keys = () => [...map.range().keys()];
    clock.pass(999);
    expect([map.get("ends"), map.has("ends"), keys(), map.count()]).toEqual([2, true, ["ends", "later", "stays"], 3]);
    clock.pass(1);
    expect([map.get("ends"), map.has("ends"), keys(), map.count()]).toEqual([undefined, false, ["later", "stays"], 2]);
    expect([...map.range({ reverse: true }).keys()]).toEqual(["stays", "later"]);
    db.write((tx) => expect(tx.map("m").get("ends")).toBeUndefined());
    const tx = db.begin();
    expect([tx.map("m").has("ends"), tx.map("m").count()]).toEqual([false, 2]);
    tx.rollback();
    expect(map.delete("ends")).toBe(false);
    clock.pass(1000);
    expect(keys()).toEqual(["stays"]);
  });

  it("holds the same in pages", () => {
    const count = 500;
    db.write((tx) => {
      for (let n = 0; n < count; n++) {
        tx.map<number>("m").put(`k${n}`, n, n % 5 === 0 ? { ttl: 1000 } : {});
      }
    });
    const done = db.checkpoint();
    clock.advance(0);
    clock.pass(1000);
    expect(map.count()).toBe(400);
    expect(map.count({ prefix: "k1" })).toBe([...map.range({ prefix: "k1" })].length);
    expect([map.get("k5"), map.get("k6")]).toEqual([undefined, 6]);
    return done;
  });

  it("says when an entry ends", () => {
    map.put("ends", 1, { ttl: 1500 });
    map.put("stays", 2);
    expect(map.expiresAt("ends")).toBe(clock.now() + 1500);
    expect(map.expiresAt("stays")).toBeUndefined();
    expect(map.expiresAt("absent")).toBeUndefined();
    clock.pass(1500);
    expect(map.expiresAt("ends")).toBeUndefined();
  });

  it("a put takes the deadline of the one before with it", () => {
    map.put("k", 1, { ttl: 1000 });
    map.put("k", 2);
    map.put("l", 1, { ttl: 1000 });
    map.put("l", 2, { ttl: 5000 });
    map.put("m", 1);
    map.put("m", 2, { ttl: 500 });
    clock.advance(3000);
    expect([map.get("k"), map.get("l"), map.get("m")]).toEqual([2, 2, undefined]);
    clock.advance(3000);
    expect([...map]).toEqual([["k", 2]]);
  });

  it("what has ended is deleted by itself, in commits that the feed tells of", async () => {
    for (let n = 0; n < 600; n++) {
      map.put(`k${n}`, n, { ttl: 1000 });
    }
    const before = db.lastCommit;
    clock.advance(5000);
    expect(db.lastCommit).toBe(before + Math.ceil(600 / 256));
    const deleted = new Set<unknown>();
    const controller = new AbortController();
    for await (const { commit, changes } of db.changes({ since: before, of: "m", signal: controller.signal })) {
      for (const { type, key } of changes as Change[]) {
        expect(type).toBe("delete");
        deleted.add(key);
      }
      if (commit === db.lastCommit) {
        break;
      }
    }
    expect(deleted.size).toBe(600);
    clock.advance(10_000);
    expect(db.lastCommit).toBe(before + 3);
  });

  it("the feed tells the deadline with the put", async () => {
    map.put("k", 1, { ttl: 1000 });
    for await (const { changes } of db.changes({ since: db.lastCommit - 1 })) {
      expect(changes).toEqual([{ map: "m", type: "put", key: "k", value: 1, expiresAt: clock.now() + 1000 }]);
      break;
    }
  });

  it("wakes who waits for the entry when it is deleted", async () => {
    map.put("lease", 1, { ttl: 1000 });
    const change = map.nextChange({ gte: "lease", lte: "lease" });
    clock.advance(3000);
    expect(await change).toBe(db.lastCommit);
    expect(map.has("lease")).toBe(false);
  });

  it("nothing expires under the eyes of a snapshot or transaction", () => {
    map.put("k", 1, { ttl: 1000 });
    using snapshot = db.snapshot();
    const tx = db.begin();
    clock.advance(5000);
    expect(map.has("k")).toBe(false);
    for (const reader of [snapshot, tx]) {
      expect([reader.map("m").get("k"), reader.map("m").count()]).toEqual([1, 1]);
    }
    tx.rollback();
  });

  it("a deadline in a write that rolls back is none", () => {
    map.put("k", 1);
    expect(() =>
      db.write((tx) => {
        tx.map<number>("m").put("k", 2, { ttl: 10 });
        throw new Error("no");
      }),
    ).toThrow("no");
    db.write((tx) => {
      const start = tx.savepoint();
      tx.map<number>("m").put("k", 2, { ttl: 10 });
      tx.rollbackTo(start);
    });
    const before = db.lastCommit;
    clock.advance(10_000);
    expect([map.get("k"), db.lastCommit]).toEqual([1, before]);
  });

  it("an entry that has ended already is never there", () => {
    map.put("k", 1, { ttl: 0 });
    map.put("l", 1, { expiresAt: 1 });
    expect([...map]).toEqual([]);
    clock.advance(2000);
    expect(map.count()).toBe(0);
  });

  it("refuses ends that are none, and keys too long for one", () => {
    for (const options of [{ ttl: -1 }, { ttl: Number.NaN }, { ttl: 1, expiresAt: 2e12 }, { expiresAt: Infinity }]) {
      expect(codeOf(() => map.put("k", 1, options))).toBe("INVALID");
    }
    expect(codeOf(() => map.put("k".repeat(2040), 1, { ttl: 1000 }))).toBe("INVALID");
    map.put("k".repeat(2036), 1, { ttl: 1000 });
    expect(map.count()).toBe(1);
  });

  it("deadlines of a map that is dropped, and made again, touch nothing", () => {
    map.put("k", 1, { ttl: 1000 });
    db.drop("m");
    const again = db.map<number>("m");
    again.put("k", 2);
    clock.advance(10_000);
    expect(again.get("k")).toBe(2);
  });
});

describe.each(KEPT_PLACES)("deadlines on $name, opened again", ({ make }) => {
  it("still hold, and what ended meanwhile is deleted", async () => {
    using place = make();
    const clock = new ManualClock();
    {
      using db = place.open({ checkpoints: "inline" }, clock);
      db.map<number>("m").put("ends", 1, { ttl: 1000 });
      db.map<number>("m").put("later", 2, { ttl: 60_000 });
      clock.pass(2000);
    }
    using db = place.open({ checkpoints: "inline" }, clock);
    const map = db.map<number>("m");
    expect([...map]).toEqual([["later", 2]]);
    const before = db.lastCommit;
    clock.advance(1);
    expect(db.lastCommit).toBe(before + 1);
    clock.advance(60_000);
    expect([...map]).toEqual([]);
  });
});
