/**
 * What the parser takes and the later stages do not have yet is refused here by name, before a statement is bound: the
 * first such construct is UNSUPPORTED, with its place. Nothing is ever read and then ignored.
 *
 * A query is refused nothing.
 */
import type { DbError } from "../../errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Table } from "../catalog/schema.ts";
import type {
  CreateIndex,
  CreateTable,
  CreateTrigger,
  CreateView,
  CreateVirtualTable,
  Drop,
} from "../parse/ast/definition.ts";
import type { Call, Expression, Query } from "../parse/ast/query.ts";
import type { Explain, ParsedStatement, Pragma, Statement, TransactionStatement } from "../parse/ast/statement.ts";
import type { Delete, Insert, Returning, Update } from "../parse/ast/write.ts";
import { errorAt } from "../parse/syntax-error.ts";
import { aggregateFunction } from "../run/aggregates.ts";
import { NULL } from "../value/value.ts";

export type SupportedStatement =
  | Query
  | Insert
  | Update
  | Delete
  | CreateTable
  | CreateIndex
  | CreateTrigger
  | CreateView
  | CreateVirtualTable
  | Drop
  | TransactionStatement
  | Pragma
  | Explain;

/** The statement, if all of it is there. */
export function supportedStatement(parsed: ParsedStatement): SupportedStatement {
  const refuse: Refuse = (construct, at) => {
    throw unsupportedAt(parsed, construct, at);
  };
  return checkStatement(refuse, parsed.statement);
}

/** Whether a check refuses nothing. */
function isWithout(check: (refuse: Refuse) => void): boolean {
  try {
    check(() => {
      throw NOT_COMPILED;
    });
    return true;
  } catch (error) {
    if (error === NOT_COMPILED) {
      return false;
    }
    throw error;
  }
}

const NOT_COMPILED = new Error("compiled code does not have that");

/** The construct is SQLite's, but not (yet) nacre's. */
function unsupportedAt(parsed: ParsedStatement, construct: string, at: number): DbError {
  return errorAt("UNSUPPORTED", `${construct} is not supported`, parsed.text, at - parsed.start);
}

type Refuse = (construct: string, at: number) => never;

function checkStatement(refuse: Refuse, statement: Statement): SupportedStatement {
  switch (statement.kind) {
    case "query":
      return statement;
    case "insert":
    case "update":
    case "delete":
      checkWritten(refuse, statement);
      return statement;
    case "create-table":
      checkTemporary(refuse, statement);
      return statement;
    case "create-index":
    case "create-trigger":
      checkSchema(refuse, statement);
      return statement;
    case "create-view":
      checkTemporary(refuse, statement);
      return statement;
    case "drop-table":
    case "drop-index":
    case "drop-trigger":
    case "drop-view":
      checkSchema(refuse, statement);
      return statement;
    case "begin":
    case "commit":
    case "rollback":
    case "savepoint":
    case "release":
    case "rollback-to":
      return statement;
    case "pragma":
    case "create-virtual-table":
      checkSchema(refuse, statement);
      return statement;
    case "explain":
      if (statement.form === "analyze") {
        refuse("EXPLAIN ANALYZE", statement.at);
      }
      checkExplained(refuse, statement.statement);
      return statement;
    default:
      return refuse(NAMES[statement.kind], statement.at);
  }
}

/** What is interpreted has no code and no plan that is shown. */
function checkExplained(refuse: Refuse, statement: Explain["statement"]): void {
  if (statement.kind === "insert") {
    checkInsert(refuse, statement);
  }
  if (statement.kind === "update" || statement.kind === "delete") {
    checkChange(refuse, statement);
  }
  checkStatement(refuse, statement);
}

const NAMES: Readonly<Record<Exclude<Statement["kind"], SupportedStatement["kind"]>, string>> = {
  "alter-table": "ALTER TABLE",
  vacuum: "VACUUM",
  attach: "ATTACH",
  detach: "DETACH",
  analyze: "ANALYZE",
  reindex: "REINDEX",
};

/** There is one schema, `main`. */
function checkSchema(refuse: Refuse, name: { readonly schema: string | undefined; readonly at: number }): void {
  if (name.schema !== undefined && name.schema.toLowerCase() !== "main") {
    refuse(`the schema "${name.schema}" (there is only "main")`, name.at);
  }
}

function checkTable(refuse: Refuse, table: Insert["table"]): void {
  checkSchema(refuse, table);
  if (table.index !== undefined) {
    refuse(table.index.name === undefined ? "NOT INDEXED" : "INDEXED BY", table.index.at);
  }
}

/** What no write has yet. */
function checkWritten(refuse: Refuse, statement: Insert | Update | Delete): void {
  checkSchema(refuse, statement.table);
  if (statement.kind === "insert") {
    return;
  }
  const [term] = statement.orderBy;
  if (term !== undefined) {
    refuse("ORDER BY in UPDATE and DELETE", term.expression.at);
  }
  if (statement.limit !== undefined) {
    refuse("LIMIT in UPDATE and DELETE", statement.limit.at);
  }
}

/** Whether compiled code can write to the table as the statement wants it. */
export function isCompiledWrite(statement: Insert | Update | Delete, table: Table, catalog: Catalog): boolean {
  return (
    isPlainToWrite(table, catalog) &&
    isWithout((refuse) =>
      statement.kind === "insert" ? checkInsert(refuse, statement) : checkChange(refuse, statement),
    )
  );
}

/** Compiled code finds the rows that it changes by the table's own key, in the order of the bytes. */
function isPlainToRead({ indexes, columns, primaryKey }: Table): boolean {
  return (
    indexes.length === 0 &&
    columns.every(({ collation, missing }) => collation === undefined && missing.tag === NULL) &&
    primaryKey.every(({ collation, descending }) => collation === undefined && !descending)
  );
}

function isPlainToWrite(table: Table, catalog: Catalog): boolean {
  const { checks, isStrict, isAutoincrement, keyConflict, foreignKeys, columns } = table;
  return (
    isPlainToRead(table) &&
    checks.length === 0 &&
    !isStrict &&
    !isAutoincrement &&
    keyConflict === undefined &&
    foreignKeys.length === 0 &&
    columns.every(({ generated, notNullConflict }) => generated === undefined && notNullConflict === undefined) &&
    catalog.triggersOf(table.name).length === 0 &&
    catalog.references(table.name).length === 0
  );
}

function checkInsert(refuse: Refuse, insert: Insert): void {
  if (insert.with !== undefined) {
    refuse("WITH", insert.with.at);
  }
  if (queryOfInsert(insert) !== undefined) {
    refuse("INSERT … SELECT", insert.at);
  }
  if (insert.conflict === "fail" || insert.conflict === "rollback") {
    refuse(`OR ${insert.conflict.toUpperCase()}`, insert.at);
  }
  checkTable(refuse, insert.table);
  const [upsert] = insert.upserts;
  if (upsert !== undefined) {
    refuse("ON CONFLICT", upsert.at);
  }
  checkReturning(refuse, insert.returning);
}

/** The query that an INSERT takes its rows from; undefined: it has cells that compiled code works out, or none. */
function queryOfInsert({ source, with: common }: Insert): Query | undefined {
  if (source === undefined) {
    return undefined;
  }
  const { first } = source;
  const isCells =
    first.kind === "values" &&
    source.with === undefined &&
    source.rest.length === 0 &&
    isWithout((refuse) => checkAll(refuse, first.rows.flat()));
  return isCells ? undefined : { ...source, with: source.with ?? common };
}

function checkReturning(refuse: Refuse, returning: Returning | undefined): void {
  if (returning !== undefined) {
    refuse("RETURNING", returning.at);
  }
}

function checkChange(refuse: Refuse, statement: Update | Delete): void {
  if (statement.with !== undefined) {
    refuse("WITH", statement.with.at);
  }
  checkTable(refuse, statement.table);
  if (statement.kind === "update") {
    if (statement.conflict !== undefined) {
      refuse("UPDATE OR …", statement.at);
    }
    for (const { at, columns, value } of statement.assignments) {
      if (columns.length > 1) {
        refuse("a row value", at);
      }
      checkExpression(refuse, value);
    }
    if (statement.from !== undefined) {
      refuse("UPDATE … FROM", statement.from.first.at);
    }
  }
  checkAll(refuse, [statement.where]);
  checkReturning(refuse, statement.returning);
  const [term] = statement.orderBy;
  if (term !== undefined) {
    refuse("ORDER BY in UPDATE and DELETE", term.expression.at);
  }
  if (statement.limit !== undefined) {
    refuse("LIMIT in UPDATE and DELETE", statement.limit.at);
  }
}

function checkTemporary(refuse: Refuse, made: CreateTable | CreateView): void {
  checkSchema(refuse, made);
  if (made.temporary) {
    refuse(made.kind === "create-view" ? "CREATE TEMP VIEW" : "CREATE TEMP TABLE", made.at);
  }
}

function checkAll(refuse: Refuse, expressions: readonly (Expression | undefined)[]): void {
  for (const expression of expressions) {
    if (expression !== undefined) {
      checkExpression(refuse, expression);
    }
  }
}

function checkExpression(refuse: Refuse, expression: Expression): void {
  const construct = unsupportedConstruct(expression);
  if (construct !== undefined) {
    refuse(construct, expression.at);
  }
  checkAll(refuse, partsOf(expression));
}

/** What the expression itself is, apart from its parts, where it cannot be bound yet. */
export function unsupportedConstruct(expression: Expression): string | undefined {
  switch (expression.kind) {
    case "collate":
      return "COLLATE";
    case "in-query":
    case "subquery":
      return "a subquery";
    case "in-table":
      return "IN with a table";
    case "exists":
      return "EXISTS";
    case "row":
      return "a row value";
    case "raise":
      return "RAISE";
    case "like":
      return expression.operator === "like" || expression.operator === "glob"
        ? undefined
        : expression.operator.toUpperCase();
    case "name":
      return expression.schema === undefined || expression.schema.toLowerCase() === "main"
        ? undefined
        : `the schema "${expression.schema}" (there is only "main")`;
    case "call":
      return uncompiledCall(expression);
    default:
      return undefined;
  }
}

/** The aggregates that compiled code has. */
const COMPILED_AGGREGATES: ReadonlySet<string> = new Set(["count", "sum", "total", "avg", "min", "max"]);

function uncompiledCall({ name, list, over, filter, orderBy, distinct }: Call): string | undefined {
  if (over !== undefined) {
    return "a window function";
  }
  if (filter !== undefined) {
    return "FILTER";
  }
  if (orderBy.length > 0) {
    return "ORDER BY inside an aggregate";
  }
  if (aggregateFunction(name, list.length) === undefined) {
    return undefined;
  }
  // DISTINCT changes nothing for the least and the greatest.
  return !COMPILED_AGGREGATES.has(name)
    ? `${name}()`
    : distinct && name !== "min" && name !== "max"
      ? `${name}(DISTINCT …)`
      : undefined;
}

/** The expressions that one of those that can be bound is made of. */
function partsOf(expression: Expression): readonly (Expression | undefined)[] {
  switch (expression.kind) {
    case "unary":
    case "null-test":
    case "cast":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "between":
      return [expression.operand, expression.low, expression.high];
    case "in":
      return [expression.operand, ...expression.list];
    case "like":
      return [expression.operand, expression.pattern, expression.escape];
    case "case": {
      const branches = expression.branches.flatMap(({ condition, result }) => [condition, result]);
      return [expression.operand, ...branches, expression.otherwise];
    }
    case "call":
      return expression.list;
    default:
      return [];
  }
}
