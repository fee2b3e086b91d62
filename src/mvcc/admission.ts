/**
 * Lets writers in: at once while no memtable waits for a job, and otherwise so that there is always room for them.
 *
 * Beside a worker a writer pauses for what the pacer makes of it, a few milliseconds a commit. Where the job runs in the writer's
 * own thread and as many memtables wait as may, the writer does the job's work, so that the active segment is full when it ends.
 */
import type { Clock } from "../clock.ts";
import type { CheckpointHost } from "./checkpoint-host.ts";
import type { CheckpointRunner } from "./checkpoint-runner.ts";
import { MAX_FROZEN, MAX_FROZEN_BESIDE, Pacer } from "./pacer.ts";

/** What the checkpointer does when writers wait. */
export interface Jobs {
  readonly start: () => void;
  readonly schedule: () => void;
  readonly collect: () => void;
}

const MAX_PAUSE_MS = 5;
/** The worker is begun when so much of the first segment is full, so that it has begun when there is a job. */
const PREPARED_FROM = 1 / 2;
/** The helper is begun behind so many memtables: not while the worker begins, and before there is something to merge. */
const HELPER_FROM = 3;

export class Admission {
  /** How many memtables may wait for a job. */
  mostFrozen: number;
  readonly #host: CheckpointHost;
  readonly #clock: Clock;
  readonly #runner: CheckpointRunner;
  readonly #jobs: Jobs;
  readonly #pacer: Pacer;
  /** Whether the runner knows that there will be jobs. */
  #isPrepared: boolean;
  /** Memtables that were frozen. */
  #frozen: number;
  /** The job's progress when writers began to do its work. */
  #slowedFrom: number;

  constructor(host: CheckpointHost, clock: Clock, runner: CheckpointRunner, jobs: Jobs, segmentBytes: number) {
    this.mostFrozen = MAX_FROZEN;
    this.#host = host;
    this.#clock = clock;
    this.#runner = runner;
    this.#jobs = jobs;
    this.#pacer = new Pacer(segmentBytes);
    this.#isPrepared = false;
    this.#frozen = 0;
    this.#slowedFrom = 0;
  }

  /** Before each record. `frozen` memtables wait, those of the running job among them. */
  admit(frozen: number): void {
    const active = this.#host.active;
    if (active === undefined) {
      return;
    }
    const { segment } = active;
    if (!this.#isPrepared && (frozen > 0 || segment.tail > segment.capacity * PREPARED_FROM)) {
      this.#isPrepared = true;
      this.#runner.prepare(false);
      this.#measureRoom();
    }
    if (this.#runner.isBeside) {
      this.#pause(this.#pacer.pauseMs(segment, frozen, this.#runner.progress, this.#clock.now(), this.mostFrozen));
    } else if (frozen >= this.mostFrozen) {
      this.#jobs.start();
      const share = segment.tail / segment.capacity;
      this.#runner.advance(this.#slowedFrom + share * (1 - this.#slowedFrom), MAX_PAUSE_MS);
      this.#jobs.collect();
    }
  }

  frozen(isRunning: boolean): void {
    this.#measureRoom();
    if (++this.#frozen === HELPER_FROM && this.#hasRuns()) {
      this.#runner.prepare(true);
    }
    this.#slowedFrom = isRunning ? this.#runner.progress : 0;
  }

  /** `bytes` of the log are its work. */
  jobStarted(bytes: number, compacts: boolean): void {
    this.#pacer.jobStarted(bytes, compacts, this.#clock.now());
    this.#slowedFrom = 0;
  }

  /** `isTypical`: it did what one does that writers have to wait for. It took so long, if it says so. */
  jobEnded(isTypical: boolean, ms?: number): void {
    this.#pacer.jobEnded(isTypical, this.#clock.now(), ms);
  }

  #measureRoom(): void {
    this.mostFrozen = this.#runner.isBeside && this.#hasRuns() ? MAX_FROZEN_BESIDE : MAX_FROZEN;
    this.#host.expects(this.mostFrozen + 1);
  }

  /** There are keyspaces that are kept in runs, or will be. */
  #hasRuns(): boolean {
    return [...this.#host.kinds().values()].some(({ lsm }) => lsm !== undefined);
  }

  /** The writer waits while the worker gets on. */
  #pause(dueMs: number): void {
    const ms = Math.floor(Math.min(MAX_PAUSE_MS, dueMs));
    if (ms > 0) {
      this.#jobs.schedule();
      this.#runner.advance(Number.POSITIVE_INFINITY, ms);
      this.#jobs.collect();
    }
  }
}
