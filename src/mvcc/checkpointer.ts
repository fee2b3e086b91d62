/**
 * When a checkpoint runs, what it is given, and what becomes of its outcome.
 *
 *     frozen memtables ──▶ job ──▶ adopt: new roots, pages freed, memtables let go, log segments recycled
 *                           │
 *                           └──▶ failed before the meta page: nothing changed; again after RETRY_MS, or when a writer
 *                                must have room. Failed at the meta page: the handle is poisoned.
 *
 * Writers are slowed, not stopped (admission.ts); only where as many memtables wait as may and another segment is full
 * nevertheless does a writer wait for the job itself.
 */
import { type Clock, keepingAlive } from "../clock.ts";
import { DbError } from "../errors.ts";
import type { FreeSpace, Meta } from "../pager/index.ts";
import { Admission } from "./admission.ts";
import type { CheckpointerOptions, CheckpointerStats, CheckpointHost, PageSpace } from "./checkpoint-host.ts";
import {
  type CheckpointInput,
  CheckpointJob,
  type CheckpointResult,
  NO_RELOCATION,
  type Relocation,
  runToEnd,
  type ValueMoves,
} from "./checkpoint-job.ts";
import type { CheckpointOutcome, CheckpointRunner } from "./checkpoint-runner.ts";
import { CompactionTurns, IDLE_MS } from "./compaction-turns.ts";
import { EarliestTimer } from "./earliest-timer.ts";
import { closed, JobErrors } from "./job-errors.ts";
import { jobInput } from "./job-input.ts";
import type { Memtable } from "./memtable.ts";
import { WORTHWHILE } from "./pacer.ts";
import { PageLedger } from "./page-ledger.ts";
import { PageSpaceHold } from "./page-space-hold.ts";
import { type RelocationRequest, Relocations } from "./relocations.ts";
import { WakeUps } from "./wake-ups.ts";

interface RunningJob {
  /** What it covers, newest first; none: it compacts or relocates. */
  readonly memtables: readonly Memtable[];
  readonly request: RelocationRequest | undefined;
  readonly compacts: boolean;
  /** It does what there is time for: writers did not have to wait for it. */
  readonly canWait: boolean;
}

/** How long a single frozen memtable waits for company. */
const COMPANY_MS = 1000;
const RETRY_MS = 1000;
const NO_LIMIT_MS = 2 ** 31 - 1;
/** A closing database is made denser when it has this much more than it uses. */
const TRIM_FROM = 1.02;
const TRIM_PAGES = 8;
const MAX_TRIM_ROUNDS = 4;

export class Checkpointer {
  readonly #host: CheckpointHost;
  readonly #clock: Clock;
  readonly #runner: CheckpointRunner;
  readonly #ledger: PageLedger;
  readonly #segmentBytes: number;
  readonly #admission: Admission;
  readonly #turns: CompactionTurns;
  #running: RunningJob | undefined;
  readonly #relocations: Relocations;
  readonly #errors: JobErrors;
  readonly #timer: EarliestTimer;
  /** While someone else writes pages no job starts. */
  readonly pageSpace: PageSpaceHold;
  /** After a job that failed none begins by itself before. */
  #retryAtMs: number;
  /** Nothing begins by itself any more. */
  #isFinishing: boolean;
  #isClosed: boolean;
  #isPoisoned: boolean;
  #checkpoints: number;
  /** The last job was no compaction: if there is something to compact, it is that job's turn. */
  #hasFlushed: boolean;
  /** Wakes when a job has ended, a hold was let go, or the database was closed. */
  readonly #outcomes: WakeUps;

  constructor(
    host: CheckpointHost,
    clock: Clock,
    runner: CheckpointRunner,
    meta: Meta,
    free: FreeSpace,
    { segmentBytes, compactionBytesPerSecond }: CheckpointerOptions,
  ) {
    this.#host = host;
    this.#segmentBytes = segmentBytes;
    this.#turns = new CompactionTurns(host, clock, segmentBytes, compactionBytesPerSecond);
    this.#clock = clock;
    this.#runner = runner;
    this.#admission = new Admission(
      host,
      clock,
      runner,
      {
        start: () => this.#start(),
        schedule: () => this.schedule(),
        collect: () => this.collect(),
      },
      segmentBytes,
    );
    this.#ledger = new PageLedger(meta, free);
    this.#running = undefined;
    this.#relocations = new Relocations(this.#ledger);
    this.#errors = new JobErrors();
    this.#timer = new EarliestTimer(clock, () => this.#lookAgain());
    this.pageSpace = new PageSpaceHold({
      isBusy: () => this.#running !== undefined,
      isPoisoned: () => this.#isPoisoned,
      newJob: () => new CheckpointJob(this.#input([], NO_RELOCATION)),
      endRunning: () => this.#endRunning(),
      complete: (job, beforeMeta) => this.#complete(job, [], beforeMeta),
      checkOpen: () => this.#checkOpen(),
      changed: (signal) => this.#outcomes.next(signal),
      resume: () => this.#resume(),
      letGo: () => this.#takeBack(),
    });
    this.#retryAtMs = 0;
    this.#isFinishing = false;
    this.#isClosed = false;
    this.#isPoisoned = false;
    this.#checkpoints = 0;
    this.#hasFlushed = false;
    this.#outcomes = new WakeUps(clock);
  }

  get meta(): Meta {
    return this.#ledger.meta;
  }

  stats(): CheckpointerStats {
    return {
      checkpoints: this.#checkpoints,
      isRunning: this.#running !== undefined,
      pagesFree: this.#ledger.freeCount,
      pagesPending: this.#ledger.pendingCount,
      lastError: this.#errors.text,
    };
  }

  /** Called before each record: slows the writer where the checkpoint is behind. */
  admit(): void {
    if (this.#running !== undefined) {
      this.collect();
    }
    this.#admission.admit(this.#frozen().length);
  }

  /** Called before the active memtable is frozen: returns when there is room for one more. */
  makeRoom(): void {
    this.collect();
    // The commit of a load that is being installed finds room in any case: its end is what the others wait for.
    const most = this.#admission.mostFrozen + Number(this.pageSpace.isInstalling);
    while (this.#frozen().length >= most) {
      this.#finishOne();
    }
  }

  /** Whether one more memtable may be frozen now, and is of use. */
  get hasRoom(): boolean {
    return !this.pageSpace.isHeld && this.#frozen().length < this.#admission.mostFrozen;
  }

  /** Resolves when there is room: for who can wait, unlike a writer. Nothing stands still meanwhile. */
  async roomSoon(signal?: AbortSignal): Promise<void> {
    while (!this.hasRoom) {
      signal?.throwIfAborted();
      this.#checkOpen();
      this.#throwIfStuck();
      this.#start(true);
      this.#throwIfStuck();
      await this.#outcomes.next(signal);
    }
  }

  /** Called after a memtable was frozen. */
  frozen(): void {
    this.#admission.frozen(this.#running !== undefined);
    this.#turns.frozen();
    if (this.#frozen().length >= WORTHWHILE && !this.#host.isOverfull()) {
      this.#runner.hurry();
    }
    this.schedule();
  }

  /** The next job now, if one is due, or when it will be. */
  schedule(): void {
    if (this.#running !== undefined || this.pageSpace.isAwaited) {
      return;
    }
    const retryInMs = this.#retryAtMs - this.#clock.now();
    // More than that, and the clock was set back.
    if (retryInMs > 0 && retryInMs <= RETRY_MS) {
      this.#timer.startIn(retryInMs);
      return;
    }
    const frozen = this.#frozen().length;
    const { dueInMs } = this.#turns;
    if (frozen >= WORTHWHILE || this.#relocations.isAwaited || dueInMs === 0) {
      this.#start();
    } else if (frozen > 0) {
      this.#timer.startIn(COMPANY_MS);
    } else if (dueInMs < Number.POSITIVE_INFINITY) {
      this.#timer.startIn(dueInMs);
    } else if (this.#turns.isQuiet && this.wasteBytes > 0) {
      this.#timer.startIn(this.#turns.paidInMs);
    } else if (this.#turns.hasIdleDebt || this.wasteBytes > 0 || this.#host.spareFiles > 0) {
      this.#timer.startIn(IDLE_MS);
    }
  }

  /** Takes the outcome of a job that has ended, and starts the next one if there is work. */
  collect(): void {
    const done = this.#running;
    const outcome = done === undefined ? undefined : this.#runner.take();
    if (done === undefined || outcome === undefined) {
      return;
    }
    this.#running = undefined;
    const isTypical = outcome.ok && !done.canWait && done.request === undefined;
    this.#admission.jobEnded(isTypical, outcome.ok ? outcome.ms : undefined);
    if (outcome.ok) {
      this.#turns.written(outcome.result.compactedBytes);
    }
    this.#settle(outcome, done);
    if (!this.pageSpace.isAwaited) {
      this.#startNext(outcome.ok);
    }
    this.#outcomes.wakeAll();
  }

  /** Resolves when every memtable that is frozen now is in pages; rejects with what the checkpoint met. */
  async drain(signal?: AbortSignal): Promise<void> {
    const last = this.#frozen()[0];
    while (last !== undefined && !last.checkpointed) {
      signal?.throwIfAborted();
      this.#checkOpen();
      this.#throwIfStuck();
      this.#start(true);
      this.#throwIfStuck();
      await this.#outcomes.next(signal);
    }
  }

  /** Resolves when there is nothing left to compact; rejects with what a job met. */
  async tidy(signal?: AbortSignal): Promise<void> {
    this.#turns.await();
    try {
      while (this.#turns.debtBytes > 0) {
        signal?.throwIfAborted();
        this.#checkOpen();
        this.#throwIfStuck();
        this.#errors.throwIfNotCompacting();
        this.schedule();
        await this.#outcomes.next(signal);
      }
    } finally {
      this.#turns.release();
    }
  }

  /**
   * The next job, begun at once if none is due, also empties the end of the file: of pages, and of large values that
   * move, as far as there is room below. Resolves with what the file is then; rejects with what the job met, or,
   * where the signal fired before a job began, with its reason.
   */
  async relocate(values: ValueMoves, signal?: AbortSignal): Promise<PageSpace> {
    while (this.#relocations.isAwaited) {
      signal?.throwIfAborted();
      this.#checkOpen();
      await this.#outcomes.next(signal);
    }
    signal?.throwIfAborted();
    this.#checkOpen();
    this.#throwIfStuck();
    let takeBack: ((reason: unknown) => void) | undefined;
    const moved = new Promise<PageSpace>((resolve, reject) => {
      takeBack = this.#relocations.ask({ values, resolve, reject });
    });
    const onAbort = () => takeBack!(signal!.reason);
    signal?.addEventListener("abort", onAbort);
    this.#start();
    try {
      return await keepingAlive(this.#clock, moved);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Everything that is frozen into pages, at once and in this thread, and the file cut to what is used. For closing: no
   * snapshot is pinned any more.
   */
  finish(relocatePages: number): void {
    this.#isFinishing = true;
    this.#runner.hurry();
    while (this.#running !== undefined) {
      this.#finishRunning();
    }
    const pagesAtATime = Math.ceil(relocatePages / (1 + MAX_TRIM_ROUNDS));
    const frozen = this.#frozen();
    if (frozen.length > 0) {
      this.#runHere(frozen, pagesAtATime);
    }
    for (let round = 0; round < MAX_TRIM_ROUNDS && this.#trim(pagesAtATime); round++) {}
  }

  /** Moves pages down and cuts the file's free end, if that is worth it; whether it was. */
  #trim(relocatePages: number): boolean {
    this.reclaim();
    const before = this.meta.pageCount;
    const used = before - this.#ledger.freeCount;
    if (before <= used * TRIM_FROM + TRIM_PAGES) {
      return false;
    }
    this.#ledger.cutTail();
    this.#runHere([], relocatePages);
    this.#host.pages.shrink(this.meta.pageCount);
    this.#host.pages.sync();
    return true;
  }

  /** No job touches the files any more when this returns. */
  close(): void {
    this.#isClosed = true;
    this.#timer.cancel();
    this.#runner.advance(Number.POSITIVE_INFINITY, NO_LIMIT_MS);
    this.#runner.close();
    this.#running?.request?.reject(closed());
    this.#refuse(closed());
  }

  #input(memtables: readonly Memtable[], relocation: Relocation, compactionBytes = 0): CheckpointInput {
    this.reclaim();
    return jobInput(this.#host, this.#ledger, {
      memtables,
      relocation,
      segmentBytes: this.#segmentBytes,
      compactionBytes,
      isQuiet: this.#turns.isQuiet,
    });
  }

  #relocationOf(request: RelocationRequest | undefined): Relocation {
    this.reclaim();
    return this.#relocations.of(request);
  }

  /** Pages that no snapshot needs any more become free. Not while a job runs, which has the free pages as they were. */
  reclaim(): void {
    this.#ledger.reclaim(this.#host.pinnedCheckpoints());
  }

  #adopt(result: CheckpointResult, done: readonly Memtable[]): void {
    this.#ledger.adopt(result);
    this.#checkpoints++;
    for (const memtable of done) {
      memtable.checkpointed = true;
    }
    this.#host.adopt(result, done);
    this.reclaim();
    this.#cutFile();
  }

  /** Cuts what the last version does not need, while no job runs. */
  #cutFile(): void {
    if (this.#isPoisoned) {
      return;
    }
    this.#runner.noteCut(this.meta.pageCount);
    try {
      this.#host.pages.shrink(this.meta.pageCount);
    } catch {
      // Nothing reaches what stays behind; later growth writes over it.
    }
  }

  #frozen(): readonly Memtable[] {
    const memtables = this.#host.state.memtables;
    return this.#host.active === undefined ? memtables : memtables.slice(1);
  }

  /** `mustFlush`: compactions wait, though it be their turn. */
  #start(mustFlush = false): void {
    if (
      this.#running !== undefined ||
      this.pageSpace.isHeld ||
      this.#isFinishing ||
      this.#isClosed ||
      this.#isPoisoned
    ) {
      return;
    }
    const frozen = this.#frozen();
    const { dueInMs, isQuiet } = this.#turns;
    const isAtRest =
      frozen.length === 0 && isQuiet && dueInMs === Number.POSITIVE_INFINITY && this.#turns.paidInMs === 0;
    const request = this.#relocations.take(isAtRest && this.wasteBytes > 0);
    const isDue = request === undefined && dueInMs === 0 && !(mustFlush && frozen.length > 0);
    const onlyCompacts = isDue && (frozen.length === 0 || (this.#hasFlushed && !this.#compactsBeside(frozen.length)));
    if (frozen.length === 0 && request === undefined && !isDue) {
      return;
    }
    this.#hasFlushed = !onlyCompacts;
    if (request === undefined) {
      this.#relocations.changed();
    }
    const memtables = onlyCompacts ? [] : frozen.slice(-WORTHWHILE);
    const compacts = onlyCompacts || (isDue && this.#runner.hasHelper);
    this.#timer.cancel();
    const canWait = memtables.length === 0 && (request !== undefined || isQuiet);
    const running = { memtables, request, compacts, canWait };
    this.#running = running;
    this.#admission.jobStarted(
      memtables.reduce((sum, { segment }) => sum + segment.tail, 0),
      compacts,
    );
    const compactionBytes = compacts ? this.#turns.budgetBytes(onlyCompacts && frozen.length >= WORTHWHILE) : 0;
    try {
      this.#runner.start(this.#input(memtables, this.#relocationOf(request), compactionBytes));
    } catch (error) {
      // No thread is to be had, say.
      this.#running = undefined;
      this.#admission.jobEnded(false);
      this.#settle({ ok: false, error, isMetaUncertain: false }, running);
      this.#startNext(false);
      this.#outcomes.wakeAll();
    }
  }

  /** Whether compactions keep step beside flushes, of so many memtables, and need no jobs of their own. */
  #compactsBeside(frozen: number): boolean {
    return this.#runner.hasHelper && frozen >= WORTHWHILE && !this.#host.isOverfull();
  }

  /** Bytes that come off the file at rest, where there are runs: their compactions leave free pages behind. */
  get wasteBytes(): number {
    return this.#host.state.manifests.size === 0 ? 0 : this.#relocations.wasteBytes;
  }

  /** Time has passed: what waited for that may be due. */
  #lookAgain(): void {
    this.#start();
    if (this.#running === undefined && !this.pageSpace.isHeld && !this.#isPoisoned) {
      this.#rest();
      this.schedule();
    }
  }

  #rest(): void {
    if (this.#turns.isQuiet && this.#frozen().length === 0 && this.#host.spareFiles > 0) {
      try {
        this.#host.rest();
      } catch {
        // What could not be removed is a spare again at the next opening.
      }
    }
  }

  #finishOne(): void {
    this.#start(true);
    this.#runner.hurry();
    if (this.#running === undefined) {
      this.#throwIfStuck();
      throw new DbError("FULL", "the log is full while a bulk load writes pages; wait for the load to end");
    }
    this.#finishRunning();
  }

  #resume(): void {
    this.#start();
    this.schedule();
  }

  /** The page space was let go. */
  #takeBack(): void {
    if (!this.#isClosed) {
      this.#cutFile();
      this.#outcomes.wakeAll();
      this.#resume();
    }
  }

  /** In this thread. */
  #endRunning(): void {
    this.#runner.hurry();
    this.#runner.advance(Number.POSITIVE_INFINITY, NO_LIMIT_MS);
    this.collect();
  }

  #checkOpen(): void {
    if (this.#isClosed) {
      throw closed();
    }
  }

  #finishRunning(): void {
    if (this.#running !== undefined) {
      this.#runner.advance(Number.POSITIVE_INFINITY, NO_LIMIT_MS);
      this.collect();
      this.#throwIfStuck();
    }
  }

  #runHere(memtables: readonly Memtable[], relocatePages: number): void {
    const relocation = { ...this.#relocationOf(undefined), pages: relocatePages, movesRuns: true };
    this.#complete(new CheckpointJob(this.#input(memtables, relocation)), memtables, () => {});
  }

  /** Runs a job in this thread. */
  #complete(job: CheckpointJob, memtables: readonly Memtable[], beforeMeta: () => void): void {
    const meta = runToEnd(job.prepare());
    beforeMeta();
    let result: CheckpointResult;
    try {
      result = job.complete(meta);
    } catch (error) {
      this.#poison(error);
      throw error;
    }
    this.#runner.noteWritten(result.written);
    this.#errors.succeeded(false);
    this.#adoptOrPoison(result, memtables);
    this.#throwIfStuck();
  }

  #settle(outcome: CheckpointOutcome, { memtables, request, compacts }: RunningJob): void {
    const isCompaction = compacts && memtables.length === 0;
    if (!outcome.ok) {
      this.#errors.failed(outcome.error, isCompaction);
      request?.reject(outcome.error);
      if (outcome.isMetaUncertain) {
        this.#poison(outcome.error);
      }
    } else {
      this.#errors.succeeded(compacts);
      this.#adoptOrPoison(outcome.result, memtables);
      request?.resolve(this.#ledger.space);
    }
    const { compactionError } = outcome.ok ? outcome.result : { compactionError: undefined };
    if (compactionError !== undefined) {
      this.#errors.failed(compactionError, true);
    }
    if (isCompaction || (compacts && outcome.ok)) {
      this.#turns.ended(outcome.ok && compactionError === undefined);
    }
  }

  /** The new version is on disk. Where this process cannot follow to it, it can go on with neither. */
  #adoptOrPoison(result: CheckpointResult, memtables: readonly Memtable[]): void {
    try {
      this.#adopt(result, memtables);
    } catch (error) {
      this.#poison(error);
    }
  }

  /** After a job: what came to be due in the meantime; after a failure not at once. */
  #startNext(hasSucceeded: boolean): void {
    this.#retryAtMs = hasSucceeded ? 0 : this.#clock.now() + RETRY_MS;
    this.schedule();
  }

  /** What an opening database would find is not known: nothing on disk is touched any more. Whoever waits is told. */
  #poison(cause: unknown): void {
    this.#isPoisoned = true;
    this.#errors.poisoned(cause);
    this.#host.poison(cause);
    this.#refuse(cause);
  }

  /** No job will come for who has asked for the next one; others look again whether one will for them. */
  #refuse(cause: unknown): void {
    this.#relocations.refuse(cause);
    this.#outcomes.wakeAll();
  }

  #throwIfStuck(): void {
    if (this.#running === undefined) {
      this.#errors.throwIfStuck();
    }
  }
}
