/** The two rules that contain each other. */
import { parseExpression } from "./expression.ts";
import { parseQuery } from "./query.ts";
import { type Grammar, TokenStream } from "./token-stream.ts";

const GRAMMAR: Grammar = { expression: parseExpression, query: parseQuery };

export function tokensOf(text: string): TokenStream {
  return new TokenStream(text, GRAMMAR);
}
