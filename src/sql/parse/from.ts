/** FROM: tables, functions, queries and joins. */
import type { Expression, From, FromTerm, Join, JoinType, Name } from "./ast/query.ts";
import { parseExpressions } from "./expression-list.ts";
import { parseIndexHint, parseNames, parseQualifiedName } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";

/** SQLite's bound on what one FROM names. */
const MAX_FROM_TERMS = 200;

/** How much of the stack a FROM in parentheses takes, in levels of expressions. */
const LEVELS = 1;

interface JoinOperator {
  readonly type: JoinType;
  readonly natural: boolean;
}

interface Condition {
  readonly on: Expression | undefined;
  readonly using: readonly Name[] | undefined;
}

const NO_CONDITION: Condition = { on: undefined, using: undefined };
const COMMA: JoinOperator = { type: "comma", natural: false };
const INNER: JoinOperator = { type: "inner", natural: false };

export function parseFrom(tokens: TokenStream): From {
  const at = tokens.start;
  const first = parseFromTerm(tokens);
  const condition = parseCondition(tokens);
  if (condition.on !== undefined || condition.using !== undefined) {
    tokens.complain(`a JOIN clause is required before ${condition.on === undefined ? "USING" : "ON"}`, at);
  }
  const joins: Join[] = [];
  for (;;) {
    const joinAt = tokens.start;
    const operator = takeJoinOperator(tokens);
    if (operator === undefined) {
      return { first, joins };
    }
    const { type, natural } = operator;
    const term = parseFromTerm(tokens);
    const { on, using } = parseCondition(tokens);
    joins.push({ at: joinAt, type, natural, term, on, using });
    if (joins.length === MAX_FROM_TERMS) {
      tokens.complain(`too many FROM clause terms, max: ${MAX_FROM_TERMS}`, at);
    }
  }
}

function parseFromTerm(tokens: TokenStream): FromTerm {
  const at = tokens.start;
  if (tokens.take("(")) {
    tokens.enter(LEVELS);
    const inside = tokens.startsQuery() ? tokens.query() : parseFrom(tokens);
    tokens.expect(")");
    tokens.leave(LEVELS);
    const alias = tokens.alias();
    return "kind" in inside
      ? { kind: "subquery", at, query: inside, alias }
      : { kind: "nested", at, from: inside, alias };
  }
  const table = parseQualifiedName(tokens);
  if (tokens.take("(")) {
    const list = tokens.kind === ")" ? [] : parseExpressions(tokens);
    tokens.expect(")");
    return { kind: "table-function", ...table, list, alias: tokens.alias() };
  }
  const { schema, name } = table;
  const alias = tokens.alias();
  return { kind: "table", schema, name, at: table.at, alias, index: parseIndexHint(tokens) };
}

function parseCondition(tokens: TokenStream): Condition {
  if (tokens.take("ON")) {
    return { on: tokens.expression(), using: undefined };
  }
  return tokens.take("USING") ? { on: undefined, using: parseNames(tokens) } : NO_CONDITION;
}

/** A comma, JOIN, or JOIN behind up to three words, the first of which no alias could be. */
function takeJoinOperator(tokens: TokenStream): JoinOperator | undefined {
  if (tokens.take(",")) {
    return COMMA;
  }
  if (tokens.take("JOIN")) {
    return INNER;
  }
  if (!JOIN_WORDS.has(tokens.kind)) {
    return undefined;
  }
  const at = tokens.start;
  const words: string[] = [];
  do {
    words.push(tokens.word);
    tokens.name();
  } while (words.length < 3 && tokens.kind !== "JOIN" && tokens.isName());
  if (tokens.kind !== "JOIN") {
    throw tokens.unexpected();
  }
  tokens.advance();
  const operator = joinOperatorOf(words.map((word) => word.toUpperCase()));
  if (operator === undefined) {
    tokens.complain(`unknown join type: ${words.join(" ")}`, at);
  }
  return operator ?? INNER;
}

const JOIN_WORDS: ReadonlySet<string> = new Set(["NATURAL", "LEFT", "OUTER", "RIGHT", "FULL", "INNER", "CROSS"]);

/** The words come in any order; OUTER alone says nothing, and an outer join is no inner one. */
function joinOperatorOf(words: readonly string[]): JoinOperator | undefined {
  const has = (word: string): boolean => words.includes(word);
  const left = has("LEFT") || has("FULL");
  const right = has("RIGHT") || has("FULL");
  const isInner = has("INNER") || has("CROSS");
  const isOuter = left || right || has("OUTER");
  if (!words.every((word) => JOIN_WORDS.has(word)) || (isInner && isOuter) || (isOuter && !left && !right)) {
    return undefined;
  }
  const natural = has("NATURAL");
  if (isOuter) {
    return { type: left && right ? "full" : left ? "left" : "right", natural };
  }
  return { type: has("CROSS") ? "cross" : "inner", natural };
}
