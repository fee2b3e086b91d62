/** The two rules that contain each other, and texts that are only a part of a statement. */
import type { Expression } from "./ast/query.ts";
import { parseDefault } from "./column-definition.ts";
import { parseExpression } from "./expression.ts";
import { parseQuery } from "./query.ts";
import { type Grammar, TokenStream } from "./token-stream.ts";

const GRAMMAR: Grammar = { expression: parseExpression, query: parseQuery };

export function tokensOf(text: string): TokenStream {
  return new TokenStream(text, GRAMMAR);
}

/** An expression that the catalog kept as text: a check, a part of an index, a generated column. */
export function parseExpressionText(text: string): Expression {
  return whole(text, (tokens) => tokens.expression());
}

/** The default of a column that the catalog kept as text. */
export function parseDefaultText(text: string): Expression {
  return whole(text, parseDefault);
}

function whole(text: string, parse: (tokens: TokenStream) => Expression): Expression {
  const tokens = tokensOf(text);
  const expression = parse(tokens);
  if (tokens.kind !== "end") {
    throw tokens.unexpected();
  }
  tokens.settle();
  return expression;
}
