/** What stands between operators: literals, parameters, names, calls, CASE, CAST, and whatever is in parentheses. */
import type { CaseBranch, Expression } from "./ast/query.ts";
import { parseCall } from "./call.ts";
import { parseExpressions } from "./expression-list.ts";
import { keywordClass } from "./keywords.ts";
import { isLowestInteger, LOWEST_INTEGER, parseLiteral } from "./literal.ts";
import { NOT, PREFIX } from "./precedence.ts";
import type { TokenStream } from "./token-stream.ts";
import { parseTypeName } from "./type-name.ts";

export function parseOperand(tokens: TokenStream): Expression {
  const { kind } = tokens;
  tokens.height = 1;
  switch (kind) {
    case "name":
    case "quoted":
    case "string":
      return parseNamed(tokens);
    case "parameter": {
      const at = tokens.start;
      return { kind: "parameter", at, index: tokens.parameter() };
    }
    case "(":
      return parseParenthesized(tokens);
    case "-":
    case "+":
    case "~":
    case "NOT":
      return parseUnary(tokens, kind);
    default:
      return parseLiteral(tokens) ?? parseKeyword(tokens, kind);
  }
}

function parseUnary(tokens: TokenStream, kind: "-" | "+" | "~" | "NOT"): Expression {
  const at = tokens.start;
  tokens.advance();
  if (kind === "-" && isLowestInteger(tokens)) {
    tokens.advance();
    return { kind: "integer", at, value: LOWEST_INTEGER };
  }
  const operand = tokens.expression(kind === "NOT" ? NOT : PREFIX);
  if (kind === "-" && operand.kind === "integer" && operand.value === LOWEST_INTEGER) {
    const hexadecimal = /^0x[\da-f_]+/i.exec(tokens.text.slice(operand.at));
    if (hexadecimal !== null) {
      throw tokens.invalid(`hex literal too big: -${hexadecimal[0]}`);
    }
  }
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
    case "EXISTS":
      return parseExists(tokens);
    case "RAISE":
      return parseRaise(tokens);
    default: {
      const keyword = keywordClass(kind);
      if (keyword === "fallback" || keyword === "join") {
        return parseNamed(tokens);
      }
      throw tokens.unexpected();
    }
  }
}

/** An expression, a row of several, or a query. */
function parseParenthesized(tokens: TokenStream): Expression {
  const at = tokens.start;
  tokens.expect("(");
  if (tokens.startsQuery()) {
    const query = tokens.query();
    tokens.raise(tokens.height + 1);
    tokens.expect(")");
    return { kind: "subquery", at, query };
  }
  const first = tokens.expression();
  if (!tokens.take(",")) {
    tokens.expect(")");
    return first;
  }
  const { height } = tokens;
  const list = [first, ...parseExpressions(tokens)];
  tokens.height = Math.max(height, tokens.height);
  tokens.expect(")");
  return { kind: "row", at, list };
}

/** `column`, `table.column`, `schema.table.column`, a call, or a string that is none of them. */
function parseNamed(tokens: TokenStream): Expression {
  const at = tokens.start;
  const { kind } = tokens;
  const first = tokens.name();
  if (tokens.kind === "(" && kind !== "string") {
    return parseCall(tokens, first, at);
  }
  if (!tokens.take(".")) {
    return kind === "string"
      ? { kind: "text", at, value: first }
      : { kind: "name", at, schema: undefined, table: undefined, column: first, quoted: kind === "quoted" };
  }
  const second = tokens.name();
  if (!tokens.take(".")) {
    return { kind: "name", at, schema: undefined, table: first, column: second, quoted: true };
  }
  return { kind: "name", at, schema: first, table: second, column: tokens.name(), quoted: true };
}

function parseCase(tokens: TokenStream): Expression {
  const at = tokens.start;
  let height = 0;
  const part = (): Expression => {
    const parsed = tokens.expression();
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
  const operand = tokens.expression();
  tokens.expect("AS");
  const type = parseTypeName(tokens) ?? "";
  tokens.expect(")");
  tokens.raise(tokens.height + 1);
  return { kind: "cast", at, operand, type };
}

function parseExists(tokens: TokenStream): Expression {
  const at = tokens.start;
  tokens.expect("EXISTS");
  tokens.expect("(");
  if (!tokens.startsQuery()) {
    throw tokens.unexpected();
  }
  const query = tokens.query();
  tokens.expect(")");
  tokens.raise(tokens.height + 1);
  return { kind: "exists", at, query };
}

function parseRaise(tokens: TokenStream): Expression {
  const at = tokens.start;
  tokens.expect("RAISE");
  tokens.expect("(");
  if (tokens.take("IGNORE")) {
    tokens.expect(")");
    return { kind: "raise", at, action: "ignore", message: undefined };
  }
  const { kind } = tokens;
  if (kind !== "ROLLBACK" && kind !== "ABORT" && kind !== "FAIL") {
    throw tokens.unexpected();
  }
  tokens.advance();
  tokens.expect(",");
  const message = tokens.expression();
  tokens.expect(")");
  tokens.raise(tokens.height + 1);
  return { kind: "raise", at, action: kind.toLowerCase() as "rollback" | "abort" | "fail", message };
}
