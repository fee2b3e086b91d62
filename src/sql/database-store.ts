/**
 * The storage of SQL in a nacre database: `SqlStore` over the contexts of mvcc.
 *
 *   latest     the live context             begin("statement")    the one open record of the log, as in db.write
 *   snapshot   a pinned snapshot            begin("interactive")  a serializable transaction, as in db.begin
 *
 * Tables are keyspaces named `sql/<table>`; a name that is still taken (by a table that an open transaction has dropped)
 * gets a number behind it. Making and dropping keyspaces is part of a statement's own transaction. An interactive
 * transaction cannot do that in mvcc: what it makes is made at once, and dropped again if it does not commit; what it
 * drops is dropped when it has. A crash in between leaves a keyspace that no table refers to: space, not damage.
 *
 * Schema versions are counted in memory, one counter a store: all sessions of a database are in one process.
 */
import { copyBytes } from "../bytes.ts";
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import {
  ALL_KEYS,
  BatchScan,
  type ByteRange,
  type Context,
  type Database,
  type Durability,
  OP_KIND_DELETE,
  OP_KIND_PUT,
  opKeyOffset,
  opValueOffset,
  type Store,
  TransactionContext,
  WriteContext,
} from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import { CATALOG_KEYSPACE } from "./catalog/entry.ts";
import type {
  FoundValue,
  KeyspaceReader,
  BatchScan as SqlBatchScan,
  SqlSnapshot,
  SqlStore,
  SqlTransaction,
} from "./storage.ts";
import { WriteReservation } from "./write-reservation.ts";

/** What keyspaces of tables say of their keys and values. */
const DESCRIPTION = { engine: "btree", key: "sql", value: "sql" } as const;
const NO_EXPIRY = 0;

/** Versions of the schema of one store. */
class SchemaVersions {
  /** That of the newest commit. */
  committed = 0;
  #next = 1;

  take(): number {
    return this.#next++;
  }
}

const versionsOf = new WeakMap<Store, SchemaVersions>();

export class DatabaseStore implements SqlStore {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly reservation: WriteReservation;
  readonly #database: Database;
  readonly #versions: SchemaVersions;
  readonly #latest: Reader;
  /** Of statements: there is one at a time. */
  readonly #writing: WriteContext;
  readonly #endedScans: SqlBatchScan[];

  constructor(database: Database) {
    const { store } = database;
    this.clock = store.clock;
    this.rng = store.rng;
    this.reservation = new WriteReservation();
    this.#database = database;
    const versions = versionsOf.get(store) ?? new SchemaVersions();
    versionsOf.set(store, versions);
    this.#versions = versions;
    this.#endedScans = [];
    this.#latest = new Reader(
      store,
      database.context,
      this.#endedScans,
      () => versions.committed,
      () => {},
    );
    this.#writing = new WriteContext(store);
  }

  get path(): string | undefined {
    const { disk } = this.#database.store;
    return disk.worker === undefined ? undefined : disk.path;
  }

  get lastCommit(): number {
    return this.#database.store.lastCommit;
  }

  latest(): KeyspaceReader {
    return this.#latest;
  }

  snapshot(): SqlSnapshot {
    const snapshot = this.#database.snapshot();
    const version = this.#versions.committed;
    return new Reader(
      this.#database.store,
      snapshot.context,
      this.#endedScans,
      () => version,
      () => snapshot.close(),
    );
  }

  async changed(keyspaces: readonly number[], signal: AbortSignal): Promise<void> {
    const { waiters, catalog } = this.#database.store;
    const schema = catalog.find(CATALOG_KEYSPACE);
    const all = schema === undefined ? keyspaces : [...keyspaces, schema.id];
    const others = new AbortController();
    const ends = AbortSignal.any([signal, others.signal]);
    try {
      await Promise.race(all.map((keyspace) => waiters.wait(keyspace, ALL_KEYS, ends)));
    } catch (error) {
      // A table that was dropped has changed.
      if (!(error instanceof DbError) || error.code !== "INVALID") {
        throw error;
      }
    } finally {
      others.abort();
    }
  }

  begin(kind: "statement" | "interactive"): SqlTransaction {
    const { store } = this.#database;
    if (kind === "interactive") {
      const context = new TransactionContext(store, "serializable");
      return new Writer(store, this.#versions, context, this.#endedScans, new InteractiveKeyspaces(store));
    }
    checkAlone(store);
    this.#writing.begin();
    const keyspaces = new StatementKeyspaces(store, this.#writing);
    return new Writer(store, this.#versions, this.#writing, this.#endedScans, keyspaces);
  }
}

/** What is read of a context, whoever may write to it. */
class ContextReader {
  readonly found: FoundValue;
  readonly endedScans: SqlBatchScan[];
  readonly #context: Context;

  constructor(context: Context, endedScans: SqlBatchScan[]) {
    this.found = context.view;
    this.endedScans = endedScans;
    this.#context = context;
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    return this.#context.get(keyspace, key, offset, length);
  }

  scan(
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    reverse: boolean,
    ended: SqlBatchScan | undefined = undefined,
  ): BatchScan {
    return openScan(this.#context, keyspace, { lower, upper }, reverse, ended);
  }

  count(keyspace: number, lower?: Uint8Array, upper?: Uint8Array): number {
    return this.#context.count(keyspace, { lower, upper });
  }

  estimate(keyspace: number): number {
    return this.#context.estimate(keyspace);
  }
}

class Reader extends ContextReader implements SqlSnapshot {
  readonly #store: Store;
  readonly #version: () => number;
  readonly #close: () => void;

  constructor(store: Store, context: Context, endedScans: SqlBatchScan[], version: () => number, close: () => void) {
    super(context, endedScans);
    this.#store = store;
    this.#version = version;
    this.#close = close;
  }

  get schemaVersion(): number {
    return this.#version();
  }

  keyspace(name: string): number | undefined {
    return this.#store.catalog.find(name)?.id;
  }

  close(): void {
    this.#close();
  }
}

/** How a transaction makes and drops keyspaces, and what becomes of them at its end. */
interface Keyspaces {
  find(name: string): number | undefined;
  create(name: string): number;
  drop(keyspace: number): void;
  /** How much of it has been done. */
  readonly progress: KeyspaceProgress;
  /** What was done beyond that is undone. */
  goBackTo(progress: KeyspaceProgress): void;
  ended(isCommitted: boolean): void;
}

interface KeyspaceProgress {
  readonly created: number;
  readonly dropped: number;
}

const NOTHING_DONE: KeyspaceProgress = { created: 0, dropped: 0 };

/** The catalog's own keyspace is nobody's to take back. */
function isOfTable(name: string | undefined): name is string {
  return name?.includes("/") === true;
}

/** In the open record of the log, with everything else. */
class StatementKeyspaces implements Keyspaces {
  readonly #store: Store;
  readonly #context: WriteContext;
  readonly #created: { readonly name: string; readonly id: number }[];
  /** Made and dropped in the same record, where there is nothing to drop before its commit. */
  readonly #dropped: string[];

  constructor(store: Store, context: WriteContext) {
    this.#store = store;
    this.#context = context;
    this.#created = [];
    this.#dropped = [];
  }

  get progress(): KeyspaceProgress {
    return { created: this.#created.length, dropped: this.#dropped.length };
  }

  find(name: string): number | undefined {
    return this.#created.findLast((made) => made.name === name)?.id ?? this.#store.catalog.find(name)?.id;
  }

  create(name: string): number {
    const isTaken = (free: string): boolean => this.find(free) !== undefined;
    const info = this.#context.keyspace(freeName(name, isTaken), () => DESCRIPTION)!;
    this.#created.push(info);
    return info.id;
  }

  drop(keyspace: number): void {
    const created = this.#created.find(({ id }) => id === keyspace);
    if (created === undefined) {
      this.#store.dropKeyspace(this.#store.catalog.byId(keyspace)!.name);
    } else {
      this.#dropped.push(created.name);
    }
  }

  /** The record itself goes back, too. */
  goBackTo({ created, dropped }: KeyspaceProgress): void {
    this.#created.length = created;
    this.#dropped.length = dropped;
  }

  ended(isCommitted: boolean): void {
    for (const name of isCommitted ? this.#dropped : []) {
      this.#store.dropKeyspace(name);
    }
  }
}

/** By commits of their own: making before, dropping after. */
class InteractiveKeyspaces implements Keyspaces {
  readonly #store: Store;
  readonly #created: string[];
  readonly #dropped: number[];
  /** Made, and no longer wanted. */
  readonly #undone: string[];

  constructor(store: Store) {
    this.#store = store;
    this.#created = [];
    this.#dropped = [];
    this.#undone = [];
  }

  get progress(): KeyspaceProgress {
    return { created: this.#created.length, dropped: this.#dropped.length };
  }

  find(name: string): number | undefined {
    return this.#store.catalog.find(name)?.id;
  }

  create(name: string): number {
    this.#store.writer.checkAlone();
    const isTaken = (free: string): boolean => this.find(free) !== undefined;
    const info = this.#store.createKeyspace(freeName(name, isTaken), DESCRIPTION);
    this.#created.push(info.name);
    return info.id;
  }

  drop(keyspace: number): void {
    this.#dropped.push(keyspace);
  }

  /** What was made stays until the end: the transaction may have written to it. */
  goBackTo({ created, dropped }: KeyspaceProgress): void {
    this.#undone.push(...this.#created.splice(created));
    this.#dropped.length = dropped;
  }

  ended(isCommitted: boolean): void {
    const gone = isCommitted
      ? this.#dropped.map((keyspace) => this.#store.catalog.byId(keyspace)?.name)
      : this.#created;
    for (const name of [...gone, ...this.#undone].filter(isOfTable)) {
      if (this.#store.catalog.find(name) !== undefined) {
        this.#store.dropKeyspace(name);
      }
    }
  }
}

class Writer extends ContextReader implements SqlTransaction {
  /** The schema that it sees: its own once it has changed it. */
  schemaVersion: number;
  readonly #store: Store;
  readonly #versions: SchemaVersions;
  readonly #context: WriteContext | TransactionContext;
  readonly #keyspaces: Keyspaces;
  /** How much of the keyspaces had been done at savepoints behind the first change. */
  readonly #progress: Map<number, KeyspaceProgress>;
  #hasChangedSchema: boolean;

  constructor(
    store: Store,
    versions: SchemaVersions,
    context: WriteContext | TransactionContext,
    endedScans: SqlBatchScan[],
    keyspaces: Keyspaces,
  ) {
    super(context, endedScans);
    this.schemaVersion = versions.committed;
    this.#store = store;
    this.#versions = versions;
    this.#context = context;
    this.#keyspaces = keyspaces;
    this.#progress = new Map();
    this.#hasChangedSchema = false;
  }

  keyspace(name: string): number | undefined {
    return this.#keyspaces.find(name);
  }

  put(
    keyspace: number,
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
  ): void {
    const context = this.#context;
    context.beginWrite();
    const op = context.reserve(OP_KIND_PUT, keyspace, keyLength, valueLength, NO_EXPIRY);
    const { u8, u32 } = context.arena;
    copyBytes(key, keyOffset, u8, opKeyOffset(u32, op), keyLength);
    copyBytes(value, valueOffset, u8, opValueOffset(u32, op), valueLength);
    context.finish(op, valueLength);
    context.endWrite();
  }

  delete(keyspace: number, key: Uint8Array, offset: number, length: number): void {
    const context = this.#context;
    context.beginWrite();
    const op = context.reserve(OP_KIND_DELETE, keyspace, length, 0, NO_EXPIRY);
    const { u8, u32 } = context.arena;
    copyBytes(key, offset, u8, opKeyOffset(u32, op), length);
    context.finish(op, 0);
    context.endWrite();
  }

  createKeyspace(name: string): number {
    const keyspace = this.#keyspaces.create(name);
    this.touchSchema();
    return keyspace;
  }

  dropKeyspace(keyspace: number): void {
    this.#keyspaces.drop(keyspace);
    this.touchSchema();
  }

  touchSchema(): void {
    this.#hasChangedSchema = true;
    this.schemaVersion = this.#versions.take();
  }

  savepoint(): number {
    const savepoint = this.#context.savepoint();
    if (this.#hasChangedSchema) {
      this.#progress.set(savepoint, this.#keyspaces.progress);
    }
    return savepoint;
  }

  release(savepoint: number): void {
    this.#context.releaseSavepoint(savepoint);
    this.#progress.delete(savepoint);
  }

  rollbackTo(savepoint: number): void {
    this.#context.rollbackTo(savepoint);
    if (this.#hasChangedSchema) {
      this.#keyspaces.goBackTo(this.#progress.get(savepoint) ?? NOTHING_DONE);
      this.touchSchema();
    }
  }

  commit(durability: Durability = this.#store.options.durability): void {
    let isCommitted = false;
    let commit: number | undefined;
    try {
      commit = this.#context.commit();
      isCommitted = true;
    } finally {
      this.#end(isCommitted);
    }
    if (commit !== undefined) {
      this.#store.settle(durability);
    }
  }

  rollback(): void {
    this.#context.rollback();
    this.#end(false);
  }

  #end(isCommitted: boolean): void {
    if (isCommitted && this.#hasChangedSchema) {
      // A number of its own: other commits may have come between this transaction's snapshot and its end.
      this.#versions.committed = this.#versions.take();
    }
    this.#keyspaces.ended(isCommitted);
  }
}

function openScan(
  context: Context,
  keyspace: number,
  range: ByteRange,
  reverse: boolean,
  ended: SqlBatchScan | undefined,
): BatchScan {
  if (ended instanceof BatchScan) {
    ended.reopen(context, keyspace, range, reverse);
    return ended;
  }
  return new BatchScan(context, keyspace, range, reverse);
}

/** Another write transaction is open only while code of the application runs inside of it. */
function checkAlone(store: Store): void {
  if (store.writer.isOpen) {
    throw new DbError("LOCKED", "database is locked: a write transaction of another connection is not over");
  }
}

/** `name`, or the first of `name~2`, `name~3`, … that no keyspace has. */
function freeName(name: string, isTaken: (name: string) => boolean): string {
  let free = name;
  for (let number = 2; isTaken(free); number++) {
    free = `${name}~${number}`;
  }
  return free;
}
