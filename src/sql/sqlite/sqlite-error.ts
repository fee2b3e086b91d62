/** The error that better-sqlite3's users know: SQLite's words and SQLite's code. */
import { callable } from "./callable.ts";

export interface SqliteErrorFacts {
  /** Where in the text of the statement: the offset from its start, line and column from 1. */
  readonly offset?: number | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** nacre's own error, which says more. */
  readonly cause?: unknown;
}

class SqliteErrorClass extends Error {
  readonly code: string;
  declare readonly offset?: number;
  declare readonly line?: number;
  declare readonly column?: number;

  constructor(message: string, code: string, facts: SqliteErrorFacts = {}) {
    if (typeof code !== "string") {
      throw new TypeError("Expected second argument to be a string");
    }
    const { offset, line, column, cause } = facts;
    super(`${message}`, cause === undefined ? undefined : { cause });
    this.code = code;
    if (offset !== undefined) {
      Object.assign(this, { offset, line, column });
    }
  }
}

Object.defineProperty(SqliteErrorClass.prototype, "name", {
  value: "SqliteError",
  writable: true,
  enumerable: false,
  configurable: true,
});

export type SqliteError = SqliteErrorClass;

export interface SqliteErrorConstructor {
  new (message: string, code: string, facts?: SqliteErrorFacts): SqliteError;
  (message: string, code: string): SqliteError;
  readonly prototype: SqliteError;
}

export const SqliteError: SqliteErrorConstructor = callable(SqliteErrorClass);
