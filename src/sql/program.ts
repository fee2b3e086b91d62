/**
 * A statement bound, planned and compiled for one version of the schema.
 *
 *   text → parse → bind → plan ─▶ Program ─┬─▶ interpret     a query that has not proved hot, a write of another than a plain table
 *                                          └─▶ compile
 *
 * Functions are compiled when they are first called: a statement that is only explained compiles nothing.
 */

import type { Catalog } from "./catalog/catalog.ts";
import type { Table } from "./catalog/schema.ts";
import { alterTable } from "./define/alter-table/alter-table.ts";
import { createIndex } from "./define/create-index.ts";
import { createTable } from "./define/create-table.ts";
import { createTrigger, dropTrigger } from "./define/create-trigger.ts";
import { dropIndex, dropTable } from "./define/drop.ts";
import { maintain } from "./define/maintenance.ts";
import type { SchemaChange } from "./define/schema-change.ts";
import { createView, dropView } from "./define/view.ts";
import { createVirtualTable, dropVirtualTable } from "./define/virtual-table.ts";
import type { QualifiedName } from "./parse/ast/query.ts";
import type { Explain, ParsedStatement, TransactionStatement, Vacuum } from "./parse/ast/statement.ts";
import type { Delete, Insert, Update } from "./parse/ast/write.ts";
import { errorAt } from "./parse/syntax-error.ts";
import type { Pragma } from "./pragma/pragma.ts";
import { pragmaNamed } from "./pragma/registry.ts";
import { explainQuery } from "./query/plan/explain.ts";
import { type ProgramOptions, QueryProgram } from "./query-program.ts";
import { supportedStatement } from "./unsupported.ts";
import { WriteProgram } from "./write-program.ts";

export type Program =
  | { readonly kind: "query"; readonly query: QueryProgram }
  /** Rows that are known when the statement is prepared. */
  | { readonly kind: "rows"; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "write"; readonly write: WriteProgram }
  /** Undefined: there is nothing to do. */
  | { readonly kind: "schema"; readonly change: SchemaChange | undefined }
  | { readonly kind: "transaction"; readonly statement: TransactionStatement | Vacuum }
  | { readonly kind: "pragma"; readonly pragma: Pragma; readonly value: string | undefined };

/** As SQLite has it, one that there is none of does nothing. */
const UNKNOWN_PRAGMA: Pragma = { kind: "schema", name: "", columns: [], rows: () => [] };

export function buildProgram(parsed: ParsedStatement, catalog: Catalog, options: ProgramOptions): Program {
  const statement = supportedStatement(parsed);
  switch (statement.kind) {
    case "query":
      return { kind: "query", query: new QueryProgram(parsed, statement, catalog, options) };
    case "insert":
    case "update":
    case "delete":
      return { kind: "write", write: writeProgram(parsed, statement, catalog, options) };
    case "create-table":
      return { kind: "schema", change: createTable(parsed, statement, catalog, options) };
    case "create-index":
      return { kind: "schema", change: createIndex(parsed, statement, catalog, options) };
    case "create-trigger":
      return { kind: "schema", change: createTrigger(parsed, statement, catalog) };
    case "drop-trigger":
      return { kind: "schema", change: dropTrigger(parsed, statement, catalog) };
    case "create-virtual-table":
      return { kind: "schema", change: createVirtualTable(parsed, statement, catalog, options) };
    case "drop-table": {
      const change = dropVirtualTable(statement, catalog) ?? dropTable(parsed, statement, catalog, options);
      return { kind: "schema", change };
    }
    case "create-view":
      return { kind: "schema", change: createView(parsed, statement, catalog) };
    case "drop-view":
      return { kind: "schema", change: dropView(parsed, statement, catalog) };
    case "drop-index":
      return { kind: "schema", change: dropIndex(parsed, statement, catalog) };
    case "alter-table":
      return { kind: "schema", change: alterTable(parsed, statement, catalog, options) };
    case "analyze":
    case "reindex":
      return { kind: "schema", change: maintain(parsed, statement, catalog, options) };
    case "explain":
      return explain(parsed, statement, catalog, options);
    case "pragma":
      return { kind: "pragma", pragma: pragmaNamed(statement.name) ?? UNKNOWN_PRAGMA, value: statement.value };
    default:
      return { kind: "transaction", statement };
  }
}

function writeProgram(
  parsed: ParsedStatement,
  statement: Insert | Update | Delete,
  catalog: Catalog,
  options: ProgramOptions,
): WriteProgram {
  const { schema, name, at } = statement.table;
  if (catalog.view(schema, name) !== undefined) {
    throw errorAt("INVALID", `cannot modify ${name} because it is a view`, parsed.text, at - parsed.start);
  }
  return new WriteProgram(parsed, statement, tableOf(parsed, catalog, statement.table), catalog, options);
}

function tableOf(parsed: ParsedStatement, catalog: Catalog, { schema, name, at }: QualifiedName): Table {
  const table = catalog.table(schema, name);
  if (table === undefined) {
    const full = schema === undefined ? name : `${schema}.${name}`;
    throw errorAt("INVALID", `no such table: ${full}`, parsed.text, at - parsed.start);
  }
  return table;
}

function explain(parsed: ParsedStatement, statement: Explain, catalog: Catalog, options: ProgramOptions): Program {
  const explained = { ...parsed, statement: statement.statement };
  const lines =
    statement.form === "plan" ? planLines(explained, catalog, options) : [codeText(explained, catalog, options)];
  const columns = [statement.form === "plan" ? "plan" : "code"];
  return { kind: "rows", columns, rows: lines.map((line) => [line]) };
}

function planLines(parsed: ParsedStatement, catalog: Catalog, options: ProgramOptions): string[] {
  const { statement } = parsed;
  switch (statement.kind) {
    case "query":
      return explainQuery(new QueryProgram(parsed, statement, catalog, options).plan);
    case "insert":
    case "update":
    case "delete": {
      const { plan, table } = writeProgram(parsed, statement, catalog, options);
      const isRead = plan !== undefined && plan.body.kind !== "values";
      const verb = statement.kind === "insert" ? "INSERT INTO" : statement.kind.toUpperCase();
      return [...(isRead ? explainQuery(plan) : []), `${verb} ${table.name}`];
    }
    default:
      return [statement.kind.toUpperCase().replace("-", " ")];
  }
}

const NOT_COMPILED = "// this statement is not compiled";

function codeText(parsed: ParsedStatement, catalog: Catalog, options: ProgramOptions): string {
  const { statement } = parsed;
  switch (statement.kind) {
    case "query":
      return new QueryProgram(parsed, statement, catalog, options).text ?? NOT_COMPILED;
    case "insert":
    case "update":
    case "delete":
      return writeProgram(parsed, statement, catalog, options).text ?? NOT_COMPILED;
    default:
      return NOT_COMPILED;
  }
}
