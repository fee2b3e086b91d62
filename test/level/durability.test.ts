/** What is on disk when a promise resolves, and what happens when the disk refuses. */
import { describe, expect, test } from "vitest";
import { FaultDisk, type FaultPlan } from "../../fuzz/disk/fault-disk.ts";
import { systemClock } from "../../src/clock.ts";
import { Level } from "../../src/level.ts";
import { openOn } from "../../src/mvcc/index.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { codesOf, Place } from "./places.ts";

function isDurable(level: Level): boolean {
  const { commit, durableCommit } = level.database.stats();
  return durableCommit === commit;
}

describe("a write", () => {
  test("is relaxed by default in a directory of its own, and on disk when it asks for that", async () => {
    await using place = new Place();
    const level = await place.own();
    await level.put("a", "1");
    expect(isDurable(level)).toBe(false);
    for (const write of [
      () => level.put("a", "2", { sync: true }),
      () => level.put("a", "2", { durability: "group" }),
      () => level.del("a", { sync: true }),
      () => level.batch([{ type: "put", key: "b", value: "1" }], { sync: true }),
      () => level.batch().put("c", "1").write({ sync: true }),
      () => level.sublevel("s").put("d", "1", { sync: true } as object),
      () => level.clear({ sync: true }),
    ]) {
      await level.put("e", "1");
      expect(isDurable(level)).toBe(false);
      await write();
      expect(isDurable(level), String(write)).toBe(true);
    }
  });

  test("goes by the level's durability, which each write may set aside", async () => {
    await using place = new Place();
    const level = await place.own({ durability: "sync" });
    await level.put("a", "1");
    expect(isDurable(level)).toBe(true);
    await level.put("a", "1", { sync: false });
    expect(isDurable(level)).toBe(false);
    expect(await codesOf(() => level.put("a", "1", { durability: "soon" as never }))).toBe("TypeError");
    await level.close();
    await level.open({ durability: "relaxed" });
    await level.put("a", "1");
    expect(isDurable(level)).toBe(false);
    expect(await codesOf(() => level.close().then(() => level.open({ durability: "soon" as never })))).toBe(
      "LEVEL_DATABASE_NOT_OPEN < TypeError",
    );
  });

  test("goes by the database's durability where the level lives in one", async () => {
    await using place = new Place();
    const database = place.database({ durability: "sync" });
    const level = await place.shared(database, "m");
    await level.put("a", "1");
    expect(isDurable(level)).toBe(true);
    const relaxed = await place.shared(database, "n", { durability: "relaxed" });
    await relaxed.put("a", "1");
    expect(isDurable(level)).toBe(false);
  });

  test("is seen before it is on disk, and a close waits for it", async () => {
    await using place = new Place();
    const level = await place.own();
    const putting = Promise.all(["a", "b", "c"].map((key) => level.put(key, "1", { sync: true })));
    expect(level.getSync("c")).toBe("1");
    await Promise.all([putting, level.close()]);
    await level.open();
    expect(await level.keys().all()).toEqual(["a", "b", "c"]);
  });

  test("of much data is in pages when the level has closed", async () => {
    await using place = new Place();
    const level = await place.own({ segmentBytes: 8 * 1024 * 1024 });
    const value = "x".repeat(1000);
    await level.batch(Array.from({ length: 3000 }, (_, i) => ({ type: "put" as const, key: String(i), value })));
    await level.close();
    await level.open();
    expect(level.database.stats().pages).toBeGreaterThan(300);
    expect((await level.keys().all()).length).toBe(3000);
  });
});

describe("what the disk refuses", () => {
  /** A level on a disk whose calls fail from a number on, with one entry in it; that number is given to `use`. */
  async function withFaults(plan: FaultPlan, use: (level: Level, disk: FaultDisk) => Promise<void>): Promise<void> {
    const disk = new FaultDisk(new MemoryDisk(), plan);
    const seams = { disk, clock: systemClock, rng: seededRng(1) };
    const database = openOn(seams, { checkpoints: "inline", durability: "relaxed", segmentBytes: 64 * 1024 }, "pread");
    const level = new Level(database, { map: "m" });
    await level.put("a", "1");
    await use(level, disk);
    await codesOf(() => database.close());
  }

  test("is LEVEL_IO_ERROR, until the database is opened again", async () => {
    let calls = 0;
    await withFaults({}, async (_, disk) => {
      calls = disk.calls;
    });
    await withFaults({ failAt: calls + 1, failsOn: true }, async (level) => {
      expect(await codesOf(() => level.put("b", "1", { sync: true }))).toBe("LEVEL_IO_ERROR < POISONED < IO");
      expect(await codesOf(() => level.put("c", "1"))).toBe("LEVEL_IO_ERROR < POISONED < IO");
      expect(await level.get("a")).toBe("1");
    });
  });

  test("a full disk is LEVEL_IO_ERROR too", async () => {
    await withFaults({ capacityBytes: 200_000 }, async (level) => {
      const value = "x".repeat(1000);
      const filling = async () => {
        for (let i = 0; i < 1000; i++) {
          await level.put(String(i), value);
        }
      };
      expect(await codesOf(filling)).toMatch(/^LEVEL_IO_ERROR < FULL/);
      expect(await level.get("a")).toBe("1");
    });
  });
});

test("a level that is being loaded takes no writes meanwhile: LEVEL_CONFLICT", async () => {
  await using place = new Place();
  const database = place.database();
  const level = await place.shared(database, "m");
  const refused: string[] = [];
  async function* entries(): AsyncGenerator<[Uint8Array, Uint8Array], void> {
    yield [Buffer.from("a"), Buffer.from("1")];
    for (const write of [
      () => level.put("b", "1"),
      () => level.del("b"),
      () => level.batch([{ type: "del", key: "b" }]),
      () => level.clear(),
      () => level.clear({ sync: true }),
    ]) {
      refused.push(await codesOf(write));
    }
  }
  await database.map("m", { key: "bytes", value: "bytes" }).load(entries());
  expect(refused).toEqual(new Array(5).fill("LEVEL_CONFLICT < CONFLICT"));
  expect(await level.iterator().all()).toEqual([["a", "1"]]);
});
