/**
 * ALTER TABLE (https://sqlite.org/lang_altertable.html), a file a kind of change.
 *
 * A change is one of texts: the catalog keeps the statements that made tables, indexes, views and triggers, and gets those that
 * would have made what is there now. Rows are left alone: a column that is added has a slot that older rows do not have, and one
 * that is dropped leaves a slot that nobody reads. Only a generated column, which is worked out when a row is written, is
 * written into every row.
 */
import type { Catalog } from "../../catalog/catalog.ts";
import type { Schemas } from "../../catalog/schemas.ts";
import type { AlterTable } from "../../parse/ast/definition.ts";
import type { ParsedStatement } from "../../parse/ast/statement.ts";
import type { QueryOptions } from "../../query/interpreted-query.ts";
import type { SchemaChange } from "../schema-change.ts";
import { addColumn } from "./add-column.ts";
import { alterationOf } from "./alteration.ts";
import { addCheck, dropConstraint, dropNotNull, setNotNull } from "./constraint.ts";
import { dropColumn } from "./drop-column.ts";
import { renameColumn } from "./rename-column.ts";
import { renameTable } from "./rename-table.ts";

export function alterTable(
  parsed: ParsedStatement,
  statement: AlterTable,
  catalog: Catalog,
  schemas: Schemas,
  options: QueryOptions,
): SchemaChange {
  const { change } = statement;
  const alteration = alterationOf(parsed, statement, catalog, schemas, options);
  switch (change.kind) {
    case "rename-table":
      return renameTable(alteration, change);
    case "rename-column":
      return renameColumn(alteration, change);
    case "add-column":
      return addColumn(alteration, change);
    case "drop-column":
      return dropColumn(alteration, change);
    case "set-not-null":
      return setNotNull(alteration, change);
    case "drop-not-null":
      return dropNotNull(alteration, change);
    case "add-check":
      return addCheck(alteration, change);
    case "drop-constraint":
      return dropConstraint(alteration, change);
  }
}
