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
import type { Database } from "../mvcc/index.ts";
import type { Rng } from "../random.ts";
import { foldName } from "./catalog/name.ts";
import type { Table } from "./catalog/schema.ts";
import { Connection } from "./connection.ts";
import { DatabaseStore } from "./database-store.ts";
import { parseScript, parseStatement } from "./parse/parser.ts";
import type { Tier } from "./query-program.ts";
import type { SqlParameters } from "./run/arguments.ts";
import { Prepared, type RunResult, Statement } from "./statement.ts";
import type { SqlStore } from "./storage.ts";

export interface SqlOptions {
  /** How many rows, or groups, a statement may hold to sort, group or tell apart; beyond that it fails with FULL. */
  readonly heldRows?: number;
  /**
   * How queries are carried out: "auto" interprets a query at first, and compiles it when it has looked at so many rows that it
   * pays. The others are there to hold the two against each other; "compiled" interprets what has no compiled form.
   */
  readonly tier?: Tier;
  /** What `now` is; the database's by default. */
  readonly clock?: Clock;
  /** What `random()` draws from; the database's by default. */
  readonly rng?: Rng;
}

const DEFAULT_HELD_ROWS = 5_000_000;
/** Statements that stay prepared; the one unused for longest goes first. */
const CACHED_STATEMENTS = 256;
/** Longer texts are not worth their memory. */
const CACHED_TEXT_LENGTH = 10_000;

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
  const store = stores.get(database) ?? new DatabaseStore(database);
  stores.set(database, store);
  return new SqlSession(store, options);
}

export class SqlSession {
  readonly #connection: Connection;
  readonly #cache: Map<string, Prepared>;

  constructor(store: SqlStore, options: SqlOptions = {}) {
    const { heldRows = DEFAULT_HELD_ROWS, tier = "auto", clock = store.clock, rng = store.rng } = options;
    this.#connection = new Connection(store, { heldRows, tier, clock, rng });
    this.#cache = new Map();
  }

  /** Whether BEGIN has opened a transaction that is not over. */
  get inTransaction(): boolean {
    return this.#connection.inTransaction;
  }

  /** A statement to run as often as you like. Throws INVALID with the place of what is wrong, or UNSUPPORTED. */
  prepare(text: string): Statement {
    const prepared = this.#prepared(text);
    // Names are resolved now, so that what is wrong with them is said here.
    prepared.program(this.#connection, this.#connection.reader());
    return new Statement(this.#connection, prepared);
  }

  /** Runs all statements of a text, without parameters; rows that they give are dropped. */
  exec(text: string): RunResult {
    let result: RunResult = { changes: 0, lastInsertRowid: 0 };
    for (const parsed of parseScript(text)) {
      const statement = new Statement(this.#connection, new Prepared(parsed));
      if (statement.reader) {
        statement.all();
      } else {
        result = statement.run();
      }
    }
    return result;
  }

  /** One statement, prepared and read in one go. */
  query(text: string, ...parameters: SqlParameters): ReturnType<Statement["all"]> {
    return this.prepare(text).all(...parameters);
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
  }

  #prepared(text: string): Prepared {
    const known = this.#cache.get(text);
    if (known !== undefined) {
      // Last in the map is last used.
      this.#cache.delete(text);
      this.#cache.set(text, known);
      return known;
    }
    const prepared = new Prepared(parseStatement(text));
    if (text.length <= CACHED_TEXT_LENGTH) {
      if (this.#cache.size === CACHED_STATEMENTS) {
        this.#cache.delete(this.#cache.keys().next().value!);
      }
      this.#cache.set(text, prepared);
    }
    return prepared;
  }
}

/** The statement that makes the table, as the catalog keeps it. */
function textOf({ definition: { statement, text } }: Table): string {
  return statement.kind === "create-table" ? statement.text : text;
}
