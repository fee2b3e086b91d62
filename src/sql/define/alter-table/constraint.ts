/** SET and DROP NOT NULL, ADD CHECK and DROP CONSTRAINT: what is added must hold for the rows that there are. */
import { DbError } from "../../../errors.ts";
import type { AlterTableChange } from "../../parse/ast/definition.ts";
import { bindExpression } from "../../query/bind/expression.ts";
import { bindQuery } from "../../query/bind/query.ts";
import { StatementScope } from "../../query/bind/scope.ts";
import { testOf } from "../../query/interpret/expression.ts";
import { NULL } from "../../value/value.ts";
import { bindPart, CHECKS, newRecord } from "../../write/bind/target.ts";
import { rowSite } from "../../write/run/row-site.ts";
import { forEachRow } from "../../write/run/table-rows.ts";
import { failAt } from "../name.ts";
import type { SchemaChange } from "../schema-change.ts";
import { type Alteration, columnOf } from "./alteration.ts";
import {
  findConstraint,
  hasConstraint,
  withColumnConstraint,
  withoutNotNull,
  withTableConstraint,
} from "./constraint-text.ts";
import { bindTable, replaceEntries } from "./definitions.ts";

type Change<Kind extends AlterTableChange["kind"]> = Extract<AlterTableChange, { kind: Kind }>;

export function setNotNull(alteration: Alteration, { column: name, text }: Change<"set-not-null">): SchemaChange {
  const { table, entry } = alteration;
  const column = columnOf(alteration, name);
  const { index } = column;
  return (transaction, author) => {
    forEachRow(transaction, table, ({ tags }) => requireRow(tags[index] !== NULL), [column]);
    const sql = withColumnConstraint(withoutNotNull(entry.sql, index), index, text);
    putText(alteration, sql)(transaction, author);
  };
}

export function dropNotNull(alteration: Alteration, { column }: Change<"drop-not-null">): SchemaChange {
  const { index } = columnOf(alteration, column);
  return putText(alteration, withoutNotNull(alteration.entry.sql, index));
}

export function addCheck(alteration: Alteration, { constraint, text }: Change<"add-check">): SchemaChange {
  const { parsed, catalog, functions, table, entry } = alteration;
  const { name, at, expression } = constraint;
  const statement = new StatementScope(parsed, catalog, functions, { expression: bindExpression, query: bindQuery });
  const row = newRecord(statement, table.name, table);
  const bound = bindPart(statement.scopeOf(row), expression, CHECKS);
  if (name !== undefined && hasConstraint(entry.sql, name)) {
    throw failAt(parsed, `constraint ${name} already exists`, at);
  }
  return (transaction, author) => {
    const { site, cursor } = rowSite(row, table);
    const test = testOf(site, bound);
    forEachRow(transaction, table, (record) => {
      cursor.record = record;
      // SQLite wants it to be true here, while one that is there already may be NULL.
      requireRow(test() === 1);
    });
    putText(alteration, withTableConstraint(entry.sql, text))(transaction, author);
  };
}

export function dropConstraint(alteration: Alteration, { constraint }: Change<"drop-constraint">): SchemaChange {
  const { parsed, entry } = alteration;
  const { name, at } = constraint;
  const found = findConstraint(entry.sql, name);
  if (found === undefined) {
    throw failAt(parsed, `no such constraint: ${name}`, at);
  }
  if (!found.isDroppable) {
    throw failAt(parsed, `constraint may not be dropped: ${name}`, at);
  }
  return putText(alteration, found.without());
}

function putText({ catalog, functions, table, entry }: Alteration, sql: string): SchemaChange {
  return (transaction) => {
    const when = "after drop constraint";
    bindTable(replaceEntries(transaction, catalog, [{ ...entry, sql }], when), functions, table.name, when);
  };
}

function requireRow(isRight: boolean): void {
  if (!isRight) {
    throw new DbError("INVALID", "constraint failed", { sqlite: "SQLITE_CONSTRAINT" });
  }
}
