/** What an expression brings to a comparison: its affinity and its collation. */

import type { Affinity } from "../../value/affinity.ts";
import type { Collation } from "../../value/collation.ts";
import type { Bound, BoundBody, Source } from "./bound.ts";
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
      return bringsCollation(bound)
        ? { collation: bound.column.collation, isExplicit: isCall(bound.source) }
        : undefined;
    case "cast":
      return collationOf(bound.operand);
    case "unary":
      return bound.operator === "+" ? collationOf(bound.operand) : explicitIn(bound);
    case "constant":
    case "parameter":
      return undefined;
    case "scalar-query": {
      const { columns } = lastCore(bound.query.body);
      // A query of one column is a value without a collation; of several each column brings its own.
      return columns.length === 1 ? undefined : collationOf(columns[bound.column]!.value);
    }
    default:
      return explicitIn(bound);
  }
}

/** What aggregates and window functions give is no column to SQLite, but a call. */
function isCall({ origin }: Source): boolean {
  return origin.kind === "groups" || origin.kind === "windows";
}

/** Of a call, only a COLLATE among its arguments counts; of a compound's column, only what one of its parts brings. */
function bringsCollation({ source, column }: Extract<Bound, { kind: "column" }>): boolean {
  switch (source.origin.kind) {
    case "groups":
    case "windows":
    case "result":
      return column.collation !== undefined;
    default:
      return true;
  }
}

/** The COLLATE of the first argument that has one. */
export function explicitAmong(list: readonly Bound[]): Collation | undefined {
  for (const part of list) {
    const choice = collationOf(part);
    if (choice?.isExplicit === true) {
      return choice.collation;
    }
  }
  return undefined;
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
