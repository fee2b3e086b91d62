/**
 * The names in a trigger, bound. It is less than what is bound when the trigger fires (write/bind/trigger.ts): as SQLite has it, the
 * columns that INSERT and UPDATE write may be gone, or too few; whoever fires the trigger will be told.
 */
import { fullName, named } from "../../catalog/name.ts";
import type { Table, Trigger } from "../../catalog/schema.ts";
import type { CreateTrigger } from "../../parse/ast/definition.ts";
import type { Expression, Name, TableName } from "../../parse/ast/query.ts";
import type { Assignment, Delete, Insert, Update, Upsert } from "../../parse/ast/write.ts";
import { bindFrom } from "../../query/bind/joins.ts";
import { bindQuery } from "../../query/bind/query.ts";
import { rowOf } from "../../query/bind/row-value.ts";
import type { Scope, StatementScope } from "../../query/bind/scope.ts";
import { lone } from "../../query/bind/visible-source.ts";
import { newRecord } from "../../write/bind/target.ts";
import { openTrigger } from "../../write/bind/trigger.ts";
import { viewAsTable } from "../../write/bind/view-rows.ts";

export function bindTriggerNames(statement: StatementScope, trigger: Trigger): void {
  const { table: owner, when, body } = trigger.statement;
  const table = tableOf(statement, { ...owner, schema: trigger.tableSchema });
  const { scope } = openTrigger(statement, trigger, table);
  bindAll(scope, [when]);
  for (const step of body) {
    bindStep(scope, step);
  }
}

function bindStep(scope: Scope, step: CreateTrigger["body"][number]): void {
  switch (step.kind) {
    case "query":
      bindQuery(scope, step);
      return;
    case "insert":
      bindInsert(scope, step);
      return;
    default:
      bindChange(scope, step);
  }
}

function bindInsert(around: Scope, { table: name, columns, source, upserts }: Insert): void {
  const { statement } = around;
  const table = tableOf(statement, name);
  statement.meansTable(name.at, table);
  tellColumns(statement, table, columns ?? []);
  if (source !== undefined) {
    bindQuery(around, source);
  }
  for (const upsert of upserts) {
    bindUpsert(around.inner(), name, table, upsert);
  }
}

function bindUpsert(scope: Scope, { name, alias }: TableName, table: Table, upsert: Upsert): void {
  const { statement, sources } = scope;
  const namesake = alias === undefined ? table : undefined;
  const existing = newRecord(statement, table.name, table);
  sources.push({ ...lone(alias ?? name, table.schema, existing), namesake });
  const excluded = newRecord(statement, "excluded", table);
  // A mere name is a column of the row that is there.
  sources.push({ ...lone("excluded", undefined, excluded), isQualifiedOnly: true });
  const { target, targetWhere, assignments, where } = upsert;
  bindAll(scope, [...(target ?? []).map(({ expression }) => expression), targetWhere]);
  bindAssignments(scope, table, assignments ?? []);
  bindAll(scope, [where]);
}

function bindChange(around: Scope, step: Update | Delete): void {
  const table = tableOf(around.statement, step.table);
  const scope = around.inner();
  bindFrom(scope, { first: { ...step.table, kind: "table", schema: table.schema }, joins: [] });
  if (step.kind === "update") {
    if (step.from !== undefined) {
      bindFrom(scope, step.from);
    }
    bindAssignments(scope, table, step.assignments);
  }
  bindAll(scope, [step.where]);
}

function bindAssignments(scope: Scope, table: Table, assignments: readonly Assignment[]): void {
  for (const { columns, value } of assignments) {
    tellColumns(scope.statement, table, columns);
    if (rowOf(scope, value) === undefined) {
      scope.expression(value);
    }
  }
}

function bindAll(scope: Scope, expressions: readonly (Expression | undefined)[]): void {
  for (const expression of expressions) {
    if (expression !== undefined) {
      scope.expression(expression);
    }
  }
}

function tellColumns(statement: StatementScope, table: Table, names: readonly Name[]): void {
  for (const { name, at } of names) {
    const column = named(table.columns, name);
    if (column !== undefined) {
      statement.meansColumnOf(at, table, column, undefined);
    }
  }
}

function tableOf(statement: StatementScope, { schema, name, at }: Pick<TableName, "schema" | "name" | "at">): Table {
  const view = statement.view(schema, name);
  if (view !== undefined) {
    return viewAsTable(statement, view);
  }
  const table = statement.table(schema, name);
  if (table === undefined) {
    throw statement.fail(`no such table: ${fullName(undefined, schema ?? statement.home, name)}`, at);
  }
  return table;
}
