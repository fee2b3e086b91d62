/** CREATE TABLE: columns, the constraints of the table, STRICT and WITHOUT ROWID; or AS and a query. */
import type { ColumnDefinition, Constraint, CreateTable, PrimaryKey } from "./ast/definition.ts";
import type { QualifiedName } from "./ast/query.ts";
import { parseColumn, parseParenthesizedText } from "./column-definition.ts";
import { parseOnConflict } from "./conflict.ts";
import { MAX_COLUMNS } from "./expression-list.ts";
import { foreignKeyOf, parseDeferrable, parseReferences } from "./foreign-key.ts";
import { parseKey } from "./indexed-column.ts";
import { parseColumnNames, parseQualifiedName, takeIf } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";

/** From IF NOT EXISTS or the table's name on: CREATE TABLE is behind. */
export function parseCreateTable(tokens: TokenStream, temporary: boolean): CreateTable {
  const ifNotExists = takeIf(tokens, "NOT");
  const name = parseQualifiedName(tokens);
  if (temporary && name.schema !== undefined && name.schema.toLowerCase() !== "temp") {
    tokens.complain("temporary table name must be unqualified", name.at);
  }
  const table = { kind: "create-table", ...name, temporary, ifNotExists } as const;
  const textTo = (end: number): string => `CREATE TABLE ${tokens.text.slice(name.at, end)}`;
  if (tokens.take("AS")) {
    const query = tokens.query();
    const text = textTo(tokens.previousEnd);
    const body = { columns: [], constraints: [], primaryKey: undefined, columnsEnd: name.at };
    return { ...table, ...body, ...NO_OPTIONS, query, text };
  }
  const body = parseBody(tokens, name);
  const closed = tokens.previousEnd;
  const options = parseOptions(tokens);
  // Behind options the text goes on up to the semicolon, as SQLite keeps it.
  const text = textTo(tokens.previousEnd === closed ? closed : tokens.start);
  return { ...table, ...body, ...options, query: undefined, text };
}

type TableBody = Pick<CreateTable, "columns" | "constraints" | "primaryKey" | "columnsEnd">;

function parseBody(tokens: TokenStream, table: QualifiedName): TableBody {
  const columns: ColumnDefinition[] = [];
  const constraints: Constraint[] = [];
  tokens.expect("(");
  let behindComma: boolean;
  let columnsEnd: number;
  do {
    const column = parseColumn(tokens);
    columns.push(column.definition);
    constraints.push(...column.constraints);
    if (columns.length > MAX_COLUMNS) {
      throw tokens.invalid(`too many columns on ${table.name}`);
    }
    columnsEnd = tokens.start;
    behindComma = tokens.take(",");
  } while (behindComma && !startsConstraint(tokens));
  if (behindComma) {
    parseConstraints(tokens, constraints);
  }
  tokens.expect(")");
  const [primaryKey, second] = constraints.filter((constraint) => constraint.kind === "primary-key");
  if (second !== undefined) {
    tokens.complain(`table "${table.name}" has more than one primary key`, second.at);
  }
  if (primaryKey?.autoincrement && !isRowid(columns, primaryKey)) {
    tokens.complain("AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY", primaryKey.at);
  }
  return { columns, constraints, primaryKey, columnsEnd };
}

function isRowid(columns: readonly ColumnDefinition[], { columns: [key, other] }: PrimaryKey): boolean {
  const name = key?.name.toLowerCase();
  const column = columns.find((candidate) => candidate.name.toLowerCase() === name);
  return other === undefined && !key?.descending && column?.type?.toUpperCase() === "INTEGER";
}

function startsConstraint({ kind }: TokenStream): boolean {
  return kind === "CONSTRAINT" || kind === "PRIMARY" || kind === "UNIQUE" || kind === "CHECK" || kind === "FOREIGN";
}

/** SQLite lets the commas between them be left out; a name is for all up to the next comma. */
function parseConstraints(tokens: TokenStream, constraints: Constraint[]): void {
  let name: string | undefined;
  do {
    if (tokens.take("CONSTRAINT")) {
      name = tokens.name();
    } else {
      constraints.push(parseConstraint(tokens, name));
    }
    if (tokens.take(",")) {
      name = undefined;
      if (!startsConstraint(tokens)) {
        throw tokens.unexpected();
      }
    }
  } while (startsConstraint(tokens));
}

function parseConstraint(tokens: TokenStream, name: string | undefined): Constraint {
  const { start: at, kind } = tokens;
  tokens.advance();
  switch (kind) {
    case "PRIMARY": {
      tokens.expect("KEY");
      return { kind: "primary-key", at, name, ...parseKey(tokens, true) };
    }
    case "UNIQUE": {
      const { columns, conflict } = parseKey(tokens, false);
      return { kind: "unique", at, name, columns, conflict };
    }
    case "CHECK": {
      const parsed = parseParenthesizedText(tokens);
      return { kind: "check", at, name, ...parsed, conflict: parseOnConflict(tokens) };
    }
    default: {
      tokens.expect("KEY");
      const columns = tokens.kind === "(" ? parseColumnNames(tokens) : undefined;
      if (columns === undefined) {
        throw tokens.unexpected();
      }
      const key = foreignKeyOf(tokens, { at, name }, columns, parseReferences(tokens), false);
      const negated = tokens.take("NOT");
      const isDeferrable = negated || tokens.kind === "DEFERRABLE";
      return isDeferrable ? { ...key, initiallyDeferred: parseDeferrable(tokens, negated) } : key;
    }
  }
}

interface TableOptions {
  readonly withoutRowid: boolean;
  readonly strict: boolean;
}

const NO_OPTIONS: TableOptions = { withoutRowid: false, strict: false };

function parseOptions(tokens: TokenStream): TableOptions {
  // SQLite lets a comma stand before the first of them, too.
  if (!tokens.take(",") && !tokens.isName()) {
    return NO_OPTIONS;
  }
  let withoutRowid = false;
  let strict = false;
  do {
    const isWithout = tokens.take("WITHOUT");
    const at = tokens.start;
    const { word } = tokens;
    tokens.name();
    const option = word.toLowerCase();
    if (option !== (isWithout ? "rowid" : "strict")) {
      tokens.complain(`unknown table option: ${word}`, at);
    }
    withoutRowid ||= isWithout;
    strict ||= !isWithout;
  } while (tokens.take(","));
  return { withoutRowid, strict };
}
