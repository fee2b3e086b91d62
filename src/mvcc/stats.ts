/** What a database can say of itself. */
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
  /** Why the last checkpoint failed, if it did; the next one is tried again by itself. */
  readonly checkpointError: string | undefined;
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
    checkpointError: checkpointer.lastError,
  };
}
