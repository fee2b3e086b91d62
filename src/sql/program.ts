/**
 * A statement bound, planned and compiled for one version of the schema.
 *
 *   text → parse → bind → plan ─▶ Program ─┬─▶ interpret     a query that has not proved hot, a write of another than a plain table
 *                                          └─▶ compile
 *
 * Functions are compiled when they are first called: a statement that is only explained compiles nothing.
 */

import { DbError } from "../errors.ts";
import { isCompiledWrite, supportedStatement } from "./bind/unsupported.ts";
import { type BoundInsert, bindDelete, bindInsert, bindUpdate } from "./bind/write.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { Table } from "./catalog/schema.ts";
import {
  CELLS_PARAMETERS,
  type CellsFunction,
  CHANGE_PARAMETERS,
  type ChangeFunction,
  type CompiledFunction,
  compileFunction,
  INSERT_PARAMETERS,
  type InsertFunction,
} from "./compile/function.ts";
import { emitCells, emitDelete, emitInsert, emitUpdate, planChange } from "./compile/write.ts";
import { createIndex } from "./define/create-index.ts";
import { createTable } from "./define/create-table.ts";
import { createTrigger, dropTrigger } from "./define/create-trigger.ts";
import { dropIndex, dropTable } from "./define/drop.ts";
import type { SchemaChange } from "./define/schema-change.ts";
import { createView, dropView } from "./define/view.ts";
import { createVirtualTable, dropVirtualTable } from "./define/virtual-table.ts";
import type { QualifiedName } from "./parse/ast/query.ts";
import type { Explain, ParsedStatement, TransactionStatement } from "./parse/ast/statement.ts";
import type { Delete, Insert, Update } from "./parse/ast/write.ts";
import { errorAt } from "./parse/syntax-error.ts";
import type { Pragma } from "./pragma/pragma.ts";
import { pragmaNamed } from "./pragma/registry.ts";
import type { Bound } from "./query/bind/bound.ts";
import { explainAccess, explainFilters, explainQuery } from "./query/plan/explain.ts";
import { type ProgramOptions, QueryProgram } from "./query-program.ts";
import type { SessionFunctions } from "./run/session-functions.ts";
import { InterpretedWrite } from "./write/interpreted-write.ts";

export type Program =
  | { readonly kind: "query"; readonly query: QueryProgram }
  /** Rows that are known when the statement is prepared. */
  | { readonly kind: "rows"; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "insert"; readonly insert: InsertProgram }
  | { readonly kind: "change"; readonly call: () => ChangeFunction }
  | { readonly kind: "write"; readonly write: InterpretedWrite }
  /** Undefined: there is nothing to do. */
  | { readonly kind: "schema"; readonly change: SchemaChange | undefined }
  | { readonly kind: "transaction"; readonly statement: TransactionStatement }
  | { readonly kind: "pragma"; readonly pragma: Pragma; readonly value: string | undefined };

export interface InsertProgram {
  readonly call: () => InsertFunction;
  /** Cells of each row where there are several; a number stands for a cell that `cells` works out. */
  readonly rows: readonly (readonly (Bound | number)[])[];
  readonly cells: () => CellsFunction | undefined;
  readonly workedOut: number;
}

/** As SQLite has it, one that there is none of does nothing. */
const UNKNOWN_PRAGMA: Pragma = { kind: "schema", name: "", columns: [], rows: () => [] };

export function buildProgram(parsed: ParsedStatement, catalog: Catalog, given: ProgramOptions): Program {
  const statement = supportedStatement(parsed);
  const options: ProgramOptions = namesAny(statement, given.functions) ? { ...given, tier: "interpreted" } : given;
  switch (statement.kind) {
    case "query":
      return { kind: "query", query: new QueryProgram(parsed, statement, catalog, options) };
    case "insert":
    case "update":
    case "delete":
      return writeProgram(parsed, statement, catalog, options);
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
    case "explain":
      return explain(parsed, statement, catalog, options);
    case "pragma":
      return { kind: "pragma", pragma: pragmaNamed(statement.name) ?? UNKNOWN_PRAGMA, value: statement.value };
    default:
      return { kind: "transaction", statement };
  }
}

/** Whether any name in the statement is one of a function or table function of the session's, which compiled code does not have. */
function namesAny(node: unknown, functions: SessionFunctions): boolean {
  if (functions.version === 0 || typeof node !== "object" || node === null) {
    return false;
  }
  return Object.entries(node).some(([key, value]) =>
    key === "name" && typeof value === "string" ? functions.has(value.toLowerCase()) : namesAny(value, functions),
  );
}

function writeProgram(
  parsed: ParsedStatement,
  statement: Insert | Update | Delete,
  catalog: Catalog,
  options: ProgramOptions,
): Program {
  const { schema, name, at } = statement.table;
  if (catalog.view(schema, name) !== undefined) {
    throw errorAt("INVALID", `cannot modify ${name} because it is a view`, parsed.text, at - parsed.start);
  }
  const table = tableOf(parsed, catalog, statement.table);
  if (options.tier === "interpreted" || !isCompiledWrite(statement, table, catalog)) {
    return { kind: "write", write: new InterpretedWrite(parsed, statement, table, catalog, options) };
  }
  return statement.kind === "insert"
    ? { kind: "insert", insert: insertProgram(bindInsert(parsed, statement, table, catalog)) }
    : { kind: "change", call: once(() => changeFunction(parsed, statement, catalog).call) };
}

function insertProgram(bound: BoundInsert): InsertProgram {
  const workedOut: Bound[] = [];
  const rows = bound.rows.map((row) =>
    row.map((cell) => (cell.kind === "constant" || cell.kind === "parameter" ? cell : workedOut.push(cell) - 1)),
  );
  return {
    call: once(() => compileFunction<InsertFunction>(emitInsert(bound), "insert", INSERT_PARAMETERS).call),
    rows,
    cells: once(() =>
      workedOut.length === 0
        ? undefined
        : compileFunction<CellsFunction>(emitCells(workedOut), "cells", CELLS_PARAMETERS).call,
    ),
    workedOut: workedOut.length,
  };
}

function changeFunction(
  parsed: ParsedStatement,
  statement: Update | Delete,
  catalog: Catalog,
): CompiledFunction<ChangeFunction> {
  const table = tableOf(parsed, catalog, statement.table);
  const emitter =
    statement.kind === "update"
      ? emitUpdate(bindUpdate(parsed, statement, table, catalog))
      : emitDelete(bindDelete(parsed, statement, table, catalog));
  return compileFunction<ChangeFunction>(emitter, "change", CHANGE_PARAMETERS);
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
    case "update":
    case "delete": {
      const table = tableOf(parsed, catalog, statement.table);
      requirePlain(isCompiledWrite(statement, table, catalog));
      const bound =
        statement.kind === "update"
          ? bindUpdate(parsed, statement, table, catalog)
          : bindDelete(parsed, statement, table, catalog);
      const { access, filters } = planChange(bound);
      const filter = filters.length > 0 ? [explainFilters(filters.length)] : [];
      return [explainAccess(bound.source, access), ...filter, `${statement.kind.toUpperCase()} ${table.name}`];
    }
    case "insert":
      return [`INSERT INTO ${tableOf(parsed, catalog, statement.table).name}`];
    default:
      return [statement.kind.toUpperCase().replace("-", " ")];
  }
}

/** A write that is interpreted has no code, and no plan that is shown. */
function requirePlain(isPlain: boolean): void {
  if (!isPlain) {
    throw new DbError("UNSUPPORTED", "EXPLAIN of a statement that is interpreted is not supported");
  }
}

const NOT_COMPILED = "// this statement is not compiled";

function codeText(parsed: ParsedStatement, catalog: Catalog, options: ProgramOptions): string {
  const { statement } = parsed;
  switch (statement.kind) {
    case "query":
      return new QueryProgram(parsed, statement, catalog, options).text ?? NOT_COMPILED;
    case "update":
    case "delete":
      requirePlain(isCompiledWrite(statement, tableOf(parsed, catalog, statement.table), catalog));
      return changeFunction(parsed, statement, catalog).text;
    case "insert": {
      requirePlain(isCompiledWrite(statement, tableOf(parsed, catalog, statement.table), catalog));
      const bound = bindInsert(parsed, statement, tableOf(parsed, catalog, statement.table), catalog);
      return compileFunction(emitInsert(bound), "insert", INSERT_PARAMETERS).text;
    }
    default:
      return NOT_COMPILED;
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
