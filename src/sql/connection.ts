/**
 * One user's view of a store: the transaction that BEGIN or SAVEPOINT has opened, if any, its savepoints, and the catalog as it is
 * seen there.
 *
 * Outside of a transaction a statement that reads sees the newest commit, and one that writes is a transaction of its own.
 * Inside, everything goes through the open transaction, and a statement that fails leaves it as it was before.
 *
 * BEGIN IMMEDIATE and BEGIN EXCLUSIVE reserve the right to write: until their end nobody else of the store commits a write of SQL,
 * so their commit meets no conflict. A deferred transaction reserves nothing, and its commit may throw CONFLICT.
 */
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import type { Durability } from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import { Catalog } from "./catalog/catalog.ts";
import { foldName } from "./catalog/name.ts";
import type { TransactionStatement, Vacuum } from "./parse/ast/statement.ts";
import type { Tier } from "./query-program.ts";
import { foreignKeyError, resolutionOf } from "./run/constraint.ts";
import type { SessionFunctions } from "./run/session-functions.ts";
import { Writing } from "./run/write-support.ts";
import type { KeyspaceReader, SqlStore, SqlTransaction } from "./storage.ts";
import { type Surroundings, surroundings } from "./value/surroundings.ts";
import type { SqlValue } from "./value/value.ts";

export interface ConnectionOptions {
  readonly heldRows: number;
  readonly tier: Tier;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Nothing is written through it. */
  readonly isReadOnly: boolean;
  readonly functions: SessionFunctions;
}

const NO_COMMIT = -1;

/** Where a transaction was, and how many rows without the parent of a deferred key there were. */
interface Mark {
  readonly mark: number;
  readonly deferred: number;
}

interface OpenSavepoint extends Mark {
  /** Folded. */
  readonly name: string;
}

export class Connection implements Surroundings {
  readonly store: SqlStore;
  readonly heldRows: number;
  readonly tier: Tier;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly isReadOnly: boolean;
  /** Functions of its own. */
  readonly functions: SessionFunctions;
  /** What a commit of it is; undefined: as the store has it. */
  durability: Durability | undefined;
  /** How long it waits for others, to those who wait. */
  timeoutMs: number;
  /** PRAGMA query_only. */
  isQueryOnly: boolean;
  /** What may damage a SQLite database is refused. */
  isDefensive: boolean;
  /** Values of pragmas that are held, no more. */
  readonly settings: Map<string, SqlValue>;
  changes: number;
  totalChanges: number;
  nowMs: number;
  /** The buffers of all writes; a statement is through with them when it returns. */
  readonly writing: Writing;
  #transaction: SqlTransaction | undefined;
  /** Innermost last. */
  #savepoints: OpenSavepoint[];
  /** In the open transaction. */
  #hasWritten: boolean;
  /** The first savepoint has opened the transaction, so that its release commits. */
  #isBySavepoint: boolean;
  #catalog: Catalog | undefined;
  #isClosed: boolean;
  /** The number of the commit that was made last, if it was this connection's. */
  #ownCommit: number;

  constructor(store: SqlStore, options: ConnectionOptions) {
    this.store = store;
    this.heldRows = options.heldRows;
    this.tier = options.tier;
    this.clock = options.clock;
    this.rng = options.rng;
    this.isReadOnly = options.isReadOnly;
    this.functions = options.functions;
    this.durability = undefined;
    this.timeoutMs = 0;
    this.isQueryOnly = false;
    this.isDefensive = true;
    this.settings = new Map();
    this.changes = 0;
    this.totalChanges = 0;
    this.nowMs = Number.NaN;
    this.writing = new Writing();
    this.#transaction = undefined;
    this.#savepoints = [];
    this.#hasWritten = false;
    this.#isBySavepoint = false;
    this.#catalog = undefined;
    this.#isClosed = false;
    this.#ownCommit = NO_COMMIT;
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
    this.#checkWritable();
    this.store.reservation.check(this);
    this.#hasWritten = true;
    const open = this.#transaction;
    if (open !== undefined && isOneWrite) {
      try {
        return run(open);
      } catch (error) {
        this.writing.forgetRowids();
        if (resolutionOf(error) === "rollback") {
          this.rollback();
        }
        throw error;
      }
    }
    if (open !== undefined) {
      const savepoint = this.#mark(open);
      try {
        const result = run(open);
        open.release(savepoint.mark);
        return result;
      } catch (error) {
        this.#takeBack(open, savepoint, error);
        throw error;
      }
    }
    const transaction = this.store.begin("statement");
    this.#keepRowids();
    let result: T;
    try {
      result = run(transaction);
      if (this.writing.deferred.count > 0) {
        throw foreignKeyError();
      }
    } catch (error) {
      // What FAIL leaves stays, unless a row of it is without its parent.
      const isOrphaned = this.writing.deferred.count > 0;
      this.writing.endTransaction();
      if (resolutionOf(error) !== "fail") {
        transaction.rollback();
        throw error;
      }
      if (isOrphaned) {
        transaction.rollback();
        throw foreignKeyError();
      }
      transaction.commit(this.durability);
      throw error;
    }
    transaction.commit(this.durability);
    this.#ownCommit = this.store.lastCommit;
    return result;
  }

  /** What a statement that failed has done: all of it, unless its conflict clause says otherwise. */
  #takeBack(open: SqlTransaction, savepoint: Mark, error: unknown): void {
    switch (resolutionOf(error)) {
      case "fail":
        open.release(savepoint.mark);
        return;
      case "rollback":
        this.rollback();
        return;
      default:
        this.#goBackTo(open, savepoint);
        open.release(savepoint.mark);
    }
  }

  #mark(open: SqlTransaction): Mark {
    return { mark: open.savepoint(), deferred: this.writing.deferred.count };
  }

  #goBackTo(open: SqlTransaction, { mark, deferred }: Mark): void {
    open.rollbackTo(mark);
    this.writing.deferred.count = deferred;
    this.writing.forgetRowids();
  }

  /** Runs a statement about transactions. */
  control(statement: TransactionStatement | Vacuum): void {
    switch (statement.kind) {
      case "vacuum":
        this.#vacuum();
        break;
      case "begin":
        this.begin(statement.type);
        break;
      case "commit":
        this.commit();
        break;
      case "rollback":
        this.rollback();
        break;
      case "savepoint":
        this.savepoint(statement.savepoint.name);
        break;
      case "release":
        this.release(statement.savepoint.name);
        break;
      case "rollback-to":
        this.rollbackTo(statement.savepoint.name);
    }
  }

  /** Space that was freed is used again anyway; but what SQLite refuses is refused. */
  #vacuum(): void {
    this.#checkWritable();
    if (this.#transaction !== undefined) {
      throw new DbError("INVALID", "cannot VACUUM from within a transaction");
    }
  }

  /** "statement" is one that ends before control returns to the event loop; the others are SQLite's. */
  begin(kind: "statement" | "deferred" | "immediate" | "exclusive" = "deferred"): void {
    this.reader();
    if (this.#transaction !== undefined) {
      throw new DbError("INVALID", "cannot start a transaction within a transaction");
    }
    if (kind === "immediate" || kind === "exclusive") {
      this.#checkWritable();
      this.store.reservation.take(this);
    }
    try {
      this.#transaction = this.store.begin(kind === "statement" ? "statement" : "interactive");
    } catch (error) {
      this.store.reservation.release(this);
      throw error;
    }
    this.#hasWritten = false;
    this.#keepRowids();
  }

  /**
   * The greatest rowids that a statement by itself has looked up hold as long as nobody else has committed. Those of a transaction
   * are of its snapshot, and those of what failed are of nothing.
   */
  #keepRowids(): void {
    if (this.store.lastCommit !== this.#ownCommit) {
      this.writing.forgetRowids();
    }
    this.#ownCommit = NO_COMMIT;
  }

  /** LOCKED leaves the transaction open: it may be committed later. After any other error it is over. */
  commit(): void {
    if (this.#transaction !== undefined && this.writing.deferred.count > 0) {
      throw foreignKeyError();
    }
    if (this.#hasWritten) {
      this.store.reservation.check(this);
    }
    const transaction = this.#end("commit");
    try {
      transaction.commit(this.durability);
    } finally {
      this.store.reservation.release(this);
    }
  }

  rollback(): void {
    const transaction = this.#end("rollback");
    this.store.reservation.release(this);
    transaction.rollback();
  }

  /** Outside of a transaction it opens one. */
  savepoint(name: string): void {
    if (this.#transaction === undefined) {
      this.begin("deferred");
      this.#isBySavepoint = true;
    }
    this.#savepoints.push({ name: foldName(name), ...this.#mark(this.#transaction!) });
  }

  /** What was done since the savepoint belongs to what is around it; where that is nothing, it is committed. */
  release(name: string): void {
    const at = this.#savepointOf(name);
    if (at === 0 && this.#isBySavepoint) {
      this.commit();
    } else {
      this.#transaction!.release(this.#savepoints[at]!.mark);
      this.#savepoints.length = at;
    }
  }

  /** What was done since the savepoint is undone; the savepoint stays. */
  rollbackTo(name: string): void {
    const at = this.#savepointOf(name);
    this.#savepoints.length = at + 1;
    this.#goBackTo(this.#transaction!, this.#savepoints[at]!);
  }

  close(): void {
    this.#isClosed = true;
    if (surroundings.current === this) {
      surroundings.current = undefined;
    }
    if (this.#transaction !== undefined) {
      this.rollback();
    }
  }

  /** Where the savepoint made last under this name is. */
  #savepointOf(name: string): number {
    const folded = foldName(name);
    const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === folded);
    if (at < 0) {
      throw new DbError("INVALID", `no such savepoint: ${name}`);
    }
    return at;
  }

  #checkWritable(): void {
    if (this.isReadOnly || this.isQueryOnly) {
      throw new DbError("READONLY", "attempt to write a readonly database");
    }
  }

  #end(what: string): SqlTransaction {
    const transaction = this.#transaction;
    if (transaction === undefined) {
      throw new DbError("INVALID", `cannot ${what} - no transaction is active`);
    }
    this.#transaction = undefined;
    this.writing.endTransaction();
    this.#savepoints = [];
    this.#isBySavepoint = false;
    return transaction;
  }
}
