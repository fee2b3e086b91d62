/** What a table's definition asks of every row: defaults, generated columns, checks and indexes, bound to the row. */
import type { Column, Table } from "../../catalog/schema.ts";
import type { Expression } from "../../parse/ast/query.ts";
import type { Bound, Source } from "../../query/bind/bound.ts";
import { columnsOfTable } from "../../query/bind/from.ts";
import { bindIndexes } from "../../query/bind/index-expression.ts";
import type { Place } from "../../query/bind/place.ts";
import type { Scope, StatementScope } from "../../query/bind/scope.ts";
import { visitAll } from "../../query/bind/walk.ts";
import type { Target } from "./bound.ts";

export const CHECKS: Place = { name: "CHECK constraints", isPure: false, keeper: "a CHECK constraint" };
const DEFAULT: Place = { name: "DEFAULT", isPure: false };
const GENERATED: Place = {
  name: "generated columns",
  isPure: true,
  keeper: "a generated column",
  hasNoDot: true,
};

export function bindTarget(statement: StatementScope, table: Table): Target {
  const definition = statement.within(table.definition);
  const row = newRecord(definition, table.name, table);
  const scope = definition.scopeOf(row);
  const bind = (expression: Expression, place: Place): Bound => bindPart(scope, expression, place);
  return {
    table,
    row,
    defaults: table.columns.map((column) => bindDefault(definition, column)),
    generated: inOrder(
      scope,
      table.columns.flatMap((column) =>
        column.generated === undefined ? [] : [{ column, value: bind(column.generated.expression, GENERATED) }],
      ),
    ),
    checks: (statement.functions.dialect.ignoresChecks ? [] : table.checks).map(({ name, expression }) => ({
      name,
      value: bind(expression, CHECKS),
    })),
    indexes: bindIndexes(scope.statement, row, table),
    triggers: statement.catalog.triggersOf(table),
    sequence: table.isAutoincrement ? statement.catalog.table(table.schema, "sqlite_sequence") : undefined,
  };
}

/** A row of the table in hand: any column may be NULL, since none was checked yet. */
export function newRecord(statement: StatementScope, name: string, table: Table): Source {
  const { columns, rowid } = columnsOfTable(table, true);
  return statement.newSource(name, columns, rowid, { kind: "record", table });
}

/** `new` and `old` of a trigger, `excluded`: in SQLite their columns are compared without affinity, the rowid aside. */
export function bareRecord(statement: StatementScope, name: "new" | "old" | "excluded", table: Table): Source {
  const { columns, rowid } = columnsOfTable(table, true);
  const compared = columns.map((column) => (column === rowid ? column : { ...column, affinity: undefined }));
  return statement.newSource(name, compared, rowid, { kind: "record", table });
}

/** An expression of a definition, where not everything may stand. */
export function bindPart(scope: Scope, expression: Expression, place: Place): Bound {
  scope.place = place;
  scope.aggregatesRefused = "row";
  scope.windowsRefused = true;
  return scope.expression(expression);
}

function bindDefault(definition: StatementScope, column: Column): Bound | undefined {
  // A rowid that is not given is the next one, whatever its column says.
  if (column.default === undefined || column.slot < 0) {
    return undefined;
  }
  const scope = definition.newScope();
  return bindPart(scope, column.default, DEFAULT);
}

type Generated = Target["generated"][number];

/** Each behind those that it reads. */
function inOrder(scope: Scope, list: readonly Generated[]): readonly Generated[] {
  const ordered: Generated[] = [];
  let waiting = list;
  while (waiting.length > 0) {
    const ready = waiting.filter(({ value }) => !waiting.some(({ column }) => reads(value, column)));
    if (ready.length === 0) {
      const { name, generated } = waiting.at(-1)!.column;
      throw scope.statement.fail(`generated column loop on "${name}"`, generated!.expression.at);
    }
    ordered.push(...ready);
    waiting = waiting.filter((generated) => !ready.includes(generated));
  }
  return ordered;
}

function reads(bound: Bound, column: Column): boolean {
  let found = false;
  visitAll(bound, (part) => {
    found ||= part.kind === "column" && part.column.index === column.index;
  });
  return found;
}
