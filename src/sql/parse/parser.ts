/**
 * Statements: the entrance to the parser.
 *
 * `parseScript` yields the statements of a text one after the other, `parseStatement` takes exactly one. What SQLite
 * knows and nacre does not is UNSUPPORTED and named; what SQLite does not know either is INVALID. Both point at the place.
 *
 *   tokenizer.ts → token-stream.ts → expression.ts, select.ts, create-table.ts → here → ast.ts
 */
import type { ConflictAction, DropTable, Expression, Insert, ParsedStatement, Statement, Update } from "./ast.ts";
import { parseCreateTable, takeIf } from "./create-table.ts";
import { parseExpression, parseExpressions } from "./expression.ts";
import { parseQualifiedName, parseSelect, parseTableName, parseWhere } from "./select.ts";
import { TokenStream } from "./token-stream.ts";

/** The one statement that `text` is; INVALID where there is none, or a second one. */
export function parseStatement(text: string): ParsedStatement {
  const tokens = new TokenStream(text);
  const parsed = nextStatement(tokens);
  if (parsed === undefined) {
    throw tokens.invalid("there is no statement in this text");
  }
  skipSemicolons(tokens);
  if (tokens.kind !== "end") {
    throw tokens.invalid("there is more than one statement in this text; exec() runs several");
  }
  return parsed;
}

/** Every statement of a text, parsed when it is asked for: what is wrong further on is found when it is reached. */
export function* parseScript(text: string): Generator<ParsedStatement, void> {
  const tokens = new TokenStream(text);
  for (;;) {
    const parsed = nextStatement(tokens);
    if (parsed === undefined) {
      return;
    }
    yield parsed;
  }
}

function nextStatement(tokens: TokenStream): ParsedStatement | undefined {
  skipSemicolons(tokens);
  if (tokens.kind === "end") {
    return undefined;
  }
  const { start } = tokens;
  const statement = parseOne(tokens);
  const text = tokens.text.slice(start, tokens.previousEnd);
  if (tokens.kind !== "end" && tokens.kind !== ";") {
    refuseTrailing(tokens);
  }
  return { statement, text, start, parameters: tokens.takeParameters() };
}

function skipSemicolons(tokens: TokenStream): void {
  while (tokens.take(";")) {
    // Empty statements are none.
  }
}

function refuseTrailing(tokens: TokenStream): never {
  switch (tokens.kind) {
    case "RETURNING":
      throw tokens.unsupported("RETURNING");
    case "UNION":
    case "INTERSECT":
    case "EXCEPT":
      throw tokens.unsupported(tokens.kind);
    default:
      throw tokens.unexpected();
  }
}

function parseOne(tokens: TokenStream): Statement {
  switch (tokens.kind) {
    case "SELECT":
      return parseSelect(tokens);
    case "INSERT":
    case "REPLACE":
      return parseInsert(tokens);
    case "UPDATE":
      return parseUpdate(tokens);
    case "DELETE":
      return parseDelete(tokens);
    case "CREATE":
      return parseCreate(tokens);
    case "DROP":
      return parseDrop(tokens);
    case "EXPLAIN":
      return parseExplain(tokens);
    case "BEGIN":
    case "COMMIT":
    case "END":
    case "ROLLBACK":
      return parseTransaction(tokens);
    case "ALTER":
    case "ANALYZE":
    case "ATTACH":
    case "DETACH":
    case "PRAGMA":
    case "REINDEX":
    case "RELEASE":
    case "SAVEPOINT":
    case "VACUUM":
    case "VALUES":
    case "WITH":
      throw tokens.unsupported(tokens.kind);
    default:
      throw tokens.unexpected();
  }
}

function parseTransaction(tokens: TokenStream): Statement {
  const word = tokens.kind;
  tokens.advance();
  if (word === "BEGIN") {
    // One writer at a time, each with its snapshot: the three kinds begin alike.
    tokens.take("DEFERRED") || tokens.take("IMMEDIATE") || tokens.take("EXCLUSIVE");
  }
  if (tokens.take("TRANSACTION") && word === "BEGIN" && tokens.isIdentifier()) {
    tokens.name();
  }
  if (word === "ROLLBACK" && tokens.kind === "TO") {
    throw tokens.unsupported("ROLLBACK TO");
  }
  return { kind: word === "BEGIN" ? "begin" : word === "ROLLBACK" ? "rollback" : "commit" };
}

function parseExplain(tokens: TokenStream): Statement {
  tokens.expect("EXPLAIN");
  let form: "plan" | "codegen" = "plan";
  if (tokens.take("QUERY")) {
    tokens.expect("PLAN");
  } else if (tokens.take("(")) {
    const option = tokens.word.toLowerCase();
    if (option !== "plan" && option !== "codegen") {
      throw tokens.invalid("EXPLAIN takes (PLAN) or (CODEGEN)");
    }
    form = option;
    tokens.advance();
    tokens.expect(")");
  }
  if (tokens.kind === "EXPLAIN") {
    throw tokens.unexpected();
  }
  return { kind: "explain", form, statement: parseOne(tokens) };
}

function parseCreate(tokens: TokenStream): Statement {
  tokens.expect("CREATE");
  if (tokens.take("TABLE")) {
    return parseCreateTable(tokens);
  }
  switch (tokens.kind) {
    case "INDEX":
    case "UNIQUE":
      throw tokens.unsupported("CREATE INDEX");
    case "VIEW":
    case "TRIGGER":
    case "TEMP":
    case "TEMPORARY":
    case "VIRTUAL":
      throw tokens.unsupported(`CREATE ${tokens.kind}`);
    default:
      throw tokens.unexpected();
  }
}

function parseDrop(tokens: TokenStream): DropTable {
  tokens.expect("DROP");
  if (tokens.kind === "INDEX" || tokens.kind === "VIEW" || tokens.kind === "TRIGGER") {
    throw tokens.unsupported(`DROP ${tokens.kind}`);
  }
  tokens.expect("TABLE");
  const ifExists = takeIf(tokens, undefined);
  const at = tokens.start;
  return { kind: "drop-table", name: parseQualifiedName(tokens), at, ifExists };
}

function parseInsert(tokens: TokenStream): Insert {
  let conflict: ConflictAction = "abort";
  if (tokens.take("REPLACE")) {
    conflict = "replace";
  } else {
    tokens.expect("INSERT");
    conflict = parseConflict(tokens);
  }
  tokens.expect("INTO");
  const table = parseTableName(tokens, true);
  let columns: { name: string; at: number }[] | undefined;
  if (tokens.take("(")) {
    columns = [];
    do {
      columns.push({ at: tokens.start, name: tokens.name() });
    } while (tokens.take(","));
    tokens.expect(")");
  }
  const rows: Expression[][] = [];
  if (tokens.take("DEFAULT")) {
    tokens.expect("VALUES");
    return { kind: "insert", table, conflict, columns, rows };
  }
  if (tokens.kind === "SELECT" || tokens.kind === "WITH") {
    throw tokens.unsupported("INSERT … SELECT");
  }
  tokens.expect("VALUES");
  do {
    tokens.expect("(");
    rows.push(parseExpressions(tokens));
    tokens.expect(")");
  } while (tokens.take(","));
  if (tokens.kind === "ON") {
    throw tokens.unsupported("ON CONFLICT");
  }
  return { kind: "insert", table, conflict, columns, rows };
}

/** OR REPLACE, OR IGNORE, OR ABORT; the other two of SQLite's act on the whole transaction. */
function parseConflict(tokens: TokenStream): ConflictAction {
  if (!tokens.take("OR")) {
    return "abort";
  }
  for (const action of ["REPLACE", "IGNORE", "ABORT"] as const) {
    if (tokens.take(action)) {
      return action.toLowerCase() as ConflictAction;
    }
  }
  if (tokens.kind === "FAIL" || tokens.kind === "ROLLBACK") {
    throw tokens.unsupported(`OR ${tokens.kind}`);
  }
  throw tokens.unexpected();
}

function parseUpdate(tokens: TokenStream): Update {
  tokens.expect("UPDATE");
  if (tokens.kind === "OR") {
    throw tokens.unsupported("UPDATE OR …");
  }
  const table = parseTableName(tokens, true);
  tokens.expect("SET");
  const assignments: { column: string; at: number; value: Expression }[] = [];
  do {
    if (tokens.kind === "(") {
      throw tokens.unsupported("a row value");
    }
    const at = tokens.start;
    const column = tokens.name();
    tokens.expect("=");
    assignments.push({ column, at, value: parseExpression(tokens) });
  } while (tokens.take(","));
  if (tokens.kind === "FROM") {
    throw tokens.unsupported("UPDATE … FROM");
  }
  const where = parseWhere(tokens);
  refuseLimit(tokens);
  return { kind: "update", table, assignments, where };
}

function parseDelete(tokens: TokenStream): Statement {
  tokens.expect("DELETE");
  tokens.expect("FROM");
  const table = parseTableName(tokens, true);
  const where = parseWhere(tokens);
  refuseLimit(tokens);
  return { kind: "delete", table, where };
}

function refuseLimit(tokens: TokenStream): void {
  if (tokens.kind === "ORDER" || tokens.kind === "LIMIT") {
    throw tokens.unsupported(`${tokens.kind} in UPDATE and DELETE`);
  }
}
