/** Levels come and go: directories, locks, options, what is refused, what is removed. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { open } from "../../src/index.ts";
import { Level } from "../../src/level.ts";
import { ENGINES } from "./engines.ts";
import { codesOf, Place } from "./places.ts";

describe.each(ENGINES)("a level on %s", (engine) => {
  test("keeps what it holds when it is opened again", async () => {
    await using place = new Place();
    const level = await place.own<string, { n: number }>({ engine, valueEncoding: "json" });
    await level.batch([1, 2, 3].map((n) => ({ type: "put" as const, key: `k${n}`, value: { n } })));
    await level.del("k2");
    await level.close();
    expect(level.status).toBe("closed");
    await level.open();
    expect(await level.iterator().all()).toEqual([
      ["k1", { n: 1 }],
      ["k3", { n: 3 }],
    ]);
    await level.close();
    const again = await place.own<string, { n: number }>({ valueEncoding: "json" });
    expect(again.getSync("k3")).toEqual({ n: 3 });
  });

  test("keeps its sublevels, apart from each other", async () => {
    await using place = new Place();
    const level = await place.own({ engine });
    const users = level.sublevel("users");
    const deep = users.sublevel<string, number>(["by", "age"], { valueEncoding: "json" });
    await level.put("k", "root");
    await users.put("k", "user");
    await deep.put("k", 36);
    await level.close();
    const again = await place.own();
    const usersAgain = again.sublevel("users");
    expect(await usersAgain.keys().all()).toEqual(["!by!!age!k", "k"]);
    expect(await usersAgain.sublevel(["by", "age"], { valueEncoding: "json" }).get("k")).toBe(36);
    await usersAgain.clear();
    expect(await again.iterator().all()).toEqual([["k", "root"]]);
  });

  test("lives in an open database and leaves it open", async () => {
    await using place = new Place();
    const database = place.database();
    const level = await place.shared(database, "letters", { engine });
    await level.put("a", "1");
    expect(level.location).toBe(database.stats().path);
    await level.close();
    expect(await codesOf(() => level.get("a"))).toBe("LEVEL_DATABASE_NOT_OPEN");
    expect(database.maps()).toEqual(["letters"]);
    await level.open();
    expect(await level.get("a")).toBe("1");
    const bytes = database.map("letters", { key: "bytes", value: "bytes" });
    expect(bytes.get(Buffer.from("a"))).toEqual(new Uint8Array([0x31]));
  });

  test("shares a map with another level on it", async () => {
    await using place = new Place();
    const database = place.database();
    const one = await place.shared(database, "same", { engine });
    const other = await place.shared<string, number>(database, "same", { valueEncoding: "json" });
    await one.put("n", "5");
    expect(await other.get("n")).toBe(5);
  });

  test("closes with the database it lives in, iterators and snapshots included", async () => {
    await using place = new Place();
    const database = place.database();
    const level = await place.shared(database, "m", { engine });
    await level.put("a", "1");
    const iterator = level.iterator();
    const snapshot = level.snapshot();
    await iterator.next();
    const closed = new Promise((resolve) => level.once("closed", resolve));
    database.close();
    await closed;
    expect(level.status).toBe("closed");
    expect(await codesOf(() => iterator.next())).toBe("LEVEL_ITERATOR_NOT_OPEN");
    expect(await codesOf(() => level.get("a", { snapshot }))).toBe("LEVEL_DATABASE_NOT_OPEN");
    expect(await codesOf(() => level.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_DATABASE_NOT_OPEN < CLOSED");
  });
});

describe("opening", () => {
  test("a directory that is open is LEVEL_LOCKED, and free when that has closed", async () => {
    await using place = new Place();
    const first = await place.own();
    const second = new Level(place.path);
    expect(await codesOf(() => second.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_LOCKED < LOCKED");
    expect(await codesOf(() => Level.destroy(place.path))).toBe("LEVEL_LOCKED < LOCKED");
    await first.close();
    await second.open();
    await second.close();
  });

  test("damage is LEVEL_CORRUPTION", async () => {
    await using place = new Place();
    const level = await place.own();
    await level.put("a", "1");
    await level.close();
    const pages = join(place.path, "pages.000");
    // All but the two meta pages.
    writeFileSync(pages, readFileSync(pages).fill(0x5a, 2 * 8192));
    expect(await codesOf(() => level.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_CORRUPTION < CORRUPT");
  });

  test("what is no directory of nacre's is refused, and left alone", async () => {
    await using place = new Place();
    writeFileSync(place.path, "mine");
    const level = new Level(place.path);
    expect(await codesOf(() => level.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_INVALID < INVALID");
    expect(await codesOf(() => Level.destroy(place.path))).toBe("LEVEL_INVALID < INVALID");
    expect(readFileSync(place.path, "utf8")).toBe("mine");
  });

  test("createIfMissing and errorIfExists ask for the map", async () => {
    await using place = new Place();
    const database = place.database();
    database.map("other");
    const strict = new Level(database, { map: "m", createIfMissing: false });
    expect(await codesOf(() => strict.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_INVALID");
    expect(database.maps()).toEqual(["other"]);
    await strict.open({ createIfMissing: true, errorIfExists: true });
    await strict.close();
    await strict.open();
    await strict.close();
    expect(await codesOf(() => strict.open({ errorIfExists: true }))).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_INVALID");
    database.close();
    const own = new Level(place.path, { map: "another", createIfMissing: false });
    await expect(own.open()).rejects.toMatchObject({ cause: { message: expect.stringContaining("does not exist") } });
    // The database was closed again.
    open(place.path).close();
  });

  test("a map that is there keeps its engine", async () => {
    await using place = new Place();
    const database = place.database();
    const level = await place.shared(database, "m", { engine: "lsm" });
    await level.put("a", "1");
    await level.close();
    const asked = new Level(database, { map: "m", engine: "btree" });
    expect(await codesOf(() => asked.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_INVALID < INVALID");
    const again = await place.shared(database, "m");
    expect(await again.get("a")).toBe("1");
  });

  test("a map of other kinds is not taken for a level", async () => {
    await using place = new Place();
    const database = place.database();
    database.map("users").put("u:1", { name: "Ada" });
    const level = new Level(database, { map: "users" });
    expect(await codesOf(() => level.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_INVALID < INVALID");
  });

  test("options that mean nothing are refused", async () => {
    await using place = new Place();
    const database = place.database();
    expect(await codesOf(() => new Level(""))).toBe("TypeError");
    expect(await codesOf(() => new Level({} as never))).toBe("TypeError");
    expect(await codesOf(() => new Level(database, {} as never))).toBe("TypeError");
    expect(await codesOf(() => new Level(database, { map: "m", durability: "synced" as never }))).toBe("TypeError");
    for (const option of [{ readOnly: true }, { cacheBytes: 1 }, { backend: "pread" }, { segmentBytes: 1 << 20 }]) {
      expect(await codesOf(() => new Level(database, { map: "m", ...option } as never))).toBe("TypeError");
      const level = new Level(database, { map: "m" });
      expect(await codesOf(() => level.open(option as never))).toBe("LEVEL_DATABASE_NOT_OPEN < TypeError");
    }
    const engine = new Level(database, { map: "m", engine: "hash" as never });
    expect(await codesOf(() => engine.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_NOT_SUPPORTED < UNSUPPORTED");
    const small = new Level(`${place.path}-small`, { segmentBytes: 1 });
    expect(await codesOf(() => small.open())).toBe("LEVEL_DATABASE_NOT_OPEN < LEVEL_INVALID < INVALID");
  });

  test("a level in memory is gone when it closes, and says that it will be", async () => {
    const level = new Level(":memory:");
    await level.put("a", "1");
    expect([level.supports.permanence, level.location]).toEqual([false, ":memory:"]);
    await level.close();
    await level.open();
    expect(await level.keys().all()).toEqual([]);
    await level.close();
    expect(await codesOf(() => Level.destroy(":memory:"))).toBe("LEVEL_INVALID < INVALID");
  });

  test("a read-only level reads, and a map that is not there is empty", async () => {
    await using place = new Place();
    const level = await place.own();
    await level.put("a", "1");
    await level.close();
    const reader = await place.own({ readOnly: true });
    expect(await reader.get("a")).toBe("1");
    expect(await codesOf(() => reader.put("b", "2"))).toBe("LEVEL_READONLY < READONLY");
    expect(await codesOf(() => reader.clear())).toBe("LEVEL_READONLY < READONLY");
    const missing = await place.shared(reader.database, "missing");
    expect(await missing.get("a")).toBeUndefined();
    expect(await missing.iterator().all()).toEqual([]);
    expect(await missing.approximateSize("", "z")).toBe(0);
  });

  test("a map that was dropped ends the level until it is opened again", async () => {
    await using place = new Place();
    const database = place.database();
    const level = await place.shared(database, "m");
    await level.put("a", "1");
    database.drop("m");
    for (const use of [
      () => level.get("a"),
      () => level.put("a", "1"),
      () => level.clear(),
      () => level.keys().all(),
    ]) {
      expect(await codesOf(use)).toBe("LEVEL_DATABASE_NOT_OPEN");
    }
    expect(await codesOf(() => database.write((tx) => level.within(tx)))).toBe("LEVEL_DATABASE_NOT_OPEN");
    expect(database.maps()).toEqual([]);
    await level.close();
    await level.open();
    expect(await level.get("a")).toBeUndefined();
  });
});

describe("destroy", () => {
  test("removes the directory with all maps in it", async () => {
    await using place = new Place();
    const level = await place.own();
    level.database.map("more").put("a", 1);
    await level.put("a", "1");
    await level.close();
    await Level.destroy(place.path);
    expect(existsSync(place.path)).toBe(false);
    await Level.destroy(place.path);
  });

  test("leaves what is not nacre's, and what an unfinished removal left can be removed", async () => {
    await using place = new Place();
    const level = await place.own();
    await level.close();
    writeFileSync(join(place.path, "notes.txt"), "mine");
    await Level.destroy(place.path);
    expect(readdirSync(place.path)).toEqual(["notes.txt"]);
    writeFileSync(join(place.path, "wal.0000000003"), "");
    await Level.destroy(place.path);
    expect(readdirSync(place.path)).toEqual(["notes.txt"]);
    expect(await codesOf(() => Level.destroy(place.path))).toBe("LEVEL_INVALID < INVALID");
  });

  test("and repair ask for a location; there is no repair", async () => {
    expect(await codesOf(() => Level.destroy(""))).toBe("TypeError");
    expect(await codesOf(() => Level.repair(undefined as never))).toBe("TypeError");
    expect(await codesOf(() => Level.repair("level"))).toBe("LEVEL_NOT_SUPPORTED < UNSUPPORTED");
  });
});
