/**
 * Binds expressions: resolves names and functions, works out types, and decides the conversions of comparisons.
 *
 * Comparison (https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison): where either side has a numeric
 * affinity, text on the other side that is a number becomes one; else where one side has TEXT affinity and the other has
 * none, numbers on the other side become text. IN converts the list only, by the affinity of what is looked for.
 */
import type { Expression } from "../parse/ast/query.ts";
import { affinityOfType, isNumericAffinity } from "../value/affinity.ts";
import { scalarFunction } from "../value/functions/registry.ts";
import { ARROW, DOUBLE_ARROW } from "../value/json/index.ts";
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
} from "../value/value.ts";
import { affinityOf, type Bound, type BoundComparison, type Comparison, type Conversion, callOf } from "./bound.ts";
import { bindCall } from "./call.ts";
import { constant, convertConstant, fold } from "./fold.ts";
import type { Scope } from "./scope.ts";
import { unsupportedConstruct } from "./unsupported.ts";

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
      return callOf(scalarFunction(`current_${expression.value}`)!, [], expression.at);
    case "parameter":
      return { kind: "parameter", types: ANY_TYPE, index: expression.index };
    case "name":
      return bindName(scope, expression);
    case "unary":
      return bindUnary(expression.operator, bind(expression.operand));
    case "binary":
      return bindBinary(scope, expression);
    case "null-test":
      return { kind: "null-test", types: TRUTH, operand: bind(expression.operand), negated: expression.negated };
    case "between": {
      const operand = bind(expression.operand);
      const low = compare(operand, ">=", bind(expression.low));
      const high = compare(operand, "<=", bind(expression.high));
      const types = truthTypes(operand, low.right, high.right);
      return { kind: "between", types, operand, low, high, negated: expression.negated };
    }
    case "in":
      return bindIn(scope, expression);
    case "like":
      return bindLike(scope, expression);
    case "case":
      return bindCase(scope, expression);
    case "cast":
      return bindCast(expression.type, bind(expression.operand));
    case "call":
      return bindCall(scope, expression, bind);
    default:
      throw unsupported(scope, expression);
  }
}

/** `supportedStatement` has seen to it that no such expression comes here. */
function unsupported(scope: Scope, expression: Expression): Error {
  return scope.fail(`${unsupportedConstruct(expression)} is not supported`, expression.at, "UNSUPPORTED");
}

/** A comparison never answers anything but 0 and 1. */
const TRUTH = typeSet(INTEGER);

function truthTypes(...parts: readonly Bound[]): number {
  return parts.some((part) => (part.types & NULLABLE) !== 0) ? TRUTH | NULLABLE : TRUTH;
}

function bindName(scope: Scope, expression: Extract<Expression, { kind: "name" }>): Bound {
  const { table, column, quoted } = expression;
  const found = scope.column(table, column);
  if (found !== undefined) {
    return found;
  }
  const alias = table === undefined ? scope.alias(column) : undefined;
  if (alias !== undefined) {
    scope.aliasesVisible = false;
    const bound = bindExpression(scope, alias);
    scope.aliasesVisible = true;
    return bound;
  }
  const word = table === undefined && !quoted ? column.toLowerCase() : "";
  if (word === "true" || word === "false") {
    return constant(INTEGER, word === "true" ? 1 : 0);
  }
  throw scope.fail(`no such column: ${table === undefined ? "" : `${table}.`}${column}`, expression.at);
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
  const { operator } = expression;
  if (operator === "->" || operator === "->>") {
    const list = [bindExpression(scope, expression.left), bindExpression(scope, expression.right)];
    return callOf(operator === "->" ? ARROW : DOUBLE_ARROW, list, expression.at);
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
      return {
        kind: "compare",
        types: TRUTH,
        left: left,
        comparison: { ...compare(left, operator === "is" ? "=" : "<>", right), nullSafe: true },
      };
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

/** TRUE and FALSE (which `IN ()` is, too) to the right of IS ask for the truth of the left side, not for a number. */
function truthLiteral(scope: Scope, right: Expression): boolean | undefined {
  if (right.kind === "in" && right.list.length === 0) {
    return right.negated;
  }
  if (right.kind !== "name" || right.quoted || scope.column(undefined, right.column) !== undefined) {
    return undefined;
  }
  const word = right.column.toLowerCase();
  return word === "true" ? true : word === "false" ? false : undefined;
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

/** `left operator right` with its conversions; those of literals are done here. */
export function compare(left: Bound, operator: Comparison, right: Bound): BoundComparison {
  const leftAffinity = affinityOf(left);
  const rightAffinity = affinityOf(right);
  let conversion: Conversion;
  if (leftAffinity !== undefined && rightAffinity !== undefined) {
    conversion = isNumericAffinity(leftAffinity) || isNumericAffinity(rightAffinity) ? "NUMERIC" : undefined;
  } else {
    const affinity = leftAffinity ?? rightAffinity ?? "BLOB";
    conversion = affinity === "TEXT" ? "TEXT" : isNumericAffinity(affinity) ? "NUMERIC" : undefined;
  }
  return {
    operator,
    nullSafe: false,
    leftConversion: needed(conversion, left),
    rightConversion: right.kind === "constant" ? undefined : needed(conversion, right),
    right: convertConstant(right, conversion),
  };
}

/** A conversion that cannot change anything is none: a column's own affinity was applied when it was stored. */
function needed(conversion: Conversion, side: Bound): Conversion {
  const affinity = affinityOf(side) ?? "BLOB";
  if (conversion === "NUMERIC") {
    return isNumericAffinity(affinity) || (side.types & typeSet(TEXT)) === 0 ? undefined : "NUMERIC";
  }
  return (side.types & NUMERIC_TYPES) === 0 ? undefined : conversion;
}

export function bindComparison(left: Bound, operator: Comparison, right: Bound): Bound {
  const comparison = compare(left, operator, right);
  return { kind: "compare", types: truthTypes(left, right), left, comparison };
}

function bindIn(scope: Scope, expression: Extract<Expression, { kind: "in" }>): Bound {
  const operand = bindExpression(scope, expression.operand);
  const affinity = affinityOf(operand) ?? "BLOB";
  const conversion: Conversion = affinity === "TEXT" ? "TEXT" : isNumericAffinity(affinity) ? "NUMERIC" : undefined;
  const list = expression.list.map((item): BoundComparison => {
    const right = bindExpression(scope, item);
    return {
      operator: "=",
      nullSafe: false,
      leftConversion: undefined,
      rightConversion: right.kind === "constant" ? undefined : needed(conversion, right),
      right: convertConstant(right, conversion),
    };
  });
  const types = list.length === 0 ? TRUTH : truthTypes(operand, ...list.map((item) => item.right));
  return { kind: "in", types, operand, list, negated: expression.negated };
}

function bindLike(scope: Scope, expression: Extract<Expression, { kind: "like" }>): Bound {
  const { operator } = expression;
  if (operator !== "like" && operator !== "glob") {
    throw unsupported(scope, expression);
  }
  if (operator === "glob" && expression.escape !== undefined) {
    throw scope.fail("wrong number of arguments to function GLOB()", expression.at);
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
  const operand = expression.operand === undefined ? undefined : bindExpression(scope, expression.operand);
  const branches = expression.branches.map((branch) => {
    const condition = bindExpression(scope, branch.condition);
    return {
      condition: operand === undefined ? condition : compare(operand, "=", condition),
      result: bindExpression(scope, branch.result),
    };
  });
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
