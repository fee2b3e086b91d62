/** The terms of an AND, and what can be read off them: which sources they read, which column they compare with what. */

import type { Collation } from "../../value/collation.ts";
import type { Bound, BoundComparison, BoundQuery, Comparison, Conversion, Source } from "../bind/bound.ts";
import { truthTypes } from "../bind/comparison.ts";
import { asksQueries, isSame, sourcesReadBy, visitAll } from "../bind/walk.ts";

export class Conjunct {
  readonly bound: Bound;
  #sources: ReadonlySet<Source> | undefined;

  constructor(bound: Bound) {
    this.bound = bound;
    this.#sources = undefined;
  }

  /** What it reads, of whatever query. Of a single table nobody asks. */
  get sources(): ReadonlySet<Source> {
    this.#sources ??= sourcesReadBy(this.bound);
    return this.#sources;
  }
}

/** The terms that conditions are an AND of. */
export function conjunctsOf(...conditions: readonly (Bound | undefined)[]): Conjunct[] {
  const conjuncts: Conjunct[] = [];
  for (const condition of conditions) {
    if (condition !== undefined) {
      for (const term of termsOf(condition, "and")) {
        conjuncts.push(new Conjunct(term));
      }
    }
  }
  return conjuncts;
}

/**
 * The same, with what stands in every alternative of an OR as terms of their own (`(a AND b) OR (a AND c)` is `a AND (b OR c)`), and
 * with what alternatives say of one source alone: `(t.a = 1 AND u.a = 2) OR (t.a = 3 AND u.a = 4)` also needs `t.a = 1 OR t.a = 3`,
 * which leaves fewer rows of t to be joined. As truth goes, for WHERE and ON: what is NULL and what is false are one.
 */
export function factoredConjunctsOf(...conditions: readonly (Bound | undefined)[]): Conjunct[] {
  const conjuncts = conjunctsOf(...conditions);
  return conjuncts.some(({ bound }) => bound.kind === "logic")
    ? conjuncts.flatMap((conjunct) => (conjunct.bound.kind === "logic" ? factored(conjunct) : [conjunct]))
    : conjuncts;
}

function factored(conjunct: Conjunct): Conjunct[] {
  const alternatives = termsOf(conjunct.bound, "or").map((alternative) => conjunctsOf(alternative));
  const [first, ...others] = alternatives;
  const isIn = ({ bound }: Conjunct, terms: readonly Conjunct[]): boolean =>
    terms.some((term) => isSame(term.bound, bound));
  const common = first!.filter((term) => others.every((terms) => isIn(term, terms)));
  const rests = alternatives.map((terms) => terms.filter((term) => !isIn(term, common)));
  if (rests.some((rest) => rest.length === 0)) {
    return common;
  }
  const own =
    common.length === 0
      ? conjunct
      : new Conjunct(
          joined(
            rests.map((rest) => joined(rest, "and")),
            "or",
          ),
        );
  return [...common, ...impliedBy(own, rests), own];
}

/** What must hold of single sources, where the condition reads several. */
function impliedBy({ sources }: Conjunct, alternatives: readonly (readonly Conjunct[])[]): Conjunct[] {
  if (sources.size < 2) {
    return [];
  }
  return [...sources].flatMap((source) => {
    const ofSource = alternatives.map((terms) =>
      terms.filter((term) => term.sources.size === 1 && term.sources.has(source) && isRepeatable(term.bound)),
    );
    return ofSource.some((terms) => terms.length === 0)
      ? []
      : [
          new Conjunct(
            joined(
              ofSource.map((terms) => joined(terms, "and")),
              "or",
            ),
          ),
        ];
  });
}

/** Whether it can be worked out twice: it asks no query, and calls nothing that draws or counts. */
function isRepeatable(bound: Bound): boolean {
  let is = !asksQueries(bound);
  visitAll(bound, (part) => {
    is &&= part.kind !== "call" || part.site === undefined;
  });
  return is;
}

function termsOf(condition: Bound, operator: "and" | "or"): Bound[] {
  const terms: Bound[] = [];
  const open = [condition];
  for (let term = open.pop(); term !== undefined; term = open.pop()) {
    if (term.kind === "logic" && term.operator === operator) {
      open.push(term.right, term.left);
    } else {
      terms.push(term);
    }
  }
  return terms;
}

function joined(terms: readonly (Conjunct | Bound)[], operator: "and" | "or"): Bound {
  const bounds = terms.map((term) => ("bound" in term ? term.bound : term));
  return bounds.reduce((left, right) => ({ kind: "logic", types: truthTypes(left, right), operator, left, right }));
}

/** A column (or another expression over a source) compared with something, as the key of an index may take care of it. */
export type KeyTest = { readonly operand: Bound; readonly collation: Collation | undefined } & (
  | {
      readonly kind: "compare";
      readonly operator: Comparison;
      readonly nullSafe: boolean;
      readonly value: Bound;
      readonly conversion: Conversion;
    }
  | { readonly kind: "between"; readonly low: BoundComparison; readonly high: BoundComparison }
  | { readonly kind: "in"; readonly list: readonly BoundComparison[] }
  | { readonly kind: "in-query"; readonly query: BoundQuery; readonly conversion: Conversion }
  | { readonly kind: "is-null" }
);

const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** What a conjunct asks of expressions over `source`: `a = b` asks something of either side. */
export function keyTests(bound: Bound, source: Source): KeyTest[] {
  const tests: KeyTest[] = [];
  switch (bound.kind) {
    case "compare": {
      const { left, comparison } = bound;
      const { operator, nullSafe, right, leftConversion, rightConversion, collation } = comparison;
      if (leftConversion === undefined && reads(left, source)) {
        const conversion = rightConversion;
        tests.push({ kind: "compare", operand: bare(left), collation, operator, nullSafe, value: right, conversion });
      }
      if (rightConversion === undefined && reads(right, source)) {
        const mirrored = MIRRORED[operator];
        const conversion = leftConversion;
        tests.push({
          kind: "compare",
          operand: bare(right),
          collation,
          operator: mirrored,
          nullSafe,
          value: left,
          conversion,
        });
      }
      break;
    }
    case "between": {
      const { operand, low, high, negated } = bound;
      if (!negated && low.leftConversion === undefined && high.leftConversion === undefined && reads(operand, source)) {
        tests.push({ kind: "between", operand: bare(operand), collation: low.collation, low, high });
      }
      break;
    }
    case "in": {
      const { operand, list, negated } = bound;
      if (!negated && list.every(({ leftConversion }) => leftConversion === undefined) && reads(operand, source)) {
        tests.push({ kind: "in", operand: bare(operand), collation: list[0]?.collation, list });
      }
      break;
    }
    case "in-query": {
      const [test] = bound.tests;
      if (
        !bound.negated &&
        bound.tests.length === 1 &&
        test!.leftConversion === undefined &&
        reads(test!.operand, source)
      ) {
        const { operand, collation, rightConversion: conversion } = test!;
        tests.push({ kind: "in-query", operand: bare(operand), collation, query: bound.query, conversion });
      }
      break;
    }
    case "null-test":
      if (!bound.negated && reads(bound.operand, source)) {
        tests.push({ kind: "is-null", operand: bare(bound.operand), collation: undefined });
      }
      break;
    default:
  }
  return tests;
}

function reads(bound: Bound, source: Source): boolean {
  return bound.kind === "column"
    ? bound.source === source
    : bound.kind !== "constant" && sourcesReadBy(bound).has(source);
}

/** Without COLLATE, which says how it is compared and not what. */
function bare(bound: Bound): Bound {
  return bound.kind === "collate" ? bare(bound.operand) : bound;
}

/** Whether a condition cannot be true where every column of these sources is NULL. */
export function rejectsNulls(bound: Bound, sources: ReadonlySet<Source>): boolean {
  switch (bound.kind) {
    case "compare": {
      const { nullSafe, right } = bound.comparison;
      return !nullSafe && (isNullWith(bound.left, sources) || isNullWith(right, sources));
    }
    case "between":
      return isNullWith(bound.operand, sources);
    case "in":
      return (!bound.negated || bound.list.length > 0) && isNullWith(bound.operand, sources);
    case "like":
      // A blob on either side is no match, even where the other side is NULL.
      return !bound.negated && isNullWith(bound.operand, sources);
    case "null-test":
      return bound.negated && isNullWith(bound.operand, sources);
    case "logic":
      return bound.operator === "and"
        ? rejectsNulls(bound.left, sources) || rejectsNulls(bound.right, sources)
        : rejectsNulls(bound.left, sources) && rejectsNulls(bound.right, sources);
    case "column":
      return isNullWith(bound, sources);
    default:
      return false;
  }
}

/** Whether an expression is NULL where every column of these sources is. */
function isNullWith(bound: Bound, sources: ReadonlySet<Source>): boolean {
  switch (bound.kind) {
    case "column":
      return sources.has(bound.source);
    case "unary":
    case "collate":
    case "cast":
      return isNullWith(bound.operand, sources);
    case "arithmetic":
      return isNullWith(bound.left, sources) || isNullWith(bound.right, sources);
    default:
      return false;
  }
}
