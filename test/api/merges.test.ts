import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DbMap, MapOptions } from "../../src/index.ts";
import type { AnyMergeOption, Database } from "../../src/mvcc/index.ts";
import { codeOf, codeOfAsync, PLACES, type Place } from "./places.ts";

const SEGMENT_BYTES = 64 * 1024;
const COUNTER = { merge: "counter" } as const;
const APPEND = { value: "string", merge: "append" } as const;

interface AnyOptions {
  readonly value?: "string" | "bytes";
  readonly merge: AnyMergeOption;
}

interface Operator {
  readonly name: string;
  readonly options: AnyOptions;
  /** Operands, the oldest first, and what all of them are together. */
  readonly operands: readonly unknown[];
  readonly merged: unknown;
}

const longest = (older: string, newer: string): string => (newer.length > older.length ? newer : older);

const OPERATORS: readonly Operator[] = [
  { name: "counter", options: COUNTER, operands: [1, 2.5, -7, 40], merged: 36.5 },
  { name: "max of numbers", options: { merge: "max" }, operands: [3, -1, 9.5, 4], merged: 9.5 },
  { name: "max of strings", options: { value: "string", merge: "max" }, operands: ["b", "é", "", "zz"], merged: "é" },
  {
    name: "max of bytes",
    options: { value: "bytes", merge: "max" },
    operands: [Uint8Array.of(1, 2), Uint8Array.of(255), Uint8Array.of(254, 1), new Uint8Array(0)],
    merged: Uint8Array.of(255),
  },
  { name: "append of arrays", options: { merge: "append" }, operands: [[1], [], ["b", null]], merged: [1, "b", null] },
  { name: "append of strings", options: APPEND, operands: ["a", "", "bc", "é"], merged: "abcé" },
  {
    name: "append of bytes",
    options: { value: "bytes", merge: "append" },
    operands: [Uint8Array.of(1), Uint8Array.of(2, 3), new Uint8Array(0), Uint8Array.of(4)],
    merged: Uint8Array.of(1, 2, 3, 4),
  },
  {
    name: "a function",
    options: { value: "string", merge: longest },
    operands: ["aa", "b", "cccc", "dd"],
    merged: "cccc",
  },
  {
    name: "a function on JSON",
    options: { merge: (older: object, newer: object) => ({ ...older, ...newer }) },
    operands: [{ a: 1 }, { b: 2 }, { a: 3 }],
    merged: { a: 3, b: 2 },
  },
];

describe.each(PLACES)("map.merge on $name", ({ make }) => {
  let place: Place;
  let db: Database;

  beforeEach(() => {
    place = make();
    db = place.open({ segmentBytes: SEGMENT_BYTES });
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  function openMap(name: string, options: AnyOptions): DbMap<string, unknown> {
    return db.map(name, options as object as MapOptions<"string", "json">);
  }

  async function reopen(): Promise<void> {
    await db.checkpoint();
    if (place.isKept) {
      db.close();
      db = place.open({ segmentBytes: SEGMENT_BYTES });
    }
  }

  it.each(OPERATORS)("combines operands, wherever they lie: $name", async ({ options, operands, merged }) => {
    let map = openMap("m", options);
    // Some are in pages, some in memory, at every place between the first and the last.
    for (let split = 0; split <= operands.length; split++) {
      for (const [i, operand] of operands.entries()) {
        if (i === split) {
          await db.checkpoint();
        }
        map.merge(`split ${split}`, operand);
      }
    }
    // The first is put, not merged; and what is deleted does not count.
    for (const key of ["put", "deleted"]) {
      map.put(key, operands[key === "put" ? 0 : 1]!);
      await db.checkpoint();
      if (key === "deleted") {
        map.delete(key);
        map.merge(key, operands[0]!);
      }
      for (const operand of operands.slice(1)) {
        map.merge(key, operand);
        await db.checkpoint();
      }
    }
    const keys = ["deleted", "put", ...operands.map((_, i) => `split ${i}`), `split ${operands.length}`];
    const expected = keys.map((key) => [key, merged]);
    for (let round = 0; round < 3; round++) {
      expect([...map]).toEqual(expected);
      expect([...map.range({ reverse: true })]).toEqual(expected.toReversed());
      expect(keys.map((key) => map.get(key))).toEqual(keys.map(() => merged));
      expect([map.count(), map.has("put"), map.has("absent")]).toEqual([keys.length, true, false]);
      await reopen();
      map = openMap("m", options);
      if (round === 1) {
        await db.compact();
      }
    }
    await db.check();
  });

  it("is seen within db.write, and taken back by savepoints", () => {
    const hits = db.map<number>("hits", COUNTER);
    hits.put("a", 10);
    db.write((tx) => {
      const inside = tx.map<number>("hits");
      inside.merge("a", 1);
      inside.merge("b", 2);
      expect([inside.get("a"), inside.get("b")]).toEqual([11, 2]);
      const savepoint = tx.savepoint();
      inside.merge("a", 100);
      inside.merge("c", 100);
      expect([...inside]).toEqual([
        ["a", 111],
        ["b", 2],
        ["c", 100],
      ]);
      tx.rollbackTo(savepoint);
      inside.merge("a", 5);
      expect([...inside]).toEqual([
        ["a", 16],
        ["b", 2],
      ]);
      inside.delete("b");
      inside.merge("b", 7);
      expect(hits.get("a")).toBe(10);
    });
    expect([...hits]).toEqual([
      ["a", 16],
      ["b", 7],
    ]);
  });

  it("is seen within a transaction, and taken back by savepoints and rollbacks", async () => {
    const hits = db.map<number>("hits", COUNTER);
    hits.put("a", 10);
    await db.checkpoint();
    hits.merge("a", 1);
    const transaction = db.begin();
    const inside = transaction.map<number>("hits");
    inside.merge("a", 2);
    const savepoint = transaction.savepoint();
    inside.merge("a", 100);
    inside.put("b", 5);
    inside.merge("b", 6);
    expect([...inside]).toEqual([
      ["a", 113],
      ["b", 11],
    ]);
    transaction.rollbackTo(savepoint);
    expect([...inside.range({ reverse: true })]).toEqual([["a", 13]]);
    inside.merge("a", 3);
    await transaction.commit();
    expect([...hits]).toEqual([["a", 16]]);
    const given = db.begin();
    given.map<number>("hits").merge("a", 1000);
    given.rollback();
    expect(hits.get("a")).toBe(16);
  });

  it("does not conflict with merges of others, nor lose any, however many there are", async () => {
    const hits = db.map<number>("hits", COUNTER);
    hits.merge("a", 1);
    const transactions = [db.begin(), db.begin(), db.begin()];
    for (const transaction of transactions) {
      for (let n = 0; n < 100; n++) {
        transaction.map<number>("hits").merge("a", 1);
      }
    }
    for (let n = 0; n < 100; n++) {
      hits.merge("a", 1);
    }
    for (const transaction of transactions) {
      await transaction.commit();
    }
    expect(hits.get("a")).toBe(401);
  });

  it("is combined once at a transaction's commit, also where others committed meanwhile", async () => {
    let calls = 0;
    const merge = (older: string, newer: string): string => {
      calls++;
      return older + newer;
    };
    const options = { value: "string", merge } as const;
    const map = db.map("function", options);
    const transaction = db.begin();
    for (const letter of "abcdefgh") {
      transaction.map("function", options).merge("k", letter);
    }
    db.map("other").put("k", 1);
    await transaction.commit();
    expect(calls).toBe(7);
    expect(map.get("k")).toBe("abcdefgh");
  });

  it("conflicts with puts and deletes, both ways, where the transaction knows what the entry is", async () => {
    const hits = db.map<number>("hits", COUNTER);
    hits.put("a", 1);
    // A put of its own below the operand: its value stands on what was there.
    const putting = db.begin();
    putting.map<number>("hits").put("a", 5);
    putting.map<number>("hits").merge("a", 1);
    hits.merge("a", 1);
    expect(await codeOfAsync(() => putting.commit())).toBe("CONFLICT");
    // An operand goes on top of whatever is put meanwhile.
    const merging = db.begin();
    merging.map<number>("hits").merge("a", 1);
    hits.put("a", 100);
    await merging.commit();
    expect(hits.get("a")).toBe(101);
    const deleted = db.begin();
    deleted.map<number>("hits").merge("a", 1);
    hits.delete("a");
    await deleted.commit();
    expect(hits.get("a")).toBe(1);
    // Who has read the entry, serializably, conflicts with a merge.
    const reading = db.begin({ isolation: "serializable" });
    reading.map<number>("hits").get("a");
    reading.map<number>("hits").put("b", 1);
    hits.merge("a", 1);
    expect(await codeOfAsync(() => reading.commit())).toBe("CONFLICT");
    expect([...hits]).toEqual([["a", 2]]);
  });

  it("is seen by those who came after it alone", async () => {
    const hits = db.map<number>("hits", COUNTER);
    hits.merge("a", 1);
    const first = db.snapshot();
    hits.merge("a", 2);
    await db.checkpoint();
    const second = db.snapshot();
    for (let n = 0; n < 100; n++) {
      hits.merge("a", 1);
      hits.merge(`k${n}`, n);
      if (n % 30 === 0) {
        await db.checkpoint();
      }
    }
    await db.compact();
    expect([...first.map<number>("hits")]).toEqual([["a", 1]]);
    expect([...second.map<number>("hits").range({ reverse: true })]).toEqual([["a", 3]]);
    expect([hits.get("a"), hits.count()]).toEqual([103, 101]);
    first.close();
    second.close();
  });

  it("shows in the feed as operands, and wakes who waits", async () => {
    const log = db.map("log", APPEND);
    const since = db.lastCommit;
    const woken = log.nextChange({ gte: "k" });
    log.merge("a", "x");
    log.merge("k", "y");
    expect(await woken).toBe(db.lastCommit);
    const transaction = db.begin();
    transaction.map("log", { value: "string" }).merge("t", "1");
    transaction.map("log", { value: "string" }).merge("t", "2");
    await transaction.commit();
    const seen: unknown[] = [];
    for await (const { changes } of db.changes({ since })) {
      seen.push(...changes.map(({ map, type, key, value }) => [map, type, key, value]));
      if (seen.length === 3) {
        break;
      }
    }
    expect(seen).toEqual([
      ["log", "merge", "a", "x"],
      ["log", "merge", "k", "y"],
      ["log", "merge", "t", "12"],
    ]);
  });

  it("says what it takes", () => {
    db.map("plain").put("a", 1);
    const hits = db.map<unknown>("hits", COUNTER);
    const lists = db.map<unknown>("lists", { merge: "append" });
    for (const wrong of ["1", null, Number.NaN, Number.POSITIVE_INFINITY, [1]]) {
      expect(codeOf(() => hits.merge("a", wrong))).toBe("INVALID");
      expect(codeOf(() => hits.put("a", wrong))).toBe("INVALID");
    }
    expect(codeOf(() => lists.merge("a", 1))).toBe("INVALID");
    expect([hits.count(), lists.count()]).toEqual([0, 0]);
    expect(codeOf(() => db.map("plain").merge("a", 1))).toBe("INVALID");
    expect(codeOf(() => hits.put("a", 1, { ttl: 1000 }))).toBe("UNSUPPORTED");
    expect(codeOf(() => hits.put("a", 1, { expiresAt: 1e15 }))).toBe("UNSUPPORTED");
    expect(codeOf(() => db.map("hits", { merge: "max" }))).toBe("INVALID");
    expect(codeOf(() => db.map("hits", { merge: (a: number, b: number) => a * b }))).toBe("INVALID");
    expect(codeOf(() => db.map("plain", COUNTER))).toBe("INVALID");
    expect(codeOf(() => db.map("strings", { value: "string", merge: "counter" as "max" }))).toBe("INVALID");
    expect(codeOf(() => db.map("other", { merge: "min" as "max" }))).toBe("INVALID");
    expect(db.maps()).toEqual(["hits", "lists", "plain"]);
    // Without options it is the same map, with the same operator.
    db.map<number>("hits").merge("a", 1);
    expect(hits.get("a")).toBe(1);
  });

  it("is of values that the operator takes, also where they are loaded", async () => {
    const hits = db.map<unknown>("hits", COUNTER);
    const lists = db.map<unknown>("lists", { merge: "append" });
    for (const wrong of ["1", null, Number.NaN, [1]]) {
      expect(await codeOfAsync(() => hits.load([["a", 1] as const, ["b", wrong] as const]))).toBe("INVALID");
    }
    expect(await codeOfAsync(() => lists.load([["a", 1]]))).toBe("INVALID");
    expect([hits.count(), lists.count()]).toEqual([0, 0]);
    await hits.load([
      ["a", 1],
      ["b", 2],
    ]);
    await lists.load([["a", [1]]]);
    hits.merge("b", 3);
    lists.merge("a", [2]);
    expect([hits.get("a"), hits.get("b"), lists.get("a")]).toEqual([1, 5, [1, 2]]);
    await db.check();
  });

  it("with a function: a map that was opened without it is read where nothing has to be combined, and says so otherwise", async () => {
    const options = { value: "string", merge: (older: string, newer: string) => `(${older}${newer})` } as const;
    const map = db.map("m", options);
    map.put("put", "p");
    map.merge("merged", "a");
    map.merge("merged", "b");
    map.put("based", "1");
    map.merge("based", "2");
    if (!place.isKept) {
      return;
    }
    for (let round = 0; round < 2; round++) {
      await reopen();
      const without = db.map("m", { value: "string" });
      expect(without.get("put")).toBe("p");
      expect(codeOf(() => without.get("merged"))).toBe("INVALID");
      expect(codeOf(() => [...without])).toBe("INVALID");
      // Operands can be written without it.
      without.merge("merged", "c");
      without.merge("based", "3");
      await reopen();
    }
    const transaction = db.begin();
    const inside = transaction.map("m", { value: "string" });
    inside.put("put", "q");
    inside.merge("put", "r");
    db.map("m", { value: "string" }).put("put", "s");
    expect(await codeOfAsync(() => transaction.commit())).toBe("CONFLICT");
    const again = db.map("m", options);
    expect(again.get("merged")).toMatch(/^[()]*a[()]*b[()]*c[()]*c[()]*$/);
    expect(again.get("based")).toMatch(/^[()]*1[()]*2[()]*3[()]*3[()]*$/);
    await db.check();
  });

  it("of one key a hundred thousand times leaves few operands to combine, and the right sum", async () => {
    const hits = db.map<number>("hits", COUNTER);
    const EACH = 1000;
    for (let round = 0; round < 100; round++) {
      db.write((tx) => {
        const inside = tx.map<number>("hits");
        for (let n = 0; n < EACH; n++) {
          inside.merge("a", 1);
        }
      });
      expect(hits.get("a")).toBe((round + 1) * EACH);
    }
    await db.checkpoint();
    expect([hits.get("a"), hits.count()]).toEqual([100 * EACH, 1]);
  });
});
