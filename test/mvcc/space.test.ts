/** Space: what a reader that stays open costs, what comes back, and what a full disk does. */
import { describe, expect, it } from "vitest";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import type { DbError } from "../../src/errors.ts";
import { type Database, type OpenOptions, openOn } from "../../src/mvcc/index.ts";
import { type Disk, MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { ManualClock } from "../api/manual-clock.ts";
import { codeOf } from "../api/places.ts";
import { copyOf } from "./disk-copy.ts";

const SEGMENT_BYTES = 64 * 1024;

function openMemory(disk: Disk, options: OpenOptions = {}): Database {
  const seams = { disk, clock: new ManualClock(), rng: seededRng(1) };
  return openOn(
    seams,
    { segmentBytes: SEGMENT_BYTES, cacheBytes: 1 << 20, checkpoints: "inline", ...options },
    "pread",
  );
}

const KEYS = 400;

/** Rewrites all keys `rounds` times, in commits of ten; the pages of the file after each round. */
function rewrite(db: Database, rounds: number): number[] {
  const pages: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let first = 0; first < KEYS; first += 10) {
      db.write((tx) => {
        for (let n = first; n < first + 10; n++) {
          tx.map<string>("m").put(`key ${n}`, `${round} `.repeat(100));
        }
      });
    }
    pages.push(db.stats().pages);
  }
  return pages;
}

describe("a heavy write load", () => {
  it("does not grow the file for ever", () => {
    const db = openMemory(new MemoryDisk());
    rewrite(db, 10);
    const settled = db.stats().pages;
    expect(Math.max(...rewrite(db, 40))).toBeLessThanOrEqual(settled * 1.5);
    db.close();
  });

  it.each(["snapshot", "transaction", "iterator"] as const)(
    "with one %s open throughout: it reads what it read, the file stays bounded, and the space comes back",
    async (kind) => {
      const alone = openMemory(new MemoryDisk());
      const without = Math.max(...rewrite(alone, 30));
      alone.close();

      const disk = new MemoryDisk();
      const db = openMemory(disk);
      rewrite(db, 3);
      const before = new Map(db.map<string>("m"));
      const snapshot = kind === "snapshot" ? db.snapshot() : undefined;
      const transaction = kind === "transaction" ? db.begin() : undefined;
      const iterator = kind === "iterator" ? db.map<string>("m").range()[Symbol.iterator]() : undefined;
      const first = iterator?.next().value;
      const during = Math.max(...rewrite(db, 30));
      // The reader holds one version of the data, not one for each checkpoint.
      expect(during).toBeLessThanOrEqual(without * 2 + 10);
      const seen = new Map<string, string>(
        iterator === undefined ? (snapshot ?? transaction)!.map<string>("m") : [first!, ...iterator],
      );
      expect(seen).toEqual(before);
      snapshot?.close();
      transaction?.rollback();
      expect(db.stats().openSnapshots).toBe(0);
      rewrite(db, 3);
      const { pages, pendingPages, freePages } = db.stats();
      expect(pages - freePages - pendingPages).toBeLessThanOrEqual(without);
      expect(pendingPages).toBeLessThan(pages / 2);
      db.close();
      const again = openMemory(disk);
      const report = await again.check();
      expect(report.pages).toBeLessThanOrEqual(Math.ceil((report.pages - report.freePages) * 1.2) + 10);
      expect(again.map("m").count()).toBe(KEYS);
      again.close();
    },
  );
});

describe("a full disk", () => {
  /** Fills the disk until a write is refused; how often `put` had succeeded by then. */
  function fill(db: Database): { written: number; error: DbError } {
    const map = db.map("fill", { key: "number", value: "bytes" });
    for (let n = 0; ; n++) {
      try {
        map.put(n, new Uint8Array(5000).fill(n));
      } catch (error) {
        return { written: n, error: error as DbError };
      }
    }
  }

  it.each([300_000, 500_000, 1_000_000])(
    "of %i bytes refuses writes with FULL and loses nothing",
    async (capacityBytes) => {
      const disk = new FaultDisk(new MemoryDisk(), { capacityBytes });
      const db = openMemory(disk);
      const { written, error } = fill(db);
      expect(error.code).toBe("FULL");
      const map = db.map("fill", { key: "number", value: "bytes" });
      expect(map.count()).toBe(written);
      expect(map.get(written)).toBeUndefined();
      expect(map.get(written - 1)).toEqual(new Uint8Array(5000).fill(written - 1));
      expect(codeOf(() => map.put(written, new Uint8Array(5000)))).toBe("FULL");
      disk.heal();
      map.put(written, new Uint8Array(5000).fill(written));
      expect(map.count()).toBe(written + 1);
      db.close();
      const again = openMemory(disk);
      expect(again.map("fill").count()).toBe(written + 1);
      await again.check();
      again.close();
    },
  );

  it("that is still full at close leaves all that was acknowledged", async () => {
    const inner = new MemoryDisk();
    const db = openMemory(new FaultDisk(inner, { capacityBytes: 400_000 }));
    const { written } = fill(db);
    expect(codeOf(() => db.close())).toMatch(/FULL|nothing was thrown/);
    expect(codeOf(() => db.maps())).toBe("CLOSED");
    const again = openMemory(copyOf(inner));
    const map = again.map("fill", { key: "number", value: "bytes" });
    expect(map.count()).toBe(written);
    expect(map.get(written - 1)).toEqual(new Uint8Array(5000).fill(written - 1));
    await again.check();
    again.close();
  });

  it("refuses a transaction whole", async () => {
    const disk = new FaultDisk(new MemoryDisk(), { capacityBytes: 400_000 });
    const db = openMemory(disk);
    db.map<number>("m").put("k", 1);
    const before = db.lastCommit;
    const attempt = () =>
      db.write((tx) => {
        for (let n = 0; n < 200; n++) {
          tx.map<string>("m").put(`key ${n}`, "x".repeat(5000));
        }
      });
    expect(codeOf(attempt)).toBe("FULL");
    expect([db.lastCommit, [...db.map("m")]]).toEqual([before, [["k", 1]]]);
    disk.heal();
    attempt();
    expect(db.map("m").count()).toBe(201);
    await db.check();
    db.close();
  });
});

describe("a failed write or sync", () => {
  it("poisons the handle, and what was acknowledged is there when it is opened again", async () => {
    const count = new FaultDisk(new MemoryDisk(), {});
    work(openMemory(count));
    for (let failAt = 5; failAt < count.calls; failAt += 3) {
      const inner = new MemoryDisk();
      const disk = new FaultDisk(inner, { failAt });
      const acknowledged = work(tryOpen(disk));
      disk.heal();
      inner.unlock();
      const again = openMemory(copyOf(inner));
      const map = again.map<number>("m");
      const found = map.count();
      expect([failAt, disk.failed, found >= acknowledged]).toEqual([failAt, disk.failed, true]);
      expect([...map.range().values()]).toEqual(Array.from({ length: found }, (_, n) => n));
      await again.check();
      again.close();
    }
  });

  function tryOpen(disk: Disk): Database | undefined {
    try {
      return openMemory(disk);
    } catch (error) {
      expect((error as DbError).code).toMatch(/IO|POISONED/);
      return undefined;
    }
  }

  /** Puts and checkpoints until something fails; how many puts were acknowledged. */
  function work(db: Database | undefined): number {
    let acknowledged = 0;
    if (db === undefined) {
      return acknowledged;
    }
    try {
      const map = db.map("m", { key: "number", value: "json" });
      for (let n = 0; n < 60; n++) {
        map.put(n, n);
        acknowledged++;
        if (n % 20 === 19) {
          db.store.writer.rotate();
        }
      }
    } catch (error) {
      expect((error as DbError).code).toMatch(/IO|POISONED/);
    }
    try {
      db.close();
    } catch (error) {
      expect((error as DbError).code).toMatch(/IO|POISONED/);
    }
    return acknowledged;
  }
});
