import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DbMap } from "../../src/index.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { codeOfAsync, PLACES, type Place } from "./places.ts";

describe.each(PLACES)("nextChange on $name", ({ make }) => {
  let place: Place;
  let db: Database;
  let map: DbMap<string, number>;

  beforeEach(() => {
    place = make();
    db = place.open();
    map = db.map<number>("m");
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  it("resolves with the commit that changes the map", async () => {
    const change = map.nextChange();
    map.put("k", 1);
    expect(await change).toBe(db.lastCommit);
  });

  it("is woken by puts and deletes, in write and in transactions", async () => {
    for (const write of [
      () => map.put("k", 1),
      () => db.write((tx) => tx.map<number>("m").put("k", 2)),
      () => db.transaction((tx) => tx.map<number>("m").put("k", 3)),
      () => map.delete("k"),
    ]) {
      const change = map.nextChange({ gte: "k", lte: "k" });
      await write();
      expect(await change).toBe(db.lastCommit);
    }
  });

  it("is woken only by its range, its map, and what is committed", async () => {
    const woken: string[] = [];
    const wait = (name: string, options: Parameters<typeof map.nextChange>[0]) =>
      map.nextChange(options).then((commit) => woken.push(`${name} at ${commit}`));
    const waits = [wait("prefix", { prefix: "user:" }), wait("range", { gte: "a", lt: "b" }), wait("all", {})];
    db.map<number>("other").put("a", 1);
    expect(() =>
      db.write((tx) => {
        tx.map<number>("m").put("a", 1);
        throw new Error("no");
      }),
    ).toThrow("no");
    map.delete("absent");
    await null;
    expect(woken).toEqual([]);
    map.put("c", 1);
    const first = db.lastCommit;
    map.put("user:1", 1);
    map.put("ab", 1);
    await Promise.all(waits);
    expect(woken).toEqual([`all at ${first}`, `prefix at ${first + 1}`, `range at ${first + 2}`]);
  });

  it("wakes who waited first first", async () => {
    const woken: number[] = [];
    const waits = [0, 1, 2, 3, 4].map((n) => map.nextChange({ prefix: "q" }).then(() => woken.push(n)));
    map.put("q1", 1);
    await Promise.all(waits);
    expect(woken).toEqual([0, 1, 2, 3, 4]);
  });

  it("is woken by its key, whoever else waits for what is beside and around it, first come first served", async () => {
    const woken: string[] = [];
    const ranges = [
      { gte: "b", lte: "b" },
      { gte: "a", lt: "c" },
      { gte: "b", lte: "b" },
      { gte: "b\0", lte: "b\0" },
    ];
    const waits = [...ranges, { gte: "c", lte: "c" }, {}].map((range, n) =>
      map.nextChange(range).then((commit) => woken.push(`${n} at ${commit}`)),
    );
    expect(db.store.waiters.count).toBe(6);
    map.put("b", 1);
    await null;
    map.put("b\0", 1);
    map.deleteRange({ gte: "bb" });
    await Promise.all(waits);
    const last = db.lastCommit;
    expect(woken.slice(0, 4)).toEqual([0, 1, 2, 5].map((n) => `${n} at ${last - 2}`));
    expect(woken.slice(4)).toEqual([`3 at ${last - 1}`, `4 at ${last}`]);
    expect(db.store.waiters.count).toBe(0);
  });

  it("of a key costs the writers of other keys nothing", async () => {
    let looks = 0;
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const waits = Array.from({ length: 100 }, (_, n) => {
      const range = {
        get lower(): Uint8Array {
          looks++;
          return bytes(`job ${n}`);
        },
        upper: bytes(`job ${n}\0`),
      };
      return db.store.waiters.wait(db.store.catalog.find("m")!.id, range, undefined);
    });
    looks = 0;
    db.write((tx) => {
      for (let n = 0; n < 100; n++) {
        tx.map<number>("m").put(`other ${n}`, n);
      }
    });
    expect(looks).toBe(0);
    map.deleteRange();
    expect(await Promise.all(waits)).toEqual(waits.map(() => db.lastCommit));
  });

  it("makes a queue that hands each job to one worker", async () => {
    const jobs = db.map<string>("jobs");
    const take = async (): Promise<string> => {
      for (;;) {
        const job = await db.transaction((tx) => {
          const inside = tx.map<string>("jobs");
          for (const [key, value] of inside.range({ limit: 1 })) {
            inside.delete(key);
            return value;
          }
          return undefined;
        });
        if (job !== undefined) {
          return job;
        }
        await jobs.nextChange();
      }
    };
    const taken = Promise.all(Array.from({ length: 5 }, take));
    for (let n = 0; n < 5; n++) {
      await null;
      jobs.put(`job ${n}`, `work ${n}`);
    }
    expect((await taken).sort()).toEqual([0, 1, 2, 3, 4].map((n) => `work ${n}`));
    expect(jobs.count()).toBe(0);
  });

  it("ends with the signal's reason, before and while waiting, and waits for nothing then", async () => {
    await expect(map.nextChange({ signal: AbortSignal.abort(new Error("early")) })).rejects.toThrow("early");
    const controller = new AbortController();
    const change = map.nextChange({ signal: controller.signal });
    controller.abort(new Error("late"));
    await expect(change).rejects.toThrow("late");
    expect(db.store.waiters.count).toBe(0);
    const woken = map.nextChange({ signal: new AbortController().signal });
    map.put("k", 1);
    await woken;
    expect(db.store.waiters.count).toBe(0);
  });

  it("ends with CLOSED when the database closes", async () => {
    const change = codeOfAsync(() => map.nextChange());
    db.close();
    expect(await change).toBe("CLOSED");
    expect(await codeOfAsync(() => map.nextChange())).toBe("CLOSED");
  });
});
