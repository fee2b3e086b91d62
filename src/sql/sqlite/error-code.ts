/**
 * nacre's errors as SQLite's.
 *
 * A DbError about a statement begins with SQLite's words and goes on with the place and an excerpt; applications that match
 * messages know the words alone, so the rest becomes properties. The DbError itself is the `cause`.
 */
import { DbError } from "../../errors.ts";
import { SqliteError } from "./sqlite-error.ts";

/** Where nacre's words go on behind SQLite's. */
const SHORTENED: readonly (readonly [RegExp, string])[] = [
  [/^datatype mismatch/, "datatype mismatch"],
  [/^database or disk is full/, "database or disk is full"],
  [/^integer overflow/, "integer overflow"],
  [/^string or blob too big/, "string or blob too big"],
];

/** What a statement or a database threw, as better-sqlite3 would throw it. Errors that are not nacre's are passed on. */
export function toSqliteError(error: unknown): unknown {
  if (!(error instanceof DbError)) {
    return error;
  }
  const { line, column, offset } = error.facts as Readonly<Record<string, number | undefined>>;
  const { code, message } = translated(error);
  return new SqliteError(message, code, { line, column, offset, cause: error });
}

function translated(error: DbError): { code: string; message: string } {
  const message = wordsOf(error);
  switch (error.code) {
    case "CORRUPT":
      return { code: "SQLITE_CORRUPT", message };
    case "IO":
    case "POISONED":
      return { code: "SQLITE_IOERR", message };
    case "LOCKED":
      return { code: "SQLITE_BUSY", message: "database is locked" };
    case "CONFLICT":
      return { code: "SQLITE_BUSY_SNAPSHOT", message: "database is locked" };
    case "READONLY":
      return { code: "SQLITE_READONLY", message: "attempt to write a readonly database" };
    case "CLOSED":
      return { code: "SQLITE_MISUSE", message };
    case "FULL":
      if (error.facts.timeLimitMs !== undefined) {
        return { code: "SQLITE_INTERRUPT", message: "interrupted" };
      }
      return { code: message === "string or blob too big" ? "SQLITE_TOOBIG" : "SQLITE_FULL", message };
    default:
      return { code: codeOf(error, message), message };
  }
}

function codeOf({ facts }: DbError, message: string): string {
  return typeof facts.sqlite === "string"
    ? facts.sqlite
    : message === "datatype mismatch"
      ? "SQLITE_MISMATCH"
      : "SQLITE_ERROR";
}

/** Without the place and the excerpt. */
function wordsOf({ message, facts }: DbError): string {
  const { line, column } = facts;
  const end = line === undefined ? -1 : message.lastIndexOf(` at line ${line}, column ${column}\n`);
  const words = end < 0 ? message : message.slice(0, end);
  return SHORTENED.find(([pattern]) => pattern.test(words))?.[1] ?? words;
}
