/** Databases on simulated disks and time, with segments so small that a few puts make a checkpoint. */
import { FaultDisk, type FaultPlan } from "../../fuzz/disk/fault-disk.ts";
import { SimulatedClock } from "../../fuzz/engine/simulated-clock.ts";
import type { CheckpointInput } from "../../src/mvcc/checkpoint-job.ts";
import { type Database, type InternalOptions, type OpenOptions, openOn } from "../../src/mvcc/index.ts";
import { InlineRunner } from "../../src/mvcc/inline-runner.ts";
import type { RunnerSurroundings } from "../../src/mvcc/options.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

export class Simulated {
  readonly clock: SimulatedClock = new SimulatedClock(1_700_000_000_000);
  readonly memory: MemoryDisk = new MemoryDisk();
  readonly #rng = seededRng(7);
  readonly #beforeJob: (input: CheckpointInput) => void;

  /** `beforeJob` is told of each job before it starts; if it throws, the job could not be started. */
  constructor(beforeJob: (input: CheckpointInput) => void = () => {}) {
    this.#beforeJob = beforeJob;
  }

  open(options: OpenOptions & InternalOptions = {}, faults: FaultPlan = {}): { db: Database; disk: FaultDisk } {
    const disk = new FaultDisk(this.memory, faults);
    const db = openOn(
      { disk, clock: this.clock, rng: this.#rng, runner: (surroundings) => this.#runner(surroundings) },
      { backend: "pread", segmentBytes: 16 * 1024, checkpoints: "inline", checkpointStepsPerTurn: 1, ...options },
    );
    return { db, disk };
  }

  /** The process is gone: what it wrote is there, its locks are not. */
  abandon(): void {
    this.memory.unlock();
    this.clock.forgetTimers();
  }

  /** Timers and whatever they bring about, until nothing is due any more. */
  async run(ms = 0): Promise<void> {
    this.clock.pass(ms);
    for (let turns = 0; turns < 5; turns++) {
      while (this.clock.run()) {
        // One timer after the other.
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Time passes until a promise has settled; what it gave. */
  async done<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const ended = work.finally(() => {
      isDone = true;
    });
    ended.catch(() => {});
    while (!isDone) {
      await this.run(10);
    }
    return await ended;
  }

  #runner({ options, onDone }: RunnerSurroundings): InlineRunner {
    const runner = new InlineRunner(this.clock, options.checkpointStepsPerTurn, onDone);
    const start = runner.start.bind(runner);
    runner.start = (input) => {
      this.#beforeJob(input);
      start(input);
    };
    return runner;
  }
}
