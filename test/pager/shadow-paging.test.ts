/**
 * The pager by itself as a tiny copy-on-write store, crashed at every operation: pages, free space, frees and metas
 * together keep what a synced meta leads to. Also a canary: without the sync before the meta, a crash is noticed.
 */
import { describe, expect, test } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import {
  createPageFile,
  type Disk,
  extentPages,
  FORMAT_VERSION,
  FreeSpace,
  type Meta,
  PAGE_SIZE,
  PageFile,
  PendingFrees,
  putU32,
  readExtent,
  readMeta,
  sealPage,
  writeExtent,
  writeMeta,
} from "../../src/pager/index.ts";
import { type Rng, seededRng } from "../../src/random.ts";

const FILE_BYTES = 1 << 16;
const CHECKPOINTS = 12;

/** One live item: a page, or an extent of `length` bytes, filled with `value`. */
interface Item {
  readonly first: number;
  readonly length: number;
  readonly value: number;
  readonly birth: number;
}

interface Run {
  readonly disk: CrashDisk;
  /** The items of each checkpoint. */
  readonly history: ReadonlyMap<number, readonly Item[]>;
  /** When each checkpoint was acknowledged. */
  readonly acknowledged: ReadonlyMap<number, number>;
}

function openPages(disk: Disk): PageFile {
  return PageFile.open(disk, { backend: "pread", cacheBytes: 0, readOnly: false, fileBytes: FILE_BYTES });
}

function metaOf(checkpoint: number, pageCount: number): Meta {
  return {
    formatVersion: FORMAT_VERSION,
    databaseId: "00".repeat(16),
    checkpoint,
    commit: checkpoint,
    pageCount,
    rootsPage: 0,
    rootsHeight: 0,
    rootsCount: 0,
    freePage: 0,
    freeLengthBytes: 0,
    firstSegment: 0,
    extra: new Uint8Array(0),
  };
}

function pagesOf(item: Item): number {
  return item.length === 0 ? 1 : extentPages(item.length);
}

function writeItem(pages: PageFile, space: FreeSpace, rng: Rng, birth: number): Item {
  const value = rng.next() & 0xff;
  const length = rng.next() % 2 === 0 ? 0 : 1 + (rng.next() % 30_000);
  if (length > 0) {
    return {
      first: writeExtent(pages, space, birth, new Uint8Array(length).fill(value), 0, length),
      length,
      value,
      birth,
    };
  }
  const image = new Uint8Array(PAGE_SIZE).fill(value);
  const first = space.allocate();
  putU32(image, 8, birth);
  sealPage(image, 0, first);
  pages.writePages(image, 0, first, 1);
  return { first, length, value, birth };
}

/** Each checkpoint drops some items, makes others, and cuts the file's end when it is free. */
function runWorkload(rng: Rng, syncsBeforeMeta: boolean): Run {
  const disk = new CrashDisk();
  createPageFile(disk, metaOf(0, 2), FILE_BYTES / PAGE_SIZE);
  const history = new Map<number, readonly Item[]>([[0, []]]);
  const acknowledged = new Map([[0, disk.operations]]);
  const pages = openPages(disk);
  const space = FreeSpace.of(2, [], pages.pagesPerFile);
  const pending = new PendingFrees();
  let items: Item[] = [];
  for (let checkpoint = 1; checkpoint <= CHECKPOINTS; checkpoint++) {
    const dropped = new Set(items.filter(() => rng.next() % 3 === 0));
    items = items.filter((item) => !dropped.has(item));
    for (let made = rng.next() % 5; made >= 0; made--) {
      items.push(writeItem(pages, space, rng, checkpoint));
    }
    for (const item of dropped) {
      pending.add(item.first, pagesOf(item), item.birth, checkpoint);
    }
    space.cutTail();
    if (syncsBeforeMeta) {
      pages.sync();
    }
    writeMeta(pages, metaOf(checkpoint, space.pageCount));
    pages.sync();
    acknowledged.set(checkpoint, disk.operations);
    history.set(checkpoint, [...items]);
    pages.shrink(space.pageCount);
    for (const free of pending.releasable([], checkpoint)) {
      space.release(free.first, free.count);
    }
  }
  return { disk, history, acknowledged };
}

function checkImage(image: Disk, run: Run, after: number): void {
  if (!image.list().includes("pages.000")) {
    expect(run.acknowledged.get(0)).toBeGreaterThan(after);
    return;
  }
  const pages = openPages(image);
  const meta = readMeta(pages);
  const least = [...run.acknowledged].filter(([, operations]) => operations <= after).length - 1;
  expect(meta.checkpoint).toBeGreaterThanOrEqual(least);
  for (const item of run.history.get(meta.checkpoint)!) {
    checkItem(pages, item);
  }
  pages.close();
}

function checkItem(pages: PageFile, item: Item): void {
  if (item.length > 0) {
    const bytes = new Uint8Array(item.length);
    readExtent(pages, item.first, item.length, bytes, 0);
    expect(bytes.every((byte) => byte === item.value)).toBe(true);
  } else {
    const base = pages.locate(item.first);
    expect(pages.view.u8[base + 100]).toBe(item.value);
  }
}

function checkAllMoments(run: Run, rng: Rng): void {
  for (let after = 0; after <= run.disk.operations; after++) {
    for (const image of run.disk.images(rng, 4, after)) {
      checkImage(image, run, after);
    }
  }
}

describe("copy-on-write over the pager", () => {
  test("a crash at any moment leaves the last acknowledged checkpoint, or the one being written, entire", () => {
    for (let seed = 1; seed <= 6; seed++) {
      checkAllMoments(runWorkload(seededRng(seed), true), seededRng(seed + 100));
    }
  });

  test("canary: a meta that is written before its pages were synced is found out", () => {
    expect(() => checkAllMoments(runWorkload(seededRng(1), false), seededRng(1))).toThrow();
  });
});
