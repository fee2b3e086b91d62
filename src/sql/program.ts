/**
 * A statement bound, planned and compiled for one version of the schema.
 *
 *   text → parse → bind → plan → compile → Program
 *                └→ query/: bind → plan → Program     what compiled code does not have yet, interpreted
 *
 * Functions are compiled when they are first called: a statement that is only explained compiles nothing.
 */

import type { Bound } from "./bind/bound.ts";
import { bindSelect, coreOf, fromOf } from "./bind/select.ts";
import { isCompiled, queryOfInsert, supportedStatement } from "./bind/unsupported.ts";
import { type BoundInsert, bindDelete, bindInsert, bindUpdate, checkDefault } from "./bind/write.ts";
import { type Catalog, quoteName, type Table } from "./catalog.ts";
import {
  CELLS_PARAMETERS,
  type CellsFunction,
  CHANGE_PARAMETERS,
  type ChangeFunction,
  type CompiledFunction,
  compileFunction,
  INSERT_PARAMETERS,
  type InsertFunction,
  SELECT_PARAMETERS,
  type SelectFunction,
} from "./compile/function.ts";
import { emitSelect, type RowShape } from "./compile/select.ts";
import { emitCells, emitDelete, emitInsert, emitUpdate, planChange } from "./compile/write.ts";
import type { CreateTable, Drop } from "./parse/ast/definition.ts";
import type { Query } from "./parse/ast/query.ts";
import type { Explain, ParsedStatement } from "./parse/ast/statement.ts";
import type { Delete, Update } from "./parse/ast/write.ts";
import { errorAt } from "./parse/syntax-error.ts";
import { explainAccess, explainSelect } from "./plan/explain.ts";
import { planSelect } from "./plan/select.ts";
import { CatalogSchema } from "./query/catalog-schema.ts";
import { InterpretedQuery } from "./query/interpreted-query.ts";
import type { KeyspaceReader } from "./storage.ts";

export type Program =
  | {
      readonly kind: "select";
      readonly columns: readonly string[];
      readonly functionOf: (shape: RowShape) => SelectFunction;
    }
  | { readonly kind: "interpreted"; readonly query: InterpretedQuery }
  /** Rows that are known when the statement is prepared. */
  | { readonly kind: "rows"; readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "insert"; readonly insert: InsertProgram }
  | { readonly kind: "change"; readonly call: () => ChangeFunction }
  | { readonly kind: "create-table"; readonly definition: CreateTable | undefined }
  | { readonly kind: "drop-table"; readonly table: Table | undefined }
  | { readonly kind: "begin" | "commit" | "rollback" };

export interface InsertProgram {
  readonly call: () => InsertFunction;
  /** Cells of each row where there are several; a number stands for a cell that `cells` works out. */
  readonly rows: readonly (readonly (Bound | number)[])[];
  readonly cells: () => CellsFunction | undefined;
  readonly workedOut: number;
  /** What gives the rows, where the statement has none. */
  readonly query: InterpretedQuery | undefined;
}

export interface ProgramOptions {
  readonly heldRows: number;
}

/** `reader` is where the catalog was read. */
export function buildProgram(
  parsed: ParsedStatement,
  catalog: Catalog,
  reader: KeyspaceReader,
  options: ProgramOptions,
): Program {
  const statement = supportedStatement(parsed);
  switch (statement.kind) {
    case "query": {
      if (!isCompiled(statement)) {
        const schema = new CatalogSchema(catalog);
        const query = new InterpretedQuery(parsed, statement, schema, reader, options.heldRows);
        return { kind: "interpreted", query };
      }
      const { columns, emit } = selectParts(parsed, statement, catalog, options);
      const compiled = new Map<RowShape, SelectFunction>();
      const functionOf = (shape: RowShape): SelectFunction => {
        const known = compiled.get(shape) ?? compileSelect(emit(shape)).call;
        compiled.set(shape, known);
        return known;
      };
      return { kind: "select", columns, functionOf };
    }
    case "insert": {
      const table = tableOf(parsed, catalog, statement.table);
      const source = queryOfInsert(statement);
      const query =
        source === undefined
          ? undefined
          : new InterpretedQuery(parsed, source, new CatalogSchema(catalog), reader, options.heldRows);
      const bound = bindInsert(parsed, statement, table, query?.columns.length);
      return { kind: "insert", insert: { ...insertProgram(bound), query } };
    }
    case "update":
    case "delete":
      return { kind: "change", call: once(() => changeFunction(parsed, statement, catalog).call) };
    case "create-table":
      return { kind: "create-table", definition: checkCreate(parsed, statement, catalog) };
    case "drop-table":
      return { kind: "drop-table", table: checkDrop(parsed, statement, catalog) };
    case "explain":
      return explain(parsed, statement, catalog, options);
    default:
      return { kind: statement.kind };
  }
}

function selectParts(parsed: ParsedStatement, statement: Query, catalog: Catalog, options: ProgramOptions) {
  const from = fromOf(coreOf(statement));
  const table = from === undefined ? undefined : tableOf(parsed, catalog, from);
  const plan = planSelect(bindSelect(parsed, statement, table));
  const columns = plan.columns.map(({ name }) => name);
  return { plan, columns, emit: (shape: RowShape) => emitSelect(plan, { shape, heldRows: options.heldRows }) };
}

function compileSelect(emitter: ReturnType<typeof emitSelect>): CompiledFunction<SelectFunction> {
  return compileFunction<SelectFunction>(emitter, "select", SELECT_PARAMETERS);
}

function insertProgram(bound: BoundInsert): Omit<InsertProgram, "query"> {
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
      ? emitUpdate(bindUpdate(parsed, statement, table))
      : emitDelete(bindDelete(parsed, statement, table));
  return compileFunction<ChangeFunction>(emitter, "change", CHANGE_PARAMETERS);
}

function tableOf(
  parsed: ParsedStatement,
  catalog: Catalog,
  name: { readonly name: string; readonly at: number },
): Table {
  const table = catalog.table(name.name);
  if (table === undefined) {
    throw errorAt("INVALID", `no such table: ${name.name}`, parsed.text, name.at - parsed.start);
  }
  return table;
}

function checkCreate(parsed: ParsedStatement, statement: CreateTable, catalog: Catalog): CreateTable | undefined {
  const { name, at, ifNotExists } = statement;
  if (catalog.table(name) !== undefined) {
    if (ifNotExists) {
      return undefined;
    }
    throw errorAt("INVALID", `table ${quoteName(name)} already exists`, parsed.text, at - parsed.start);
  }
  if (name.toLowerCase().startsWith("sqlite_")) {
    throw errorAt("INVALID", `the name ${quoteName(name)} is reserved`, parsed.text, at - parsed.start);
  }
  for (const column of statement.columns) {
    if (column.default !== undefined) {
      checkDefault(parsed, column.default);
    }
  }
  return statement;
}

function checkDrop(parsed: ParsedStatement, statement: Drop, catalog: Catalog): Table | undefined {
  return statement.ifExists ? catalog.table(statement.name) : tableOf(parsed, catalog, statement);
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
      return explainSelect(selectParts(parsed, statement, catalog, options).plan);
    case "update":
    case "delete": {
      const table = tableOf(parsed, catalog, statement.table);
      const { access, filters } = planChange(
        statement.kind === "update" ? bindUpdate(parsed, statement, table) : bindDelete(parsed, statement, table),
      );
      const filter = filters.length > 0 ? [`FILTER ${filters.length} condition${filters.length === 1 ? "" : "s"}`] : [];
      return [explainAccess(access), ...filter, `${statement.kind.toUpperCase()} ${table.name}`];
    }
    case "insert":
      return [`INSERT INTO ${tableOf(parsed, catalog, statement.table).name}`];
    default:
      return [statement.kind.toUpperCase().replace("-", " ")];
  }
}

function codeText(parsed: ParsedStatement, catalog: Catalog, options: ProgramOptions): string {
  const { statement } = parsed;
  switch (statement.kind) {
    case "query":
      return compileSelect(selectParts(parsed, statement, catalog, options).emit("object")).text;
    case "update":
    case "delete":
      return changeFunction(parsed, statement, catalog).text;
    case "insert": {
      const bound = bindInsert(parsed, statement, tableOf(parsed, catalog, statement.table));
      return compileFunction(emitInsert(bound), "insert", INSERT_PARAMETERS).text;
    }
    default:
      return "// this statement is not compiled";
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
