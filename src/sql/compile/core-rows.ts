/** What whoever compiles the rows of a core says of them. */
import type { Bound } from "../query/bind/bound.ts";

/** What is wanted of the rows of a core. */
export interface CoreRows {
  /** What is evaluated of a row of the result. */
  readonly bounds: readonly Bound[];
  /** Whether storage is read while one is looked at. */
  readonly isReading: boolean;
  /** It is a single scan that goes on in the next call of the function: what is emitted behind each batch. */
  readonly afterBatch?: (() => void) | undefined;
  /** What `consume` uses of the function; undefined: it stands in the function itself (row-function.ts). */
  readonly names?: readonly string[];
}
