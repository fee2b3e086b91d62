/** What classic-level has beside the interface: sizes, compaction, properties. */
import { expect, test } from "vitest";
import { Level } from "../../src/level.ts";
import { codesOf, Place } from "./places.ts";

const key = (i: number) => `k${String(i).padStart(5, "0")}`;

async function filled(place: Place): Promise<Level> {
  const level = await place.own();
  const value = "x".repeat(90);
  await level.batch(Array.from({ length: 5000 }, (_, i) => ({ type: "put" as const, key: key(i), value })));
  return level;
}

test("approximateSize grows with the range", async () => {
  await using place = new Place();
  const level = await filled(place);
  expect(await level.approximateSize(key(1000), key(2000))).toBe(100_000);
  expect(await level.approximateSize("", "z")).toBe(500_000);
  expect(await level.approximateSize(key(7), key(8))).toBe(100);
  expect(await level.approximateSize("a", "b")).toBe(0);
  expect(await level.approximateSize(Buffer.from("l"), Buffer.from("k"), { keyEncoding: "buffer" })).toBe(0);
  expect(await codesOf(() => level.approximateSize("a", undefined as never))).toBe("TypeError");
});

test("compactRange gives back the room of what was deleted", async () => {
  await using place = new Place();
  const level = await filled(place);
  await level.database.checkpoint();
  const before = level.database.stats().pages;
  await level.clear();
  await level.compactRange("", "z");
  expect(level.database.stats().pages).toBeLessThan(before / 4);
  expect(await codesOf(() => level.compactRange(undefined as never, "z"))).toBe("TypeError");
});

test("both wait for a level that is opening, and refuse one that is closed", async () => {
  await using place = new Place();
  await filled(place).then((level) => level.close());
  const level = new Level(place.path);
  const [size] = await Promise.all([level.approximateSize(key(0), key(10)), level.compactRange("", "z")]);
  expect(size).toBe(1000);
  await level.close();
  expect(await codesOf(() => level.approximateSize("a", "b"))).toBe("LEVEL_DATABASE_NOT_OPEN");
  expect(await codesOf(() => level.compactRange("a", "b"))).toBe("LEVEL_DATABASE_NOT_OPEN");
  expect(await codesOf(() => level.getProperty("leveldb.stats"))).toBe("LEVEL_DATABASE_NOT_OPEN");
});

test("properties are those of LevelDB that mean something, and nacre's own", async () => {
  await using place = new Place();
  const level = await filled(place);
  expect(Number(level.getProperty("leveldb.approximate-memory-usage"))).toBeGreaterThan(64 * 1024);
  const stats = level.getProperty("leveldb.stats");
  expect(stats).toContain("\nmaps: 1\n");
  expect(stats).toContain("\nsearches.gets: 0\n");
  expect(stats).not.toContain("[object");
  expect(stats).not.toContain("undefined");
  expect(JSON.parse(level.getProperty("nacre.stats")).maps).toBe(1);
  expect(level.getProperty("leveldb.sstables")).toBe("");
  expect(await codesOf(() => level.getProperty(undefined as never))).toBe("TypeError");
});
