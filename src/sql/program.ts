/**
 * A statement bound, planned and compiled for one version of the schema.
 *
 *   text → parse → bind → plan ─▶ Program ─┬─▶ interpret     a query that has not proved hot, a write of another than a plain table
 *                                          └─▶ compile
 *
 * Functions are compiled when they are first called: a statement that is only explained compiles nothing.
 */

import { assert } from "../assert.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { Table } from "./catalog/schema.ts";
import type { Schemas } from "./catalog/schemas.ts";
import { alterTable } from "./define/alter-table/alter-table.ts";
import { createIndex } from "./define/create-index.ts";
import { createTable } from "./define/create-table.ts";
import { createTrigger, dropTrigger } from "./define/create-trigger.ts";
import { dropIndex, dropTable } from "./define/drop.ts";
import { maintain } from "./define/maintenance.ts";
import type { SchemaChange } from "./define/schema-change.ts";
import { createView, dropView } from "./define/view.ts";
import { createVirtualTable, dropVirtualTable } from "./define/virtual-table.ts";
import type {
  CreateIndex,
  CreateTable,
  CreateTrigger,
  CreateView,
  CreateVirtualTable,
  Drop,
} from "./parse/ast/definition.ts";
import type { Expression, Name, QualifiedName, Query } from "./parse/ast/query.ts";
import type {
  Explain,
  ParsedStatement,
  Pragma as PragmaStatement,
  TransactionStatement,
  Vacuum,
} from "./parse/ast/statement.ts";
import type { Delete, Insert, Update } from "./parse/ast/write.ts";
import { errorAt } from "./parse/syntax-error.ts";
import type { Pragma } from "./pragma/pragma.ts";
import { pragmaNamed } from "./pragma/registry.ts";
import { systemTable } from "./pragma/system-table.ts";
import { InterpretedQuery } from "./query/interpreted-query.ts";
import { explainQuery } from "./query/plan/explain.ts";
import { explainQueryPlan, PLAN_COLUMNS, type PlanRow } from "./query/plan/explain-query-plan.ts";
import { type ProgramOptions, QueryProgram } from "./query-program.ts";
import { supportedStatement } from "./unsupported.ts";
import { WriteProgram } from "./write-program.ts";

export type Program =
  | { readonly kind: "query"; readonly query: QueryProgram }
  /** Rows that are known when the statement is prepared. */
  | {
      readonly kind: "rows";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly (string | number)[])[];
    }
  /** EXPLAIN ANALYZE. */
  | { readonly kind: "analysis"; readonly query: InterpretedQuery }
  | { readonly kind: "write"; readonly write: WriteProgram }
  /** What is to be done, and in which schemas. */
  | { readonly kind: "schema"; readonly changes: ReadonlyMap<string, SchemaChange> }
  /** ATTACH or DETACH; the query gives what they are given. */
  | { readonly kind: "attachment"; readonly verb: "attach" | "detach"; readonly query: QueryProgram }
  | { readonly kind: "transaction"; readonly statement: TransactionStatement | Vacuum }
  | {
      readonly kind: "pragma";
      readonly pragma: Pragma;
      /** In lower case; undefined: none is named. */
      readonly schema: string | undefined;
      readonly value: string | undefined;
    };

/** As SQLite has it, one that there is none of does nothing. */
const UNKNOWN_PRAGMA: Pragma = { kind: "schema", name: "", columns: [], rows: () => [] };

export function buildProgram(parsed: ParsedStatement, schemas: Schemas, options: ProgramOptions): Program {
  const statement = supportedStatement(parsed);
  switch (statement.kind) {
    case "query":
      return { kind: "query", query: new QueryProgram(parsed, statement, schemas, options) };
    case "insert":
    case "update":
    case "delete":
      return { kind: "write", write: writeProgram(parsed, statement, schemas, options) };
    case "explain":
      return explain(parsed, statement, schemas, options);
    case "pragma":
      return pragmaProgram(parsed, statement, schemas);
    case "attach":
      return attachment(parsed, "attach", [statement.file, statement.schema], schemas, options);
    case "detach":
      return attachment(parsed, "detach", [statement.schema], schemas, options);
    case "analyze":
    case "reindex":
      return { kind: "schema", changes: maintain(parsed, statement, schemas, options) };
    case "create-table":
    case "create-index":
    case "create-view":
    case "create-trigger":
    case "create-virtual-table": {
      const part = schemaOfNew(parsed, statement, schemas);
      return changeOf(part, creation(parsed, statement, part, schemas, options));
    }
    case "drop-table":
    case "drop-index":
    case "drop-view":
    case "drop-trigger": {
      const part = schemaOfDropped(statement, schemas);
      return changeOf(part, drop(parsed, statement, part, schemas, options));
    }
    case "alter-table": {
      const { schema, name } = statement.table;
      const part = schemas.partWith(schema, name) ?? schemas.main;
      return changeOf(part, alterTable(parsed, statement, part, schemas, options));
    }
    default:
      return { kind: "transaction", statement };
  }
}

/** A mere name stands for itself. */
function attachment(
  parsed: ParsedStatement,
  verb: "attach" | "detach",
  expressions: readonly Expression[],
  schemas: Schemas,
  options: ProgramOptions,
): Program {
  const row = expressions.map(
    (expression): Expression =>
      expression.kind === "name" && expression.table === undefined
        ? { kind: "text", at: expression.at, value: expression.column }
        : expression,
  );
  const { at } = parsed.statement;
  const query: Query = {
    kind: "query",
    at,
    with: undefined,
    first: { kind: "values", at, rows: [row] },
    rest: [],
    orderBy: [],
    limit: undefined,
    offset: undefined,
  };
  return { kind: "attachment", verb, query: new QueryProgram(parsed, query, schemas, options) };
}

function changeOf(part: Catalog | undefined, change: SchemaChange | undefined): Program {
  const isNothing = part === undefined || change === undefined;
  return { kind: "schema", changes: new Map(isNothing ? [] : [[part.name, change]]) };
}

type Creation = CreateTable | CreateIndex | CreateView | CreateTrigger | CreateVirtualTable;

function creation(
  parsed: ParsedStatement,
  statement: Creation,
  part: Catalog,
  schemas: Schemas,
  options: ProgramOptions,
): SchemaChange | undefined {
  switch (statement.kind) {
    case "create-table":
      return createTable(parsed, statement, part, schemas, options);
    case "create-index":
      return createIndex(parsed, statement, part, schemas, options);
    case "create-view":
      return createView(parsed, statement, part);
    case "create-trigger":
      return createTrigger(parsed, statement, part, schemas);
    case "create-virtual-table":
      return createVirtualTable(parsed, statement, part, options);
  }
}

/** The schema in which something is to be made: an index or trigger of a temporary table is temporary. */
function schemaOfNew(parsed: ParsedStatement, statement: Creation, schemas: Schemas): Catalog {
  const { schema, at } = statement;
  if (schema === undefined) {
    const isTemporary = "temporary" in statement && statement.temporary;
    const { table } = "table" in statement ? statement : {};
    const owner = table === undefined ? undefined : schemas.partWith(schemaOf(table), table.name);
    return isTemporary || owner?.name === "temp" ? schemas.temp : schemas.main;
  }
  const part = schemas.part(schema);
  if (part === undefined) {
    throw errorAt("INVALID", `unknown database ${schema}`, parsed.text, at - parsed.start);
  }
  return part;
}

function schemaOf(name: Name | QualifiedName): string | undefined {
  return "schema" in name ? name.schema : undefined;
}

function drop(
  parsed: ParsedStatement,
  statement: Drop,
  part: Catalog | undefined,
  schemas: Schemas,
  options: ProgramOptions,
): SchemaChange | undefined {
  switch (statement.kind) {
    case "drop-table":
      return dropVirtualTable(statement, part) ?? dropTable(parsed, statement, part, schemas, options);
    case "drop-index":
      return dropIndex(parsed, statement, part);
    case "drop-view":
      return dropView(parsed, statement, part, schemas);
    case "drop-trigger":
      return dropTrigger(parsed, statement, part);
  }
}

/** Undefined: there is no such thing in any schema. */
function schemaOfDropped({ kind, schema, name }: Drop, schemas: Schemas): Catalog | undefined {
  switch (kind) {
    case "drop-table":
    case "drop-view":
      return schemas.partWith(schema, name);
    case "drop-index":
      return schemas.partOf(schemas.index(schema, name)?.table);
    case "drop-trigger":
      return schemas.partOf(schemas.trigger(schema, name));
  }
}

function pragmaProgram(
  parsed: ParsedStatement,
  { schema, name, value, at }: PragmaStatement,
  schemas: Schemas,
): Program {
  if (schema !== undefined && schemas.part(schema) === undefined) {
    throw errorAt("INVALID", `unknown database ${schema}`, parsed.text, at - parsed.start);
  }
  return { kind: "pragma", pragma: pragmaNamed(name) ?? UNKNOWN_PRAGMA, schema: schema?.toLowerCase(), value };
}

function writeProgram(
  parsed: ParsedStatement,
  statement: Insert | Update | Delete,
  catalog: Schemas,
  options: ProgramOptions,
): WriteProgram {
  const { schema, name } = statement.table;
  const view = catalog.view(schema, name);
  const target = view ?? tableOf(parsed, catalog, statement.table);
  return new WriteProgram(parsed, statement, target, catalog, options);
}

function tableOf(parsed: ParsedStatement, catalog: Schemas, { schema, name, at }: QualifiedName): Table {
  const table = catalog.table(schema, name);
  if (table === undefined) {
    const full = schema === undefined ? name : `${schema}.${name}`;
    const system = systemTable(catalog, schema, name);
    const what = system === undefined ? `no such table: ${full}` : `table ${system} may not be modified`;
    throw errorAt("INVALID", what, parsed.text, at - parsed.start);
  }
  return table;
}

function explain(
  parsed: ParsedStatement,
  { form, statement }: Explain,
  schemas: Schemas,
  options: ProgramOptions,
): Program {
  const explained = { ...parsed, statement };
  switch (form) {
    case "analyze":
      assert(statement.kind === "query", "others are refused (unsupported.ts)");
      return { kind: "analysis", query: new InterpretedQuery(parsed, statement, schemas, options) };
    case "query-plan":
      return { kind: "rows", columns: PLAN_COLUMNS, rows: queryPlanRows(explained, schemas, options) };
    case "plan": {
      const lines = planLines(explained, schemas, options);
      return { kind: "rows", columns: ["plan"], rows: lines.map((line) => [line]) };
    }
    default:
      return { kind: "rows", columns: ["code"], rows: [[codeText(explained, schemas, options)]] };
  }
}

function queryPlanRows(parsed: ParsedStatement, schemas: Schemas, options: ProgramOptions): readonly PlanRow[] {
  const { statement } = parsed;
  switch (statement.kind) {
    case "query": {
      const { plan, plans } = new QueryProgram(parsed, statement, schemas, options);
      return explainQueryPlan(plan, plans);
    }
    case "insert":
    case "update":
    case "delete": {
      const { plan, plans } = writeProgram(parsed, statement, schemas, options);
      const isRow = plan?.body.kind === "values" && plan.body.rows.length === 1;
      return plan === undefined ? [] : explainQueryPlan(plan, plans).slice(isRow ? 1 : 0);
    }
    default:
      return [];
  }
}

function planLines(parsed: ParsedStatement, schemas: Schemas, options: ProgramOptions): string[] {
  const { statement } = parsed;
  switch (statement.kind) {
    case "query":
      return explainQuery(new QueryProgram(parsed, statement, schemas, options).plan);
    case "insert":
    case "update":
    case "delete": {
      const { plan, table } = writeProgram(parsed, statement, schemas, options);
      const isRead = plan !== undefined && plan.body.kind !== "values";
      const verb = statement.kind === "insert" ? "INSERT INTO" : statement.kind.toUpperCase();
      return [...(isRead ? explainQuery(plan) : []), `${verb} ${table.name}`];
    }
    default:
      return [statement.kind.toUpperCase().replace("-", " ")];
  }
}

const NOT_COMPILED = "// this statement is not compiled";

function codeText(parsed: ParsedStatement, catalog: Schemas, options: ProgramOptions): string {
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
