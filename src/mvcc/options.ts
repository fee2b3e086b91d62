/** What a store is opened with. */
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import type { Backend, Disk } from "../pager/index.ts";
import type { Rng } from "../random.ts";
import type { EngineKind } from "./catalog.ts";
import type { CheckpointRunner } from "./checkpoint-runner.ts";

export type Durability = "sync" | "group" | "relaxed";
export const DURABILITIES: readonly Durability[] = ["sync", "group", "relaxed"];

/** The value of an option that is one of a few words. A misspelt one would weaken what was asked for without a word. */
export function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) {
    throw new DbError("INVALID", `the option ${name} is one of ${allowed.join(", ")}, not ${JSON.stringify(value)}`);
  }
  return value;
}

export interface StoreOptions {
  readonly durability: Durability;
  /** Of maps that are made without one. */
  readonly engine: EngineKind;
  readonly backend: Backend;
  /** Bytes of pages (pread) and unpacked leaves that are kept. */
  readonly cacheBytes: number;
  readonly segmentBytes: number;
  /** Infinity: no limit. */
  readonly compactionBytesPerSecond: number;
  readonly retainLogBytes: number;
  readonly snapshotMemoryBytes: number;
  readonly maxTransactionBytes: number;
  readonly readOnly: boolean;
  readonly create: boolean;
  /** Where checkpoints run; "inline" where the disk cannot be opened by a second thread. */
  readonly checkpoints: "worker" | "inline";
  readonly checkpointStepsPerTurn: number;
  /** Where a page file ends and the next one begins. */
  readonly fileBytes: number;
}

export interface Seams {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Milliseconds in fractions, to tell fast disks from slow ones; without it every disk counts as slow. */
  readonly stopwatch?: () => number;
  /** Does the work of checkpoints instead of a worker or steps in this thread: for simulations of either. */
  readonly runner?: (surroundings: RunnerSurroundings) => CheckpointRunner;
}

/** What a runner may need of the store whose checkpoints it does. */
export interface RunnerSurroundings {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly options: StoreOptions;
  /** A job has ended; its outcome can be taken. */
  readonly onDone: () => void;
}
