/**
 * What an opening store makes of the log: a memtable for each segment that is not in pages yet.
 *
 * Records come in commit order, operations are indexed in the order in which they were written, so that version chains
 * and the superseded flags are what they were (M7).
 */
import {
  firstOp,
  opBytes,
  opKeyspace,
  recordLength,
  recordOpCount,
  SEGMENT_HEADER_BYTES,
  type Segment,
} from "../wal/index.ts";
import { CATALOG_KEYSPACE, type Catalog } from "./catalog.ts";
import type { Memtable, MemtablePool, OpRun } from "./memtable.ts";

/** Keeps the catalog in step, so that each memtable knows which keyspaces existed at its end. */
export class Recovery {
  readonly #catalog: Catalog;
  readonly #pool: MemtablePool;
  readonly #memtables: Memtable[];

  constructor(catalog: Catalog, pool: MemtablePool) {
    this.#catalog = catalog;
    this.#pool = pool;
    this.#memtables = [];
  }

  take(segment: Segment, record: number): void {
    let memtable = this.#memtables.at(-1);
    if (memtable === undefined || memtable.segment !== segment) {
      this.#freezeLast();
      memtable = this.#pool.take(segment);
      this.#memtables.push(memtable);
    }
    const { u32 } = segment;
    const start = firstOp(record);
    let op = start;
    for (let left = recordOpCount(u32, record); left > 0; left--) {
      const keyspace = opKeyspace(u32, op);
      if (!memtable.hasRoom) {
        memtable = this.#enlarge(segment, { first: start, end: op });
      }
      memtable.insert(op, start);
      if (keyspace === CATALOG_KEYSPACE) {
        this.#catalog.apply(segment, op);
      }
      op += opBytes(u32, op);
    }
  }

  /** Newest first. */
  finish(): Memtable[] {
    this.#freezeLast();
    return this.#memtables.reverse();
  }

  /** A file may be shorter than the segment was, and what goes by its size too small: takes it in anew. */
  #enlarge(segment: Segment, last: OpRun): Memtable {
    const runs: OpRun[] = [];
    for (let record = SEGMENT_HEADER_BYTES; firstOp(record) < last.first; ) {
      const end = record + recordLength(segment.u32, record);
      runs.push({ first: firstOp(record), end });
      record = end;
    }
    const memtable = this.#pool.takeWith(segment, [...runs, last]);
    this.#memtables[this.#memtables.length - 1] = memtable;
    return memtable;
  }

  #freezeLast(): void {
    const last = this.#memtables.at(-1);
    if (last !== undefined) {
      last.keyspaces = this.#catalog.kinds();
      last.newKeyspacesFrom = this.#catalog.newFrom;
    }
  }
}
