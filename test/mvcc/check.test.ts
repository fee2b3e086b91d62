import { describe, expect, test } from "vitest";
import { nextTurn } from "../../src/clock.ts";
import { DbError } from "../../src/errors.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { type Disk, MemoryDisk, PAGE_SIZE, sealPage } from "../../src/pager/index.ts";
import { BACKENDS, codeOfAsync, openOnDisk, Place, sortedEntries } from "./places.ts";

const text = { value: "string" } as const;
const DEADLINE_KEYSPACE = 1;

async function filled(disk: Disk, count: number): Promise<Database> {
  const db = openOnDisk(disk);
  db.write((tx) => {
    for (const [key, value] of sortedEntries(count)) {
      tx.map("m", text).put(key, value);
    }
    tx.map("large", text).put("large", "v".repeat(50_000));
    tx.map("ending", text).put("soon", "gone", { ttl: 1e9 });
  });
  await db.checkpoint();
  return db;
}

/** Changes one byte of a page; with `sealed`, so that its checksum is right again. */
function damage(disk: Disk, page: number, at: number, sealed: boolean): void {
  const file = disk.open("pages.000", "write");
  const bytes = new Uint8Array(PAGE_SIZE);
  file.read(bytes, 0, PAGE_SIZE, page * PAGE_SIZE);
  bytes[at]! ^= 0x40;
  if (sealed) {
    sealPage(bytes, 0, page);
  }
  file.write(bytes, 0, PAGE_SIZE, page * PAGE_SIZE);
  file.close();
}

async function damageOf(db: Database): Promise<DbError> {
  const error = await db.check().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error instanceof DbError && error.code).toBe("CORRUPT");
  return error as DbError;
}

describe.each(BACKENDS)("on %s", (backend) => {
  test("it gives others their turns, tells its progress, and ends when it is told to", async () => {
    using place = new Place(backend);
    using db = place.open();
    await db.map("m", text).load(sortedEntries(50_000));
    db.map("m", text).put("in the log", "too");
    let turns = 0;
    let isChecking = true;
    const counting = (async () => {
      for (; isChecking; turns++) {
        await nextTurn();
      }
    })();
    const told: number[] = [];
    const report = await db.check({ onProgress: (share) => told.push(share) });
    isChecking = false;
    await counting;
    expect(turns).toBeGreaterThan(8);
    expect(told.length).toBeGreaterThan(5);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(1);
    expect(report.entries).toBeGreaterThanOrEqual(50_000);

    const reason = new Error("enough");
    const controller = new AbortController();
    const aborted = db.check({ signal: controller.signal, onProgress: () => controller.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    await expect(db.check({ signal: controller.signal })).rejects.toBe(reason);
  });

  test("it holds while the database is written to", async () => {
    using place = new Place(backend);
    using db = place.open();
    const map = db.map("m", text);
    await map.load(sortedEntries(20_000));
    for (let round = 0; round < 5; round++) {
      let written = 0;
      await db.check({ onProgress: () => map.put(`k${written++}`, "x".repeat(3000)) });
      expect(written).toBeGreaterThan(0);
      expect(db.stats().openSnapshots).toBe(0);
    }
  });
});

test("damage is found in every page, also where it was read before, and named", async () => {
  const disk = new MemoryDisk();
  const db = await filled(disk, 300);
  await db.check();
  let found = 0;
  const pages = db.stats().pages;
  for (let page = 2; page < pages; page++) {
    damage(disk, page, 100, false);
    found += (await codeOfAsync(db.check())) === "CORRUPT" ? 1 : 0;
    damage(disk, page, 100, false);
  }
  expect(found).toBe(pages - 2);
  await db.check();
  const leaf = db.store.state.trees.get(db.store.catalog.find("ending")!.id)!.page;
  damage(disk, leaf, PAGE_SIZE - 1, true);
  expect((await damageOf(db)).message).toContain("ending");
});

test("an entry whose deadline nobody would notice is found", async () => {
  const db = await filled(new MemoryDisk(), 10);
  await db.check();
  const { store } = db;
  const notes: Uint8Array[] = [];
  const cursor = store.takeCursor();
  cursor.open(store.live, undefined, DEADLINE_KEYSPACE, { lower: undefined, upper: undefined }, false);
  while (cursor.next()) {
    const key = new Uint8Array(2048);
    notes.push(key.slice(0, cursor.copyKey(key, 0)));
  }
  store.giveCursor(cursor);
  expect(notes.length).toBe(1);
  store.begin();
  store.writer.delete(DEADLINE_KEYSPACE, notes[0]!, 0, notes[0]!.length);
  store.end();
  await db.check();
  await db.checkpoint();
  expect((await damageOf(db)).message).toContain("map ending holds an entry that ends at");
});

test("a closed database ends it", async () => {
  const db = await filled(new MemoryDisk(), 20_000);
  const code = codeOfAsync(db.check({ onProgress: () => db.close() }));
  expect(await code).toBe("CLOSED");
  expect(await codeOfAsync(db.check())).toBe("CLOSED");
});
