/**
 * One compaction: the stretch of several runs that the policy chose, merged into new parts, and the manifest after it.
 *
 *     run 9   ├──▓▓▓▓▓▓──────┤        ▓ is merged       ├────┤      cut: what lies below the end is its own no more
 *     run 8   ├──▓▓▓▓▓▓────┤                   ──▶      ├──┤
 *     run 2   ├──▓▓▓▓▓▓┤├─────┤                 ├───────┤├─────┤
 *
 * Nothing is changed in place. Pages of parts of which nothing is left go to `frees`, and are reused when no snapshot
 * needs them. Half-dead value areas that come along are emptied. Yields about once in 512 entries.
 */
import { rank, treePages } from "../btree/index.ts";
import {
  extentPages,
  PAGE_SIZE,
  PART_CRC_BYTES,
  type PageAllocator,
  type PageFile,
  readExtentPart,
} from "../pager/index.ts";
import { coveredBytes } from "./hidden.ts";
import { DEEPEST_LEVEL, type Manifest, type PlacedPart, type Run, type ValueArea, withParts } from "./manifest.ts";
import type { Combine } from "./operands.ts";
import type { Part } from "./part.ts";
import { PartWriter } from "./part-writer.ts";
import { type Compaction, type CompactionInput, partBytesFor, rewriteOf } from "./policy.ts";
import { clipDeletes, NO_RANGE_DELETES, type RangeDelete, uniteDeletes } from "./range-deletes.ts";
import { RunMerge } from "./run-merge.ts";
import type { LsmSettings } from "./settings.ts";

/** Where a keyspace's runs are written, and by which rules. */
export interface LsmSurroundings {
  readonly pages: PageFile;
  readonly allocator: PageAllocator;
  /** Pages that the new manifest does not refer to. */
  readonly frees: { add(firstPage: number, pageCount: number, birth: number): void };
  /** The checkpoint that is under way. */
  readonly birth: number;
  readonly settings: LsmSettings;
  /** Of a log segment, by which parts are measured. */
  readonly segmentBytes: number;
  /** The merge operator; undefined where there is none, or it is not known here. */
  readonly combine: Combine | undefined;
  /** Entries that ended before are dropped; ms since the epoch. */
  readonly expiredBefore: number;
}

const ENTRIES_A_STEP = 512;
const NO_AREAS: ReadonlySet<number> = new Set();
/** An area of which so little is live is emptied by a compaction that comes across it. */
const SPARSE_SHARE = 0.5;

export function* compactRuns(
  around: LsmSurroundings,
  before: Manifest,
  compaction: Compaction,
): Generator<void, Manifest> {
  const { lower, upper, isBottom, inputs } = compaction;
  const areas = new AreaLedger(before.areas, compaction.emptied ?? NO_AREAS);
  const rangeDeletes = inputs.map(({ parts }) => deletesOf(parts, lower, upper));
  const merge = new RunMerge(around.pages, {
    // Not the whole runs: what their other parts have between the bounds stays where it is.
    inputs: inputs.map(({ run, parts }, i) => ({ run: withParts(run, parts), rangeDeletes: rangeDeletes[i]! })),
    lower,
    upper,
    isBottom,
    expiredBefore: around.expiredBefore,
    combine: around.combine,
    onDropped: (page, bytes) => areas.drop(page, bytes),
  });
  const writer = new PartWriter({
    ...around,
    level: compaction.level,
    partBytes: partBytesFor(around.segmentBytes, compaction.level),
    isCompressed: isBottom || compaction.level === DEEPEST_LEVEL,
    firstId: before.nextPart,
  });
  for (let count = 1; merge.next(); count++) {
    write(around.pages, merge, writer, areas);
    if (count % ENTRIES_A_STEP === 0) {
      yield;
    }
  }
  const kept = isBottom ? NO_RANGE_DELETES : rangeDeletes.reduce(uniteDeletes, NO_RANGE_DELETES);
  const run = compaction.run ?? before.nextRun;
  const added: PlacedPart[] = [];
  const rewritten = inputs[0]!.parts[0]!;
  const isRewrite =
    inputs.length === 1 && !isBottom && inputs[0]!.run.level === compaction.level && rewritten.root.count > 0;
  for (const part of writer.finish(kept)) {
    const hiddenBytes = isRewrite
      ? (rewritten.hiddenBytes * part.root.count) / Math.max(1, rewritten.root.count)
      : yield* coveredBytes(around.pages, olderThan(before, compaction.level), part.rangeDeletes);
    added.push({ level: compaction.level, run, part: { ...part, hiddenBytes } });
  }
  const nextPart = before.nextPart + added.length;
  const removed = new Set<number>();
  for (const input of inputs) {
    yield* takeOut(around, input, upper, removed, added);
  }
  return before.with({
    removed,
    added,
    areas: areas.settle(around, writer.areas),
    sweeps: compaction.sweeps,
    nextRun: Math.max(before.nextRun, run + 1),
    nextPart,
    counts: { ...before.counts, compactedBytes: before.counts.compactedBytes + writer.writtenBytes },
  });
}

/**
 * Parts, and with `movesValues` value areas, that have pages from `from` on are written anew, to lower pages where there is
 * room. `mostPages` bounds how much is read for it, and `isHurried` ends it; what was moved is told.
 */
export function* relocateRuns(
  around: LsmSurroundings,
  before: Manifest,
  from: number,
  mostPages: number,
  movesValues: boolean,
  isHurried: () => boolean,
): Generator<void, { manifest: Manifest; pagesMoved: number }> {
  const far = new Set<number>();
  for (const { page, lengthBytes } of movesValues ? before.areas.values() : []) {
    if (page + extentPages(lengthBytes) > from) {
      far.add(page);
    }
  }
  let manifest = before;
  let pagesMoved = 0;
  for (const { run: number, part } of before.parts()) {
    if (pagesMoved >= mostPages || isHurried()) {
      break;
    }
    if (part.areas.some(({ page }) => far.has(page)) || hasPagesFrom(around.pages, part, from)) {
      const run = manifest.runs.find((each) => each.number === number)!;
      pagesMoved += Math.ceil(part.bytes / PAGE_SIZE);
      manifest = yield* compactRuns(around, manifest, rewriteOf(manifest, run, part, far));
    }
    yield;
  }
  return { manifest, pagesMoved };
}

function hasPagesFrom(pages: PageFile, { root, filter }: Part, from: number): boolean {
  if (filter.page + filter.pageCount > from) {
    return true;
  }
  for (const { first, count } of treePages(pages, root)) {
    if (first + count > from) {
      return true;
    }
  }
  return false;
}

/** All pages of a keyspace that is dropped go to `frees`. */
export function* freeRuns(pages: PageFile, frees: LsmSurroundings["frees"], manifest: Manifest): Generator<void, void> {
  for (const { part } of manifest.parts()) {
    yield* freePart(pages, frees, part);
  }
  for (const { page, lengthBytes, birth } of manifest.areas.values()) {
    frees.add(page, extentPages(lengthBytes), birth);
  }
}

function write(pages: PageFile, merge: RunMerge, writer: PartWriter, areas: AreaLedger): void {
  const { kind, cursor, areaPage, areaOffset, valueLength, expiry } = merge;
  if (areaPage === 0) {
    const { u8, words, valueOffset } = merge;
    writer.add(kind, cursor.key, 0, cursor.keyLength, u8, valueOffset, valueLength, expiry, words);
  } else if (!areas.isSparse(areaPage)) {
    writer.addReference(kind, cursor.key, 0, cursor.keyLength, areaPage, areaOffset, valueLength, expiry);
  } else {
    const value = new Uint8Array(valueLength);
    readExtentPart(pages, areaPage, areaOffset, valueLength, value, 0);
    areas.drop(areaPage, PART_CRC_BYTES + valueLength);
    writer.add(kind, cursor.key, 0, cursor.keyLength, value, 0, valueLength, expiry);
  }
}

function olderThan(manifest: Manifest, level: number): readonly Run[] {
  return manifest.runs.filter((run) => run.level > level);
}

/** Range deletes of a run's parts, between the bounds. */
function deletesOf(
  parts: readonly Part[],
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): readonly RangeDelete[] {
  const all = parts.flatMap(({ rangeDeletes }) => rangeDeletes);
  return all.length === 0 ? NO_RANGE_DELETES : clipDeletes(all, lower, upper);
}

/** Parts that were merged up to their end are given up; of others what lies behind `upper` stays. */
function* takeOut(
  around: LsmSurroundings,
  { run, parts }: CompactionInput,
  upper: Uint8Array | undefined,
  removed: Set<number>,
  added: PlacedPart[],
): Generator<void, void> {
  for (const part of parts) {
    removed.add(part.id);
    const isDone = upper === undefined || (part.upper !== undefined && Buffer.compare(part.upper, upper) <= 0);
    if (isDone) {
      yield* freePart(around.pages, around.frees, part);
    } else {
      added.push({ level: run.level, run: run.number, part: cutPart(around.pages, part, upper) });
    }
  }
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

function* freePart(pages: PageFile, frees: LsmSurroundings["frees"], part: Part): Generator<void, void> {
  for (const { first, count } of treePages(pages, part.root)) {
    frees.add(first, count, part.birth);
    yield;
  }
  if (part.filter.pageCount > 0) {
    frees.add(part.filter.page, part.filter.pageCount, part.birth);
  }
}

/** How much of each value area is live, while a compaction drops and moves values (L4). */
class AreaLedger {
  readonly #areas: ReadonlyMap<number, ValueArea>;
  readonly #emptied: ReadonlySet<number>;
  readonly #dropped: Map<number, number>;

  constructor(areas: ReadonlyMap<number, ValueArea>, emptied: ReadonlySet<number>) {
    this.#areas = areas;
    this.#emptied = emptied;
    this.#dropped = new Map();
  }

  drop(page: number, bytes: number): void {
    this.#dropped.set(page, (this.#dropped.get(page) ?? 0) + bytes);
  }

  /** Whether values are to be moved from there, by what was known when the compaction began. */
  isSparse(page: number): boolean {
    const area = this.#areas.get(page)!;
    return this.#emptied.has(page) || area.liveBytes < area.lengthBytes * SPARSE_SHARE;
  }

  /** The changes to the manifest's areas; what nothing refers to any more is freed. */
  settle(around: LsmSurroundings, written: readonly ValueArea[]): Map<number, ValueArea | undefined> {
    const changes = new Map<number, ValueArea | undefined>(written.map((area) => [area.page, area]));
    for (const [page, bytes] of this.#dropped) {
      const area = this.#areas.get(page)!;
      const liveBytes = area.liveBytes - bytes;
      if (liveBytes > 0) {
        changes.set(page, { ...area, liveBytes });
      } else {
        around.frees.add(page, extentPages(area.lengthBytes), area.birth);
        changes.set(page, undefined);
      }
    }
    return changes;
  }
}
