/** One SELECT or VALUES of a query, as it is bound. */
import type { BoundBody } from "./bound.ts";
import type { Scope } from "./scope.ts";

export interface Part {
  readonly body: BoundBody;
  /** Undefined for VALUES. */
  readonly scope: Scope | undefined;
  readonly aliases: readonly (string | undefined)[];
  /** Completes what ORDER BY has added to: aggregates and windows. */
  readonly complete: () => BoundBody;
}
