/**
 * Readers that are held while others write: snapshots and interactive transactions, each with what it must see and, for
 * a transaction, whether its commit must be refused.
 */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { Database, Isolation, Snapshot, Transaction } from "../../src/mvcc/index.ts";
import { Draft, type MapState, type Model } from "./model.ts";
import type { Sight } from "./sight.ts";

interface Read {
  readonly incarnation: number;
  readonly from: number;
  readonly to: number;
}

export class HeldSnapshot {
  readonly snapshot: Snapshot;
  readonly sight: Sight;

  constructor(database: Database, model: Model, now: number, at: number | undefined) {
    this.snapshot = database.snapshot(at === undefined ? {} : { at });
    assert(this.snapshot.commit === (at ?? model.last), "a snapshot stands at the commit that was asked for");
    const draft = new Draft(model.stateAt(this.snapshot.commit));
    this.sight = { reader: this.snapshot, draft, now, onRead: () => {} };
  }
}

export class HeldTransaction {
  readonly transaction: Transaction;
  readonly isolation: Isolation;
  readonly sight: Sight;
  readonly begunAt: number;
  readonly #reads: Read[];

  constructor(database: Database, model: Model, now: number, isolation: Isolation) {
    this.transaction = database.begin({ isolation });
    this.isolation = isolation;
    this.begunAt = model.last;
    this.#reads = [];
    this.sight = {
      reader: this.transaction,
      draft: new Draft(model.state),
      now,
      onRead: ({ incarnation }, from, to) => this.#reads.push({ incarnation, from, to }),
    };
  }

  /** The maps that it sees: those that there were when it began, dropped or not, and those made since, empty. */
  maps(model: Model): MapState[] {
    const then = this.sight.draft.base;
    const younger = [...model.state.values()].filter((map) => !then.has(map.name));
    return [...then.values(), ...younger.map((map) => ({ ...map, entries: new Map() }))];
  }

  /**
   * Whether a commit made meanwhile is in the way; of a key that was only merged, none is. "maybe": what the expiry loop did
   * is not followed key by key, and of ranges only the keys are.
   */
  conflict(model: Model): "yes" | "no" | "maybe" {
    const { changes } = this.sight.draft;
    if (changes.size === 0) {
      return "no";
    }
    const live = new Set([...model.state.values()].map((map) => map.incarnation));
    const read = this.isolation === "serializable" ? this.#reads : [];
    if ([...changes.keys()].some((id) => !live.has(id)) || read.some(({ incarnation }) => !live.has(incarnation))) {
      return "yes";
    }
    if ([...changes.keys()].some((incarnation) => model.isLoaded(incarnation, this.begunAt))) {
      return "yes";
    }
    const { draft } = this.sight;
    const writer = model.findWriter(
      this.begunAt,
      (incarnation, key) =>
        draft.overwrites(incarnation, key) ||
        read.some((range) => range.incarnation === incarnation && key >= range.from && key < range.to),
    );
    let isByDeadline = false;
    for (let commit = this.begunAt + 1; commit <= model.last && !isByDeadline; commit++) {
      isByDeadline = model.commit(commit).isByDeadline;
    }
    if (writer !== undefined && !model.commit(writer).isByDeadline) {
      return "yes";
    }
    // A range without a key counts as a use of its map, if the engine came to look at it.
    const isLoaded = read.some(({ incarnation }) => model.isLoaded(incarnation, this.begunAt));
    return isByDeadline || isLoaded || this.#hasRangeBeside(model) ? "maybe" : "no";
  }

  /** A range that others deleted may meet one of this transaction where no key is. */
  #hasRangeBeside(model: Model): boolean {
    const ranges = new Set(this.sight.draft.cleared);
    if (this.isolation === "serializable") {
      for (const { incarnation } of this.#reads) {
        ranges.add(incarnation);
      }
    }
    for (let commit = this.begunAt + 1; commit <= model.last; commit++) {
      if ([...model.commit(commit).cleared].some((incarnation) => ranges.has(incarnation))) {
        return true;
      }
    }
    return false;
  }
}

/** The database may have taken back the memory that a reader holds; every later use of it is a CONFLICT. */
export function isConflict(error: unknown): boolean {
  return error instanceof DbError && error.code === "CONFLICT";
}
