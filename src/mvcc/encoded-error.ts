/** What went wrong in another thread, as a message. */
import { DbError, type DbErrorCode, type DbErrorFacts } from "../errors.ts";

export interface EncodedError {
  readonly code: DbErrorCode;
  readonly message: string;
  readonly facts: DbErrorFacts;
  readonly cause: unknown;
}

export function encodeError(error: unknown): EncodedError {
  const { code, message, facts } =
    error instanceof DbError
      ? error
      : new DbError("IO", `the checkpoint failed: ${error instanceof Error ? error.message : String(error)}`);
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code, message, facts, cause };
}

export function decodeError({ code, message, facts, cause }: EncodedError): DbError {
  return new DbError(code, message, facts, { cause });
}
