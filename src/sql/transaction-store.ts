/**
 * A transaction of the database, or a snapshot of it, as the storage of SQL: sessions on it are inside of that transaction, so that
 * its rows and the entries of its maps are committed together.
 *
 *   tx.map(…).put(…)  ──▶ ┌──────────────────────┐ ◀── Writer ◀── statements of tx.sql, which see both
 *   tx.savepoint()    ──▶ │ context of tx        │
 *   the end of tx     ──▶ └──────────────────────┘ ──▶ takes part: deferred foreign keys, schema versions, keyspaces that were made
 *
 * A session joins when it is first used, and is then as after BEGIN: statements that fail go back to a savepoint of their own. Its
 * COMMIT is the transaction's. A statement that rolls back the transaction (OR ROLLBACK) cannot end it under its owner's hands: it
 * makes sure that nothing of it is committed.
 */
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import {
  type DiskFile,
  type Participant,
  type Snapshot,
  type Store,
  type Transaction,
  TransactionContext,
  type WriteContext,
  type WriteTransaction,
} from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import type { Connection } from "./connection.ts";
import { openStatementFile, Reader, Writer } from "./database-store.ts";
import { InteractiveKeyspaces, StatementKeyspaces } from "./keyspaces.ts";
import { SqlSession } from "./session.ts";
import type { BatchScan, KeyspaceReader, SqlSnapshot, SqlStore, SqlTransaction } from "./storage.ts";
import { type SchemaVersions, sharedBySessions } from "./store-state.ts";
import { WriteReservation } from "./write-reservation.ts";

/** A session inside of a transaction. It does not outlive it, but that of `db.write` is there again for the next one. */
export function transactionSession(transaction: WriteTransaction | Transaction): SqlSession {
  const { store, context } = transaction;
  const { caches } = sharedBySessions(store);
  const isReused = !(context instanceof TransactionContext);
  const cache = caches.take();
  const joined = new TransactionStore(store, context, () => {
    if (!isReused) {
      caches.give(cache);
    }
  });
  const session = new SqlSession(joined, { readOnly: store.options.readOnly }, cache);
  joined.connection = session.connection;
  return session;
}

/** A session that reads a snapshot. */
export function snapshotSession(snapshot: Snapshot): SqlSession {
  return new SqlSession(new SnapshotStore(snapshot), { readOnly: true });
}

class TransactionStore implements SqlStore, Participant {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly path: string | undefined;
  readonly reservation: WriteReservation;
  readonly #store: Store;
  readonly #versions: SchemaVersions;
  readonly #context: WriteContext | TransactionContext;
  readonly #onEnd: () => void;
  readonly #endedScans: BatchScan[];
  /** Of the session, once there is one. */
  connection: Connection | undefined;
  /** While it has joined. */
  #writer: Writer | undefined;
  /** Why nothing may be committed any more. */
  #refusal: DbError | undefined;
  /** How many rows without the parent of a deferred key there were at savepoints, where there were any. */
  readonly #deferred: Map<number, number>;

  constructor(store: Store, context: WriteContext | TransactionContext, onEnd: () => void) {
    const { versions, reservation } = sharedBySessions(store);
    this.clock = store.clock;
    this.rng = store.rng;
    this.path = pathOf(store);
    this.reservation = reservation;
    this.#store = store;
    this.#versions = versions;
    this.#context = context;
    this.#onEnd = onEnd;
    this.#endedScans = [];
    this.connection = undefined;
    this.#writer = undefined;
    this.#refusal = undefined;
    this.#deferred = new Map();
  }

  get lastCommit(): number {
    return this.#store.lastCommit;
  }

  latest(): KeyspaceReader {
    return this.#join();
  }

  begin(): SqlTransaction {
    return this.#join();
  }

  newTemporary(): never {
    throw noTemporary();
  }

  openFile(): DiskFile {
    return openStatementFile(this.#store);
  }

  snapshot(): SqlSnapshot {
    return this.#join();
  }

  changed(): Promise<void> {
    return Promise.reject(changesElsewhere());
  }

  /** From the first statement on the transaction answers for what it has read: constraints are kept by what they have seen. */
  #join(): Writer {
    if (this.#refusal !== undefined) {
      throw this.#refusal;
    }
    if (this.#writer === undefined) {
      const context = this.#context;
      if (!context.isOpen) {
        throw new DbError("CLOSED", "this transaction is over, and its tx.sql with it");
      }
      context.participants.join(this);
      this.#writer = this.#writerOf(context);
      this.connection!.begin("deferred");
    }
    return this.#writer;
  }

  #writerOf(context: WriteContext | TransactionContext): Writer {
    const store = this.#store;
    const versions = this.#versions;
    const refuse = () => {
      this.#refusal = new DbError(
        "INVALID",
        "a statement has rolled back this transaction: nothing of it is committed",
      );
    };
    if (context instanceof TransactionContext) {
      context.trackReads();
      const version = versions.at(context.snapshotCommit);
      return new Writer(store, versions, context, this.#endedScans, new InteractiveKeyspaces(store), {
        version,
        rollback: refuse,
      });
    }
    const keyspaces = new StatementKeyspaces(store, context);
    return new Writer(store, versions, context, this.#endedScans, keyspaces, {
      version: versions.committed,
      rollback: refuse,
    });
  }

  beforeCommit(): void {
    if (this.#refusal !== undefined) {
      throw this.#refusal;
    }
    this.connection!.commit();
  }

  ended(isCommitted: boolean): void {
    if (this.connection!.inTransaction) {
      this.connection!.rollback();
    }
    const writer = this.#writer!;
    this.#writer = undefined;
    this.#refusal = undefined;
    this.#deferred.clear();
    this.#onEnd();
    writer.ended(isCommitted);
  }

  savepointMade(savepoint: number): void {
    const { count } = this.connection!.writing.deferred;
    if (count > 0) {
      this.#deferred.set(savepoint, count);
    }
    this.#writer!.savepointMade(savepoint);
  }

  wentBackTo(savepoint: number): void {
    const { writing } = this.connection!;
    writing.deferred.count = this.#deferred.get(savepoint) ?? 0;
    writing.forgetRowids();
    this.#writer!.wentBackTo(savepoint);
  }
}

class SnapshotStore implements SqlStore {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly path: string | undefined;
  readonly reservation: WriteReservation;
  readonly lastCommit: number;
  readonly #store: Store;
  readonly #reader: Reader;

  constructor({ store, context, commit }: Snapshot) {
    const { versions } = sharedBySessions(store);
    const version = commit === store.lastCommit ? versions.committed : versions.take();
    this.clock = store.clock;
    this.rng = store.rng;
    this.path = pathOf(store);
    this.reservation = new WriteReservation();
    this.lastCommit = commit;
    this.#store = store;
    this.#reader = new Reader(
      store,
      context,
      [],
      () => version,
      () => {},
    );
  }

  latest(): KeyspaceReader {
    return this.#reader;
  }

  snapshot(): SqlSnapshot {
    return this.#reader;
  }

  openFile(): DiskFile {
    return openStatementFile(this.#store);
  }

  newTemporary(): never {
    throw noTemporary();
  }

  begin(): never {
    throw new DbError("READONLY", "a snapshot is read only; write through the database or a transaction");
  }

  changed(): Promise<void> {
    return Promise.reject(changesElsewhere());
  }
}

/** They would be another session's with each transaction. */
function noTemporary(): DbError {
  return new DbError(
    "UNSUPPORTED",
    "temporary tables and ATTACH are for a session of its own (db.sql), outside of transactions",
  );
}

function pathOf({ disk }: Store): string | undefined {
  return disk.worker === undefined ? undefined : disk.path;
}

function changesElsewhere(): DbError {
  return new DbError("UNSUPPORTED", "what is read here changes for nobody else; wait for changes of the database");
}
