/**
 * When runs of LSM keyspaces are compacted, and how much at once.
 *
 * Flushes and compactions take turns in the one job that there is at a time. While writers freeze memtables, only what keeps
 * reads and flushes fast is compacted; what could wait has its time when little is written, or somebody asks for it. With a
 * limit on bytes a second the next compaction begins when the last one is paid for; flushes do not count, and where so much
 * waits that writers would have to wait for it, nothing does.
 */
import type { Clock } from "../clock.ts";
import type { CheckpointHost } from "./checkpoint-host.ts";

/** When nothing was written since a memtable was frozen so long ago, there is time for compactions that could wait. */
export const IDLE_MS = 500;
/** When no memtable was frozen for so long, though something was written. */
export const SLOW_MS = 2000;
/** What a job of compactions reads before others have their turn, in log segments; the first where a flush waits. */
const SEGMENTS_AWAITED = 2;
const FIRST_RETRY_MS = 1000;
const MOST_RETRY_MS = 5 * 60 * 1000;
const SEGMENTS = 8;

export class CompactionTurns {
  readonly #host: CheckpointHost;
  readonly #clock: Clock;
  readonly #segmentBytes: number;
  /** Infinity: no limit. */
  readonly #bytesPerMs: number;
  #paidAtMs: number;
  #frozenAtMs: number;
  /** Somebody waits for all compactions. */
  #awaited: number;
  /** Compactions that failed, one after the other, and when the next one is tried. */
  #failures: number;
  #retryAtMs: number;

  constructor(host: CheckpointHost, clock: Clock, segmentBytes: number, bytesPerSecond: number) {
    this.#host = host;
    this.#clock = clock;
    this.#segmentBytes = segmentBytes;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#paidAtMs = 0;
    this.#frozenAtMs = clock.now();
    this.#awaited = 0;
    this.#failures = 0;
    this.#retryAtMs = 0;
  }

  /** A memtable was frozen. */
  frozen(): void {
    this.#frozenAtMs = this.#clock.now();
  }

  /** Counts as quiet until `release`. */
  await(): void {
    this.#awaited++;
    this.#retryAtMs = 0;
  }

  release(): void {
    this.#awaited--;
  }

  get isQuiet(): boolean {
    const isWritten = this.#host.active?.segment.isEmpty === false;
    return this.#awaited > 0 || this.#clock.now() - this.#frozenAtMs >= (isWritten ? SLOW_MS : IDLE_MS);
  }

  /** Bytes that are to be compacted now. */
  get debtBytes(): number {
    return this.#host.compactionDebt(this.isQuiet);
  }

  /** Whether there will be something to compact once it is quiet. */
  get hasIdleDebt(): boolean {
    return this.#host.compactionDebt(true) > 0;
  }

  /** In how many milliseconds the next compaction is due; Infinity: there is none. */
  get dueInMs(): number {
    if (this.debtBytes === 0) {
      return Number.POSITIVE_INFINITY;
    }
    const dueAtMs = this.#host.isOverfull() ? this.#retryAtMs : Math.max(this.#paidAtMs, this.#retryAtMs);
    return Math.max(0, Math.ceil(dueAtMs - this.#clock.now()));
  }

  /** In how many milliseconds what was compacted and moved is paid for. */
  get paidInMs(): number {
    return Math.max(0, Math.ceil(this.#paidAtMs - this.#clock.now()));
  }

  /** A job of compactions has ended. After one that failed the next, which would probably meet the same, comes ever later. */
  ended(hasSucceeded: boolean): void {
    const waitMs = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#retryAtMs = hasSucceeded ? 0 : this.#clock.now() + waitMs;
    this.#failures = hasSucceeded ? 0 : this.#failures + 1;
  }

  /** Bytes that the next job may read. `isAwaited`: a flush waits for its end. */
  budgetBytes(isAwaited: boolean): number {
    const most = (isAwaited && !this.#host.isOverfull() ? SEGMENTS_AWAITED : SEGMENTS) * this.#segmentBytes;
    return Math.min(most, 1000 * this.#bytesPerMs);
  }

  /** A job has written so much for runs, flushes aside. */
  written(bytes: number): void {
    this.#paidAtMs = Math.max(this.#paidAtMs, this.#clock.now()) + bytes / this.#bytesPerMs;
  }
}
