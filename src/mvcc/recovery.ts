/**
 * What an opening store makes of the log: a memtable for each segment that is not in pages yet.
 *
 * Records come in commit order, operations are indexed in the order in which they were written, so that version chains
 * and the superseded flags are what they were (M7).
 */
import { assert } from "../assert.ts";
import { firstOp, opBytes, opKeyspace, recordOpCount, type Segment } from "../wal/index.ts";
import { CATALOG_KEYSPACE, type Catalog } from "./catalog.ts";
import type { Memtable, MemtablePool } from "./memtable.ts";

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
    const { index } = memtable;
    const start = firstOp(record);
    let op = start;
    for (let left = recordOpCount(u32, record); left > 0; left--) {
      const keyspace = opKeyspace(u32, op);
      assert(index.room, "M7: a recovered segment fits the index that it had");
      index.insert(keyspace, op, start);
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

  #freezeLast(): void {
    const last = this.#memtables.at(-1);
    if (last !== undefined) {
      last.liveKeyspaces = this.#catalog.liveIds();
    }
  }
}
