import { describe, expect, it } from "vitest";
import { type OpenOptions, open } from "../../src/index.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { codeOf, codeOfAsync, KEPT_PLACES, PLACES } from "./places.ts";

describe.each(PLACES)("a database on $name", ({ make }) => {
  it("is empty at first", async () => {
    using place = make();
    using db = place.open();
    expect([db.maps(), db.lastCommit, db.map("m").count()]).toEqual([[], 0, 0]);
    expect(await db.check()).toMatchObject({ entries: 0 });
  });

  it("refuses everything after close, with CLOSED, and closes twice", async () => {
    using place = make();
    const db = place.open();
    const map = db.map<number>("m");
    map.put("k", 1);
    const range = map.range();
    const iterator = map.range()[Symbol.iterator]();
    iterator.next();
    const snapshot = db.snapshot();
    const frozen = snapshot.map<number>("m");
    const tx = db.begin();
    const inside = tx.map<number>("m");
    inside.put("l", 2);
    const insideIterator = inside.range()[Symbol.iterator]();
    insideIterator.next();
    db.close();
    db.close();
    const uses: Record<string, () => unknown> = {
      map: () => db.map("another"),
      drop: () => db.drop("m"),
      maps: () => db.maps(),
      write: () => db.write(() => {}),
      begin: () => db.begin(),
      snapshot: () => db.snapshot(),
      stats: () => db.stats(),
      get: () => map.get("k"),
      has: () => map.has("k"),
      put: () => map.put("k", 2),
      delete: () => map.delete("k"),
      count: () => map.count(),
      range: () => [...range],
      forEach: () => range.forEach(() => {}),
      iterator: () => iterator.next(),
      "snapshot.map": () => snapshot.map("m2"),
      "snapshot get": () => frozen.get("k"),
      "snapshot range": () => [...frozen],
      "tx.map": () => tx.map("m2"),
      "tx get": () => inside.get("k"),
      "tx put": () => inside.put("k", 2),
      "tx iterator": () => insideIterator.next(),
      "tx savepoint": () => tx.savepoint(),
    };
    expect(Object.fromEntries(Object.entries(uses).map(([name, use]) => [name, codeOf(use)]))).toEqual(
      Object.fromEntries(Object.keys(uses).map((name) => [name, "CLOSED"])),
    );
    const waits: Record<string, () => Promise<unknown>> = {
      transaction: () => db.transaction(() => {}),
      flush: () => db.flush(),
      checkpoint: () => db.checkpoint(),
      check: () => db.check(),
      changes: () => db.changes().next(),
      nextChange: () => map.nextChange(),
      commit: () => tx.commit(),
    };
    for (const [name, wait] of Object.entries(waits)) {
      expect([name, await codeOfAsync(wait)]).toEqual([name, "CLOSED"]);
    }
    tx.rollback();
    snapshot.close();
    iterator.return!();
  });

  it("is disposable", () => {
    using place = make();
    let kept: Database | undefined;
    {
      using db = place.open();
      kept = db;
    }
    expect(codeOf(() => kept!.maps())).toBe("CLOSED");
  });

  it.each(["sync", "group", "relaxed"] as const)(
    "writes with durability %s, for all or for one",
    async (durability) => {
      using place = make();
      using db = place.open({ durability });
      const map = db.map<number>("m");
      const isDurable = () => db.stats().durableCommit === db.lastCommit;
      map.put("a", 1);
      if (durability === "sync") {
        expect(isDurable()).toBe(true);
      }
      for (const other of ["sync", "group", "relaxed"] as const) {
        db.write((tx) => tx.map<number>("m").put(other, 1), { durability: other });
        if (other === "sync") {
          expect(isDurable()).toBe(true);
        }
        await db.transaction((tx) => tx.map<number>("m").put(`${other} too`, 1), { durability: other });
        if (other !== "relaxed") {
          expect(isDurable()).toBe(true);
        }
      }
      map.put("b", 2);
      await db.flush();
      expect(isDurable()).toBe(true);
      expect(map.count()).toBe(8);
      await db.flush();
    },
  );

  it("refuses options that are none", () => {
    const wrong: OpenOptions[] = [
      { durability: "eventual" as "sync" },
      { backend: "tape" as "mmap" },
      { cacheBytes: -1 },
      { segmentBytes: 1 },
      { segmentBytes: 1.5 * 1024 * 1024 + 1 },
      { segmentBytes: 2 ** 40 },
      { retainLogBytes: -1 },
      { snapshotMemoryBytes: Number.NaN },
      { maxTransactionBytes: 1 },
    ];
    using place = make();
    for (const options of wrong) {
      if (place.name !== "memory" && place.name !== "disk") {
        expect([options, codeOf(() => place.open(options).close())]).toEqual([options, "INVALID"]);
      }
    }
    place.open().close();
  });
});

describe.each(KEPT_PLACES)("a database on $name, opened again", ({ make }) => {
  it("holds every commit, however often it is closed and opened", async () => {
    using place = make();
    const expected = new Map<string, number>();
    for (let life = 0; life < 6; life++) {
      using db = place.open({ segmentBytes: 64 * 1024 });
      const map = db.map<number>("m");
      expect(new Map(map)).toEqual(expected);
      for (let n = 0; n < 200; n++) {
        map.put(`k${(life * 70 + n) % 500}`, life);
        expected.set(`k${(life * 70 + n) % 500}`, life);
      }
      map.delete(`k${life}`);
      expected.delete(`k${life}`);
      if (life % 2 === 0) {
        await db.checkpoint();
      }
      await db.check();
    }
    using db = place.open();
    expect(new Map(db.map<number>("m"))).toEqual(expected);
    const before = db.lastCommit;
    db.map<number>("m").put("next", 1);
    expect(db.lastCommit).toBe(before + 1);
  });

  it("refuses a second handle with LOCKED and its own pid, until the first is closed", () => {
    using place = make();
    const db = place.open();
    expect(() => place.open()).toThrow(expect.objectContaining({ code: "LOCKED" }));
    expect(() => place.open()).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ pid: process.pid }) }),
    );
    db.map<number>("m").put("k", 1);
    db.close();
    using again = place.open();
    expect(again.map("m").get("k")).toBe(1);
  });

  it("reads with readOnly, several at once, and refuses to write", async () => {
    using place = make();
    {
      using db = place.open();
      db.map<number>("m").put("k", 1);
      await db.checkpoint();
    }
    using first = place.open({ readOnly: true });
    using second = place.open({ readOnly: true });
    for (const db of [first, second]) {
      const map = db.map<number>("m");
      expect([map.get("k"), [...map], map.count(), db.maps()]).toEqual([1, [["k", 1]], 1, ["m"]]);
      for (const use of [
        () => map.put("k", 2),
        () => map.delete("k"),
        () => db.write(() => {}),
        () => db.drop("m"),
        () => db.map<number>("new").put("k", 1),
        () => db.begin().map<number>("m").put("k", 1),
      ]) {
        expect(codeOf(use)).toBe("READONLY");
      }
      expect(await codeOfAsync(() => db.checkpoint())).toBe("READONLY");
      expect(db.map("new").count()).toBe(0);
      await db.flush();
      await db.check();
      using snapshot = db.snapshot();
      expect(snapshot.map("m").get("k")).toBe(1);
    }
    expect(codeOf(() => place.open())).toBe("LOCKED");
    const iterator = first.map<number>("m").range()[Symbol.iterator]();
    first.close();
    expect(codeOf(() => iterator.next())).toBe("CLOSED");
  });
});

describe("open", () => {
  it("wants a path", () => {
    for (const path of ["", undefined, 7, null]) {
      expect(codeOf(() => open(path as string))).toBe("INVALID");
    }
  });

  it(":memory: databases are apart from each other", () => {
    using first = open(":memory:");
    using second = open(":memory:");
    first.map<number>("m").put("k", 1);
    expect(second.maps()).toEqual([]);
  });
});
