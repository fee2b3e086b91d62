/** What a checkpointer needs of its store, and what it tells of itself. */
import type { PageFile } from "../pager/index.ts";
import type { KeyspaceKind } from "./catalog.ts";
import type { CheckpointResult } from "./checkpoint-job.ts";
import type { Memtable } from "./memtable.ts";
import type { ReadState } from "./read-state.ts";

/** What the checkpointer needs of the store. */
export interface CheckpointHost {
  readonly pages: PageFile;
  /** The current state; its frozen memtables are what a job takes. */
  readonly state: ReadState;
  readonly active: Memtable | undefined;
  pinnedCheckpoints(): number[];
  /** The keyspaces there are. */
  kinds(): ReadonlyMap<number, KeyspaceKind>;
  /** Bytes that compactions of LSM keyspaces would have to go through; more where there is time for what can wait. */
  compactionDebt(isIdle: boolean): number;
  /** Entries in runs that ended before go with the next compaction; ms since the epoch. */
  expiredBefore(): number;
  /** Files of the log that are kept to be written over. */
  readonly spareFiles: number;
  /** There is nothing to do: what is kept for the next writes can be given back. */
  rest(): void;
  /** So many segments, the active one among them, may be there at once. */
  expects(segments: number): void;
  /** Whether so much waits to be compacted that flushes have to wait for it. */
  isOverfull(): boolean;
  adopt(result: CheckpointResult, done: readonly Memtable[]): void;
  poison(cause: unknown): void;
}

export interface CheckpointerOptions {
  readonly segmentBytes: number;
  /** Infinity: no limit. */
  readonly compactionBytesPerSecond: number;
}

export interface CheckpointerStats {
  readonly checkpoints: number;
  readonly isRunning: boolean;
  readonly pagesFree: number;
  readonly pagesPending: number;
  readonly lastError: string | undefined;
}

/** How the pages of the file are used. */
export interface PageSpace {
  /** Pages up to the last one that is not free. */
  readonly end: number;
  /** Pages that are not free: in use, or kept for snapshots. */
  readonly used: number;
}
