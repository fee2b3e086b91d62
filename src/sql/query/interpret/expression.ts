/**
 * Expressions as closures: what the compiler makes JavaScript of, for statements that run too seldom to be compiled, and to
 * hold the compiled ones against.
 *
 * A closure leaves its value in `answer`, as every library function does; a test gives 1, 0, or UNKNOWN for NULL.
 */
import { constraintError, RowIgnored } from "../../run/constraint.ts";
import { castTo, textOf } from "../../value/affinity.ts";
import * as arithmetic from "../../value/arithmetic.ts";
import { compareValues } from "../../value/compare.ts";
import { isGlob, isLike } from "../../value/like.ts";
import {
  answer,
  answered,
  answerInteger,
  answerNull,
  answerValue,
  BLOB,
  INTEGER,
  NULL,
  REAL,
  type SqlValue,
  type Tag,
} from "../../value/value.ts";
import { type Bound, type BoundComparison, type Comparison, isComparison } from "../bind/bound.ts";
import { convertAnswer, type Evaluate, type Test, UNKNOWN } from "./evaluate.ts";
import { membership } from "./membership.ts";
import type { Site } from "./site.ts";

export function evaluatorOf(site: Site, bound: Bound): Evaluate {
  switch (bound.kind) {
    case "constant": {
      const { tag, value } = bound;
      return () => answerValue(tag, value);
    }
    case "parameter":
      return parameter(site, bound.index - 1);
    case "column": {
      const cursor = site.cursor(bound.source);
      const { index } = bound.column;
      return () => cursor.answer(index);
    }
    case "unary":
      return unary(bound.operator, evaluatorOf(site, bound.operand));
    case "collate":
      return evaluatorOf(site, bound.operand);
    case "arithmetic":
      return calculation(CALCULATIONS[bound.operator], evaluatorOf(site, bound.left), evaluatorOf(site, bound.right));
    case "case":
      return choice(site, bound);
    case "cast": {
      const operand = evaluatorOf(site, bound.operand);
      const { affinity } = bound;
      return () => {
        operand();
        castTo(affinity, answer.tag, answered());
      };
    }
    case "call":
      return call(bound.function.call as Invoke, listOf(site, bound.list));
    case "first":
      return first(listOf(site, bound.list));
    case "extreme":
      return extreme(site, bound);
    case "nullif":
      return nullif(site, bound);
    case "raise":
      return raise(site, bound);
    case "scalar-query":
      return firstRow(site, bound);
    default:
      return truthValue(testOf(site, bound));
  }
}

export function testOf(site: Site, bound: Bound): Test {
  switch (bound.kind) {
    case "compare":
      return comparisonTest(site, evaluatorOf(site, bound.left), bound.comparison);
    case "logic":
      return bound.operator === "and"
        ? conjunction(testOf(site, bound.left), testOf(site, bound.right))
        : disjunction(testOf(site, bound.left), testOf(site, bound.right));
    case "not":
      return negation(true, testOf(site, bound.operand));
    case "null-test":
      return nullTest(evaluatorOf(site, bound.operand), bound.negated);
    case "truth-test":
      return truthTest(testOf(site, bound.operand), bound.truth, bound.negated);
    case "between": {
      const operand = evaluatorOf(site, bound.operand);
      const low = comparisonTest(site, operand, bound.low);
      const high = comparisonTest(site, operand, bound.high);
      return negation(bound.negated, conjunction(low, high));
    }
    case "in":
      return negation(bound.negated, listed(site, bound));
    case "in-query":
      return negation(bound.negated, membership(site, bound, listOf(site, operandsOf(bound))));
    case "exists":
      return existence(site, bound);
    case "like":
      return negation(bound.negated, matching(site, bound));
    default: {
      const value = evaluatorOf(site, bound);
      return () => {
        value();
        return arithmetic.truthOf(answer.tag, answered());
      };
    }
  }
}

/** Whether all of them hold; undefined: there are none. */
export function allOf(site: Site, bounds: readonly Bound[]): (() => boolean) | undefined {
  const tests = bounds.map((bound) => testOf(site, bound));
  const [only] = tests;
  if (only === undefined) {
    return undefined;
  }
  return tests.length === 1 ? () => only() === 1 : () => tests.every((test) => test() === 1);
}

function listOf(site: Site, list: readonly Bound[]): Evaluate[] {
  return list.map((part) => evaluatorOf(site, part));
}

function operandsOf({ tests }: Extract<Bound, { kind: "in-query" }>): Bound[] {
  return tests.map(({ operand }) => operand);
}

function parameter({ values }: Site, index: number): Evaluate {
  return () => {
    const tag = values.tags[index] as Tag;
    answerValue(tag, tag === INTEGER || tag === REAL ? values.numbers[index]! : values.others[index]!);
  };
}

type Calculation = (aTag: Tag, a: SqlValue, bTag: Tag, b: SqlValue) => void;

const CALCULATIONS: Readonly<Record<Extract<Bound, { kind: "arithmetic" }>["operator"], Calculation>> = {
  "+": arithmetic.add,
  "-": arithmetic.subtract,
  "*": arithmetic.multiply,
  "/": arithmetic.divide,
  "%": arithmetic.remainder,
  "&": arithmetic.bitAnd,
  "|": arithmetic.bitOr,
  "<<": arithmetic.shiftLeft,
  ">>": arithmetic.shiftRight,
  "||": arithmetic.concatenate,
};

function calculation(calculate: Calculation, left: Evaluate, right: Evaluate): Evaluate {
  return () => {
    left();
    const { tag } = answer;
    const value = answered();
    right();
    calculate(tag, value, answer.tag, answered());
  };
}

function unary(operator: "-" | "+" | "~", operand: Evaluate): Evaluate {
  if (operator === "+") {
    return operand;
  }
  const change = operator === "-" ? arithmetic.negate : arithmetic.bitNot;
  return () => {
    operand();
    change(answer.tag, answered());
  };
}

function truthValue(test: Test): Evaluate {
  return () => {
    const truth = test();
    truth === UNKNOWN ? answerNull() : answerInteger(truth);
  };
}

function comparisonTest(site: Site, left: Evaluate, comparison: BoundComparison): Test {
  const { operator, nullSafe, leftConversion, rightConversion, collation } = comparison;
  const right = evaluatorOf(site, comparison.right);
  const isEquality = operator === "=";
  return () => {
    left();
    convertAnswer(leftConversion);
    const { tag } = answer;
    const value = answered();
    right();
    convertAnswer(rightConversion);
    if (tag === NULL || answer.tag === NULL) {
      return nullSafe ? Number((tag === answer.tag) === isEquality) : UNKNOWN;
    }
    return Number(holds(operator, compareValues(tag, value, answer.tag, answered(), collation)));
  };
}

function holds(operator: Comparison, order: number): boolean {
  switch (operator) {
    case "=":
      return order === 0;
    case "<>":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

function conjunction(left: Test, right: Test): Test {
  return () => {
    const truth = left();
    if (truth === 0) {
      return 0;
    }
    const other = right();
    return other === 0 ? 0 : truth === UNKNOWN ? UNKNOWN : other;
  };
}

function disjunction(left: Test, right: Test): Test {
  return () => {
    const truth = left();
    if (truth === 1) {
      return 1;
    }
    const other = right();
    return other === 1 ? 1 : truth === UNKNOWN ? UNKNOWN : other;
  };
}

function negation(isNegated: boolean, test: Test): Test {
  return isNegated
    ? () => {
        const truth = test();
        return truth === UNKNOWN ? UNKNOWN : 1 - truth;
      }
    : test;
}

function nullTest(operand: Evaluate, isNegated: boolean): Test {
  return () => {
    operand();
    return Number((answer.tag === NULL) !== isNegated);
  };
}

function truthTest(operand: Test, truth: boolean, isNegated: boolean): Test {
  const wanted = Number(truth);
  return () => Number((operand() === wanted) !== isNegated);
}

function listed(site: Site, bound: Extract<Bound, { kind: "in" }>): Test {
  const value = evaluatorOf(site, bound.operand);
  const held: { tag: Tag; value: SqlValue } = { tag: NULL, value: null };
  const tests = bound.list.map((comparison) =>
    comparisonTest(site, () => answerValue(held.tag, held.value), comparison),
  );
  return () => {
    if (tests.length === 0) {
      return 0;
    }
    value();
    held.tag = answer.tag;
    held.value = answered();
    let truth = 0;
    for (const test of tests) {
      const found = test();
      if (found === 1) {
        return 1;
      }
      truth = found === UNKNOWN ? UNKNOWN : truth;
    }
    return truth;
  };
}

function matching(site: Site, bound: Extract<Bound, { kind: "like" }>): Test {
  const operand = evaluatorOf(site, bound.operand);
  const pattern = evaluatorOf(site, bound.pattern);
  const escaping = bound.escape === undefined ? undefined : evaluatorOf(site, bound.escape);
  const isLikeOperator = bound.operator === "like";
  return () => {
    pattern();
    const patternTag = answer.tag;
    const patternValue = answered();
    let escapeText: string | undefined;
    let isUnknown = patternTag === NULL;
    if (escaping !== undefined) {
      escaping();
      isUnknown ||= answer.tag === NULL;
      escapeText = answer.tag === NULL ? undefined : textOf(answer.tag, answered());
    }
    operand();
    const { tag } = answer;
    if (tag === BLOB || patternTag === BLOB) {
      return 0;
    }
    if (isUnknown || tag === NULL) {
      return UNKNOWN;
    }
    const text = textOf(tag, answered());
    const patternText = textOf(patternTag, patternValue);
    return Number(isLikeOperator ? isLike(text, patternText, escapeText) : isGlob(text, patternText));
  };
}

function choice(site: Site, bound: Extract<Bound, { kind: "case" }>): Evaluate {
  const operand = bound.operand === undefined ? undefined : evaluatorOf(site, bound.operand);
  const held: { tag: Tag; value: SqlValue } = { tag: NULL, value: null };
  const recall = (): void => answerValue(held.tag, held.value);
  const branches = bound.branches.map(({ condition, result }) => ({
    test: isComparison(condition) ? comparisonTest(site, recall, condition) : testOf(site, condition),
    result: evaluatorOf(site, result),
  }));
  const otherwise = evaluatorOf(site, bound.otherwise);
  return () => {
    if (operand !== undefined) {
      operand();
      held.tag = answer.tag;
      held.value = answered();
    }
    for (const { test, result } of branches) {
      if (test() === 1) {
        result();
        return;
      }
    }
    otherwise();
  };
}

/** Arguments are evaluated before the call: any of them may be a call itself. */
type Invoke = (...pairs: (Tag | SqlValue)[]) => void;

function call(invoke: Invoke, list: readonly Evaluate[]): Evaluate {
  return () => {
    const values: (Tag | SqlValue)[] = [];
    for (const part of list) {
      part();
      values.push(answer.tag, answered());
    }
    invoke(...values);
  };
}

function first(list: readonly Evaluate[]): Evaluate {
  return () => {
    for (const part of list) {
      part();
      if (answer.tag !== NULL) {
        return;
      }
    }
  };
}

/** Of equals min takes the last, and max the first; any NULL makes the whole NULL. */
function extreme(site: Site, bound: Extract<Bound, { kind: "extreme" }>): Evaluate {
  const list = listOf(site, bound.list);
  const { greatest, collation } = bound;
  return () => {
    let best: Tag = NULL;
    let bestValue: SqlValue = null;
    for (const [index, part] of list.entries()) {
      part();
      const { tag } = answer;
      if (tag === NULL) {
        return;
      }
      const value = answered();
      const order = index === 0 ? 0 : compareValues(best, bestValue, tag, value, collation);
      if (index === 0 || (greatest ? order < 0 : order >= 0)) {
        best = tag;
        bestValue = value;
      }
    }
    answerValue(best, bestValue);
  };
}

function nullif(site: Site, bound: Extract<Bound, { kind: "nullif" }>): Evaluate {
  const left = evaluatorOf(site, bound.left);
  const isEqual = comparisonTest(site, left, bound.comparison);
  return () => (isEqual() === 1 ? answerNull() : left());
}

/** The column of a subquery's first row; of one that is always the same it is found once. */
function firstRow(site: Site, { query, column }: Extract<Bound, { kind: "scalar-query" }>): Evaluate {
  const rows = site.query(query);
  let execution = -1;
  let tag: Tag = NULL;
  let value: SqlValue = null;
  return () => {
    if (rows.isConstant && execution === rows.execution) {
      answerValue(tag, value);
      return;
    }
    try {
      rows.open();
      rows.next() ? rows.answer(column) : answerNull();
    } finally {
      rows.close();
    }
    execution = rows.execution;
    tag = answer.tag;
    value = answered();
  };
}

function existence(site: Site, { query, negated }: Extract<Bound, { kind: "exists" }>): Test {
  const rows = site.query(query);
  let execution = -1;
  let exists = false;
  return () => {
    if (!rows.isConstant || execution !== rows.execution) {
      try {
        rows.open();
        exists = rows.next();
      } finally {
        rows.close();
      }
      execution = rows.execution;
    }
    return Number(exists !== negated);
  };
}

function raise(site: Site, { action, message }: Extract<Bound, { kind: "raise" }>): Evaluate {
  const text = message === undefined ? undefined : evaluatorOf(site, message);
  return () => {
    if (action === "ignore") {
      throw new RowIgnored();
    }
    text?.();
    throw constraintError("TRIGGER", answer.tag === NULL ? "" : textOf(answer.tag, answered()), action);
  };
}
