/**
 * A flush: the operations of frozen memtables on one keyspace, in key order, become a run of level 0.
 *
 * Where the keyspace has nothing in pages yet there is nothing that a tombstone or a range delete could hide, and they are
 * left out. Yields about once in 512 entries.
 */
import { BATCH_DELETE, type BatchSource, CELL_DELETE } from "../btree/index.ts";
import type { LsmSurroundings } from "./compaction.ts";
import { coveredBytes, KeySample } from "./hidden.ts";
import type { Manifest, PlacedPart } from "./manifest.ts";
import { PartWriter } from "./part-writer.ts";
import { partBytesFor } from "./policy.ts";
import { NO_RANGE_DELETES, type RangeDelete } from "./range-deletes.ts";

const ENTRIES_A_STEP = 512;

/** `rangeDeletes` hide what is in runs; what they hide in the batch is not in it. */
export function* flushRun(
  around: LsmSurroundings,
  before: Manifest,
  batch: BatchSource,
  rangeDeletes: readonly RangeDelete[],
): Generator<void, Manifest> {
  const isBottom = before.runs.length === 0;
  const writer = new PartWriter({
    ...around,
    level: 0,
    partBytes: partBytesFor(around.segmentBytes, 0),
    isCompressed: false,
    firstId: before.nextPart,
  });
  const sample = new KeySample(around.pages, before.runs);
  let userBytes = 0;
  for (let count = 1; batch.next(); count++) {
    const { kind, u8, keyOffset, keyLength, values, words, valueOffset, valueLength, expiry } = batch;
    userBytes += keyLength + valueLength;
    sample.note(u8, keyOffset, keyLength);
    if (kind !== BATCH_DELETE) {
      writer.add(kind, u8, keyOffset, keyLength, values, valueOffset, valueLength, expiry, words);
    } else if (!isBottom) {
      writer.add(CELL_DELETE, u8, keyOffset, keyLength, u8, 0, 0, 0);
    }
    if (count % ENTRIES_A_STEP === 0) {
      yield;
    }
  }
  const parts = writer.finish(isBottom ? NO_RANGE_DELETES : rangeDeletes);
  const run = before.nextRun;
  const entries = parts.reduce((sum, { root }) => sum + root.count, 0);
  const added: PlacedPart[] = [];
  for (const part of parts) {
    const covered = yield* coveredBytes(around.pages, before.runs, part.rangeDeletes);
    const hiddenBytes = covered + (sample.hiddenBytes * part.root.count) / Math.max(1, entries);
    added.push({ level: 0, run, part: { ...part, hiddenBytes } });
  }
  return before.with({
    added,
    areas: new Map(writer.areas.map((area) => [area.page, area])),
    nextRun: run + 1,
    nextPart: before.nextPart + parts.length,
    counts: {
      ...before.counts,
      userBytes: before.counts.userBytes + userBytes,
      flushedBytes: before.counts.flushedBytes + writer.writtenBytes,
    },
  });
}
