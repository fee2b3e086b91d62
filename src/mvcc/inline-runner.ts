/** Checkpoint jobs in the application's thread: some steps a turn, or as many as a writer that waits wants. */
import type { Clock } from "../clock.ts";
import { type CheckpointInput, CheckpointJob, type CheckpointResult } from "./checkpoint-job.ts";
import type { CheckpointOutcome, CheckpointRunner } from "./checkpoint-runner.ts";

/** A turn ends after so long, however few its steps were: some take as long as a hundred others. */
const TURN_MS = 3;

export class InlineRunner implements CheckpointRunner {
  readonly #clock: Clock;
  readonly #stepsPerTurn: number;
  readonly #onDone: () => void;
  #job: CheckpointJob | undefined;
  #steps: Generator<void, CheckpointResult> | undefined;
  #outcome: CheckpointOutcome | undefined;
  #cancelTurn: (() => void) | undefined;
  #progress: number;
  #isHurried: boolean;

  constructor(clock: Clock, stepsPerTurn: number, onDone: () => void) {
    this.#clock = clock;
    this.#stepsPerTurn = stepsPerTurn;
    this.#onDone = onDone;
    this.#job = undefined;
    this.#steps = undefined;
    this.#outcome = undefined;
    this.#cancelTurn = undefined;
    this.#progress = 0;
    this.#isHurried = false;
  }

  get isRunning(): boolean {
    return this.#steps !== undefined;
  }

  get isBeside(): boolean {
    return false;
  }

  get hasHelper(): boolean {
    return false;
  }

  get progress(): number {
    return this.#progress;
  }

  prepare(): void {}

  start(input: CheckpointInput): void {
    this.#progress = 0;
    this.#isHurried = false;
    this.#job = new CheckpointJob({
      ...input,
      isHurried: () => this.#isHurried,
      onProgress: (share) => {
        this.#progress = share;
      },
    });
    this.#steps = this.#job.steps();
    this.#scheduleTurn();
  }

  /** The job has the caller's page file, which knows. */
  noteWritten(): void {}

  noteCut(): void {}

  hurry(): void {
    this.#isHurried = true;
  }

  advance(share: number, maxMs: number): void {
    const endMs = this.#clock.now() + maxMs;
    while (this.#steps !== undefined && this.#progress < share && this.#clock.now() < endMs) {
      this.#step();
    }
  }

  take(): CheckpointOutcome | undefined {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    return outcome;
  }

  close(): void {
    this.#cancelTurn?.();
    this.#steps = undefined;
  }

  #scheduleTurn(): void {
    this.#cancelTurn = this.#clock.after(0, () => {
      const endMs = this.#clock.now() + TURN_MS;
      let stepsLeft = this.#stepsPerTurn;
      while (stepsLeft > 0 && this.#steps !== undefined && this.#clock.now() < endMs) {
        this.#step();
        stepsLeft--;
      }
      if (this.#steps !== undefined) {
        this.#scheduleTurn();
      } else {
        this.#onDone();
      }
    });
  }

  #step(): void {
    try {
      const { done, value } = this.#steps!.next();
      if (!done) {
        return;
      }
      this.#outcome = { ok: true, result: value };
    } catch (error) {
      this.#outcome = { ok: false, error, isMetaUncertain: this.#job!.isMetaTouched };
    }
    this.#steps = undefined;
    this.#job = undefined;
    this.#progress = 1;
  }
}
