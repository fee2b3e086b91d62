/**
 * Binds INSERT, UPDATE and DELETE.
 *
 * An INSERT of several rows is bound as a program for one row (`values`), whose parameters 1 … n are the cells of the row
 * in turn: it is compiled once, however many rows there are. With one row the cells stand in the program themselves.
 */
import { assert } from "../../assert.ts";
import { named } from "../catalog/name.ts";
import type { Column, Table } from "../catalog/schema.ts";
import type { Expression } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { ConflictAction, Delete, Insert, Update } from "../parse/ast/write.ts";
import { ANY_TYPE } from "../value/value.ts";
import type { Bound } from "./bound.ts";
import { first } from "./call.ts";
import { bindExpression } from "./expression.ts";
import { constant } from "./fold.ts";
import { Scope } from "./scope.ts";

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
  readonly assignments: ReadonlyMap<Column, Bound>;
  readonly rowid: Bound | undefined;
  readonly where: Bound | undefined;
}

export interface BoundDelete {
  readonly kind: "delete";
  readonly table: Table;
  readonly where: Bound | undefined;
}

/** A column, or the rowid. */
type Target = Column | "rowid";

export function bindInsert(parsed: ParsedStatement, insert: Insert, table: Table): BoundInsert {
  const scope = new Scope(parsed, table, insert.table);
  const targets =
    insert.columns?.map(({ name, at }) => {
      const found = target(scope, table, name);
      if (found === undefined) {
        throw scope.fail(`table ${table.name} has no column named ${name}`, at);
      }
      return found;
    }) ?? table.columns;
  const cells = new Scope(parsed, undefined, undefined);
  cells.aggregatesRefused = "in VALUES";
  const requireCells = (count: number, at: number): void => {
    if (count !== targets.length) {
      const what =
        insert.columns === undefined
          ? `table ${table.name} has ${targets.length} columns but ${count} values were supplied`
          : `${count} values for ${targets.length} columns`;
      throw scope.fail(what, at);
    }
  };
  const rows = rowsOf(insert).map((row) => {
    requireCells(row.length, row[0]?.at ?? insert.table.at);
    return row.map((cell) => bindExpression(cells, cell));
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
  const values = table.columns.map((column) => {
    const cell = cellOf(column);
    const replacesNull = conflict === "replace" && column.notNull && column.default !== undefined;
    return cell === undefined
      ? defaultOf(parsed, column)
      : replacesNull
        ? first([cell, defaultOf(parsed, column)])
        : cell;
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

export function bindUpdate(parsed: ParsedStatement, update: Update, table: Table): BoundUpdate {
  const scope = new Scope(parsed, table, update.table);
  scope.aggregatesRefused = "in UPDATE";
  const assignments = new Map<Column, Bound>();
  let rowid: Bound | undefined;
  for (const { at, columns, value } of update.assignments) {
    assert(columns.length === 1, "an assignment that is bound is to one column");
    const { name } = columns[0]!;
    const assigned = target(scope, table, name);
    if (assigned === undefined) {
      throw scope.fail(`no such column: ${name}`, at);
    }
    const bound = bindExpression(scope, value);
    // Of a column that is set twice the last counts.
    if (assigned === "rowid" || assigned === table.rowidColumn) {
      rowid = bound;
    } else {
      assignments.set(assigned, bound);
    }
  }
  return { kind: "update", table, assignments, rowid, where: bindWhere(scope, update.where) };
}

export function bindDelete(parsed: ParsedStatement, statement: Delete, table: Table): BoundDelete {
  const scope = new Scope(parsed, table, statement.table);
  scope.aggregatesRefused = "in WHERE";
  return { kind: "delete", table, where: bindWhere(scope, statement.where) };
}

function bindWhere(scope: Scope, where: Expression | undefined): Bound | undefined {
  return where === undefined ? undefined : bindExpression(scope, where);
}

/** Undefined: there is no such column. */
function target(scope: Scope, table: Table, name: string): Target | undefined {
  const column = named(table.columns, name);
  return column ?? (scope.column(undefined, name)?.kind === "rowid" ? "rowid" : undefined);
}

function defaultOf(parsed: ParsedStatement, column: Column): Bound {
  if (column.default === undefined) {
    return constant(0, null);
  }
  return bindExpression(new Scope(parsed, undefined, undefined), column.default);
}
