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
  /**
   * The same where the first argument is text that lies as UTF-8 in bytes `[start, end)`: it is read in place. A function that
   * has this keeps nothing of a blob either, so `call` gets one where it lies.
   */
  readonly callInPlace?: (bytes: Uint8Array, start: number, end: number, ...pairs: never[]) => void;
  /** Which arguments, counted from 0, are JSON where a function of JSON made them, and SQL values elsewhere. */
  readonly takesJson?: (index: number) => boolean;
  /** The same function for such an argument: what it answers as JSON text, this one answers as JSONB. */
  readonly nested?: ScalarFunction;
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

/** As the most arguments of a function: as many as the parser lets through. */
export const ANY_NUMBER: number = Number.POSITIVE_INFINITY;
