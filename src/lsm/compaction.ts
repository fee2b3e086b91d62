/**
 * One compaction: the stretch of several runs that the policy chose, merged into new parts, and the manifest after it.
 *
 *     run 9   ├──▓▓▓▓▓▓──────┤        ▓ is merged       ├────┤      cut: what lies below the end is its own no more
 *     run 8   ├──▓▓▓▓▓▓────┤                   ──▶      ├──┤
 *     run 2   ├──▓▓▓▓▓▓┤├─────┤                 ├───────┤├─────┤
 *
 * It goes in three steps, so that several can be under way, the second of them in another thread:
 *
 *     begin    what is merged is out of the manifest, and a part that has nothing yet stands for what will come of it
 *     merge    merged-parts.ts
 *     end      what came of it is in the manifest; pages of parts of which nothing is left go to `frees`
 *
 * Nothing is changed in place: pages that are given up are reused when no snapshot needs them. Half-dead value areas that
 * come along are emptied.
 */
import { assert } from "../assert.ts";
import { type RelocatesExtent, rank } from "../btree/index.ts";
import { extentPages, PAGE_SIZE, type PageFile } from "../pager/index.ts";
import { NO_FILTER } from "./filter.ts";
import { coveredBytes } from "./hidden.ts";
import { type Manifest, type PlacedPart, type Run, type ValueArea, withParts } from "./manifest.ts";
import { type MergedParts, type MergeTask, mergeParts } from "./merged-parts.ts";
import type { NewPart, Part } from "./part.ts";
import { copyPart, freePart, hasPagesFrom } from "./part-pages.ts";
import { type Compaction, rewriteOf } from "./policy.ts";
import { clipDeletes, NO_RANGE_DELETES } from "./range-deletes.ts";
import type { LsmSurroundings, PageFrees } from "./surroundings.ts";

/** A compaction that is under way. */
export interface BegunCompaction {
  readonly task: MergeTask;
  /** With what is merged taken out. */
  readonly manifest: Manifest;
  /** The part that stands for what will come of it, and its run. */
  readonly standIn: number;
  readonly run: number;
  /** Parts of which nothing is left. */
  readonly used: readonly Part[];
  /** Of what is merged: its own bytes, and those that it hides of older runs, and of each other. */
  readonly bytes: number;
  readonly hiddenBytes: number;
}

const NO_AREAS: ReadonlySet<number> = new Set();
/** An area of which so little is live is emptied by a compaction that comes across it. */
const SPARSE_SHARE = 0.5;

/** All of it, one step after the other. Yields about once in 512 entries. */
export function* compactRuns(
  around: LsmSurroundings,
  frees: PageFrees,
  before: Manifest,
  compaction: Compaction,
): Generator<void, Manifest> {
  const begun = beginCompaction(around.pages, before, compaction);
  assert(begun !== undefined, "L6: no other compaction of the keyspace is under way");
  const merged = yield* mergeParts(around, begun.task);
  return yield* endCompaction(around.pages, frees, () => begun.manifest, begun, merged);
}

/** Undefined where it would have to merge what another one is to make. */
export function beginCompaction(
  pages: PageFile,
  before: Manifest,
  compaction: Compaction,
): BegunCompaction | undefined {
  const { inputs, lower, upper, level, isBottom } = compaction;
  if (inputs.some(({ parts }) => parts.some(isStandIn))) {
    return undefined;
  }
  const run = compaction.run ?? before.nextRun;
  const standIn = before.nextPart;
  const removed = new Set<number>();
  const used: Part[] = [];
  let bytes = 0;
  let hiddenBytes = 0;
  const added: PlacedPart[] = [{ level, run, part: { ...standInFor(compaction), id: standIn } }];
  for (const { run: from, parts } of inputs) {
    for (const part of parts) {
      removed.add(part.id);
      bytes += part.bytes;
      hiddenBytes += part.hiddenBytes;
      if (upper === undefined || (part.upper !== undefined && Buffer.compare(part.upper, upper) <= 0)) {
        used.push(part);
      } else {
        const rest = cutPart(pages, part, upper);
        added.push({ level: from.level, run: from.number, part: rest });
        bytes -= rest.bytes;
        hiddenBytes -= rest.hiddenBytes;
      }
    }
  }
  // Not the whole runs: what their other parts have between the bounds stays where it is.
  const runs = inputs.map((input) => withParts(input.run, input.parts));
  return {
    task: { runs, lower, upper, level, isBottom, emptied: areasToEmpty(before, compaction) },
    manifest: before.with({
      removed,
      added,
      sweeps: compaction.sweeps,
      nextRun: Math.max(before.nextRun, run + 1),
      nextPart: standIn + 1,
    }),
    standIn,
    run,
    used,
    bytes,
    hiddenBytes,
  };
}

/** `current`: the manifest as it is by then; other compactions of it may begin and end meanwhile. */
export function* endCompaction(
  pages: PageFile,
  frees: PageFrees,
  current: () => Manifest,
  { task, standIn, run, used, bytes, hiddenBytes }: BegunCompaction,
  merged: MergedParts,
): Generator<void, Manifest> {
  // What they hid of each other is gone.
  const writtenBytes = merged.parts.reduce((sum, part) => sum + part.bytes, 0);
  const stillHidden = task.isBottom ? 0 : Math.max(0, hiddenBytes - Math.max(0, bytes - writtenBytes));
  const parts: NewPart[] = [];
  for (const part of merged.parts) {
    const covered = yield* coveredBytes(pages, olderThan(current(), task.level), part.rangeDeletes);
    parts.push({ ...part, hiddenBytes: Math.max(covered, (stillHidden * part.bytes) / Math.max(1, writtenBytes)) });
  }
  for (const part of used) {
    yield* freePart(pages, frees, part);
  }
  const before = current();
  return before.with({
    ...before.place(task.level, run, parts),
    removed: new Set([standIn]),
    areas: settleAreas(frees, before, merged),
    counts: { ...before.counts, compactedBytes: before.counts.compactedBytes + merged.writtenBytes },
  });
}

/**
 * Parts that have pages from `from` on are copied to lower ones; what lies in value areas that do is written anew where
 * `movesValue` says so. No more than `mostPages` are moved, and `isHurried` ends it; how many were is told.
 */
export function* relocateRuns(
  around: LsmSurroundings,
  frees: PageFrees,
  before: Manifest,
  from: number,
  mostPages: number,
  movesValue: RelocatesExtent | undefined,
  isHurried: () => boolean,
): Generator<void, { manifest: Manifest; pagesMoved: number }> {
  // Once for all parts that have values in it: it is free when the last of them has been written anew.
  const decided = new Map<number, boolean>();
  const isFarArea = (page: number) => {
    const count = extentPages(before.areas.get(page)?.lengthBytes ?? 0);
    const isFar = decided.get(page) ?? (page + count > from && movesValue?.(page, count) === true);
    decided.set(page, isFar);
    return isFar;
  };
  let manifest = before;
  let pagesMoved = 0;
  for (const { level, run: number, part } of before.parts()) {
    if (pagesMoved >= mostPages || isHurried()) {
      break;
    }
    const partPages = Math.ceil(part.bytes / PAGE_SIZE);
    const far = new Set(part.areas.map(({ page }) => page).filter(isFarArea));
    const isFar = far.size > 0 || hasPagesFrom(around.pages, part, from);
    if (isFar && pagesMoved + partPages <= mostPages) {
      pagesMoved += partPages;
      if (far.size > 0) {
        const run = manifest.runs.find((each) => each.number === number)!;
        manifest = yield* compactRuns(around, frees, manifest, rewriteOf(manifest, run, part, far));
      } else {
        manifest = yield* movePart(around, frees, manifest, { level, run: number, part });
      }
    }
    yield;
  }
  return { manifest, pagesMoved };
}

function* movePart(
  { pages, allocator, birth }: LsmSurroundings,
  frees: PageFrees,
  before: Manifest,
  { level, run, part }: PlacedPart,
): Generator<void, Manifest> {
  const moved = yield* copyPart(pages, allocator, birth, part);
  yield* freePart(pages, frees, part);
  return before.with({
    removed: new Set([part.id]),
    added: [{ level, run, part: moved }],
    counts: { ...before.counts, compactedBytes: before.counts.compactedBytes + part.bytes },
  });
}

/** All pages of a keyspace that is dropped go to `frees`. */
export function* freeRuns(pages: PageFile, frees: PageFrees, manifest: Manifest): Generator<void, void> {
  for (const { part } of manifest.parts()) {
    yield* freePart(pages, frees, part);
  }
  for (const { page, lengthBytes, birth } of manifest.areas.values()) {
    frees.add(page, extentPages(lengthBytes), birth);
  }
}

/** What comes of a compaction, as the policy is to see it: about as large as what is merged, and in its place. */
function standInFor({ inputs, lower = NO_KEY, upper }: Compaction): NewPart {
  let bytes = 0;
  let count = 0;
  for (const part of inputs.flatMap(({ parts }) => parts)) {
    bytes += part.bytes;
    count += part.root.count;
  }
  return {
    // Never empty: by this it is told from all other parts.
    root: { page: 0, height: 0, count: Math.max(1, count) },
    filter: NO_FILTER,
    lower,
    upper,
    bytes,
    deletes: 0,
    hiddenBytes: 0,
    birth: 0,
    isCut: false,
    rangeDeletes: NO_RANGE_DELETES,
    areas: [],
  };
}

const NO_KEY: Uint8Array = new Uint8Array(0);

/** There is no other part that has entries and no tree. */
function isStandIn({ root }: Part): boolean {
  return root.page === 0 && root.count > 0;
}

/** Areas from which what is live is to move. */
function areasToEmpty({ areas }: Manifest, { inputs, emptied = NO_AREAS }: Compaction): ReadonlySet<number> {
  const found = new Set<number>();
  for (const { page } of inputs.flatMap(({ parts }) => parts.flatMap((part) => part.areas))) {
    const area = areas.get(page);
    // None: what referred to it was in the stretch that a part was cut by.
    if (area !== undefined && (emptied.has(page) || area.liveBytes < area.lengthBytes * SPARSE_SHARE)) {
      found.add(page);
    }
  }
  return found;
}

function olderThan(manifest: Manifest, level: number): readonly Run[] {
  return manifest.runs.filter((run) => run.level > level);
}

/** What is left of a part from `lower` on. */
function cutPart(pages: PageFile, part: Part, lower: Uint8Array): Part {
  const { root, bytes, hiddenBytes } = part;
  const before = part.isCut ? rank(pages, root, part.lower, 0, part.lower.length) : 0;
  const share = (root.count - rank(pages, root, lower, 0, lower.length)) / Math.max(1, root.count - before);
  const rangeDeletes = clipDeletes(part.rangeDeletes, lower, undefined);
  return {
    ...part,
    lower,
    isCut: true,
    bytes: Math.round(bytes * share),
    hiddenBytes:
      root.count === 0 ? (hiddenBytes * rangeDeletes.length) / part.rangeDeletes.length : hiddenBytes * share,
    rangeDeletes,
  };
}

/** The changes to the manifest's areas (L4); what nothing refers to any more is freed. */
function settleAreas(
  frees: PageFrees,
  { areas }: Manifest,
  { areas: written, dropped }: MergedParts,
): Map<number, ValueArea | undefined> {
  const changes = new Map<number, ValueArea | undefined>(written.map((area) => [area.page, area]));
  for (const [page, bytes] of dropped) {
    const area = areas.get(page)!;
    const liveBytes = area.liveBytes - bytes;
    if (liveBytes > 0) {
      changes.set(page, { ...area, liveBytes });
    } else {
      frees.add(page, extentPages(area.lengthBytes), area.birth);
      changes.set(page, undefined);
    }
  }
  return changes;
}
