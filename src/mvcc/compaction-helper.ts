/**
 * Somebody who merges runs for a checkpoint job while the job does something else.
 *
 *     job ── task ──▶ helper        ◀── "128 pages" ── helper        ◀── parts ── helper
 *         (compaction-task.ts)      ── here they are ──▶             the job puts them into its manifest
 *
 * The job remains the one that knows which pages are free and that makes files; the helper has a page file of its own. It has
 * one task at a time, and what it is at comes to nothing when the job says so.
 */
import type { MergedParts } from "../lsm/index.ts";
import type { Extent, PageFile } from "../pager/index.ts";
import {
  type AskForPages,
  type CompactionTask,
  decodeMerged,
  type EncodedMerged,
  type EncodedTask,
  encodeTask,
} from "./compaction-task.ts";
import { decodeExtents } from "./extents.ts";
import type { RevocablePages } from "./job-pages.ts";

export type TaskOutcome =
  | { readonly ok: true; readonly merged: EncodedMerged }
  | { readonly ok: false; readonly error: unknown };

/** How a helper is reached: it may be in another thread. */
export interface HelperLink {
  /** It can take tasks. */
  readonly isReady: boolean;
  /** There is nobody any more. */
  readonly hasEnded: boolean;
  start(task: EncodedTask): void;
  /** Gives it the pages that it has asked for; what came of its task, once. */
  poll(ask: AskForPages): TaskOutcome | undefined;
  /** Until there is something to poll for, or a few milliseconds. Throws where it will never come. */
  wait(): void;
  /** It gets no more pages, and is to stop; its outcome comes nevertheless. */
  cancel(): void;
}

/** More than this, and the helper forgets all pages that it knows. */
const MOST_EXTENTS = 10_000;
const ALL_PAGES: Extent = { first: 0, count: 2 ** 32 - 1 };

export class CompactionHelper {
  readonly #link: HelperLink;
  readonly #ask: AskForPages;
  #rewritten: Extent[];
  #cutTo: number;
  #job: { readonly pages: PageFile; readonly allocator: RevocablePages; readonly handed: Extent[] } | undefined;
  /** Why it was not given pages. */
  #refusal: unknown;

  constructor(link: HelperLink) {
    this.#link = link;
    this.#ask = (count, isExact) => this.#handOut(count, isExact);
    this.#rewritten = [];
    this.#cutTo = Number.POSITIVE_INFINITY;
    this.#job = undefined;
    this.#refusal = undefined;
  }

  get isFree(): boolean {
    return this.#job === undefined && this.#link.isReady;
  }

  /** Somebody has written these pages, and cut the files to so many in between. */
  note(written: readonly Extent[], cutTo: number): void {
    const isTooMuch = this.#rewritten.length + written.length > MOST_EXTENTS;
    this.#rewritten = isTooMuch ? [ALL_PAGES] : [...this.#rewritten, ...written];
    this.#cutTo = Math.min(this.#cutTo, cutTo);
  }

  start(task: CompactionTask, pages: PageFile, allocator: RevocablePages): void {
    const rewritten = [...this.#rewritten, ...allocator.written];
    this.#link.start(encodeTask(task, { pageCount: pages.pageCount, rewritten, cutTo: this.#cutTo }));
    this.#job = { pages, allocator, handed: [] };
    this.#refusal = undefined;
    this.#rewritten = [];
    this.#cutTo = Number.POSITIVE_INFINITY;
  }

  /** What came of the task, once; undefined while it is under way. Throws what it met. */
  take(): MergedParts | undefined {
    const { pages, allocator, handed } = this.#job!;
    const outcome = this.#link.poll(this.#ask);
    if (outcome === undefined) {
      return undefined;
    }
    this.#job = undefined;
    if (!outcome.ok) {
      throw this.#refusal ?? outcome.error;
    }
    const { merged } = outcome;
    for (const { first, count } of decodeExtents(merged.unused)) {
      allocator.release(first, count);
    }
    if (merged.pageCount > pages.pageCount) {
      pages.grow(merged.pageCount);
    }
    for (const { first, count } of handed) {
      pages.forget(first, count);
    }
    return decodeMerged(merged);
  }

  wait(): void {
    this.#link.wait();
  }

  /** It is at nothing any more when this returns; throws where nobody can know. */
  cancel(): void {
    if (this.#job === undefined) {
      return;
    }
    this.#link.cancel();
    while (!this.#link.hasEnded && this.#link.poll(refuse) === undefined) {
      this.#link.wait();
    }
    this.#job = undefined;
  }

  #handOut(count: number, isExact: boolean): Extent {
    const { pages, allocator, handed } = this.#job!;
    try {
      const extent = isExact ? { first: allocator.allocateRun(count), count } : allocator.allocateUpTo(count);
      pages.makeFiles(extent.first + extent.count);
      handed.push(extent);
      return extent;
    } catch (error) {
      this.#refusal = error;
      throw error;
    }
  }
}

function refuse(): never {
  throw new Error("the task was cancelled");
}
