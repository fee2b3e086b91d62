/**
 * How fast writers may go while checkpoints are behind: in proportion, so that nobody ever has to stand still.
 *
 *     q   0        1        2        3        4        5      memtables waiting: the active one by its share, those of
 *         ├────────┴────────┼────────┴────────┼────────┤      the running job by what of it is to come
 *              no pause     │  more and more  │ 1.2 times as long a byte as checkpoints take for it
 *
 * With two of them a job can begin: a pause before that would be a worker that waits for the writer that it slows.
 *
 * What checkpoints take for a byte of log is measured: all the time that jobs took, compactions included, over the bytes that
 * flushes took off the log, older jobs counting half as much each time. A writer that is slower than that by itself is never
 * paused for long, since what waits gets less; a faster one settles where both keep step.
 */

const FREE_FROM = 2;
const FULL_AT = 4;
const MOST_FACTOR = 1.2;
/** Pauses shorter than this are saved up. */
const LEAST_PAUSE_MS = 1;
const MOST_CREDIT_MS = 20;
const FORGET = 0.5;
/** What is supposed before the first job was done: 100 MB a second. */
const FIRST_MS = 320;
const FIRST_BYTES = 32_000_000;

export class Pacer {
  /** Of jobs that were done, the older ones weighing less. */
  #busyMs: number;
  #flushedBytes: number;
  #owedMs: number;
  /** Up to where in the log writers have come. */
  #segment: number;
  #tail: number;

  constructor() {
    this.#busyMs = FIRST_MS;
    this.#flushedBytes = FIRST_BYTES;
    this.#owedMs = 0;
    this.#segment = 0;
    this.#tail = 0;
  }

  /** A job has ended that took so long, and so many bytes off the log: none, if it compacted. */
  jobDone(ms: number, flushedBytes: number): void {
    if (flushedBytes > 0) {
      this.#busyMs *= FORGET;
      this.#flushedBytes *= FORGET;
    }
    this.#busyMs += ms;
    this.#flushedBytes += flushedBytes;
  }

  /** For how long a writer is to pause that has come so far in the log, with `waiting` memtables to be flushed. */
  pauseMs(waiting: number, segment: number, tail: number): number {
    const bytes = segment === this.#segment ? Math.max(0, tail - this.#tail) : tail;
    this.#segment = segment;
    this.#tail = tail;
    const pressure = Math.min(1, Math.max(0, (waiting - FREE_FROM) / (FULL_AT - FREE_FROM)));
    if (pressure === 0) {
      this.#owedMs = 0;
      return 0;
    }
    this.#owedMs += MOST_FACTOR * pressure * bytes * (this.#busyMs / this.#flushedBytes);
    return this.#owedMs >= LEAST_PAUSE_MS ? this.#owedMs : 0;
  }

  /** It has paused so long: perhaps longer than it was to, where others had the processor. That counts for what is to come. */
  paused(ms: number): void {
    this.#owedMs = Math.max(-MOST_CREDIT_MS, this.#owedMs - ms);
  }
}
