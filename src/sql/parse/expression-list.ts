/** Expressions one after the other, and the terms of ORDER BY. */
import type { Expression, OrderingTerm } from "./ast/query.ts";
import type { TokenStream } from "./token-stream.ts";

/** SQLite's bound on the columns of a result, the terms of ORDER BY and so on. */
export const MAX_COLUMNS = 2000;

/** Expressions separated by commas; at least one. */
export function parseExpressions(tokens: TokenStream): Expression[] {
  const list: Expression[] = [];
  let height = 0;
  do {
    list.push(tokens.expression());
    height = Math.max(height, tokens.height);
  } while (tokens.take(","));
  tokens.height = height;
  return list;
}

/** The terms behind `GROUP BY`; none where it is not there. */
export function parseGroupBy(tokens: TokenStream): readonly Expression[] {
  if (!takeBy(tokens, "GROUP")) {
    return NONE;
  }
  const terms = parseExpressions(tokens);
  if (terms.length > MAX_COLUMNS) {
    tokens.complain("too many terms in GROUP BY clause");
  }
  return terms;
}

const NONE: readonly never[] = [];

/** The terms behind `ORDER BY`; none where it is not there. */
export function parseOrderBy(tokens: TokenStream): readonly OrderingTerm[] {
  if (!takeBy(tokens, "ORDER")) {
    return NONE;
  }
  const terms: OrderingTerm[] = [];
  do {
    const expression = tokens.expression();
    const descending = takeDirection(tokens);
    terms.push({ expression, descending, nullsFirst: takeNullsFirst(tokens) ?? !descending });
  } while (tokens.take(","));
  if (terms.length > MAX_COLUMNS) {
    tokens.complain("too many terms in ORDER BY clause");
  }
  return terms;
}

/** ASC, DESC or nothing; true: descending. */
export function takeDirection(tokens: TokenStream): boolean {
  const descending = tokens.take("DESC");
  if (!descending) {
    tokens.take("ASC");
  }
  return descending;
}

/** NULLS FIRST, NULLS LAST, or undefined. */
export function takeNullsFirst(tokens: TokenStream): boolean | undefined {
  if (!tokens.take("NULLS")) {
    return undefined;
  }
  const first = tokens.take("FIRST");
  if (!first) {
    tokens.expect("LAST");
  }
  return first;
}

/** `word` BY. */
export function takeBy(tokens: TokenStream, word: "GROUP" | "ORDER" | "PARTITION"): boolean {
  if (!tokens.take(word)) {
    return false;
  }
  tokens.expect("BY");
  return true;
}
