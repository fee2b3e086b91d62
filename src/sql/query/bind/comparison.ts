/** Comparisons: which side is converted how, and by which collation they compare. */
import { isNumericAffinity } from "../../value/affinity.ts";
import { BIG, INTEGER, NULLABLE, NUMERIC_TYPES, TEXT, typeSet } from "../../value/value.ts";
import type { Bound, BoundComparison, Comparison, Conversion } from "./bound.ts";
import { convertConstant } from "./fold.ts";
import { affinityOf, comparingCollation } from "./traits.ts";

export type ComparisonOperator = Comparison | "is" | "is not";

/** A comparison never answers anything but 0 and 1. */
export const TRUTH: number = typeSet(INTEGER);

export function truthTypes(...parts: readonly Bound[]): number {
  return parts.some((part) => (part.types & NULLABLE) !== 0) ? TRUTH | NULLABLE : TRUTH;
}

/** `left operator right` with its conversions; those of literals are done here. */
export function compare(left: Bound, operator: Comparison, right: Bound): BoundComparison {
  const conversion = conversionBetween(left, right);
  return {
    operator,
    nullSafe: false,
    leftConversion: neededConversion(conversion, left),
    rightConversion: right.kind === "constant" ? undefined : neededConversion(conversion, right),
    collation: comparingCollation(left, right),
    right: convertConstant(right, conversion),
  };
}

function conversionBetween(left: Bound, right: Bound): Conversion {
  const leftAffinity = affinityOf(left);
  const rightAffinity = affinityOf(right);
  if (leftAffinity !== undefined && rightAffinity !== undefined) {
    return isNumericAffinity(leftAffinity) || isNumericAffinity(rightAffinity) ? "NUMERIC" : undefined;
  }
  return conversionOf(leftAffinity ?? rightAffinity);
}

export function conversionOf(affinity: ReturnType<typeof affinityOf>): Conversion {
  return affinity === "TEXT" ? "TEXT" : affinity !== undefined && isNumericAffinity(affinity) ? "NUMERIC" : undefined;
}

/** A conversion that cannot change anything is none: a column's own affinity was applied when it was stored. */
export function neededConversion(conversion: Conversion, side: Bound): Conversion {
  // Of several columns each was stored by its own.
  const affinity = (side.kind === "first" ? undefined : affinityOf(side)) ?? "BLOB";
  if (conversion === "NUMERIC" || conversion === "REAL") {
    const changed = conversion === "REAL" ? typeSet(TEXT, BIG) : typeSet(TEXT);
    return isNumericAffinity(affinity) || (side.types & changed) === 0 ? undefined : conversion;
  }
  return (side.types & NUMERIC_TYPES) === 0 ? undefined : conversion;
}

export function and(left: Bound, right: Bound): Bound {
  return { kind: "logic", types: truthTypes(left, right), operator: "and", left, right };
}

/** Undefined: there are none. */
export function allOf(conditions: readonly (Bound | undefined)[]): Bound | undefined {
  const terms = conditions.filter((condition) => condition !== undefined);
  return terms.length === 0 ? undefined : terms.reduce(and);
}

export function bindComparison(left: Bound, operator: ComparisonOperator, right: Bound): Bound {
  if (operator === "is" || operator === "is not") {
    const comparison = { ...compare(left, operator === "is" ? "=" : "<>", right), nullSafe: true };
    return { kind: "compare", types: TRUTH, left, comparison };
  }
  return { kind: "compare", types: truthTypes(left, right), left, comparison: compare(left, operator, right) };
}
