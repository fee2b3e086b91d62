/**
 * The storage of SQL in a nacre database: `SqlStore` over the contexts of mvcc.
 *
 *   latest     the live context             begin("statement")    the one open record of the log, as in db.write
 *   snapshot   a pinned snapshot            begin("interactive")  a serializable transaction, as in db.begin
 *
 * Tables are keyspaces named `sql/<table>`; a name that is still taken (by a table that an open transaction has dropped)
 * gets a number behind it. Making and dropping keyspaces is part of a statement's own transaction. An interactive
 * transaction cannot do that in mvcc: what it makes is made at once, and dropped again if it does not commit; what it
 * drops is dropped when it has. So is a keyspace of a statement that is made with many entries, which become pages at once, past the log.
 * A crash in between leaves a keyspace that no table refers to: space, not damage.
 *
 * An interactive transaction that writes rows conflicts with a schema that was changed since it began: it does not know of an index
 * that was made meanwhile.
 */
import { copyBytes } from "../bytes.ts";
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import {
  ALL_KEYS,
  BatchScan,
  type ByteRange,
  type Context,
  countSampled,
  type Database,
  type Durability,
  type LoadTarget,
  OP_KIND_DELETE,
  OP_KIND_PUT,
  open,
  opKeyOffset,
  opValueOffset,
  type Store,
  sampleEntries,
  TransactionContext,
  WriteContext,
} from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import { CATALOG_KEYSPACE } from "./catalog/entry.ts";
import { ZoneMaps } from "./run/zone-maps.ts";
import type {
  FoundValue,
  KeyspaceReader,
  SampledEntry,
  SortedEntries,
  BatchScan as SqlBatchScan,
  SqlSnapshot,
  SqlStore,
  SqlTransaction,
} from "./storage.ts";
import { type SchemaVersions, sharedBySessions } from "./store-state.ts";
import type { WriteReservation } from "./write-reservation.ts";

/** What keyspaces of tables say of their keys and values. */
const DESCRIPTION = { engine: "btree", key: "sql", value: "sql" } as const;
const NO_EXPIRY = 0;
/** Fewer entries are put: three syncs take as long. */
const WORTH_PAGES = 10_000;

const zonesOf = new WeakMap<Store, ZoneMaps>();

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
    const { reservation, versions } = sharedBySessions(store);
    this.reservation = reservation;
    this.#database = database;
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

  newTemporary(): { readonly store: SqlStore; readonly close: () => void } {
    const database = open(":memory:");
    return { store: new DatabaseStore(database), close: () => database.close() };
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
  readonly zones: ZoneMaps;
  readonly #source: Store;
  readonly #context: Context;

  constructor(store: Store, context: Context, endedScans: SqlBatchScan[]) {
    this.found = context.view;
    this.zones = zonesOf.get(store) ?? new ZoneMaps();
    zonesOf.set(store, this.zones);
    this.endedScans = endedScans;
    this.#source = store;
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

  sample(keyspace: number, most: number): SampledEntry[] {
    return sampleEntries(this.#source, this.#context.view.point, keyspace, most);
  }

  countSampled(keyspace: number, lower: Uint8Array, upper: Uint8Array): number {
    return countSampled(this.#source, this.#context.view.point, keyspace, { lower, upper });
  }
}

export class Reader extends ContextReader implements SqlSnapshot {
  readonly #store: Store;
  readonly #version: () => number;
  readonly #close: () => void;

  constructor(store: Store, context: Context, endedScans: SqlBatchScan[], version: () => number, close: () => void) {
    super(store, context, endedScans);
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
export interface Keyspaces {
  find(name: string): number | undefined;
  create(name: string): number;
  /** Undefined: it is to be made without entries. */
  createLoaded(name: string, fill: (target: LoadTarget) => void): number | undefined;
  drop(keyspace: number): void;
  /** How much of it has been done. */
  readonly progress: KeyspaceProgress;
  /** What was done beyond that is undone. */
  goBackTo(progress: KeyspaceProgress): void;
  ended(isCommitted: boolean): void;
}

interface KeyspaceProgress {
  readonly created: number;
  readonly loaded: number;
  readonly dropped: number;
}

const NOTHING_DONE: KeyspaceProgress = { created: 0, loaded: 0, dropped: 0 };

/** The catalog's own keyspace is nobody's to take back. */
function isOfTable(name: string | undefined): name is string {
  return name?.includes("/") === true;
}

/** In the open record of the log, with everything else. */
export class StatementKeyspaces implements Keyspaces {
  readonly #store: Store;
  readonly #context: WriteContext;
  readonly #created: { readonly name: string; readonly id: number }[];
  /** Made by commits of their own. */
  readonly #loaded: string[];
  /** Made so, and no longer wanted. */
  readonly #undone: string[];
  /** Made and dropped in the same record, where there is nothing to drop before its commit. */
  readonly #dropped: string[];

  constructor(store: Store, context: WriteContext) {
    this.#store = store;
    this.#context = context;
    this.#created = [];
    this.#loaded = [];
    this.#undone = [];
    this.#dropped = [];
  }

  get progress(): KeyspaceProgress {
    return { created: this.#created.length, loaded: this.#loaded.length, dropped: this.#dropped.length };
  }

  find(name: string): number | undefined {
    return this.#created.findLast((made) => made.name === name)?.id ?? this.#store.catalog.find(name)?.id;
  }

  create(name: string): number {
    const info = this.#context.keyspace(this.#freeName(name), () => DESCRIPTION)!;
    this.#created.push(info);
    return info.id;
  }

  createLoaded(name: string, fill: (target: LoadTarget) => void): number | undefined {
    const info = this.#context.createLoaded(this.#freeName(name), DESCRIPTION, fill);
    if (info !== undefined) {
      this.#loaded.push(info.name);
    }
    return info?.id;
  }

  #freeName(name: string): string {
    return freeName(name, (free) => this.find(free) !== undefined);
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
  goBackTo({ created, loaded, dropped }: KeyspaceProgress): void {
    this.#created.length = created;
    this.#undone.push(...this.#loaded.splice(loaded));
    this.#dropped.length = dropped;
  }

  ended(isCommitted: boolean): void {
    for (const name of [...this.#undone, ...(isCommitted ? this.#dropped : this.#loaded)]) {
      if (this.#store.catalog.find(name) !== undefined) {
        this.#store.dropKeyspace(name);
      }
    }
  }
}

/** By commits of their own: making before, dropping after. */
export class InteractiveKeyspaces implements Keyspaces {
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
    return { created: this.#created.length, loaded: 0, dropped: this.#dropped.length };
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

  /** Others would wait for its end to write pages. */
  createLoaded(): undefined {
    return undefined;
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

/** Whoever ends the transaction, where that is not who writes. */
export interface TransactionOwner {
  /** Of the schema that the transaction sees. */
  readonly version: number;
  /** A statement wants the transaction to be rolled back. */
  rollback(): void;
}

export class Writer extends ContextReader implements SqlTransaction, SqlSnapshot {
  /** The schema that it sees: its own once it has changed it. */
  schemaVersion: number;
  readonly #store: Store;
  readonly #versions: SchemaVersions;
  readonly #context: WriteContext | TransactionContext;
  readonly #keyspaces: Keyspaces;
  /** How much of the keyspaces had been done at savepoints behind the first change. */
  readonly #progress: Map<number, KeyspaceProgress>;
  /** The schema that it began with. */
  readonly #version: number;
  readonly #owner: TransactionOwner | undefined;
  #hasChangedSchema: boolean;
  #hasWritten: boolean;

  constructor(
    store: Store,
    versions: SchemaVersions,
    context: WriteContext | TransactionContext,
    endedScans: SqlBatchScan[],
    keyspaces: Keyspaces,
    owner?: TransactionOwner,
  ) {
    super(store, context, endedScans);
    this.schemaVersion = owner?.version ?? versions.committed;
    this.#version = this.schemaVersion;
    this.#owner = owner;
    this.#store = store;
    this.#versions = versions;
    this.#context = context;
    this.#keyspaces = keyspaces;
    this.#progress = new Map();
    this.#hasChangedSchema = false;
    this.#hasWritten = false;
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
    this.#hasWritten = true;
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
    this.#hasWritten = true;
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

  createKeyspaceWith(name: string, entries: SortedEntries): number {
    const loaded =
      entries.count < WORTH_PAGES
        ? undefined
        : this.#keyspaces.createLoaded(name, (target) => {
            while (entries.next()) {
              const { bytes, keyOffset, keyLength, valueOffset, valueLength } = entries;
              target.add(bytes, keyOffset, keyLength, bytes, valueOffset, valueLength, NO_EXPIRY);
            }
          });
    if (loaded !== undefined) {
      this.touchSchema();
      return loaded;
    }
    const keyspace = this.createKeyspace(name);
    while (entries.next()) {
      const { bytes, keyOffset, keyLength, valueOffset, valueLength } = entries;
      this.put(keyspace, bytes, keyOffset, keyLength, bytes, valueOffset, valueLength);
    }
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
    this.savepointMade(savepoint);
    return savepoint;
  }

  /** The same for a savepoint that somebody else has made in the context. */
  savepointMade(savepoint: number): void {
    if (this.#hasChangedSchema) {
      this.#progress.set(savepoint, this.#keyspaces.progress);
    }
  }

  release(savepoint: number): void {
    this.#context.releaseSavepoint(savepoint);
    this.#progress.delete(savepoint);
  }

  rollbackTo(savepoint: number): void {
    this.#context.rollbackTo(savepoint);
    this.wentBackTo(savepoint);
  }

  wentBackTo(savepoint: number): void {
    if (this.#hasChangedSchema) {
      this.#keyspaces.goBackTo(this.#progress.get(savepoint) ?? NOTHING_DONE);
      this.touchSchema();
    }
  }

  /** Closing it, as a snapshot, is no end. */
  close(): void {}

  commit(durability: Durability = this.#store.options.durability): void {
    if (this.#isOutdated) {
      this.rollback();
      throw outdated();
    }
    if (this.#owner !== undefined) {
      return;
    }
    let isCommitted = false;
    let commit: number | undefined;
    try {
      commit = this.#context.commit();
      isCommitted = true;
    } finally {
      this.ended(isCommitted);
    }
    if (commit !== undefined) {
      this.#store.settle(durability);
    }
  }

  rollback(): void {
    if (this.#owner !== undefined) {
      this.#owner.rollback();
      return;
    }
    this.#context.rollback();
    this.ended(false);
  }

  /** What was written was written by another schema than the one there is by now. */
  get #isOutdated(): boolean {
    return this.#hasWritten && this.#versions.committed !== this.#version;
  }

  /** The context has committed, or rolled back. */
  ended(isCommitted: boolean): void {
    if (isCommitted && this.#hasChangedSchema) {
      this.#versions.change(this.#store.lastCommit);
    }
    this.#keyspaces.ended(isCommitted);
  }
}

function outdated(): DbError {
  return new DbError(
    "CONFLICT",
    "a commit after this transaction's snapshot changed the schema; run the transaction again",
  );
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
