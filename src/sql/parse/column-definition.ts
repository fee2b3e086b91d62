/** A column of CREATE TABLE or ALTER TABLE ADD: its name, its type, and its constraints. */
import type { ColumnDefinition, Constraint } from "./ast/definition.ts";
import type { Expression } from "./ast/query.ts";
import { parseOnConflict } from "./conflict.ts";
import { takeDirection } from "./expression-list.ts";
import { foreignKeyOf, parseDeferrable, parseReferences } from "./foreign-key.ts";
import { isLowestInteger, LOWEST_INTEGER, parseLiteral } from "./literal.ts";
import { parseName } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";
import { parseTypeName } from "./type-name.ts";

export interface Column {
  readonly definition: ColumnDefinition;
  /** Those of the table that the column's are: its PRIMARY KEY, UNIQUE, CHECK and REFERENCES. */
  readonly constraints: readonly Constraint[];
}

/** A column while its constraints are read. */
interface Draft {
  readonly definition: { -readonly [Part in keyof ColumnDefinition]: ColumnDefinition[Part] };
  readonly constraints: Constraint[];
  /** The name that the next constraint has. */
  constraintName: string | undefined;
}

export function parseColumn(tokens: TokenStream): Column {
  const at = tokens.start;
  const name = tokens.name();
  const definition = {
    name,
    at,
    type: withoutGenerated(parseTypeName(tokens)),
    notNull: false,
    notNullConflict: undefined,
    default: undefined,
    defaultText: undefined,
    collation: undefined,
    generated: undefined,
  };
  const draft: Draft = { definition, constraints: [], constraintName: undefined };
  while (parseConstraint(tokens, draft)) {
    // Each adds to the draft.
  }
  return draft;
}

/** `GENERATED ALWAYS` follows a type, and both are words that could be part of one. */
function withoutGenerated(type: string | undefined): string | undefined {
  if (type === undefined || type.length < "generated always".length) {
    return type;
  }
  const bare = type.replace(/\s*(generated\s*)?always$/i, "");
  return bare === "" ? undefined : bare;
}

/** One constraint; false where none begins. */
function parseConstraint(tokens: TokenStream, draft: Draft): boolean {
  const { start: at, kind } = tokens;
  switch (kind) {
    case "CONSTRAINT":
      tokens.advance();
      draft.constraintName = tokens.name();
      return true;
    case "DEFAULT":
      tokens.advance();
      parseDefaultOf(tokens, draft);
      return true;
    case "NULL":
      tokens.advance();
      parseOnConflict(tokens);
      return true;
    case "NOT":
      tokens.advance();
      parseNot(tokens, draft);
      return true;
    case "DEFERRABLE":
      defer(draft, parseDeferrable(tokens, false));
      return true;
    case "COLLATE":
      tokens.advance();
      draft.definition.collation = { at: tokens.start, name: tokens.identifier() };
      return true;
    case "GENERATED":
      tokens.advance();
      tokens.expect("ALWAYS");
      tokens.expect("AS");
      parseGenerated(tokens, draft);
      return true;
    case "AS":
      tokens.advance();
      parseGenerated(tokens, draft);
      return true;
    case "PRIMARY":
    case "UNIQUE":
    case "CHECK":
    case "REFERENCES":
      draft.constraints.push(parseKeyConstraint(tokens, draft, at, kind));
      return true;
    default:
      return false;
  }
}

function parseNot(tokens: TokenStream, draft: Draft): void {
  if (tokens.kind === "DEFERRABLE") {
    defer(draft, parseDeferrable(tokens, true));
    return;
  }
  tokens.expect("NULL");
  draft.definition.notNull = true;
  draft.definition.notNullConflict = parseOnConflict(tokens);
}

/** DEFERRABLE is for the key that was referenced last. */
function defer(draft: Draft, initiallyDeferred: boolean): void {
  const last = draft.constraints.findLastIndex(({ kind }) => kind === "foreign-key");
  const key = draft.constraints[last];
  if (key?.kind === "foreign-key") {
    draft.constraints[last] = { ...key, initiallyDeferred };
  }
}

function parseKeyConstraint(
  tokens: TokenStream,
  draft: Draft,
  at: number,
  kind: "PRIMARY" | "UNIQUE" | "CHECK" | "REFERENCES",
): Constraint {
  const name = draft.constraintName;
  const column = { name: draft.definition.name, at: draft.definition.at };
  switch (kind) {
    case "PRIMARY": {
      tokens.advance();
      tokens.expect("KEY");
      const descending = takeDirection(tokens);
      const conflict = parseOnConflict(tokens);
      const autoincrement = tokens.take("AUTOINCREMENT");
      const columns = [{ ...column, collation: undefined, descending }];
      return { kind: "primary-key", at, name, columns, autoincrement, conflict };
    }
    case "UNIQUE": {
      tokens.advance();
      const columns = [{ ...column, collation: undefined, descending: false }];
      return { kind: "unique", at, name, columns, conflict: parseOnConflict(tokens) };
    }
    case "CHECK": {
      tokens.advance();
      return { kind: "check", at, name, ...parseParenthesizedText(tokens), conflict: undefined };
    }
    case "REFERENCES":
      return foreignKeyOf(tokens, { at, name }, [column], parseReferences(tokens), true);
  }
}

/** An expression in parentheses, and what stands between them. */
export function parseParenthesizedText(tokens: TokenStream): {
  readonly expression: Expression;
  readonly text: string;
} {
  const from = tokens.start + 1;
  tokens.expect("(");
  const expression = tokens.expression();
  const text = tokens.text.slice(from, tokens.start).trim();
  tokens.expect(")");
  return { expression, text };
}

/** Behind AS. */
function parseGenerated(tokens: TokenStream, draft: Draft): void {
  const parsed = parseParenthesizedText(tokens);
  const { word } = tokens;
  let stored = false;
  if (tokens.isIdentifier()) {
    stored = word.toLowerCase() === "stored";
    tokens.advance();
    if (!stored && word.toLowerCase() !== "virtual") {
      tokens.complain(`error in generated column "${draft.definition.name}"`, draft.definition.at);
    }
  }
  draft.definition.generated = { ...parsed, stored };
}

function parseDefaultOf(tokens: TokenStream, draft: Draft): void {
  const from = tokens.start;
  const isInParentheses = tokens.kind === "(";
  draft.definition.default = parseDefault(tokens);
  const text = tokens.text.slice(from, tokens.previousEnd);
  draft.definition.defaultText = isInParentheses ? text.slice(1, -1).trim() : text;
}

/** A literal with an optional sign, a name (which is a text, or TRUE or FALSE), or an expression in parentheses. */
function parseDefault(tokens: TokenStream): Expression {
  const at = tokens.start;
  if (tokens.take("(")) {
    const expression = tokens.expression();
    tokens.expect(")");
    return expression;
  }
  if (tokens.take("+")) {
    return parseTerm(tokens);
  }
  if (tokens.take("-")) {
    if (isLowestInteger(tokens)) {
      tokens.advance();
      return { kind: "integer", at, value: LOWEST_INTEGER };
    }
    const operand = parseTerm(tokens);
    return { kind: "unary", at, operator: "-", operand };
  }
  const isTerm = tokens.kind === "string" || tokens.kind.startsWith("CURRENT_");
  if (!isTerm && (tokens.isIdentifier() || tokens.kind === "INDEXED")) {
    const isBare = tokens.kind !== "quoted";
    const { name } = parseName(tokens);
    const word = isBare ? name.toLowerCase() : "";
    return word === "true" || word === "false"
      ? { kind: "integer", at, value: word === "true" ? 1 : 0 }
      : { kind: "text", at, value: name };
  }
  return parseTerm(tokens);
}

function parseTerm(tokens: TokenStream): Expression {
  const at = tokens.start;
  if (tokens.kind === "string") {
    return { kind: "text", at, value: tokens.name() };
  }
  const literal = parseLiteral(tokens);
  if (literal === undefined) {
    throw tokens.unexpected();
  }
  return literal;
}
