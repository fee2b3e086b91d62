/**
 * One user's view of a store: the transaction that BEGIN or SAVEPOINT has opened, if any, its savepoints, and the catalog as it is
 * seen there.
 *
 * Outside of a transaction a statement that reads sees the newest commit, and one that writes is a transaction of its own.
 * Inside, everything goes through the open transaction, and a statement that fails leaves it as it was before.
 *
 * There is one database, main, until a temporary table is made or another one is attached (`databases/`).
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
import type { ListedDatabase } from "./catalog/schema.ts";
import { Schemas } from "./catalog/schemas.ts";
import { JoinedReader } from "./databases/joined-reader.ts";
import { JoinedStore } from "./databases/joined-store.ts";
import { JoinedTransaction } from "./databases/joined-transaction.ts";
import { MAIN, MOST_DATABASES, TEMP } from "./databases/keyspace-number.ts";
import { partOf } from "./databases/part-of.ts";
import type { SchemaChange } from "./define/schema-change.ts";
import type { TransactionStatement, Vacuum } from "./parse/ast/statement.ts";
import type { Tier } from "./query-program.ts";
import type { Arguments } from "./run/arguments.ts";
import { foreignKeyError, resolutionOf } from "./run/constraint.ts";
import type { Holding } from "./run/holding.ts";
import type { SessionFunctions } from "./run/session-functions.ts";
import { beginWork, lookWithin } from "./run/work.ts";
import { Writing } from "./run/write-support.ts";
import type { KeyspaceReader, SqlSnapshot, SqlStore, SqlTransaction } from "./storage.ts";
import { type Surroundings, surroundings } from "./value/surroundings.ts";
import type { SqlValue } from "./value/value.ts";

export interface ConnectionOptions {
  readonly holding: Holding;
  readonly tier: Tier;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Nothing is written through it. */
  readonly isReadOnly: boolean;
  readonly functions: SessionFunctions;
  readonly openAttached: OpenAttached;
}

/** Opens what ATTACH names. */
export type OpenAttached = (
  path: string,
  isReadOnly: boolean,
) => { readonly store: SqlStore; readonly close: () => void };

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
  /** Main. */
  readonly store: SqlStore;
  readonly holding: Holding;
  readonly tier: Tier;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly isReadOnly: boolean;
  /** Functions of its own. */
  readonly functions: SessionFunctions;
  readonly #openAttached: OpenAttached;
  /** What a commit of it is; undefined: as the store has it. */
  durability: Durability | undefined;
  /** How long it waits for others, to those who wait. */
  timeoutMs: number;
  /** PRAGMA query_only. */
  isQueryOnly: boolean;
  /** What may damage a SQLite database is refused. */
  isDefensive: boolean;
  /** Called now and then while a statement runs, which it ends by throwing; undefined: nobody wants to. */
  onWork: (() => void) | undefined;
  /** For how long a statement may run; Infinity: as long as it takes. */
  timeLimitMs: number;
  /** Values of pragmas that are held, no more. */
  readonly settings: Map<string, SqlValue>;
  changes: number;
  #totalChanges: number;
  nowMs: number;
  /** The buffers of all writes; a statement is through with them when it returns. */
  readonly writing: Writing;
  #transaction: SqlTransaction | undefined;
  /** Innermost last. */
  #savepoints: OpenSavepoint[];
  /** In the open transaction. */
  #hasWritten: boolean;
  /** Of the open transaction. */
  #kind: "statement" | "interactive";
  /** The first savepoint has opened the transaction, so that its release commits. */
  #isBySavepoint: boolean;
  #catalog: Schemas | undefined;
  /** All databases; undefined: main is the only one. */
  #joined: JoinedStore | undefined;
  #isClosed: boolean;
  /** The number of the commit that was made last, if it was this connection's. */
  #ownCommit: number;

  constructor(store: SqlStore, options: ConnectionOptions) {
    this.store = store;
    this.holding = options.holding;
    this.tier = options.tier;
    this.clock = options.clock;
    this.rng = options.rng;
    this.isReadOnly = options.isReadOnly;
    this.functions = options.functions;
    this.#openAttached = options.openAttached;
    this.durability = undefined;
    this.timeoutMs = 0;
    this.isQueryOnly = false;
    this.isDefensive = true;
    this.onWork = undefined;
    this.timeLimitMs = Number.POSITIVE_INFINITY;
    this.settings = new Map();
    this.changes = 0;
    this.#totalChanges = 0;
    this.nowMs = Number.NaN;
    this.writing = new Writing();
    this.#transaction = undefined;
    this.#savepoints = [];
    this.#hasWritten = false;
    this.#kind = "statement";
    this.#isBySavepoint = false;
    this.#catalog = undefined;
    this.#joined = undefined;
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
    const isLimited = this.timeLimitMs !== Number.POSITIVE_INFINITY;
    beginWork(isLimited ? lookWithin(this.timeLimitMs, this.onWork) : this.onWork);
    this.nowMs = nowMs;
  }

  /** Counts what a statement has changed that inserts, updates or deletes. */
  countChanges(changes: number): void {
    this.changes = changes;
    this.#totalChanges += changes + this.writing.nestedChanges;
    this.writing.nestedChanges = 0;
  }

  /** With what triggers and foreign keys of the running statement have changed. */
  get totalChanges(): number {
    return this.#totalChanges + this.writing.nestedChanges;
  }

  /** What a statement reads from. */
  readonly reader = (): KeyspaceReader => {
    if (this.#isClosed) {
      throw new DbError("CLOSED", "the SQL session is closed");
    }
    return this.#transaction ?? this.#all.latest();
  };

  /** The newest state of all databases. */
  snapshot(): SqlSnapshot {
    return this.#all.snapshot();
  }

  /** Resolves at the next commit that changes one of these keyspaces, or the catalog. */
  changed(keyspaces: readonly number[], signal: AbortSignal): Promise<void> {
    return this.#all.changed(keyspaces, signal);
  }

  /** The tables that are seen there. */
  catalog(reader: KeyspaceReader): Schemas {
    if (this.#catalog?.version !== reader.schemaVersion) {
      this.#catalog = this.#readCatalog(reader);
    }
    return this.#catalog!;
  }

  /** The databases that there are, with their names. */
  get databases(): readonly ListedDatabase[] {
    const all = this.#joined?.databases ?? [{ name: "main", label: "main", store: this.store }];
    return all.flatMap((database, number) =>
      database === undefined ? [] : [{ number, name: database.name, label: database.label, path: database.store.path }],
    );
  }

  /** ATTACH: a directory, or nothing or ":memory:" for one in memory. */
  attach(file: string, label: string): void {
    const name = foldName(label);
    const joined = this.#join();
    const number = joined.freeNumber();
    if (number === undefined) {
      throw new DbError("INVALID", `too many attached databases - max ${MOST_DATABASES - TEMP - 1}`);
    }
    if (name === "temp" || this.#numberOf(name) !== undefined) {
      throw new DbError("INVALID", `database ${label} is already in use`);
    }
    const isInMemory = file === "" || file === ":memory:";
    const opened = isInMemory ? this.store.newTemporary() : this.#openAttached(file, this.isReadOnly);
    joined.put(number, { name, label, ...opened });
    this.#catalog = undefined;
  }

  detach(label: string): void {
    const number = this.#numberOf(foldName(label));
    if (number === undefined) {
      throw new DbError("INVALID", `no such database: ${label}`);
    }
    if (number <= TEMP) {
      throw new DbError("INVALID", `cannot detach database ${label}`);
    }
    if (this.#transaction instanceof JoinedTransaction && this.#transaction.has(number)) {
      throw new DbError("INVALID", `database ${label} is locked`);
    }
    this.#joined!.remove(number);
    this.#catalog = undefined;
    this.writing.forgetRowids();
  }

  /** What reads the keyspaces of one schema by their names; undefined: there is nothing. */
  readerOf(schema: string): KeyspaceReader | undefined {
    const reader = this.reader();
    const number = this.#numberOf(schema);
    return number === undefined ? undefined : partOf(reader, number);
  }

  /** One database by itself; undefined: there is none of that name. */
  database(name: string): { readonly store: SqlStore; readonly reader: KeyspaceReader } | undefined {
    const number = this.#numberOf(foldName(name));
    if (number === undefined) {
      return undefined;
    }
    const reader = this.reader();
    const isJoined = reader instanceof JoinedReader || reader instanceof JoinedTransaction;
    return { store: this.#storeOf(number), reader: isJoined ? reader.alone(number) : reader };
  }

  /** Carries out what makes, changes or drops something in schemas. `isExternal`: what that holds may go to disk. */
  change(changes: ReadonlyMap<string, SchemaChange>, values: Arguments, isExternal: boolean = false): void {
    if (changes.has("temp")) {
      this.#openTemp();
    }
    const { writing } = this;
    this.write(
      (transaction) => {
        const temp = this.#hasTemp ? partOf(transaction, TEMP) : undefined;
        for (const [schema, change] of changes) {
          change(partOf(transaction, this.#numberOf(schema)!), { values, writing, temp, isExternal });
        }
      },
      false,
      [...changes.keys()].find((schema) => schema !== "temp") ?? "temp",
    );
  }

  get #all(): SqlStore {
    return this.#joined ?? this.store;
  }

  get #hasTemp(): boolean {
    return this.#joined?.databases[TEMP] !== undefined;
  }

  #numberOf(schema: string): number | undefined {
    if (schema === "main") {
      return MAIN;
    }
    const number = this.#joined?.databases.findIndex((database) => database?.name === schema) ?? -1;
    return number < 0 ? undefined : number;
  }

  /** What has not changed since the last time is not read again. */
  #readCatalog(reader: KeyspaceReader): Schemas {
    if (this.#joined === undefined) {
      const main = Catalog.read(reader, "main", MAIN, this.#catalog?.parts[MAIN]);
      return new Schemas(reader.schemaVersion, [main], this.databases);
    }
    const parts: (Catalog | undefined)[] = [];
    for (const { number, name } of this.databases) {
      const part = partOf(reader, number);
      const known = this.#catalog?.parts[number];
      const isSame = known?.name === name && known.version === part.schemaVersion;
      parts[number] = isSame ? known : Catalog.read(part, name, number, known?.name === name ? known : undefined);
    }
    return new Schemas(reader.schemaVersion, parts, this.databases);
  }

  /** The database of temporary tables, made when the first is. */
  #openTemp(): void {
    if (!this.#hasTemp) {
      this.#join().put(TEMP, { name: "temp", label: "temp", ...this.store.newTemporary() });
    }
  }

  /** The databases as one, an open transaction, too. */
  #join(): JoinedStore {
    if (this.#joined === undefined) {
      this.#joined = new JoinedStore(this.store, (number) => this.#checkWritable(number));
      if (this.#transaction !== undefined) {
        const marks = this.#savepoints.map(({ mark }) => mark);
        this.#transaction = this.#joined.widen(this.#transaction, this.#kind, marks);
      }
    }
    return this.#joined;
  }

  /**
   * Runs a statement that writes: all of it, or, where it throws, nothing. `isOneWrite`: a statement that throws before it
   * has written anything needs no savepoint. `schema` is that of the table that it writes to.
   */
  write<T>(run: (transaction: SqlTransaction) => T, isOneWrite: boolean = false, schema: string = "main"): T {
    this.#checkWritable(this.#numberOf(schema)!);
    this.#hasWritten ||= schema === "main";
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
    const transaction = this.#all.begin("statement");
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
    this.#ownCommit = this.#all.lastCommit;
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
        this.#vacuum(statement.schema?.name ?? "main");
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
  #vacuum(schema: string): void {
    if (foldName(schema) !== "temp" && this.#numberOf(foldName(schema)) === undefined) {
      throw new DbError("INVALID", `unknown database ${schema}`);
    }
    this.#checkWritable(MAIN);
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
      this.#checkWritable(MAIN);
      this.#reserve();
    }
    try {
      this.#kind = kind === "statement" ? "statement" : "interactive";
      this.#transaction = this.#all.begin(this.#kind);
    } catch (error) {
      this.#endReservations();
      throw error;
    }
    this.#hasWritten = false;
    this.#keepRowids();
  }

  /**
   * The greatest rowids that were looked up in a transaction which nobody else could write beside hold as long as nobody else has
   * committed. Those of other transactions are of their snapshots, and those of what failed are of nothing.
   */
  #keepRowids(): void {
    if (this.#all.lastCommit !== this.#ownCommit) {
      this.writing.forgetRowids();
    }
    this.#ownCommit = NO_COMMIT;
  }

  /** LOCKED leaves the transaction open: it may be committed later. After any other error it is over. */
  commit(): void {
    if (this.#transaction !== undefined && this.writing.deferred.count > 0) {
      throw foreignKeyError();
    }
    const written = this.#transaction instanceof JoinedTransaction ? this.#transaction.written : [];
    for (const database of new Set(this.#hasWritten ? [MAIN, ...written] : written)) {
      this.#storeOf(database).reservation.check(this);
    }
    const transaction = this.#end("commit");
    try {
      transaction.commit(this.durability);
      this.#ownCommit = this.#kind === "statement" ? this.#all.lastCommit : NO_COMMIT;
    } finally {
      this.#endReservations();
    }
  }

  rollback(): void {
    const transaction = this.#end("rollback");
    this.#endReservations();
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
    this.#joined?.close();
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

  /** Temporary tables are nobody else's business. */
  #checkWritable(database: number): void {
    if (this.isQueryOnly || (this.isReadOnly && database !== TEMP)) {
      throw new DbError("READONLY", "attempt to write a readonly database");
    }
    if (database !== TEMP) {
      this.#storeOf(database).reservation.check(this);
    }
  }

  #storeOf(database: number): SqlStore {
    return this.#joined?.databases[database]?.store ?? this.store;
  }

  /** The right to write to all databases; those that were reserved are given back where one is another connection's. */
  #reserve(): void {
    try {
      for (const { number } of this.databases) {
        this.#storeOf(number).reservation.take(this);
      }
    } catch (error) {
      this.#endReservations();
      throw error;
    }
  }

  #endReservations(): void {
    for (const { number } of this.databases) {
      this.#storeOf(number).reservation.release(this);
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
