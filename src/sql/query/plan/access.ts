/**
 * Ways to the rows of a table: through its key, or through the key of an index, which leads to it.
 *
 *   all     from one end to the other
 *   point   every column of a unique key equals something: one row at the most
 *   range   the first columns equal something, the next one is bounded on either side or not at all
 *   list    as `point` or `range`, for one value after the other of what the last column is IN
 *   union   the rows that any of several ways leads to, each once
 *
 * What the columns are compared with is known when the way is begun: it may be columns of sources that are on a row then. Order
 * and equality of keys are those of comparison (key.ts), so what a way takes care of is not tested again.
 */

import type { Index } from "../../catalog/schema.ts";
import type { KeyOrder } from "../../key.ts";
import type { Bound, BoundQuery, Conversion } from "../bind/bound.ts";

/** A value, and what is done to it before it is compared. */
export interface KeyPart {
  readonly value: Bound;
  readonly conversion: Conversion;
  /** IS: NULL finds NULL. */
  readonly nullSafe: boolean;
}

export interface RangeEnd {
  readonly value: Bound;
  readonly conversion: Conversion;
  readonly inclusive: boolean;
}

export interface KeyAccess {
  readonly kind: "key";
  /** Undefined: the table's own key. */
  readonly index: Index | undefined;
  /** Of each column of the key, as far as they are used. */
  readonly orders: readonly KeyOrder[];
  /** What the first columns equal. */
  readonly prefix: readonly KeyPart[];
  /** The values that the column behind them is in, one after the other. */
  readonly list: KeyList | undefined;
  /** Of the next column. */
  readonly lower: RangeEnd | undefined;
  readonly upper: RangeEnd | undefined;
  /** There is no more than one row for each value of the list. */
  readonly isPoint: boolean;
  readonly reverse: boolean;
}

/** In the order of the key, each once, NULL left out. */
export type KeyList =
  | { readonly kind: "values"; readonly values: readonly KeyPart[] }
  | { readonly kind: "query"; readonly query: BoundQuery; readonly conversion: Conversion };

export type Access = KeyAccess | { readonly kind: "union"; readonly parts: readonly KeyAccess[] };
