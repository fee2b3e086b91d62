/**
 * Expressions by precedence climbing (Pratt): an operand, then the operators behind it that bind tightly enough.
 * precedence.ts has the powers, operand.ts what an operand is.
 *
 * Left-deep chains cost no stack; everything else descends at most MAX_NESTING levels.
 */
import type { BinaryOperator, Expression, LikeOperator, Query } from "./ast/query.ts";
import { parseExpressions } from "./expression-list.ts";
import { parseQualifiedName } from "./name.ts";
import { parseOperand } from "./operand.ts";
import { COLLATE, EQUALITY, NOT, POWERS } from "./precedence.ts";
import type { TokenStream } from "./token-stream.ts";

/** Parses an expression of operators that bind at least as tightly as `minimum`. */
export function parseExpression(tokens: TokenStream, minimum: number): Expression {
  tokens.enter(1);
  let left = parseOperand(tokens);
  for (;;) {
    const power = POWERS.get(tokens.kind);
    if (power === undefined || power < minimum) {
      break;
    }
    const height = tokens.height;
    left = power === EQUALITY ? parseEquality(tokens, left) : parseBinary(tokens, left, power);
    tokens.raise(Math.max(height, tokens.height) + 1);
  }
  tokens.leave(1);
  if (tokens.height > tokens.tallest) {
    tokens.tallest = tokens.height;
  }
  return left;
}

function parseBinary(tokens: TokenStream, left: Expression, power: number): Expression {
  const at = tokens.start;
  const operator = tokens.kind.toLowerCase();
  tokens.advance();
  if (power === COLLATE) {
    tokens.height = 0;
    return { kind: "collate", at, operand: left, collation: tokens.identifier() };
  }
  return { kind: "binary", at, operator: operator as BinaryOperator, left, right: tokens.expression(power + 1) };
}

/** Everything of the level of `=`: the tests that are words. */
function parseEquality(tokens: TokenStream, left: Expression): Expression {
  const at = tokens.start;
  const { kind } = tokens;
  if (kind === "=" || kind === "<>") {
    tokens.advance();
    return { kind: "binary", at, operator: kind, left, right: tokens.expression(EQUALITY + 1) };
  }
  if (kind === "IS") {
    return parseIs(tokens, left, at);
  }
  if (kind === "ISNULL" || kind === "NOTNULL") {
    tokens.advance();
    tokens.height = 0;
    return { kind: "null-test", at, operand: left, negated: kind === "NOTNULL" };
  }
  const negated = tokens.take("NOT");
  if (negated && tokens.take("NULL")) {
    tokens.height = 0;
    return { kind: "null-test", at, operand: left, negated: true };
  }
  switch (tokens.kind) {
    case "BETWEEN":
      return parseBetween(tokens, left, at, negated);
    case "IN":
      return parseIn(tokens, left, at, negated);
    case "LIKE":
    case "GLOB":
    case "REGEXP":
    case "MATCH":
      return parseLike(tokens, left, at, negated);
    default:
      throw tokens.unexpected();
  }
}

function parseBetween(tokens: TokenStream, operand: Expression, at: number, negated: boolean): Expression {
  tokens.expect("BETWEEN");
  const low = tokens.expression(NOT);
  const height = tokens.height;
  if (tokens.take("OR")) {
    // It takes every AND behind it, so that none is left for BETWEEN.
    tokens.expression();
    throw tokens.unexpected();
  }
  tokens.expect("AND");
  const high = tokens.expression(EQUALITY + 1);
  tokens.height = Math.max(height, tokens.height);
  return { kind: "between", at, operand, low, high, negated };
}

function parseIs(tokens: TokenStream, left: Expression, at: number): Expression {
  tokens.expect("IS");
  let negated = tokens.take("NOT");
  if (tokens.take("DISTINCT")) {
    tokens.expect("FROM");
    negated = !negated;
  }
  const operator = negated ? "is not" : "is";
  return { kind: "binary", at, operator, left, right: tokens.expression(EQUALITY + 1) };
}

/** A list, a query, a table, or a function that is a table. */
function parseIn(tokens: TokenStream, operand: Expression, at: number, negated: boolean): Expression {
  tokens.expect("IN");
  tokens.height = 0;
  if (!tokens.take("(")) {
    const table = parseQualifiedName(tokens);
    let list: readonly Expression[] | undefined;
    if (tokens.take("(")) {
      list = tokens.kind === ")" ? [] : parseExpressions(tokens);
      tokens.expect(")");
    }
    return { kind: "in-table", at, operand, table, list, negated };
  }
  if (tokens.startsQuery()) {
    const query = tokens.query();
    tokens.expect(")");
    return { kind: "in-query", at, operand, query, negated };
  }
  const list = tokens.kind === ")" ? [] : parseExpressions(tokens);
  tokens.expect(")");
  if (operand.kind !== "row" || list.length === 0) {
    return { kind: "in", at, operand, list, negated };
  }
  const [first] = list;
  if (first!.kind === "subquery" && list.length === 1) {
    return { kind: "in-query", at, operand, query: first.query, negated };
  }
  checkWidths(tokens, operand.list.length, list);
  const rows = list.map((item) => (item.kind === "row" ? item.list : [item]));
  return { kind: "in-query", at, operand, query: valuesOf(rows, first!.at), negated };
}

/** A list of rows is VALUES. */
function valuesOf(rows: readonly (readonly Expression[])[], at: number): Query {
  const nothing = { with: undefined, rest: [], orderBy: [], limit: undefined, offset: undefined };
  return { kind: "query", at, first: { kind: "values", at, rows }, ...nothing };
}

/** What is looked for among rows is a row of as many values. */
function checkWidths(tokens: TokenStream, width: number, list: readonly Expression[]): void {
  for (const item of list) {
    const found = item.kind === "row" ? item.list.length : 1;
    if (found !== width) {
      const terms = found === 1 ? "1 term" : `${found} terms`;
      tokens.complain(`IN(...) element has ${terms} - expected ${width}`, item.at);
      return;
    }
  }
}

function parseLike(tokens: TokenStream, operand: Expression, at: number, negated: boolean): Expression {
  const operator = tokens.kind.toLowerCase() as LikeOperator;
  tokens.advance();
  const pattern = tokens.expression(EQUALITY + 1);
  let escaping: Expression | undefined;
  if (tokens.take("ESCAPE")) {
    const height = tokens.height;
    escaping = tokens.expression(EQUALITY + 1);
    tokens.height = Math.max(height, tokens.height);
  }
  return { kind: "like", at, operator, operand, pattern, escape: escaping, negated };
}
