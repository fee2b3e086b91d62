/** Names of what is made: tables, views and indexes share them. */
import type { DbError } from "../../errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { quoteName } from "../catalog/name.ts";
import type { QualifiedName } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { errorAt } from "../parse/syntax-error.ts";

export function failAt(parsed: ParsedStatement, message: string, at: number): DbError {
  return errorAt("INVALID", message, parsed.text, at - parsed.start);
}

/** Whether a table or view has the name. */
export function isTaken(catalog: Catalog, { schema, name }: QualifiedName): boolean {
  return isTable(catalog, schema, name) || catalog.view(schema, name) !== undefined;
}

function isTable(catalog: Catalog, schema: string | undefined, name: string): boolean {
  return catalog.table(schema, name) !== undefined || catalog.virtualTable(schema, name) !== undefined;
}

export function requireFreeName(
  parsed: ParsedStatement,
  { schema, name, at }: QualifiedName,
  catalog: Catalog,
  kind: "table" | "view" | "index",
): void {
  if (name.toLowerCase().startsWith("sqlite_")) {
    throw failAt(parsed, `object name reserved for internal use: ${name}`, at);
  }
  const shown = quoteName(name);
  const taken = isTable(catalog, schema, name)
    ? "table"
    : catalog.view(schema, name) !== undefined
      ? "view"
      : undefined;
  if (taken !== undefined) {
    const what = kind === "index" ? `there is already a ${taken} named ${name}` : `${taken} ${shown} already exists`;
    throw failAt(parsed, what, at);
  }
  if (catalog.index(schema, name) !== undefined) {
    const what = kind === "index" ? `index ${name} already exists` : `there is already an index named ${name}`;
    throw failAt(parsed, what, at);
  }
}
