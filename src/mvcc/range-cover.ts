/**
 * The range deletes that a scan has to mind: which of its sources say that a stretch of keys is gone, and for whom.
 *
 * Sources have ranks, the newest the lowest: 0 the write set, then the memtables, then the runs. A range delete hides what
 * sources of higher ranks have, and in its own arena what was written before it; one of a run hides nothing of that run.
 */
import { coveringDelete, type Manifest, partFor, type RangeDelete, type Run } from "../lsm/index.ts";
import { WHOLE_ARENA } from "./arena-source.ts";
import type { RangeOps } from "./range-ops.ts";
import type { ReadPoint } from "./read-state.ts";
import type { WriteSet } from "./write-set.ts";

interface CoveringArena {
  readonly rank: number;
  readonly ranges: RangeOps;
  readonly limit: number;
  readonly end: number;
}

interface CoveringRun {
  readonly rank: number;
  readonly run: Run;
}

/** What hides an entry: everything of sources with a higher rank between these keys is gone, too. */
export interface Hiding extends RangeDelete {
  readonly rank: number;
}

export const WRITES_RANK = 0;

export function memtableRank(index: number): number {
  return 1 + index;
}

/** Behind all memtables that there can be. */
export function runRank(index: number): number {
  return 1000 + index;
}

export class RangeCover {
  isEmpty: boolean;
  readonly #arenas: CoveringArena[];
  readonly #runs: CoveringRun[];
  #keyspace: number;

  constructor() {
    this.isEmpty = true;
    this.#arenas = [];
    this.#runs = [];
    this.#keyspace = 0;
  }

  /** `writesEnd` and `activeEnd`: what the reader writes itself from there on, it does not see. */
  open(
    point: ReadPoint,
    writes: WriteSet | undefined,
    keyspace: number,
    writesEnd: number,
    activeEnd: number,
    manifest: Manifest | undefined,
  ): void {
    this.close();
    this.#keyspace = keyspace;
    if (writes?.ranges.has(keyspace)) {
      this.#arenas.push({ rank: WRITES_RANK, ranges: writes.ranges, limit: 0, end: writesEnd });
    }
    const { memtables } = point.state;
    for (let i = 0; i < memtables.length; i++) {
      const { segment, ranges } = memtables[i]!;
      if (ranges.has(keyspace)) {
        const limit = point.commit - segment.baseCommit;
        this.#arenas.push({ rank: memtableRank(i), ranges, limit, end: i === 0 ? activeEnd : WHOLE_ARENA });
      }
    }
    if (manifest?.hasRangeDeletes) {
      for (const [i, run] of manifest.runs.entries()) {
        if (run.parts.some((part) => part.rangeDeletes.length > 0)) {
          this.#runs.push({ rank: runRank(i), run });
        }
      }
    }
    this.isEmpty = this.#arenas.length === 0 && this.#runs.length === 0;
  }

  close(): void {
    // Setting a length takes 40 ns, be it the one that it has.
    if (!this.isEmpty) {
      this.#arenas.length = 0;
      this.#runs.length = 0;
      this.isEmpty = true;
    }
  }

  /** What hides the entry that the source of this rank has of a key, `op` being its place in an arena; undefined: nothing. */
  hiding(rank: number, op: number, key: Uint8Array, offset: number, length: number): Hiding | undefined {
    for (const arena of this.#arenas) {
      if (arena.rank > rank) {
        break;
      }
      const newest = arena.ranges.newestOver(this.#keyspace, key, offset, length, arena.limit, arena.end);
      if (newest > (arena.rank === rank ? op : 0)) {
        const { lower, upper } = arena.ranges.rangeOf(newest);
        return { rank: arena.rank, lower, upper };
      }
    }
    for (const covering of this.#runs) {
      if (covering.rank >= rank) {
        break;
      }
      const part = partFor(covering.run, key, offset, length);
      const range = part === undefined ? undefined : coveringDelete(part.rangeDeletes, key, offset, length);
      if (range !== undefined) {
        return { rank: covering.rank, lower: range.lower, upper: range.upper };
      }
    }
    return undefined;
  }
}
