/**
 * What all SQL of a store shares, whichever session it comes from: the versions of its schema, who has reserved the right to write,
 * and prepared statements that are for the next transaction.
 *
 * Versions are counted in memory, one counter a store: all sessions of a database are in one process.
 */
import type { Store } from "../mvcc/index.ts";
import { StatementCache } from "./statement-cache.ts";
import { WriteReservation } from "./write-reservation.ts";

export class SchemaVersions {
  #committed: number;
  /** The commit that it came with; 0: there has been no other since the store was opened. */
  #since: number;
  #next: number;

  constructor() {
    this.#committed = 0;
    this.#since = 0;
    this.#next = 1;
  }

  /** That of the newest commit. */
  get committed(): number {
    return this.#committed;
  }

  /** That which is seen at a commit since the store was opened: a number of its own, unless it is the newest. */
  at(commit: number): number {
    return commit >= this.#since ? this.#committed : this.take();
  }

  /** No number comes twice. */
  take(): number {
    return this.#next++;
  }

  /** A commit has changed the schema. The number is none that a transaction has seen: others may have come before its end. */
  change(commit: number): void {
    this.#committed = this.take();
    this.#since = commit;
  }
}

/** Prepared statements of transactions that are over; those of one that is open are its own. */
export class CachePool {
  readonly #free: StatementCache[];

  constructor() {
    this.#free = [];
  }

  take(): StatementCache {
    return this.#free.pop() ?? new StatementCache();
  }

  give(cache: StatementCache): void {
    if (this.#free.length < MOST_FREE) {
      this.#free.push(cache);
    }
  }
}

/** As many transactions at the same time as find everything prepared. */
const MOST_FREE = 8;

export interface SharedBySessions {
  readonly versions: SchemaVersions;
  readonly reservation: WriteReservation;
  readonly caches: CachePool;
}

const shared = new WeakMap<Store, SharedBySessions>();

export function sharedBySessions(store: Store): SharedBySessions {
  let known = shared.get(store);
  if (known === undefined) {
    known = { versions: new SchemaVersions(), reservation: new WriteReservation(), caches: new CachePool() };
    shared.set(store, known);
  }
  return known;
}
