/**
 * A connection with better-sqlite3's methods, checks and messages, over a session of its own on a nacre database.
 *
 *   Database ── ConnectionState ── SqlSession ─┐
 *   Database ── ConnectionState ── SqlSession ─┴─ Home: one open nacre directory
 */
import { DbError } from "../../errors.ts";
import type { Database as NacreDatabase } from "../../mvcc/index.ts";
import { openSql } from "../index.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { parseScript } from "../parse/parser.ts";
import type { SqlStore } from "../storage.ts";
import { type BackupMetadata, type BackupOptions, checkedBackup, requireName, runBackup } from "./backup.ts";
import { type AnyFunction, booleanOption, type RegistrationOptions } from "./definition-options.ts";
import { toSqliteError } from "./error-code.ts";
import { attachedHome, enterHome, type Home, leaveHome } from "./home.ts";
import { type LiveQuery, startLive } from "./live.ts";
import { type Options, openRequest } from "./options.ts";
import { SqliteError } from "./sqlite-error.ts";
import { ConnectionState } from "./state.ts";
import { prepareStatement, type Statement } from "./statement.ts";
import { isTailEmpty } from "./statement-tail.ts";
import type { VirtualTableOptions } from "./table-definition.ts";
import { toggled } from "./toggled.ts";
import { type TransactionFunction, transactionFunction } from "./transaction.ts";
import { type AggregateOptions, defineAggregate } from "./user-aggregate.ts";
import { defineFunction } from "./user-function.ts";
import { defineTable } from "./user-table.ts";

export interface SerializeOptions {
  /** As ATTACH has it; "main" unless given. */
  attached?: string | undefined;
}

export interface PragmaOptions {
  /** The first column of the first row alone. */
  simple?: boolean | undefined;
}

/** The statement type of a `prepare` with these parameters. */
export type StatementOf<BindParameters extends unknown[] | object, Result> = BindParameters extends unknown[]
  ? Statement<BindParameters, Result>
  : Statement<[BindParameters], Result>;

export class Database {
  readonly #home: Home;
  readonly #state: ConnectionState;
  readonly #name: string;
  readonly #isReadOnly: boolean;
  /** What ends with the connection: backups and live queries. */
  readonly #running: Set<AbortController>;
  /** Those that ATTACH has opened. */
  readonly #attached: WeakMap<SqlStore, NacreDatabase>;
  /** Of live queries: they see what is committed, whatever transaction the connection is in. */
  #live: ConnectionState | undefined;

  /**
   * Opens the nacre directory at `filename`, and makes it where it is missing; ":memory:" and "" are in memory. A Buffer is what
   * `serialize()` gave. A database that nacre's `open` gave stays open when the connection is closed.
   */
  constructor(filename?: string | Buffer | NacreDatabase, options?: Options) {
    const request = openRequest(filename, options);
    this.#home = enterHome(request);
    const { contents, isReadOnly, timeoutMs } = request;
    if (contents !== undefined) {
      loadContents(this.#home, contents);
    }
    this.#attached = new WeakMap();
    const openAttached = attachedHome(request, (store, database) => this.#attached.set(store, database));
    const session = openSql(this.#home.database, { readOnly: isReadOnly, openAttached });
    session.timeoutMs = timeoutMs;
    this.#state = new ConnectionState(session, request);
    this.#name = request.name;
    this.#isReadOnly = isReadOnly;
    this.#running = new Set();
    this.#live = undefined;
  }

  /** As it was given to the constructor. */
  get name(): string {
    return this.#name;
  }

  get open(): boolean {
    return this.#state.isOpen;
  }

  get inTransaction(): boolean {
    return this.#state.isOpen && this.#state.session.inTransaction;
  }

  get readonly(): boolean {
    return this.#isReadOnly;
  }

  /** Whether it is in memory. */
  get memory(): boolean {
    return this.#home.path === undefined;
  }

  /** One statement, to run as often as you like. */
  prepare<BindParameters extends unknown[] | object = unknown[], Result = unknown>(
    source: string,
  ): StatementOf<BindParameters, Result> {
    return this.#prepare(source, false) as unknown as StatementOf<BindParameters, Result>;
  }

  /** Runs all statements of a text; rows that they give are dropped. */
  exec(source: string): this {
    requireString(source);
    const state = this.#state;
    state.requireOpen();
    state.requireNotBusy();
    state.requireNoIteratorsUnlessUnsafe();
    state.whileBusy(() => {
      for (const statement of state.session.script(source)) {
        state.log(statement, undefined);
        state.patiently(() => statement.drain());
      }
    });
    return this;
  }

  /** Runs a PRAGMA, written without the word. */
  pragma(source: string, options?: PragmaOptions): unknown {
    requireString(source);
    const given: unknown = options ?? {};
    if (typeof given !== "object") {
      throw new TypeError("Expected second argument to be an options object");
    }
    const isSimple = booleanOption(given as object, "simple");
    this.#state.requireOpen();
    this.#state.requireNotBusy();
    this.#state.requireNoIteratorsUnlessUnsafe();
    const statement = this.#prepare(`PRAGMA ${source}`, true);
    return isSimple ? statement.pluck().get() : statement.all();
  }

  /** A function that runs `fn` in a transaction; inside one, in a savepoint. */
  transaction<F extends AnyFunction>(fn: F): TransactionFunction<F> {
    if (typeof fn !== "function") {
      throw new TypeError("Expected first argument to be a function");
    }
    this.#state.requireOpen();
    this.#state.requireNotBusy();
    return transactionFunction(this.#state, this, fn);
  }

  /** Gives SQL a function. */
  function(name: string, callback: AnyFunction): this;
  function(name: string, options: RegistrationOptions, callback: AnyFunction): this;
  function(name: string, options: RegistrationOptions | AnyFunction, callback?: AnyFunction): this {
    defineFunction(this.#state, name, options, callback);
    return this;
  }

  /** Gives SQL an aggregate, with `inverse` one that may be a window function. */
  aggregate<T>(name: string, options: AggregateOptions<T>): this {
    defineAggregate(this.#state, name, options);
    return this;
  }

  /** Gives SQL a table whose rows a generator gives. */
  table(name: string, options: VirtualTableOptions | AnyFunction): this {
    defineTable(this.#state, name, options);
    return this;
  }

  /**
   * The rows of a query now, and again after each commit that may have changed them, by whatever connection. Throws what is wrong
   * with the query; what goes wrong later is in `ended`.
   */
  live<Row = unknown>(
    source: string,
    parameters: readonly unknown[] | Readonly<Record<string, unknown>>,
    callback: (rows: Row[]) => void,
  ): LiveQuery {
    requireString(source);
    this.#state.requireOpen();
    const { session, safeIntegers } = this.#state;
    this.#live ??= new ConnectionState(openSql(this.#home.database, { readOnly: true, functions: session.functions }), {
      verbose: undefined,
    });
    this.#live.safeIntegers = safeIntegers;
    const statement = this.#prepare(source, false, this.#live);
    if (!statement.reader || !statement.readonly) {
      throw new TypeError("The live() method is for statements that return data and change none");
    }
    statement.bind(...(Array.isArray(parameters) ? parameters : [parameters]));
    const show = (): void => callback(statement.all() as Row[]);
    return startLive({ show, changed: (signal) => statement.changed(signal) }, this.#running);
  }

  /** How nacre carries out a statement; "QUERY PLAN …": in SQLite's words. Parameters need no values. */
  explain(source: string): Record<string, unknown>[] {
    requireString(source);
    const state = this.#state;
    state.requireOpen();
    state.requireNotBusy();
    return state.whileBusy(() => state.session.prepare(`EXPLAIN ${source}`).all());
  }

  /** Copies the database to a new nacre directory while it goes on being used. */
  async backup(destinationFile: string, options?: BackupOptions): Promise<BackupMetadata> {
    const checked = checkedBackup(destinationFile, options);
    this.#state.requireOpen();
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      return await runBackup(this.#databaseNamed(checked.attached), checked, controller.signal);
    } finally {
      this.#running.delete(controller);
    }
  }

  /** All tables as bytes, which `new Database(buffer)` takes. */
  serialize(options?: SerializeOptions): Buffer {
    const given: unknown = options ?? {};
    if (typeof given !== "object" || given === null) {
      throw new TypeError("Expected first argument to be an options object");
    }
    const attached: unknown = "attached" in given ? given.attached : "main";
    requireName(attached);
    const state = this.#state;
    state.requireOpen();
    state.requireNotBusy();
    state.requireNoIterators();
    const bytes = state.whileBusy(() => state.session.serialize(attached));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Always refused: nothing native is run. */
  loadExtension(path: string, entryPoint?: string): this {
    requireString(path);
    if (entryPoint !== undefined) {
      requireString(entryPoint, "second");
    }
    this.#state.requireOpen();
    this.#state.requireNotBusy();
    this.#state.requireNoIterators();
    throw toSqliteError(
      new DbError(
        "UNSUPPORTED",
        `${path} is not loaded: extensions are native code. Use db.function(), db.aggregate() and db.table()`,
      ),
    );
  }

  /** Whether new statements and functions have INTEGERs as bigints. */
  defaultSafeIntegers(...given: [toggleState?: boolean]): this {
    this.#state.safeIntegers = toggled(given);
    return this;
  }

  /**
   * For how long a statement may run, in milliseconds, before it is ended with SQLITE_INTERRUPT and has changed nothing; Infinity
   * unless set. better-sqlite3 has none of this.
   */
  get timeLimitMs(): number {
    return this.#state.session.timeLimitMs;
  }

  set timeLimitMs(timeLimitMs: number) {
    this.#state.session.timeLimitMs = timeLimitMs;
  }

  /** Whether the connection may write while it iterates. */
  unsafeMode(...given: [unsafe?: boolean]): this {
    this.#state.isUnsafe = toggled(given);
    this.#state.session.isDefensive = !this.#state.isUnsafe;
    return this;
  }

  /** Rolls back what is open; its statements are of no use then. */
  close(): this {
    const state = this.#state;
    if (state.isOpen) {
      state.requireNotBusy();
      state.requireNoIterators();
      state.isOpen = false;
      for (const controller of this.#running) {
        controller.abort(new TypeError("The database connection is not open"));
      }
      this.#live?.session.close();
      state.session.close();
      leaveHome(this.#home);
    }
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #databaseNamed(attached: string): NacreDatabase {
    if (attached.toLowerCase() === "main") {
      return this.#home.database;
    }
    const found = this.#state.session.connection.database(attached);
    const database = found === undefined ? undefined : this.#attached.get(found.store);
    if (database === undefined) {
      const why = found === undefined ? `unknown database ${attached}` : `${attached} is in memory; use serialize()`;
      throw new SqliteError(why, "SQLITE_ERROR");
    }
    return database;
  }

  #prepare(source: string, isPragma: boolean, state: ConnectionState = this.#state): Statement {
    requireString(source);
    state.requireOpen();
    state.requireNotBusy();
    const statement = prepareStatement({ state, database: this, text: source, parse: parseFirst, isPragma });
    if (!isTailEmpty(source, statement.end)) {
      throw new RangeError("The supplied SQL string contains more than one statement");
    }
    return statement;
  }
}

/** What console.log() shows, under the name of the class. */
class Shown {}
Object.defineProperty(Shown, "name", { value: "Database" });
Object.defineProperty(Database.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value: function shown(this: Database): object {
    const { name, open, inTransaction, readonly, memory } = this;
    return Object.assign(new Shown(), { name, open, inTransaction, readonly, memory });
  },
});

/** Writes what `serialize()` gave into a new database in memory. */
function loadContents(home: Home, contents: Buffer): void {
  const session = openSql(home.database);
  try {
    session.deserialize(contents);
  } catch (error) {
    leaveHome(home);
    throw toSqliteError(error);
  }
  session.close();
}

/** The first statement of a text. */
function parseFirst(text: string): ParsedStatement {
  const { value } = parseScript(text).next();
  if (value === undefined) {
    throw new RangeError("The supplied SQL string contains no statements");
  }
  return value;
}

function requireString(value: unknown, which: "first" | "second" = "first"): asserts value is string {
  if (typeof value !== "string") {
    throw new TypeError(`Expected ${which} argument to be a string`);
  }
}
