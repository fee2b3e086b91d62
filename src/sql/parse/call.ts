/** Calls of functions, with what aggregates and window functions add: DISTINCT, ORDER BY, FILTER and OVER. */
import type { Call, Expression, OrderingTerm, Window, WindowName } from "./ast/query.ts";
import { parseExpressions, parseOrderBy } from "./expression-list.ts";
import type { TokenStream } from "./token-stream.ts";
import { parseOver } from "./window.ts";

/** SQLite's bound on the arguments of a function. */
const MAX_ARGUMENTS = 1000;

/** From the parenthesis behind the function's name on. */
export function parseCall(tokens: TokenStream, name: string, at: number): Call {
  const written = tokens.text.slice(at, tokens.previousEnd);
  tokens.expect("(");
  let star = false;
  let distinct = false;
  let list: readonly Expression[] = [];
  let orderBy: readonly OrderingTerm[] = [];
  if (tokens.take("*")) {
    star = true;
  } else {
    distinct = tokens.take("DISTINCT");
    if (!distinct) {
      tokens.take("ALL");
    }
    if (tokens.kind !== ")" && tokens.kind !== "ORDER") {
      list = parseExpressions(tokens);
    }
    const { height } = tokens;
    orderBy = parseOrderBy(tokens);
    tokens.height = height;
  }
  tokens.expect(")");
  const { height } = tokens;
  const filter = parseFilter(tokens);
  const over = tokens.kind === "OVER" ? parseOver(tokens) : undefined;
  tokens.raise(height + 1);
  checkCall(tokens, { at, written, list, distinct, orderBy, over });
  return { kind: "call", at, name: name.toLowerCase(), list, star, distinct, orderBy, filter, over };
}

function parseFilter(tokens: TokenStream): Expression | undefined {
  if (!tokens.take("FILTER")) {
    return undefined;
  }
  tokens.expect("(");
  tokens.expect("WHERE");
  const filter = tokens.expression();
  tokens.expect(")");
  return filter;
}

interface CallParts {
  readonly at: number;
  /** The function's name as written. */
  readonly written: string;
  readonly list: readonly Expression[];
  readonly distinct: boolean;
  readonly orderBy: readonly OrderingTerm[];
  readonly over: Window | WindowName | undefined;
}

function checkCall(tokens: TokenStream, { at, written, list, distinct, orderBy, over }: CallParts): void {
  if (list.length > MAX_ARGUMENTS) {
    tokens.complain(`too many arguments on function ${written}`, at);
  }
  if (distinct && over !== undefined) {
    tokens.complain("DISTINCT is not supported for window functions", at);
  }
  if (orderBy.length > 0 && over !== undefined && list.length > 0) {
    tokens.complain(`ORDER BY may not be used with non-aggregate ${written}()`, at);
  }
}
