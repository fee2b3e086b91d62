/**
 * When a checkpoint runs, what it is given, and what becomes of its outcome.
 *
 *     frozen memtables ──▶ job ──▶ adopt: new roots, pages freed, memtables let go, log segments recycled
 *                           │
 *                           └──▶ failed before the meta page: nothing changed; again after RETRY_MS, or when a writer
 *                                must have room. Failed at the meta page: the handle is poisoned.
 *
 * Writers are slowed in proportion, not stopped: with MAX_FROZEN memtables waiting, the active segment may fill only as
 * fast as the job comes to its end. A commit waits a few milliseconds at a time for that (`MAX_PAUSE_MS`); only where a
 * whole segment is filled nevertheless does a writer wait for the job itself.
 */
import { assert } from "../assert.ts";
import { type Clock, keepingAlive } from "../clock.ts";
import { DbError } from "../errors.ts";
import { type FreeSpace, type Meta, type PageFile, PendingFrees } from "../pager/index.ts";
import { type CheckpointInput, CheckpointJob, type CheckpointResult, runToEnd } from "./checkpoint-job.ts";
import type { CheckpointOutcome, CheckpointRunner } from "./checkpoint-runner.ts";
import type { Memtable } from "./memtable.ts";
import type { ReadState } from "./read-state.ts";

/** What the checkpointer needs of the store. */
export interface CheckpointHost {
  readonly pages: PageFile;
  /** The current state; its frozen memtables are what a job takes. */
  readonly state: ReadState;
  readonly active: Memtable | undefined;
  pinnedCheckpoints(): number[];
  adopt(result: CheckpointResult, done: readonly Memtable[]): void;
  poison(cause: unknown): void;
}

export interface CheckpointerStats {
  readonly checkpoints: number;
  readonly isRunning: boolean;
  readonly pagesFree: number;
  readonly pagesPending: number;
  readonly lastError: string | undefined;
}

/** Frozen memtables that there may be before writers wait: two in a job and one behind it. */
const MAX_FROZEN = 3;
/** A job takes so many at once if it can: each touches most leaves of a tree under random writes, two at once cost one. */
const WORTHWHILE = 2;
/** How long a single frozen memtable waits for company. */
const COMPANY_MS = 1000;
const MAX_PAUSE_MS = 5;
const RETRY_MS = 1000;
const NO_LIMIT_MS = 2 ** 31 - 1;
const RELOCATE_PAGES_PER_CHECKPOINT = 2048;
/** A closing database is made denser when it has this much more than it uses. */
const TRIM_FROM = 1.02;
const TRIM_PAGES = 8;
const MAX_TRIM_ROUNDS = 4;

export class Checkpointer {
  readonly #host: CheckpointHost;
  readonly #clock: Clock;
  readonly #runner: CheckpointRunner;
  readonly #pendingFrees: PendingFrees;
  #meta: Meta;
  #free: FreeSpace;
  /** What the running job covers, newest first. */
  #running: readonly Memtable[];
  #lastError: unknown;
  #cancelTimer: (() => void) | undefined;
  /** Someone else writes pages: no job starts. */
  #isHeld: boolean;
  /** The job's progress when writers began to be slowed. */
  #slowedFrom: number;
  #relocatePages: number;
  #checkpoints: number;
  #waiting: (() => void)[];

  constructor(host: CheckpointHost, clock: Clock, runner: CheckpointRunner, meta: Meta, free: FreeSpace) {
    this.#host = host;
    this.#clock = clock;
    this.#runner = runner;
    this.#pendingFrees = new PendingFrees();
    this.#meta = meta;
    this.#free = free;
    this.#running = [];
    this.#lastError = undefined;
    this.#cancelTimer = undefined;
    this.#isHeld = false;
    this.#slowedFrom = 0;
    this.#relocatePages = RELOCATE_PAGES_PER_CHECKPOINT;
    this.#checkpoints = 0;
    this.#waiting = [];
  }

  get meta(): Meta {
    return this.#meta;
  }

  stats(): CheckpointerStats {
    return {
      checkpoints: this.#checkpoints,
      isRunning: this.#running.length > 0,
      pagesFree: this.#free.freeCount,
      pagesPending: this.#pendingFrees.pagesWaiting,
      lastError: this.#lastError === undefined ? undefined : String(this.#lastError),
    };
  }

  /** Called before each record: slows the writer where the checkpoint is behind. */
  admit(): void {
    if (this.#running.length > 0) {
      this.collect();
    }
    const active = this.#host.active;
    if (active === undefined || this.#frozen().length < MAX_FROZEN) {
      return;
    }
    this.#start();
    const fill = active.segment.tail / active.segment.capacity;
    this.#runner.advance(this.#slowedFrom + fill * (1 - this.#slowedFrom), MAX_PAUSE_MS);
    this.collect();
  }

  /** Called before the active memtable is frozen: returns when there is room for one more. */
  makeRoom(): void {
    this.collect();
    while (this.#frozen().length >= MAX_FROZEN) {
      this.#finishOne();
    }
  }

  /** Called after a memtable was frozen. */
  frozen(): void {
    this.#slowedFrom = this.#running.length > 0 ? this.#runner.progress : 0;
    if (this.#frozen().length >= WORTHWHILE) {
      this.#start();
    } else {
      this.#startIn(COMPANY_MS);
    }
  }

  /** Takes the outcome of a job that has ended, and starts the next one if there is work. */
  collect(): void {
    const outcome = this.#running.length > 0 ? this.#runner.take() : undefined;
    if (outcome === undefined) {
      return;
    }
    const done = this.#running;
    this.#running = [];
    this.#settle(outcome, done);
    for (const wake of this.#waiting.splice(0)) {
      wake();
    }
  }

  /** Resolves when every memtable that is frozen now is in pages; rejects with what the checkpoint met. */
  async drain(signal?: AbortSignal): Promise<void> {
    const last = this.#frozen()[0];
    while (last !== undefined && !last.checkpointed) {
      signal?.throwIfAborted();
      this.#throwIfStuck();
      this.#start();
      await this.#nextOutcome();
    }
  }

  /**
   * Everything that is frozen into pages, at once and in this thread, and the file cut to what is used. For closing: no
   * snapshot is pinned any more.
   */
  finish(relocatePages: number): void {
    this.#finishRunning();
    this.#relocatePages = relocatePages;
    const frozen = this.#frozen();
    if (frozen.length > 0) {
      this.#runHere(frozen);
    }
    for (let round = 0; round < MAX_TRIM_ROUNDS && this.#trim(); round++) {}
  }

  /** Moves pages down and cuts the file's free end, if that is worth it; whether it was. */
  #trim(): boolean {
    this.reclaim();
    const before = this.#meta.pageCount;
    const used = before - this.#free.freeCount;
    if (before <= used * TRIM_FROM + TRIM_PAGES) {
      return false;
    }
    this.#free.cutTail();
    this.#runHere([]);
    this.#host.pages.shrink(this.#meta.pageCount);
    this.#host.pages.sync();
    return true;
  }

  /** Keeps jobs from starting and hands out the page space, for a caller that writes pages itself. */
  async hold(): Promise<void> {
    while (this.#isHeld || this.#running.length > 0) {
      await this.#nextOutcome();
    }
    this.#isHeld = true;
  }

  letGo(): void {
    assert(this.#isHeld, "M2: the page space is given back by whoever holds it");
    this.#isHeld = false;
    for (const wake of this.#waiting.splice(0)) {
      wake();
    }
    this.#start();
  }

  /** No job touches the files any more when this returns. */
  close(): void {
    this.#cancelTimer?.();
    this.#runner.advance(Number.POSITIVE_INFINITY, NO_LIMIT_MS);
    this.#runner.close();
  }

  #input(memtables: readonly Memtable[]): CheckpointInput {
    this.reclaim();
    const newest = memtables[0];
    return {
      pages: this.#host.pages,
      memtables: memtables.map(({ segment, index }) => ({
        u8: segment.u8,
        u32: segment.u32,
        data: segment.data,
        index,
      })),
      roots: this.#host.state.roots,
      liveKeyspaces: newest === undefined ? new Set(this.#host.state.roots.keys()) : newest.liveKeyspaces,
      previous: this.#meta,
      free: this.#free.clone(),
      pending: this.#pendingFrees.all(),
      commit: newest === undefined ? this.#meta.commit : newest.segment.lastCommit,
      firstSegment: newest === undefined ? this.#meta.firstSegment : newest.segment.number + 1,
      relocatePages: this.#relocatePages,
      onProgress: () => {},
    };
  }

  /** Pages that no snapshot needs any more become free. */
  reclaim(): void {
    for (const extent of this.#pendingFrees.releasable(this.#host.pinnedCheckpoints(), this.#meta.checkpoint)) {
      this.#free.release(extent.first, extent.count);
    }
  }

  #adopt(result: CheckpointResult, done: readonly Memtable[]): void {
    this.#meta = result.meta;
    this.#free = result.free;
    this.#checkpoints++;
    for (const { first, count, birth } of result.freed) {
      this.#pendingFrees.add(first, count, birth, result.meta.checkpoint);
    }
    for (const memtable of done) {
      memtable.checkpointed = true;
    }
    this.#host.adopt(result, done);
  }

  #frozen(): readonly Memtable[] {
    const memtables = this.#host.state.memtables;
    return this.#host.active === undefined ? memtables : memtables.slice(1);
  }

  #start(): void {
    if (this.#running.length > 0 || this.#isHeld) {
      return;
    }
    const frozen = this.#frozen();
    if (frozen.length === 0) {
      return;
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#running = frozen;
    this.#slowedFrom = 0;
    this.#runner.start(this.#input(frozen));
  }

  #startIn(delayMs: number): void {
    if (this.#cancelTimer === undefined) {
      this.#cancelTimer = this.#clock.after(delayMs, () => {
        this.#cancelTimer = undefined;
        this.#start();
      });
    }
  }

  #finishOne(): void {
    this.#start();
    if (this.#running.length === 0) {
      throw new DbError("FULL", "the log is full while a bulk load writes pages; wait for the load to end");
    }
    this.#finishRunning();
  }

  #nextOutcome(): Promise<void> {
    return keepingAlive(this.#clock, new Promise<void>((resolve) => this.#waiting.push(resolve)));
  }

  #finishRunning(): void {
    if (this.#running.length > 0) {
      this.#runner.advance(Number.POSITIVE_INFINITY, NO_LIMIT_MS);
      this.collect();
      this.#throwIfStuck();
    }
  }

  #runHere(memtables: readonly Memtable[]): void {
    const job = new CheckpointJob(this.#input(memtables));
    try {
      this.#adopt(runToEnd(job), memtables);
    } catch (error) {
      if (job.isMetaTouched) {
        this.#host.poison(error);
      }
      throw error;
    }
  }

  #settle(outcome: CheckpointOutcome, done: readonly Memtable[]): void {
    if (outcome.ok) {
      this.#lastError = undefined;
      this.#adopt(outcome.result, done);
      if (this.#frozen().length > 0) {
        this.frozen();
      }
    } else {
      this.#lastError = outcome.error;
      if (outcome.isMetaUncertain) {
        this.#host.poison(outcome.error);
      } else {
        this.#startIn(RETRY_MS);
      }
    }
  }

  #throwIfStuck(): void {
    if (this.#lastError !== undefined && this.#running.length === 0) {
      const cause = this.#lastError;
      this.#lastError = undefined;
      throw cause instanceof DbError
        ? cause
        : new DbError("IO", "the checkpoint failed, and the log has no room until one succeeds", {}, { cause });
    }
  }
}
