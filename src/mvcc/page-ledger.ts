/**
 * The pages of the file as the last checkpoint left them: which are free, and which will be when no snapshot needs them.
 */
import { type Extent, type FreeSpace, type Meta, PendingFrees } from "../pager/index.ts";
import type { PageSpace } from "./checkpoint-host.ts";
import type { CheckpointResult } from "./checkpoint-job.ts";

export class PageLedger {
  #meta: Meta;
  #free: FreeSpace;
  readonly #pending: PendingFrees;

  constructor(meta: Meta, free: FreeSpace) {
    this.#meta = meta;
    this.#free = free;
    this.#pending = new PendingFrees();
  }

  get meta(): Meta {
    return this.#meta;
  }

  get freeCount(): number {
    return this.#free.freeCount;
  }

  /** Pages that only snapshots keep from reuse. */
  get pendingCount(): number {
    return this.#pending.pagesWaiting;
  }

  get space(): PageSpace {
    return { end: this.#free.highestUsed() + 1, used: this.#free.pageCount - this.#free.freeCount };
  }

  /** What a job may write to, as a copy. */
  freeForJob(): FreeSpace {
    return this.#free.clone();
  }

  pending(): Extent[] {
    return this.#pending.all();
  }

  /** Pages that no snapshot needs any more become free. Not while a job runs, which has the free pages as they were. */
  reclaim(pinnedCheckpoints: number[]): void {
    for (const { first, count } of this.#pending.releasable(pinnedCheckpoints, this.#meta.checkpoint)) {
      this.#free.release(first, count);
    }
  }

  /** Free pages at the end are no pages of the file any more; returns where it ends. */
  cutTail(): number {
    return this.#free.cutTail();
  }

  adopt({ meta, free, freed }: CheckpointResult): void {
    this.#meta = meta;
    this.#free = free;
    for (const { first, count, birth } of freed) {
      this.#pending.add(first, count, birth, meta.checkpoint);
    }
  }
}
