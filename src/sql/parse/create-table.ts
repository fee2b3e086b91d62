/**
 * CREATE TABLE: columns with type, PRIMARY KEY, NOT NULL, NULL and DEFAULT; a PRIMARY KEY of the table; WITHOUT ROWID.
 * Every other constraint is refused by name: a constraint that is read and then ignored would be a wrong answer later.
 */
import type { ColumnDefinition, CreateTable, Expression, PrimaryKey } from "./ast.ts";
import { parseOperand, parseTypeName } from "./expression.ts";
import { parseQualifiedName, takeDirection } from "./select.ts";
import { TokenStream } from "./token-stream.ts";

/** SQLite's bound on the columns of a table. */
export const MAX_COLUMNS = 2000;

/** From the table's name on: CREATE TABLE is behind. */
export function parseCreateTable(tokens: TokenStream): CreateTable {
  const ifNotExists = takeIf(tokens, "NOT");
  const at = tokens.start;
  const name = parseQualifiedName(tokens);
  if (tokens.kind === "AS") {
    throw tokens.unsupported("CREATE TABLE … AS SELECT");
  }
  tokens.expect("(");
  const columns: ColumnDefinition[] = [];
  let primaryKey: PrimaryKey | undefined;
  const keep = (key: PrimaryKey | undefined): void => {
    if (key !== undefined && primaryKey !== undefined) {
      throw tokens.invalid(`the table "${name}" has more than one primary key`, key.at);
    }
    primaryKey ??= key;
  };
  for (;;) {
    if (columns.length > 0 && startsTableConstraint(tokens)) {
      keep(parseTableConstraint(tokens));
    } else {
      if (columns.length === MAX_COLUMNS) {
        throw tokens.invalid(`a table may have ${MAX_COLUMNS} columns`);
      }
      const column = parseColumn(tokens);
      columns.push(column.definition);
      keep(column.primaryKey);
    }
    if (!tokens.take(",")) {
      // SQLite lets the comma before a table constraint be left out.
      if (startsTableConstraint(tokens)) {
        continue;
      }
      break;
    }
  }
  tokens.expect(")");
  return { kind: "create-table", name, at, ifNotExists, columns, primaryKey, withoutRowid: takeWithoutRowid(tokens) };
}

/** IF NOT EXISTS or IF EXISTS. */
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

function takeWithoutRowid(tokens: TokenStream): boolean {
  let withoutRowid = false;
  while (tokens.kind !== "end" && tokens.kind !== ";") {
    if (tokens.kind === "name" && tokens.word.toUpperCase() === "STRICT") {
      throw tokens.unsupported("STRICT");
    }
    tokens.expect("WITHOUT");
    if (tokens.word.toUpperCase() !== "ROWID") {
      throw tokens.unexpected();
    }
    tokens.advance();
    withoutRowid = true;
    if (!tokens.take(",")) {
      break;
    }
  }
  return withoutRowid;
}

interface Column {
  readonly definition: ColumnDefinition;
  readonly primaryKey: PrimaryKey | undefined;
}

function parseColumn(tokens: TokenStream): Column {
  const at = tokens.start;
  const name = tokens.name();
  const type = parseTypeName(tokens);
  let notNull = false;
  let value: Expression | undefined;
  let defaultText: string | undefined;
  let primaryKey: PrimaryKey | undefined;
  for (;;) {
    if (tokens.take("CONSTRAINT")) {
      tokens.name();
    }
    if (tokens.kind === "PRIMARY") {
      if (primaryKey !== undefined) {
        throw tokens.invalid(`the column "${name}" is declared PRIMARY KEY twice`);
      }
      primaryKey = parsePrimaryKey(tokens, name);
    } else if (tokens.take("NOT")) {
      tokens.expect("NULL");
      refuseConflictClause(tokens);
      notNull = true;
    } else if (tokens.take("NULL")) {
      refuseConflictClause(tokens);
    } else if (tokens.take("DEFAULT")) {
      const from = tokens.start;
      value = parseDefault(tokens);
      defaultText = tokens.text.slice(from, tokens.previousEnd);
    } else {
      refuseConstraint(tokens);
      break;
    }
  }
  return { definition: { name, at, type, notNull, default: value, defaultText }, primaryKey };
}

/** The default that the catalog kept as text. */
export function parseDefaultText(text: string): Expression {
  return parseDefault(new TokenStream(text));
}

/** A literal with an optional sign, a name (which is a text), or an expression in parentheses. */
function parseDefault(tokens: TokenStream): Expression {
  const at = tokens.start;
  if (tokens.kind === "name" || tokens.kind === "quoted") {
    const value = tokens.name();
    const constant = value.toLowerCase();
    return constant === "true" || constant === "false"
      ? { kind: "integer", at, value: constant === "true" ? 1 : 0 }
      : { kind: "text", at, value };
  }
  return parseOperand(tokens);
}

function parsePrimaryKey(tokens: TokenStream, column: string): PrimaryKey {
  const at = tokens.start;
  tokens.expect("PRIMARY");
  tokens.expect("KEY");
  const descending = takeDirection(tokens);
  refuseConflictClause(tokens);
  if (tokens.kind === "AUTOINCREMENT") {
    throw tokens.unsupported("AUTOINCREMENT");
  }
  return { at, columns: [{ name: column, descending, at }] };
}

function startsTableConstraint(tokens: TokenStream): boolean {
  return ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].includes(tokens.kind);
}

function parseTableConstraint(tokens: TokenStream): PrimaryKey {
  if (tokens.take("CONSTRAINT")) {
    tokens.name();
  }
  refuseConstraint(tokens);
  const at = tokens.start;
  tokens.expect("PRIMARY");
  tokens.expect("KEY");
  tokens.expect("(");
  const columns: { name: string; descending: boolean; at: number }[] = [];
  do {
    const columnAt = tokens.start;
    const name = tokens.name();
    if (tokens.kind === "COLLATE") {
      throw tokens.unsupported("COLLATE");
    }
    columns.push({ name, descending: takeDirection(tokens), at: columnAt });
  } while (tokens.take(","));
  tokens.expect(")");
  refuseConflictClause(tokens);
  return { at, columns };
}

function refuseConstraint(tokens: TokenStream): void {
  switch (tokens.kind) {
    case "UNIQUE":
    case "CHECK":
    case "COLLATE":
    case "REFERENCES":
      throw tokens.unsupported(`the constraint ${tokens.kind}`);
    case "FOREIGN":
      throw tokens.unsupported("the constraint FOREIGN KEY");
    case "GENERATED":
    case "AS":
      throw tokens.unsupported("a generated column");
    default:
  }
}

function refuseConflictClause(tokens: TokenStream): void {
  if (tokens.kind === "ON") {
    throw tokens.unsupported("ON CONFLICT");
  }
}
