/**
 * The storage of SQL in a nacre database: `SqlStore` over the contexts of mvcc.
 *
 *   latest     the live context             begin("statement")    the one open record of the log, as in db.write
 *   snapshot   a pinned snapshot            begin("interactive")  a serializable transaction, as in db.begin
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
  type DiskFile,
  type Durability,
  OP_KIND_DELETE,
  OP_KIND_PUT,
  open,
  openTemporaryFile,
  openUnnamed,
  opKeyOffset,
  opValueOffset,
  type Store,
  sampleEntries,
  TransactionContext,
  WriteContext,
} from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import { CATALOG_KEYSPACE } from "./catalog/entry.ts";
import {
  InteractiveKeyspaces,
  type KeyspaceProgress,
  type Keyspaces,
  NOTHING_DONE,
  StatementKeyspaces,
} from "./keyspaces.ts";
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

  openFile(): DiskFile {
    return openStatementFile(this.#database.store);
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

let statementFiles = 0;

/** Beside the database, or where that is in memory or may not be written to, in the system's directory for temporary files. */
export function openStatementFile({ disk, options }: Store): DiskFile {
  return disk.worker === undefined || options.readOnly
    ? openTemporaryFile()
    : openUnnamed(disk, `spill.${statementFiles++}`);
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
