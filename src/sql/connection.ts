/**
 * One user's view of a store: the transaction that BEGIN has opened, if any, and the catalog as it is seen there.
 *
 * Outside of BEGIN … COMMIT a statement that reads sees the newest commit, and one that writes is a transaction of its own.
 * Inside, everything goes through the open transaction, and a statement that fails leaves it as it was before.
 */
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import type { Rng } from "../random.ts";
import { Catalog } from "./catalog/catalog.ts";
import type { Tier } from "./query-program.ts";
import { foreignKeyError, resolutionOf } from "./run/constraint.ts";
import { Writing } from "./run/write-support.ts";
import type { KeyspaceReader, SqlStore, SqlTransaction } from "./storage.ts";
import { type Surroundings, surroundings } from "./value/surroundings.ts";

export interface ConnectionOptions {
  readonly heldRows: number;
  readonly tier: Tier;
  readonly clock: Clock;
  readonly rng: Rng;
}

export class Connection implements Surroundings {
  readonly store: SqlStore;
  readonly heldRows: number;
  readonly tier: Tier;
  readonly clock: Clock;
  readonly rng: Rng;
  changes: number;
  totalChanges: number;
  nowMs: number;
  /** The buffers of all writes; a statement is through with them when it returns. */
  readonly writing: Writing;
  #transaction: SqlTransaction | undefined;
  #catalog: Catalog | undefined;
  #isClosed: boolean;

  constructor(store: SqlStore, options: ConnectionOptions) {
    this.store = store;
    this.heldRows = options.heldRows;
    this.tier = options.tier;
    this.clock = options.clock;
    this.rng = options.rng;
    this.changes = 0;
    this.totalChanges = 0;
    this.nowMs = Number.NaN;
    this.writing = new Writing();
    this.#transaction = undefined;
    this.#catalog = undefined;
    this.#isClosed = false;
  }

  get inTransaction(): boolean {
    return this.#transaction !== undefined;
  }

  get lastRowid(): number | bigint {
    return this.writing.lastRowid;
  }

  /** Makes this what functions ask, for a statement that starts, or goes on with the time that it has read before. */
  enter(nowMs: number = Number.NaN): void {
    surroundings.current = this;
    this.nowMs = nowMs;
  }

  /** Counts what a statement has changed that inserts, updates or deletes. */
  countChanges(changes: number): void {
    this.changes = changes;
    this.totalChanges += changes + this.writing.nestedChanges;
  }

  /** What a statement reads from. */
  readonly reader = (): KeyspaceReader => {
    if (this.#isClosed) {
      throw new DbError("CLOSED", "the SQL session is closed");
    }
    return this.#transaction ?? this.store.latest();
  };

  /** The tables that are seen there. */
  catalog(reader: KeyspaceReader): Catalog {
    if (this.#catalog?.version !== reader.schemaVersion) {
      this.#catalog = Catalog.read(reader);
    }
    return this.#catalog!;
  }

  /**
   * Runs a statement that writes: all of it, or, where it throws, nothing. `isOneWrite`: a statement that throws before it
   * has written anything needs no savepoint.
   */
  write<T>(run: (transaction: SqlTransaction) => T, isOneWrite: boolean = false): T {
    const open = this.#transaction;
    if (open !== undefined && isOneWrite) {
      return run(open);
    }
    if (open !== undefined) {
      const savepoint = open.savepoint();
      try {
        return run(open);
      } catch (error) {
        this.#takeBack(open, savepoint, error);
        throw error;
      }
    }
    const transaction = this.store.begin("statement");
    this.writing.forgetRowids();
    let result: T;
    try {
      result = run(transaction);
      if (this.writing.deferred.count > 0) {
        throw foreignKeyError();
      }
    } catch (error) {
      this.writing.endTransaction();
      if (resolutionOf(error) === "fail") {
        transaction.commit();
      } else {
        transaction.rollback();
      }
      throw error;
    }
    transaction.commit();
    return result;
  }

  /** What a statement that failed has done: all of it, unless its conflict clause says otherwise. */
  #takeBack(open: SqlTransaction, savepoint: number, error: unknown): void {
    switch (resolutionOf(error)) {
      case "fail":
        return;
      case "rollback":
        this.rollback();
        return;
      default:
        open.rollbackTo(savepoint);
        this.writing.forgetRowids();
    }
  }

  begin(kind: "statement" | "interactive" = "interactive"): void {
    this.reader();
    if (this.#transaction !== undefined) {
      throw new DbError("INVALID", "cannot start a transaction within a transaction");
    }
    this.#transaction = this.store.begin(kind);
    this.writing.forgetRowids();
  }

  commit(): void {
    if (this.#transaction !== undefined && this.writing.deferred.count > 0) {
      throw foreignKeyError();
    }
    const transaction = this.#end("commit");
    transaction.commit();
  }

  rollback(): void {
    this.#end("rollback").rollback();
  }

  close(): void {
    this.#isClosed = true;
    if (surroundings.current === this) {
      surroundings.current = undefined;
    }
    if (this.#transaction !== undefined) {
      this.#end("rollback").rollback();
    }
  }

  #end(what: string): SqlTransaction {
    const transaction = this.#transaction;
    if (transaction === undefined) {
      throw new DbError("INVALID", `cannot ${what} - no transaction is active`);
    }
    this.#transaction = undefined;
    this.writing.endTransaction();
    return transaction;
  }
}
