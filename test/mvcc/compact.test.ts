import { statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import type { DbError } from "../../src/errors.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { type MemoryDisk, PAGE_SIZE } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { BACKENDS, codeOfAsync, contentsOf, openOnDisk, Place, sortedEntries } from "./places.ts";

const text = { value: "string" } as const;

/** A file of mostly free pages, with pages and large values to keep at its end. */
async function fillWithHoles(db: Database, count: number): Promise<void> {
  db.write((tx) => {
    for (const [key, value] of sortedEntries(count)) {
      tx.map("gone", text).put(key, value);
    }
    tx.map("keep", text).put("first", "1");
  });
  await db.checkpoint();
  db.write((tx) => {
    for (const [key, value] of sortedEntries(count / 4)) {
      tx.map("keep", text).put(key, value);
    }
    for (let i = 0; i < 5; i++) {
      tx.map("large", text).put(`large ${i}`, String(i).repeat(40_000));
    }
  });
  await db.checkpoint();
  db.drop("gone");
  await db.checkpoint();
}

function isDense({ pages, freePages }: { pages: number; freePages: number }): boolean {
  return freePages <= Math.max(16, pages * 0.05);
}

describe.each(BACKENDS)("on %s", (backend) => {
  test("the file gets as short as what it holds, and holds the same", async () => {
    using place = new Place(backend);
    using db = place.open();
    await fillWithHoles(db, 20_000);
    const before = contentsOf(db);
    expect(isDense(await db.check())).toBe(false);
    const told: number[] = [];
    const { bytesBefore, bytesAfter } = await db.compact({ onProgress: (share) => told.push(share) });
    expect(bytesAfter).toBeLessThan(bytesBefore / 2);
    expect(told.at(-1)).toBe(1);
    const report = await db.check();
    expect(isDense(report)).toBe(true);
    expect(report.pages * PAGE_SIZE).toBe(bytesAfter);
    expect(contentsOf(db)).toBe(before);
    if (backend !== "memory") {
      expect(statSync(`${place.path("db")}/pages.000`).size).toBe(bytesAfter);
    }
    const again = await db.compact();
    expect(again.bytesAfter).toBeLessThanOrEqual(bytesAfter);
    db.map("keep", text).put("and it", "goes on");
    await db.checkpoint();
    await db.check();
  });

  test("beside writers, loads, backups and a snapshot, which keeps what it needs", async () => {
    using place = new Place(backend);
    using db = place.open();
    await fillWithHoles(db, 20_000);
    const snapshot = db.snapshot();
    const names = db.maps();
    const seen = contentsOf(snapshot, names);
    let written = 0;
    const other = db.map("other", text);
    await Promise.all([
      db.compact(),
      db.compact({ onProgress: () => other.put(`${written++}`, "x".repeat(5000)) }),
      db.map("loaded", text).load(sortedEntries(5000)),
      db.backup(place.path("copy"), { onProgress: () => other.put(`${written++}`, "y".repeat(5000)) }),
    ]);
    expect(other.count()).toBe(written);
    expect(contentsOf(snapshot, names)).toBe(seen);
    await db.check();
    snapshot.close();
    await db.compact();
    const report = await db.check();
    expect(isDense(report)).toBe(true);
    expect(db.map("loaded", text).count()).toBe(5000);
  });

  test("it ends when it is told to", async () => {
    using place = new Place(backend);
    using db = place.open();
    await fillWithHoles(db, 8000);
    const reason = new Error("enough");
    const controller = new AbortController();
    const aborted = db.compact({ signal: controller.signal, onProgress: () => controller.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    await db.check();
    const closing = db.compact({ onProgress: () => db.close() });
    expect(await codeOfAsync(closing)).toBe("CLOSED");
  });
});

test("a crash at any moment loses nothing", async () => {
  const disk = new CrashDisk();
  const db = openOnDisk(disk);
  await fillWithHoles(db, 600);
  const expected = contentsOf(db);
  const begun = disk.operations;
  await db.compact();
  const rng = seededRng(5);
  let shortest = Number.POSITIVE_INFINITY;
  for (let at = begun; at <= disk.operations; at++) {
    for (const image of disk.images(rng, 2, at)) {
      const after = openOnDisk(image);
      expect(contentsOf(after)).toBe(expected);
      shortest = Math.min(shortest, (await after.check()).pages);
      after.close();
    }
  }
  expect(shortest).toBeLessThan(db.stats().pages + 16);
});

test("whatever call fails, nothing is lost", async () => {
  const source = new CrashDisk();
  const filled = openOnDisk(source);
  await fillWithHoles(filled, 400);
  const expected = contentsOf(filled);
  const run = async (plan: object): Promise<{ disk: MemoryDisk; calls: number; code: string }> => {
    const disk = source.image(seededRng(1));
    const failing = new FaultDisk(disk, plan);
    let code = "";
    try {
      const db = openOnDisk(failing);
      code = await codeOfAsync(db.compact());
      db.close();
    } catch (error) {
      code ||= (error as DbError).code;
    }
    failing.heal();
    disk.unlock();
    return { disk, calls: failing.calls, code };
  };
  source.syncDirectory();
  const { calls } = await run({});
  for (let failAt = 1; failAt <= calls; failAt++) {
    const { disk } = await run({ failAt });
    using after = openOnDisk(disk);
    expect(contentsOf(after)).toBe(expected);
    await after.check();
  }
});
