/**
 * Binds INSERT, UPDATE and DELETE.
 *
 * An INSERT of several rows is bound as a program for one row (`values`), whose parameters 1 … n are the cells of the row
 * in turn: it is compiled once, however many rows there are. With one row the cells stand in the program themselves.
 */
import { assert } from "../../assert.ts";
import { named } from "../catalog/name.ts";
import type { Column, Schema, Table } from "../catalog/schema.ts";
import type { Expression, TableName } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { ConflictAction, Delete, Insert, Update } from "../parse/ast/write.ts";
import type { Bound, Source } from "../query/bind/bound.ts";
import { first } from "../query/bind/call.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { constant } from "../query/bind/fold.ts";
import { tableSource } from "../query/bind/from.ts";
import { bindQuery } from "../query/bind/query.ts";
import { type Scope, StatementScope } from "../query/bind/scope.ts";
import { NO_FUNCTIONS } from "../run/session-functions.ts";
import { ANY_TYPE } from "../value/value.ts";

export interface BoundInsert {
  readonly kind: "insert";
  readonly table: Table;
  readonly conflict: ConflictAction;
  /** One for each column of the table: its cell, or its default, which OR REPLACE puts for NULL where none may be. */
  readonly values: readonly Bound[];
  /** The rowid where the statement names it by a name that no column has. */
  readonly rowid: Bound | undefined;
  /** The cells of each row where there are several; empty where `values` has them. */
  readonly rows: readonly (readonly Bound[])[];
}

export interface BoundUpdate {
  readonly kind: "update";
  readonly table: Table;
  /** The rows that it is about. */
  readonly source: Source;
  readonly assignments: ReadonlyMap<Column, Bound>;
  readonly rowid: Bound | undefined;
  readonly where: Bound | undefined;
}

export interface BoundDelete {
  readonly kind: "delete";
  readonly table: Table;
  readonly source: Source;
  readonly where: Bound | undefined;
}

/** A column, or the rowid. */
type Target = Column | "rowid";

export function bindInsert(parsed: ParsedStatement, insert: Insert, table: Table, schema: Schema): BoundInsert {
  const { scope } = scopeOf(parsed, schema, insert.table, table);
  const targets =
    insert.columns?.map(({ name, at }) => {
      const found = target(scope, table, name, at);
      if (found === undefined) {
        throw scope.statement.fail(`table ${table.name} has no column named ${name}`, at);
      }
      return found;
    }) ?? table.columns;
  const cells = rowlessScope(parsed, schema);
  const requireCells = (count: number, at: number): void => {
    if (count !== targets.length) {
      const what =
        insert.columns === undefined
          ? `table ${table.name} has ${targets.length} columns but ${count} values were supplied`
          : `${count} values for ${targets.length} columns`;
      throw scope.statement.fail(what, at);
    }
  };
  const rows = rowsOf(insert).map((row) => {
    requireCells(row.length, row[0]?.at ?? insert.table.at);
    return row.map((cell) => cells.expression(cell));
  });
  const isDefault = rows.length === 0;
  const conflict = insert.conflict ?? "abort";
  const cellOf = (wanted: Target): Bound | undefined => {
    // Of a column that is named twice the first counts.
    const index = isDefault ? -1 : targets.indexOf(wanted as Column);
    if (index < 0) {
      return undefined;
    }
    return rows.length === 1 ? rows[0]![index]! : { kind: "parameter", types: ANY_TYPE, index: index + 1 };
  };
  const defaultOf = (column: Column): Bound =>
    column.default === undefined ? constant(0, null) : cells.expression(column.default);
  const values = table.columns.map((column) => {
    const cell = cellOf(column);
    const replacesNull = conflict === "replace" && column.notNull && column.default !== undefined;
    return cell === undefined ? defaultOf(column) : replacesNull ? first([cell, defaultOf(column)]) : cell;
  });
  return {
    kind: "insert",
    table,
    conflict,
    values,
    rowid: cellOf("rowid"),
    rows: rows.length > 1 ? rows : [],
  };
}

/** The rows of VALUES; none: DEFAULT VALUES. */
function rowsOf(insert: Insert): readonly (readonly Expression[])[] {
  return insert.source?.first.kind === "values" ? insert.source.first.rows : [];
}

export function bindUpdate(parsed: ParsedStatement, update: Update, table: Table, schema: Schema): BoundUpdate {
  const { scope, source } = scopeOf(parsed, schema, update.table, table);
  const assignments = new Map<Column, Bound>();
  let rowid: Bound | undefined;
  for (const { at, columns, value } of update.assignments) {
    assert(columns.length === 1, "an assignment that is bound is to one column");
    const { name } = columns[0]!;
    const assigned = target(scope, table, name, at);
    if (assigned === undefined) {
      throw scope.statement.fail(`no such column: ${name}`, at);
    }
    const bound = scope.expression(value);
    // Of a column that is set twice the last counts.
    if (assigned === "rowid" || assigned === table.rowidColumn) {
      rowid = bound;
    } else {
      assignments.set(assigned, bound);
    }
  }
  return { kind: "update", table, source, assignments, rowid, where: bindWhere(scope, update.where) };
}

export function bindDelete(parsed: ParsedStatement, statement: Delete, table: Table, schema: Schema): BoundDelete {
  const { scope, source } = scopeOf(parsed, schema, statement.table, table);
  return { kind: "delete", table, source, where: bindWhere(scope, statement.where) };
}

function bindWhere(scope: Scope, where: Expression | undefined): Bound | undefined {
  return where === undefined ? undefined : scope.expression(where);
}

/** A scope that sees the rows of one table. */
function scopeOf(
  parsed: ParsedStatement,
  schema: Schema,
  { alias }: TableName,
  table: Table,
): { readonly scope: Scope; readonly source: Source } {
  const statement = statementOf(parsed, schema);
  const source = tableSource(statement.newScope(), alias ?? table.name, table, undefined, false);
  const scope = statement.scopeOf(source);
  refuseAggregates(scope);
  return { scope, source };
}

/** A scope without columns. */
function rowlessScope(parsed: ParsedStatement, schema: Schema): Scope {
  const scope = statementOf(parsed, schema).newScope();
  refuseAggregates(scope);
  return scope;
}

function statementOf(parsed: ParsedStatement, schema: Schema): StatementScope {
  return new StatementScope(parsed, schema, NO_FUNCTIONS, { expression: bindExpression, query: bindQuery });
}

function refuseAggregates(scope: Scope): void {
  scope.aggregatesRefused = "function ";
  scope.windowsRefused = "in a statement that writes";
}

/** Undefined: there is no such column. */
function target(scope: Scope, table: Table, name: string, at: number): Target | undefined {
  // What is no column's name may be the rowid's.
  return (
    named(table.columns, name) ?? (scope.ownColumn(undefined, undefined, name, at) === undefined ? undefined : "rowid")
  );
}
