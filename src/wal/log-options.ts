/** What a log is opened with, and what it says of itself. */
import { DbError } from "../errors.ts";
import type { Rng } from "../random.ts";
import type { Segment } from "./segment.ts";

export const DEFAULT_SEGMENT_BYTES: number = 32 * 1024 * 1024;
const MIN_SEGMENT_BYTES = 16 * 1024;
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;

export interface LogOptions {
  /** The oldest segment that is not checkpointed; in a new log, the number of the first. */
  readonly firstSegment: number;
  /** The last commit that is checkpointed. */
  readonly baseCommit: number;
  /** Called at open for each record found, in commit order; sets `OP_PREVIOUS` as it was when the record was written. */
  readonly onRecord: (segment: Segment, record: number) => void;
  /** Capacity of a segment, 16 KiB to 64 MiB; 32 MiB unless told. */
  readonly segmentBytes?: number | undefined;
  /** Bytes of checkpointed segments to keep for `read`; none unless told. */
  readonly retainBytes?: number | undefined;
  /** Recovers into memory and writes nothing. */
  readonly readOnly?: boolean | undefined;
  readonly rng?: Rng | undefined;
  /** Milliseconds in fractions; with it, syncs that are quick are made in the foreground (sync-speed.ts). */
  readonly stopwatch?: (() => number) | undefined;
}

export interface LogStats {
  readonly segments: number;
  readonly lastCommit: number;
  readonly durableCommit: number;
  readonly unsyncedBytes: number;
  readonly arenaBytes: number;
  readonly retainedBytes: number;
  readonly spareFiles: number;
}

/** The bytes, if they can be a segment's; throws INVALID. */
export function checkSegmentBytes(bytes: number): number {
  if (!Number.isInteger(bytes) || bytes < MIN_SEGMENT_BYTES || bytes > MAX_SEGMENT_BYTES || bytes % 4096 !== 0) {
    throw new DbError(
      "INVALID",
      `segmentBytes is ${bytes}; it must be a multiple of 4096 from ${MIN_SEGMENT_BYTES} to ${MAX_SEGMENT_BYTES}`,
      { segmentBytes: bytes },
    );
  }
  return bytes;
}
