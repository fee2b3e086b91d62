/**
 * Binds expressions: resolves names and functions, works out types, and decides the conversions of comparisons.
 *
 * Comparison (https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison): where either side has a numeric
 * affinity, text on the other side that is a number becomes one; else where one side has TEXT affinity and the other has
 * none, numbers on the other side become text. IN converts the list only, by the affinity of what is looked for.
 */
import { fullName } from "../../catalog/name.ts";
import type { Expression } from "../../parse/ast/query.ts";
import { affinityOfType } from "../../value/affinity.ts";
import {
  ANY_TYPE,
  BIG,
  BLOB,
  INTEGER,
  INTEGER_TYPES,
  NULL,
  NULLABLE,
  NUMERIC_TYPES,
  REAL,
  TEXT,
  typeSet,
} from "../../value/value.ts";
import type { Bound, BoundComparison } from "./bound.ts";
import { bindArrow, bindCall, bindOperatorCall } from "./call.ts";
import {
  bindComparison,
  type ComparisonOperator,
  compare,
  conversionOf,
  neededConversion,
  TRUTH,
  truthTypes,
} from "./comparison.ts";
import { constant, convertConstant, fold } from "./fold.ts";
import { bindRowComparison, rowOf } from "./row-value.ts";
import type { Scope } from "./scope.ts";
import { bindExists, bindInQuery, bindInTable, bindScalarQuery } from "./subquery.ts";
import { affinityOf, comparingCollation } from "./traits.ts";

export function bindExpression(scope: Scope, expression: Expression): Bound {
  const bind = (part: Expression): Bound => bindExpression(scope, part);
  switch (expression.kind) {
    case "null":
      return constant(NULL, null);
    case "integer":
      return constant(typeof expression.value === "bigint" ? BIG : INTEGER, expression.value);
    case "real":
      return constant(REAL, expression.value);
    case "text":
      return constant(TEXT, expression.value);
    case "blob":
      return constant(BLOB, expression.value);
    case "current":
      return bindOperatorCall(scope, `current_${expression.value}`, [], expression.at);
    case "parameter":
      scope.refuse("parameters", expression.at);
      return { kind: "parameter", types: ANY_TYPE, index: expression.index };
    case "name":
      return bindName(scope, expression);
    case "unary":
      return negativeLiteral(expression) ?? bindUnary(expression.operator, bind(expression.operand));
    case "binary":
      return bindBinary(scope, expression);
    case "collate": {
      const operand = bind(expression.operand);
      const collation = scope.statement.collation(expression.collation, expression.at);
      return { kind: "collate", types: operand.types, operand, collation };
    }
    case "null-test":
      return { kind: "null-test", types: TRUTH, operand: bind(expression.operand), negated: expression.negated };
    case "between":
      return bindBetween(scope, expression);
    case "in":
      return bindIn(scope, expression);
    case "in-query":
      return bindInQuery(scope, expression);
    case "in-table":
      return bindInTable(scope, expression);
    case "like":
      return bindLike(scope, expression);
    case "case":
      return bindCase(scope, expression);
    case "cast":
      return bindCast(expression.type, bind(expression.operand));
    case "call":
      return bindCall(scope, expression);
    case "row":
      throw scope.statement.fail("row value misused", expression.at);
    case "subquery":
      return bindScalarQuery(scope, expression);
    case "exists":
      return bindExists(scope, expression);
    case "raise": {
      if (!scope.isInTrigger) {
        throw scope.statement.fail("RAISE() may only be used within a trigger-program", expression.at);
      }
      const { action, message } = expression;
      return { kind: "raise", types: NULLABLE, action, message: message === undefined ? undefined : bind(message) };
    }
  }
}

/** A column of this query, then an alias, then a column of a query around it, then TRUE and FALSE. */
function bindName(scope: Scope, expression: Extract<Expression, { kind: "name" }>): Bound {
  const { schema, table, column, quoted, at } = expression;
  if (table !== undefined && scope.place?.hasNoDot === true) {
    throw scope.statement.fail(`the "." operator prohibited in ${scope.place.name}`, at);
  }
  const own = scope.ownColumn(schema, table, column, at);
  if (own !== undefined) {
    return own;
  }
  const other =
    (table === undefined ? scope.aliased(column) : undefined) ?? scope.outerColumn(schema, table, column, at);
  if (other !== undefined) {
    return other;
  }
  const word = table === undefined && !quoted ? column.toLowerCase() : "";
  if (word === "true" || word === "false") {
    return constant(INTEGER, word === "true" ? 1 : 0);
  }
  const isInQuotes = quoted && table === undefined && scope.statement.characterAt(at) === '"';
  const shown = isInQuotes
    ? `"${column}" - should this be a string literal in single-quotes?`
    : fullName(schema, table, column);
  throw scope.statement.fail(`no such column: ${shown}`, at);
}

/** A real literal with its sign: it alone can be −0.0, since the negative of a value is 0 minus that. */
function negativeLiteral({ operator, operand }: Extract<Expression, { kind: "unary" }>): Bound | undefined {
  let inside = operand;
  while (inside.kind === "unary" && inside.operator === "+") {
    inside = inside.operand;
  }
  return operator === "-" && inside.kind === "real" ? constant(REAL, -inside.value) : undefined;
}

function bindUnary(operator: "-" | "+" | "~" | "not", operand: Bound): Bound {
  const nulls = operand.types & NULLABLE;
  switch (operator) {
    case "not":
      return { kind: "not", types: TRUTH | nulls, operand };
    case "~":
      return fold({ kind: "unary", types: INTEGER_TYPES | nulls, operator, operand });
    case "-":
      return fold({ kind: "unary", types: NUMERIC_TYPES | nulls, operator, operand });
    default:
      return { kind: "unary", types: operand.types, operator, operand };
  }
}

function bindBinary(scope: Scope, expression: Extract<Expression, { kind: "binary" }>): Bound {
  const { operator, at } = expression;
  if (operator === "->" || operator === "->>") {
    return bindArrow(scope, operator, [expression.left, expression.right]);
  }
  if (isFalse(expression) && !scope.statement.isObserved && !hasCall(expression)) {
    // SQLite does not look at the other side, whatever it names.
    return constant(INTEGER, 0);
  }
  if (isComparing(operator)) {
    const left = rowOf(scope, expression.left);
    const right = rowOf(scope, expression.right);
    if (left !== undefined || right !== undefined) {
      return bindRowComparison(scope, operator, left, right, at);
    }
  }
  const left = bindExpression(scope, expression.left);
  if (operator === "is" || operator === "is not") {
    const truth = truthLiteral(scope, expression.right);
    if (truth !== undefined) {
      return { kind: "truth-test", types: TRUTH, operand: left, truth, negated: operator === "is not" };
    }
  }
  const right = bindExpression(scope, expression.right);
  switch (operator) {
    case "and":
    case "or":
      return { kind: "logic", types: truthTypes(left, right), operator, left, right };
    case "is":
    case "is not":
    case "=":
    case "<>":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return bindComparison(left, operator, right);
    default:
      return fold({ kind: "arithmetic", types: arithmeticTypes(operator, left, right), operator, left, right });
  }
}

const COMPARISONS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">=", "is", "is not"]);

function isComparing(operator: string): operator is ComparisonOperator {
  return COMPARISONS.has(operator);
}

/** TRUE and FALSE (`IN ()` is one, unless it calls something) to the right of IS ask for the truth of the left side. */
function truthLiteral(scope: Scope, right: Expression): boolean | undefined {
  if (right.kind === "collate") {
    return truthLiteral(scope, right.operand);
  }
  if (right.kind === "in" && right.list.length === 0) {
    return hasCall(right.operand) ? undefined : right.negated;
  }
  if (right.kind !== "name" || right.quoted || right.table !== undefined) {
    return undefined;
  }
  const word = right.column.toLowerCase();
  if (word !== "true" && word !== "false") {
    return undefined;
  }
  return scope.ownColumn(undefined, undefined, right.column, right.at) === undefined ? word === "true" : undefined;
}

function arithmeticTypes(operator: string, left: Bound, right: Bound): number {
  const both = left.types | right.types;
  switch (operator) {
    case "||":
      return typeSet(TEXT) | (both & NULLABLE);
    case "&":
    case "|":
    case "<<":
    case ">>":
      return INTEGER_TYPES | (both & NULLABLE);
    default: {
      // Infinity minus itself, and division by zero, are NULL.
      const real = typeSet(REAL) | NULLABLE;
      const isReal = left.types === typeSet(REAL) || right.types === typeSet(REAL);
      return isReal ? real : NUMERIC_TYPES | NULLABLE;
    }
  }
}

function bindBetween(scope: Scope, expression: Extract<Expression, { kind: "between" }>): Bound {
  const { at, negated } = expression;
  const row = rowOf(scope, expression.operand);
  if (row !== undefined) {
    const left = bindRowComparison(scope, ">=", row, rowOf(scope, expression.low), at);
    const right = bindRowComparison(scope, "<=", row, rowOf(scope, expression.high), at);
    const both: Bound = { kind: "logic", types: TRUTH | NULLABLE, operator: "and", left, right };
    return negated ? { kind: "not", types: both.types, operand: both } : both;
  }
  const operand = bindExpression(scope, expression.operand);
  const low = compare(operand, ">=", bindExpression(scope, expression.low));
  const high = compare(operand, "<=", bindExpression(scope, expression.high));
  return { kind: "between", types: truthTypes(operand, low.right, high.right), operand, low, high, negated };
}

function bindIn(scope: Scope, expression: Extract<Expression, { kind: "in" }>): Bound {
  if (expression.list.length === 0) {
    return bindInNothing(scope, expression);
  }
  const operand = bindExpression(scope, expression.operand);
  const conversion = conversionOf(affinityOf(operand));
  const list = expression.list.map((item): BoundComparison => {
    const right = bindExpression(scope, item);
    return {
      operator: "=",
      nullSafe: false,
      leftConversion: undefined,
      rightConversion: right.kind === "constant" ? undefined : neededConversion(conversion, right),
      collation: comparingCollation(operand, operand),
      right: convertConstant(right, conversion),
    };
  });
  const mayBeNull = [operand, ...list.map((item) => item.right)].some(({ types }) => (types & NULLABLE) !== 0);
  const types = mayBeNull ? TRUTH | NULLABLE : TRUTH;
  return { kind: "in", types, operand, list, negated: expression.negated };
}

/** What is in nothing is not even looked at, except for functions that it calls: they may be aggregates. */
function bindInNothing(scope: Scope, { operand, negated }: Extract<Expression, { kind: "in" }>): Bound {
  const left = constant(INTEGER, Number(negated));
  const operator = negated ? "or" : "and";
  return hasCall(operand) || scope.statement.isObserved
    ? { kind: "logic", types: TRUTH, operator, left, right: bindExpression(scope, operand) }
    : left;
}

/** What SQLite's parser knows to be false: 0, what is in nothing, a literal that is to be NULL; and each of them AND anything. */
function isFalse(expression: Expression): boolean {
  switch (expression.kind) {
    case "integer":
      return expression.value === 0;
    case "in":
      return expression.list.length === 0 && !expression.negated;
    case "null-test":
      return !expression.negated && isLiteral(expression.operand);
    case "binary":
      return expression.operator === "and"
        ? isFalse(expression.left) || isFalse(expression.right)
        : expression.operator === "is" && expression.right.kind === "null" && isLiteral(expression.left);
    default:
      return false;
  }
}

/** A literal that is not NULL, with a sign or without. */
function isLiteral(expression: Expression): boolean {
  switch (expression.kind) {
    case "integer":
    case "real":
    case "text":
    case "blob":
      return true;
    case "unary":
      return (expression.operator === "-" || expression.operator === "+") && isLiteral(expression.operand);
    default:
      return false;
  }
}

/** Operators that are functions in SQLite are calls, too. */
function isCall(part: Expression): boolean {
  const isArrow = part.kind === "binary" && (part.operator === "->" || part.operator === "->>");
  return part.kind === "call" || part.kind === "like" || isArrow;
}

function hasCall(part: unknown): boolean {
  if (Array.isArray(part)) {
    return part.some(hasCall);
  }
  if (typeof part !== "object" || part === null || part instanceof Uint8Array) {
    return false;
  }
  if ("kind" in part && part.kind === "collate") {
    // SQLite does not look behind it.
    return false;
  }
  return (
    ("kind" in part && isCall(part as Expression)) ||
    Object.entries(part).some(([field, value]) => field !== "query" && hasCall(value))
  );
}

function bindLike(scope: Scope, expression: Extract<Expression, { kind: "like" }>): Bound {
  const { operator, at } = expression;
  const isCall = operator === "like" && scope.statement.functions.dialect.likesCase;
  if (isCall || (operator !== "like" && operator !== "glob")) {
    const list = [
      expression.pattern,
      expression.operand,
      ...(expression.escape === undefined ? [] : [expression.escape]),
    ];
    const call = bindOperatorCall(scope, operator, list, at);
    return expression.negated ? bindUnary("not", call) : call;
  }
  const operand = bindExpression(scope, expression.operand);
  const pattern = bindExpression(scope, expression.pattern);
  const escaping = expression.escape === undefined ? undefined : bindExpression(scope, expression.escape);
  return {
    kind: "like",
    types: truthTypes(operand, pattern, ...(escaping === undefined ? [] : [escaping])),
    operator,
    operand,
    pattern,
    escape: escaping,
    negated: expression.negated,
  };
}

function bindCase(scope: Scope, expression: Extract<Expression, { kind: "case" }>): Bound {
  const row = expression.operand === undefined ? undefined : rowOf(scope, expression.operand);
  const operand =
    expression.operand === undefined || row !== undefined ? undefined : bindExpression(scope, expression.operand);
  const branches = expression.branches.map((branch) => ({
    condition:
      row !== undefined
        ? bindRowComparison(scope, "=", row, rowOf(scope, branch.condition), branch.condition.at)
        : operand === undefined
          ? bindExpression(scope, branch.condition)
          : compare(operand, "=", bindExpression(scope, branch.condition)),
    result: bindExpression(scope, branch.result),
  }));
  const otherwise =
    expression.otherwise === undefined ? constant(NULL, null) : bindExpression(scope, expression.otherwise);
  const types = branches.reduce((set, branch) => set | branch.result.types, otherwise.types);
  return { kind: "case", types, operand, branches, otherwise };
}

function bindCast(type: string, operand: Bound): Bound {
  const affinity = affinityOfType(type);
  const nulls = operand.types & NULLABLE;
  const types = {
    TEXT: typeSet(TEXT),
    BLOB: typeSet(BLOB),
    INTEGER: INTEGER_TYPES,
    REAL: typeSet(REAL),
    NUMERIC: NUMERIC_TYPES,
  }[affinity];
  return fold({ kind: "cast", types: types | nulls, affinity, operand });
}
