/**
 * ADD COLUMN. The column gets a slot that the rows there are do not have, and is for them what its default was then, so the default
 * has to be a constant: nothing is written but the catalog, however many rows there are. What the column's constraints say
 * of these rows is looked at, and a generated column is worked out for each of them.
 */
import { DbError } from "../../../errors.ts";
import type { NumberedEntry } from "../../catalog/entry.ts";
import { literalOf } from "../../catalog/literal.ts";
import { foldName, named } from "../../catalog/name.ts";
import type { Table } from "../../catalog/schema.ts";
import type { AlterTableChange } from "../../parse/ast/definition.ts";
import { MAX_COLUMNS } from "../../parse/expression-list.ts";
import { bindExpression } from "../../query/bind/expression.ts";
import { bindQuery } from "../../query/bind/query.ts";
import { StatementScope } from "../../query/bind/scope.ts";
import type { SqlTransaction } from "../../storage.ts";
import { BUILT_IN_COLLATIONS } from "../../value/collation.ts";
import { bindTarget } from "../../write/bind/target.ts";
import { RowRules } from "../../write/run/row-rules.ts";
import { rowSite } from "../../write/run/row-site.ts";
import { RowStore } from "../../write/run/row-store.ts";
import { forEachRow } from "../../write/run/table-rows.ts";
import { refuseGeneratedDefault, refuseVariableDefault } from "../create-table.ts";
import { failAt } from "../name.ts";
import type { SchemaChange } from "../schema-change.ts";
import type { Alteration } from "./alteration.ts";
import { bindTable, replaceEntries } from "./definitions.ts";

type AddColumn = Extract<AlterTableChange, { kind: "add-column" }>;

export function addColumn(alteration: Alteration, change: AddColumn): SchemaChange {
  const { parsed, catalog, functions, table, entry } = alteration;
  const { column, constraints } = change;
  const has = (kind: "primary-key" | "unique" | "check"): boolean => constraints.some((other) => other.kind === kind);
  const refuse = (message: string): never => {
    throw failAt(parsed, message, column.at);
  };
  if (named(table.columns, column.name) !== undefined) {
    refuse(`duplicate column name: ${column.name}`);
  }
  if (table.columns.length === MAX_COLUMNS) {
    refuse(`too many columns on ${table.name}`);
  }
  if (has("primary-key")) {
    refuse("Cannot add a PRIMARY KEY column");
  }
  if (has("unique")) {
    refuse("Cannot add a UNIQUE column");
  }
  refuseGeneratedDefault(parsed, column);
  refuseVariableDefault(parsed, column);
  if (column.collation !== undefined && !BUILT_IN_COLLATIONS.has(foldName(column.collation.name))) {
    refuse(`no such collation sequence: ${column.collation.name}`);
  }
  return (transaction, { writing }) => {
    const hasRows = transaction.count(table.keyspace) > 0;
    const refusal = hasRows ? refusalOf(change, writing.settings.foreignKeys) : undefined;
    if (refusal !== undefined) {
      refuse(refusal);
    }
    const when = "after add column";
    const made = replaceEntries(transaction, catalog, [entryWith(alteration, change)], when);
    bindTable(made, functions, entry.name, when);
    const isGenerated = column.generated !== undefined;
    if (hasRows && (isGenerated || has("check") || table.isStrict)) {
      const altered = made.table(undefined, table.name)!;
      const binders = { expression: bindExpression, query: bindQuery };
      const statement = new StatementScope(altered.definition, made, functions, binders);
      rewriteRows(transaction, statement, altered, isGenerated);
    }
  };
}

/** Why the column cannot be added to a table with rows. */
function refusalOf({ column, constraints }: AddColumn, keepsForeignKeys: boolean): string | undefined {
  if (column.generated !== undefined) {
    return column.generated.stored ? "cannot add a STORED column" : undefined;
  }
  const value = column.default?.kind === "null" ? undefined : column.default;
  if (keepsForeignKeys && value !== undefined && constraints.some(({ kind }) => kind === "foreign-key")) {
    return "Cannot add a REFERENCES column with non-NULL default value";
  }
  if (column.notNull && value === undefined) {
    return "Cannot add a NOT NULL column with default value NULL";
  }
  return value !== undefined && literalOf(value) === undefined
    ? "Cannot add a column with non-constant default"
    : undefined;
}

function entryWith({ entry, created }: Alteration, { text }: AddColumn): NumberedEntry {
  const { columnsEnd } = created;
  return {
    ...entry,
    sql: `${entry.sql.slice(0, columnsEnd)}, ${text}${entry.sql.slice(columnsEnd)}`,
    slots: entry.slots! + 1,
    columnSlots: [...entry.columnSlots!, entry.slots!],
  };
}

/** Tests every row by all that the table asks of rows, and writes it again where a generated column is new. */
function rewriteRows(transaction: SqlTransaction, statement: StatementScope, table: Table, isWritten: boolean): void {
  const target = bindTarget(statement, { ...table, indexes: [] });
  const { site, cursor } = rowSite(target.row, table);
  const rules = new RowRules(site, target, cursor);
  const store = new RowStore(site, target, cursor);
  forEachRow(transaction, table, (record) => {
    try {
      rules.complete(record);
      rules.mayBe(record, "abort");
    } catch (error) {
      throw asOfColumn(error);
    }
    if (isWritten) {
      store.replace(transaction, record, record);
    }
  });
}

/** SQLite says no more than which kind of constraint it is. */
function asOfColumn(error: unknown): unknown {
  const kind = error instanceof DbError ? error.facts.constraint : undefined;
  switch (kind) {
    case "CHECK":
      return new DbError("INVALID", "CHECK constraint failed", {}, { cause: error });
    case "NOTNULL":
      return new DbError("INVALID", "NOT NULL constraint failed", {}, { cause: error });
    case "DATATYPE":
      return new DbError("INVALID", "type mismatch on DEFAULT", {}, { cause: error });
    default:
      return error;
  }
}
