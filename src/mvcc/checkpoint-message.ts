/**
 * A checkpoint job and its outcome as messages between threads.
 *
 * Arenas and indexes are shared memory and cross without a copy; freed and written pages, tens of thousands of them in a
 * large checkpoint, cross as typed arrays.
 */
import { ArenaIndex, type ArenaIndexTransfer, type RootRecord } from "../btree/index.ts";
import type { DbErrorCode, DbErrorFacts } from "../errors.ts";
import { Manifest, type ManifestTransfer } from "../lsm/index.ts";
import { type Extent, FreeSpace, type FreeSpaceTransfer, type Meta, type PageFile } from "../pager/index.ts";
import type { KeyspaceKind } from "./catalog.ts";
import type { CheckpointInput, CheckpointResult, FreedExtent, Relocation } from "./checkpoint-job.ts";
import type { LsmWorkOptions } from "./lsm-work.ts";
import { RangeOps } from "./range-ops.ts";
import type { RootChanges } from "./roots.ts";

/** Words of the block of memory that both threads see: whether a job runs, and how far it is. */
export const STATUS_RUNNING = 0;
export const STATUS_PROGRESS = 1;
export const STATUS_ENDED = 2;
export const STATUS_HURRIED = 3;
export const STATUS_WORDS = 4;
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
}

export type EncodedOutcome =
  | { readonly ok: true; readonly result: EncodedResult }
  | {
      readonly ok: false;
      readonly isMetaUncertain: boolean;
      readonly code: DbErrorCode;
      readonly message: string;
      readonly facts: DbErrorFacts;
      readonly cause: unknown;
    };

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
  isHurried: () => boolean,
  onProgress: (share: number) => void,
): CheckpointInput {
  return {
    ...encoded,
    pages,
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
  };
}

function encodeExtents(extents: readonly Extent[]): Uint32Array {
  const words = new Uint32Array(extents.length * 2);
  extents.forEach((extent, i) => {
    words[2 * i] = extent.first;
    words[2 * i + 1] = extent.count;
  });
  return words;
}

export function decodeExtents(words: Uint32Array): Extent[] {
  const extents: Extent[] = [];
  for (let i = 0; i < words.length; i += 2) {
    extents.push({ first: words[i]!, count: words[i + 1]! });
  }
  return extents;
}
