/**
 * How fast writers may go while checkpoints are behind: in proportion, so that nobody ever has to stand still.
 *
 *     behind   0     0.75       1.9         3     memtables: the active one by its share, those of the running job by what of
 *              ├───────┼──────────┼──────────┤     it is to come
 *                no    0 ┈┈┈┈┈┈▶ 1 ┈┈┈┈┈┈┈▶ 2     times as long a byte as checkpoints take for it
 *               pause
 *
 *     filled   3 ──────── 4: the last segment that there is room for, however near the job is to its end: 0 to 2
 *
 * A job takes the two oldest ones: a writer that fills two more until it ends stays at two. What checkpoints take for a byte
 * of log is measured: all the time that jobs took, compactions included, over the bytes that flushes took off the log,
 * older jobs counting less. A writer pauses for what it was faster than that, its own time and earlier pauses included: one
 * that is slower by itself, or had to share the processor, does not pause at all.
 */

/** Frozen memtables that there may be before writers wait: two in a job, and one behind it beside the active one. */
export const MAX_FROZEN = 3;
const FREE_UNTIL = 0.75;
const MOST_FACTOR = 2;
/** Pauses shorter than this are saved up. */
const LEAST_PAUSE_MS = 1;
/** A writer that was slower than it might have been can be faster for so long. */
const MOST_CREDIT_MS = 5;
/** More is not owed, however large a commit was. */
const MOST_OWED_MS = 100;
/** A job that took longer has met a clock that was set, or a machine that slept. */
const MOST_JOB_MS = 60_000;
/** What an older job still counts, for each one that flushed since. */
const FORGET = 0.8;
/** What is supposed before the first job was done: 100 MB a second. */
const FIRST_MS = 320;
const FIRST_BYTES = 32_000_000;

export class Pacer {
  /** Of jobs that were done, the older ones weighing less. */
  #busyMs: number;
  #flushedBytes: number;
  /** Negative: how much faster it may be. */
  #owedMs: number;
  /** Up to where in the log writers had come, and when. */
  #segment: number;
  #tail: number;
  #atMs: number;

  constructor() {
    this.#busyMs = FIRST_MS;
    this.#flushedBytes = FIRST_BYTES;
    this.#owedMs = 0;
    this.#segment = 0;
    this.#tail = 0;
    this.#atMs = 0;
  }

  /** A job has ended that writers had to wait for: it took so long, and so many bytes off the log, none if it compacted. */
  jobDone(ms: number, flushedBytes: number): void {
    if (flushedBytes > 0) {
      this.#busyMs *= FORGET;
      this.#flushedBytes *= FORGET;
    }
    this.#busyMs += Math.min(MOST_JOB_MS, Math.max(0, ms));
    this.#flushedBytes += flushedBytes;
  }

  /**
   * For how long a writer is to pause that has come so far in the log. `behind` and `filled` are in memtables, with what
   * the running job has done of its own taken off the one and not the other; both 0: there is no job to wait for.
   */
  pauseMs(behind: number, filled: number, segment: number, tail: number, nowMs: number): number {
    const bytes = segment === this.#segment ? Math.max(0, tail - this.#tail) : tail;
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#segment = segment;
    this.#tail = tail;
    this.#atMs = nowMs;
    const pressure = Math.max(0, (behind - FREE_UNTIL) / (MAX_FROZEN - FREE_UNTIL), filled - MAX_FROZEN);
    const dueMs = MOST_FACTOR * Math.min(1, pressure) * bytes * (this.#busyMs / this.#flushedBytes);
    const owedMs = pressure === 0 ? Math.min(0, this.#owedMs) : this.#owedMs;
    this.#owedMs = Math.min(MOST_OWED_MS, Math.max(-MOST_CREDIT_MS, owedMs + dueMs - elapsedMs));
    return this.#owedMs >= LEAST_PAUSE_MS ? this.#owedMs : 0;
  }
}
