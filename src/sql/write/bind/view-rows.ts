/**
 * A view that is written to: INSERT, UPDATE and DELETE of it are what its INSTEAD OF triggers do, which see its rows as they see those of
 * a table (https://sqlite.org/lang_createtrigger.html#instead_of_triggers). So it is shown as a table whose key is the whole of a row, and
 * that nothing is stored in.
 */
import { foldName } from "../../catalog/name.ts";
import type { Column, Table, View } from "../../catalog/schema.ts";
import type { CreateTrigger } from "../../parse/ast/definition.ts";
import type { Delete, Insert, Update } from "../../parse/ast/write.ts";
import { columnsOfView } from "../../query/bind/from.ts";
import type { StatementScope } from "../../query/bind/scope.ts";
import { NULL } from "../../value/value.ts";

/** That of no table. */
const NO_KEYSPACE = -1;

/** The view of a statement that writes to it; INVALID where no trigger does it. */
export function writtenView(statement: StatementScope, view: View, write: Insert | Update | Delete): Table {
  const { at } = write.table;
  if (!isWritable(statement, view, write)) {
    throw statement.fail(`cannot modify ${view.name} because it is a view`, at);
  }
  if (write.kind === "insert" && write.upserts.length > 0) {
    throw statement.fail("cannot UPSERT a view", at);
  }
  return viewAsTable(statement, view);
}

export function viewAsTable(statement: StatementScope, view: View): Table {
  const columns = columnsOfView(statement, view).map(
    ({ name, affinity = "BLOB", collation }, index): Column => ({
      name,
      index,
      type: undefined,
      affinity,
      collation,
      strictType: undefined,
      notNull: false,
      notNullConflict: undefined,
      slot: index,
      default: undefined,
      defaultText: undefined,
      generated: undefined,
      missing: { tag: NULL, value: null },
    }),
  );
  return {
    schema: view.schema,
    name: view.name,
    view,
    keyspace: NO_KEYSPACE,
    columns,
    slots: columns.length,
    primaryKey: columns.map((_, column) => ({ column, collation: undefined, descending: false })),
    declaredKey: [],
    rowidColumn: undefined,
    keyConflict: undefined,
    isAutoincrement: false,
    isStrict: false,
    indexes: [],
    checks: [],
    foreignKeys: [],
    definition: view.definition,
  };
}

/** Whether there is a trigger that is set off by the statement. */
function isWritable(statement: StatementScope, view: View, write: Insert | Update | Delete): boolean {
  return statement.catalog
    .triggersOf(view)
    .some((trigger) => trigger.statement.event === write.kind && isAboutColumns(trigger.statement, write));
}

function isAboutColumns({ columns }: CreateTrigger, write: Insert | Update | Delete): boolean {
  if (columns === undefined || write.kind !== "update") {
    return true;
  }
  const set = new Set(write.assignments.flatMap((assignment) => assignment.columns.map(({ name }) => foldName(name))));
  return columns.some(({ name }) => set.has(foldName(name)));
}
