/** What a database can say of itself. */
import { type RunsShape, shapeOf } from "../lsm/index.ts";
import type { Store } from "./store.ts";

export interface DatabaseStats {
  readonly path: string;
  readonly commit: number;
  readonly durableCommit: number;
  readonly maps: number;
  /** Log segments in memory, the active one included, and the bytes that their arenas and indexes take. */
  readonly segments: number;
  readonly memtableBytes: number;
  /** Of these, what only snapshots keep alive. */
  readonly snapshotBytes: number;
  readonly openSnapshots: number;
  readonly backend: string;
  readonly pages: number;
  readonly freePages: number;
  /** Pages that only snapshots keep from reuse. */
  readonly pendingPages: number;
  readonly checkpoints: number;
  readonly isCheckpointing: boolean;
  /**
   * Bytes that compactions of LSM maps still have to go through, about, and bytes that will be cut off the page file at rest;
   * 0: nothing is left to do.
   */
  readonly compactionDebtBytes: number;
  /** How point reads of LSM maps went since the database was opened. */
  readonly searches: {
    /** Reads that were not answered from memory. */
    readonly gets: number;
    /** Filters asked, and those that spared a tree the search. */
    readonly filters: number;
    readonly filtered: number;
    /** Trees searched, and those that did not have the key. */
    readonly trees: number;
    readonly treesInVain: number;
  };
  /** Why the last checkpoint failed, if it did; the next one is tried again by itself. */
  readonly checkpointError: string | undefined;
}

/** The runs of an LSM map. */
export interface MapShape extends RunsShape {
  readonly map: string;
  readonly compaction: "levelled" | "tiered";
}

/** The shape of every LSM map that has anything in pages, in the order of their names. */
export function shapesOf(store: Store): MapShape[] {
  store.checkOpen();
  return store.catalog.all().flatMap(({ id, name, lsm }) => {
    const manifest = store.state.manifests.get(id);
    return lsm === undefined || manifest === undefined
      ? []
      : [{ map: name, compaction: lsm.compaction, ...shapeOf(store.pages, manifest) }];
  });
}

export function statsOf(store: Store): DatabaseStats {
  store.checkOpen();
  const { memtables } = store.state;
  const checkpointer = store.checkpointer.stats();
  return {
    path: store.disk.path,
    commit: store.lastCommit,
    durableCommit: store.log.durableCommit,
    maps: store.catalog.all().length,
    segments: memtables.length,
    memtableBytes: memtables.reduce((sum, memtable) => sum + memtable.memoryBytes, 0) + store.pins.retainedBytes,
    snapshotBytes: store.pins.retainedBytes,
    openSnapshots: store.pins.count,
    backend: store.pages.backend,
    pages: store.checkpointer.meta.pageCount,
    freePages: checkpointer.pagesFree,
    pendingPages: checkpointer.pagesPending,
    checkpoints: checkpointer.checkpoints,
    isCheckpointing: checkpointer.isRunning,
    compactionDebtBytes: store.compactionDebt(true) + store.checkpointer.wasteBytes,
    searches: {
      gets: store.searches.searches,
      filters: store.searches.filters,
      filtered: store.searches.filtered,
      trees: store.searches.trees,
      treesInVain: store.searches.inVain,
    },
    checkpointError: checkpointer.lastError,
  };
}
