/**
 * The merge of a compaction as messages between threads: what is to be merged, and what came of it.
 *
 * Whoever merges takes the pages for it in chunks from whoever asked for it (`AskForPages`), and gives back what is left.
 */
import {
  decodePart,
  encodePart,
  type LsmSettings,
  Manifest,
  type ManifestTransfer,
  type MergedParts,
  type MergeTask,
  mergeParts,
  type PlacedPart,
} from "../lsm/index.ts";
import type { Extent, PageAllocator } from "../pager/index.ts";
import { decodeExtents, encodeExtents } from "./extents.ts";
import { combineFor, type MergeKind } from "./merge-operator.ts";
import type { WorkerPages } from "./worker-pages.ts";

export interface CompactionTask {
  readonly merge: MergeTask;
  readonly settings: LsmSettings;
  readonly operator: MergeKind | undefined;
  readonly segmentBytes: number;
  readonly expiredBefore: number;
  readonly birth: number;
}

/** What the other side has to know of the page files before it reads. */
export interface PageNews {
  readonly pageCount: number;
  /** Pages that somebody else has written since its last task. */
  readonly rewritten: readonly Extent[];
  /** The fewest pages that there were meanwhile. */
  readonly cutTo: number;
}

export interface EncodedTask {
  /** As a manifest of nothing but the parts that are merged. */
  readonly runs: ManifestTransfer;
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
  readonly level: number;
  readonly isBottom: boolean;
  readonly emptied: readonly number[];
  readonly settings: LsmSettings;
  readonly operator: MergeKind | undefined;
  readonly segmentBytes: number;
  readonly expiredBefore: number;
  readonly birth: number;
  readonly pageCount: number;
  readonly rewritten: Uint32Array;
  readonly cutTo: number;
}

export interface EncodedMerged {
  readonly parts: readonly Uint8Array[];
  readonly areas: MergedParts["areas"];
  readonly dropped: MergedParts["dropped"];
  readonly writtenBytes: number;
  /** Pages that were handed out and not needed. */
  readonly unused: Uint32Array;
  readonly pageCount: number;
}

/** Up to `count` pages in a row, or exactly so many. Throws FULL. */
export type AskForPages = (count: number, isExact: boolean) => Extent;

export function encodeTask(task: CompactionTask, news: PageNews): EncodedTask {
  const { merge, ...rest } = task;
  const added = merge.runs.flatMap(({ level, number, parts }): PlacedPart[] =>
    parts.map((part) => ({ level, run: number, part })),
  );
  return {
    ...rest,
    runs: Manifest.empty.with({ added }).toTransfer(),
    lower: merge.lower?.slice(),
    upper: merge.upper?.slice(),
    level: merge.level,
    isBottom: merge.isBottom,
    emptied: [...merge.emptied],
    pageCount: news.pageCount,
    rewritten: encodeExtents(news.rewritten),
    cutTo: news.cutTo,
  };
}

/** Does what a task says; everything is on disk at the end. */
export function* runTask(task: EncodedTask, files: WorkerPages, ask: AskForPages): Generator<void, EncodedMerged> {
  const { runs } = Manifest.fromTransfer(task.runs);
  const pages = files.forJob(task.pageCount, decodeExtents(task.rewritten), task.cutTo);
  const allocator = new HandedPages(ask);
  const { settings, operator, segmentBytes, expiredBefore, birth } = task;
  const combine = operator === undefined ? undefined : combineFor(operator);
  const around = { pages, allocator, birth, settings, segmentBytes, combine, expiredBefore };
  const merged = yield* mergeParts(around, { ...task, runs, emptied: new Set(task.emptied) });
  pages.sync();
  return {
    ...merged,
    parts: merged.parts.map(encodePart),
    unused: encodeExtents(allocator.unused()),
    pageCount: pages.pageCount,
  };
}

export function decodeMerged({ parts, areas, dropped, writtenBytes }: EncodedMerged): MergedParts {
  return { parts: parts.map((bytes) => decodePart(0, bytes)), areas, dropped, writtenBytes };
}

/** 4 MiB: whoever hands them out looks every millisecond whether some are wanted. */
const CHUNK_PAGES = 512;

class HandedPages implements PageAllocator {
  readonly #ask: AskForPages;
  readonly #released: Extent[];
  #next: number;
  #left: number;

  constructor(ask: AskForPages) {
    this.#ask = ask;
    this.#released = [];
    this.#next = 0;
    this.#left = 0;
  }

  allocate(): number {
    if (this.#left === 0) {
      const { first, count } = this.#ask(CHUNK_PAGES, false);
      this.#next = first;
      this.#left = count;
    }
    this.#left--;
    return this.#next++;
  }

  allocateRun(count: number): number {
    return count === 1 ? this.allocate() : this.#ask(count, true).first;
  }

  release(first: number, count: number): void {
    this.#released.push({ first, count });
  }

  unused(): Extent[] {
    return this.#left === 0 ? this.#released : [...this.#released, { first: this.#next, count: this.#left }];
  }
}
