/**
 * INSERT, REPLACE, UPDATE and DELETE. In the body of a trigger they have no WITH (nothing is handed in then), no
 * RETURNING, no LIMIT, no DEFAULT VALUES, and their table has no index hint, nor (unless the trigger is a temporary one) a
 * schema.
 */
import type { OrderingTerm, Query, TableName, With } from "./ast/query.ts";
import type { Assignment, Delete, Insert, Returning, Update, Upsert } from "./ast/write.ts";
import { parseOrAction } from "./conflict.ts";
import { MAX_COLUMNS, parseOrderBy } from "./expression-list.ts";
import { parseFrom } from "./from.ts";
import { parseIndexedExpressions } from "./indexed-column.ts";
import { parseIndexHint, parseName, parseNames, parseTarget } from "./name.ts";
import { parseLimit, parseResultColumns, parseWhere } from "./query.ts";
import type { TokenStream } from "./token-stream.ts";

export function parseInsert(tokens: TokenStream, withClause: With | undefined): Insert {
  const at = tokens.start;
  let conflict: Insert["conflict"];
  if (tokens.take("REPLACE")) {
    conflict = "replace";
  } else {
    tokens.expect("INSERT");
    conflict = parseOrAction(tokens);
  }
  tokens.expect("INTO");
  const table = parseTarget(tokens);
  const columns = tokens.kind === "(" ? parseNames(tokens) : undefined;
  let source: Query | undefined;
  let upserts: readonly Upsert[] = NO_UPSERTS;
  if (tokens.kind === "DEFAULT" && tokens.trigger === undefined) {
    tokens.advance();
    tokens.expect("VALUES");
  } else {
    source = tokens.query();
    upserts = tokens.kind === "ON" ? parseUpserts(tokens) : NO_UPSERTS;
  }
  const returning = parseReturning(tokens);
  refuseSchemaInTrigger(tokens, table);
  return { kind: "insert", at, with: withClause, table, conflict, columns, source, upserts, returning };
}

const NO_UPSERTS: readonly Upsert[] = [];

/** Those with a target, then at most one that is for whatever is left. */
function parseUpserts(tokens: TokenStream): Upsert[] {
  const upserts: Upsert[] = [];
  let isLast = false;
  while (!isLast && tokens.kind === "ON") {
    const upsert = parseUpsert(tokens);
    upserts.push(upsert);
    isLast = upsert.target === undefined;
  }
  return upserts;
}

function parseUpsert(tokens: TokenStream): Upsert {
  const at = tokens.start;
  tokens.expect("ON");
  tokens.expect("CONFLICT");
  const target = tokens.kind === "(" ? parseIndexedExpressions(tokens) : undefined;
  const targetWhere = target === undefined ? undefined : parseWhere(tokens);
  tokens.expect("DO");
  if (tokens.take("NOTHING")) {
    return { at, target, targetWhere, assignments: undefined, where: undefined };
  }
  tokens.expect("UPDATE");
  tokens.expect("SET");
  const assignments = parseAssignments(tokens);
  return { at, target, targetWhere, assignments, where: parseWhere(tokens) };
}

export function parseUpdate(tokens: TokenStream, withClause: With | undefined): Update {
  const at = tokens.start;
  tokens.expect("UPDATE");
  const conflict = parseOrAction(tokens);
  const table = parseHintedTarget(tokens);
  tokens.expect("SET");
  const assignments = parseAssignments(tokens);
  const from = tokens.take("FROM") ? parseFrom(tokens) : undefined;
  const where = parseWhere(tokens);
  const { returning, orderBy, limit, offset } = parseEnding(tokens, table);
  return {
    kind: "update",
    at,
    with: withClause,
    table,
    conflict,
    assignments,
    from,
    where,
    returning,
    orderBy,
    limit,
    offset,
  };
}

export function parseDelete(tokens: TokenStream, withClause: With | undefined): Delete {
  const at = tokens.start;
  tokens.expect("DELETE");
  tokens.expect("FROM");
  const table = parseHintedTarget(tokens);
  const where = parseWhere(tokens);
  const { returning, orderBy, limit, offset } = parseEnding(tokens, table);
  return { kind: "delete", at, with: withClause, table, where, returning, orderBy, limit, offset };
}

function parseHintedTarget(tokens: TokenStream): TableName {
  const { schema, name, at, alias } = parseTarget(tokens);
  const index = parseIndexHint(tokens);
  if (index !== undefined && tokens.trigger !== undefined) {
    const clause = index.name === undefined ? "NOT INDEXED" : "INDEXED BY";
    tokens.complain(`the ${clause} clause is not allowed on UPDATE or DELETE statements within triggers`, index.at);
  }
  return { schema, name, at, alias, index };
}

const NO_TERMS: readonly OrderingTerm[] = [];

type Ending = Pick<Update, "returning" | "orderBy" | "limit" | "offset">;

/** RETURNING, ORDER BY and LIMIT, which UPDATE and DELETE have alike. */
function parseEnding(tokens: TokenStream, table: TableName): Ending {
  if (tokens.trigger !== undefined) {
    refuseSchemaInTrigger(tokens, table);
    return { returning: undefined, orderBy: NO_TERMS, limit: undefined, offset: undefined };
  }
  const returning = parseReturning(tokens);
  const orderBy = parseOrderBy(tokens);
  const { limit, offset } = parseLimit(tokens);
  return { returning, orderBy, limit, offset };
}

function parseReturning(tokens: TokenStream): Returning | undefined {
  const at = tokens.start;
  if (!tokens.take("RETURNING")) {
    return undefined;
  }
  const columns = parseResultColumns(tokens);
  if (tokens.trigger !== undefined) {
    tokens.complain("cannot use RETURNING in a trigger", at);
  }
  return { at, columns };
}

function refuseSchemaInTrigger(tokens: TokenStream, table: TableName): void {
  if (tokens.trigger === "stored" && table.schema !== undefined) {
    tokens.complain(
      "qualified table names are not allowed on INSERT, UPDATE, and DELETE statements within triggers",
      table.at,
    );
  }
}

function parseAssignments(tokens: TokenStream): Assignment[] {
  const assignments: Assignment[] = [];
  let count = 0;
  do {
    const at = tokens.start;
    const columns = tokens.kind === "(" ? parseNames(tokens) : [parseName(tokens)];
    const isRow = tokens.text.charCodeAt(at) === PARENTHESIS;
    tokens.expect("=");
    const value = tokens.expression();
    const width = value.kind === "row" ? value.list.length : 1;
    if (isRow && value.kind !== "subquery" && width !== columns.length) {
      tokens.complain(`${columns.length} columns assigned ${width} values`, at);
    }
    assignments.push({ at, columns, value });
    count += columns.length;
  } while (tokens.take(","));
  if (count > MAX_COLUMNS) {
    tokens.complain("too many columns in set list");
  }
  return assignments;
}

const PARENTHESIS = 40;
