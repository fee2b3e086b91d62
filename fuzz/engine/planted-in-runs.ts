/**
 * Bugs for the fuzzer to find in the LSM engine. Its work is done by functions, and by objects that live for a moment, so
 * most are planted in classes, for all databases of the process, until they are taken out again.
 *
 *   "resurrecting"           compactions drop tombstones although older runs have the keys
 *   "free-pinned-runs"       the pages that a compaction gives up are reused although a snapshot reads them
 *   "lost-range-delete"      a range delete does not get into the run that its memtable is flushed to
 *   "forgetful-filter"       filters lack one key in a hundred
 *   "merged-twice"           an operand is now and then applied twice when its memtable is flushed
 *   "early-area"             what compactions drop of a value area counts twice: it is freed while entries refer to it
 *   "unswept-part"           what was swept out of a part is still read there
 *   "stale-frame"            a cursor that waited is believed, whatever lies by then in the frame where its leaf was
 *   "stale-helper"           a compaction helper is not told of pages that were written since its last task
 *   "kept-units"             compactions that came to nothing keep the pages that they took
 */
import { CELL_DELETE, CELL_MERGE, TreeCursor } from "../../src/btree/index.ts";
import { FilterBuilder } from "../../src/lsm/filter.ts";
import { Manifest, type ManifestChange, type ValueArea } from "../../src/lsm/manifest.ts";
import { Operands } from "../../src/lsm/operands.ts";
import { RunCursor } from "../../src/lsm/run-cursor.ts";
import { RunMerge } from "../../src/lsm/run-merge.ts";
import { CompactionHelper } from "../../src/mvcc/compaction-helper.ts";
import type { CheckpointOutcome, CheckpointRunner } from "../../src/mvcc/index.ts";
import { RevocablePages } from "../../src/mvcc/job-pages.ts";
import { LsmWork } from "../../src/mvcc/lsm-work.ts";

export const PLANTED_IN_RUNS: readonly string[] = [
  "resurrecting",
  "free-pinned-runs",
  "lost-range-delete",
  "forgetful-filter",
  "merged-twice",
  "early-area",
  "unswept-part",
  "stale-frame",
  "stale-helper",
  "kept-units",
];

const FORGOTTEN_ONE_IN = 100;
const TWICE_ONE_IN = 8;

/** Takes the bug out again. */
type TakeOut = () => void;

export function plantInRuns(canary: string | undefined): TakeOut {
  switch (canary) {
    case "resurrecting":
      return dropTombstones();
    case "lost-range-delete":
      return loseRangeDeletes();
    case "forgetful-filter":
      return forgetKeys();
    case "merged-twice":
      return mergeTwice();
    case "early-area":
      return changeManifests((change, before) => ({ ...change, areas: countTwice(change.areas, before) }));
    case "unswept-part":
      return showSwept();
    case "stale-frame":
      return replace(TreeCursor.prototype, "refresh", () => () => {});
    case "stale-helper":
      return replace(CompactionHelper.prototype, "note", () => () => {});
    case "kept-units":
      return replace(RevocablePages.prototype, "giveBack", () => () => {});
    default:
      return () => {};
  }
}

/** The pages that compactions free are said to be as young as the version that lacks them: nobody can have pinned them. */
export function freePinnedRuns(runner: CheckpointRunner): CheckpointRunner {
  const start = runner.start.bind(runner);
  const take = runner.take.bind(runner);
  let isCompaction = false;
  runner.start = (input) => {
    isCompaction = input.lsm.compactionBytes > 0;
    start(input);
  };
  runner.take = () => {
    const outcome = take();
    return isCompaction && outcome?.ok === true ? withYoungFrees(outcome) : outcome;
  };
  return runner;
}

function withYoungFrees({ ok, result }: CheckpointOutcome & { readonly ok: true }): CheckpointOutcome {
  const birth = result.meta.checkpoint;
  return { ok, result: { ...result, freed: result.freed.map((extent) => ({ ...extent, birth })) } };
}

function dropTombstones(): TakeOut {
  return replace(
    RunMerge.prototype,
    "next",
    (next) =>
      function (this: RunMerge) {
        while (next.call(this)) {
          if (this.kind !== CELL_DELETE) {
            return true;
          }
        }
        return false;
      },
  );
}

function loseRangeDeletes(): TakeOut {
  return replace(
    LsmWork.prototype,
    "flush",
    (flush) =>
      function (this: LsmWork, keyspace, batch) {
        Object.defineProperty(batch, "rangeDeletes", { value: [] });
        return flush.call(this, keyspace, batch);
      },
  );
}

function forgetKeys(): TakeOut {
  let added = 0;
  return replace(
    FilterBuilder.prototype,
    "add",
    (add) =>
      function (this: FilterBuilder, low, high) {
        if (++added % FORGOTTEN_ONE_IN !== 0) {
          add.call(this, low, high);
        }
      },
  );
}

function mergeTwice(): TakeOut {
  let isFlushing = false;
  let merged = 0;
  const takeOutOfFlush = replace(
    LsmWork.prototype,
    "flush",
    (flush) =>
      function* (this: LsmWork, keyspace, batch) {
        const steps = flush.call(this, keyspace, batch);
        for (let isDone = false; !isDone; ) {
          isFlushing = true;
          try {
            isDone = steps.next().done === true;
          } finally {
            isFlushing = false;
          }
          if (!isDone) {
            yield;
          }
        }
      },
  );
  const takeOutOfOperands = replace(
    Operands.prototype,
    "addOlder",
    (addOlder) =>
      function (this: Operands, bytes, kind) {
        addOlder.call(this, bytes, kind);
        if (isFlushing && kind === CELL_MERGE && ++merged % TWICE_ONE_IN === 0) {
          addOlder.call(this, bytes, kind);
        }
      },
  );
  return () => {
    takeOutOfOperands();
    takeOutOfFlush();
  };
}

/** To who reads backwards, or from the first key on. (From any other, a scan would come back to a deleted range for ever.) */
function showSwept(): TakeOut {
  const takeOutOfPrev = replace(
    RunCursor.prototype,
    "prev",
    (prev) =>
      function (this: RunCursor) {
        if (this.part?.isCut === true && this.tree.prev()) {
          this.valid = true;
          return true;
        }
        return prev.call(this);
      },
  );
  const takeOutOfFirst = replace(
    RunCursor.prototype,
    "first",
    (first) =>
      function (this: RunCursor) {
        const found = first.call(this);
        return found && this.part?.isCut === true ? this.tree.first() : found;
      },
  );
  return () => {
    takeOutOfFirst();
    takeOutOfPrev();
  };
}

function changeManifests(change: (change: ManifestChange, before: Manifest) => ManifestChange): TakeOut {
  return replace(
    Manifest.prototype,
    "with",
    (next) =>
      function (this: Manifest, asked) {
        return next.call(this, change(asked, this));
      },
  );
}

function countTwice(areas: ManifestChange["areas"], before: Manifest): ReadonlyMap<number, ValueArea | undefined> {
  const counted = new Map(areas);
  for (const [page, area] of counted) {
    const was = before.areas.get(page);
    if (area !== undefined && was !== undefined) {
      counted.set(page, { ...area, liveBytes: Math.max(1, 2 * area.liveBytes - was.liveBytes) });
    }
  }
  return counted;
}

function replace<T extends object, K extends keyof T>(target: T, name: K, make: (original: T[K]) => T[K]): TakeOut {
  const original = target[name];
  target[name] = make(original);
  return () => {
    target[name] = original;
  };
}
