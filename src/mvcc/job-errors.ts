/**
 * What checkpoint jobs met, until whoever waits for their work has been told, or a later job did it.
 *
 * Writers and checkpoints get on without compactions: what one met is for those who ask for compactions, and for the
 * statistics.
 */
import { DbError } from "../errors.ts";

export class JobErrors {
  #last: unknown;
  #lastOfCompactions: unknown;
  /** No job follows that could do the work after all. */
  #isFinal: boolean;

  constructor() {
    this.#last = undefined;
    this.#lastOfCompactions = undefined;
    this.#isFinal = false;
  }

  /** For statistics. */
  get text(): string | undefined {
    const error = this.#last ?? this.#lastOfCompactions;
    return error === undefined ? undefined : String(error);
  }

  succeeded(isCompaction: boolean): void {
    this.#last = undefined;
    this.#lastOfCompactions = isCompaction ? undefined : this.#lastOfCompactions;
  }

  failed(error: unknown, isCompaction: boolean): void {
    if (isCompaction) {
      this.#lastOfCompactions = error;
    } else {
      this.#last = error;
    }
  }

  /** Told to everybody from now on, unless there is another already. */
  poisoned(cause: unknown): void {
    this.#last ??= cause;
    this.#isFinal = true;
  }

  /** Throws what keeps frozen memtables from getting into pages. */
  throwIfStuck(): void {
    const cause = this.#last;
    if (cause !== undefined) {
      this.#last = this.#isFinal ? cause : undefined;
      throw failed(cause);
    }
  }

  /** Throws what keeps runs from being compacted. */
  throwIfNotCompacting(): void {
    const cause = this.#lastOfCompactions;
    if (cause !== undefined) {
      this.#lastOfCompactions = undefined;
      throw failed(cause);
    }
  }
}

function failed(cause: unknown): DbError {
  return cause instanceof DbError
    ? cause
    : new DbError("IO", `the checkpoint failed: ${String(cause)}; what was committed is in the log`, {}, { cause });
}

/** For those who wait for a job of a database that is closed. */
export function closed(): DbError {
  return new DbError("CLOSED", "the database is closed; open it again");
}
