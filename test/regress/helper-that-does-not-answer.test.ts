/**
 * A helper that did nothing any more was cancelled twice: the second time it counted as being at rest, and its pages were handed
 * out again. One that has ended is at rest, and is no reason for a flush to fail.
 */
import { expect, it } from "vitest";
import { DEFAULT_LSM_SETTINGS } from "../../src/lsm/index.ts";
import { CompactionHelper, type HelperLink } from "../../src/mvcc/compaction-helper.ts";
import { JobPages, RevocablePages } from "../../src/mvcc/job-pages.ts";
import { FreeSpace, MemoryDisk, PageFile } from "../../src/pager/index.ts";

class SilentLink implements HelperLink {
  isReady = true;
  hasEnded = false;
  start(): void {}
  poll(): undefined {
    return undefined;
  }
  wait(): void {
    throw new Error("it does nothing");
  }
  cancel(): void {}
}

function helperWith(link: HelperLink): CompactionHelper {
  const pages = PageFile.open(new MemoryDisk(), { backend: "pread", cacheBytes: 0, readOnly: false });
  const helper = new CompactionHelper(link);
  const merge = { runs: [], lower: undefined, upper: undefined, level: 1, isBottom: false, emptied: new Set<number>() };
  const rest = { settings: DEFAULT_LSM_SETTINGS, operator: undefined, segmentBytes: 1, expiredBefore: 0, birth: 1 };
  helper.start({ merge, ...rest }, pages, new RevocablePages(new JobPages(FreeSpace.of(2, []))));
  return helper;
}

it("who does not answer is not at rest, however often it is asked", () => {
  const helper = helperWith(new SilentLink());
  for (let i = 0; i < 3; i++) {
    expect(() => helper.cancel()).toThrow("it does nothing");
  }
});

it("who has ended is", () => {
  const link = new SilentLink();
  const helper = helperWith(link);
  link.hasEnded = true;
  helper.cancel();
  link.isReady = false;
  expect(helper.isFree).toBe(false);
});
