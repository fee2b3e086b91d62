/**
 * Tailing: the records after a commit number, oldest first, from retained files and live arenas alike.
 *
 *     retained files ──▶ sealed segments ──▶ the active segment ──▶ (false: nothing more yet; ask again)
 *
 * A live segment is read in its arena and pinned while the reader stands in it; a retained one is read from its file into
 * an arena of the reader's own and verified on the way. The reader finds its next segment by commit number, so rotation,
 * checkpoints and transactions that move to a larger segment do not disturb it. What it gives may not be on disk yet:
 * compare `commit` with the log's `durableCommit` where that matters.
 *
 *     const reader = log.read(fromCommit);
 *     while (reader.next()) use(reader.segment, reader.record);     // valid until the next call of next()
 *     reader.close();
 */
import { DbError } from "../errors.ts";
import type { Disk } from "../pager/index.ts";
import { recordCommit, recordLength } from "./record.ts";
import { corrupt, loadSegment, readSegmentHeader, takeRecord } from "./scan.ts";
import type { Segment } from "./segment.ts";
import type { RetainedSegment } from "./segment-files.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-header.ts";

/** What a reader asks the log: who holds the commit after `commit`. */
export interface LogSource {
  readonly disk: Disk;
  readonly lastCommit: number;
  liveSegmentAfter(commit: number): Segment | undefined;
  retainedSegmentAfter(commit: number): RetainedSegment | undefined;
}

export class LogReader {
  /** Where the current record lies. */
  segment: Segment | undefined;
  record: number;
  /** The current record's commit; before the first one, the commit that reading began after. */
  commit: number;

  readonly #source: LogSource;
  /** Offset of the next record in `segment`. */
  #position: number;
  #isFile: boolean;
  #closed: boolean;

  constructor(source: LogSource, fromCommit: number) {
    this.segment = undefined;
    this.record = 0;
    this.commit = fromCommit;
    this.#source = source;
    this.#position = 0;
    this.#isFile = false;
    this.#closed = false;
  }

  /**
   * Moves to the next record; false if there is none yet. Throws INVALID if it is no longer retained, CORRUPT if its
   * file is damaged.
   */
  next(): boolean {
    if (this.#closed) {
      throw new DbError("CLOSED", "the log reader is closed; open another with read()");
    }
    if (this.commit >= this.#source.lastCommit) {
      return false;
    }
    if (this.segment === undefined || this.commit >= this.segment.lastCommit) {
      this.#enter();
    }
    const segment = this.segment!;
    this.record = this.#position;
    this.#position += recordLength(segment.u32, this.record);
    this.commit = recordCommit(segment.u32, this.record);
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#leave();
  }

  /** To the segment that holds the next commit, at that commit's record. */
  #enter(): void {
    const wanted = this.commit;
    if (this.segment !== undefined && this.segment === this.#source.liveSegmentAfter(wanted)) {
      return;
    }
    this.#leave();
    const live = this.#source.liveSegmentAfter(wanted);
    if (live !== undefined) {
      live.pin();
      this.#isFile = false;
      this.segment = live;
    } else {
      this.segment = this.#readFile();
      this.#isFile = true;
    }
    this.#position = SEGMENT_HEADER_BYTES;
    while (recordCommit(this.segment.u32, this.#position) <= wanted) {
      this.#position += recordLength(this.segment.u32, this.#position);
    }
  }

  #readFile(): Segment {
    const retained = this.#source.retainedSegmentAfter(this.commit);
    if (retained === undefined) {
      throw notRetained(this.commit);
    }
    const { header, crc, sizeBytes } = readSegmentHeader(this.#source.disk, retained.number);
    const segment = loadSegment(this.#source.disk, header, crc, sizeBytes);
    while (segment.lastCommit < retained.lastCommit) {
      if (!takeRecord(segment)) {
        throw corrupt(segment, segment.end, `is damaged after commit ${segment.lastCommit}`);
      }
    }
    return segment;
  }

  #leave(): void {
    if (this.segment !== undefined && !this.#isFile) {
      this.segment.unpin();
    }
    this.segment = undefined;
  }
}

export function notRetained(commit: number): DbError {
  return new DbError(
    "INVALID",
    `the log after commit ${commit} is no longer retained: start from a snapshot, or keep more with retainLogBytes`,
    { commit },
  );
}
