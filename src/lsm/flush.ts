/**
 * A flush: the operations of frozen memtables on one keyspace, in key order, become a run of level 0.
 *
 * Where the keyspace has nothing in pages yet there is nothing that a tombstone or a range delete could hide, and they are
 * left out. Yields once in 512 entries.
 */
import { BATCH_DELETE, type BatchSource, CELL_DELETE } from "../btree/index.ts";
import { coveredBytes, KeySample } from "./hidden.ts";
import type { Manifest, ValueArea } from "./manifest.ts";
import type { NewPart } from "./part.ts";
import { PartWriter } from "./part-writer.ts";
import { partBytesFor } from "./policy.ts";
import { NO_RANGE_DELETES, type RangeDelete } from "./range-deletes.ts";
import type { LsmSurroundings } from "./surroundings.ts";

/** A run that is in no manifest yet. */
export interface NewRun {
  readonly parts: readonly NewPart[];
  readonly areas: readonly ValueArea[];
  /** Of keys and values. */
  readonly userBytes: number;
  /** Of pages and areas. */
  readonly writtenBytes: number;
}

const ENTRIES_A_STEP = 512;

/**
 * `before` is what is in pages: `rangeDeletes` hide what is there, while what they hide in the batch is not in it. For
 * `withRun`.
 */
export function* flushRun(
  around: LsmSurroundings,
  before: Manifest,
  batch: BatchSource,
  rangeDeletes: readonly RangeDelete[],
): Generator<void, NewRun> {
  const isBottom = before.runs.length === 0;
  const writer = new PartWriter({
    ...around,
    level: 0,
    partBytes: partBytesFor(around.segmentBytes, 0),
    isCompressed: false,
  });
  const sample = new KeySample(around.pages, before.runs);
  let userBytes = 0;
  for (;;) {
    const bytes = flushSome(batch, sample, writer, isBottom);
    if (bytes === undefined) {
      break;
    }
    userBytes += bytes;
    yield;
  }
  const written = writer.finish(isBottom ? NO_RANGE_DELETES : rangeDeletes);
  const entries = written.reduce((sum, { root }) => sum + root.count, 0);
  const parts: NewPart[] = [];
  for (const part of written) {
    const covered = yield* coveredBytes(around.pages, before.runs, part.rangeDeletes);
    parts.push({ ...part, hiddenBytes: covered + (sample.hiddenBytes * part.root.count) / Math.max(1, entries) });
  }
  return { parts, areas: writer.areas, userBytes, writtenBytes: writer.writtenBytes };
}

/** So many entries at the most; bytes of their keys and values, undefined: there is none left. (A function: see merged-parts.ts.) */
function flushSome(batch: BatchSource, sample: KeySample, writer: PartWriter, isBottom: boolean): number | undefined {
  let userBytes = 0;
  let count = 0;
  for (; count < ENTRIES_A_STEP && batch.next(); count++) {
    const { kind, u8, keyOffset, keyLength, values, words, valueOffset, valueLength, expiry } = batch;
    userBytes += keyLength + valueLength;
    sample.note(u8, keyOffset, keyLength);
    if (kind !== BATCH_DELETE) {
      writer.add(kind, u8, keyOffset, keyLength, values, valueOffset, valueLength, expiry, words);
    } else if (!isBottom) {
      writer.add(CELL_DELETE, u8, keyOffset, keyLength, u8, 0, 0, 0);
    }
  }
  return count === 0 ? undefined : userBytes;
}

/** The manifest with one more run, above all others of its level. */
export function withRun(before: Manifest, level: number, { parts, areas, userBytes, writtenBytes }: NewRun): Manifest {
  const { counts, nextRun } = before;
  return before.with({
    ...before.place(level, nextRun, parts),
    areas: new Map(areas.map((area) => [area.page, area])),
    nextRun: nextRun + 1,
    counts: {
      ...counts,
      userBytes: counts.userBytes + userBytes,
      flushedBytes: counts.flushedBytes + writtenBytes,
    },
  });
}
