/** CREATE TABLE … AS: a table with the columns of a query, and its rows. */

import type { Catalog } from "../catalog/catalog.ts";
import { foldName, quoteName } from "../catalog/name.ts";
import type { Schemas } from "../catalog/schemas.ts";
import type { CreateTable } from "../parse/ast/definition.ts";
import type { Query } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { parseStatement } from "../parse/parser.ts";
import type { SourceColumn } from "../query/bind/bound.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { columnsOf } from "../query/bind/from.ts";
import { bindQuery } from "../query/bind/query.ts";
import { StatementScope } from "../query/bind/scope.ts";
import type { QueryOptions } from "../query/interpreted-query.ts";
import type { Affinity } from "../value/affinity.ts";
import { InterpretedWrite } from "../write/interpreted-write.ts";
import { putTable } from "./put-table.ts";
import type { SchemaChange } from "./schema-change.ts";

export function createTableAs(
  parsed: ParsedStatement,
  statement: CreateTable,
  query: Query,
  catalog: Catalog,
  schemas: Schemas,
  options: QueryOptions,
): SchemaChange {
  const scope = new StatementScope(parsed, schemas, options.functions, {
    expression: bindExpression,
    query: bindQuery,
  });
  const text = textOf(statement.name, columnsOf(bindQuery(scope.newScope(), query), undefined));
  const definition = parseStatement(text);
  return (transaction, { values, writing, isExternal }) => {
    putTable(transaction, catalog.name, definition, definition.statement as CreateTable, catalog.nextNumber);
    const made = catalog.readAgain(transaction);
    const table = made.table(undefined, statement.name)!;
    const insert = {
      kind: "insert",
      at: statement.at,
      with: undefined,
      table: { schema: catalog.name, name: statement.name, at: statement.at, alias: undefined, index: undefined },
      conflict: undefined,
      columns: undefined,
      source: query,
      upserts: [],
      returning: undefined,
    } as const;
    const { lastRowid, changes } = writing;
    new InterpretedWrite(parsed, insert, table, schemas.with(made), options)
      .prepare(values, writing, isExternal)
      .run(transaction);
    // Its rows do not count.
    writing.lastRowid = lastRowid;
    writing.changes = changes;
  };
}

/** As SQLite writes it: on one line if it is short. */
function textOf(name: string, columns: readonly SourceColumn[]): string {
  const names = distinctNames(columns);
  const isShort = [name, ...names].reduce((length, part) => length + part.length + 2, 0) < 50;
  const parts = columns.map(({ affinity }, index) => `${quoteName(names[index]!)}${TYPES[affinity ?? "BLOB"]}`);
  return isShort
    ? `CREATE TABLE ${quoteName(name)}(${parts.join(",")})`
    : `CREATE TABLE ${quoteName(name)}(\n  ${parts.join(",\n  ")}\n)`;
}

const TYPES: Readonly<Record<Affinity, string>> = {
  BLOB: "",
  TEXT: " TEXT",
  NUMERIC: " NUM",
  INTEGER: " INT",
  REAL: " REAL",
};

/** A name that comes again has a number behind it. */
function distinctNames(columns: readonly SourceColumn[]): string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let free = name;
    for (let number = 1; taken.has(foldName(free)); number++) {
      free = `${name}:${number}`;
    }
    taken.add(foldName(free));
    return free;
  });
}
