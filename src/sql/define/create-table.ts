/** CREATE TABLE, as written or AS a query. */

import type { Catalog } from "../catalog/catalog.ts";
import { foldName } from "../catalog/name.ts";
import type { Schemas } from "../catalog/schemas.ts";
import { newSlots, tableShapeOf } from "../catalog/table.ts";
import type { ColumnDefinition, CreateTable } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { parseStatement } from "../parse/parser.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { bindQuery } from "../query/bind/query.ts";
import { StatementScope } from "../query/bind/scope.ts";
import type { QueryOptions } from "../query/interpreted-query.ts";
import { bindTarget } from "../write/bind/target.ts";
import { createTableAs } from "./create-table-as.ts";
import { failAt, requireFreeName } from "./name.ts";
import { putTable } from "./put-table.ts";
import type { SchemaChange } from "./schema-change.ts";

const SEQUENCE = "CREATE TABLE sqlite_sequence(name,seq)";

/** Undefined: there is nothing to do. */
export function createTable(
  parsed: ParsedStatement,
  statement: CreateTable,
  catalog: Catalog,
  schemas: Schemas,
  options: QueryOptions,
): SchemaChange | undefined {
  if (statement.ifNotExists && catalog.has(statement.name)) {
    return undefined;
  }
  requireFreeName(parsed, statement, catalog, "table");
  if (statement.query !== undefined) {
    return createTableAs(parsed, statement, statement.query, catalog, schemas, options);
  }
  checkDefinition(parsed, statement, catalog, options);
  return (transaction) => {
    const next = putTable(transaction, catalog.name, parsed, statement, catalog.nextNumber);
    if (statement.primaryKey?.autoincrement === true && catalog.table(undefined, "sqlite_sequence") === undefined) {
      const sequence = parseStatement(SEQUENCE);
      putTable(transaction, catalog.name, sequence, sequence.statement as CreateTable, next);
    }
  };
}

/** Everything in it is bound, so that what is wrong is said now and not with the first row. */
function checkDefinition(
  parsed: ParsedStatement,
  statement: CreateTable,
  catalog: Catalog,
  { functions }: QueryOptions,
): void {
  const { withoutRowid, primaryKey } = statement;
  if (withoutRowid && primaryKey?.autoincrement === true) {
    throw failAt(parsed, "AUTOINCREMENT not allowed on WITHOUT ROWID tables", primaryKey.at);
  }
  const { table } = tableShapeOf(parsed, statement, { schema: catalog.name, keyspace: 0, ...newSlots(statement) });
  const scope = new StatementScope(parsed, catalog, functions, { expression: bindExpression, query: bindQuery });
  for (const column of statement.columns) {
    refuseVariableDefault(parsed, column);
  }
  bindTarget(scope, table);
  for (const column of statement.columns) {
    refuseGeneratedDefault(parsed, column);
  }
}

/** A default depends on nothing but functions. */
export function refuseVariableDefault(parsed: ParsedStatement, { name, default: value }: ColumnDefinition): void {
  if (value !== undefined && hasVariable(value)) {
    throw failAt(parsed, `default value of column [${name}] is not constant`, value.at);
  }
}

/** Whether there is a column, a parameter or a query in a syntax tree. */
function hasVariable(node: unknown): boolean {
  if (node === null || typeof node !== "object" || node instanceof Uint8Array) {
    return false;
  }
  const { kind, quoted, column } = node as { kind?: string; quoted?: boolean; column?: string };
  const isVariable = kind === "parameter" || kind === "query" || kind === "in-table";
  const isColumn = kind === "name" && (quoted === true || !TRUTHS.has(foldName(column!)));
  return isVariable || isColumn || Object.values(node).some(hasVariable);
}

const TRUTHS: ReadonlySet<string> = new Set(["true", "false"]);

/** What is worked out has no default; SQLite's words depend on what comes first. */
export function refuseGeneratedDefault(parsed: ParsedStatement, column: ColumnDefinition): void {
  const { name, default: value, generated } = column;
  if (value !== undefined && generated !== undefined) {
    const isBehind = value.at > generated.expression.at;
    const what = isBehind ? "cannot use DEFAULT on a generated column" : `error in generated column "${name}"`;
    throw failAt(parsed, what, value.at);
  }
}
