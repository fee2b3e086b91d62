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
import {
  BatchScan,
  type ByteRange,
  type Context,
  type Database,
  OP_KIND_DELETE,
  OP_KIND_PUT,
  opKeyOffset,
  opValueOffset,
  type Store,
  TransactionContext,
  WriteContext,
} from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import type {
  FoundValue,
  KeyspaceReader,
  BatchScan as SqlBatchScan,
  SqlSnapshot,
  SqlStore,
  SqlTransaction,
} from "./storage.ts";

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
  readonly #database: Database;
  readonly #versions: SchemaVersions;
  readonly #latest: Reader;
  /** Of statements: there is one at a time. */
  readonly #writing: WriteContext;

  constructor(database: Database) {
    const { store } = database;
    this.clock = store.clock;
    this.rng = store.rng;
    this.#database = database;
    const versions = versionsOf.get(store) ?? new SchemaVersions();
    versionsOf.set(store, versions);
    this.#versions = versions;
    this.#latest = new Reader(
      store,
      database.context,
      () => versions.committed,
      () => {},
    );
    this.#writing = new WriteContext(store);
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
      () => version,
      () => snapshot.close(),
    );
  }

  begin(kind: "statement" | "interactive"): SqlTransaction {
    const { store } = this.#database;
    if (kind === "interactive") {
      const context = new TransactionContext(store, "serializable");
      return new Writer(store, this.#versions, context, new InteractiveKeyspaces(store));
    }
    this.#writing.begin();
    return new Writer(store, this.#versions, this.#writing, new StatementKeyspaces(store, this.#writing));
  }
}

class Reader implements SqlSnapshot {
  readonly found: FoundValue;
  readonly #store: Store;
  readonly #context: Context;
  readonly #version: () => number;
  readonly #close: () => void;

  constructor(store: Store, context: Context, version: () => number, close: () => void) {
    this.found = context.view;
    this.#store = store;
    this.#context = context;
    this.#version = version;
    this.#close = close;
  }

  get schemaVersion(): number {
    return this.#version();
  }

  keyspace(name: string): number | undefined {
    return this.#store.catalog.find(name)?.id;
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

  close(): void {
    this.#close();
  }
}

/** How a transaction makes and drops keyspaces, and what becomes of them at its end. */
interface Keyspaces {
  find(name: string): number | undefined;
  create(name: string): number;
  drop(keyspace: number): void;
  ended(isCommitted: boolean): void;
}

/** In the open record of the log, with everything else. */
class StatementKeyspaces implements Keyspaces {
  readonly #store: Store;
  readonly #context: WriteContext;
  readonly #created: Map<string, number>;

  constructor(store: Store, context: WriteContext) {
    this.#store = store;
    this.#context = context;
    this.#created = new Map();
  }

  find(name: string): number | undefined {
    return this.#created.get(name) ?? this.#store.catalog.find(name)?.id;
  }

  create(name: string): number {
    const { id } = this.#context.keyspace(freeName(this.#store, name), () => DESCRIPTION)!;
    this.#created.set(name, id);
    return id;
  }

  drop(keyspace: number): void {
    this.#store.dropKeyspace(this.#store.catalog.byId(keyspace)!.name);
  }

  ended(): void {}
}

/** By commits of their own: making before, dropping after. */
class InteractiveKeyspaces implements Keyspaces {
  readonly #store: Store;
  readonly #created: string[];
  readonly #dropped: number[];

  constructor(store: Store) {
    this.#store = store;
    this.#created = [];
    this.#dropped = [];
  }

  find(name: string): number | undefined {
    return this.#store.catalog.find(name)?.id;
  }

  create(name: string): number {
    this.#store.writer.checkAlone();
    const info = this.#store.createKeyspace(freeName(this.#store, name), DESCRIPTION);
    this.#created.push(info.name);
    return info.id;
  }

  drop(keyspace: number): void {
    this.#dropped.push(keyspace);
  }

  ended(isCommitted: boolean): void {
    const names = isCommitted
      ? this.#dropped.map((keyspace) => this.#store.catalog.byId(keyspace)?.name)
      : // The catalog's own keyspace is nobody's to take back.
        this.#created.filter((name) => name.includes("/"));
    for (const name of names) {
      if (name !== undefined && this.#store.catalog.find(name) !== undefined) {
        this.#store.dropKeyspace(name);
      }
    }
  }
}

class Writer implements SqlTransaction {
  readonly found: FoundValue;
  /** The schema that it sees: its own once it has changed it. */
  schemaVersion: number;
  readonly #store: Store;
  readonly #versions: SchemaVersions;
  readonly #context: WriteContext | TransactionContext;
  readonly #keyspaces: Keyspaces;
  #hasChangedSchema: boolean;

  constructor(
    store: Store,
    versions: SchemaVersions,
    context: WriteContext | TransactionContext,
    keyspaces: Keyspaces,
  ) {
    this.found = context.view;
    this.schemaVersion = versions.committed;
    this.#store = store;
    this.#versions = versions;
    this.#context = context;
    this.#keyspaces = keyspaces;
    this.#hasChangedSchema = false;
  }

  keyspace(name: string): number | undefined {
    return this.#keyspaces.find(name);
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
    return this.#context.savepoint();
  }

  rollbackTo(savepoint: number): void {
    this.#context.rollbackTo(savepoint);
    if (this.#hasChangedSchema) {
      this.touchSchema();
    }
  }

  commit(): void {
    let isCommitted = false;
    try {
      this.#context.commit();
      isCommitted = true;
    } finally {
      this.#end(isCommitted);
    }
    this.#store.settle(this.#store.options.durability);
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

/** `name`, or the first of `name~2`, `name~3`, … that no keyspace has. */
function freeName(store: Store, name: string): string {
  let free = name;
  for (let number = 2; store.catalog.find(free) !== undefined; number++) {
    free = `${name}~${number}`;
  }
  return free;
}
