/** Queries: WITH, SELECT and VALUES, put together by UNION and its like, ORDER BY and LIMIT. */
import type {
  CommonTable,
  CompoundOperator,
  CompoundPart,
  Expression,
  OrderingTerm,
  Query,
  ResultColumn,
  SelectCore,
  Values,
  With,
} from "./ast/query.ts";
import { MAX_COLUMNS, parseExpressions, parseGroupBy, parseOrderBy } from "./expression-list.ts";
import { parseFrom } from "./from.ts";
import { parseColumnNames } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";
import { parseWindowClause } from "./window.ts";

/** SQLite's bound on the parts of a compound SELECT. */
const MAX_COMPOUND_TERMS = 500;

/** How much of the stack a query takes inside another, in levels of expressions. */
const LEVELS = 4;

/** Its height is that of the highest expression in it, as far as its FROM is not concerned. */
export function parseQuery(tokens: TokenStream): Query {
  tokens.enter(LEVELS);
  const { tallest } = tokens;
  tokens.tallest = 0;
  const withClause = parseWith(tokens);
  const query = parseCompound(tokens, withClause);
  tokens.height = tokens.tallest;
  tokens.tallest = tallest;
  tokens.leave(LEVELS);
  return query;
}

/** A term of a compound with what stands behind it, which only the last may have. */
interface Term {
  readonly core: SelectCore | Values;
  readonly orderBy: readonly OrderingTerm[];
  readonly limit: Limit;
}

/** From SELECT or VALUES on, WITH being parsed already. */
export function parseCompound(tokens: TokenStream, withClause: With | undefined): Query {
  const at = withClause?.at ?? tokens.start;
  const { windows } = tokens;
  const first = parseTerm(tokens);
  const hasWindows = tokens.windows !== windows;
  let last = first;
  const rest: CompoundPart[] = [];
  let misplaced: string | undefined;
  for (;;) {
    const operatorAt = tokens.start;
    const operator = takeCompoundOperator(tokens);
    if (operator === undefined) {
      break;
    }
    if (last.orderBy.length > 0 || last.limit.limit !== undefined) {
      const clause = last.orderBy.length > 0 ? "ORDER BY" : "LIMIT";
      misplaced = `${clause} clause should come after ${operator.toUpperCase()} not before`;
    }
    last = parseTerm(tokens);
    rest.push({ at: operatorAt, operator, core: last.core });
  }
  checkRows(tokens, first.core);
  for (const { core } of rest) {
    checkRows(tokens, core);
  }
  if (misplaced !== undefined) {
    tokens.complain(misplaced, at);
  } else if (rest.length >= MAX_COMPOUND_TERMS) {
    tokens.complain("too many terms in compound SELECT", at);
  }
  const { orderBy, limit } = last;
  const { core } = first;
  const query = { kind: "query", at, with: withClause, orderBy, limit: limit.limit, offset: limit.offset } as const;
  if (core.kind === "values" && hasWindows) {
    const [row, ...others] = core.rows.map((cells) => selectOf(core.at, cells));
    const parts = others.map((other): CompoundPart => ({ at: core.at, operator: "union all", core: other }));
    return { ...query, first: row!, rest: [...parts, ...rest] };
  }
  return { ...query, first: core, rest };
}

/** A row of VALUES in which there are window functions is a SELECT, as in SQLite. */
function selectOf(at: number, row: readonly Expression[]): SelectCore {
  const columns = row.map((expression, index) => {
    const name = `column${index + 1}`;
    return { kind: "expression", expression, alias: name, text: name } as const;
  });
  return {
    kind: "select",
    at,
    distinct: false,
    columns,
    from: undefined,
    where: undefined,
    groupBy: [],
    having: undefined,
    windows: [],
  };
}

function checkRows(tokens: TokenStream, core: SelectCore | Values): void {
  if (core.kind === "values") {
    const { length } = core.rows[0]!;
    const other = core.rows.find((row) => row.length !== length);
    if (other !== undefined) {
      tokens.complain("all VALUES must have the same number of terms", other[0]!.at);
    }
  }
}

function takeCompoundOperator(tokens: TokenStream): CompoundOperator | undefined {
  if (tokens.take("UNION")) {
    return tokens.take("ALL") ? "union all" : "union";
  }
  return tokens.take("INTERSECT") ? "intersect" : tokens.take("EXCEPT") ? "except" : undefined;
}

const NO_TERMS: readonly OrderingTerm[] = [];

function parseTerm(tokens: TokenStream): Term {
  if (tokens.kind === "VALUES") {
    return { core: parseValues(tokens), orderBy: NO_TERMS, limit: NO_LIMIT };
  }
  const core = parseCore(tokens);
  const orderBy = parseOrderBy(tokens);
  return { core, orderBy, limit: parseLimit(tokens) };
}

function parseValues(tokens: TokenStream): Values {
  const at = tokens.start;
  tokens.expect("VALUES");
  const rows: Expression[][] = [];
  do {
    tokens.expect("(");
    const row = parseExpressions(tokens);
    tokens.expect(")");
    rows.push(row);
  } while (tokens.take(","));
  return { kind: "values", at, rows };
}

function parseCore(tokens: TokenStream): SelectCore {
  const at = tokens.start;
  tokens.expect("SELECT");
  const distinct = tokens.take("DISTINCT");
  if (!distinct) {
    tokens.take("ALL");
  }
  const columns = parseResultColumns(tokens);
  const from = tokens.take("FROM") ? parseFrom(tokens) : undefined;
  const where = parseWhere(tokens);
  const groupBy = parseGroupBy(tokens);
  const having = tokens.take("HAVING") ? tokens.expression() : undefined;
  const windows = tokens.kind === "WINDOW" ? parseWindowClause(tokens) : [];
  return { kind: "select", at, distinct, columns, from, where, groupBy, having, windows };
}

/** The columns of SELECT and of RETURNING. */
export function parseResultColumns(tokens: TokenStream): ResultColumn[] {
  const columns: ResultColumn[] = [];
  do {
    columns.push(parseResultColumn(tokens));
  } while (tokens.take(","));
  if (columns.length > MAX_COLUMNS) {
    tokens.complain("too many columns in result set");
  }
  return columns;
}

function parseResultColumn(tokens: TokenStream): ResultColumn {
  const at = tokens.start;
  if (tokens.take("*")) {
    return { kind: "star", at, table: undefined };
  }
  if (tokens.isStarred && tokens.isName()) {
    const table = tokens.name();
    tokens.expect(".");
    tokens.expect("*");
    return { kind: "star", at, table };
  }
  const expression = tokens.expression();
  // Up to the next token: a comment between is part of the column's name.
  const text = tokens.text.slice(at, tokens.start).trimEnd();
  return { kind: "expression", expression, alias: tokens.alias(), text };
}

export function parseWhere(tokens: TokenStream): Expression | undefined {
  return tokens.take("WHERE") ? tokens.expression() : undefined;
}

interface Limit {
  readonly limit: Expression | undefined;
  readonly offset: Expression | undefined;
}

const NO_LIMIT: Limit = { limit: undefined, offset: undefined };

/** `LIMIT a`, `LIMIT a OFFSET b`, and `LIMIT b, a`. */
export function parseLimit(tokens: TokenStream): Limit {
  if (!tokens.take("LIMIT")) {
    return NO_LIMIT;
  }
  const first = tokens.expression();
  if (tokens.take("OFFSET")) {
    return { limit: first, offset: tokens.expression() };
  }
  return tokens.take(",") ? { limit: tokens.expression(), offset: first } : { limit: first, offset: undefined };
}

/** WITH and its tables, if it is there. */
export function parseWith(tokens: TokenStream): With | undefined {
  const at = tokens.start;
  if (!tokens.take("WITH")) {
    return undefined;
  }
  const recursive = tokens.take("RECURSIVE");
  const tables: CommonTable[] = [];
  const names = new Set<string>();
  do {
    const table = parseCommonTable(tokens);
    tables.push(table);
    if (names.size === names.add(table.name.toLowerCase()).size) {
      tokens.complain(`duplicate WITH table name: ${table.name}`, table.at);
    }
  } while (tokens.take(","));
  return { at, recursive, tables };
}

function parseCommonTable(tokens: TokenStream): CommonTable {
  const at = tokens.start;
  const name = tokens.name();
  const columns = parseColumnNames(tokens);
  tokens.expect("AS");
  const negated = tokens.take("NOT");
  let materialized: boolean | undefined;
  if (negated || tokens.kind === "MATERIALIZED") {
    tokens.expect("MATERIALIZED");
    materialized = !negated;
  }
  tokens.expect("(");
  const query = tokens.query();
  tokens.expect(")");
  return { name, at, columns, materialized, query };
}
