import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import { DbError } from "../../src/errors.ts";
import { restore } from "../../src/index.ts";
import { backupTo, type CopyProgress, type Database, open } from "../../src/mvcc/index.ts";
import { type Disk, MemoryDisk, PAGE_SIZE } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { BACKENDS, codeOfAsync, contentsOf, openOnDisk, Place, sortedEntries } from "./places.ts";

const text = { value: "string" } as const;

/** Small values, values in extents, an emptied map and free pages. */
function fill(db: Database, count: number): void {
  db.write((tx) => {
    const small = tx.map("small", text);
    const large = tx.map("large", text);
    const gone = tx.map("gone", text);
    for (const [key, value] of sortedEntries(count)) {
      small.put(key, value);
      gone.put(key, value);
    }
    for (let i = 0; i < 6; i++) {
      large.put(`large ${i}`, String(i).repeat(1 + i * 9000));
    }
  });
}

async function filled(disk: Disk, count: number): Promise<Database> {
  const db = openOnDisk(disk);
  fill(db, count);
  await db.checkpoint();
  db.drop("gone");
  await db.checkpoint();
  return db;
}

describe.each(BACKENDS)("on %s", (backend) => {
  test("a backup is a database with the same contents and commit number", async () => {
    using place = new Place(backend);
    using db = place.open();
    fill(db, 3000);
    const commit = db.lastCommit;
    const result = await db.backup(place.path("copy"));
    expect(result.commit).toBe(commit);
    expect(result.bytes).toBe(result.pages * PAGE_SIZE);
    for (const copyBackend of ["mmap", "pread"] as const) {
      using copy = open(place.path("copy"), { backend: copyBackend });
      expect(copy.lastCommit).toBe(commit);
      expect(contentsOf(copy)).toBe(contentsOf(db));
      expect((await copy.check()).commit).toBe(commit);
    }
    using copy = open(place.path("copy"));
    copy.map("small", text).put("more", "goes on");
    expect(copy.lastCommit).toBe(commit + 1);
  });

  test("it is consistent at one commit while the database is written to", async () => {
    using place = new Place(backend);
    using db = place.open();
    const map = db.map<number>("counters");
    const writeRound = (round: number) =>
      db.write((tx) => {
        const counters = tx.map<number>("counters");
        for (let i = 0; i < 500; i++) {
          counters.put(`${i}`.padStart(200, "-"), round);
        }
        counters.put("commit", db.lastCommit + 1);
      });
    for (let round = 0; round < 10; round++) {
      writeRound(round);
    }
    let round = 10;
    const result = await db.backup(place.path("copy"), {
      bytesPerSecond: 500_000,
      onProgress: () => writeRound(round++),
    });
    expect(round).toBeGreaterThan(12);
    expect(map.get("commit")).toBeGreaterThan(result.commit);
    using copy = open(place.path("copy"));
    await copy.check();
    const rounds = new Set([...copy.map<number>("counters").range({ lt: "commit" })].map(([, value]) => value));
    expect(rounds.size).toBe(1);
    expect(copy.map<number>("counters").get("commit")).toBe(result.commit);
    await db.check();
  });

  test("it tells its progress, and ends when it is told to with nothing left behind", async () => {
    using place = new Place(backend);
    using db = place.open();
    fill(db, 3000);
    const told: CopyProgress[] = [];
    const { bytes } = await db.backup(place.path("copy"), { onProgress: (progress) => told.push(progress) });
    expect(told.at(-1)).toEqual({ doneBytes: bytes, totalBytes: bytes });
    expect(told.map(({ doneBytes }) => doneBytes)).toEqual(
      told.map(({ doneBytes }) => doneBytes).sort((a, b) => a - b),
    );

    const reason = new Error("enough");
    const controller = new AbortController();
    const aborted = db.backup(place.path("aborted"), {
      signal: controller.signal,
      bytesPerSecond: 100_000,
      onProgress: () => controller.abort(reason),
    });
    await expect(aborted).rejects.toBe(reason);
    expect(readdirSync(place.path("aborted")).filter((name) => name !== "LOCK")).toEqual([]);
    await expect(db.backup(place.path("never"), { signal: controller.signal })).rejects.toBe(reason);
    await db.backup(place.path("aborted"));
  });

  test("it wants a directory of its own", async () => {
    using place = new Place(backend);
    using db = place.open();
    fill(db, 10);
    mkdirSync(place.path("full"));
    writeFileSync(`${place.path("full")}/notes.txt`, "mine");
    expect(await codeOfAsync(db.backup(place.path("full")))).toBe("INVALID");
    expect(readdirSync(place.path("full"))).toEqual(["notes.txt"]);
    expect(await codeOfAsync(db.backup(""))).toBe("INVALID");
    expect(await codeOfAsync(db.backup(place.path("rate"), { bytesPerSecond: 0 }))).toBe("INVALID");
    let inside = Promise.resolve("");
    db.write(() => {
      inside = codeOfAsync(db.backup(place.path("inside")));
    });
    expect(await inside).toBe("INVALID");
  });

  test("closing the database ends it", async () => {
    using place = new Place(backend);
    const db = place.open();
    fill(db, 3000);
    const backup = db.backup(place.path("copy"), { bytesPerSecond: 50_000, onProgress: () => db.close() });
    expect(await codeOfAsync(backup)).toBe("CLOSED");
  });
});

test("restoring checks a backup and copies it", async () => {
  using place = new Place("mmap");
  using db = place.open();
  fill(db, 2000);
  await db.backup(place.path("copy"));
  const told: CopyProgress[] = [];
  const result = await restore(place.path("copy"), place.path("restored"), { onProgress: (now) => told.push(now) });
  expect(told.at(-1)!.doneBytes).toBe(told.at(-1)!.totalBytes);
  using restored = open(place.path("restored"));
  expect(contentsOf(restored)).toBe(contentsOf(db));
  expect(restored.lastCommit).toBe(result.commit);
  expect(await codeOfAsync(restore(place.path("copy"), place.path("restored")))).toBe("INVALID");
  expect(await codeOfAsync(restore(place.path("nowhere"), place.path("other")))).toBe("INVALID");
  const signal = AbortSignal.abort(new Error("no"));
  await expect(restore(place.path("copy"), place.path("third"), { signal })).rejects.toThrow("no");
});

test("commits that are only in the log are not left out in silence", async () => {
  const disk = new MemoryDisk();
  const db = openOnDisk(disk);
  fill(db, 10);
  db.store.log.sync();
  const crashed = new MemoryDisk();
  for (const name of disk.list()) {
    copyFile(disk, crashed, name);
  }
  const reader = openOnDisk(crashed, { readOnly: true });
  expect(await codeOfAsync(backupTo(reader.store, new MemoryDisk()))).toBe("READONLY");
  reader.close();
  db.close();
  const closed = openOnDisk(disk, { readOnly: true });
  const copy = new MemoryDisk();
  await backupTo(closed.store, copy);
  expect(contentsOf(openOnDisk(copy))).toBe(contentsOf(closed));
});

test("every page in use that is damaged is found", async () => {
  const disk = new MemoryDisk();
  const db = await filled(disk, 400);
  const { pages } = await backupTo(db.store, new MemoryDisk());
  const file = disk.open("pages.000", "write");
  const byte = new Uint8Array(1);
  let found = 0;
  for (let page = 2; page < db.stats().pages; page++) {
    const position = page * PAGE_SIZE + 5;
    file.read(byte, 0, 1, position);
    byte[0]! ^= 1;
    file.write(byte, 0, 1, position);
    const code = await codeOfAsync(backupTo(db.store, new MemoryDisk()));
    found += code === "CORRUPT" ? 1 : 0;
    byte[0]! ^= 1;
    file.write(byte, 0, 1, position);
  }
  expect(found).toBe(pages - 2);
  await backupTo(db.store, new MemoryDisk());
});

test("a crash at any moment leaves a whole backup or one that does not open", async () => {
  const db = await filled(new MemoryDisk(), 100);
  const expected = contentsOf(db);
  const target = new CrashDisk();
  await backupTo(db.store, target);
  const rng = seededRng(11);
  const seen = { whole: 0, refused: 0 };
  for (let at = 0; at <= target.operations; at++) {
    for (const image of target.images(rng, 3, at)) {
      try {
        const copy = openOnDisk(image, { create: false });
        expect(contentsOf(copy)).toBe(expected);
        copy.close();
        seen.whole++;
      } catch (error) {
        expect(error instanceof DbError && error.code).toBe("INVALID");
        seen.refused++;
      }
    }
  }
  expect(seen.whole).toBeGreaterThan(0);
  expect(seen.refused).toBeGreaterThan(10);
});

test("whatever call fails, nothing is left behind and the source goes on", async () => {
  const db = await filled(new MemoryDisk(), 100);
  const counting = new FaultDisk(new MemoryDisk(), {});
  await backupTo(db.store, counting);
  for (let failAt = 1; failAt <= counting.calls; failAt++) {
    const target = new FaultDisk(new MemoryDisk(), { failAt });
    const code = await codeOfAsync(backupTo(db.store, target));
    expect([code, target.failed]).toEqual(["IO", target.failed]);
    expect(target.list()).toEqual([]);
  }
  const full = new FaultDisk(new MemoryDisk(), { capacityBytes: 20 * PAGE_SIZE });
  expect(await codeOfAsync(backupTo(db.store, full))).toBe("FULL");
  expect(full.list()).toEqual([]);
  await db.check();
});

function copyFile(from: Disk, to: Disk, name: string): void {
  const file = from.open(name, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0, bytes.length, 0);
  file.close();
  const copy = to.open(name, "create");
  copy.write(bytes, 0, bytes.length, 0);
  copy.close();
}
