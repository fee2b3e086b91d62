/**
 * A log segment with the index over its operations: what a reader sees of the newest commits.
 *
 * Both rotate together. The active memtable takes commits; a frozen one waits for its checkpoint and is read by the
 * checkpoint worker at the same time (both live in shared memory); a checkpointed one is kept only while a snapshot or a
 * transaction still needs it. `references` counts the read states and histories that hold it; if there are none when its
 * checkpoint is adopted, its memory serves the next segment, otherwise the garbage collector has it later (M4).
 */
import { ArenaIndex } from "../btree/index.ts";
import { opBytes, opKeyspace, type Segment } from "../wal/index.ts";
import type { KeyspaceKind } from "./catalog.ts";

export class Memtable {
  readonly segment: Segment;
  readonly index: ArenaIndex;
  /** Keyspaces that exist as of the segment's last commit; set when it is frozen. */
  keyspaces: ReadonlyMap<number, KeyspaceKind>;
  references: number;
  checkpointed: boolean;

  constructor(segment: Segment, index: ArenaIndex) {
    this.segment = segment;
    this.index = index;
    this.keyspaces = new Map();
    this.references = 0;
    this.checkpointed = false;
  }

  get memoryBytes(): number {
    return this.segment.capacity + this.index.memoryBytes;
  }
}

/** Index memory beside an arena: nodes of entries as small as they come, split in half, fit in as much again. */
const INDEX_BYTES_PER_ARENA_BYTE = 1;
const MIN_INDEX_BYTES = 16 * 1024;
const SPARE_INDEXES_KEPT = 2;

/** The operations of one record: `first` is the first one's offset, and `end` lies behind the last. */
export interface OpRun {
  readonly first: number;
  readonly end: number;
}

/** False: the index has no room for all of them and one more. */
function insertAll({ segment, index }: Memtable, runs: readonly OpRun[]): boolean {
  const { u32 } = segment;
  for (const { first, end } of runs) {
    for (let op = first; op < end; op += opBytes(u32, op)) {
      if (!index.room) {
        return false;
      }
      index.insert(opKeyspace(u32, op), op, first);
    }
  }
  return index.room;
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
      return new Memtable(segment, new ArenaIndex(segment.u8, segment.u32, indexBytes));
    }
    spare.reset(segment.u8, segment.u32);
    return new Memtable(segment, spare);
  }

  /**
   * The same over operations that lie in the arena already, in the order in which they were written, and with room for
   * another. Few operations can take much room, where each is of a keyspace of its own; then the index is made larger.
   */
  takeWith(segment: Segment, runs: readonly OpRun[]): Memtable {
    let memtable = this.take(segment);
    while (!insertAll(memtable, runs)) {
      const indexBytes = memtable.index.nodes.byteLength * 2;
      memtable = new Memtable(segment, new ArenaIndex(segment.u8, segment.u32, indexBytes));
    }
    return memtable;
  }

  /** Nobody reads the memtable any more. */
  give(memtable: Memtable): void {
    if (memtable.segment.u8.length === this.#segmentBytes && this.#spares.length < SPARE_INDEXES_KEPT) {
      this.#spares.push(memtable.index);
    }
  }
}
