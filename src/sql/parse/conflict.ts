/** OR IGNORE and its like, of a statement, and ON CONFLICT IGNORE, of a constraint. */
import type { ConflictAction } from "./ast/write.ts";
import type { TokenStream } from "./token-stream.ts";

/** `OR` and an action. */
export function parseOrAction(tokens: TokenStream): ConflictAction | undefined {
  return tokens.take("OR") ? parseAction(tokens) : undefined;
}

/** `ON CONFLICT` and an action. */
export function parseOnConflict(tokens: TokenStream): ConflictAction | undefined {
  if (!tokens.take("ON")) {
    return undefined;
  }
  tokens.expect("CONFLICT");
  return parseAction(tokens);
}

function parseAction(tokens: TokenStream): ConflictAction {
  const { kind } = tokens;
  switch (kind) {
    case "ROLLBACK":
    case "ABORT":
    case "FAIL":
    case "IGNORE":
    case "REPLACE":
      tokens.advance();
      return kind.toLowerCase() as ConflictAction;
    default:
      throw tokens.unexpected();
  }
}
