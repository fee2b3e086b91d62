/**
 * A SQL session on a store: statements prepared and cached by their text, scripts, and BEGIN … COMMIT.
 *
 *   const session = new SqlSession(store);
 *   session.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)");
 *   const insert = session.prepare("INSERT INTO users (name) VALUES (?)");
 *   insert.run("Ada").lastInsertRowid;                                        // 1
 *   session.prepare("SELECT * FROM users WHERE id = ?").get(1);               // { id: 1, name: "Ada" }
 *
 * A session is for one user at a time: two that both say BEGIN need two sessions, which are cheap.
 */
import { tableText } from "./catalog.ts";
import { Connection } from "./connection.ts";
import { parseScript, parseStatement } from "./parse/parser.ts";
import type { SqlParameters } from "./run/arguments.ts";
import { Prepared, type RunResult, Statement } from "./statement.ts";
import type { SqlStore } from "./storage.ts";

export interface SqlOptions {
  /** How many rows, or groups, a statement may hold to sort, group or tell apart; beyond that it fails with FULL. */
  readonly heldRows?: number;
}

const DEFAULT_HELD_ROWS = 5_000_000;
/** Statements that stay prepared; the one unused for longest goes first. */
const CACHED_STATEMENTS = 256;
/** Longer texts are not worth their memory. */
const CACHED_TEXT_LENGTH = 10_000;

export class SqlSession {
  readonly #connection: Connection;
  readonly #cache: Map<string, Prepared>;

  constructor(store: SqlStore, options: SqlOptions = {}) {
    this.#connection = new Connection(store, options.heldRows ?? DEFAULT_HELD_ROWS);
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

  /** The tables there are, and the statements that make them. */
  tables(): { readonly name: string; readonly sql: string }[] {
    return this.#connection
      .catalog(this.#connection.reader())
      .tables()
      .map((table) => ({ name: table.name, sql: tableText(table) }));
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
