/**
 * How fast writers may go while a job runs that memtables wait for: so that what room there is in the log is full when a flush
 * ends and makes more, and nobody ever has to stand still.
 *
 *     rate = room / time until a flush has ended
 *
 *     job that flushes        ├─────── flush ───────┤                       what is done of it tells how long the rest takes
 *     job that compacts       ├── compaction ──┤├─────── flush ───────┤
 *
 * Where jobs take longer than was thought the rate gets less by and by; where they are shorter there is more room for the next
 * ones. So it comes to be the rate of the jobs. How long they take is measured, and longer ones are remembered for a while: to be
 * early costs nothing, since the room is there later. A writer pauses for what it was faster than that, its own time and earlier
 * pauses included: one that is slower by itself, or had to share the processor, does not pause at all.
 */

/** Frozen memtables that there may be before writers wait: two in a job, and one behind it beside the active one. */
export const MAX_FROZEN = 3;
/**
 * The same where compactions go on beside flushes: how long those take changes more then, and with little room writers pause
 * for one while a processor has nothing to do in the next. A fill of 10 M entries takes a sixth less.
 */
export const MAX_FROZEN_BESIDE = 4;
/**
 * A job takes so many at once if it can: each touches most leaves of a tree under random writes, so that two at once cost one.
 * No more, since writers are to have room meanwhile.
 */
export const WORTHWHILE = 2;
/** Pauses shorter than this are saved up. */
const LEAST_PAUSE_MS = 1;
/** A writer that was slower than it might have been can be faster for so long. */
const MOST_CREDIT_MS = 5;
/** More is not owed, however large a commit was. */
const MOST_OWED_MS = 100;
/** A job that took longer has met a clock that was set, or a machine that slept. */
const MOST_JOB_MS = 60_000;
/** What a job that was longer counts after one more. */
const REMEMBERED = 0.85;
/** Jobs are expected to take so much longer. */
const MARGIN = 1.25;
/** Of a segment: from flushes of less nothing is learned. */
const LEAST_SHARE = 0.5;
/** No job is nearer to its end than this share of it. */
const LEAST_LEFT = 0.15;
/** What is supposed before the first job of a kind: flushes of 100 MB a second, half again as long beside compactions. */
const FIRST_MS_PER_BYTE = 1e-5;
const FIRST_BESIDE = 1.5;
const FIRST_COMPACTION_MS = 300;

/** The segment that writers are at. */
export interface PacedSegment {
  readonly number: number;
  readonly capacity: number;
  readonly tail: number;
}

interface Job {
  /** Of the log, that it flushes; 0: it compacts, and the next one flushes. */
  readonly bytes: number;
  readonly compacts: boolean;
  readonly startedAtMs: number;
}

export class Pacer {
  readonly #segmentBytes: number;
  #job: Job | undefined;
  #flushMsPerByte: number;
  /** Of flushes beside compactions; undefined: there was none yet. */
  #besideMsPerByte: number | undefined;
  /** Of compactions by themselves. */
  #compactionMs: number;
  /** Negative: how much faster it may be. */
  #owedMs: number;
  /** Up to where in the log writers had come, and when. */
  #segment: number;
  #tail: number;
  #atMs: number;

  constructor(segmentBytes: number) {
    this.#segmentBytes = segmentBytes;
    this.#job = undefined;
    this.#flushMsPerByte = FIRST_MS_PER_BYTE;
    this.#besideMsPerByte = undefined;
    this.#compactionMs = FIRST_COMPACTION_MS;
    this.#owedMs = 0;
    this.#segment = 0;
    this.#tail = 0;
    this.#atMs = 0;
  }

  jobStarted(bytes: number, compacts: boolean, nowMs: number): void {
    this.#job = { bytes, compacts, startedAtMs: nowMs };
  }

  /** With `isTypical`, the next ones of its kind are expected to take as long: `ms`, unless that is not known. */
  jobEnded(isTypical: boolean, nowMs: number, ms?: number): void {
    const job = this.#job;
    this.#job = undefined;
    if (job === undefined || !isTypical) {
      return;
    }
    const tookMs = Math.min(MOST_JOB_MS, ms ?? elapsed(job.startedAtMs, nowMs));
    if (job.bytes === 0) {
      this.#compactionMs = longer(this.#compactionMs, tookMs);
    } else if (job.bytes < this.#segmentBytes * LEAST_SHARE) {
      // Mostly what any job costs, which says nothing of a byte.
    } else if (job.compacts) {
      this.#besideMsPerByte = longer(this.#msPerByte(true), tookMs / job.bytes);
    } else {
      this.#flushMsPerByte = longer(this.#flushMsPerByte, tookMs / job.bytes);
    }
  }

  /**
   * For how long a writer is to pause that has come so far, `frozen` memtables behind it of the most that there may be;
   * `progress` is the job's, 0 to 1.
   */
  pauseMs(
    { number, capacity, tail }: PacedSegment,
    frozen: number,
    progress: number,
    nowMs: number,
    mostFrozen: number = MAX_FROZEN,
  ): number {
    const bytes = number === this.#segment ? Math.max(0, tail - this.#tail) : tail;
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    this.#segment = number;
    this.#tail = tail;
    this.#atMs = nowMs;
    if (this.#job === undefined || frozen === 0) {
      this.#owedMs = Math.max(-MOST_CREDIT_MS, Math.min(0, this.#owedMs) - elapsedMs);
      return 0;
    }
    const room = Math.max(1, Math.max(1, mostFrozen + 1 - frozen) * capacity - tail);
    const dueMs = MARGIN * (bytes / room) * this.#leftMs(this.#job, capacity, progress, nowMs);
    this.#owedMs = Math.min(MOST_OWED_MS, Math.max(-MOST_CREDIT_MS, this.#owedMs + dueMs - elapsedMs));
    return this.#owedMs >= LEAST_PAUSE_MS ? this.#owedMs : 0;
  }

  /** Until a flush has ended. */
  #leftMs({ bytes, compacts, startedAtMs }: Job, capacity: number, progress: number, nowMs: number): number {
    const elapsedMs = elapsed(startedAtMs, nowMs);
    if (bytes === 0) {
      const lateMs = elapsedMs - this.#compactionMs;
      const leftMs = Math.max(-lateMs, this.#compactionMs * LEAST_LEFT, lateMs);
      return leftMs + WORTHWHILE * capacity * this.#msPerByte(true);
    }
    const expectedMs = bytes * this.#msPerByte(compacts);
    const lateMs = Math.max(0, elapsedMs - progress * expectedMs);
    return (expectedMs + lateMs) * Math.max(LEAST_LEFT, 1 - progress);
  }

  #msPerByte(compacts: boolean): number {
    return compacts ? (this.#besideMsPerByte ?? this.#flushMsPerByte * FIRST_BESIDE) : this.#flushMsPerByte;
  }
}

function elapsed(fromMs: number, nowMs: number): number {
  return Math.min(MOST_JOB_MS, Math.max(0, nowMs - fromMs));
}

function longer(rememberedMs: number, ms: number): number {
  return Math.max(ms, rememberedMs * REMEMBERED + ms * (1 - REMEMBERED));
}
