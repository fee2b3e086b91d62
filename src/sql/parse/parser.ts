/**
 * Statements: the entrance to the parser.
 *
 * `parseScript` yields the statements of a text one after the other, `parseStatement` takes exactly one. What SQLite's
 * grammar takes is parsed, all of it, and what it does not take is INVALID, with SQLite's words and the place. Whether
 * nacre can run it is not asked here.
 *
 *   tokenizer.ts → token-stream.ts → operand.ts, expression.ts → query.ts, from.ts → write.ts, create.ts, … → here → ast/
 */

import {
  parseAttach,
  parseBegin,
  parseCommit,
  parseDetach,
  parseDrop,
  parseMaintenance,
  parsePragma,
  parseRelease,
  parseRollback,
  parseSavepoint,
  parseVacuum,
} from "./administration.ts";
import { parseAlterTable } from "./alter-table.ts";
import type { Explain, ParsedStatement } from "./ast/statement.ts";
import { parseCreate } from "./create.ts";
import { tokensOf } from "./grammar.ts";
import { parseQualifiedName } from "./name.ts";
import { parseCompound, parseWith } from "./query.ts";
import type { TokenStream } from "./token-stream.ts";
import { parseDelete, parseInsert, parseUpdate } from "./write.ts";

/**
 * The one statement that `text` is; INVALID where there is none, or a second one. `isOfTemporary`: it is the text of something
 * temporary, as the catalog keeps it.
 */
export function parseStatement(text: string, isOfTemporary: boolean = false): ParsedStatement {
  const tokens = tokensOf(text);
  tokens.isOfTemporary = isOfTemporary;
  const parsed = nextStatement(tokens);
  if (parsed === undefined) {
    throw tokens.invalid("there is no statement in this text");
  }
  if (!tokens.isSpent) {
    throw tokens.invalid("there is more than one statement in this text; exec() runs several");
  }
  return parsed;
}

/** Every statement of a text, parsed when it is asked for: what is wrong further on is found when it is reached. */
export function* parseScript(text: string): Generator<ParsedStatement, void> {
  const tokens = tokensOf(text);
  for (;;) {
    const parsed = nextStatement(tokens);
    if (parsed === undefined) {
      return;
    }
    yield parsed;
  }
}

function nextStatement(tokens: TokenStream): ParsedStatement | undefined {
  while (tokens.take(";")) {
    // Empty statements are none.
  }
  if (tokens.kind === "end") {
    return undefined;
  }
  const { start } = tokens;
  const statement = tokens.kind === "EXPLAIN" ? parseExplain(tokens) : parseOne(tokens);
  const text = tokens.text.slice(start, tokens.previousEnd);
  if (tokens.kind !== "end" && tokens.kind !== ";") {
    throw tokens.unexpected();
  }
  tokens.settle();
  return { statement, text, start, parameters: tokens.takeParameters() };
}

function parseExplain(tokens: TokenStream): Explain {
  const at = tokens.start;
  tokens.expect("EXPLAIN");
  let form: Explain["form"] = "plan";
  if (tokens.take("QUERY")) {
    tokens.expect("PLAN");
    form = "query-plan";
  } else if (tokens.take("(")) {
    const option = tokens.word.toLowerCase();
    if (option !== "plan" && option !== "codegen") {
      throw tokens.invalid("EXPLAIN takes (PLAN) or (CODEGEN)");
    }
    form = option;
    tokens.advance();
    tokens.expect(")");
  } else if (tokens.kind === "ANALYZE") {
    return parseExplainAnalyze(tokens, at);
  }
  return { kind: "explain", form, at, statement: parseOne(tokens) };
}

/** `EXPLAIN ANALYZE t` explains SQLite's statement ANALYZE; before a statement that reads or writes rows it is nacre's. */
function parseExplainAnalyze(tokens: TokenStream, at: number): Explain {
  const analyzeAt = tokens.start;
  tokens.expect("ANALYZE");
  if (tokens.startsQuery() || WRITES.has(tokens.kind)) {
    return { kind: "explain", form: "analyze", at, statement: parseOne(tokens) };
  }
  const target = tokens.isName() ? parseQualifiedName(tokens) : undefined;
  return { kind: "explain", form: "plan", at, statement: { kind: "analyze", at: analyzeAt, target } };
}

const WRITES: ReadonlySet<string> = new Set(["INSERT", "REPLACE", "UPDATE", "DELETE"]);

function parseOne(tokens: TokenStream): Explain["statement"] {
  switch (tokens.kind) {
    case "SELECT":
    case "VALUES":
      return tokens.query();
    case "WITH":
      return parseWithStatement(tokens);
    case "INSERT":
    case "REPLACE":
      return parseInsert(tokens, undefined);
    case "UPDATE":
      return parseUpdate(tokens, undefined);
    case "DELETE":
      return parseDelete(tokens, undefined);
    case "CREATE":
      return parseCreate(tokens);
    case "DROP":
      return parseDrop(tokens);
    case "ALTER":
      return parseAlterTable(tokens);
    default:
      return parseAdministration(tokens);
  }
}

function parseWithStatement(tokens: TokenStream): Explain["statement"] {
  const withClause = parseWith(tokens);
  switch (tokens.kind) {
    case "INSERT":
    case "REPLACE":
      return parseInsert(tokens, withClause);
    case "UPDATE":
      return parseUpdate(tokens, withClause);
    case "DELETE":
      return parseDelete(tokens, withClause);
    default:
      return parseCompound(tokens, withClause);
  }
}

function parseAdministration(tokens: TokenStream): Explain["statement"] {
  switch (tokens.kind) {
    case "BEGIN":
      return parseBegin(tokens);
    case "COMMIT":
    case "END":
      return parseCommit(tokens);
    case "ROLLBACK":
      return parseRollback(tokens);
    case "SAVEPOINT":
      return parseSavepoint(tokens);
    case "RELEASE":
      return parseRelease(tokens);
    case "PRAGMA":
      return parsePragma(tokens);
    case "VACUUM":
      return parseVacuum(tokens);
    case "ATTACH":
      return parseAttach(tokens);
    case "DETACH":
      return parseDetach(tokens);
    case "ANALYZE":
      return parseMaintenance(tokens, "analyze");
    case "REINDEX":
      return parseMaintenance(tokens, "reindex");
    default:
      throw tokens.unexpected();
  }
}
