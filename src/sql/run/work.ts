/**
 * A look, now and then, at whether a statement that runs is to go on: what goes through rows counts them, and every so many of them
 * the session whose statement it is is asked, which ends the statement by throwing.
 *
 * Counted are the rows of every batch and of what makes rows by itself (recursions, table functions, results in memory), so that no
 * statement runs for long without. A count costs a subtraction.
 */
import { stopwatch } from "../../clock.ts";
import { DbError } from "../../errors.ts";

interface Work {
  /** Rows until the next look; infinitely many where nobody wants to look. */
  left: number;
  look: (() => void) | undefined;
}

/** Some milliseconds of the interpreter's. */
const ROWS_PER_LOOK = 20_000;

export const work: Work = { left: Number.POSITIVE_INFINITY, look: undefined };

/** A statement begins, or goes on; `look` is its session's. */
export function beginWork(look: (() => void) | undefined): void {
  work.look = look;
  work.left = look === undefined ? Number.POSITIVE_INFINITY : ROWS_PER_LOOK;
}

/** A look that ends a statement which runs for longer than that, after another look. */
export function lookWithin(limitMs: number, look: (() => void) | undefined): () => void {
  const startedAtMs = stopwatch();
  return () => {
    look?.();
    const ms = Math.round(stopwatch() - startedAtMs);
    if (ms > limitMs) {
      throw new DbError("FULL", `the statement was ended after ${ms} ms: it may take ${limitMs} (timeLimitMs)`, {
        timeLimitMs: limitMs,
      });
    }
  };
}

/** So many rows were looked at. Throws what the session throws. */
export function countWork(rows: number): void {
  work.left -= rows;
  if (work.left < 0) {
    work.left = ROWS_PER_LOOK;
    work.look?.();
  }
}
