/**
 * The long part of a compaction: runs are read between two bounds, and what is left of their entries goes into new parts.
 *
 * It needs no manifest, and changes none, so that another thread can do it.
 */
import { PART_CRC_BYTES, type PageFile, readExtentPart } from "../pager/index.ts";
import { DEEPEST_LEVEL, type Run, type ValueArea } from "./manifest.ts";
import type { NewPart, Part } from "./part.ts";
import { PartWriter } from "./part-writer.ts";
import { partBytesFor } from "./policy.ts";
import { clipDeletes, NO_RANGE_DELETES, type RangeDelete, uniteDeletes } from "./range-deletes.ts";
import { RunMerge } from "./run-merge.ts";
import type { LsmSurroundings } from "./surroundings.ts";

export interface MergeTask {
  /** Newest first, each with the parts of it that are merged. */
  readonly runs: readonly Run[];
  /** The stretch of keys; undefined: from the beginning, to the end. */
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
  /** Of the parts that are written. */
  readonly level: number;
  /** Nothing older has keys between the bounds. */
  readonly isBottom: boolean;
  /** Value areas, by their first pages, from which what is live is to move. */
  readonly emptied: ReadonlySet<number>;
}

export interface MergedParts {
  readonly parts: readonly NewPart[];
  /** Areas that were written. */
  readonly areas: readonly ValueArea[];
  /** Bytes of areas, by their first pages, that nothing refers to any more, checksums included. */
  readonly dropped: ReadonlyMap<number, number>;
  /** Of pages and areas. */
  readonly writtenBytes: number;
}

const ENTRIES_A_STEP = 512;

/** Yields once in 512 entries. */
export function* mergeParts(around: LsmSurroundings, task: MergeTask): Generator<void, MergedParts> {
  const { runs, lower, upper, level, isBottom, emptied } = task;
  const dropped = new Map<number, number>();
  const drop = (page: number, bytes: number) => dropped.set(page, (dropped.get(page) ?? 0) + bytes);
  const inputs = runs.map((run) => ({ run, rangeDeletes: deletesOf(run.parts, lower, upper) }));
  const { expiredBefore, combine } = around;
  const merge = new RunMerge(around.pages, { inputs, lower, upper, isBottom, expiredBefore, combine, onDropped: drop });
  const writer = new PartWriter({
    ...around,
    level,
    partBytes: partBytesFor(around.segmentBytes, level),
    isCompressed: isBottom || level === DEEPEST_LEVEL,
  });
  while (mergeSome(merge, writer, around.pages, emptied, drop)) {
    yield;
  }
  const kept = isBottom
    ? NO_RANGE_DELETES
    : inputs.reduce((all, { rangeDeletes }) => uniteDeletes(all, rangeDeletes), NO_RANGE_DELETES);
  const parts = writer.finish(kept);
  return { parts, areas: writer.areas, dropped, writtenBytes: writer.writtenBytes };
}

/**
 * So many entries at the most; whether there may be more. A function, not the body of the generator: what is around the loop
 * of one that runs for long was never seen by the compiler, and makes it throw away the code of the loop each time.
 */
function mergeSome(
  merge: RunMerge,
  writer: PartWriter,
  pages: PageFile,
  emptied: ReadonlySet<number>,
  drop: (page: number, bytes: number) => void,
): boolean {
  for (let count = 0; count < ENTRIES_A_STEP; count++) {
    if (!merge.next()) {
      return false;
    }
    if (merge.areaPage !== 0 && emptied.has(merge.areaPage)) {
      moveValue(pages, merge, writer);
      drop(merge.areaPage, PART_CRC_BYTES + merge.valueLength);
    } else {
      copy(merge, writer);
    }
  }
  return true;
}

function copy(merge: RunMerge, writer: PartWriter): void {
  const { kind, cursor, u8, words, valueOffset, areaPage, areaOffset, valueLength, expiry } = merge;
  if (areaPage === 0) {
    writer.add(kind, cursor.key, 0, cursor.keyLength, u8, valueOffset, valueLength, expiry, words);
  } else {
    writer.addReference(kind, cursor.key, 0, cursor.keyLength, areaPage, areaOffset, valueLength, expiry);
  }
}

function moveValue(pages: PageFile, merge: RunMerge, writer: PartWriter): void {
  const { kind, cursor, areaPage, areaOffset, valueLength, expiry } = merge;
  const value = new Uint8Array(valueLength);
  readExtentPart(pages, areaPage, areaOffset, valueLength, value, 0);
  writer.add(kind, cursor.key, 0, cursor.keyLength, value, 0, valueLength, expiry);
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
