/**
 * A checkpoint job and its outcome as messages between threads.
 *
 * Arenas and indexes are shared memory and cross without a copy; freed and written pages, tens of thousands of them in a
 * large checkpoint, cross as typed arrays.
 */
import { ArenaIndex, type ArenaIndexTransfer, type RootRecord } from "../btree/index.ts";
import { Manifest, type ManifestTransfer } from "../lsm/index.ts";
import { type Extent, FreeSpace, type FreeSpaceTransfer, type Meta, type PageFile } from "../pager/index.ts";
import type { KeyspaceKind } from "./catalog.ts";
import type { CheckpointInput, CheckpointResult, FreedExtent, Relocation } from "./checkpoint-job.ts";
import type { CompactionHelper } from "./compaction-helper.ts";
import type { LsmWorkOptions } from "./compactions.ts";
import { decodeError, type EncodedError, encodeError } from "./encoded-error.ts";
import { decodeExtents, encodeExtents } from "./extents.ts";
import { RangeOps } from "./range-ops.ts";
import type { RootChanges } from "./roots.ts";
import { WORDS_SHARED } from "./worker-thread.ts";

/** Words of the memory that both threads see: how far the job is, and whether it is in a hurry. */
export const STATUS_PROGRESS: number = WORDS_SHARED;
export const STATUS_HURRIED: number = WORDS_SHARED + 1;
/** Changes with every step of a job. */
export const STATUS_STEPS: number = WORDS_SHARED + 2;
/** 1: no helper is to be had. */
export const STATUS_ALONE: number = WORDS_SHARED + 3;
export const STATUS_WORDS: number = WORDS_SHARED + 4;
/** A message without a job: the helper will be wanted. */
export const BEGIN_HELPER = "begin helper";
/** The progress is kept in parts of this. */
export const PROGRESS_SCALE = 1_000_000;

export interface EncodedInput {
  readonly memtables: readonly {
    readonly arena: ArrayBufferLike;
    readonly index: ArenaIndexTransfer;
    readonly ranges: readonly Uint32Array[];
  }[];
  readonly trees: ReadonlyMap<number, RootRecord>;
  readonly manifests: ReadonlyMap<number, ManifestTransfer>;
  readonly keyspaces: ReadonlyMap<number, KeyspaceKind | undefined>;
  readonly newKeyspacesFrom: number;
  readonly lsm: LsmWorkOptions;
  readonly previous: Meta;
  readonly free: FreeSpaceTransfer;
  readonly pending: Uint32Array;
  readonly commit: number;
  readonly firstSegment: number;
  readonly relocation: Relocation;
  /** Pages that another thread has written since this worker's last job: what it keeps of them is stale. */
  readonly rewritten: Uint32Array;
  /** The fewest pages that the files had since then: what lay behind is gone, files included, though new ones may be there. */
  readonly cutTo: number;
}

export interface EncodedResult {
  readonly meta: Meta;
  readonly changes: RootChanges;
  readonly free: FreeSpaceTransfer;
  readonly freed: Float64Array;
  readonly written: Uint32Array;
  readonly compactedBytes: number;
  readonly compactionError: EncodedError | undefined;
}

export type EncodedOutcome =
  | { readonly ok: true; readonly result: EncodedResult; readonly ms: number }
  | { readonly ok: false; readonly isMetaUncertain: boolean; readonly error: EncodedError };

export function encodeInput(input: CheckpointInput, rewritten: readonly Extent[], cutTo: number): EncodedInput {
  return {
    memtables: input.memtables.map((memtable) => ({
      arena: memtable.u8.buffer,
      index: memtable.index.toTransfer(),
      ranges: memtable.ranges.toTransfer(),
    })),
    trees: input.roots.trees,
    manifests: new Map([...input.roots.manifests].map(([keyspace, manifest]) => [keyspace, manifest.toTransfer()])),
    keyspaces: input.keyspaces,
    newKeyspacesFrom: input.newKeyspacesFrom,
    lsm: input.lsm,
    previous: input.previous,
    free: input.free.toTransfer(),
    pending: encodeExtents(input.pending),
    commit: input.commit,
    firstSegment: input.firstSegment,
    relocation: input.relocation,
    rewritten: encodeExtents(rewritten),
    cutTo,
  };
}

export function decodeInput(
  encoded: EncodedInput,
  pages: PageFile,
  helper: CompactionHelper | undefined,
  isHurried: () => boolean,
  onProgress: (share: number) => void,
): CheckpointInput {
  return {
    ...encoded,
    pages,
    helper,
    roots: {
      trees: encoded.trees,
      manifests: new Map(
        [...encoded.manifests].map(([keyspace, transfer]) => [keyspace, Manifest.fromTransfer(transfer)]),
      ),
    },
    memtables: encoded.memtables.map(({ arena, index, ranges }) => {
      const u8 = new Uint8Array(arena);
      const u32 = new Uint32Array(arena);
      const data = new DataView(arena);
      return {
        u8,
        u32,
        data,
        index: ArenaIndex.fromTransfer(u8, u32, index),
        ranges: RangeOps.fromTransfer(u8, u32, ranges),
      };
    }),
    free: FreeSpace.fromTransfer(encoded.free),
    pending: decodeExtents(encoded.pending),
    isHurried,
    onProgress,
  };
}

export function encodeResult(result: CheckpointResult): EncodedResult {
  const freed = new Float64Array(result.freed.length * 3);
  result.freed.forEach((extent, i) => {
    freed[3 * i] = extent.first;
    freed[3 * i + 1] = extent.count;
    freed[3 * i + 2] = extent.birth;
  });
  return {
    meta: result.meta,
    changes: result.changes,
    free: result.free.toTransfer(),
    freed,
    written: encodeExtents(result.written),
    compactedBytes: result.compactedBytes,
    compactionError: result.compactionError === undefined ? undefined : encodeError(result.compactionError),
  };
}

export function decodeResult(encoded: EncodedResult): CheckpointResult {
  const freed: FreedExtent[] = [];
  for (let i = 0; i < encoded.freed.length; i += 3) {
    freed.push({ first: encoded.freed[i]!, count: encoded.freed[i + 1]!, birth: encoded.freed[i + 2]! });
  }
  return {
    meta: encoded.meta,
    changes: encoded.changes,
    free: FreeSpace.fromTransfer(encoded.free),
    freed,
    written: decodeExtents(encoded.written),
    compactedBytes: encoded.compactedBytes,
    compactionError: encoded.compactionError === undefined ? undefined : decodeError(encoded.compactionError),
  };
}
