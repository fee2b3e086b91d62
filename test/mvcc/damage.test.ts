/**
 * A small database with every kind of page and record, damaged in every place: what comes out is CORRUPT, or the right
 * data. What may be missing is the last commit alone, where no later record says that it was on disk.
 */
import { describe, expect, it } from "vitest";
import { DbError } from "../../src/errors.ts";
import { readFreeList } from "../../src/mvcc/free-list.ts";
import { type Database, openOn } from "../../src/mvcc/index.ts";
import { type Disk, MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { ManualClock } from "../api/manual-clock.ts";
import { bytesOf, contentsOf, copyOf, flip, truncate } from "./disk-copy.ts";

const PAGE = 8192;
const PAGES = "pages.000";

function openMemory(disk: Disk, readOnly: boolean): Database {
  const seams = { disk, clock: new ManualClock(), rng: seededRng(1) };
  const options = { readOnly, checkpoints: "inline", segmentBytes: 16 * 1024, cacheBytes: 1 << 20 } as const;
  return openOn(seams, options, "pread");
}

type Contents = readonly (readonly [map: string, key: unknown, value: unknown])[];

interface Sample {
  /** As it lies there when its process is killed: checkpointed up to a point, with a log behind it. */
  readonly disk: MemoryDisk;
  /** By the number of the last commit that is there. */
  readonly contents: ReadonlyMap<number, Contents>;
  readonly lastCommit: number;
  readonly logName: string;
  readonly logEnd: number;
}

async function makeSample(): Promise<Sample> {
  const disk = new MemoryDisk();
  const db = openMemory(disk, false);
  const clock = db.store.clock as ManualClock;
  db.write((tx) => {
    for (let n = 0; n < 60; n++) {
      tx.map<string>("text").put(`key ${n}`, `value ${n} `.repeat(18));
    }
    tx.map("blobs", { key: "number", value: "bytes" }).put(1, new Uint8Array(5000).fill(1));
    tx.map("gone").put("k", "x".repeat(3000));
    tx.map("leases").put("lease", 1, { expiresAt: 1e15 });
  });
  await clock.advanceUntil(db.checkpoint());
  db.drop("gone");
  await clock.advanceUntil(db.checkpoint());
  const contents = new Map<number, Contents>([[db.lastCommit, read(db)]]);
  for (let n = 0; n < 6; n++) {
    db.write((tx) => {
      tx.map<string>("text").put(`key ${n}`, `changed ${n}`);
      tx.map<string>("text").delete(`key ${n + 50}`);
      tx.map("leases").put(`lease ${n}`, n, { expiresAt: 1e15 + n });
    });
    contents.set(db.lastCommit, read(db));
  }
  const lastCommit = db.lastCommit;
  const logEnd = db.store.log.active.end;
  const killed = copyOf(disk);
  db.close();
  const logName = killed.list().findLast((name) => name.startsWith("wal."))!;
  return { disk: killed, contents, lastCommit, logName, logEnd };
}

function read(db: Database): Contents {
  return db.maps().flatMap((name) => [...db.map(name)].map(([key, value]) => [name, key, value] as const));
}

/** What a reader finds: the contents, once `check` has passed, or the code of the error. Anything else is thrown. */
async function find(disk: Disk): Promise<{ commit: number; contents: Contents } | string> {
  let db: Database;
  try {
    db = openMemory(disk, true);
  } catch (error) {
    return codeOf(error);
  }
  const found = await readAndCheck(db);
  db.close();
  return found;
}

async function readAndCheck(db: Database): Promise<{ commit: number; contents: Contents } | string> {
  try {
    const contents = read(db);
    await db.check();
    return { commit: db.lastCommit, contents };
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof DbError) {
    return error.code;
  }
  throw error;
}

const sample = await makeSample();

/** Why what was found is not as it should be; undefined where it is. */
function faultOf(found: { commit: number; contents: Contents } | string, mayLoseLast: boolean): string | undefined {
  if (typeof found === "string") {
    return found === "CORRUPT" ? undefined : found;
  }
  const isWhole = found.commit === sample.lastCommit;
  if (!isWhole && !(mayLoseLast && found.commit === sample.lastCommit - 1)) {
    return `ends at commit ${found.commit}`;
  }
  const isRight = JSON.stringify(found.contents) === JSON.stringify(sample.contents.get(found.commit));
  return isRight ? undefined : "wrong data";
}

/** Flips a bit of each byte in turn, and opens the database each time; what was found wrong, by position. */
async function flipAndOpen(name: string, positions: Iterable<number>, mayLoseLast: boolean): Promise<object> {
  const wrong: Record<number, string | undefined> = {};
  const disk = copyOf(sample.disk);
  for (const at of positions) {
    const mask = 1 << (at % 8);
    flip(disk, name, at, mask);
    const fault = faultOf(await find(disk), mayLoseLast);
    flip(disk, name, at, mask);
    if (fault !== undefined) {
      wrong[at] = fault;
    }
  }
  return wrong;
}

/** The same under a reader that has the database open, and reads the page anew: faster. Of free pages, which nobody reads, a few bytes. */
async function flipUnderReader(page: number): Promise<object> {
  const wrong: Record<number, string | undefined> = {};
  const disk = copyOf(sample.disk);
  const db = openMemory(disk, true);
  const isFree = readFreeList(db.store.pages, db.store.checkpointer.meta).isFree(page);
  for (const at of range(page * PAGE, (page + 1) * PAGE, isFree ? 61 : 1)) {
    const mask = 1 << (at % 8);
    flip(disk, PAGES, at, mask);
    db.store.pages.forget(page, 1);
    const fault = faultOf(await readAndCheck(db), false);
    flip(disk, PAGES, at, mask);
    if (fault !== undefined) {
      wrong[at] = fault;
    }
  }
  db.close();
  return wrong;
}

function* range(from: number, to: number, step = 1): Generator<number> {
  for (let at = from; at < to; at += step) {
    yield at;
  }
}

describe("a database that was killed", () => {
  it("is whole when nothing was damaged", async () => {
    const { disk, contents, lastCommit } = sample;
    expect(await find(disk)).toEqual({ commit: lastCommit, contents: contents.get(lastCommit) });
    expect(bytesOf(disk, PAGES).length).toBeGreaterThan(6 * PAGE);
  });

  const pageCount = bytesOf(sample.disk, PAGES).length / PAGE;

  it("is CORRUPT or right with any byte of its metas flipped", async () => {
    // Each of the two slots holds its sector twice; what lies between the sectors is never looked at.
    for (const sector of [0, 4096, PAGE, PAGE + 4096]) {
      expect(await flipAndOpen(PAGES, range(sector, sector + 512), false)).toEqual({});
      expect(await flipAndOpen(PAGES, range(sector + 512, sector + 4096, 331), false)).toEqual({});
    }
  });

  it.each([...range(2, pageCount)])("is CORRUPT or right with any byte of page %i flipped", async (page) => {
    expect(await flipAndOpen(PAGES, range(page * PAGE, (page + 1) * PAGE, 101), false)).toEqual({});
    expect(await flipUnderReader(page)).toEqual({});
  });

  it("is CORRUPT or right with any byte of its log flipped, but for the last commit", async () => {
    expect(await flipAndOpen(sample.logName, range(0, sample.logEnd + 64), true)).toEqual({});
  });

  it("notices nearly every flip: what is not CORRUPT lies in free pages, spare metas or the last record", async () => {
    const disk = copyOf(sample.disk);
    let unnoticed = 0;
    let tried = 0;
    for (let at = 2 * PAGE + 5; at < pageCount * PAGE; at += 997) {
      flip(disk, PAGES, at, 0x40);
      unnoticed += (await find(disk)) === "CORRUPT" ? 0 : 1;
      tried++;
      flip(disk, PAGES, at, 0x40);
    }
    const db = openMemory(disk, true);
    const { freePages, pages } = await db.check();
    db.close();
    expect(unnoticed / tried).toBeLessThan((freePages + 1) / (pages - 2));
  });

  it("is CORRUPT when the page file is cut at a page, or anywhere else", async () => {
    const size = pageCount * PAGE;
    const sizes = Array.from({ length: pageCount }, (_, page) => page * PAGE);
    for (const cut of [...sizes, 1, 511, 513, PAGE - 1, PAGE + 1, 2 * PAGE + 100, size - PAGE + 1, size - 1]) {
      const disk = copyOf(sample.disk);
      truncate(disk, PAGES, cut);
      expect([cut, await find(disk)]).toEqual([cut, "CORRUPT"]);
    }
  });

  it("changes nothing on a disk that it finds damaged, opened for writing", () => {
    for (let at = 3; at < pageCount * PAGE; at += 499) {
      const disk = copyOf(sample.disk);
      flip(disk, PAGES, at, 0x80);
      const before = contentsOf(disk);
      try {
        openMemory(disk, false).store.log.close();
      } catch (error) {
        expect([at, (error as DbError).code]).toEqual([at, "CORRUPT"]);
        expect(contentsOf(disk)).toEqual(before);
      }
    }
    for (let at = 0; at < sample.logEnd; at += 13) {
      const disk = copyOf(sample.disk);
      flip(disk, sample.logName, at, 0x80);
      const before = contentsOf(disk);
      try {
        openMemory(disk, false).store.log.close();
      } catch (error) {
        expect([at, (error as DbError).code]).toEqual([at, "CORRUPT"]);
        expect(contentsOf(disk)).toEqual(before);
      }
    }
  });

  it("opens again, goes on, and passes its check after the last record was torn", async () => {
    const disk = copyOf(sample.disk);
    flip(disk, sample.logName, sample.logEnd - 1, 0xff);
    const db = openMemory(disk, false);
    expect(read(db)).toEqual(sample.contents.get(sample.lastCommit - 1));
    db.map<string>("text").put("after", "it");
    db.close();
    const again = openMemory(disk, false);
    expect(again.map("text").get("after")).toBe("it");
    expect(again.lastCommit).toBe(sample.lastCommit);
    await again.check();
    again.close();
  });

  it("is CORRUPT without its page file's metas, and INVALID when they are no metas at all", async () => {
    for (const [byte, code] of [
      [0x00, "INVALID"],
      [0xff, "INVALID"],
    ] as const) {
      const disk = copyOf(sample.disk);
      const file = disk.open(PAGES, "write");
      file.write(new Uint8Array(2 * PAGE).fill(byte), 0, 2 * PAGE, 0);
      expect(await find(disk)).toBe(code);
    }
    for (const slot of [0, 1]) {
      const disk = copyOf(sample.disk);
      disk.open(PAGES, "write").write(new Uint8Array(PAGE), 0, PAGE, slot * PAGE);
      expect([slot, await find(disk)]).toEqual([slot, "CORRUPT"]);
    }
  });

  it("is CORRUPT when its log is gone although the metas say that it goes on, or comes from another database", async () => {
    const gone = copyOf(sample.disk);
    const next = sample.logName.replace(/\d+$/, (number) => String(Number(number) + 1).padStart(number.length, "0"));
    gone.rename(sample.logName, next);
    expect(await find(gone)).toBe("CORRUPT");
  });
});
