/**
 * A page file was removed when the pages in it were cut off, and made anew by a bulk load. The checkpoint worker, whose
 * last job was before both, went on with the removed one: it took it for damaged, or wrote a checkpoint to no file at all.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { CheckpointHost } from "../../src/mvcc/checkpoint-host.ts";
import { Checkpointer } from "../../src/mvcc/checkpointer.ts";
import { readFreeList } from "../../src/mvcc/free-list.ts";
import { ReadState } from "../../src/mvcc/read-state.ts";
import { NO_ROOTS } from "../../src/mvcc/roots.ts";
import { WorkerRunner } from "../../src/mvcc/worker-runner.ts";
import {
  createPageFile,
  FORMAT_VERSION,
  FreeSpace,
  type Meta,
  openDirectory,
  PAGE_SIZE,
  PageFile,
  readMeta,
} from "../../src/pager/index.ts";

const PAGES_PER_FILE = 131072;
const PAGES_BEFORE = PAGES_PER_FILE + 8;
const OPTIONS = { backend: "pread", cacheBytes: 1 << 20, readOnly: false } as const;

const META: Meta = {
  formatVersion: FORMAT_VERSION,
  databaseId: "0".repeat(32),
  checkpoint: 0,
  commit: 0,
  pageCount: PAGES_BEFORE,
  rootsPage: 0,
  rootsHeight: 0,
  rootsCount: 0,
  freePage: 0,
  freeLengthBytes: 0,
  firstSegment: 1,
  extra: new Uint8Array(0),
};

it("the checkpoint worker writes to the files that there are", async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "nacre-regress-"));
  const disk = openDirectory(directory, { create: false, readOnly: false });
  createPageFile(disk, META);
  const pages = PageFile.open(disk, OPTIONS);
  // Sparse: the first file is not written, only made as long as it has to be.
  pages.writePages(new Uint8Array(PAGE_SIZE), 0, PAGES_BEFORE - 1, 1);
  const host: CheckpointHost = {
    pages,
    state: new ReadState([], NO_ROOTS, 0),
    active: undefined,
    pinnedCheckpoints: () => [],
    kinds: () => new Map(),
    compactionDebt: () => 0,
    expiredBefore: () => 0,
    spareFiles: 0,
    expects: () => {},
    rest: () => {},
    isOverfull: () => false,
    adopt: ({ meta }) => pages.grow(Math.max(meta.pageCount, pages.pageCount)),
    poison: (cause) => expect.unreachable(String(cause)),
  };
  const runner = new WorkerRunner(directory, "pread", 1 << 20, 1 << 30, () => checkpointer.collect());
  const free = FreeSpace.of(PAGES_BEFORE, [{ first: 2, count: PAGES_BEFORE - 2 }]);
  const checkpointer = new Checkpointer(host, systemClock, runner, META, free, {
    segmentBytes: 1 << 25,
    compactionBytesPerSecond: Number.POSITIVE_INFINITY,
  });
  try {
    await checkpointer.relocate("stay");
    expect(fs.readdirSync(directory)).toEqual(["pages.000"]);

    const job = await checkpointer.pageSpace.hold();
    let page = job.allocator.allocateRun(PAGES_PER_FILE - 100);
    while (page < PAGES_PER_FILE) {
      page = job.allocator.allocate();
    }
    pages.writePages(new Uint8Array(PAGE_SIZE), 0, page, 1);
    checkpointer.pageSpace.install(job, () => {});
    checkpointer.pageSpace.letGo();
    expect(fs.readdirSync(directory)).toEqual(["pages.000", "pages.001"]);

    await checkpointer.relocate("stay");
    const reopened = PageFile.open(disk, OPTIONS);
    const meta = readMeta(reopened);
    expect(meta.checkpoint).toBe(3);
    expect(readFreeList(reopened, meta).pageCount).toBe(meta.pageCount);
    reopened.close();
  } finally {
    checkpointer.close();
    pages.close();
    fs.rmSync(directory, { recursive: true });
  }
});
