/**
 * Who does the work of a checkpoint: a worker thread beside the application (worker-runner.ts), or the application's own
 * thread in steps (inline-runner.ts).
 *
 * One job runs at a time. The owner starts it, may wait for a share of it (backpressure), and takes the outcome when it
 * is there, by asking or by being called. A job that failed before its meta page was touched has changed nothing.
 */
import type { Extent } from "../pager/index.ts";
import type { CheckpointInput, CheckpointResult } from "./checkpoint-job.ts";

export type CheckpointOutcome =
  /** `ms`: how long it took, where a thread of its own has measured that. */
  | { readonly ok: true; readonly result: CheckpointResult; readonly ms?: number }
  /** `isMetaUncertain`: which of two versions an opening database would find is not known. */
  | { readonly ok: false; readonly error: unknown; readonly isMetaUncertain: boolean };

export interface CheckpointRunner {
  readonly isRunning: boolean;
  /** Whether a job gets on while the caller does nothing, or pauses. */
  readonly isBeside: boolean;
  /** Whether runs can be compacted beside the rest of a job (compaction-helper.ts). */
  readonly hasHelper: boolean;
  /** How much of the running job is done, 0 to 1. */
  readonly progress: number;
  /** A job will come soon; with `compacts`, jobs will have runs to compact. Threads take a while to begin. */
  prepare(compacts: boolean): void;
  start(input: CheckpointInput): void;
  /** The caller wrote these pages itself. */
  noteWritten(pages: readonly Extent[]): void;
  /** The caller cut the files down to so many pages, and may make them longer again itself. */
  noteCut(pageCount: number): void;
  /** The job is to begin nothing that can wait. */
  hurry(): void;
  /** Waits, or works, until `share` of the job is done, for about `maxMs` at the most. */
  advance(share: number, maxMs: number): void;
  /** The outcome, once; undefined while the job runs. */
  take(): CheckpointOutcome | undefined;
  /** After the running job, if there is one, has ended. */
  close(): void;
}
