/**
 * What a running statement gives its functions apart from their arguments: the time, chance, and what the session has
 * changed so far.
 *
 * `current` is set whenever a statement starts or goes on (`iterate` goes on after others have run), so it is always that
 * of the statement whose code runs. The time is read at most once a statement: `now` is the same in all of its rows.
 */
import { assert } from "../../assert.ts";
import type { Clock } from "../../clock.ts";
import { DbError } from "../../errors.ts";
import type { Rng } from "../../random.ts";

export interface Surroundings {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Rows changed by the statement that wrote last. */
  changes: number;
  /** Rows changed since the session began. */
  readonly totalChanges: number;
  readonly lastRowid: number | bigint;
  /** Milliseconds since 1970 as the statement has read them; NaN until it asks. */
  nowMs: number;
}

interface Holder {
  current: Surroundings | undefined;
  /** What the function that runs must not do here, by asking for the time or its zone; undefined: it may. */
  refused: string | undefined;
}

export const surroundings: Holder = { current: undefined, refused: undefined };

/** The time, or the zone of the process, is asked for: INVALID where that would be kept. */
export function requireMoment(): void {
  if (surroundings.refused !== undefined) {
    throw new DbError("INVALID", surroundings.refused);
  }
}

/** Those of the statement that runs. */
export function surroundingsOf(): Surroundings {
  assert(surroundings.current !== undefined, "functions run in a statement");
  return surroundings.current;
}

/** The time of the statement that runs, in milliseconds since 1970. */
export function statementNow(): number {
  const current = surroundingsOf();
  if (Number.isNaN(current.nowMs)) {
    current.nowMs = current.clock.now();
  }
  return current.nowMs;
}
