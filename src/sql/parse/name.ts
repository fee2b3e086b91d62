/** Names: with a schema, with an alias, and lists of them. */
import type { IndexHint, Name, QualifiedName, TableName } from "./ast/query.ts";
import { takeDirection } from "./expression-list.ts";
import type { TokenStream } from "./token-stream.ts";

export function parseName(tokens: TokenStream): Name {
  return { at: tokens.start, name: tokens.name() };
}

/** `name` or `schema.name`. */
export function parseQualifiedName(tokens: TokenStream): QualifiedName {
  const at = tokens.start;
  const name = tokens.name();
  if (!tokens.take(".")) {
    return { schema: undefined, name, at };
  }
  return { schema: name, at: tokens.start, name: tokens.name() };
}

/** The table that a statement writes to: an alias needs its AS. */
export function parseTarget(tokens: TokenStream): TableName {
  const { schema, name, at } = parseQualifiedName(tokens);
  const alias = tokens.take("AS") ? tokens.name() : undefined;
  return { schema, name, at, alias, index: undefined };
}

/** INDEXED BY or NOT INDEXED. */
export function parseIndexHint(tokens: TokenStream): IndexHint | undefined {
  const at = tokens.start;
  if (tokens.take("INDEXED")) {
    tokens.expect("BY");
    return { at, name: tokens.name() };
  }
  if (tokens.take("NOT")) {
    tokens.expect("INDEXED");
    return { at, name: undefined };
  }
  return undefined;
}

/** Names in parentheses. */
export function parseNames(tokens: TokenStream): Name[] {
  const names: Name[] = [];
  tokens.expect("(");
  do {
    names.push(parseName(tokens));
  } while (tokens.take(","));
  tokens.expect(")");
  return names;
}

/** Names in parentheses, if there are any. The grammar has a collation and a direction there, and SQLite refuses both. */
export function parseColumnNames(tokens: TokenStream): Name[] | undefined {
  if (!tokens.take("(")) {
    return undefined;
  }
  const names: Name[] = [];
  do {
    const column = parseName(tokens);
    names.push(column);
    const behind = tokens.start;
    if (tokens.take("COLLATE")) {
      tokens.identifier();
    }
    takeDirection(tokens);
    if (tokens.start !== behind) {
      tokens.complain(`syntax error after column name "${column.name}"`, column.at);
    }
  } while (tokens.take(","));
  tokens.expect(")");
  return names;
}

/** IF EXISTS, or IF NOT EXISTS. */
export function takeIf(tokens: TokenStream, negation: "NOT" | undefined): boolean {
  if (!tokens.take("IF")) {
    return false;
  }
  if (negation !== undefined) {
    tokens.expect(negation);
  }
  tokens.expect("EXISTS");
  return true;
}
