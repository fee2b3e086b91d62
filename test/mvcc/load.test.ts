import { describe, expect, test } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import { DbError } from "../../src/errors.ts";
import type { Change, Database } from "../../src/mvcc/index.ts";
import { MemoryDisk, PAGE_SIZE } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { BACKENDS, codeOfAsync, contentsOf, openOnDisk, Place, sortedEntries } from "./places.ts";

const text = { value: "string" } as const;

async function* later<T>(entries: Iterable<T>): AsyncGenerator<T, void> {
  for (const entry of entries) {
    yield entry;
  }
}

async function errorOf(promise: Promise<unknown>): Promise<DbError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(DbError);
  return error as DbError;
}

function textMap(db: Database, name: string) {
  return db.map(name, text);
}

describe.each(BACKENDS)("on %s", (backend) => {
  test("what is loaded is there at once, counted, ordered, and stays", async () => {
    using place = new Place(backend);
    const db = place.open();
    const map = textMap(db, "loaded");
    const before = db.lastCommit;
    const told: number[] = [];
    const result = await map.load(sortedEntries(20_000), { onProgress: (entries) => told.push(entries) });
    expect(result).toEqual({ entries: 20_000, commit: before + 1 });
    expect(db.lastCommit).toBe(result.commit);
    expect(told.at(-1)).toBe(20_000);
    expect(told.length).toBeGreaterThan(3);
    expect(map.count()).toBe(20_000);
    expect([...map.range()]).toEqual([...sortedEntries(20_000)]);
    map.put("k000000005", "changed");
    map.delete("k000000006");
    await db.check();
    if (backend !== "memory") {
      db.close();
      using again = place.open();
      expect(again.map("loaded", text).get("k000000005")).toBe("changed");
      expect(again.map("loaded", text).count()).toBe(19_999);
      await again.check();
    }
  });

  test("large values, JSON, numbers, bytes, and asynchronous entries", async () => {
    using place = new Place(backend);
    using db = place.open();
    const large = textMap(db, "large");
    const values = [10_000, 5, 300_000, 0].map((length, i): [string, string] => [`${i}`, "v".repeat(length)]);
    await large.load(later(values));
    expect([...large.range()]).toEqual(values);
    const json = db.map<{ n: number }>("json", { key: "number" } as const);
    await json.load(Array.from({ length: 3000 }, (_, n) => [n - 1000, { n }] as [number, { n: number }]));
    expect(json.get(-1000)).toEqual({ n: 0 });
    const bytes = db.map("bytes", { key: "bytes", value: "bytes" });
    await bytes.load([[Uint8Array.of(1), new Uint8Array(9000).fill(7)]]);
    expect(bytes.get(Uint8Array.of(1))).toEqual(new Uint8Array(9000).fill(7));
    await db.check();
  });

  test("other maps are written to meanwhile, and checkpoints follow", async () => {
    using place = new Place(backend);
    using db = place.open();
    const other = textMap(db, "other");
    const map = textMap(db, "loaded");
    let written = 0;
    const loading = map.load(sortedEntries(20_000), {
      onProgress: () => other.put(`${written++}`, "x".repeat(5000)),
    });
    expect((await loading).entries).toBe(20_000);
    await db.checkpoint();
    map.put("z", "after");
    await db.checkpoint();
    expect(other.count()).toBe(written);
    expect(map.count()).toBe(20_001);
    await db.check();
  });

  test("a checkpoint worker that has read the pages before reads them anew", async () => {
    using place = new Place(backend);
    using db = place.open({ segmentBytes: 1024 * 1024 });
    const rewrite = async (name: string, value: string) => {
      db.write((tx) => {
        const map = tx.map(name, text);
        for (let i = 0; i < 4000; i += 40) {
          map.put(`k${String(i).padStart(9, "0")}`, value);
        }
      });
      await db.checkpoint();
    };
    await textMap(db, "first").load(sortedEntries(4000));
    await rewrite("first", "one");
    await rewrite("first", "two");
    db.drop("first");
    await db.checkpoint();
    const pages = db.stats().pages;
    await textMap(db, "second").load(sortedEntries(4000, 90));
    expect(db.stats().pages).toBeLessThan(pages + 8);
    await rewrite("second", "three");
    await db.check();
    const map = textMap(db, "second");
    expect([...map.range()].filter(([, value]) => value === "three").length).toBe(100);
    expect([...map.range()].filter(([, value]) => value.endsWith("xx")).length).toBe(3900);
  });

  test("nothing remains of a load that fails or is aborted", async () => {
    using place = new Place(backend);
    using db = place.open();
    const map = textMap(db, "loaded");
    await map.load([["only", "one"]]);
    map.delete("only");
    await db.checkpoint();
    const pages = db.stats().pages;
    const controller = new AbortController();
    const reason = new Error("enough");
    const aborted = map.load(sortedEntries(50_000), {
      signal: controller.signal,
      onProgress: (entries) => entries > 10_000 && controller.abort(reason),
    });
    await expect(aborted).rejects.toBe(reason);
    const broken = function* (): Generator<[string, string], void> {
      yield* sortedEntries(20_000);
      throw new RangeError("no more");
    };
    await expect(map.load(broken())).rejects.toThrow("no more");
    expect(map.count()).toBe(0);
    expect(db.stats().pages).toBe(pages);
    await db.check();
    expect((await map.load(sortedEntries(100))).entries).toBe(100);
    await db.check();
  });
});

describe("a load refuses", () => {
  test("entries that are out of order, saying which", async () => {
    using db = openOnDisk(new MemoryDisk());
    const map = textMap(db, "m");
    const error = await errorOf(
      map.load([
        ["a", ""],
        ["c", ""],
        ["b", ""],
      ] as [string, string][]),
    );
    expect(error.code).toBe("INVALID");
    expect(error.facts).toEqual({ map: "m", position: 2, key: '"b"', previous: '"c"' });
    const twice = await errorOf(
      map.load([
        ["a", ""],
        ["a", ""],
      ] as [string, string][]),
    );
    expect(twice.facts.position).toBe(1);
    expect((await errorOf(map.load([["a"]] as never))).code).toBe("INVALID");
    expect((await errorOf(map.load([null] as never))).code).toBe("INVALID");
    expect((await errorOf(map.load([[5, ""]] as never))).code).toBe("INVALID");
    expect(map.count()).toBe(0);
  });

  test("a map that is not empty", async () => {
    using db = openOnDisk(new MemoryDisk());
    const map = textMap(db, "m");
    map.put("a", "1");
    expect((await errorOf(map.load(sortedEntries(1)))).code).toBe("INVALID");
    await db.checkpoint();
    expect((await errorOf(map.load(sortedEntries(1)))).code).toBe("INVALID");
    map.delete("a");
    await map.load(sortedEntries(1));
    expect((await errorOf(map.load(sortedEntries(1)))).code).toBe("INVALID");
    expect((await errorOf(map.load([]))).code).toBe("INVALID");
  });

  test("deadlines, transactions, snapshots, read-only and closed databases", async () => {
    const disk = new MemoryDisk();
    const db = openOnDisk(disk);
    const map = textMap(db, "m");
    expect((await errorOf(map.load([], { ttl: 5 } as object))).code).toBe("UNSUPPORTED");
    expect((await errorOf(map.load([["a", "b", { ttl: 5 }]] as never))).code).toBe("UNSUPPORTED");
    using snapshot = db.snapshot();
    expect((await errorOf(snapshot.map("m", text).load([]))).code).toBe("INVALID");
    await db.transaction(async (tx) => {
      expect((await errorOf(tx.map("m", text).load([]))).code).toBe("INVALID");
    });
    let inside: Promise<unknown> = Promise.resolve();
    db.write(() => {
      inside = map.load(sortedEntries(1));
      inside.catch(() => {});
    });
    expect(await codeOfAsync(inside)).toBe("INVALID");
    snapshot.close();
    db.close();
    expect((await errorOf(map.load([]))).code).toBe("CLOSED");
    using reader = openOnDisk(disk, { readOnly: true });
    expect((await errorOf(reader.map("m", text).load([]))).code).toBe("READONLY");
  });
});

describe("while a load runs", () => {
  test("writes to its map are a conflict, and it is dropped or closed under it without harm", async () => {
    const disk = new MemoryDisk();
    const db = openOnDisk(disk);
    const map = textMap(db, "m");
    const codes = new Set<string>();
    await map.load(sortedEntries(9000), {
      onProgress: () => {
        try {
          map.put("a", "b");
        } catch (error) {
          codes.add((error as DbError).code);
        }
      },
    });
    expect([...codes]).toEqual(["CONFLICT"]);
    expect(map.count()).toBe(9000);

    const dropped = textMap(db, "dropped");
    const code = codeOfAsync(dropped.load(sortedEntries(9000), { onProgress: () => db.drop("dropped") }));
    expect(await code).toBe("INVALID");
    await db.check();

    const closed = textMap(db, "closed");
    const closing = codeOfAsync(closed.load(sortedEntries(9000), { onProgress: () => db.close() }));
    expect(await closing).toBe("CLOSED");
    using again = openOnDisk(disk);
    expect(again.maps()).toEqual(["closed", "m"]);
    expect(again.map("closed", text).count()).toBe(0);
    await again.check();
  });

  test("two loads, checkpoints and a backup take their turns", async () => {
    using db = openOnDisk(new MemoryDisk());
    const results = await Promise.all([
      textMap(db, "one").load(sortedEntries(5000)),
      textMap(db, "two").load(later(sortedEntries(4000))),
      db.checkpoint(),
      textMap(db, "three").load(sortedEntries(0)),
    ]);
    expect(results.map((result) => result?.entries)).toEqual([5000, 4000, undefined, 0]);
    expect(textMap(db, "two").count()).toBe(4000);
    await db.check();
  });
});

describe("a load is one commit", () => {
  test("snapshots of before do not see it, and none can be had of before afterwards", async () => {
    using db = openOnDisk(new MemoryDisk());
    const map = textMap(db, "m");
    textMap(db, "n").put("a", "b");
    const before = db.lastCommit;
    using snapshot = db.snapshot();
    const { commit } = await map.load(sortedEntries(10));
    expect(snapshot.map("m", text).count()).toBe(0);
    expect(() => db.snapshot({ at: before })).toThrow(DbError);
    using at = db.snapshot({ at: commit });
    expect(at.map("m", text).count()).toBe(10);
  });

  test("a transaction that used the map before conflicts with it", async () => {
    using db = openOnDisk(new MemoryDisk());
    const map = textMap(db, "m");
    textMap(db, "n");
    const writer = db.begin();
    writer.map("m", text).put("k000000003", "mine");
    const reader = db.begin({ isolation: "serializable" });
    expect(reader.map("m", text).count()).toBe(0);
    reader.map("n", text).put("seen", "none");
    const bystander = db.begin({ isolation: "serializable" });
    bystander.map("n", text).put("else", "where");
    await map.load(sortedEntries(10));
    expect(await codeOfAsync(writer.commit())).toBe("CONFLICT");
    expect(await codeOfAsync(reader.commit())).toBe("CONFLICT");
    await bystander.commit();
    expect(map.get("k000000003")).toMatch(/^3:/);
    await db.transaction((tx) => tx.map("m", text).put("k000000003", "mine"));
    expect(map.get("k000000003")).toBe("mine");
  });

  test("the change feed and those who wait learn of it", async () => {
    using db = openOnDisk(new MemoryDisk());
    const map = textMap(db, "m");
    const next = map.nextChange();
    const feed = db.changes({ of: "m" })[Symbol.asyncIterator]();
    const first = feed.next();
    const { commit } = await map.load(sortedEntries(10));
    expect(await next).toBe(commit);
    const { value } = await first;
    const change: Change = { map: "m", type: "load", key: undefined, value: undefined };
    expect(value).toMatchObject({ commit, changes: [change], isWhole: true });
    await feed.return(undefined);
  });

  test("what a map was loaded with goes when it is dropped", async () => {
    const disk = new MemoryDisk();
    const db = openOnDisk(disk);
    await textMap(db, "m").load(sortedEntries(5000));
    const { id } = db.store.catalog.find("m")!;
    expect(db.store.catalog.loadedAt(id)).toBeGreaterThan(0);
    db.drop("m");
    expect(db.store.catalog.loadedAt(id)).toBe(0);
    await textMap(db, "m").load(sortedEntries(10));
    expect(textMap(db, "m").count()).toBe(10);
    await db.checkpoint();
    await db.check();
    db.close();
    using again = openOnDisk(disk);
    expect(again.store.catalog.lastLoad).toBeGreaterThan(0);
    expect(contentsOf(again)).toContain("k000000009");
  });
});

test("a crash at any moment leaves all of it or nothing, and no page is lost", async () => {
  const disk = new CrashDisk();
  const db = openOnDisk(disk, { durability: "sync" });
  const map = textMap(db, "m");
  textMap(db, "n").put("a", "b");
  await db.checkpoint();
  const begun = disk.operations;
  const entries = [...sortedEntries(400), ["large", "v".repeat(20_000)] as [string, string]];
  await map.load(entries);
  const acknowledged = disk.operations;
  db.close();
  const rng = seededRng(3);
  const seen = { all: 0, nothing: 0 };
  for (let at = begun; at <= disk.operations; at++) {
    for (const image of disk.images(rng, 4, at)) {
      const after = openOnDisk(image);
      const count = textMap(after, "m").count();
      expect([0, entries.length]).toContain(count);
      expect(at < acknowledged || count > 0).toBe(true);
      seen[count === 0 ? "nothing" : "all"]++;
      expect(textMap(after, "n").get("a")).toBe("b");
      await after.check();
      after.close();
    }
  }
  expect(seen.all).toBeGreaterThan(5);
  expect(seen.nothing).toBeGreaterThan(5);
});

test("what a crash left behind the last version is cut when the database is opened", async () => {
  const disk = new CrashDisk();
  const db = openOnDisk(disk);
  const map = textMap(db, "m");
  await db.checkpoint();
  let before = 0;
  await map.load(sortedEntries(20_000), {
    onProgress: () => {
      before ||= disk.operations;
    },
  });
  const image = new CrashDisk({ from: disk.image(seededRng(1), before + 3) });
  const sizeOf = () => {
    const file = image.open("pages.000", "read");
    const size = file.sizeBytes();
    file.close();
    return size;
  };
  const left = sizeOf();
  const after = openOnDisk(image);
  expect(textMap(after, "m").count()).toBe(0);
  expect(sizeOf()).toBe(after.stats().pages * PAGE_SIZE);
  expect(sizeOf()).toBeLessThanOrEqual(left);
});

test("whatever call fails, the load is there or not, and the database whole", async () => {
  const run = async (plan: object): Promise<{ disk: MemoryDisk; calls: number; outcome: string }> => {
    const inner = new MemoryDisk();
    const db = openOnDisk(inner);
    textMap(db, "m");
    await db.checkpoint();
    db.close();
    const disk = new FaultDisk(inner, plan);
    let outcome = "";
    try {
      const again = openOnDisk(disk);
      outcome = await codeOfAsync(textMap(again, "m").load([...sortedEntries(300), ["z", "v".repeat(20_000)]]));
      again.close();
    } catch (error) {
      outcome ||= (error as DbError).code;
    }
    disk.heal();
    return { disk: inner, calls: disk.calls, outcome };
  };
  const { calls } = await run({});
  const outcomes = new Set<string>();
  for (let failAt = 1; failAt <= calls; failAt++) {
    const { disk, outcome } = await run({ failAt });
    outcomes.add(outcome);
    disk.unlock();
    using after = openOnDisk(disk);
    const count = textMap(after, "m").count();
    expect(outcome === "nothing thrown" ? [301] : [0, 301]).toContain(count);
    await after.check();
  }
  expect(outcomes).toContain("IO");
});
