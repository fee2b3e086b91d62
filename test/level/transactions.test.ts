/** Levels in nacre's transactions: several of them, maps and sublevels, all or nothing. */
import { describe, expect, test } from "vitest";
import type { Level, LevelWithin } from "../../src/level.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { ENGINES } from "./engines.ts";
import { codesOf, Place } from "./places.ts";

interface User {
  name: string;
}

interface Setting {
  readonly database: Database;
  readonly users: Level<string, User>;
  readonly tokens: Level<string, Buffer>;
}

describe.each(ENGINES)("levels on %s", (engine) => {
  async function setting(place: Place): Promise<Setting> {
    const database = place.database();
    return {
      database,
      users: await place.shared<string, User>(database, "users", { engine, valueEncoding: "json" }),
      tokens: await place.shared<string, Buffer>(database, "tokens", { engine, valueEncoding: "buffer" }),
    };
  }

  test("and a map change together in db.write, as one commit", async () => {
    await using place = new Place();
    const { database, users, tokens } = await setting(place);
    await tokens.put("old", Buffer.from("x"));
    const before = database.lastCommit;
    database.map<number>("count");
    database.write((tx) => {
      users.within(tx).put("u:1", { name: "Ada" });
      tokens.within(tx).put("new", Buffer.from([1, 2]));
      expect(tokens.within(tx).del("old")).toBe(true);
      expect(tokens.within(tx).del("old")).toBe(false);
      tx.map<number>("count").put("users", 1);
      expect(users.within(tx).get("u:1")).toEqual({ name: "Ada" });
      expect(users.within(tx).has("u:2")).toBe(false);
      expect(users.getSync("u:1")).toBeUndefined();
    });
    // One for the map.
    expect(database.lastCommit).toBe(before + 2);
    expect(await users.get("u:1")).toEqual({ name: "Ada" });
    expect(await tokens.iterator().all()).toEqual([["new", Buffer.from([1, 2])]]);
  });

  test("and a map stay as they were where the callback throws", async () => {
    await using place = new Place();
    const { database, users, tokens } = await setting(place);
    expect(() =>
      database.write((tx) => {
        users.within(tx).put("u:1", { name: "Ada" });
        tokens.within(tx).put("t", Buffer.from("x"));
        tx.map<number>("count").put("users", 1);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect([await users.keys().all(), await tokens.keys().all(), database.maps()]).toEqual([
      [],
      [],
      ["tokens", "users"],
    ]);
  });

  test("take part in transactions that await, and are run again after a conflict", async () => {
    await using place = new Place();
    const { database, users, tokens } = await setting(place);
    await users.put("u:1", { name: "Ada" });
    let runs = 0;
    await database.transaction(
      async (tx) => {
        const inside = users.within(tx);
        const user = inside.get("u:1")!;
        if (runs++ === 0) {
          await users.put("u:1", { name: "Grace" });
        }
        inside.put("u:1", { name: `${user.name}!` });
        tokens.within(tx).put("t", Buffer.from(user.name));
      },
      { isolation: "serializable" },
    );
    expect([runs, await users.get("u:1"), (await tokens.get("t"))?.toString()]).toEqual([
      2,
      { name: "Grace!" },
      "Grace",
    ]);
  });

  test("are read in a snapshot of the database", async () => {
    await using place = new Place();
    const { database, users } = await setting(place);
    await users.put("u:1", { name: "Ada" });
    using snapshot = database.snapshot();
    const later = await place.shared(database, "later", { engine });
    await users.del("u:1");
    await later.put("a", "1");
    expect(users.within(snapshot).get("u:1")).toEqual({ name: "Ada" });
    expect(later.within(snapshot).has("a")).toBe(false);
    expect(await codesOf(() => users.within(snapshot).put("u:1", { name: "Eve" }))).toBe("READONLY");
  });

  test("have their sublevels inside transactions", async () => {
    await using place = new Place();
    const { database, users, tokens } = await setting(place);
    const byName = users.sublevel<string, number>("by-name", { valueEncoding: "json" });
    const deep = byName.sublevel<Buffer, string>("deep", { keyEncoding: "buffer" });
    database.write((tx) => {
      users.within(tx, byName).put("Ada", 1);
      users.within(tx, deep).put(Buffer.from([0xff]), "x");
      expect(users.within(tx, byName).get("Ada")).toBe(1);
    });
    expect(await byName.get("Ada")).toBe(1);
    expect(await deep.iterator().all()).toEqual([[Buffer.from([0xff]), "x"]]);
    expect(await codesOf(() => database.write((tx) => tokens.within(tx, byName)))).toBe("TypeError");
  });

  test("in one batch go to other levels of the same database", async () => {
    await using place = new Place();
    const { database, users, tokens } = await setting(place);
    const index = tokens.sublevel<string, string>("index", {});
    const before = database.lastCommit;
    await users.batch([
      { type: "put", key: "u:1", value: { name: "Ada" } },
      { type: "put", key: "t", value: Buffer.from("x"), sublevel: tokens },
      { type: "put", key: "Ada", value: "u:1", sublevel: index },
      { type: "del", key: "missing", sublevel: index },
    ]);
    expect(database.lastCommit).toBe(before + 1);
    expect(await users.keys().all()).toEqual(["u:1"]);
    expect(await tokens.keys().all()).toEqual(["!index!Ada", "t"]);
    expect(await index.get("Ada")).toBe("u:1");
    await users.batch([{ type: "del", key: "Ada", sublevel: index }]);
    expect(await index.keys().all()).toEqual([]);
    await users
      .batch()
      .put("t2", Buffer.from("y") as never, { sublevel: tokens as never })
      .write();
    expect(await tokens.keys().all()).toEqual(["t", "t2"]);
  });

  test("of another database, or closed ones, are refused in a batch, and nothing is written", async () => {
    await using place = new Place();
    await using elsewhere = new Place();
    const { users, tokens } = await setting(place);
    const foreign = await elsewhere.own();
    const into = (sublevel: unknown) =>
      users.batch([
        { type: "put", key: "u:1", value: { name: "Ada" } },
        { type: "put", key: "x", value: "x", sublevel: sublevel as Level },
      ]);
    expect(await codesOf(() => into(foreign))).toBe("LEVEL_INVALID_BATCH");
    expect(await codesOf(() => into(foreign.sublevel("s")))).toBe("LEVEL_INVALID_BATCH");
    await tokens.close();
    expect(await codesOf(() => into(tokens))).toBe("LEVEL_INVALID_BATCH");
    expect(await users.keys().all()).toEqual([]);
    const chained = users.batch();
    expect(await codesOf(() => chained.del("x", { sublevel: foreign.sublevel("s") as never }))).toBe(
      "LEVEL_NOT_SUPPORTED",
    );
    expect(await codesOf(() => chained.del("x", { sublevel: users.sublevel("s") as never }).write())).toBe(
      "nothing was thrown",
    );
  });
});

describe("inside db.write", () => {
  test("the level itself is refused, and reads what was committed", async () => {
    await using place = new Place();
    const database = place.database();
    const level = await place.shared(database, "m");
    await level.put("a", "1");
    const refused: Promise<string>[] = [];
    database.write((tx) => {
      level.within(tx).put("a", "2");
      refused.push(codesOf(() => level.put("a", "3")));
      expect(level.getSync("a")).toBe("1");
    });
    expect(await Promise.all(refused)).toEqual(["LEVEL_INVALID < INVALID"]);
    expect(await level.get("a")).toBe("2");
  });

  test("keys and values are checked as outside, and codecs speak up", async () => {
    await using place = new Place();
    const database = place.database();
    const level = await place.shared<string, unknown>(database, "m", { valueEncoding: "json" });
    await level.put<string, string>("bad", "{", { valueEncoding: "utf8" });
    const inside = (use: (within: LevelWithin<string, unknown>) => unknown) =>
      codesOf(() => database.write((tx) => void use(level.within(tx))));
    expect(await inside((within) => within.put(undefined as never, 1))).toBe("LEVEL_INVALID_KEY");
    expect(await inside((within) => within.put("a", null))).toBe("LEVEL_INVALID_VALUE");
    expect(await inside((within) => within.get("bad"))).toBe("LEVEL_DECODE_ERROR < SyntaxError");
  });

  test("a key that is too long cannot be put, and nothing else minds it", async () => {
    await using place = new Place();
    const database = place.database();
    const level = await place.shared(database, "m");
    const byName = level.sublevel("by-name");
    for (const key of ["k".repeat(2049), "ü".repeat(1025)]) {
      expect(await codesOf(() => database.write((tx) => level.within(tx).put(key, "1")))).toBe("LEVEL_INVALID_KEY");
      using snapshot = database.snapshot();
      const transaction = database.begin();
      for (const within of [level.within(snapshot), level.within(transaction), level.within(transaction, byName)]) {
        expect([within.get(key), within.has(key)]).toEqual([undefined, false]);
      }
      expect(level.within(transaction).del(key)).toBe(false);
      transaction.rollback();
    }
    // With the prefix of its sublevel it is too long.
    database.write((tx) => {
      const key = "k".repeat(2040);
      level.within(tx).put(key, "1");
      expect(level.within(tx).get(key)).toBe("1");
      expect(level.within(tx, byName).has(key)).toBe(false);
      expect(() => level.within(tx, byName).put(key, "1")).toThrow(
        expect.objectContaining({ code: "LEVEL_INVALID_KEY" }),
      );
    });
  });

  test("a transaction or snapshot of another database is refused", async () => {
    await using place = new Place();
    await using elsewhere = new Place();
    const [database, other] = [place.database(), elsewhere.database()];
    const level = await place.shared(database, "m");
    const sublevel = level.sublevel("s");
    await elsewhere.shared(other, "m");
    expect(await codesOf(() => other.write((tx) => level.within(tx).put("k", "v")))).toBe("TypeError");
    expect(await codesOf(() => other.write((tx) => level.within(tx, sublevel).put("k", "v")))).toBe("TypeError");
    expect(await codesOf(() => other.transaction((tx) => level.within(tx).put("k", "v")))).toBe("TypeError");
    const transaction = other.begin();
    expect(await codesOf(() => level.within(transaction))).toBe("TypeError");
    transaction.rollback();
    using snapshot = other.snapshot();
    expect(await codesOf(() => level.within(snapshot))).toBe("TypeError");
    expect(await codesOf(() => level.within(other))).toBe("TypeError");
    expect(other.map("m", { key: "bytes", value: "bytes" }).range().count()).toBe(0);
    level.within(database).put("k", "v");
    expect(await level.get("k")).toBe("v");
    expect(database.stats().openSnapshots).toBe(0);
  });

  test("asking for the inside of a serializable transaction reads nothing", async () => {
    await using place = new Place();
    const database = place.database();
    const level = await place.shared(database, "m");
    const transaction = database.begin({ isolation: "serializable" });
    level.within(transaction).put("a", "1");
    database.map("another").put("k", 1);
    await level.put("b", "1");
    await transaction.commit();
    expect(await level.keys().all()).toEqual(["a", "b"]);
  });

  test("a level that is not open has no inside", async () => {
    await using place = new Place();
    const level = await place.own();
    const { database } = level;
    await level.put("a", "1");
    await level.close();
    expect(await codesOf(() => level.database)).toBe("LEVEL_DATABASE_NOT_OPEN");
    expect(await codesOf(() => database.write((tx) => level.within(tx)))).toBe("CLOSED");
    expect(await codesOf(() => level.within(database))).toBe("LEVEL_DATABASE_NOT_OPEN");
  });
});
