/** A statement as SQL with every pair of parentheses written, and with all that was left unsaid. */
import { quoteName } from "../../../src/sql/catalog/name.ts";
import type {
  AlterTableChange,
  ColumnDefinition,
  Constraint,
  CreateTable,
  CreateTrigger,
  KeyColumn,
} from "../../../src/sql/parse/ast/definition.ts";
import type { Statement } from "../../../src/sql/parse/ast/statement.ts";
import type {
  Assignment,
  Delete,
  IndexedExpression,
  Insert,
  Update,
  Upsert,
} from "../../../src/sql/parse/ast/write.ts";
import {
  clause,
  names,
  ordering,
  qualified,
  show,
  showColumns,
  showFrom,
  showQuery,
  showTable,
  showWith,
} from "./show.ts";

export function showStatement(statement: Statement): string {
  switch (statement.kind) {
    case "query":
      return showQuery(statement);
    case "insert":
      return showInsert(statement);
    case "update":
    case "delete":
      return showChange(statement);
    case "create-table":
      return showCreateTable(statement);
    case "create-index": {
      const start = `create ${statement.unique ? "unique " : ""}index ${ifNot(statement)}${qualified(statement)}`;
      const columns = statement.columns.map(showIndexed).join(", ");
      return `${start} on ${quoteName(statement.table.name)} (${columns})${clause(" where ", statement.where)}`;
    }
    case "create-view":
      return `create ${temp(statement)}view ${ifNot(statement)}${qualified(statement)}${names(statement.columns)} as ${showQuery(statement.query)}`;
    case "create-trigger":
      return showTrigger(statement);
    case "create-virtual-table": {
      const values = statement.arguments.length === 0 ? "" : ` (${statement.arguments.join(", ")})`;
      return `create virtual table ${ifNot(statement)}${qualified(statement)} using ${quoteName(statement.module.name)}${values}`;
    }
    case "drop-table":
    case "drop-index":
    case "drop-view":
    case "drop-trigger":
      return `${statement.kind.replace("-", " ")} ${statement.ifExists ? "if exists " : ""}${qualified(statement)}`;
    case "alter-table":
      return `alter table ${qualified(statement.table)} ${showAlteration(statement.change)}`;
    case "explain":
      return `explain ${statement.form.replace("-", " ")} ${showStatement(statement.statement)}`;
    default:
      return showAdministration(statement);
  }
}

function showAdministration(
  statement: Extract<
    Statement,
    {
      kind:
        | "begin"
        | "commit"
        | "rollback"
        | "savepoint"
        | "release"
        | "rollback-to"
        | "pragma"
        | "vacuum"
        | "attach"
        | "detach"
        | "analyze"
        | "reindex";
    }
  >,
): string {
  switch (statement.kind) {
    case "begin":
      return `begin ${statement.type}`;
    case "commit":
    case "rollback":
      return statement.kind;
    case "savepoint":
    case "release":
    case "rollback-to":
      return `${statement.kind.replace("-", " ")} ${quoteName(statement.savepoint.name)}`;
    case "pragma":
      return `pragma ${qualified(statement)}${statement.value === undefined ? "" : ` = ${statement.value}`}`;
    case "vacuum":
      return `vacuum${statement.schema === undefined ? "" : ` ${quoteName(statement.schema.name)}`}${clause(" into ", statement.into)}`;
    case "attach":
      return `attach ${show(statement.file)} as ${show(statement.schema)}${clause(" key ", statement.key)}`;
    case "detach":
      return `detach ${show(statement.schema)}`;
    case "analyze":
    case "reindex":
      return `${statement.kind}${statement.target === undefined ? "" : ` ${qualified(statement.target)}`}`;
  }
}

function showInsert(insert: Insert): string {
  const action = insert.conflict === undefined ? "" : ` or ${insert.conflict}`;
  const start = `${showWith(insert.with)}insert${action} into ${showTable(insert.table)}${names(insert.columns)}`;
  const source = insert.source === undefined ? "default values" : showQuery(insert.source);
  return `${start} ${source}${insert.upserts.map(showUpsert).join("")}${showReturning(insert)}`;
}

function showUpsert({ target, targetWhere, assignments, where }: Upsert): string {
  const columns = target === undefined ? "" : ` (${target.map(showIndexed).join(", ")})`;
  const change = assignments === undefined ? "nothing" : `update set ${showAssignments(assignments)}`;
  return ` on conflict${columns}${clause(" where ", targetWhere)} do ${change}${clause(" where ", where)}`;
}

function showAssignments(assignments: readonly Assignment[]): string {
  return assignments
    .map(({ columns, value }) => {
      const [column] = columns;
      return `${columns.length === 1 ? quoteName(column!.name) : names(columns).trim()} = ${show(value)}`;
    })
    .join(", ");
}

function showReturning({ returning }: Pick<Insert, "returning">): string {
  return returning === undefined ? "" : ` returning ${showColumns(returning.columns)}`;
}

function showChange(statement: Update | Delete): string {
  const start =
    statement.kind === "delete"
      ? `delete from ${showTable(statement.table)}`
      : `update ${statement.conflict === undefined ? "" : `or ${statement.conflict} `}${showTable(statement.table)}` +
        ` set ${showAssignments(statement.assignments)}${statement.from === undefined ? "" : ` from ${showFrom(statement.from)}`}`;
  const limit = `${clause(" limit ", statement.limit)}${clause(" offset ", statement.offset)}`;
  return `${showWith(statement.with)}${start}${clause(" where ", statement.where)}${showReturning(statement)}${ordering(statement.orderBy)}${limit}`;
}

function showIndexed({ expression, collation, descending }: IndexedExpression): string {
  return `${show(expression)}${collation === undefined ? "" : ` collate ${quoteName(collation)}`}${descending ? " desc" : ""}`;
}

function showCreateTable(table: CreateTable): string {
  const start = `create ${temp(table)}table ${ifNot(table)}${qualified(table)}`;
  if (table.query !== undefined) {
    return `${start} as ${showQuery(table.query)}`;
  }
  const options = [...(table.strict ? ["strict"] : []), ...(table.withoutRowid ? ["without rowid"] : [])];
  const parts = [...table.columns.map(showColumn), ...table.constraints.map(showConstraint)];
  return `${start} (${parts.join(", ")})${options.length === 0 ? "" : ` ${options.join(", ")}`}`;
}

function showColumn(column: ColumnDefinition): string {
  const { generated } = column;
  const type = column.type === undefined ? "" : ` ${column.type}`;
  const notNull = column.notNull ? ` not null${onConflict(column.notNullConflict)}` : "";
  const value = column.default === undefined ? "" : ` default (${show(column.default)})`;
  const collation = column.collation === undefined ? "" : ` collate ${quoteName(column.collation.name)}`;
  const formula =
    generated === undefined ? "" : ` as (${show(generated.expression)}) ${generated.stored ? "stored" : "virtual"}`;
  return `${quoteName(column.name)}${type}${notNull}${value}${collation}${formula}`;
}

function showConstraint(constraint: Constraint): string {
  const name = constraint.name === undefined ? "" : `constraint ${quoteName(constraint.name)} `;
  switch (constraint.kind) {
    case "primary-key":
      return `${name}primary key (${keys(constraint.columns)}${constraint.autoincrement ? " autoincrement" : ""})${onConflict(constraint.conflict)}`;
    case "unique":
      return `${name}unique (${keys(constraint.columns)})${onConflict(constraint.conflict)}`;
    case "check":
      return `${name}check (${show(constraint.expression)})${onConflict(constraint.conflict)}`;
    case "foreign-key": {
      const target = `references ${quoteName(constraint.table)}${names(constraint.referenced)}`;
      const actions = ` on delete ${constraint.onDelete} on update ${constraint.onUpdate}`;
      const deferred = constraint.initiallyDeferred ? " deferrable initially deferred" : "";
      return `${name}foreign key${names(constraint.columns)} ${target}${actions}${deferred}`;
    }
  }
}

/** The columns of a constraint go without saying where it belongs to one. */
function showColumnConstraint(constraint: Constraint): string {
  return showConstraint(constraint).replace(/foreign key \([^)]*\) |(?<=primary key|unique) \([^)]*\)/, "");
}

function keys(columns: readonly KeyColumn[]): string {
  return columns
    .map(({ name, collation, descending }) => {
      return `${quoteName(name)}${collation === undefined ? "" : ` collate ${quoteName(collation)}`}${descending ? " desc" : ""}`;
    })
    .join(", ");
}

function onConflict(action: string | undefined): string {
  return action === undefined ? "" : ` on conflict ${action}`;
}

function showTrigger(trigger: CreateTrigger): string {
  const columns = trigger.columns === undefined ? "" : ` of${names(trigger.columns).replace(/[()]/g, "")}`;
  const start = `create ${temp(trigger)}trigger ${ifNot(trigger)}${qualified(trigger)} ${trigger.time} ${trigger.event}${columns}`;
  const body = trigger.body.map((step) => `${showStatement(step)}; `).join("");
  return `${start} on ${qualified(trigger.table)} for each row${clause(" when ", trigger.when)} begin ${body}end`;
}

function showAlteration(change: AlterTableChange): string {
  switch (change.kind) {
    case "rename-table":
      return `rename to ${quoteName(change.to.name)}`;
    case "rename-column":
      return `rename column ${quoteName(change.column.name)} to ${change.quoted ? `"${change.to.name}"` : change.to.name}`;
    case "add-column":
      return `add column ${[showColumn(change.column), ...change.constraints.map(showColumnConstraint)].join(" ")}`;
    case "drop-column":
      return `drop column ${quoteName(change.column.name)}`;
    case "set-not-null":
      return `alter column ${quoteName(change.column.name)} set not null${onConflict(change.conflict)}`;
    case "drop-not-null":
      return `alter column ${quoteName(change.column.name)} drop not null`;
    case "add-check":
      return `add ${showConstraint(change.constraint)}`;
    case "drop-constraint":
      return `drop constraint ${quoteName(change.constraint.name)}`;
  }
}

function temp({ temporary }: { readonly temporary: boolean }): string {
  return temporary ? "temp " : "";
}

function ifNot({ ifNotExists }: { readonly ifNotExists: boolean }): string {
  return ifNotExists ? "if not exists " : "";
}
