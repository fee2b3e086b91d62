/**
 * A log segment with the index over its operations: what a reader sees of the newest commits.
 *
 * Both rotate together. The active memtable takes commits; a frozen one waits for its checkpoint and is read by the
 * checkpoint worker at the same time (both live in shared memory); a checkpointed one is kept only while a snapshot or a
 * transaction still needs it. `references` counts the read states and histories that hold it; if there are none when its
 * checkpoint is adopted, its memory serves the next segment, otherwise the garbage collector has it later (M4).
 */
import { ArenaIndex } from "../btree/index.ts";
import { OP_KIND_DELETE_RANGE, opBytes, opKeyspace, opKind, type Segment, SPARES_AT_REST } from "../wal/index.ts";
import type { KeyspaceKind } from "./catalog.ts";
import { MAX_FROZEN_BESIDE } from "./pacer.ts";
import { RangeOps } from "./range-ops.ts";

export class Memtable {
  readonly segment: Segment;
  readonly index: ArenaIndex;
  readonly ranges: RangeOps;
  /** Keyspaces that exist as of the segment's last commit; set when it is frozen. */
  keyspaces: ReadonlyMap<number, KeyspaceKind>;
  /** Those from here on are newer than the segment's last commit; set with them. */
  newKeyspacesFrom: number;
  references: number;
  checkpointed: boolean;

  constructor(segment: Segment, index: ArenaIndex, rangeBytes: number) {
    this.segment = segment;
    this.index = index;
    this.ranges = new RangeOps(segment.u8, segment.u32, rangeBytes);
    this.keyspaces = new Map();
    this.newKeyspacesFrom = 0;
    this.references = 0;
    this.checkpointed = false;
  }

  get memoryBytes(): number {
    return this.segment.capacity + this.index.memoryBytes + this.ranges.memoryBytes;
  }

  /** Whether any one more operation can be taken in. */
  get hasRoom(): boolean {
    return this.index.room && !this.ranges.isFull;
  }

  /** Whether it has anything on a keyspace. */
  touches(keyspace: number): boolean {
    return this.index.count(keyspace) > 0 || this.ranges.has(keyspace);
  }

  /** Takes in an operation that was written to the arena, of a record whose operations begin at `first`. */
  insert(op: number, first: number): void {
    const { u32 } = this.segment;
    if (opKind(u32, op) === OP_KIND_DELETE_RANGE) {
      this.ranges.add(op);
    } else {
      this.index.insert(opKeyspace(u32, op), op, first);
    }
  }

  /** Takes back operations, in the order in which they were written and the last ones of all. */
  remove(ops: readonly number[]): void {
    const { u32 } = this.segment;
    if (ops.length > 0) {
      this.ranges.rewindTo(ops[0]!);
    }
    // The newest first, so that each uncovers what it had covered.
    for (let i = ops.length - 1; i >= 0; i--) {
      const op = ops[i]!;
      if (opKind(u32, op) !== OP_KIND_DELETE_RANGE) {
        this.index.remove(opKeyspace(u32, op), op);
      }
    }
  }
}

/** Index memory beside an arena: nodes of entries as small as they come, split in half, fit in as much again. */
const INDEX_BYTES_PER_ARENA_BYTE = 1;
const MIN_INDEX_BYTES = 16 * 1024;
/** And memory for range deletes: as much again, which only short ones in large commits would need more than. */
const RANGE_BYTES_PER_ARENA_BYTE = 1;
const MIN_RANGE_BYTES = 16 * 1024;

/** The operations of one record: `first` is the first one's offset, and `end` lies behind the last. */
export interface OpRun {
  readonly first: number;
  readonly end: number;
}

/** False: the memtable has no room for all of them and one more. */
function insertAll(memtable: Memtable, runs: readonly OpRun[]): boolean {
  const { u32 } = memtable.segment;
  for (const { first, end } of runs) {
    for (let op = first; op < end; op += opBytes(u32, op)) {
      if (!memtable.hasRoom) {
        return false;
      }
      memtable.insert(op, first);
    }
  }
  return memtable.hasRoom;
}

function rangeBytesFor(segment: Segment): number {
  return Math.max(MIN_RANGE_BYTES, segment.u8.length * RANGE_BYTES_PER_ARENA_BYTE);
}

/** Makes memtables, with the node memory of earlier ones where there is some. */
export class MemtablePool {
  readonly #segmentBytes: number;
  readonly #spares: ArenaIndex[];

  constructor(segmentBytes: number) {
    this.#segmentBytes = segmentBytes;
    this.#spares = [];
  }

  take(segment: Segment): Memtable {
    const arenaBytes = segment.u8.length;
    const spare = arenaBytes === this.#segmentBytes ? this.#spares.pop() : undefined;
    if (spare === undefined) {
      const indexBytes = Math.max(MIN_INDEX_BYTES, arenaBytes * INDEX_BYTES_PER_ARENA_BYTE);
      return new Memtable(segment, new ArenaIndex(segment.u8, segment.u32, indexBytes), rangeBytesFor(segment));
    }
    spare.reset(segment.u8, segment.u32);
    return new Memtable(segment, spare, rangeBytesFor(segment));
  }

  /**
   * The same over operations that lie in the arena already, in the order in which they were written, and with room for
   * another. Few operations can take much room, where each is of a keyspace of its own; then they are given more.
   */
  takeWith(segment: Segment, runs: readonly OpRun[]): Memtable {
    let memtable = this.take(segment);
    let rangeBytes = rangeBytesFor(segment);
    while (!insertAll(memtable, runs)) {
      const indexBytes = memtable.index.nodes.byteLength * (memtable.index.room ? 1 : 2);
      rangeBytes *= memtable.ranges.isFull ? 2 : 1;
      memtable = new Memtable(segment, new ArenaIndex(segment.u8, segment.u32, indexBytes), rangeBytes);
    }
    return memtable;
  }

  /** Nobody reads the memtable any more. */
  give(memtable: Memtable): void {
    if (memtable.segment.u8.length === this.#segmentBytes && this.#spares.length < MAX_FROZEN_BESIDE) {
      this.#spares.push(memtable.index);
    }
  }

  /** Gives back memory, as the log does at rest. */
  removeSpares(): void {
    this.#spares.length = Math.min(this.#spares.length, SPARES_AT_REST);
  }
}
