import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CustomCodec, DbError, type Tuple } from "../../src/index.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { codeOf, KEPT_PLACES, PLACES, type Place } from "./places.ts";

const DATE: CustomCodec<Date> = {
  encode: (date) => new TextEncoder().encode(date.toISOString()),
  decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
};

/** Keys of each kind, in the order of the map. */
const KEYS: readonly (readonly [kind: string, keys: readonly unknown[]])[] = [
  ["string", ["", "a", "a\0", "a\0b", "aa", "b", "z", "é", "\uffff", "\u{1f600}"]],
  ["number", [Number.NEGATIVE_INFINITY, -1e300, -2, -0.5, 0, 5e-324, 1, 1.5, 2 ** 53, Number.POSITIVE_INFINITY]],
  ["bigint", [-(2n ** 200n), -(2n ** 64n), -1n, 0n, 1n, 255n, 256n, 2n ** 64n, 2n ** 200n]],
  ["bytes", [[], [0], [0, 0], [0, 255], [1], [127], [128], [255], [255, 255]].map((bytes) => Uint8Array.from(bytes))],
  ["tuple", [[], ["a"], ["a", 1], ["a", 1, true], ["a", 2], ["a\0"], ["b", -1], ["b", 0]] satisfies Tuple[]],
];

/** Values of each kind. */
const VALUES: readonly (readonly [kind: string, values: readonly unknown[]])[] = [
  ["json", [null, true, 0, -1.5, "", "text \u{1f600}", [], [1, [2]], {}, { a: { b: [null] } }]],
  ["string", ["", "a", "é\u{1f600}", "x".repeat(5000)]],
  ["bytes", [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(1, 2, 255), new Uint8Array(9000).fill(7)]],
];

describe.each(PLACES)("maps on $name", ({ make }) => {
  let place: Place;
  let db: Database;

  beforeEach(() => {
    place = make();
    db = place.open();
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  describe.each(KEYS)("with %s keys", (kind, keys) => {
    const value = (key: unknown) => `value ${keys.indexOf(key)}`;

    function filled() {
      const map = db.map("m", { key: kind as "string", value: "string" });
      for (const key of [...keys].reverse() as string[]) {
        map.put(key, value(key));
      }
      return map;
    }

    it("finds each, and not what was never put", () => {
      const map = filled();
      expect(keys.map((key) => map.get(key as string))).toEqual(keys.map(value));
      expect(keys.every((key) => map.has(key as string))).toBe(true);
      map.delete(keys[3] as string);
      expect(map.get(keys[3] as string)).toBeUndefined();
      expect(map.has(keys[3] as string)).toBe(false);
      expect(map.count()).toBe(keys.length - 1);
    });

    it("iterates in order, and backward", () => {
      const map = filled();
      expect([...map]).toEqual(keys.map((key) => [key, value(key)]));
      expect([...map.range({ reverse: true }).keys()]).toEqual([...keys].reverse());
    });

    it("cuts ranges at every key", () => {
      const map = filled();
      for (const [at, bound] of (keys as string[]).entries()) {
        expect([...map.range({ gte: bound }).keys()]).toEqual(keys.slice(at));
        expect([...map.range({ gt: bound }).keys()]).toEqual(keys.slice(at + 1));
        expect([...map.range({ lte: bound }).keys()]).toEqual(keys.slice(0, at + 1));
        expect([...map.range({ lt: bound }).keys()]).toEqual(keys.slice(0, at));
        expect(map.count({ gt: bound })).toBe(keys.length - at - 1);
      }
    });

    it("holds the same after a checkpoint, when it comes from pages", async () => {
      const map = filled();
      await db.checkpoint();
      expect([...map]).toEqual(keys.map((key) => [key, value(key)]));
      expect(keys.map((key) => map.get(key as string))).toEqual(keys.map(value));
      for (const [at, bound] of (keys as string[]).entries()) {
        expect([...map.range({ gt: bound }).keys()]).toEqual(keys.slice(at + 1));
        expect([...map.range({ lte: bound, reverse: true }).keys()]).toEqual(keys.slice(0, at + 1).reverse());
      }
    });

    it("refuses keys of another kind with INVALID, and stays usable", () => {
      const map = filled();
      for (const [other, [, wrong]] of KEYS) {
        if (other !== kind) {
          expect(codeOf(() => map.put(wrong as string, "x"))).toBe("INVALID");
          expect(codeOf(() => map.get(wrong as string))).toBe("INVALID");
          expect(codeOf(() => map.delete(wrong as string))).toBe("INVALID");
          expect(codeOf(() => map.range({ gte: wrong as string }))).toBe("INVALID");
        }
      }
      expect([...map.range().keys()]).toEqual(keys);
    });
  });

  describe.each(VALUES)("with %s values", (kind, values) => {
    it("gives back what was put, from the log and from pages", async () => {
      const map = db.map("v", { key: "number", value: kind as "string" });
      for (const [key, value] of values.entries()) {
        map.put(key, value as string);
      }
      expect([...map.range().values()]).toEqual(values);
      await db.checkpoint();
      expect([...map.range().values()]).toEqual(values);
      expect(values.map((_, key) => map.get(key))).toEqual(values);
    });
  });

  it("gives values that are the caller's own", async () => {
    const map = db.map("own", { value: "bytes" });
    const put = Uint8Array.of(1, 2, 3);
    map.put("k", put);
    put[0] = 99;
    for (const round of [1, 2]) {
      const got = map.get("k")!;
      expect([round, ...got]).toEqual([round, 1, 2, 3]);
      got.fill(0);
      for (const [, value] of map) {
        value.fill(0);
      }
      expect([...map.get("k")!]).toEqual([1, 2, 3]);
      await db.checkpoint();
    }
  });

  it("works with codecs of the user's own", () => {
    const map = db.map("visits", { key: DATE, value: DATE });
    const days = [new Date(0), new Date(1e12), new Date(2e12)];
    for (const day of [...days].reverse()) {
      map.put(day, day);
    }
    expect([...map.range({ gt: days[0]! })]).toEqual(days.slice(1).map((day) => [day, day]));
    expect(map.get(days[1]!)).toEqual(days[1]);
  });

  it("refuses JSON that is none, and keeps what was there", () => {
    const map = db.map<unknown>("json");
    map.put("k", 1);
    const circle: unknown[] = [];
    circle.push(circle);
    for (const value of [undefined, () => 1, 1n, circle]) {
      expect(codeOf(() => map.put("k", value))).toBe("INVALID");
    }
    expect(map.get("k")).toBe(1);
  });

  it("holds the outer entry where making its value reads and writes maps", () => {
    const inner = db.map<number>("inner");
    const outer = db.map<unknown>("outer");
    const value = {
      toJSON: () => {
        inner.put("key of the inner map", 1);
        return inner.get("key of the inner map");
      },
    };
    outer.put("key of the outer map", value);
    expect([...outer]).toEqual([["key of the outer map", 1]]);
    expect([...inner]).toEqual([["key of the inner map", 1]]);
  });

  it("refuses a key over 2048 bytes and takes one of 2048", () => {
    const map = db.map("long", { key: "bytes", value: "string" });
    const longest = new Uint8Array(2048).fill(1);
    map.put(longest, "longest");
    expect(map.get(longest)).toBe("longest");
    for (const use of [
      (key: Uint8Array) => map.put(key, ""),
      (key: Uint8Array) => map.get(key),
      (key: Uint8Array) => map.delete(key),
    ]) {
      expect(() => use(new Uint8Array(2049))).toThrow(expect.objectContaining({ facts: { bytes: 2049, limit: 2048 } }));
    }
    expect(map.count()).toBe(1);
  });

  it("says whether there was something to delete, and commits nothing where there was not", () => {
    const map = db.map("d");
    map.put("k", 1);
    const before = db.lastCommit;
    expect(map.delete("other")).toBe(false);
    expect(db.lastCommit).toBe(before);
    expect(map.delete("k")).toBe(true);
    expect(db.lastCommit).toBe(before + 1);
    expect(map.delete("k")).toBe(false);
  });

  it("remembers what the keys and values of a map are", () => {
    db.map("points", { key: "tuple", value: "bytes" }).put(["a", 1], Uint8Array.of(1));
    const again = db.map("points");
    expect([...again]).toEqual([[["a", 1], Uint8Array.of(1)]]);
    expect(codeOf(() => db.map("points", { key: "string" }))).toBe("INVALID");
    expect(codeOf(() => db.map("points", { value: "json" }))).toBe("INVALID");
    expect(codeOf(() => db.map("points", { key: DATE }))).toBe("INVALID");
    expect(() => db.map("points", { key: "number" })).toThrow(/points.*made with key: "tuple"/);
  });

  it("asks for the codec of a map that was made with one", () => {
    db.map("dates", { key: DATE, value: "json" });
    expect(codeOf(() => db.map("dates"))).toBe("INVALID");
    expect(codeOf(() => db.map("dates", { key: "string", value: "json" }))).toBe("INVALID");
    expect(db.map("dates", { key: DATE }).count()).toBe(0);
  });

  it("refuses engines, kinds and names that there are not", () => {
    expect(codeOf(() => db.map("m", { engine: "hash" as "btree" }))).toBe("UNSUPPORTED");
    expect(codeOf(() => db.map("m", { key: "uuid" as "string" }))).toBe("INVALID");
    expect(codeOf(() => db.map("m", { value: "xml" as "string" }))).toBe("INVALID");
    expect(codeOf(() => db.map(""))).toBe("INVALID");
    expect(codeOf(() => db.map("n".repeat(513)))).toBe("INVALID");
    expect(codeOf(() => db.map(1 as unknown as string))).toBe("INVALID");
    expect(db.maps()).toEqual([]);
  });

  it("lists, drops and makes maps again", async () => {
    const first = db.map("b", { key: "number", value: "string" });
    first.put(1, "one");
    db.map("a").put("k", 1);
    await db.checkpoint();
    expect(db.maps()).toEqual(["a", "b"]);
    expect(db.drop("b")).toBe(true);
    expect(db.drop("b")).toBe(false);
    expect(db.maps()).toEqual(["a"]);
    expect(codeOf(() => first.get(1))).toBe("INVALID");
    expect(codeOf(() => first.put(1, "x"))).toBe("INVALID");
    const second = db.map("b", { key: "string", value: "json" });
    expect([...second]).toEqual([]);
    second.put("new", true);
    await db.checkpoint();
    expect([...db.map("b")]).toEqual([["new", true]]);
    expect(codeOf(() => first.get(1))).toBe("INVALID");
    await db.check();
  });

  it("hands out one object for one question", () => {
    expect(db.map("same")).toBe(db.map("same"));
  });
});

describe.each(KEPT_PLACES)("maps on $name, opened again", ({ make }) => {
  it.each([true, false])("hold what they held, and are what they were; checkpointed: %s", async (checkpointed) => {
    using place = make();
    {
      using db = place.open();
      for (const [kind, keys] of KEYS) {
        const map = db.map(kind, { key: kind as "string", value: "json" });
        for (const [at, key] of keys.entries()) {
          map.put(key as string, at);
        }
      }
      db.map("dropped").put("k", 1);
      db.drop("dropped");
      if (checkpointed) {
        await db.checkpoint();
      }
    }
    using db = place.open();
    expect(db.maps()).toEqual(KEYS.map(([kind]) => kind).sort());
    for (const [kind, keys] of KEYS) {
      expect([...db.map(kind).range().keys()]).toEqual(keys);
      expect(codeOf(() => db.map(kind, { value: "bytes" }))).toBe("INVALID");
    }
    await db.check();
  });
});

it("throws errors that are DbErrors and say what to do", () => {
  using place = PLACES[2]!.make();
  using db = place.open();
  const error = (() => {
    try {
      return db.map("m").put("k".repeat(3000), 1);
    } catch (caught) {
      return caught;
    }
  })();
  expect(error).toBeInstanceOf(DbError);
  expect(String(error)).toBe("DbError: a key of 3000 bytes is too long: the limit is 2048");
});
