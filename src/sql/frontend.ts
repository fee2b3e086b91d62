/**
 * SQL as a property of the database and of its transactions and snapshots: `db.sql`, `tx.sql`, `snapshot.sql`.
 *
 *   db.sql.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)");
 *   db.write((tx) => {
 *     tx.sql.prepare("INSERT INTO users (name) VALUES (?)").run("Ada");
 *     tx.map("names").put("Ada", 1);                                        // both, or neither
 *   });
 *   db.sql`SELECT * FROM users WHERE name = ${name}`;                       // the value is a parameter, never text
 *
 * A transaction is that of the database: there is no BEGIN, COMMIT or ROLLBACK to be left open here, but in a script that `db.sql.exec`
 * runs to its end.
 */
import { DbError } from "../errors.ts";
import type { Database, Frontend, Transaction, WriteTransaction } from "../mvcc/index.ts";
import { type RowChangesOptions, rowChanges, type TableChanges } from "./row-changes.ts";
import type { SqlParameter, SqlParameters } from "./run/arguments.ts";
import { openSql, type SqlSession, type TableDescription } from "./session.ts";
import type { RunResult, SqlRow, Statement } from "./statement.ts";
import { snapshotSession, transactionSession } from "./transaction-store.ts";
import type { SqlValue } from "./value/value.ts";

/** What a statement's parameters are given as: one after the other, or one object with those that have names. */
export type ParametersOf<Parameters> = Parameters extends SqlParameters ? Parameters : readonly [Parameters];

/** A prepared statement. `Row` is what a row is to the caller: an object unless `raw` or `pluck` was called. */
export interface SqlStatement<Parameters = SqlParameters, Row = SqlRow> {
  /** The text that it was prepared from. */
  readonly source: string;
  /** Whether it gives rows; if not it is for `run`. */
  readonly reader: boolean;
  /** The names of the result's columns. */
  readonly columns: readonly string[];
  /** All rows. */
  all(...parameters: ParametersOf<Parameters>): Row[];
  /** The first row; undefined where there is none. */
  get(...parameters: ParametersOf<Parameters>): Row | undefined;
  /** Rows one after the other; outside of a transaction over a snapshot of their own, which ends with the loop. */
  iterate(...parameters: ParametersOf<Parameters>): Generator<Row, void, undefined>;
  /** Runs a statement that gives no rows. */
  run(...parameters: ParametersOf<Parameters>): RunResult;
  /** Rows as arrays of values from now on. */
  raw<Values extends readonly unknown[] = SqlValue[]>(): SqlStatement<Parameters, Values>;
  /** The first column's value instead of rows from now on. */
  pluck<Value = SqlValue>(): SqlStatement<Parameters, Value>;
}

/** SQL inside of a transaction, or over a snapshot. */
export interface Sql {
  /** Runs a statement and gives its rows. What stands in `${}` are parameters. */
  <Row = SqlRow>(text: TemplateStringsArray, ...parameters: SqlParameter[]): Row[];
  /**
   * A statement to run as often as you like; the same text is prepared once. Throws INVALID with the place of what is wrong, or
   * UNSUPPORTED.
   *
   *     const named = db.sql.prepare<[name: string], { id: number }>("SELECT id FROM users WHERE name = ?");
   */
  prepare<Parameters = SqlParameters, Row = SqlRow>(text: string): SqlStatement<Parameters, Row>;
  /** Runs all statements of a text, without parameters; rows that they give are dropped. */
  exec(text: string): RunResult;
  /** The tables there are, by name. */
  tables(): readonly TableDescription[];
  /**
   * For how long a statement may run, in milliseconds, before it is ended with FULL and has changed nothing; Infinity unless set.
   * The database's, and each transaction's and snapshot's own.
   */
  timeLimitMs: number;
}

export interface DatabaseSql extends Sql {
  /** Every commit that changed rows since a number, and then as they come: `db.changes` in terms of tables. */
  changes(options?: RowChangesOptions): AsyncGenerator<TableChanges, void, undefined>;
}

/** The frontend that the package's entry adds to databases. */
export const sqlFrontend: Frontend = {
  name: "sql",
  ofDatabase: (database) => databaseSql(database),
  ofTransaction: (transaction) => transactionSql(transaction),
  ofSnapshot: (snapshot) => sqlOf(snapshotSession(snapshot), runInside),
};

function databaseSql(database: Database): DatabaseSql {
  const session = openSql(database, { readOnly: database.store.options.readOnly });
  return Object.assign(sqlOf(session, runWhole), {
    changes: (options: RowChangesOptions = {}) => rowChanges(database, session, options),
  });
}

function transactionSql(transaction: WriteTransaction | Transaction): Sql {
  return sqlOf(transactionSession(transaction), runInside);
}

/** Runs a script, and sees to it that it leaves no transaction behind. */
type RunScript = (session: SqlSession, text: string) => RunResult;

function sqlOf(session: SqlSession, runScript: RunScript): Sql {
  const texts = new WeakMap<TemplateStringsArray, string>();
  function query(strings: TemplateStringsArray, ...parameters: SqlParameter[]): SqlRow[] {
    let text = texts.get(strings);
    if (text === undefined) {
      text = strings.join(" ? ");
      texts.set(strings, text);
    }
    const statement = prepare(text);
    if (statement.reader) {
      return statement.all(...parameters);
    }
    statement.run(...parameters);
    return [];
  }
  function prepare(text: string): Statement {
    const statement = session.prepare(text);
    checkTransaction(statement, runScript === runWhole ? ALL_CONTROL : OUTER_CONTROL);
    return statement;
  }
  const sql = Object.assign(query, {
    prepare,
    exec: (text: string) => runScript(session, text),
    tables: () => session.tables(),
  });
  return Object.defineProperty(sql, "timeLimitMs", {
    enumerable: true,
    get: () => session.timeLimitMs,
    set: (timeLimitMs: number) => {
      session.timeLimitMs = timeLimitMs;
    },
  }) as unknown as Sql;
}

const OUTER_CONTROL: readonly string[] = ["begin", "commit", "rollback"];
const ALL_CONTROL: readonly string[] = [...OUTER_CONTROL, "savepoint", "release", "rollback-to"];

/** A transaction belongs to whoever has opened it. */
function checkTransaction({ parsed }: Statement, refused: readonly string[]): void {
  const { kind } = parsed.statement;
  if (refused.includes(kind)) {
    const word = kind.replace("-", " ").toUpperCase();
    throw new DbError(
      "INVALID",
      `${word} is for scripts that db.sql.exec() runs to their end; a transaction is db.write(), db.transaction() or db.begin()`,
    );
  }
}

/** Inside of a transaction that is not the script's to end. */
function runInside(session: SqlSession, text: string): RunResult {
  let result: RunResult = { changes: 0, lastInsertRowid: 0 };
  for (const statement of session.script(text)) {
    checkTransaction(statement, OUTER_CONTROL);
    result = statement.drain();
  }
  return result;
}

/** A transaction that the script begins has to end with it. */
function runWhole(session: SqlSession, text: string): RunResult {
  let result: RunResult;
  try {
    result = session.exec(text);
  } catch (error) {
    if (session.inTransaction) {
      session.transactions.rollback();
    }
    throw error;
  }
  if (session.inTransaction) {
    session.transactions.rollback();
    throw new DbError("INVALID", "the script left its transaction open, which was rolled back: COMMIT is missing");
  }
  return result;
}
