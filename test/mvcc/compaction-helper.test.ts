/** A compaction merged in a thread of its own, on a real directory: what it hands back, and what becomes of it when it is stopped. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BATCH_PUT, type BatchSource, TreeCursor } from "../../src/btree/index.ts";
import { DbError } from "../../src/errors.ts";
import {
  beginCompaction,
  chooseCompaction,
  DEFAULT_LSM_SETTINGS,
  endCompaction,
  flushRun,
  Manifest,
  type MergedParts,
  policyFor,
  withRun,
} from "../../src/lsm/index.ts";
import { runToEnd } from "../../src/mvcc/checkpoint-job.ts";
import { CompactionHelper } from "../../src/mvcc/compaction-helper.ts";
import { HelperThread } from "../../src/mvcc/helper-thread.ts";
import { JobPages, RevocablePages } from "../../src/mvcc/job-pages.ts";
import { FreeSpace, openDirectory, PageFile } from "../../src/pager/index.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

const SEGMENT_BYTES = 1 << 20;
const ENTRIES = 4000;
const RUNS = 20;
const SETTINGS = { segmentBytes: SEGMENT_BYTES, settings: DEFAULT_LSM_SETTINGS, expiredBefore: 0, birth: 1 };

let directory: TemporaryDirectory;
let pages: PageFile;
let thread: HelperThread;
let helper: CompactionHelper;
let free: FreeSpace;
let job: JobPages;
let manifest: Manifest;

beforeEach(async () => {
  directory = temporaryDirectory();
  const disk = openDirectory(directory.path, { create: false, readOnly: false });
  // Small files, so that the helper writes to several.
  const place = { backend: "mmap", cacheBytes: 1 << 20, fileBytes: 1 << 20 } as const;
  pages = PageFile.open(disk, { ...place, readOnly: false });
  free = FreeSpace.of(2, [], pages.pagesPerFile);
  job = new JobPages(free);
  manifest = Manifest.empty;
  for (let run = 0; run < RUNS; run++) {
    const around = { ...SETTINGS, pages, allocator: job, combine: undefined };
    manifest = withRun(manifest, 0, runToEnd(flushRun(around, manifest, new Rows(run), [])));
  }
  thread = new HelperThread({ ...place, directory: directory.path });
  helper = new CompactionHelper(thread);
  expect(helper.isFree).toBe(false);
  thread.begin();
  while (!helper.isFree) {
    await sleep(1);
  }
});

afterEach(async () => {
  await thread.end();
  pages.close();
  directory[Symbol.dispose]();
});

function begin() {
  const begun = beginCompaction(
    pages,
    manifest,
    chooseCompaction(manifest, policyFor("levelled", SEGMENT_BYTES, true))!,
  )!;
  const revocable = new RevocablePages(job);
  helper.start({ ...SETTINGS, merge: begun.task, operator: undefined }, pages, revocable);
  return { begun, revocable };
}

/** What came of the task, waited for. */
function ended(): MergedParts {
  let merged = helper.take();
  while (merged === undefined) {
    helper.wait();
    merged = helper.take();
  }
  return merged;
}

describe("a helper in a thread", () => {
  it("merges what it is given, into pages that it is handed, and has the next task then", () => {
    for (let compactions = 0; compactions < 3; compactions++) {
      const { begun } = begin();
      expect(helper.isFree).toBe(false);
      manifest = runToEnd(endCompaction(pages, { add() {} }, () => begun.manifest, begun, ended()));
    }
    const swept = manifest.runs.find(({ level }) => level === 6)!;
    let last = -1;
    for (const { root } of swept.parts) {
      const cursor = new TreeCursor(pages);
      cursor.open(root.page);
      for (let found = cursor.first(); found; found = cursor.next()) {
        const key = Buffer.alloc(4);
        cursor.copyKey(key, 0);
        expect(key.readUInt32BE()).toBe(last + 1);
        last++;
      }
    }
    expect(last).toBeGreaterThan(RUNS * 100);
    expect(pages.pageCount).toBeGreaterThan(pages.pagesPerFile);
  });

  it("gives back what it has taken when its task is cancelled, and takes another", () => {
    const before = free.encode();
    for (let i = 0; i < 3; i++) {
      const { revocable } = begin();
      for (let steps = 0; steps < i; steps++) {
        helper.take();
      }
      helper.cancel();
      revocable.giveBack();
      expect(helper.isFree).toBe(true);
      expect(free.encode()).toEqual(before);
    }
  });

  it("tells what it met", () => {
    pages.writePages(new Uint8Array(8192), 0, manifest.runs[0]!.parts[0]!.root.page, 1);
    begin();
    expect(ended).toThrow(expect.objectContaining({ code: "CORRUPT" }));
    expect(helper.isFree).toBe(true);
  });

  it("tells why it got no pages, and not of the next task", () => {
    const allocateUpTo = job.allocateUpTo.bind(job);
    job.allocateUpTo = () => {
      throw new DbError("FULL", "no page is left");
    };
    begin();
    expect(ended).toThrow("no page is left");
    job.allocateUpTo = allocateUpTo;
    pages.writePages(new Uint8Array(8192), 0, manifest.runs[0]!.parts[0]!.root.page, 1);
    begin();
    expect(ended).toThrow(expect.objectContaining({ code: "CORRUPT" }));
  });

  it("is not waited for when its thread is gone", async () => {
    expect(thread.isGone).toBe(false);
    await thread.end();
    expect([helper.isFree, thread.isGone]).toEqual([false, true]);
  });
});

/** Every twentieth number, from one on. */
class Rows implements BatchSource {
  readonly kind = BATCH_PUT;
  readonly u8: Uint8Array = new Uint8Array(104);
  readonly values: Uint8Array = this.u8;
  readonly keyOffset = 0;
  readonly keyLength = 4;
  readonly valueOffset = 4;
  readonly valueLength = 100;
  readonly expiry = 0;
  consumed = 0;
  readonly #from: number;

  constructor(from: number) {
    this.#from = from;
  }

  next(): boolean {
    if (this.consumed === ENTRIES) {
      return false;
    }
    new DataView(this.u8.buffer).setUint32(0, this.#from + RUNS * this.consumed++);
    return true;
  }
}
