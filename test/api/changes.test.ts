import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommitChanges } from "../../src/index.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { ManualClock } from "./manual-clock.ts";
import { codeOfAsync, KEPT_PLACES, PLACES, type Place } from "./places.ts";

const RETAIN = { retainLogBytes: 1 << 26 };

/** Items of the feed up to and with the commit `until`. */
async function collect(feed: AsyncIterable<CommitChanges>, until: number): Promise<CommitChanges[]> {
  const items: CommitChanges[] = [];
  for await (const item of feed) {
    items.push(item);
    if (item.commit >= until && item.isWhole) {
      break;
    }
  }
  return items;
}

describe.each(PLACES)("changes on $name", ({ make }) => {
  let place: Place;
  let db: Database;

  beforeEach(() => {
    place = make();
    db = place.open({ ...RETAIN, segmentBytes: 64 * 1024 });
  });

  afterEach(() => {
    db.close();
    place[Symbol.dispose]();
  });

  it("gives every commit since a number, in order, each once", async () => {
    const map = db.map("m", { key: "tuple", value: "bytes" });
    const since = db.lastCommit;
    map.put(["a", 1], Uint8Array.of(1));
    db.write((tx) => {
      tx.map("m", { key: "tuple" }).delete(["a", 1]);
      tx.map<{ n: number }>("json").put("k", { n: 1 });
    });
    const items = await collect(db.changes({ since }), db.lastCommit);
    expect(items.map(({ commit, changes, isWhole }) => ({ commit, changes, isWhole }))).toEqual([
      {
        commit: since + 1,
        changes: [{ map: "m", type: "put", key: ["a", 1], value: Uint8Array.of(1) }],
        isWhole: true,
      },
      {
        commit: since + 2,
        changes: [
          { map: "m", type: "delete", key: ["a", 1], value: undefined },
          { map: "json", type: "put", key: "k", value: { n: 1 } },
        ],
        isWhole: true,
      },
    ]);
  });

  it("begins with what comes, without since", async () => {
    db.map<number>("m").put("before", 1);
    const feed = db.changes();
    const first = feed.next();
    db.map<number>("m").put("after", 2);
    expect((await first).value).toMatchObject({ changes: [{ key: "after" }] });
    await feed.return();
  });

  it("goes on as commits come, through rotations and checkpoints", async () => {
    const map = db.map<number>("m");
    const since = db.lastCommit;
    const consumer = collect(db.changes({ since }), since + 300);
    for (let n = 0; n < 300; n++) {
      map.put(`k${n}`, n);
      if (n % 100 === 50) {
        await db.checkpoint();
      }
    }
    const items = await consumer;
    expect(items.map(({ commit }) => commit)).toEqual(Array.from({ length: 300 }, (_, n) => since + 1 + n));
    expect(items.flatMap(({ changes }) => changes.map(({ value }) => value))).toEqual(
      Array.from({ length: 300 }, (_, n) => n),
    );
  });

  it("gives the last of several writes to a key in one commit", async () => {
    const map = db.map<number>("m");
    const since = db.lastCommit;
    db.write((tx) => {
      tx.map<number>("m").put("k", 1);
      tx.map<number>("m").put("k", 2);
      tx.map<number>("m").put("gone", 1);
      tx.map<number>("m").delete("gone");
    });
    const [item] = await collect(db.changes({ since }), db.lastCommit);
    expect(item!.changes).toEqual([
      { map: "m", type: "put", key: "k", value: 2 },
      { map: "m", type: "delete", key: "gone", value: undefined },
    ]);
    expect(map.get("k")).toBe(2);
  });

  it("gives only the maps asked for", async () => {
    db.map<number>("a");
    db.map<number>("b");
    db.map<number>("c");
    const since = db.lastCommit;
    for (let n = 0; n < 4; n++) {
      db.map<number>("abc"[n % 3]!).put("k", n);
    }
    const maps = async (of: string | string[]) =>
      (await collect(db.changes({ since, of }), db.lastCommit)).flatMap(({ changes }) => changes.map(({ map }) => map));
    expect(await maps("a")).toEqual(["a", "a"]);
    expect(await maps(["b", "a"])).toEqual(["a", "b", "a"]);
  });

  it("gives a large commit in parts, of which the last is whole", async () => {
    db.map<number>("m");
    const since = db.lastCommit;
    db.write((tx) => {
      for (let n = 0; n < 2500; n++) {
        tx.map<number>("m").put(`k${String(n).padStart(4, "0")}`, n);
      }
    });
    db.map<number>("m").put("next", 1);
    const items = await collect(db.changes({ since }), db.lastCommit);
    expect(items.map(({ commit, changes, isWhole }) => [commit - since, changes.length, isWhole])).toEqual([
      [1, 1024, false],
      [1, 1024, false],
      [1, 452, true],
      [2, 1, true],
    ]);
    expect(items.slice(0, 3).flatMap(({ changes }) => changes.map(({ value }) => value))).toEqual(
      Array.from({ length: 2500 }, (_, n) => n),
    );
  });

  it("tells when each commit was made", async () => {
    db.close();
    const clock = new ManualClock(5000);
    db = place.open({ ...RETAIN, checkpoints: "inline" }, clock);
    const map = db.map<number>("m");
    const since = db.lastCommit;
    map.put("a", 1);
    clock.pass(1500);
    map.put("b", 2);
    const items = await collect(db.changes({ since }), db.lastCommit);
    expect(items.map(({ time }) => time)).toEqual([5000, 6500]);
  });

  it("reads back over checkpoints for as long as the log is retained, and says where it is not", async () => {
    const map = db.map<number>("m");
    const since = db.lastCommit;
    for (let n = 0; n < 5; n++) {
      map.put("k", n);
      await db.checkpoint();
    }
    const items = await collect(db.changes({ since }), db.lastCommit);
    expect(items.map(({ changes }) => changes[0]!.value)).toEqual([0, 1, 2, 3, 4]);
    db.close();
    db = place.open({ retainLogBytes: 0 });
    db.map<number>("m").put("k", 5);
    await db.checkpoint();
    await expect(db.changes({ since: 0 }).next()).rejects.toMatchObject({ code: "INVALID", facts: { commit: 0 } });
  });

  it("refuses numbers that are none, or are to come", async () => {
    db.map<number>("m").put("k", 1);
    for (const since of [-1, 1.5, Number.NaN, db.lastCommit + 1]) {
      expect(await codeOfAsync(() => db.changes({ since }).next())).toBe("INVALID");
    }
  });

  it("ends with the signal's reason, while it waits and between items", async () => {
    const controller = new AbortController();
    const waiting = db.changes({ signal: controller.signal }).next();
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(db.changes({ signal: AbortSignal.abort(new Error("early")) }).next()).rejects.toThrow("early");
    db.map<number>("m").put("a", 1);
    db.map<number>("m").put("b", 1);
    const second = new AbortController();
    const feed = db.changes({ since: db.lastCommit - 2, signal: second.signal });
    await feed.next();
    second.abort(new Error("between"));
    await expect(feed.next()).rejects.toThrow("between");
  });

  it("gives nothing once the signal has fired, though there are changes", async () => {
    const map = db.map<number>("m");
    const since = db.lastCommit;
    map.put("a", 1);
    const aborted = db.changes({ since, signal: AbortSignal.abort(new Error("early")) });
    await expect(aborted.next()).rejects.toThrow("early");
    const controller = new AbortController();
    const waiting = db.changes({ signal: controller.signal }).next();
    map.put("b", 1);
    controller.abort(new Error("meanwhile"));
    await expect(waiting).rejects.toThrow("meanwhile");
  });

  it("ends with CLOSED when the database closes", async () => {
    const feed = db.changes();
    const waiting = codeOfAsync(() => feed.next());
    db.close();
    expect(await waiting).toBe("CLOSED");
    expect(await codeOfAsync(() => db.changes().next())).toBe("CLOSED");
  });

  it("gives bytes for maps with codecs of their own", async () => {
    const codec = { encode: (n: number) => Uint8Array.of(n), decode: (bytes: Uint8Array) => bytes[0]! };
    const map = db.map("custom", { key: codec, value: codec });
    const since = db.lastCommit;
    map.put(7, 8);
    const [item] = await collect(db.changes({ since }), db.lastCommit);
    expect(item!.changes).toEqual([{ map: "custom", type: "put", key: Uint8Array.of(7), value: Uint8Array.of(8) }]);
  });
});

describe.each(KEPT_PLACES)("changes on $name, opened again", ({ make }) => {
  it("a consumer goes on from the number that it kept, and misses nothing", async () => {
    using place = make();
    let since = 0;
    let total = 0;
    for (let life = 0; life < 3; life++) {
      using db = place.open({ ...RETAIN, segmentBytes: 64 * 1024 });
      const map = db.map<number>("m");
      for (let n = 0; n < 20; n++) {
        map.put(`k${n}`, life * 20 + n);
      }
      const values: unknown[] = [];
      for (const { commit, changes } of await collect(db.changes({ since, of: "m" }), db.lastCommit - 5)) {
        values.push(...changes.map(({ value }) => value));
        since = commit;
      }
      expect(values).toEqual(Array.from({ length: values.length }, (_, n) => total + n));
      total += values.length;
    }
    expect(total).toBe(55);
  });
});
