/**
 * What does the work of checkpoints in a simulation: a worker thread as the engine sees it, with a page file of its own on
 * the same disk and nothing but messages in between, but stepped under the simulated clock, and mortal.
 *
 *     lives   hands over the outcome
 *     fails   stops between two steps, as where the disk refused something: nothing has changed, the job is tried again
 *     dies    is gone after some steps, or when it has switched the meta page and has not said so yet: the handle must
 *             count as poisoned, and what was acknowledged must be there when the database is opened again
 *
 * Most have a helper that merges runs beside a job, stepped when the job looks after it.
 *
 * Without a disk (":memory:") the job works on the database's own pages, and does not die, since nothing would be left.
 */
import { DbError } from "../../src/errors.ts";
import { CheckpointJob, type CheckpointResult } from "../../src/mvcc/checkpoint-job.ts";
import { decodeInput, decodeResult, encodeInput, encodeResult } from "../../src/mvcc/checkpoint-message.ts";
import { CompactionHelper } from "../../src/mvcc/compaction-helper.ts";
import { decodeExtents } from "../../src/mvcc/extents.ts";
import type { CheckpointOutcome, CheckpointRunner, RunnerSurroundings } from "../../src/mvcc/index.ts";
import { WorkerPages } from "../../src/mvcc/worker-pages.ts";
import type { Extent } from "../../src/pager/index.ts";
import type { Dice } from "../dice.ts";
import { SimulatedHelper } from "./simulated-helper.ts";

/** Once in so many jobs. */
export interface Mortality {
  readonly fails: number;
  readonly dies: number;
}

type CheckpointInput = Parameters<CheckpointRunner["start"]>[0];

/** How the job under way ends, and after how many steps if it does not end by itself. */
interface Fate {
  readonly end: "lives" | "fails" | "dies";
  readonly steps: number;
}

const NEVER = Number.POSITIVE_INFINITY;

export class SimulatedWorker implements CheckpointRunner {
  readonly #surroundings: RunnerSurroundings;
  readonly #dice: Dice;
  readonly #mortality: Mortality;
  readonly #onRetry: () => void;
  readonly #pages: WorkerPages;
  readonly #link: SimulatedHelper | undefined;
  readonly #helper: CompactionHelper | undefined;
  #rewritten: Extent[];
  #cutTo: number;
  #hasFailed: boolean;
  #job: CheckpointJob | undefined;
  #steps: Generator<void, CheckpointResult> | undefined;
  #fate: Fate;
  #stepsDone: number;
  #progress: number;
  #isHurried: boolean;
  #outcome: CheckpointOutcome | undefined;
  #cancelTurn: (() => void) | undefined;
  /** It was in the middle of a job. */
  hasDied: boolean;

  /** `onRetry` is called when a job begins after one that came to nothing. */
  constructor(surroundings: RunnerSurroundings, dice: Dice, mortality: Mortality, onRetry: () => void) {
    this.#surroundings = surroundings;
    this.#dice = dice;
    this.#mortality = mortality;
    this.#onRetry = onRetry;
    this.#pages = new WorkerPages(surroundings.disk, { ...surroundings.options, readOnly: false });
    const hasHelper = surroundings.options.backend !== "memory" && !dice.once(4);
    this.#link = hasHelper ? new SimulatedHelper(surroundings, dice.split(), mortality.fails) : undefined;
    this.#helper = this.#link && new CompactionHelper(this.#link);
    this.#rewritten = [];
    this.#cutTo = NEVER;
    this.#hasFailed = false;
    this.#job = undefined;
    this.#steps = undefined;
    this.#fate = { end: "lives", steps: NEVER };
    this.#stepsDone = 0;
    this.#progress = 0;
    this.#isHurried = false;
    this.#outcome = undefined;
    this.#cancelTurn = undefined;
    this.hasDied = false;
  }

  get isRunning(): boolean {
    return this.#steps !== undefined;
  }

  get progress(): number {
    return this.#progress;
  }

  prepare(): void {}

  start(input: CheckpointInput): void {
    if (this.#hasFailed) {
      this.#hasFailed = false;
      this.#onRetry();
    }
    this.#progress = 0;
    this.#isHurried = false;
    this.#stepsDone = 0;
    this.#fate = this.#drawFate();
    this.#job = undefined;
    this.#steps = this.#run(input, this.#rewritten, this.#cutTo);
    this.#rewritten = [];
    this.#cutTo = NEVER;
    this.#scheduleTurn();
  }

  noteWritten(pages: readonly Extent[]): void {
    this.#rewritten.push(...pages);
  }

  noteCut(pageCount: number): void {
    this.#cutTo = Math.min(this.#cutTo, pageCount);
  }

  advance(share: number, _maxMs: number): void {
    while (this.#steps !== undefined && this.#progress < share) {
      this.#step();
    }
  }

  take(): CheckpointOutcome | undefined {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    return outcome;
  }

  get isBeside(): boolean {
    return false;
  }

  get hasHelper(): boolean {
    return this.#helper !== undefined;
  }

  hurry(): void {
    this.#isHurried = true;
  }

  close(): void {
    this.#cancelTurn?.();
    this.#steps = undefined;
    this.#pages.close();
    this.#link?.close();
  }

  /** What the two sides of a worker do, one after the other. */
  *#run(input: CheckpointInput, rewritten: readonly Extent[], cutTo: number): Generator<void, CheckpointResult> {
    const onProgress = (share: number) => {
      this.#progress = share;
    };
    const isHurried = () => this.#isHurried;
    if (this.#surroundings.options.backend === "memory") {
      this.#job = new CheckpointJob({ ...input, onProgress, isHurried });
      return yield* this.#job.steps();
    }
    const message = structuredClone(encodeInput(input, rewritten, cutTo));
    const { pageCount } = message.previous;
    const stale = decodeExtents(message.rewritten);
    this.#helper?.note(stale, Math.min(pageCount, message.cutTo));
    const pages = this.#pages.forJob(pageCount, stale, message.cutTo);
    this.#job = new CheckpointJob(decodeInput(message, pages, this.#helper, isHurried, onProgress));
    const result = yield* this.#job.steps();
    this.#helper?.note(result.written, result.meta.pageCount);
    return decodeResult(structuredClone(encodeResult(result)));
  }

  #drawFate(): Fate {
    // The first step takes the message: from then on the worker knows what the other thread wrote.
    const steps = this.#dice.pick([1, 2, 10, 50]);
    if (this.#dice.once(this.#mortality.dies)) {
      return { end: "dies", steps: this.#dice.once(2) ? steps : NEVER };
    }
    return { end: this.#dice.once(this.#mortality.fails) ? "fails" : "lives", steps };
  }

  #scheduleTurn(): void {
    const { clock, options, onDone } = this.#surroundings;
    this.#cancelTurn = clock.after(0, () => {
      for (let i = 0; i < options.checkpointStepsPerTurn && this.#steps !== undefined; i++) {
        this.#step();
      }
      if (this.#steps !== undefined) {
        this.#scheduleTurn();
      } else {
        onDone();
      }
    });
  }

  #step(): void {
    const isAtItsEnd = this.#fate.end !== "lives" && this.#stepsDone++ >= this.#fate.steps;
    try {
      if (isAtItsEnd) {
        throw plannedEnd(this.#fate.end);
      }
      const { done, value } = this.#steps!.next();
      if (!done) {
        return;
      }
      if (this.#fate.end === "dies") {
        throw plannedEnd("dies");
      }
      this.#outcome = { ok: true, result: value };
    } catch (error) {
      this.#outcome = this.#failure(error);
    }
    this.#steps = undefined;
    this.#progress = 1;
  }

  #failure(error: unknown): CheckpointOutcome {
    this.#hasFailed = true;
    this.#helper?.cancel();
    if (this.#fate.end === "dies" && isPlanned(error)) {
      this.hasDied = true;
      this.#pages.close();
      this.#link?.close();
      return { ok: false, error, isMetaUncertain: true };
    }
    return { ok: false, error, isMetaUncertain: this.#job?.isMetaTouched ?? false };
  }
}

/** The job of a simulation ended because the simulation wanted it to. */
export function isPlanned(error: unknown): boolean {
  return error instanceof DbError && error.facts.planned === true;
}

function plannedEnd(end: Fate["end"]): DbError {
  return new DbError("IO", `the simulated checkpoint worker ${end}`, { planned: true });
}
