/** Names of what is made: tables, views and indexes share them. */
import type { DbError } from "../../errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { foldName } from "../catalog/name.ts";
import type { CreateTrigger, CreateView } from "../parse/ast/definition.ts";
import type { QualifiedName } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { errorAt } from "../parse/syntax-error.ts";
import { Tokenizer } from "../parse/tokenizer.ts";

export function failAt(parsed: ParsedStatement, message: string, at: number): DbError {
  return errorAt("INVALID", message, parsed.text, at - parsed.start);
}

/** The name at a place as it is written there, with its quotes. */
export function writtenName({ text, start }: ParsedStatement, at: number): string {
  const { end } = new Tokenizer(text, at - start);
  return text.slice(at - start, end);
}

export function isSchemaTable(name: string): boolean {
  return ["sqlite_schema", "sqlite_master"].includes(foldName(name));
}

/** `catalog` is that of the schema in which it is to be. */
export function requireFreeName(
  parsed: ParsedStatement,
  { name, at }: QualifiedName,
  catalog: Catalog,
  kind: "table" | "view" | "index",
): void {
  if (name.toLowerCase().startsWith("sqlite_")) {
    throw failAt(parsed, `object name reserved for internal use: ${name}`, at);
  }
  if (catalog.has(name)) {
    const taken = catalog.view(undefined, name) === undefined ? "table" : "view";
    const what =
      kind === "index"
        ? `there is already a ${taken} named ${name}`
        : `${taken} ${writtenName(parsed, at)} already exists`;
    throw failAt(parsed, what, at);
  }
  if (catalog.index(undefined, name) !== undefined) {
    const what = kind === "index" ? `index ${name} already exists` : `there is already an index named ${name}`;
    throw failAt(parsed, what, at);
  }
}

/** What is not temporary names nothing outside of its own schema. */
export function requireOwnNames(
  parsed: ParsedStatement,
  kind: "view" | "trigger",
  statement: CreateView | CreateTrigger,
  home: string,
): void {
  if (home === "temp") {
    return;
  }
  const foreign = tablesIn(statement.kind === "create-view" ? statement.query : [statement.table, statement.body]).find(
    ({ schema }) => schema !== undefined && foldName(schema) !== home,
  );
  if (foreign !== undefined) {
    const what = `${kind} ${statement.name} cannot reference objects in database ${foreign.schema}`;
    throw failAt(parsed, what, foreign.at);
  }
}

/** Everything in a syntax tree that has a schema and stands where a table does. */
function tablesIn(node: unknown): QualifiedName[] {
  if (node === null || typeof node !== "object") {
    return [];
  }
  const inside = Object.values(node).flatMap(tablesIn);
  return isTableName(node) ? [node, ...inside] : inside;
}

/** A column's name has a schema, too, and a name of its table. */
function isTableName(node: object): node is QualifiedName {
  return "schema" in node && "name" in node && "at" in node;
}
