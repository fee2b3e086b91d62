/**
 * Expressions by precedence climbing (Pratt), with SQLite's precedences exactly:
 *
 *   OR                                                        1   left
 *   AND                                                       2   left
 *   NOT x                                                     3   prefix
 *   = <> IS IN LIKE GLOB BETWEEN ISNULL NOTNULL  x NOT NULL   4   left
 *   < <= > >=                                                 5   left
 *   ESCAPE                                                    6
 *   & | << >>                                                 7   left, all four alike
 *   + -                                                       8   left
 *   * / %                                                     9   left
 *   || -> ->>                                                10   left
 *   COLLATE                                                  11   postfix
 *   ~x -x +x                                                 12   prefix
 *
 * So `1 = 2 < 3` is `1 = (2 < 3)` and `1 | 2 & 4` is `(1 | 2) & 4`. A prefix NOT takes its whole operand even to the
 * right of a tighter operator: `1 + NOT 2 = 2` is `1 + (NOT (2 = 2))`.
 *
 * What SQLite has and this does not (subqueries, row values, COLLATE, RAISE, window functions, FILTER) is refused by
 * name with UNSUPPORTED. Left-deep chains cost no stack; everything else descends at most MAX_EXPRESSION_DEPTH levels.
 */
import type { BinaryOperator, CaseBranch, Expression } from "./ast.ts";
import { keywordClass } from "./keywords.ts";
import type { TokenStream } from "./token-stream.ts";

const OR = 1;
const AND = 2;
const NOT = 3;
const EQUALITY = 4;
const COMPARISON = 5;
const BITS = 7;
const SUM = 8;
const PRODUCT = 9;
const CONCATENATION = 10;
const COLLATE = 11;
const PREFIX = 12;

const POWERS: ReadonlyMap<string, number> = new Map([
  ["OR", OR],
  ["AND", AND],
  ...["=", "<>", "IS", "IN", "LIKE", "GLOB", "REGEXP", "MATCH", "BETWEEN", "ISNULL", "NOTNULL", "NOT"].map(
    (word) => [word, EQUALITY] as const,
  ),
  ...["<", "<=", ">", ">="].map((word) => [word, COMPARISON] as const),
  ...["&", "|", "<<", ">>"].map((word) => [word, BITS] as const),
  ["+", SUM],
  ["-", SUM],
  ["*", PRODUCT],
  ["/", PRODUCT],
  ["%", PRODUCT],
  ["||", CONCATENATION],
  ["->", CONCATENATION],
  ["->>", CONCATENATION],
  ["COLLATE", COLLATE],
]);

/** Parses an expression whose operators bind tighter than `minimum` − 1. */
export function parseExpression(tokens: TokenStream, minimum: number = OR): Expression {
  tokens.descend();
  let left = parsePrefix(tokens);
  for (;;) {
    const power = POWERS.get(tokens.kind);
    if (power === undefined || power < minimum) {
      break;
    }
    const height = tokens.height;
    left = power === EQUALITY ? parseEquality(tokens, left) : parseBinary(tokens, left, power);
    tokens.raise(Math.max(height, tokens.height) + 1);
  }
  tokens.ascend();
  return left;
}

/** An operand alone: a literal with its signs, or an expression in parentheses. No operator after it is taken. */
export function parseOperand(tokens: TokenStream): Expression {
  return parseExpression(tokens, PREFIX);
}

/** Expressions separated by commas; at least one. */
export function parseExpressions(tokens: TokenStream): Expression[] {
  const list: Expression[] = [];
  let height = 0;
  do {
    list.push(parseExpression(tokens));
    height = Math.max(height, tokens.height);
  } while (tokens.take(","));
  tokens.height = height;
  return list;
}

function parseBinary(tokens: TokenStream, left: Expression, power: number): Expression {
  const at = tokens.start;
  if (power === COLLATE) {
    throw tokens.unsupported("COLLATE");
  }
  const operator = tokens.kind.toLowerCase() as BinaryOperator;
  tokens.advance();
  return { kind: "binary", at, operator, left, right: parseExpression(tokens, power + 1) };
}

/** Everything of the level of `=`: the tests that are words. */
function parseEquality(tokens: TokenStream, left: Expression): Expression {
  const at = tokens.start;
  const { kind } = tokens;
  if (kind === "=" || kind === "<>") {
    tokens.advance();
    return { kind: "binary", at, operator: kind, left, right: parseExpression(tokens, EQUALITY + 1) };
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
    case "BETWEEN": {
      tokens.advance();
      const low = parseExpression(tokens, NOT);
      const height = tokens.height;
      tokens.expect("AND");
      const high = parseExpression(tokens, EQUALITY + 1);
      tokens.height = Math.max(height, tokens.height);
      return { kind: "between", at, operand: left, low, high, negated };
    }
    case "IN":
      return parseIn(tokens, left, at, negated);
    case "LIKE":
    case "GLOB":
      return parseLike(tokens, left, at, negated);
    case "REGEXP":
    case "MATCH":
      throw tokens.unsupported(tokens.kind);
    default:
      throw tokens.unexpected();
  }
}

function parseIs(tokens: TokenStream, left: Expression, at: number): Expression {
  tokens.expect("IS");
  let negated = tokens.take("NOT");
  if (tokens.take("DISTINCT")) {
    tokens.expect("FROM");
    negated = !negated;
  }
  const operator = negated ? "is not" : "is";
  return { kind: "binary", at, operator, left, right: parseExpression(tokens, EQUALITY + 1) };
}

function parseIn(tokens: TokenStream, operand: Expression, at: number, negated: boolean): Expression {
  tokens.expect("IN");
  tokens.height = 0;
  if (tokens.kind !== "(") {
    throw tokens.isIdentifier() ? tokens.unsupported("IN with a table") : tokens.unexpected();
  }
  tokens.advance();
  if (tokens.take(")")) {
    return { kind: "in", at, operand, list: [], negated };
  }
  refuseSubquery(tokens);
  const list = parseExpressions(tokens);
  tokens.expect(")");
  return { kind: "in", at, operand, list, negated };
}

function parseLike(tokens: TokenStream, operand: Expression, at: number, negated: boolean): Expression {
  const operator = tokens.kind === "LIKE" ? "like" : "glob";
  tokens.advance();
  const pattern = parseExpression(tokens, EQUALITY + 1);
  let escaping: Expression | undefined;
  if (tokens.kind === "ESCAPE") {
    const height = tokens.height;
    if (operator === "glob") {
      throw tokens.invalid("GLOB takes no ESCAPE");
    }
    tokens.advance();
    escaping = parseExpression(tokens, EQUALITY + 1);
    tokens.height = Math.max(height, tokens.height);
  }
  return { kind: "like", at, operator, operand, pattern, escape: escaping, negated };
}

function parsePrefix(tokens: TokenStream): Expression {
  const at = tokens.start;
  const { kind } = tokens;
  tokens.height = 0;
  switch (kind) {
    case "name":
    case "quoted":
      return parseName(tokens);
    case "integer":
    case "real": {
      const number = parseNumber(tokens, kind);
      tokens.advance();
      return number;
    }
    case "string": {
      const { value } = tokens;
      tokens.advance();
      return { kind: "text", at, value };
    }
    case "blob": {
      const value = new Uint8Array(Buffer.from(tokens.word.slice(2, -1), "hex"));
      tokens.advance();
      return { kind: "blob", at, value };
    }
    case "parameter": {
      const index = tokens.parameter();
      tokens.advance();
      return { kind: "parameter", at, index };
    }
    case "NULL":
      tokens.advance();
      return { kind: "null", at };
    case "(":
      return parseParenthesized(tokens);
    case "-":
    case "+":
    case "~":
    case "NOT":
      return parseUnary(tokens, kind);
    default:
      return parseKeyword(tokens, kind);
  }
}

function parseUnary(tokens: TokenStream, kind: "-" | "+" | "~" | "NOT"): Expression {
  const at = tokens.start;
  tokens.advance();
  if (kind === "NOT" && tokens.kind === "EXISTS") {
    throw tokens.unsupported("EXISTS");
  }
  if (kind === "-" && tokens.kind === "integer" && tokens.word.replaceAll("_", "") === LOWEST_INT64_DIGITS) {
    tokens.advance();
    return { kind: "integer", at, value: -(2n ** 63n) };
  }
  const operand = parseExpression(tokens, kind === "NOT" ? NOT : PREFIX);
  tokens.raise(tokens.height + 1);
  return { kind: "unary", at, operator: kind === "NOT" ? "not" : kind, operand };
}

/** Keywords that begin an expression, and keywords that here are names. */
function parseKeyword(tokens: TokenStream, kind: string): Expression {
  switch (kind) {
    case "CASE":
      return parseCase(tokens);
    case "CAST":
      return parseCast(tokens);
    case "CURRENT_DATE":
    case "CURRENT_TIME":
    case "CURRENT_TIMESTAMP": {
      const at = tokens.start;
      tokens.advance();
      return { kind: "call", at, name: kind.toLowerCase(), list: [], star: false, distinct: false };
    }
    case "EXISTS":
    case "RAISE":
      throw tokens.unsupported(kind);
    default:
      if (keywordClass(kind) === "fallback" || keywordClass(kind) === "join") {
        return parseName(tokens);
      }
      throw tokens.unexpected();
  }
}

function parseParenthesized(tokens: TokenStream): Expression {
  tokens.expect("(");
  refuseSubquery(tokens);
  const inner = parseExpression(tokens);
  if (tokens.kind === ",") {
    throw tokens.unsupported("a row value");
  }
  tokens.expect(")");
  return inner;
}

function refuseSubquery(tokens: TokenStream): void {
  if (tokens.kind === "SELECT" || tokens.kind === "VALUES" || tokens.kind === "WITH") {
    throw tokens.unsupported("a subquery");
  }
}

/** `column`, `table.column`, `schema.table.column`, or a call. */
function parseName(tokens: TokenStream): Expression {
  const at = tokens.start;
  const quoted = tokens.kind === "quoted";
  const first = tokens.name();
  if (tokens.kind === "(") {
    return parseCall(tokens, first, at);
  }
  if (!tokens.take(".")) {
    return { kind: "name", at, table: undefined, column: first, quoted };
  }
  let table = first;
  let column = tokens.name();
  if (tokens.take(".")) {
    refuseSchema(tokens, first, at);
    table = column;
    column = tokens.name();
  }
  return { kind: "name", at, table, column, quoted: true };
}

/** There is one schema, `main`. */
export function refuseSchema(tokens: TokenStream, schema: string, at: number): void {
  if (schema.toLowerCase() !== "main") {
    throw tokens.unsupported(`the schema "${schema}" (there is only "main")`, at);
  }
}

function parseCall(tokens: TokenStream, name: string, at: number): Expression {
  tokens.expect("(");
  let star = false;
  let distinct = false;
  let list: readonly Expression[] = [];
  if (tokens.take("*")) {
    star = true;
  } else if (tokens.kind !== ")") {
    distinct = tokens.take("DISTINCT");
    if (!distinct) {
      tokens.take("ALL");
    }
    refuseSubquery(tokens);
    list = parseExpressions(tokens);
    if (tokens.kind === "ORDER") {
      throw tokens.unsupported("ORDER BY inside an aggregate");
    }
  }
  tokens.expect(")");
  if (tokens.kind === "FILTER" || tokens.kind === "OVER") {
    throw tokens.unsupported(tokens.kind === "OVER" ? "a window function" : "FILTER");
  }
  tokens.raise(tokens.height + 1);
  return { kind: "call", at, name: name.toLowerCase(), list, star, distinct };
}

function parseCase(tokens: TokenStream): Expression {
  const at = tokens.start;
  let height = 0;
  const part = (): Expression => {
    const parsed = parseExpression(tokens);
    height = Math.max(height, tokens.height);
    return parsed;
  };
  tokens.expect("CASE");
  const operand = tokens.kind === "WHEN" ? undefined : part();
  const branches: CaseBranch[] = [];
  do {
    tokens.expect("WHEN");
    const condition = part();
    tokens.expect("THEN");
    branches.push({ condition, result: part() });
  } while (tokens.kind === "WHEN");
  const otherwise = tokens.take("ELSE") ? part() : undefined;
  tokens.expect("END");
  tokens.raise(height + 1);
  return { kind: "case", at, operand, branches, otherwise };
}

function parseCast(tokens: TokenStream): Expression {
  const at = tokens.start;
  tokens.expect("CAST");
  tokens.expect("(");
  refuseSubquery(tokens);
  const operand = parseExpression(tokens);
  tokens.expect("AS");
  const type = parseTypeName(tokens) ?? "";
  tokens.expect(")");
  tokens.raise(tokens.height + 1);
  return { kind: "cast", at, operand, type };
}

/** The words of a type and its numbers in parentheses, as written; undefined where none stands. */
export function parseTypeName(tokens: TokenStream): string | undefined {
  const words: string[] = [];
  while (tokens.isIdentifier() || tokens.kind === "string") {
    // `GENERATED ALWAYS` follows a type, and both are words that could be part of one.
    if (tokens.kind === "GENERATED" && words.length > 0) {
      break;
    }
    words.push(tokens.name());
  }
  if (words.length === 0) {
    return undefined;
  }
  let type = words.join(" ");
  if (tokens.take("(")) {
    const numbers = [parseSignedNumber(tokens)];
    if (tokens.take(",")) {
      numbers.push(parseSignedNumber(tokens));
    }
    tokens.expect(")");
    type += `(${numbers.join(",")})`;
  }
  return type;
}

function parseSignedNumber(tokens: TokenStream): string {
  const sign = tokens.take("-") ? "-" : "";
  if (sign === "") {
    tokens.take("+");
  }
  const { word } = tokens;
  if (tokens.kind !== "integer" && tokens.kind !== "real") {
    throw tokens.unexpected();
  }
  tokens.advance();
  return sign + word;
}

const MAX_INT64 = 2n ** 63n - 1n;
/** Without its minus sign it is beyond 64 bits, so the two are one literal. */
const LOWEST_INT64_DIGITS = "9223372036854775808";
const HEX_DIGITS = 16;

/** Decimal integers beyond 64 bits are reals; hexadecimal ones wrap to a signed number, as in SQLite. */
function parseNumber(tokens: TokenStream, kind: "integer" | "real"): Expression {
  const at = tokens.start;
  const digits = tokens.word.includes("_") ? tokens.word.replaceAll("_", "") : tokens.word;
  const value = Number(digits);
  if (kind === "real" || value < Number.MAX_SAFE_INTEGER) {
    return { kind, at, value };
  }
  const exact = BigInt(digits);
  if (digits.charCodeAt(1) === 120 || digits.charCodeAt(1) === 88) {
    if (digits.replace(/^0[xX]0*/, "").length > HEX_DIGITS) {
      throw tokens.invalid("a hexadecimal integer has at most 64 bits");
    }
    return { kind: "integer", at, value: canonicalInteger(BigInt.asIntN(64, exact)) };
  }
  return exact <= MAX_INT64 ? { kind: "integer", at, value: canonicalInteger(exact) } : { kind: "real", at, value };
}

/** A number where that is exact. */
function canonicalInteger(exact: bigint): number | bigint {
  const value = Number(exact);
  return Number.isSafeInteger(value) ? value : exact;
}
