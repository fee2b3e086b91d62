/**
 * The one error that nacre throws on purpose.
 *
 * `code` is from a closed union, so that a program can decide without reading the message:
 *
 *   CORRUPT      bytes on disk are not what was written there; nothing is guessed or skipped
 *   IO           the operating system refused a read, write or sync
 *   LOCKED       another process (or handle) has the database open for writing
 *   CONFLICT     the transaction met a commit made after its snapshot; run it again
 *   READONLY     a write through a handle, or into a directory, that allows none
 *   CLOSED       use after close
 *   INVALID      the caller's mistake: a bad argument, option, key or value
 *   FULL         a bound was reached: the disk, or a limit that is an option
 *   POISONED     an earlier write or sync failed; close and open again to recover from the log
 *   UNSUPPORTED  not built, or not to be had on this platform
 *
 * The message says what happened, where, and what to do. `facts` carries the same as data
 * (page, offset, key, pid, path, limit). A user's mistake never shares a code with damage.
 * A fired AbortSignal is no DbError: its own `reason` is thrown, as everywhere in Node.
 */
export type DbErrorCode =
  | "CORRUPT"
  | "IO"
  | "LOCKED"
  | "CONFLICT"
  | "READONLY"
  | "CLOSED"
  | "INVALID"
  | "FULL"
  | "POISONED"
  | "UNSUPPORTED";

export type DbErrorFacts = Readonly<Record<string, string | number | boolean | undefined>>;

export class DbError extends Error {
  override readonly name = "DbError";
  readonly code: DbErrorCode;
  readonly facts: DbErrorFacts;

  constructor(code: DbErrorCode, message: string, facts: DbErrorFacts = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }

  /** True where running the same transaction again can succeed. */
  get retryable(): boolean {
    return this.code === "CONFLICT";
  }
}
