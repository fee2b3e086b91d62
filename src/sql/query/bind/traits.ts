/** What an expression brings to a comparison: its affinity and its collation. */

import type { Affinity } from "../../value/affinity.ts";
import type { Collation } from "../../value/collation.ts";
import { ANY_TYPE, BLOB, NUMERIC_TYPES, TEXT, type TypeSet, typeSet } from "../../value/value.ts";
import type { Bound, BoundBody } from "./bound.ts";
import { forEachPart } from "./walk.ts";

/** Undefined: none. */
export function affinityOf(bound: Bound): Affinity | undefined {
  switch (bound.kind) {
    case "column":
      return bound.column.affinity;
    case "cast":
    case "constant":
    case "first":
      return bound.affinity;
    case "collate":
      return affinityOf(bound.operand);
    case "scalar-query":
      return affinityOf(lastCore(bound.query.body).columns[bound.column]!.value);
    default:
      return undefined;
  }
}

/** The part of a compound that says what its columns are. */
export function firstCore(body: BoundBody): Exclude<BoundBody, { kind: "compound" | "recursion" }> {
  return body.kind === "compound" ? firstCore(body.left) : body.kind === "recursion" ? firstCore(body.initial) : body;
}

/** The part of a compound that says, to SQLite, how it compares where it is an operand. */
export function lastCore(body: BoundBody): Exclude<BoundBody, { kind: "compound" | "recursion" }> {
  return body.kind === "compound" ? lastCore(body.right) : body.kind === "recursion" ? lastCore(body.initial) : body;
}

/**
 * The affinity of a column of a query in FROM: that of the first part that has one, unless a part may give values that it would
 * change; then the column is taken as it is. Of several parts, each counts that comes before that one or after it.
 */
export function columnAffinity(body: BoundBody, column: number): Affinity | undefined {
  const cores = partsOf(body);
  const parts = cores.map(({ columns }) => columns[column]!.value);
  const decider = parts.findIndex((part) => affinityOf(part) !== undefined);
  if (decider < 0) {
    return undefined;
  }
  const affinity = affinityOf(parts[decider]!)!;
  if (affinity === "BLOB") {
    return affinity;
  }
  const changed = affinity === "TEXT" ? NUMERIC_TYPES : typeSet(TEXT);
  const others = cores.filter((_, index) => index !== decider);
  if (others.some((core) => (expectedOf(core, column) & changed) !== 0)) {
    return "BLOB";
  }
  return affinity !== "TEXT" && isCast(parts[0]!) ? "NUMERIC" : affinity;
}

/** One of literals has been worked out. */
function isCast(bound: Bound): boolean {
  return bound.kind === "cast" || (bound.kind === "constant" && bound.affinity !== undefined);
}

function partsOf(body: BoundBody): Exclude<BoundBody, { kind: "compound" | "recursion" }>[] {
  switch (body.kind) {
    case "compound":
      return [...partsOf(body.left), ...partsOf(body.right)];
    case "recursion":
      return [...partsOf(body.initial), ...body.steps];
    default:
      return [body];
  }
}

/** Several rows of values are a table of their own to SQLite, unless the first has affinities. */
function expectedOf(core: ReturnType<typeof firstCore>, column: number): TypeSet {
  const isTable = core.kind === "values" && core.rows.length > 1;
  return isTable && core.rows[0]!.every((value) => affinityOf(value) === undefined)
    ? ANY_TYPE
    : expectedTypes(core.columns[column]!.value);
}

/** The types that SQLite expects of an expression by its form. */
function expectedTypes(bound: Bound): TypeSet {
  switch (bound.kind) {
    case "constant":
      return bound.affinity === undefined ? bound.types : expectedByAffinity(bound);
    case "collate":
      return expectedTypes(bound.operand);
    case "unary":
      return bound.operator === "+" ? expectedTypes(bound.operand) : NUMERIC_TYPES;
    case "arithmetic":
      return bound.operator === "||" ? typeSet(TEXT, BLOB) : NUMERIC_TYPES;
    case "column":
    case "scalar-query":
    case "cast":
      return expectedByAffinity(bound);
    case "case":
      return [...bound.branches.map(({ result }) => result), bound.otherwise].reduce(
        (types, part) => types | expectedTypes(part),
        0,
      );
    case "parameter":
    case "call":
    case "first":
    case "extreme":
    case "nullif":
    case "like":
      return ANY_TYPE;
    default:
      return NUMERIC_TYPES;
  }
}

/** Of what has an affinity: what it stands for. */
function expectedByAffinity(bound: Bound): TypeSet {
  const affinity = affinityOf(bound);
  return affinity === undefined || affinity === "BLOB"
    ? ANY_TYPE
    : affinity === "TEXT"
      ? typeSet(TEXT, BLOB)
      : NUMERIC_TYPES | typeSet(BLOB);
}

export interface CollationChoice {
  readonly collation: Collation | undefined;
  /** By COLLATE, which goes before what a column says. */
  readonly isExplicit: boolean;
}

/** The collation that an expression brings; undefined: none, so that the other side's counts. */
export function collationOf(bound: Bound): CollationChoice | undefined {
  switch (bound.kind) {
    case "collate":
      return { collation: bound.collation, isExplicit: true };
    case "column":
      return bringsCollation(bound) ? { collation: bound.column.collation, isExplicit: false } : undefined;
    case "cast":
      return collationOf(bound.operand);
    case "unary":
      return bound.operator === "+" ? collationOf(bound.operand) : explicitIn(bound);
    case "constant":
    case "parameter":
      return undefined;
    default:
      return explicitIn(bound);
  }
}

/** What aggregates and window functions give is no column to SQLite; of a compound's, only what one of its parts brings. */
function bringsCollation({ source, column }: Extract<Bound, { kind: "column" }>): boolean {
  switch (source.origin.kind) {
    case "groups":
    case "windows":
      return false;
    case "result":
      return column.collation !== undefined;
    default:
      return true;
  }
}

/** A COLLATE somewhere inside counts for the whole. */
function explicitIn(bound: Bound): CollationChoice | undefined {
  let found: CollationChoice | undefined;
  forEachPart(bound, (part) => {
    const choice = found === undefined ? collationOf(part) : undefined;
    found ??= choice?.isExplicit === true ? choice : undefined;
  });
  return found;
}

/** The collation by which two expressions are compared: the left one's goes before the right one's. */
export function comparingCollation(left: Bound, right: Bound): Collation | undefined {
  const ofLeft = collationOf(left);
  const ofRight = collationOf(right);
  if (ofLeft?.isExplicit === true || (ofLeft !== undefined && ofRight?.isExplicit !== true)) {
    return ofLeft.collation;
  }
  return ofRight?.collation;
}
