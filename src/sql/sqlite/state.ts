/**
 * What a Database and its Statements share: whether the connection is open, what it is doing, and the session behind it.
 *
 *   busy        a statement runs: the application's code is inside one of its functions, and may not use the connection
 *   iterators   that are not at their end: what writes must wait for them, unless in unsafe mode
 */
import { type Clock, systemClock } from "../../clock.ts";
import type { SqlSession, Statement as SqlStatement } from "../index.ts";
import type { Arguments } from "../run/arguments.ts";
import { toSqliteError } from "./error-code.ts";
import { expandedText } from "./expanded-text.ts";
import { whileLocked } from "./patience.ts";

export type Logger = (message?: unknown, ...parameters: unknown[]) => void;

export class ConnectionState {
  readonly session: SqlSession;
  readonly clock: Clock;
  readonly #verbose: Logger | undefined;
  isOpen: boolean;
  isBusy: boolean;
  iterators: number;
  isUnsafe: boolean;
  /** What new statements and functions do with INTEGERs. */
  safeIntegers: boolean;

  constructor(session: SqlSession, { verbose }: { readonly verbose: Logger | undefined }) {
    this.session = session;
    this.clock = systemClock;
    this.#verbose = verbose;
    this.isOpen = true;
    this.isBusy = false;
    this.iterators = 0;
    this.isUnsafe = false;
    this.safeIntegers = false;
  }

  requireOpen(): void {
    if (!this.isOpen) {
      throw new TypeError("The database connection is not open");
    }
  }

  requireNotBusy(): void {
    if (this.isBusy) {
      throw new TypeError("This database connection is busy executing a query");
    }
  }

  requireNoIterators(): void {
    if (this.iterators > 0) {
      throw new TypeError("This database connection is busy executing a query");
    }
  }

  requireNoIteratorsUnlessUnsafe(): void {
    if (!this.isUnsafe) {
      this.requireNoIterators();
    }
  }

  /** Runs something during which the application may not use the connection. nacre's errors come out as SQLite's. */
  whileBusy<T>(work: () => T): T {
    this.isBusy = true;
    try {
      return work();
    } catch (error) {
      throw toSqliteError(error);
    } finally {
      this.isBusy = false;
    }
  }

  /**
   * Runs something that has done nothing where it finds the database locked: then it is tried again, until the timeout is over.
   */
  patiently<T>(work: () => T): T {
    return whileLocked(this.clock, this.session.timeoutMs, work);
  }

  /** Shows the statement that runs next to whoever asked for it. */
  log(statement: SqlStatement, values: Arguments | undefined): void {
    const verbose = this.#verbose;
    if (verbose !== undefined) {
      verbose(expandedText(statement.parsed, values));
    }
  }

  /** The same for a statement that there is no text of. */
  logText(text: string): void {
    const verbose = this.#verbose;
    if (verbose !== undefined) {
      verbose(text);
    }
  }
}
