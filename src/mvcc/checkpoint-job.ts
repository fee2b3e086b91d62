/**
 * One checkpoint: frozen memtables merged into the page file, and the meta page that makes it count.
 *
 *     1  per keyspace: the merged operations into its B+tree, copy-on-write, or into a new run
 *     2  trees and runs of dropped keyspaces: their pages freed
 *     3  runs of LSM keyspaces compacted, as far as there is time; with a helper beside the steps before (compactions.ts)
 *     4  the new roots into the roots tree            (keyspace id ──▶ page, height, count; parts of runs)
 *     5  the free space into an extent of its own
 *     6  sync ── every page of the new version is on disk
 *     7  the meta page, sync ── the new version is the one that an opening database finds
 *
 * A crash before 7 leaves the previous version untouched, since no page that it reaches was written (M2); after 7 the log
 * up to the memtables' last commit is no longer needed. The job runs in the checkpoint worker, or step by step in the
 * application's thread; it is the same code, and knows nothing of threads. `steps()` yields about once a leaf.
 */
import { EMPTY_ROOT, type RelocatesExtent, type RootRecord, TreeMerge, treeExtents } from "../btree/index.ts";
import type { Manifest } from "../lsm/index.ts";
import {
  EXTENT_HEADER_BYTES,
  type Extent,
  extentBirth,
  extentPages,
  type FreeSpace,
  type Meta,
  PAGE_SIZE,
  type PageAllocator,
  type PageFile,
  writeExtentAt,
  writeMeta,
} from "../pager/index.ts";
import type { KeyspaceKind } from "./catalog.ts";
import { ClearedBatch } from "./cleared-batch.ts";
import type { CompactionHelper } from "./compaction-helper.ts";
import type { LsmWorkOptions } from "./compactions.ts";
import { encodeFreeList, freeListBytes } from "./free-list.ts";
import { JobPages } from "./job-pages.ts";
import { LsmWork } from "./lsm-work.ts";
import { type FrozenMemtable, MemtableBatch } from "./memtable-batch.ts";
import { combineFor } from "./merge-operator.ts";
import { RootBatch, type RootChanges, type Roots, rootOf } from "./roots.ts";

export interface CheckpointInput {
  readonly pages: PageFile;
  /** Newest first. */
  readonly memtables: readonly FrozenMemtable[];
  readonly roots: Roots;
  /** Keyspaces that exist after the newest memtable's last commit; undefined where it is not known how they are kept. */
  readonly keyspaces: ReadonlyMap<number, KeyspaceKind | undefined>;
  /** Those from here on are newer than the memtables, which know nothing of them: load-now.ts makes trees before their time. */
  readonly newKeyspacesFrom: number;
  readonly previous: Meta;
  /** Pages that may be written. The job takes it over. */
  readonly free: FreeSpace;
  /** Pages that no root reaches any more but a snapshot may: free for whoever opens this version later. */
  readonly pending: readonly Extent[];
  /** What the next meta says besides what the job finds out. */
  readonly commit: number;
  readonly firstSegment: number;
  /** What may be moved down so that the file can shrink. */
  readonly relocation: Relocation;
  readonly lsm: LsmWorkOptions;
  /** Who compacts beside the job; undefined: nobody. */
  readonly helper: CompactionHelper | undefined;
  /** Others wait for the job: it is to begin nothing that can wait. */
  readonly isHurried: () => boolean;
  /** Told the share of the work done, 0 to 1. */
  readonly onProgress: (share: number) => void;
}

export interface Relocation {
  /** How many may be moved: leaves and inner pages of B+trees, and parts of runs as a whole. */
  readonly pages: number;
  readonly movesRuns: boolean;
  /** Those from this page number on; undefined: the job finds out whether it is worth it, and from where. */
  readonly from: number | undefined;
  readonly values: ValueMoves;
}

/**
 * Whether large values move, too, for which every leaf is read: not at all, where there is room below them (for value areas of
 * runs: for what they are now), or even to the end of the file, so that there will be.
 */
export type ValueMoves = "stay" | "down" | "anywhere";

/** For a job that moves nothing. */
export const NO_RELOCATION: Relocation = { pages: 0, movesRuns: false, from: undefined, values: "stay" };

export interface FreedExtent {
  readonly first: number;
  readonly count: number;
  /** The checkpoint that wrote these pages. */
  readonly birth: number;
}

export interface CheckpointResult {
  readonly meta: Meta;
  /** What differs from the input's roots. */
  readonly changes: RootChanges;
  readonly free: FreeSpace;
  readonly freed: readonly FreedExtent[];
  /** Pages written, so that other readers of the file drop what they cached of them. */
  readonly written: readonly Extent[];
  /** By compactions, of pages and value areas, and what was moved of runs. */
  readonly compactedBytes: number;
  /** For which compactions came to nothing; undefined: they did not. */
  readonly compactionError: unknown;
}

export class CheckpointJob {
  readonly #input: CheckpointInput;
  readonly #number: number;
  readonly #allocator: JobPages;
  readonly #freed: FreedExtent[];
  readonly #frees: { add(first: number, count: number, birth: number): void };
  readonly #changedTrees: Map<number, RootRecord>;
  readonly #lsm: LsmWork;
  readonly #operations: number;
  #operationsDone: number;
  #relocateBudget: number;
  #isMetaTouched: boolean;

  constructor(input: CheckpointInput) {
    this.#input = input;
    this.#number = input.previous.checkpoint + 1;
    this.#allocator = new JobPages(input.free);
    const freed: MutableExtent[] = [];
    this.#freed = freed;
    this.#frees = { add: (first, count, birth) => addFreed(freed, first, count, birth) };
    this.#changedTrees = new Map();
    this.#lsm = new LsmWork(input, this.#allocator, this.#frees, this.#number);
    this.#operations = countOperations(input.memtables);
    this.#operationsDone = 0;
    this.#relocateBudget = input.relocation.pages;
    this.#isMetaTouched = false;
  }

  /** Whether a failure leaves it open which version an opening database finds. */
  get isMetaTouched(): boolean {
    return this.#isMetaTouched;
  }

  /** The number of the version that this job makes: the birth of its pages. */
  get number(): number {
    return this.#number;
  }

  /** Where pages of this version come from: for whoever builds a tree for it. */
  get allocator(): PageAllocator {
    return this.#allocator;
  }

  /** A keyspace's tree becomes the one that was built, in pages of this job, next to its own work. */
  setRoot(keyspace: number, root: RootRecord): void {
    this.#changedTrees.set(keyspace, root);
  }

  /** The same for an LSM keyspace. */
  setManifest(keyspace: number, manifest: Manifest): void {
    this.#lsm.set(keyspace, manifest);
  }

  *steps(): Generator<void, CheckpointResult> {
    const meta = yield* this.prepare();
    return this.complete(meta);
  }

  /** Everything up to the sync, and the meta page that is to come: until `complete`, nothing has changed. */
  *prepare(): Generator<void, Meta> {
    const { pages, previous, free, commit, firstSegment } = this.#input;
    for (const _ of this.#mergeKeyspaces()) {
      this.#lsm.compactions.tend(this.#operationsDone < this.#operations * BESIDE_UNTIL);
      yield;
    }
    yield* this.#freeDroppedKeyspaces();
    if (this.#lsm.compactions.isBeside) {
      // It would be waited for: what the flush has written can be on its way to the disk meanwhile.
      pages.sync();
    }
    yield* this.#lsm.compactions.finish();
    yield* this.#relocateRuns();
    const roots = yield* this.#mergeRoots();
    const freeList = this.#writeFreeList();
    pages.sync();
    yield;
    return {
      ...previous,
      checkpoint: this.#number,
      commit,
      pageCount: free.pageCount,
      rootsPage: roots.page,
      rootsHeight: roots.height,
      rootsCount: roots.count,
      freePage: freeList.first,
      freeLengthBytes: freeList.lengthBytes,
      firstSegment,
    };
  }

  /** Makes the prepared version the one that an opening database finds. */
  complete(meta: Meta): CheckpointResult {
    const { pages, free } = this.#input;
    this.#isMetaTouched = true;
    writeMeta(pages, meta);
    pages.sync();
    const { writtenBytes, error: compactionError } = this.#lsm.compactions;
    const compactedBytes = writtenBytes + this.#lsm.movedBytes;
    const { written } = this.#allocator;
    return { meta, changes: this.#changes, free, freed: this.#freed, written, compactedBytes, compactionError };
  }

  get #changes(): RootChanges {
    return { trees: this.#changedTrees, manifests: this.#lsm.changes() };
  }

  *#mergeKeyspaces(): Generator<void, void> {
    const { memtables, roots, keyspaces } = this.#input;
    const touched = new Set<number>();
    for (const memtable of memtables) {
      for (const keyspace of [...memtable.index.keyspaces(), ...memtable.ranges.keyspaces()]) {
        touched.add(keyspace);
      }
    }
    const relocateFrom = this.#relocateFrom();
    if (relocateFrom !== undefined) {
      for (const keyspace of roots.trees.keys()) {
        touched.add(keyspace);
      }
    }
    for (const keyspace of [...touched].filter((id) => keyspaces.has(id)).sort((a, b) => a - b)) {
      const kind = keyspaces.get(keyspace);
      const batch = new MemtableBatch(
        memtables,
        keyspace,
        kind?.merge === undefined ? undefined : combineFor(kind.merge),
      );
      if (kind?.lsm !== undefined) {
        yield* this.#flush(keyspace, batch);
        continue;
      }
      const before = rootOf(roots, keyspace);
      const operations = batch.rangeDeletes.length === 0 ? batch : new ClearedBatch(this.#input.pages, before, batch);
      const after = yield* this.#merge(before, operations, relocateFrom);
      if (after.page !== before.page) {
        this.#changedTrees.set(keyspace, after);
      }
    }
  }

  *#flush(keyspace: number, batch: MemtableBatch): Generator<void, void> {
    let before = batch.consumed;
    for (const _ of this.#lsm.flush(keyspace, batch)) {
      this.#note(batch.consumed - before);
      before = batch.consumed;
      yield;
    }
    this.#note(batch.consumed - before);
  }

  #note(operations: number): void {
    this.#operationsDone += operations;
    // The roots are merged, too, and were not counted.
    this.#input.onProgress(MERGE_SHARE * Math.min(1, this.#operationsDone / Math.max(1, this.#operations)));
  }

  *#merge(
    root: RootRecord,
    batch: MemtableBatch | ClearedBatch | RootBatch,
    relocateFrom?: number,
  ): Generator<void, RootRecord> {
    const { pages } = this.#input;
    const merge = new TreeMerge(pages, this.#allocator, this.#frees, this.#number, root, batch, {
      relocateFrom: relocateFrom ?? Number.POSITIVE_INFINITY,
      relocatePages: this.#relocateBudget,
      relocatesExtent: this.#movesValue,
    });
    for (;;) {
      const before = batch.consumed;
      const done = merge.step();
      this.#note(batch.consumed - before);
      if (done) {
        this.#relocateBudget -= merge.relocatedPages;
        return merge.result;
      }
      yield;
    }
  }

  *#freeDroppedKeyspaces(): Generator<void, void> {
    const { pages, roots, keyspaces, newKeyspacesFrom } = this.#input;
    for (const [keyspace, root] of roots.trees) {
      if (!keyspaces.has(keyspace) && keyspace < newKeyspacesFrom) {
        for (const extent of treeExtents(pages, root)) {
          this.#frees.add(extent.first, extent.count, extent.birth);
          yield;
        }
        this.#changedTrees.set(keyspace, EMPTY_ROOT);
      }
    }
    yield* this.#lsm.freeDropped();
  }

  *#relocateRuns(): Generator<void, void> {
    const { free, relocation } = this.#input;
    const from = relocation.movesRuns ? this.#relocateFrom() : undefined;
    if (from !== undefined) {
      // Who asks for the shortest file gets it, though it be longer meanwhile.
      const isLimited = relocation.values === "stay";
      const mostPages = isLimited ? Math.min(this.#relocateBudget, free.freeCount) : this.#relocateBudget;
      yield* this.#lsm.relocate(from, mostPages, this.#movesValue);
    }
  }

  /** By which a large value is chosen that lies too far out; undefined: none is. */
  get #movesValue(): RelocatesExtent | undefined {
    const { values } = this.#input.relocation;
    if (values === "stay") {
      return undefined;
    }
    return (first, count) => values === "anywhere" || this.#allocator.hasRunBelow(first, count);
  }

  *#mergeRoots(): Generator<void, RootRecord> {
    const { previous } = this.#input;
    const before = { page: previous.rootsPage, height: previous.rootsHeight, count: previous.rootsCount };
    return yield* this.#merge(before, new RootBatch(this.#changes), this.#relocateFrom());
  }

  /**
   * Writes down what an opening database may use: all that this version does not reach. The extent comes out of the
   * free space that it describes, so it is taken first, with room to spare, and filled up with zeros.
   */
  #writeFreeList(): { first: number; lengthBytes: number } {
    const { pages, previous, free, pending } = this.#input;
    if (previous.freePage !== 0) {
      const birth = extentBirth(pages, previous.freePage);
      this.#frees.add(previous.freePage, extentPages(previous.freeLengthBytes), birth);
    }
    const count = extentPages(freeListBytes(this.#freeAfter(free, pending)) + FREE_LIST_SLACK_BYTES);
    const first = this.#allocator.allocateRun(count);
    const padded = encodeFreeList(this.#freeAfter(free, pending), count * PAGE_SIZE - EXTENT_HEADER_BYTES);
    writeExtentAt(pages, first, this.#number, padded, 0, padded.length);
    return { first, lengthBytes: padded.length };
  }

  #freeAfter(free: FreeSpace, pending: readonly Extent[]): FreeSpace {
    const after = free.clone();
    for (const extent of pending) {
      after.release(extent.first, extent.count);
    }
    for (const extent of this.#freed) {
      after.release(extent.first, extent.count);
    }
    return after;
  }

  /** Pages from here on are moved down, if it was asked for or the file is larger than it has to be. */
  #relocateFrom(): number | undefined {
    const { free, relocation } = this.#input;
    if (relocation.from !== undefined) {
      return relocation.from;
    }
    const used = free.pageCount - free.freeCount;
    const target = Math.ceil(used * RELOCATE_TARGET);
    return relocation.pages > 0 && free.pageCount > target + MIN_RELOCATE_PAGES ? target : undefined;
  }
}

/** All steps at once; what they return. `onStep` is called after each. */
export function runToEnd<T>(steps: Generator<void, T>, onStep: () => void = () => {}): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) {
      return value;
    }
    onStep();
  }
}

/** Of the operations: when so many are merged, no more compactions begin beside them. */
const BESIDE_UNTIL = 0.9;
/** What of a job's time goes by until the last operation is merged; the rest is the sync. */
const MERGE_SHARE = 0.7;
/** The file is worth shrinking when it exceeds what is used by this much. */
const RELOCATE_TARGET = 1.02;
const MIN_RELOCATE_PAGES = 8;
/** Taking the list's own extent out of the free space splits one run of it at the most: two numbers of five bytes. */
const FREE_LIST_SLACK_BYTES = 64;

interface MutableExtent extends FreedExtent {
  count: number;
}

/** Pages were mostly written in the order in which they are freed: runs instead of one object a page. */
function addFreed(freed: MutableExtent[], first: number, count: number, birth: number): void {
  const last = freed.at(-1);
  if (last !== undefined && last.birth === birth && last.first + last.count === first) {
    last.count += count;
  } else {
    freed.push({ first, count, birth });
  }
}

function countOperations(memtables: readonly FrozenMemtable[]): number {
  let count = 0;
  for (const { index } of memtables) {
    for (const keyspace of index.keyspaces()) {
      count += index.count(keyspace);
    }
  }
  return count;
}
