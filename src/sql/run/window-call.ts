/** What a table of rows is asked to work out: calls of window functions, and their windows. */
import type { Collation } from "../value/collation.ts";
import type { AggregateFunction, WindowFunction } from "./aggregate-function.ts";
import type { FrameEnd, FrameExclusion, FrameUnit } from "./window-frame.ts";

/** A column that a window is partitioned or ordered by. */
export interface WindowKey {
  readonly place: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation: Collation | undefined;
}

/** Windows that are alike are one object. */
export interface TableWindow {
  readonly partition: readonly WindowKey[];
  readonly ordering: readonly WindowKey[];
}

export interface TableCall {
  readonly function: AggregateFunction | WindowFunction;
  /** Of the first argument. */
  readonly collation: Collation | undefined;
  readonly window: TableWindow;
  readonly unit: FrameUnit;
  readonly exclusion: FrameExclusion;
  /** The columns with its arguments. */
  readonly list: readonly number[];
  /** The column that is 1 where FILTER lets the row in; −1: all are in. */
  readonly filter: number;
}

export interface FrameEnds {
  readonly start: FrameEnd;
  readonly end: FrameEnd;
}
