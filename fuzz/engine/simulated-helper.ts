/**
 * A compaction helper in a simulation: a page file of its own, nothing but messages in between, and some steps whenever the job
 * looks after it. It may fail in the middle, as where the disk refused something.
 */
import { DbError } from "../../src/errors.ts";
import type { HelperLink, TaskOutcome } from "../../src/mvcc/compaction-helper.ts";
import { type AskForPages, type EncodedMerged, type EncodedTask, runTask } from "../../src/mvcc/compaction-task.ts";
import type { RunnerSurroundings } from "../../src/mvcc/index.ts";
import { WorkerPages } from "../../src/mvcc/worker-pages.ts";
import type { Dice } from "../dice.ts";

export class SimulatedHelper implements HelperLink {
  readonly #dice: Dice;
  readonly #fails: number;
  readonly #pages: WorkerPages;
  #steps: Generator<void, EncodedMerged> | undefined;
  #ask: AskForPages;
  #isCancelled: boolean;

  /** `fails`: once in so many tasks. */
  constructor({ disk, options }: RunnerSurroundings, dice: Dice, fails: number) {
    this.#dice = dice;
    this.#fails = fails;
    this.#pages = new WorkerPages(disk, { ...options, readOnly: false, joins: true });
    this.#steps = undefined;
    this.#ask = () => {
      throw new Error("nobody looks after the helper");
    };
    this.#isCancelled = false;
  }

  get isReady(): boolean {
    return !this.#dice.once(8);
  }

  get hasEnded(): boolean {
    return false;
  }

  start(task: EncodedTask): void {
    this.#isCancelled = false;
    this.#steps = this.#run(structuredClone(task), this.#dice.once(this.#fails) ? this.#dice.below(3) : undefined);
  }

  poll(ask: AskForPages): TaskOutcome | undefined {
    this.#ask = ask;
    // One at least: from then on it knows which pages others have written.
    for (let steps = 1 + this.#dice.below(4); steps > 0; steps--) {
      try {
        const { done, value } = this.#steps!.next();
        if (done) {
          return { ok: true, merged: structuredClone(value) };
        }
      } catch (error) {
        return { ok: false, error };
      }
    }
    return this.#isCancelled ? { ok: false, error: planned() } : undefined;
  }

  wait(): void {}

  cancel(): void {
    this.#isCancelled = true;
  }

  close(): void {
    this.#pages.close();
  }

  /** `failsAfter`: so many steps, or when it has done everything. */
  *#run(task: EncodedTask, failsAfter: number | undefined): Generator<void, EncodedMerged> {
    const steps = runTask(task, this.#pages, (count, isExact) => this.#ask(count, isExact));
    for (let taken = 1; ; taken++) {
      const { done, value } = steps.next();
      if (failsAfter !== undefined && (done || taken > failsAfter)) {
        throw planned();
      }
      if (done) {
        return value;
      }
      yield;
    }
  }
}

function planned(): DbError {
  return new DbError("IO", "the simulated compaction helper fails", { planned: true });
}
