/** What a scalar function is to the binder and to compiled code. */
import type { TypeSet } from "../value.ts";

/**
 * How long an answer to the same arguments holds.
 *
 *   forever     it depends on the arguments alone
 *   statement   also on the time, the time zone or the session: one answer within a statement
 *   call        on chance, or on what the statement itself changes: two calls are never the same
 */
export type Stability = "forever" | "statement" | "call";

export interface ScalarFunction {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  /** What it may answer. */
  readonly types: TypeSet;
  readonly stability: Stability;
  /** Takes `(tag, value)` pairs, leaves its answer in `answer`. */
  readonly call: (...pairs: never[]) => void;
}

/** A function whose answer depends on its arguments alone. */
export function pure(
  name: string,
  minimum: number,
  maximum: number,
  types: TypeSet,
  call: ScalarFunction["call"],
): ScalarFunction {
  return { name, minimum, maximum, types, stability: "forever", call };
}

/** SQLite's bound on the arguments of any function. */
export const MOST_ARGUMENTS = 1000;
