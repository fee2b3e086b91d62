/** SELECT over one table, and the clauses that it shares with UPDATE and DELETE. */
import type { Expression, OrderingTerm, ResultColumn, Select, TableName } from "./ast.ts";
import { parseExpression, parseExpressions, refuseSchema } from "./expression.ts";
import type { TokenStream } from "./token-stream.ts";

/** SQLite's bound on the columns of a result. */
export const MAX_RESULT_COLUMNS = 2000;

export function parseSelect(tokens: TokenStream): Select {
  tokens.expect("SELECT");
  const distinct = tokens.take("DISTINCT");
  if (!distinct) {
    tokens.take("ALL");
  }
  const columns = parseResultColumns(tokens);
  const from = tokens.take("FROM") ? parseFrom(tokens) : undefined;
  const where = parseWhere(tokens);
  const groupBy = takeBy(tokens, "GROUP") ? parseExpressions(tokens) : [];
  const having = tokens.take("HAVING") ? parseExpression(tokens) : undefined;
  for (const word of ["WINDOW", "UNION", "INTERSECT", "EXCEPT"]) {
    if (tokens.kind === word) {
      throw tokens.unsupported(word);
    }
  }
  const orderBy = takeBy(tokens, "ORDER") ? parseOrdering(tokens) : [];
  let limit: Expression | undefined;
  let offset: Expression | undefined;
  if (tokens.take("LIMIT")) {
    limit = parseExpression(tokens);
    if (tokens.take("OFFSET")) {
      offset = parseExpression(tokens);
    } else if (tokens.take(",")) {
      offset = limit;
      limit = parseExpression(tokens);
    }
  }
  return { kind: "select", distinct, columns, from, where, groupBy, having, orderBy, limit, offset };
}

export function parseWhere(tokens: TokenStream): Expression | undefined {
  return tokens.take("WHERE") ? parseExpression(tokens) : undefined;
}

/** A table with an optional alias. */
export function parseTableName(tokens: TokenStream, aliasNeedsAs: boolean): TableName {
  const at = tokens.start;
  const name = parseQualifiedName(tokens);
  const alias = aliasNeedsAs ? (tokens.take("AS") ? tokens.name() : undefined) : parseTableAlias(tokens);
  return { name, alias, at };
}

/** `name` or `main.name`. */
export function parseQualifiedName(tokens: TokenStream): string {
  const at = tokens.start;
  const name = tokens.name();
  if (tokens.take(".")) {
    refuseSchema(tokens, name, at);
    return tokens.name();
  }
  return name;
}

function parseTableAlias(tokens: TokenStream): string | undefined {
  return tokens.kind === "INDEXED" || tokens.kind === "WINDOW" ? undefined : tokens.alias();
}

function parseFrom(tokens: TokenStream): TableName {
  if (tokens.kind === "(") {
    throw tokens.unsupported("a subquery or join in parentheses");
  }
  const table = parseTableName(tokens, false);
  switch (tokens.kind) {
    case "(":
      throw tokens.unsupported("a table function");
    case ",":
    case "JOIN":
    case "LEFT":
    case "RIGHT":
    case "FULL":
    case "INNER":
    case "CROSS":
    case "NATURAL":
      throw tokens.unsupported("a join");
    case "INDEXED":
    case "NOT":
      throw tokens.unsupported("INDEXED BY");
    default:
      return table;
  }
}

function parseResultColumns(tokens: TokenStream): ResultColumn[] {
  const columns: ResultColumn[] = [];
  do {
    if (columns.length === MAX_RESULT_COLUMNS) {
      throw tokens.invalid(`a result may have ${MAX_RESULT_COLUMNS} columns`);
    }
    columns.push(parseResultColumn(tokens));
  } while (tokens.take(","));
  return columns;
}

function parseResultColumn(tokens: TokenStream): ResultColumn {
  const at = tokens.start;
  if (tokens.take("*")) {
    return { kind: "star", at, table: undefined };
  }
  if (tokens.isIdentifier()) {
    const table = tokens.name();
    if (tokens.take(".") && tokens.take("*")) {
      return { kind: "star", at, table };
    }
    tokens.reset(at);
  }
  const expression = parseExpression(tokens);
  const text = tokens.text.slice(at, tokens.previousEnd);
  return { kind: "expression", expression, alias: tokens.alias(), text };
}

function takeBy(tokens: TokenStream, word: "GROUP" | "ORDER"): boolean {
  if (!tokens.take(word)) {
    return false;
  }
  tokens.expect("BY");
  return true;
}

function parseOrdering(tokens: TokenStream): OrderingTerm[] {
  const terms: OrderingTerm[] = [];
  do {
    const expression = parseExpression(tokens);
    const descending = takeDirection(tokens);
    let nullsFirst = !descending;
    if (tokens.take("NULLS")) {
      nullsFirst = tokens.take("FIRST");
      if (!nullsFirst) {
        tokens.expect("LAST");
      }
    }
    terms.push({ expression, descending, nullsFirst });
  } while (tokens.take(","));
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
