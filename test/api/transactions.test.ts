import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DbError, type Isolation } from "../../src/index.ts";
import type { Database, Transaction } from "../../src/mvcc/index.ts";
import { ManualClock } from "./manual-clock.ts";
import { codeOf, codeOfAsync, PLACES, type Place } from "./places.ts";

describe.each(PLACES)("transactions on $name", ({ make }) => {
  let place: Place;
  let db: Database;

  beforeEach(() => {
    place = make();
    db = place.open({ segmentBytes: 64 * 1024 });
    db.map<number>("m").put("a", 1);
    db.map<number>("m").put("b", 2);
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  const outside = () => [...db.map<number>("m")];

  async function errorOf(promise: Promise<unknown>): Promise<DbError> {
    try {
      await promise;
    } catch (error) {
      return error as DbError;
    }
    throw new Error("nothing was thrown");
  }

  it("commits all, visible at once, in one commit", async () => {
    const before = db.lastCommit;
    const result = await db.transaction(async (tx) => {
      tx.map<number>("m").put("a", 10);
      await null;
      tx.map<number>("m").delete("b");
      expect(outside()).toEqual([
        ["a", 1],
        ["b", 2],
      ]);
      return "done";
    });
    expect([result, db.lastCommit]).toEqual(["done", before + 1]);
    expect(outside()).toEqual([["a", 10]]);
  });

  it("takes synchronous callbacks too", async () => {
    expect(await db.transaction((tx) => tx.map<number>("m").get("a"))).toBe(1);
  });

  it("rolls back when its callback rejects or throws", async () => {
    await expect(
      db.transaction(async (tx) => {
        tx.map<number>("m").put("a", 10);
        await null;
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await expect(
      db.transaction((tx) => {
        tx.map<number>("m").put("a", 10);
        throw new TypeError("neither");
      }),
    ).rejects.toThrow("neither");
    expect(outside()[0]).toEqual(["a", 1]);
    expect(db.stats().openSnapshots).toBe(0);
  });

  it("reads one moment under its own writes", async () => {
    const tx = db.begin();
    const inside = tx.map<number>("m");
    db.map<number>("m").put("a", 100);
    db.map<number>("m").put("c", 300);
    await db.checkpoint();
    expect([...inside]).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    inside.put("b", 20);
    inside.delete("a");
    inside.put("aa", 15);
    expect([...inside]).toEqual([
      ["aa", 15],
      ["b", 20],
    ]);
    expect([...inside.range({ reverse: true }).keys()]).toEqual(["b", "aa"]);
    expect([inside.get("a"), inside.has("aa"), inside.count(), inside.count({ prefix: "a" })]).toEqual([
      undefined,
      true,
      2,
      1,
    ]);
    tx.rollback();
    expect(outside().map(([key]) => key)).toEqual(["a", "b", "c"]);
  });

  it("ends with commit or rollback, and says so", async () => {
    const committed = db.begin();
    expect(committed.isOpen).toBe(true);
    committed.map<number>("m").put("c", 3);
    await committed.commit();
    const rolledBack = db.begin();
    rolledBack.map<number>("m").put("d", 4);
    rolledBack.rollback();
    rolledBack.rollback();
    for (const tx of [committed, rolledBack]) {
      expect(tx.isOpen).toBe(false);
      expect(codeOf(() => tx.map("another"))).toBe("CLOSED");
      expect(codeOf(() => tx.savepoint())).toBe("CLOSED");
      expect(await codeOfAsync(() => tx.commit())).toBe("CLOSED");
      tx.rollback();
    }
    expect(outside().map(([key]) => key)).toEqual(["a", "b", "c"]);
    expect(db.stats().openSnapshots).toBe(0);
  });

  it("refuses handles, iterators and savepoints of a transaction that is over", async () => {
    const tx = db.begin();
    const map = tx.map<number>("m");
    const iterator = map.range()[Symbol.iterator]();
    iterator.next();
    await tx.commit();
    for (const use of [
      () => map.get("a"),
      () => map.has("a"),
      () => map.put("a", 2),
      () => map.delete("a"),
      () => [...map],
      () => map.count(),
      () => iterator.next(),
    ]) {
      expect(codeOf(use)).toBe("CLOSED");
    }
  });

  it("rolls back at the end of an `await using`, unless it was committed", async () => {
    {
      await using tx = db.begin();
      tx.map<number>("m").put("lost", 1);
    }
    {
      await using tx = db.begin();
      tx.map<number>("m").put("kept", 1);
      await tx.commit();
    }
    expect(outside().map(([key]) => key)).toEqual(["a", "b", "kept"]);
  });

  it("is no commit where nothing was written", async () => {
    const before = db.lastCommit;
    await db.transaction(async (tx) => tx.map<number>("m").get("a"));
    expect(db.lastCommit).toBe(before);
  });

  describe.each(["snapshot", "serializable"] as const)("%s", (isolation: Isolation) => {
    it("refuses the later of two that write one key, with the map and the key", async () => {
      const first = db.begin({ isolation });
      const second = db.begin({ isolation });
      first.map<number>("m").put("a", 10);
      second.map<number>("m").put("a", 20);
      second.map<number>("m").put("c", 30);
      await first.commit();
      const error = await errorOf(second.commit());
      expect(error).toBeInstanceOf(DbError);
      expect([error.code, error.retryable]).toEqual(["CONFLICT", true]);
      expect(error.facts).toMatchObject({ map: "m", key: Buffer.from("a").toString("hex") });
      expect(second.isOpen).toBe(false);
      expect(outside()).toEqual([
        ["a", 10],
        ["b", 2],
      ]);
    });

    it("counts deletions as writes, and writes by db.write and by maps", async () => {
      for (const write of [
        () => db.map<number>("m").delete("a"),
        () => db.map<number>("m").put("a", 5),
        () => db.write((tx) => tx.map<number>("m").put("a", 6)),
      ]) {
        const tx = db.begin({ isolation });
        tx.map<number>("m").put("a", 10);
        write();
        expect((await errorOf(tx.commit())).code).toBe("CONFLICT");
      }
    });

    it("lets writers of different keys by", async () => {
      const first = db.begin({ isolation });
      const second = db.begin({ isolation });
      first.map<number>("m").put("x", 1);
      second.map<number>("m").put("y", 2);
      await Promise.all([first.commit(), second.commit()]);
      expect(outside().map(([key]) => key)).toEqual(["a", "b", "x", "y"]);
    });

    it("finds the conflict although the other commit has been checkpointed meanwhile", async () => {
      const tx = db.begin({ isolation });
      tx.map<number>("m").put("a", 10);
      db.map<number>("m").put("a", 5);
      await db.checkpoint();
      db.map<number>("m").put("z", 1);
      await db.checkpoint();
      expect((await errorOf(tx.commit())).code).toBe("CONFLICT");
      expect(db.map<number>("m").get("a")).toBe(5);
    });

    it("forgets what it need not know: a transaction begun after the checkpoint commits", async () => {
      const blocker = db.begin({ isolation });
      db.map<number>("m").put("a", 5);
      await db.checkpoint();
      const tx = db.begin({ isolation });
      tx.map<number>("m").put("a", 10);
      await tx.commit();
      blocker.rollback();
      expect(db.map<number>("m").get("a")).toBe(10);
    });
  });

  it("serializable refuses what read a key, an absent key, a range or a count that changed", async () => {
    const readers: readonly ((tx: Transaction) => unknown)[] = [
      (tx) => tx.map<number>("m").get("a"),
      (tx) => tx.map<number>("m").has("a"),
      (tx) => tx.map<number>("m").expiresAt("a"),
      (tx) => tx.map<number>("m").get("a0"),
      (tx) => [...tx.map<number>("m").range({ gte: "a", lt: "b" })],
      (tx) => tx.map<number>("m").count(),
      (tx) => tx.map<number>("m").delete("a0"),
    ];
    for (const [at, read] of readers.entries()) {
      for (const isolation of ["snapshot", "serializable"] as const) {
        const tx = db.begin({ isolation });
        read(tx);
        tx.map<number>("m").put(`unrelated ${at}`, 1);
        db.write((other) => {
          other.map<number>("m").put("a", at + 100);
          other.map<number>("m").put("a0", at);
        });
        db.map<number>("m").delete("a0");
        expect([at, isolation, await codeOfAsync(() => tx.commit())]).toEqual([
          at,
          isolation,
          isolation === "snapshot" ? "nothing was thrown" : "CONFLICT",
        ]);
      }
    }
  });

  it("serializable lets by what changed elsewhere, and transactions that only read", async () => {
    const tx = db.begin({ isolation: "serializable" });
    const inside = tx.map<number>("m");
    expect([...inside.range({ gte: "a", lt: "b" })]).toEqual([["a", 1]]);
    inside.put("a", 10);
    db.map<number>("m").put("b", 20);
    db.map<number>("m").put("0", 20);
    db.map("another").put("a", 1);
    await tx.commit();
    const reader = db.begin({ isolation: "serializable" });
    reader.map<number>("m").get("a");
    db.map<number>("m").put("a", 11);
    await reader.commit();
  });

  it("serializable stays right with more reads than are kept one by one", async () => {
    const tx = db.begin({ isolation: "serializable" });
    const inside = tx.map<number>("m");
    for (let n = 0; n < 20_000; n++) {
      inside.get(`absent ${n}`);
    }
    inside.put("c", 3);
    db.map<number>("m").put("absent 5", 1);
    expect(await codeOfAsync(() => tx.commit())).toBe("CONFLICT");
  });

  it("refuses to commit into a map that was dropped meanwhile", async () => {
    const tx = db.begin();
    tx.map<number>("m").put("a", 10);
    db.drop("m");
    expect(await codeOfAsync(() => tx.commit())).toBe("CONFLICT");
    expect(db.maps()).toEqual([]);
  });

  it("reads a map that was dropped meanwhile as it was", () => {
    const tx = db.begin();
    const inside = tx.map<number>("m");
    db.drop("m");
    expect(inside.get("a")).toBe(1);
    expect([...tx.map<number>("m").range().keys()]).toEqual(["a", "b"]);
    tx.rollback();
  });

  it("runs again after a conflict, and stops after so many", async () => {
    let runs = 0;
    const total = await db.transaction(async (tx) => {
      const value = tx.map<number>("m").get("a")!;
      if (runs++ < 2) {
        db.map<number>("m").put("a", value + 100);
      }
      tx.map<number>("m").put("a", value + 1);
      return value + 1;
    });
    expect([runs, total, db.map<number>("m").get("a")]).toEqual([3, 202, 202]);
    for (const retries of [0, 1, 3]) {
      let tries = 0;
      const attempt = db.transaction(
        async (tx) => {
          tries++;
          tx.map<number>("m").put("a", 0);
          db.map<number>("m").put("a", tries);
        },
        { retries },
      );
      expect([(await errorOf(attempt)).code, tries]).toEqual(["CONFLICT", retries + 1]);
    }
  });

  it("does not run again after another error", async () => {
    let runs = 0;
    await expect(
      db.transaction(() => {
        runs++;
        throw new DbError("INVALID", "mine");
      }),
    ).rejects.toThrow("mine");
    expect(runs).toBe(1);
  });

  it("loses no increment of many at once", async () => {
    const increment = (isolation: Isolation) =>
      db.transaction(
        async (tx) => {
          const map = tx.map<number>("m");
          const value = map.get("a")!;
          await null;
          map.put("a", value + 1);
        },
        { isolation, retries: 1000 },
      );
    await Promise.all(Array.from({ length: 40 }, (_, n) => increment(n % 2 === 0 ? "snapshot" : "serializable")));
    expect(db.map<number>("m").get("a")).toBe(41);
  });

  it("stops retrying when the signal fires", async () => {
    const controller = new AbortController();
    let runs = 0;
    const attempt = db.transaction(
      async (tx) => {
        runs++;
        tx.map<number>("m").put("a", 0);
        db.map<number>("m").put("a", runs);
        if (runs === 2) {
          controller.abort(new Error("enough"));
        }
      },
      { signal: controller.signal },
    );
    await expect(attempt).rejects.toThrow("enough");
    expect(runs).toBe(2);
    await expect(db.transaction(() => {}, { signal: AbortSignal.abort(new Error("early")) })).rejects.toThrow("early");
    expect(db.stats().openSnapshots).toBe(0);
  });

  it("takes savepoints back, also when the write set has grown in between", async () => {
    const tx = db.begin();
    const inside = tx.map<number | string>("m");
    inside.put("a", 10);
    const first = tx.savepoint();
    for (let n = 0; n < 200; n++) {
      inside.put(`k${n}`, "x".repeat(500));
    }
    const second = tx.savepoint();
    inside.delete("a");
    tx.rollbackTo(second);
    expect([inside.get("a"), inside.count()]).toEqual([10, 202]);
    tx.rollbackTo(first);
    expect(codeOf(() => tx.rollbackTo(second))).toBe("INVALID");
    expect(codeOf(() => tx.rollbackTo(12345))).toBe("INVALID");
    expect(codeOf(() => tx.rollbackTo(Number.NaN))).toBe("INVALID");
    inside.put("c", 30);
    await tx.commit();
    expect(outside()).toEqual([
      ["a", 10],
      ["b", 2],
      ["c", 30],
    ]);
  });

  it("may change what it iterates over", async () => {
    await db.transaction((tx) => {
      const inside = tx.map<string | number>("m");
      const seen: string[] = [];
      for (const [key] of inside.range({ lt: "z" })) {
        seen.push(key);
        inside.put(key, "x".repeat(20_000));
        inside.put(`z${key}`, 1);
        inside.delete("b");
      }
      expect(seen).toEqual(["a", "b"]);
    });
    expect(outside().map(([key]) => key)).toEqual(["a", "za", "zb"]);
  });

  it("writes more than a segment holds, and no more than maxTransactionBytes", async () => {
    db.close();
    db = place.open({ segmentBytes: 64 * 1024, maxTransactionBytes: 1024 * 1024 });
    const tx = db.begin();
    const map = tx.map("large", { value: "bytes" });
    let written = 0;
    const error = (() => {
      try {
        for (; ; written++) {
          map.put(`key ${written}`, new Uint8Array(10_000).fill(written));
        }
      } catch (caught) {
        return caught as DbError;
      }
    })();
    expect(error).toMatchObject({ code: "FULL", facts: { limit: 1024 * 1024 } });
    expect(written).toBeGreaterThan(50);
    await tx.commit();
    expect(db.map("large").count()).toBe(written);
    await db.checkpoint();
    expect((db.map("large").get("key 7") as Uint8Array).every((byte) => byte === 7)).toBe(true);
    await db.check();
  });

  it("makes maps that stay, whether it commits or not", async () => {
    const tx = db.begin();
    tx.map("made", { key: "number" }).put(1, "x");
    tx.rollback();
    expect(db.maps()).toEqual(["m", "made"]);
    expect(db.map("made").count()).toBe(0);
  });

  it("refuses isolations and durabilities that there are not", async () => {
    expect(codeOf(() => db.begin({ isolation: "serialisable" as "serializable" }))).toBe("INVALID");
    expect(codeOf(() => db.begin({ durability: "none" as "sync" }))).toBe("INVALID");
    expect(await codeOfAsync(() => db.transaction(() => {}, { retries: -1 }))).toBe("INVALID");
    expect(db.stats().openSnapshots).toBe(0);
  });
});

describe.each(PLACES)("snapshots on $name", ({ make }) => {
  let place: Place;
  let db: Database;

  beforeEach(() => {
    place = make();
    db = place.open({ segmentBytes: 64 * 1024 });
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  it("stay as they are, whatever is written, checkpointed and dropped", async () => {
    const map = db.map<number>("m");
    const snapshots: [number, ReturnType<Database["snapshot"]>][] = [];
    for (let round = 0; round < 5; round++) {
      db.write((tx) => {
        for (let n = 0; n < 500; n++) {
          tx.map<number>("m").put(`k${n}`, round);
        }
      });
      snapshots.push([round, db.snapshot()]);
      await db.checkpoint();
    }
    db.drop("m");
    db.map("m", { value: "bytes" }).put("k1", new Uint8Array(100));
    await db.checkpoint();
    for (const [round, snapshot] of snapshots) {
      const inside = snapshot.map<number>("m");
      expect([round, inside.get("k7"), inside.count()]).toEqual([round, round, 500]);
      expect(new Set(inside.range().values())).toEqual(new Set([round]));
      snapshot.close();
    }
    expect(codeOf(() => map.get("k1"))).toBe("INVALID");
    await db.checkpoint();
    await db.check();
    expect(db.stats()).toMatchObject({ openSnapshots: 0, snapshotBytes: 0 });
  });

  it("do not see maps that were made later, and make none", () => {
    using snapshot = db.snapshot();
    const early = snapshot.map<number>("later");
    db.map<number>("later").put("k", 1);
    for (const map of [early, snapshot.map<number>("later")]) {
      expect([map.get("k"), map.has("k"), map.count(), [...map]]).toEqual([undefined, false, 0, []]);
      expect(codeOf(() => map.put("k", 1))).toBe("READONLY");
      expect(codeOf(() => map.delete("k"))).toBe("READONLY");
    }
    expect(db.maps()).toEqual(["later"]);
  });

  it("refuse writes", () => {
    db.map<number>("m").put("k", 1);
    using snapshot = db.snapshot();
    expect(codeOf(() => snapshot.map<number>("m").put("k", 2))).toBe("READONLY");
    expect(codeOf(() => snapshot.map<number>("m").delete("k"))).toBe("READONLY");
    expect(db.map<number>("m").get("k")).toBe(1);
  });

  it("are had at earlier commits, back to the last checkpoint", async () => {
    const map = db.map<number>("m");
    const commits = [1, 2, 3].map((n) => {
      map.put("k", n);
      return db.lastCommit;
    });
    for (const [at, commit] of commits.entries()) {
      using snapshot = db.snapshot({ at: commit });
      expect([snapshot.commit, snapshot.map("m").get("k")]).toEqual([commit, at + 1]);
    }
    await db.checkpoint();
    using newest = db.snapshot({ at: commits[2]! });
    expect(newest.map("m").get("k")).toBe(3);
    for (const at of [commits[1]!, db.lastCommit + 1, -1, 1.5, Number.NaN]) {
      expect(codeOf(() => db.snapshot({ at }))).toBe("INVALID");
    }
  });

  it("end with `using` and with close, for good", () => {
    db.map<number>("m").put("k", 1);
    let kept: ReturnType<Database["snapshot"]> | undefined;
    {
      using snapshot = db.snapshot();
      kept = snapshot;
      expect(db.stats().openSnapshots).toBe(1);
    }
    kept.close();
    expect(db.stats().openSnapshots).toBe(0);
    expect(codeOf(() => kept!.map("m"))).toBe("CLOSED");
  });

  it("end their iterators with them", () => {
    db.map<number>("m").put("k", 1);
    const snapshot = db.snapshot();
    const map = snapshot.map<number>("m");
    const iterator = map.range()[Symbol.iterator]();
    snapshot.close();
    expect(codeOf(() => iterator.next())).toBe("CLOSED");
    expect(codeOf(() => map.get("k"))).toBe("CLOSED");
    expect(db.stats().openSnapshots).toBe(0);
  });

  it("expire with CONFLICT when they hold more memory than is allowed, and hold writers never", async () => {
    db.close();
    db = place.open({ segmentBytes: 64 * 1024, snapshotMemoryBytes: 300 * 1024 });
    const map = db.map("m", { value: "bytes" });
    map.put("k", Uint8Array.of(1));
    const snapshot = db.snapshot();
    const inside = snapshot.map("m", { value: "bytes" });
    const iterator = inside.range()[Symbol.iterator]();
    const tx = db.begin();
    tx.map("m", { value: "bytes" }).put("unrelated", Uint8Array.of(1));
    for (let round = 0; round < 10; round++) {
      using short = db.snapshot();
      expect(short.map("m").has("k")).toBe(true);
      for (let n = 0; n < 60; n++) {
        map.put(`key ${n}`, new Uint8Array(2000).fill(round));
      }
      await db.checkpoint();
    }
    expect(codeOf(() => inside.get("k"))).toBe("CONFLICT");
    expect(codeOf(() => iterator.next())).toBe("CONFLICT");
    expect(await codeOfAsync(() => tx.commit())).toBe("CONFLICT");
    snapshot.close();
    expect(db.stats().openSnapshots).toBe(0);
    expect(db.stats().snapshotBytes).toBe(0);
    await db.check();
  });
});

it("waits between retries by the clock, and not before the fourth", async () => {
  using place = PLACES[3]!.make();
  const clock = new ManualClock();
  using db = place.open({}, clock);
  const map = db.map<number>("m");
  let runs = 0;
  const done = db.transaction((tx) => {
    tx.map<number>("m").put("k", 1);
    if (++runs < 6) {
      map.put("k", runs);
    }
  });
  for (let turn = 0; turn < 100; turn++) {
    await null;
  }
  expect(runs).toBe(4);
  while (runs < 6) {
    clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await done;
  expect(map.get("k")).toBe(1);
});
