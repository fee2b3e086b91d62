/**
 * Errors as users of abstract-level know them: a `code` that begins with LEVEL_, and the DbError behind it as the cause.
 *
 *     DbError       here                        classic-level has it for
 *     LOCKED        LEVEL_LOCKED                another handle on the directory
 *     CORRUPT       LEVEL_CORRUPTION            damage
 *     IO            LEVEL_IO_ERROR              what the system refused
 *     FULL          LEVEL_IO_ERROR              a full disk
 *     POISONED      LEVEL_IO_ERROR              every write after one that failed
 *     CLOSED        LEVEL_DATABASE_NOT_OPEN
 *     UNSUPPORTED   LEVEL_NOT_SUPPORTED
 *     CONFLICT      LEVEL_SNAPSHOT_NOT_OPEN     (reading: what a snapshot held was taken back)
 *                   LEVEL_CONFLICT              (writing: the map is being loaded)
 *     READONLY      LEVEL_READONLY
 *     INVALID       LEVEL_INVALID
 *
 * What fails while a level opens comes as abstract-level's LEVEL_DATABASE_NOT_OPEN, with one of these as its cause.
 */
import { DbError, type DbErrorCode } from "../errors.ts";

export class LevelError extends Error {
  override readonly name: string;
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    // As the platform has it for what a signal ends.
    this.name = code === "LEVEL_ABORTED" ? "AbortError" : "LevelError";
    this.code = code;
  }
}

const CODES: Readonly<Record<DbErrorCode, string>> = {
  CORRUPT: "LEVEL_CORRUPTION",
  IO: "LEVEL_IO_ERROR",
  LOCKED: "LEVEL_LOCKED",
  CONFLICT: "LEVEL_CONFLICT",
  READONLY: "LEVEL_READONLY",
  CLOSED: "LEVEL_DATABASE_NOT_OPEN",
  INVALID: "LEVEL_INVALID",
  FULL: "LEVEL_IO_ERROR",
  POISONED: "LEVEL_IO_ERROR",
  UNSUPPORTED: "LEVEL_NOT_SUPPORTED",
};

/** What a write or an opening threw, for the caller. */
export function toLevelError(error: unknown): unknown {
  return error instanceof DbError ? new LevelError(CODES[error.code], error.message, { cause: error }) : error;
}

/** What a read threw. */
export function toReadError(error: unknown): unknown {
  return error instanceof DbError && error.code === "CONFLICT"
    ? new LevelError("LEVEL_SNAPSHOT_NOT_OPEN", error.message, { cause: error })
    : toLevelError(error);
}

/** What `read` gives; what it throws as `toReadError` has it. */
export function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw toReadError(error);
  }
}

export function notOpen(): LevelError {
  return new LevelError("LEVEL_DATABASE_NOT_OPEN", "Database is not open");
}
