/**
 * Reading a segment's file: into an arena, record by record, and judging the place where the records end.
 *
 * A record is taken only if it verifies and continues what was read before it: the CRC of its predecessor, the next commit
 * number, operations that fill it. Where nothing verifies, the records end, and the bytes behind that place are searched
 * for a reason why they may not (`checkTail`): a crash leaves unsynced records in any state, but it cannot leave a later
 * record that says "commit n was on disk when I was written" and take commit n away.
 */
import { joinWords } from "../bytes.ts";
import { DbError } from "../errors.ts";
import type { Disk } from "../pager/index.ts";
import {
  RECORD_HEADER_BYTES,
  recordCommit,
  recordCrc,
  recordDurableCommit,
  recordLength,
  recordOpsFit,
  recordPreviousCrc,
  recordVerifies,
} from "./record.ts";
import { Segment } from "./segment.ts";
import { segmentFileName } from "./segment-files.ts";
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader, segmentHeaderCrc } from "./segment-header.ts";

/** Of a record's header, the words that `checkTail` looks at before it computes a CRC. */
const COMMIT_WORD = 2;
const LAG_WORD = 6;

/** The verified header of a segment's file. */
export function readSegmentHeader(
  disk: Disk,
  number: number,
): { header: SegmentHeader; crc: number; sizeBytes: number } {
  const name = segmentFileName(number);
  const file = disk.open(name, "read");
  try {
    const u8 = new Uint8Array(SEGMENT_HEADER_BYTES);
    const u32 = new Uint32Array(u8.buffer);
    const read = file.read(u8, 0, SEGMENT_HEADER_BYTES, 0);
    const header = decodeSegmentHeader(u8.subarray(0, read), u32, number, name);
    const sizeBytes = file.sizeBytes();
    if (sizeBytes < header.fileBytes) {
      throw corrupt(header, sizeBytes, `was cut: it had ${header.fileBytes} bytes from the first`);
    }
    return { header, crc: segmentHeaderCrc(u32), sizeBytes };
  } finally {
    file.close();
  }
}

/**
 * A segment with the first `mostBytes` of its file in the arena, none of its records read yet. No record reaches beyond the
 * capacity, so what was appended to the file is left out, however much it is.
 */
export function loadSegment(disk: Disk, header: SegmentHeader, headerCrc: number, mostBytes: number): Segment {
  const name = segmentFileName(header.number);
  const lengthBytes = Math.min(mostBytes, header.capacity);
  const segment = new Segment(header.number, header.baseCommit, new SharedArrayBuffer((lengthBytes + 3) & ~3));
  const file = disk.open(name, "read");
  try {
    if (file.read(segment.u8, 0, lengthBytes, 0) < lengthBytes) {
      throw corrupt(segment, file.sizeBytes(), "is shorter than the segment after it says");
    }
  } finally {
    file.close();
  }
  segment.salt = header.saltLow;
  segment.crc = headerCrc;
  segment.sealed = true;
  return segment;
}

/** Takes the record at the segment's end, if a whole one lies there. CORRUPT where one verifies but does not belong. */
export function takeRecord(segment: Segment): boolean {
  const { u32, end: record } = segment;
  if (!recordVerifies(segment, record, segment.capacity, segment.salt)) {
    return false;
  }
  const commit = recordCommit(u32, record);
  if (commit !== segment.lastCommit + 1 || recordPreviousCrc(u32, record) !== segment.crc) {
    throw corrupt(segment, record, `has commit ${commit} out of its place`);
  }
  if (!recordOpsFit(segment, record, commit - segment.baseCommit)) {
    throw corrupt(segment, record, `holds commit ${commit} with operations that do not fill their record`);
  }
  segment.crc = recordCrc(u32, record);
  segment.lastCommit = commit;
  segment.end = record + recordLength(u32, record);
  segment.tail = segment.end;
  return true;
}

/**
 * Judges the end of the last segment. CORRUPT if a record behind it shows that what lay there had been synced; otherwise
 * what lies there was being written when the log stopped, and was acknowledged to nobody.
 */
export function checkTail(segment: Segment): void {
  const { u32, end, lastCommit } = segment;
  const limit = segment.capacity - RECORD_HEADER_BYTES;
  const newest = lastCommit + segment.capacity / RECORD_HEADER_BYTES;
  for (let at = end + 4; at <= limit; at += 4) {
    const word = at >>> 2;
    const length = u32[word]!;
    // Zeros are the usual case: 32 MiB of them take 8 ms.
    if (length < RECORD_HEADER_BYTES || length > segment.capacity - at) {
      continue;
    }
    const commit = joinWords(u32[word + COMMIT_WORD]!, u32[word + COMMIT_WORD + 1]!);
    if (
      commit > lastCommit &&
      commit <= newest &&
      commit - u32[word + LAG_WORD]! > lastCommit &&
      recordVerifies(segment, at, segment.capacity, segment.salt)
    ) {
      throw corrupt(
        segment,
        end,
        `is damaged after commit ${lastCommit}: commit ${commit}, further on, was written when ` +
          `commit ${recordDurableCommit(u32, at)} was on disk already`,
      );
    }
  }
}

export function corrupt(segment: { readonly number: number }, offset: number, what: string): DbError {
  const file = segmentFileName(segment.number);
  return new DbError("CORRUPT", `log segment ${file} ${what} (at offset ${offset}); restore it from a backup`, {
    file,
    segment: segment.number,
    offset,
  });
}
