/**
 * A SQL session on a store: statements prepared and cached by their text, scripts, and BEGIN … COMMIT.
 *
 *   const session = openSql(db);
 *   session.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)");
 *   const insert = session.prepare("INSERT INTO users (name) VALUES (?)");
 *   insert.run("Ada").lastInsertRowid;                                        // 1
 *   session.prepare("SELECT * FROM users WHERE id = ?").get(1);               // { id: 1, name: "Ada" }
 *
 * A session is for one user at a time: two that both say BEGIN need two sessions, which are cheap.
 */
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import { type Database, open } from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import { foldName } from "./catalog/name.ts";
import type { Table } from "./catalog/schema.ts";
import { Connection, type OpenAttached } from "./connection.ts";
import { DatabaseStore } from "./database-store.ts";
import type { ParsedStatement } from "./parse/ast/statement.ts";
import { parseScript, parseStatement } from "./parse/parser.ts";
import type { Tier } from "./query-program.ts";
import type { SqlParameters } from "./run/arguments.ts";
import { type Holding, MOST_HELD_BYTES } from "./run/holding.ts";
import { SessionFunctions } from "./run/session-functions.ts";
import { deserializeTables, serializeTables } from "./serialized.ts";
import { Prepared, type RunResult, Statement } from "./statement.ts";
import { StatementCache } from "./statement-cache.ts";
import type { SqlStore } from "./storage.ts";

export interface SqlOptions {
  /**
   * How many rows, or groups, a statement may hold in memory to sort, group, join or tell them apart; 5 million unless given. One that
   * has more begins anew with a disk; what no disk helps fails with FULL.
   */
  readonly heldRows?: number;
  /** The same in bytes, about: 1 GiB unless given, which is also the most. With a disk it is up to 64 MiB for each sort. */
  readonly heldBytes?: number;
  /**
   * Bytes that a statement may have on disk: 64 GiB unless given; beyond them FULL. Its files are in the directory of the database, or
   * among the system's temporary ones where that is in memory or read only. 0: a statement that would need a disk fails with FULL.
   */
  readonly spillBytes?: number;
  /**
   * Memory for the numbers of columns that scans compare, in bytes; 64 MiB unless given, 0: none. It is that of the database: the
   * session that was opened last with this option decides.
   */
  readonly columnCacheBytes?: number;
  /**
   * How queries are carried out: "auto" interprets a query at first, and compiles it when it has looked at so many rows that it
   * pays. The others are there to hold the two against each other; "compiled" interprets what has no compiled form.
   */
  readonly tier?: Tier;
  /** What `now` is; the database's by default. */
  readonly clock?: Clock;
  /** What `random()` draws from; the database's by default. */
  readonly rng?: Rng;
  /** Refuses statements that write; false unless given. */
  readonly readOnly?: boolean;
  /** Another session's functions; none unless given. */
  readonly functions?: SessionFunctions;
  /** Opens what ATTACH names; without it that is opened by `open`, and closed by DETACH or with the session. */
  readonly openAttached?: OpenAttached;
}

/** What all sessions of a database are on. */
export function storeOf(database: Database): SqlStore {
  const store = stores.get(database) ?? new DatabaseStore(database);
  stores.set(database, store);
  return store;
}

/** A directory of its own: this process may not have it open otherwise. */
function openDirectory(path: string, isReadOnly: boolean): ReturnType<OpenAttached> {
  const database = open(path, { readOnly: isReadOnly, create: !isReadOnly });
  return { store: storeOf(database), close: () => database.close() };
}

export interface PrepareOptions {
  /** Rows have every INTEGER as a bigint, not only those that no number holds. */
  readonly bigints?: boolean;
  /** Gives the statement of a text; the one that it is, unless given. */
  readonly parse?: (text: string) => ParsedStatement;
}

const DEFAULT_HELD_ROWS = 5_000_000;
const DEFAULT_SPILL_BYTES = 2 ** 36;

export interface TableDescription {
  readonly name: string;
  /** The statement that makes it. */
  readonly sql: string;
  /** Its columns with their types as declared, "" where there is none. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

const stores = new WeakMap<Database, DatabaseStore>();

/** A session on a database. Close it, or the database, when done. */
export function openSql(database: Database, options: SqlOptions = {}): SqlSession {
  return new SqlSession(storeOf(database), options);
}

function limitColumnCache(store: SqlStore, bytes: number): void {
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new DbError("INVALID", `columnCacheBytes is a number of bytes, 0 or more, not ${bytes}`);
  }
  const { zones } = store.latest();
  if (zones !== undefined) {
    zones.memory.limitBytes = bytes;
  }
}

export class SqlSession {
  readonly #connection: Connection;
  readonly #cache: StatementCache;
  /** Of statements with bigints. */
  readonly #bigintCache: StatementCache;

  /** `cache`: statements that other sessions of the store have prepared, none of which uses it meanwhile. */
  constructor(store: SqlStore, options: SqlOptions = {}, cache: StatementCache = new StatementCache()) {
    const { tier = "auto", clock = store.clock, rng = store.rng } = options;
    const { readOnly = false, functions = new SessionFunctions(), openAttached = openDirectory } = options;
    if (options.columnCacheBytes !== undefined) {
      limitColumnCache(store, options.columnCacheBytes);
    }
    this.#connection = new Connection(store, {
      holding: holdingOf(store, options),
      tier,
      clock,
      rng,
      isReadOnly: readOnly,
      functions,
      openAttached,
    });
    this.#cache = cache;
    this.#bigintCache = new StatementCache();
  }

  /**
   * What the session has open.
   * @internal
   */
  get connection(): Connection {
    return this.#connection;
  }

  /** Functions of this session's own. */
  get functions(): SessionFunctions {
    return this.#connection.functions;
  }

  /** How long whoever uses the session waits for a lock; PRAGMA busy_timeout. */
  get timeoutMs(): number {
    return this.#connection.timeoutMs;
  }

  set timeoutMs(timeoutMs: number) {
    this.#connection.timeoutMs = timeoutMs;
  }

  /**
   * For how long a statement may run, in milliseconds, before it is ended with FULL and has changed nothing; a loop over rows, from
   * one stretch of rows to the next. Asked every 20,000 rows or so. Infinity unless set.
   */
  get timeLimitMs(): number {
    return this.#connection.timeLimitMs;
  }

  set timeLimitMs(timeLimitMs: number) {
    if (typeof timeLimitMs !== "number" || !(timeLimitMs > 0)) {
      throw new DbError("INVALID", `timeLimitMs is a number above 0 (Infinity: no limit), not ${timeLimitMs}`);
    }
    this.#connection.timeLimitMs = timeLimitMs;
  }

  /** Called every 20,000 rows or so while a statement runs, which it ends by throwing. */
  get onWork(): (() => void) | undefined {
    return this.#connection.onWork;
  }

  set onWork(onWork: (() => void) | undefined) {
    this.#connection.onWork = onWork;
  }

  /** Whether what would damage a SQLite database is refused. */
  set isDefensive(isDefensive: boolean) {
    this.#connection.isDefensive = isDefensive;
  }

  /** Whether BEGIN has opened a transaction that is not over. */
  get inTransaction(): boolean {
    return this.#connection.inTransaction;
  }

  /** A statement to run as often as you like. Throws INVALID with the place of what is wrong, or UNSUPPORTED. */
  prepare(text: string, options: PrepareOptions = {}): Statement {
    return this.#statement(this.#prepared(text, options));
  }

  /** Runs all statements of a text, without parameters; rows that they give are dropped. */
  exec(text: string): RunResult {
    let result: RunResult = { changes: 0, lastInsertRowid: 0 };
    for (const statement of this.script(text)) {
      result = statement.drain();
    }
    return result;
  }

  /** The statements of a text, each prepared when it is reached: what those before it have done is there. */
  *script(text: string): Generator<Statement, void, undefined> {
    for (const parsed of parseScript(text)) {
      yield this.#statement(new Prepared(parsed));
    }
  }

  /** One statement, prepared and read in one go. */
  query(text: string, ...parameters: SqlParameters): ReturnType<Statement["all"]> {
    return this.prepare(text).all(...parameters);
  }

  /** The transaction that the session is in, for frontends that open and end it themselves. */
  get transactions(): Pick<Connection, "begin" | "commit" | "rollback" | "savepoint" | "release" | "rollbackTo"> {
    return this.#connection;
  }

  /**
   * All that `work` does is one transaction: it is committed when `work` returns, and rolled back where it throws. It is
   * alone in the database, so it cannot conflict, and writes several times as fast as between BEGIN and COMMIT; it must
   * not be async.
   */
  transaction<T>(work: () => T): T {
    const connection = this.#connection;
    connection.begin("statement");
    let result: T;
    try {
      result = work();
    } catch (error) {
      if (connection.inTransaction) {
        connection.rollback();
      }
      throw error;
    }
    connection.commit();
    return result;
  }

  /** All tables of a database as bytes. */
  serialize(database: string = "main"): Uint8Array {
    const found = this.#connection.database(database);
    if (found === undefined) {
      throw new DbError("INVALID", `unknown database ${database}`);
    }
    return serializeTables(found.reader);
  }

  /** Takes over the tables that `serialize` has given, into a database without any. Throws CORRUPT. */
  deserialize(bytes: Uint8Array): void {
    this.#connection.write((transaction) => deserializeTables(transaction, bytes));
  }

  /** The tables there are, by name. */
  tables(): readonly TableDescription[] {
    const connection = this.#connection;
    return connection
      .catalog(connection.reader())
      .tables()
      .filter(({ name }) => !name.startsWith("sqlite_"))
      .sort((a, b) => (foldName(a.name) < foldName(b.name) ? -1 : 1))
      .map((table) => ({
        name: table.name,
        sql: textOf(table),
        columns: table.columns.map(({ name, type }) => ({ name, type: type ?? "" })),
      }));
  }

  /** Rolls back what is open; the session is then of no use. */
  close(): void {
    this.#connection.close();
    this.#cache.clear();
    this.#bigintCache.clear();
  }

  #statement(prepared: Prepared): Statement {
    // Names are resolved now, so that what is wrong with them is said here.
    prepared.program(this.#connection, this.#connection.reader());
    return new Statement(this.#connection, prepared);
  }

  #prepared(text: string, { bigints = false, parse = parseStatement }: PrepareOptions): Prepared {
    const cache = bigints ? this.#bigintCache : this.#cache;
    return cache.get(text, () => new Prepared(parse(text), bigints));
  }
}

function holdingOf(store: SqlStore, options: SqlOptions): Holding {
  const { heldRows = DEFAULT_HELD_ROWS, heldBytes = MOST_HELD_BYTES, spillBytes = DEFAULT_SPILL_BYTES } = options;
  for (const [name, value] of Object.entries({ heldRows, heldBytes, spillBytes })) {
    if (typeof value !== "number" || !(value >= 0)) {
      throw new DbError("INVALID", `the option ${name} is a number from 0 on, not ${value}`);
    }
  }
  return {
    rows: heldRows,
    bytes: Math.min(heldBytes, MOST_HELD_BYTES),
    spillBytes,
    openFile: () => store.openFile(),
  };
}

/** The statement that makes the table, as the catalog keeps it. */
function textOf({ definition: { statement, text } }: Table): string {
  return statement.kind === "create-table" ? statement.text : text;
}
