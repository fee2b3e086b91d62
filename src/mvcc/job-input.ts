/** What a checkpoint job is given of the database as it is now. */
import type { CheckpointHost } from "./checkpoint-host.ts";
import type { CheckpointInput, Relocation } from "./checkpoint-job.ts";
import type { Memtable } from "./memtable.ts";
import type { PageLedger } from "./page-ledger.ts";
import { keyspacesIn } from "./roots.ts";

export interface JobPlan {
  /** Newest first. */
  readonly memtables: readonly Memtable[];
  readonly relocation: Relocation;
  readonly segmentBytes: number;
  /** What compactions may read; 0: there are none. */
  readonly compactionBytes: number;
  readonly isQuiet: boolean;
}

export function jobInput(host: CheckpointHost, ledger: PageLedger, plan: JobPlan): CheckpointInput {
  const { memtables, relocation, segmentBytes, compactionBytes, isQuiet } = plan;
  const newest = memtables[0];
  return {
    pages: host.pages,
    memtables: memtables.map(({ segment, index, ranges }) => ({
      u8: segment.u8,
      u32: segment.u32,
      data: segment.data,
      index,
      ranges,
    })),
    roots: host.state.roots,
    keyspaces: newest === undefined ? keyspacesIn(host.state.roots, host.kinds()) : newest.keyspaces,
    previous: ledger.meta,
    free: ledger.freeForJob(),
    pending: ledger.pending(),
    newKeyspacesFrom: newest?.newKeyspacesFrom ?? 0,
    commit: newest === undefined ? ledger.meta.commit : newest.segment.lastCommit,
    firstSegment: newest === undefined ? ledger.meta.firstSegment : newest.segment.number + 1,
    relocation,
    lsm: {
      segmentBytes,
      compactionBytes,
      isIdle: isQuiet,
      takesPart: isQuiet || host.isOverfull(),
      expiredBefore: compactionBytes === 0 ? 0 : host.expiredBefore(),
    },
    helper: undefined,
    isHurried: () => false,
    onProgress: () => {},
  };
}
