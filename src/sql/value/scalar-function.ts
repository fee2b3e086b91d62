/** What a scalar function is to the binder and to compiled statements. */
import type { TypeSet } from "./value.ts";

export interface ScalarFunction {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  /** What it may answer. */
  readonly types: TypeSet;
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
