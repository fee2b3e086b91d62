/** Transactions, and what is done to a database as a whole: PRAGMA, ATTACH, DETACH, VACUUM, ANALYZE, REINDEX, DROP. */
import type { Drop } from "./ast/definition.ts";
import type { Attach, Detach, Maintenance, Pragma, TransactionStatement, Vacuum } from "./ast/statement.ts";
import { parseName, parseQualifiedName, takeIf } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";
import { parseSignedNumber } from "./type-name.ts";

export function parseBegin(tokens: TokenStream): TransactionStatement {
  const at = tokens.start;
  tokens.expect("BEGIN");
  let type: "deferred" | "immediate" | "exclusive" = "deferred";
  if (tokens.take("IMMEDIATE")) {
    type = "immediate";
  } else if (tokens.take("EXCLUSIVE")) {
    type = "exclusive";
  } else {
    tokens.take("DEFERRED");
  }
  takeTransaction(tokens);
  return { kind: "begin", at, type };
}

/** COMMIT or END. */
export function parseCommit(tokens: TokenStream): TransactionStatement {
  const at = tokens.start;
  tokens.advance();
  takeTransaction(tokens);
  return { kind: "commit", at };
}

export function parseRollback(tokens: TokenStream): TransactionStatement {
  const at = tokens.start;
  tokens.expect("ROLLBACK");
  takeTransaction(tokens);
  if (!tokens.take("TO")) {
    return { kind: "rollback", at };
  }
  tokens.take("SAVEPOINT");
  return { kind: "rollback-to", at, savepoint: parseName(tokens) };
}

export function parseSavepoint(tokens: TokenStream): TransactionStatement {
  const at = tokens.start;
  tokens.expect("SAVEPOINT");
  return { kind: "savepoint", at, savepoint: parseName(tokens) };
}

export function parseRelease(tokens: TokenStream): TransactionStatement {
  const at = tokens.start;
  tokens.expect("RELEASE");
  tokens.take("SAVEPOINT");
  return { kind: "release", at, savepoint: parseName(tokens) };
}

/** TRANSACTION and a name, which means nothing. */
function takeTransaction(tokens: TokenStream): void {
  if (tokens.take("TRANSACTION") && tokens.isName()) {
    tokens.name();
  }
}

export function parsePragma(tokens: TokenStream): Pragma {
  tokens.expect("PRAGMA");
  const name = parseQualifiedName(tokens);
  let value: string | undefined;
  if (tokens.take("=")) {
    value = parsePragmaValue(tokens);
  } else if (tokens.take("(")) {
    value = parsePragmaValue(tokens);
    tokens.expect(")");
  }
  return { kind: "pragma", ...name, value };
}

function parsePragmaValue(tokens: TokenStream): string {
  const { kind, word } = tokens;
  if (tokens.isName()) {
    return tokens.name();
  }
  if (kind === "ON" || kind === "DELETE" || kind === "DEFAULT") {
    tokens.advance();
    return word;
  }
  return parseSignedNumber(tokens);
}

export function parseVacuum(tokens: TokenStream): Vacuum {
  const at = tokens.start;
  tokens.expect("VACUUM");
  const schema = tokens.isName() ? parseName(tokens) : undefined;
  return { kind: "vacuum", at, schema, into: tokens.take("INTO") ? tokens.expression() : undefined };
}

export function parseAttach(tokens: TokenStream): Attach {
  const at = tokens.start;
  tokens.expect("ATTACH");
  tokens.take("DATABASE");
  const file = tokens.expression();
  tokens.expect("AS");
  const schema = tokens.expression();
  return { kind: "attach", at, file, schema, key: tokens.take("KEY") ? tokens.expression() : undefined };
}

export function parseDetach(tokens: TokenStream): Detach {
  const at = tokens.start;
  tokens.expect("DETACH");
  tokens.take("DATABASE");
  return { kind: "detach", at, schema: tokens.expression() };
}

/** ANALYZE or REINDEX. */
export function parseMaintenance(tokens: TokenStream, kind: Maintenance["kind"]): Maintenance {
  const at = tokens.start;
  tokens.advance();
  return { kind, at, target: tokens.isName() ? parseQualifiedName(tokens) : undefined };
}

export function parseDrop(tokens: TokenStream): Drop {
  tokens.expect("DROP");
  const kind = dropKind(tokens);
  tokens.advance();
  const ifExists = takeIf(tokens, undefined);
  return { kind, ...parseQualifiedName(tokens), ifExists };
}

function dropKind(tokens: TokenStream): Drop["kind"] {
  switch (tokens.kind) {
    case "TABLE":
      return "drop-table";
    case "INDEX":
      return "drop-index";
    case "VIEW":
      return "drop-view";
    case "TRIGGER":
      return "drop-trigger";
    default:
      throw tokens.unexpected();
  }
}
