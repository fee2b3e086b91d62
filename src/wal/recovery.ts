/**
 * What an opening log makes of the directory.
 *
 *     wal.0000000007  ┐ before firstSegment: checkpointed. Retained for log readers, or recycled
 *     wal.0000000008  ┘
 *     wal.0000000009  ┐ every record, in order, to `onRecord`; complete up to the end that the next header names,
 *     wal.0000000010  ┘ or the log is damaged
 *     wal.0000000011    the last one: its records end where none verifies, unless `checkTail` knows better
 *     spare.*           files to be written over
 *
 * Recovery never goes on writing where the last life stopped. What that life may not have synced (everything after the
 * last commit that a record calls durable) is written again and synced, since a system that failed to write a page back
 * may call it clean; then the segment is sealed, and the next commit opens a new one, with a new salt, whose header names
 * this segment's end for good (W5). A last segment without a record becomes a spare: its number is used again.
 */
import { DbError } from "../errors.ts";
import type { Disk } from "../pager/index.ts";
import { recordCommit, recordDurableCommit, recordLength } from "./record.ts";
import { checkTail, corrupt, loadSegment, readSegmentHeader, takeRecord } from "./scan.ts";
import type { Segment } from "./segment.ts";
import { listLogFiles, type RetainedSegment, segmentFileName, spareFileName } from "./segment-files.ts";
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from "./segment-header.ts";

export interface RecoveryOptions {
  /** The oldest segment that is not checkpointed. */
  readonly firstSegment: number;
  /** The last commit that is. */
  readonly baseCommit: number;
  readonly readOnly: boolean;
  /** Whether checkpointed segments are kept for readers; otherwise all of them are removed. */
  readonly keepsReleased: boolean;
  /** Called for each record in commit order, once it was verified and before the next one is. */
  readonly onRecord: (segment: Segment, record: number) => void;
}

export interface Recovered {
  /** Not checkpointed, oldest first, all sealed. */
  readonly segments: Segment[];
  readonly lastCommit: number;
  /** The last commit that was on disk before recovery wrote anything. */
  readonly durableCommit: number;
  /** The segment whose end the next header is to name. */
  readonly previous: Segment | undefined;
  readonly retained: RetainedSegment[];
  readonly spares: string[];
}

interface FoundSegment {
  readonly header: SegmentHeader;
  readonly crc: number;
  readonly sizeBytes: number;
}

export function recover(disk: Disk, options: RecoveryOptions): Recovered {
  const { numbers, spares } = listLogFiles(disk);
  const found = numbers.filter((number) => number >= options.firstSegment).map((n) => readSegmentHeader(disk, n));
  checkContinuity(disk, found, options);
  const segments: Segment[] = [];
  for (let i = 0; i < found.length; i++) {
    segments.push(readSegment(disk, found[i]!, found[i + 1]?.header, options));
  }
  const last = segments.at(-1);
  let durableCommit = options.baseCommit;
  if (last !== undefined) {
    durableCommit = last.baseCommit;
    if (last.isEmpty) {
      segments.pop();
      if (!options.readOnly) {
        disk.rename(segmentFileName(last.number), spareFileName(last.number));
        spares.push(spareFileName(last.number));
      }
    } else {
      durableCommit = Math.max(durableCommit, lastDurableCommit(last));
      if (!options.readOnly) {
        writeAgain(disk, last, durableCommit);
      }
    }
  }
  const old = numbers.filter((number) => number < options.firstSegment);
  const { retained, newest } = findRetained(disk, old, found[0]?.header, options);
  return {
    segments,
    lastCommit: last?.lastCommit ?? options.baseCommit,
    durableCommit,
    previous: segments.at(-1) ?? newest,
    retained,
    spares,
  };
}

function checkContinuity(disk: Disk, found: readonly FoundSegment[], options: RecoveryOptions): void {
  for (let i = 0; i < found.length; i++) {
    const { header } = found[i]!;
    const expected = options.firstSegment + i;
    if (header.number !== expected) {
      const file = segmentFileName(expected);
      throw new DbError(
        "CORRUPT",
        `log segment ${file} is missing from ${disk.path}, though ${segmentFileName(header.number)} is there; ` +
          "restore it from a backup",
        { file, segment: expected },
      );
    }
  }
  const first = found[0]?.header;
  if (first !== undefined && first.baseCommit !== options.baseCommit) {
    throw corrupt(first, 0, `begins after commit ${first.baseCommit}, the checkpoint ends with ${options.baseCommit}`);
  }
}

function readSegment(
  disk: Disk,
  found: FoundSegment,
  next: SegmentHeader | undefined,
  options: RecoveryOptions,
): Segment {
  const lengthBytes = next === undefined ? found.sizeBytes : next.previousEnd;
  if (lengthBytes < SEGMENT_HEADER_BYTES) {
    throw corrupt(found.header, 0, "is not the segment that the one after it continues");
  }
  const segment = loadSegment(disk, found.header, found.crc, lengthBytes);
  for (let record = segment.end; takeRecord(segment); record = segment.end) {
    options.onRecord(segment, record);
  }
  if (next === undefined) {
    checkTail(segment);
  } else if (segment.end !== next.previousEnd) {
    throw corrupt(segment, segment.end, `is damaged after commit ${segment.lastCommit}`);
  } else if (segment.crc !== next.previousCrc || segment.lastCommit !== next.baseCommit) {
    throw corrupt(segment, segment.end, "is not the segment that the one after it continues");
  }
  segment.capacity = segment.end;
  return segment;
}

/** The last commit of a segment that one of its records calls durable: the last record knows best. */
function lastDurableCommit(segment: Segment): number {
  let durable = segment.baseCommit;
  for (let at = SEGMENT_HEADER_BYTES; at < segment.end; at += recordLength(segment.u32, at)) {
    durable = recordDurableCommit(segment.u32, at);
  }
  return durable;
}

function writeAgain(disk: Disk, segment: Segment, durableCommit: number): void {
  let from = SEGMENT_HEADER_BYTES;
  while (from < segment.end && recordCommit(segment.u32, from) <= durableCommit) {
    from += recordLength(segment.u32, from);
  }
  const file = disk.open(segmentFileName(segment.number), "write");
  try {
    file.write(segment.u8, from, segment.end - from, from);
    file.sync();
  } finally {
    file.close();
  }
}

/**
 * The checkpointed segments that reach up to the first live one without a gap; what lies before a gap is removed. The
 * checkpoint may have overtaken the log's sync, so a segment whose end no header names is read to see that it is whole.
 */
function findRetained(
  disk: Disk,
  old: readonly number[],
  firstLive: SegmentHeader | undefined,
  options: RecoveryOptions,
): { retained: RetainedSegment[]; newest: Segment | undefined } {
  const retained: RetainedSegment[] = [];
  let newest: Segment | undefined;
  let next = { number: options.firstSegment, baseCommit: options.baseCommit, previousEnd: firstLive?.previousEnd ?? 0 };
  for (const number of old.toReversed()) {
    const found = options.keepsReleased && number + 1 === next.number ? readIfWhole(disk, number) : undefined;
    const read = found !== undefined && next.previousEnd === 0 ? readUpTo(disk, found, next.baseCommit) : undefined;
    if (found !== undefined && (next.previousEnd !== 0 || read?.lastCommit === next.baseCommit)) {
      newest ??= read;
      const { baseCommit, previousEnd } = found.header;
      retained.unshift({ number, baseCommit, lastCommit: next.baseCommit, sizeBytes: found.sizeBytes });
      next = { number, baseCommit, previousEnd };
    } else if (!options.readOnly) {
      disk.remove(segmentFileName(number));
    }
  }
  return { retained, newest };
}

function readUpTo(disk: Disk, found: FoundSegment, lastCommit: number): Segment {
  const segment = loadSegment(disk, found.header, found.crc, found.sizeBytes);
  while (segment.lastCommit < lastCommit && takeRecord(segment)) {
    // Each record counts by itself.
  }
  return segment;
}

/** No commit is lost with a checkpointed segment, so a damaged one is dropped: readers of it are told INVALID. */
function readIfWhole(disk: Disk, number: number): FoundSegment | undefined {
  try {
    return readSegmentHeader(disk, number);
  } catch (error) {
    if (error instanceof DbError && error.code === "CORRUPT") {
      return undefined;
    }
    throw error;
  }
}
