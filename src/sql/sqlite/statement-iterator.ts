/** The rows of a statement, one `next()` after the other; until it is at its end the statement is locked. */
import { toSqliteError } from "./error-code.ts";
import type { ConnectionState } from "./state.ts";

/** The statement, as its iterator knows it. */
export interface Iterated<Row> {
  readonly state: ConnectionState;
  /** Before the first row. */
  readonly log: () => void;
  readonly rows: Iterator<unknown, void, undefined>;
  readonly make: (row: unknown) => Row;
  readonly unlock: () => void;
}

export class StatementIterator<Row, Statement> implements IterableIterator<Row, undefined> {
  readonly statement: Statement;
  readonly #iterated: Iterated<Row>;
  #isAlive: boolean;
  #isLogged: boolean;

  constructor(statement: Statement, iterated: Iterated<Row>) {
    this.statement = statement;
    this.#iterated = iterated;
    this.#isAlive = true;
    this.#isLogged = false;
  }

  next(): IteratorResult<Row, undefined> {
    const { state, rows, make, log } = this.#iterated;
    state.requireNotBusy();
    if (!this.#isAlive) {
      return { value: undefined, done: true };
    }
    state.isBusy = true;
    let result: IteratorResult<unknown, void>;
    try {
      if (!this.#isLogged) {
        this.#isLogged = true;
        log();
      }
      result = rows.next();
    } catch (error) {
      this.#end();
      throw toSqliteError(error);
    } finally {
      state.isBusy = false;
    }
    if (result.done === true) {
      this.#end();
      return { value: undefined, done: true };
    }
    return { value: make(result.value), done: false };
  }

  return(): IteratorResult<Row, undefined> {
    this.#iterated.state.requireNotBusy();
    if (this.#isAlive) {
      this.#end();
    }
    return { value: undefined, done: true };
  }

  [Symbol.iterator](): this {
    return this;
  }

  #end(): void {
    this.#isAlive = false;
    this.#iterated.rows.return?.();
    this.#iterated.unlock();
  }
}
