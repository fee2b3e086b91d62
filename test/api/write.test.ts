import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database, WriteTransaction } from "../../src/mvcc/index.ts";
import { codeOf, PLACES, type Place } from "./places.ts";

describe.each(PLACES)("db.write on $name", ({ make }) => {
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

  it("is one commit, whatever it writes, and returns what its callback returns", () => {
    db.map("a");
    db.map("b");
    const before = db.lastCommit;
    const result = db.write((tx) => {
      tx.map("a").put("k", 1);
      tx.map("b").put("k", 2);
      tx.map("a").delete("k");
      return "done";
    });
    expect([result, db.lastCommit]).toEqual(["done", before + 1]);
    expect([[...db.map("a")], [...db.map("b")]]).toEqual([[], [["k", 2]]]);
  });

  it("is no commit where nothing was written", () => {
    const before = db.lastCommit;
    db.write(() => {});
    expect(db.lastCommit).toBe(before);
  });

  it("reads its own writes: get, has, ranges, counts", () => {
    const map = db.map<number>("m");
    map.put("a", 1);
    map.put("b", 2);
    db.write((tx) => {
      const inside = tx.map<number>("m");
      inside.put("b", 20);
      inside.put("c", 30);
      inside.delete("a");
      expect([inside.get("a"), inside.get("b"), inside.has("c")]).toEqual([undefined, 20, true]);
      expect([...inside]).toEqual([
        ["b", 20],
        ["c", 30],
      ]);
      expect([...inside.range({ reverse: true }).keys()]).toEqual(["c", "b"]);
      expect([inside.count(), inside.count({ gt: "b" })]).toEqual([2, 1]);
    });
    expect(map.count()).toBe(2);
  });

  it("leaves nothing behind when its callback throws", () => {
    const map = db.map<number>("m");
    map.put("a", 1);
    const before = db.lastCommit;
    expect(() =>
      db.write((tx) => {
        tx.map<number>("m").put("a", 2);
        tx.map<number>("m").put("b", 2);
        tx.map("made inside").put("k", 1);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect([...map]).toEqual([["a", 1]]);
    expect([db.lastCommit, db.maps()]).toEqual([before, ["m"]]);
    db.map("made inside", { value: "bytes" }).put("k", Uint8Array.of(1));
    expect(db.map("made inside").get("k")).toEqual(Uint8Array.of(1));
  });

  it("refuses a map handle that was made in a transaction that rolled back", () => {
    let kept: ReturnType<typeof db.map> | undefined;
    expect(() =>
      db.write((tx) => {
        kept = tx.map("lost");
        throw new Error("no");
      }),
    ).toThrow("no");
    db.write((tx) => {
      expect(codeOf(() => kept!.put("k", 1))).toBe("INVALID");
      tx.map("lost").put("k", 2);
    });
    expect([...db.map("lost")]).toEqual([["k", 2]]);
  });

  it("refuses async callbacks, and keeps nothing of them", () => {
    const map = db.map<number>("m");
    const work = async (tx: WriteTransaction) => {
      tx.map<number>("m").put("k", 1);
    };
    expect(codeOf(() => db.write(work))).toBe("INVALID");
    expect(map.count()).toBe(0);
  });

  it("is not to be nested, nor mixed with writes past it; what came before stays in it", () => {
    const map = db.map<number>("m");
    db.write((tx) => {
      tx.map<number>("m").put("a", 1);
      expect(codeOf(() => db.write(() => {}))).toBe("INVALID");
      expect(codeOf(() => map.put("b", 2))).toBe("INVALID");
      expect(codeOf(() => map.delete("a"))).toBe("INVALID");
      expect(codeOf(() => db.map("another"))).toBe("INVALID");
      expect(codeOf(() => db.drop("m"))).toBe("INVALID");
      expect(codeOf(() => db.close())).toBe("INVALID");
      tx.map<number>("m").put("c", 3);
    });
    expect([...map]).toEqual([
      ["a", 1],
      ["c", 3],
    ]);
    expect(db.maps()).toEqual(["m"]);
  });

  it("shows the database outside as it was before", () => {
    const map = db.map<number>("m");
    map.put("a", 1);
    db.write((tx) => {
      tx.map<number>("m").put("a", 2);
      expect([map.get("a"), [...map.range().values()], map.count()]).toEqual([1, [1], 1]);
      using snapshot = db.snapshot();
      expect(snapshot.map("m").get("a")).toBe(1);
    });
    expect(map.get("a")).toBe(2);
  });

  it("is over when its callback has returned", () => {
    let kept: WriteTransaction | undefined;
    db.write((tx) => {
      kept = tx;
      tx.map("m");
    });
    expect(codeOf(() => kept!.map("m").get("k"))).toBe("CLOSED");
    expect(codeOf(() => kept!.map("another"))).toBe("CLOSED");
    expect(codeOf(() => kept!.savepoint())).toBe("CLOSED");
    expect(codeOf(() => kept!.rollbackTo(0))).toBe("CLOSED");
  });

  describe("savepoints", () => {
    it("take back what came after them, nested and repeatedly", () => {
      const map = db.map<string>("m");
      db.write((tx) => {
        const inside = tx.map<string>("m");
        inside.put("kept", "1");
        const first = tx.savepoint();
        inside.put("kept", "2");
        inside.put("lost", "2");
        const second = tx.savepoint();
        inside.delete("kept");
        tx.rollbackTo(second);
        expect([inside.get("kept"), inside.get("lost")]).toEqual(["2", "2"]);
        tx.rollbackTo(second);
        tx.rollbackTo(first);
        expect([...inside]).toEqual([["kept", "1"]]);
        inside.put("after", "3");
        tx.rollbackTo(first);
        inside.put("end", "4");
      });
      expect([...map]).toEqual([
        ["end", "4"],
        ["kept", "1"],
      ]);
    });

    it("take back maps that were made after them", () => {
      db.write((tx) => {
        const start = tx.savepoint();
        const lost = tx.map("lost");
        lost.put("k", 1);
        tx.rollbackTo(start);
        expect(codeOf(() => lost.put("k", 2))).toBe("INVALID");
        tx.map("kept").put("k", 3);
      });
      expect(db.maps()).toEqual(["kept"]);
    });

    it("hold while the transaction outgrows its segment", () => {
      const map = db.map<string>("m");
      const text = "x".repeat(1000);
      db.write((tx) => {
        const inside = tx.map<string>("m");
        inside.put("first", text);
        const start = tx.savepoint();
        for (let n = 0; n < 300; n++) {
          inside.put(`key ${n}`, text);
        }
        tx.rollbackTo(start);
        inside.put("last", text);
      });
      expect([...map.range().keys()]).toEqual(["first", "last"]);
    });

    it("that are none, or are gone, are INVALID and change nothing", () => {
      const map = db.map<number>("m");
      db.write((tx) => {
        const inside = tx.map<number>("m");
        const first = tx.savepoint();
        inside.put("a", 1);
        const second = tx.savepoint();
        inside.put("b", 2);
        tx.rollbackTo(first);
        inside.put("c", 3);
        for (const savepoint of [second, 0, -1, 1.5, Number.NaN, 1e9, "x" as unknown as number]) {
          expect(codeOf(() => tx.rollbackTo(savepoint))).toBe("INVALID");
        }
        inside.put("d", 4);
      });
      expect([...map.range().keys()]).toEqual(["c", "d"]);
    });

    it("of an earlier transaction are INVALID", () => {
      const savepoint = db.write((tx) => {
        tx.map("m").put("a", 1);
        return tx.savepoint();
      });
      db.write((tx) => {
        tx.map("m").put("b", 2);
        expect(codeOf(() => tx.rollbackTo(savepoint))).toBe("INVALID");
      });
      expect(db.map("m").count()).toBe(2);
    });

    it("end the scans that were open", () => {
      const map = db.map<number>("m");
      map.put("a", 1);
      map.put("b", 2);
      db.write((tx) => {
        const start = tx.savepoint();
        const iterator = tx.map<number>("m").range()[Symbol.iterator]();
        iterator.next();
        tx.rollbackTo(start);
        expect(codeOf(() => iterator.next())).toBe("CLOSED");
      });
      expect(db.stats().openSnapshots).toBe(0);
    });
  });

  it("may change what it iterates over, in one segment and across several", () => {
    const map = db.map<string>("m");
    const keys = Array.from({ length: 200 }, (_, n) => `k${String(n).padStart(3, "0")}`);
    db.write((tx) => {
      for (const key of keys) {
        tx.map<string>("m").put(key, "old");
      }
    });
    db.write((tx) => {
      const inside = tx.map<string>("m");
      const seen: string[] = [];
      for (const [key] of inside) {
        seen.push(key);
        inside.put(key, "x".repeat(5000));
      }
      expect(seen).toEqual(keys);
    });
    expect([...map.range().values()].every((value) => value.length === 5000)).toBe(true);
  });

  it("may change what it iterates over although no memory is kept for readers", () => {
    db.close();
    db = place.open({ segmentBytes: 64 * 1024, snapshotMemoryBytes: 0, checkpoints: "inline" });
    const map = db.map<string>("m");
    const keys = Array.from({ length: 100 }, (_, n) => `k${String(n).padStart(3, "0")}`);
    for (const key of keys) {
      map.put(key, "old");
    }
    db.write((tx) => {
      const inside = tx.map<string>("m");
      const seen: string[] = [];
      for (const [key] of inside) {
        seen.push(key);
        inside.put(`behind ${key}`, "x".repeat(20_000));
      }
      expect(seen).toEqual(keys);
    });
    expect(map.count()).toBe(200);
  });

  it("takes values from no bytes to many megabytes", async () => {
    const map = db.map("m", { key: "number", value: "bytes" });
    const lengths = [0, 1, 3800, 3900, 4000, 8192, 70_000, 1 << 20, 12_000_000];
    const bytesOf = (n: number, length: number) => new Uint8Array(length).fill(n + 1);
    for (const [n, length] of lengths.entries()) {
      map.put(n, bytesOf(n, length));
    }
    const verify = () => {
      for (const [n, length] of lengths.entries()) {
        expect(Buffer.compare(map.get(n)!, bytesOf(n, length))).toBe(0);
      }
      expect([...map.range().values()].map((value) => value.length)).toEqual(lengths);
    };
    verify();
    await db.checkpoint();
    verify();
    for (const n of [6, 7, 8]) {
      map.put(n, new Uint8Array(0));
    }
    await db.checkpoint();
    expect([...map.range({ gte: 6 }).values()].map((value) => value.length)).toEqual([0, 0, 0]);
    await db.check();
  });

  it("takes transactions larger than a segment", async () => {
    const map = db.map<string>("m");
    const count = 3000;
    const write = (text: string) =>
      db.write((tx) => {
        for (let n = 0; n < count; n++) {
          tx.map<string>("m").put(`key ${n % 1500}`, `${text} ${n}`.padEnd(200, "."));
        }
      });
    write("first");
    write("second");
    expect(map.count()).toBe(1500);
    expect(map.get("key 7")).toBe("second 1507".padEnd(200, "."));
    expect(() => {
      write("third");
      db.write(() => {
        throw new Error("never");
      });
    }).toThrow("never");
    await db.checkpoint();
    expect(map.get("key 7")).toBe("third 1507".padEnd(200, "."));
    await db.check();
  });

  it("rolls transactions larger than a segment back", async () => {
    const map = db.map<string>("m");
    map.put("key", "before");
    expect(() =>
      db.write((tx) => {
        for (let n = 0; n < 3000; n++) {
          tx.map<string>("m").put(n === 0 ? "key" : `key ${n}`, "x".repeat(200));
        }
        throw new Error("no");
      }),
    ).toThrow("no");
    expect([...map]).toEqual([["key", "before"]]);
    map.put("after", "it");
    await db.checkpoint();
    expect([...map]).toEqual([
      ["after", "it"],
      ["key", "before"],
    ]);
    await db.check();
  });

  it("refuses durabilities that there are not", () => {
    expect(codeOf(() => db.write(() => {}, { durability: "eventual" as "sync" }))).toBe("INVALID");
  });
});
