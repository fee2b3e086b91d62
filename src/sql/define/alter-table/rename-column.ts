/** RENAME COLUMN: in every text that means the column, found by binding them all. */
import type { AlterTableChange } from "../../parse/ast/definition.ts";
import type { SchemaChange } from "../schema-change.ts";
import { type Alteration, quotedColumnOf } from "./alteration.ts";
import { bindDefinitions, replaceAll } from "./definitions.ts";
import { renamedColumn } from "./mentions.ts";

export function renameColumn(
  alteration: Alteration,
  { column: from, to, quoted }: Extract<AlterTableChange, { kind: "rename-column" }>,
): SchemaChange {
  const column = quotedColumnOf(alteration, from);
  const { catalog, schemas, functions } = alteration;
  return (transaction, { temp }) => {
    const entries = renamedColumn(alteration, column, to.name, quoted);
    const made = replaceAll(transaction, temp, schemas, entries, "after rename");
    bindDefinitions(made, catalog.name, functions, "after rename");
  };
}
