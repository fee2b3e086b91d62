/** RENAME COLUMN: in every text that means the column, found by binding them all. */
import type { AlterTableChange } from "../../parse/ast/definition.ts";
import type { SchemaChange } from "../schema-change.ts";
import { type Alteration, quotedColumnOf } from "./alteration.ts";
import { bindDefinitions, replaceEntries } from "./definitions.ts";
import { renamedColumn } from "./mentions.ts";

export function renameColumn(
  alteration: Alteration,
  { column: from, to, quoted }: Extract<AlterTableChange, { kind: "rename-column" }>,
): SchemaChange {
  const column = quotedColumnOf(alteration, from);
  return (transaction) => {
    const entries = renamedColumn(alteration, column, to.name, quoted);
    bindDefinitions(replaceEntries(transaction, entries, "after rename"), alteration.functions, "after rename");
  };
}
