/**
 * Bound expressions: names resolved, and for each node the set of types that it can have when it runs.
 *
 * A comparison carries the affinity that SQLite applies to either side first; a literal has had it applied already.
 * In a query that groups, the expressions behind the grouping refer to it by `group` (a key) and `aggregate`; a column
 * that is neither is an aggregate of its own (`bare`): its value in the row that the group stands for.
 */
import type { Column } from "../catalog/schema.ts";
import type { Affinity } from "../value/affinity.ts";
import type { ScalarFunction } from "../value/functions/scalar-function.ts";
import type { SqlValue, Tag, TypeSet } from "../value/value.ts";

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "<<" | ">>" | "||";
export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=";
/** What a comparison does to one side before it compares; undefined: nothing. */
export type Conversion = "TEXT" | "NUMERIC" | undefined;

export interface BoundComparison {
  readonly operator: Comparison;
  /** IS and IS NOT: NULL is a value like others. */
  readonly nullSafe: boolean;
  readonly leftConversion: Conversion;
  readonly rightConversion: Conversion;
  readonly right: Bound;
}

export type Bound = { readonly types: TypeSet } /** With an affinity it is a CAST that was worked out. */ & (
  | { readonly kind: "constant"; readonly tag: Tag; readonly value: SqlValue; readonly affinity?: Affinity }
  | { readonly kind: "parameter"; readonly index: number }
  | { readonly kind: "column"; readonly column: Column }
  | { readonly kind: "rowid" }
  | { readonly kind: "unary"; readonly operator: "-" | "+" | "~"; readonly operand: Bound }
  | { readonly kind: "arithmetic"; readonly operator: ArithmeticOperator; readonly left: Bound; readonly right: Bound }
  | { readonly kind: "compare"; readonly left: Bound; readonly comparison: BoundComparison }
  | { readonly kind: "logic"; readonly operator: "and" | "or"; readonly left: Bound; readonly right: Bound }
  | { readonly kind: "not"; readonly operand: Bound }
  | { readonly kind: "null-test"; readonly operand: Bound; readonly negated: boolean }
  /** `x IS TRUE` and its kin: never NULL. */
  | { readonly kind: "truth-test"; readonly operand: Bound; readonly truth: boolean; readonly negated: boolean }
  | {
      readonly kind: "between";
      readonly operand: Bound;
      readonly low: BoundComparison;
      readonly high: BoundComparison;
      readonly negated: boolean;
    }
  | {
      readonly kind: "in";
      readonly operand: Bound;
      readonly list: readonly BoundComparison[];
      readonly negated: boolean;
    }
  | {
      readonly kind: "like";
      readonly operator: "like" | "glob";
      readonly operand: Bound;
      readonly pattern: Bound;
      readonly escape: Bound | undefined;
      readonly negated: boolean;
    }
  | {
      readonly kind: "case";
      /** With an operand every condition is a comparison with it. */
      readonly operand: Bound | undefined;
      readonly branches: readonly { readonly condition: Bound | BoundComparison; readonly result: Bound }[];
      readonly otherwise: Bound;
    }
  | { readonly kind: "cast"; readonly affinity: Affinity; readonly operand: Bound }
  | {
      readonly kind: "call";
      readonly function: ScalarFunction;
      readonly list: readonly Bound[];
      /** Where it stands in the statement, for a function of which two calls are never the same. */
      readonly site: number | undefined;
    }
  /** coalesce: the first that is not NULL. */
  | { readonly kind: "first"; readonly list: readonly Bound[] }
  | { readonly kind: "extreme"; readonly greatest: boolean; readonly list: readonly Bound[] }
  | { readonly kind: "nullif"; readonly left: Bound; readonly comparison: BoundComparison }
  | { readonly kind: "group"; readonly index: number; readonly key: Bound }
  | { readonly kind: "aggregate"; readonly index: number; readonly aggregate: Aggregate }
);

export type AggregateName = "count" | "sum" | "total" | "avg" | "min" | "max" | "bare";

export interface Aggregate {
  readonly name: AggregateName;
  /** undefined: `count(*)`. */
  readonly argument: Bound | undefined;
  readonly types: TypeSet;
}

/** A call of the function; `at` is its place in the statement. */
export function callOf(called: ScalarFunction, list: readonly Bound[], at: number): Bound {
  return {
    kind: "call",
    types: called.types,
    function: called,
    list,
    site: called.stability === "call" ? at : undefined,
  };
}

/** The affinity that an expression brings to a comparison; undefined: none. */
export function affinityOf(bound: Bound): Affinity | undefined {
  switch (bound.kind) {
    case "column":
      return bound.column.affinity;
    case "rowid":
      return "INTEGER";
    case "cast":
    case "constant":
      return bound.affinity;
    case "group":
      return affinityOf(bound.key);
    case "aggregate":
      return bound.aggregate.name === "bare" ? affinityOf(bound.aggregate.argument!) : undefined;
    default:
      return undefined;
  }
}

/** The same expression with `change` applied to each of its direct parts. */
export function mapParts(bound: Bound, change: (part: Bound) => Bound): Bound {
  const compared = (comparison: BoundComparison): BoundComparison => ({
    ...comparison,
    right: change(comparison.right),
  });
  switch (bound.kind) {
    case "unary":
    case "not":
    case "null-test":
    case "truth-test":
    case "cast":
      return { ...bound, operand: change(bound.operand) };
    case "arithmetic":
    case "logic":
      return { ...bound, left: change(bound.left), right: change(bound.right) };
    case "compare":
    case "nullif":
      return { ...bound, left: change(bound.left), comparison: compared(bound.comparison) };
    case "between":
      return { ...bound, operand: change(bound.operand), low: compared(bound.low), high: compared(bound.high) };
    case "in":
      return { ...bound, operand: change(bound.operand), list: bound.list.map(compared) };
    case "like": {
      const escaping = bound.escape === undefined ? undefined : change(bound.escape);
      return { ...bound, operand: change(bound.operand), pattern: change(bound.pattern), escape: escaping };
    }
    case "case":
      return {
        ...bound,
        operand: bound.operand === undefined ? undefined : change(bound.operand),
        branches: bound.branches.map(({ condition, result }) => ({
          condition: isComparison(condition) ? compared(condition) : change(condition),
          result: change(result),
        })),
        otherwise: change(bound.otherwise),
      };
    case "call":
    case "first":
    case "extreme":
      return { ...bound, list: bound.list.map(change) };
    default:
      return bound;
  }
}

export function isComparison(condition: Bound | BoundComparison): condition is BoundComparison {
  return "nullSafe" in condition;
}

/** Calls `visit` for the expression and everything in it. */
export function visitAll(bound: Bound, visit: (part: Bound) => void): void {
  visit(bound);
  mapParts(bound, (part) => {
    visitAll(part, visit);
    return part;
  });
}

const signatures = new WeakMap<Bound, string>();

/**
 * A text that two expressions share exactly if they are the same: what GROUP BY terms are found again by. Two calls of
 * `random()` are not, for they stand at two places.
 */
export function signature(bound: Bound): string {
  let text = signatures.get(bound);
  if (text === undefined) {
    text = JSON.stringify(bound, signatureField);
    signatures.set(bound, text);
  }
  return text;
}

function signatureField(field: string, value: unknown): unknown {
  if (typeof value === "bigint") {
    return `${value}n`;
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value).toString("hex");
  }
  if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0))) {
    return `${Object.is(value, -0) ? "-0" : value}r`;
  }
  return field === "column" ? (value as Column).index : field === "function" ? (value as ScalarFunction).name : value;
}
