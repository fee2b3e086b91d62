/** An index out of its CREATE INDEX statement. */
import type { CreateIndex } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { IndexedExpression } from "../parse/ast/write.ts";
import { errorAt } from "../parse/syntax-error.ts";
import { BUILT_IN_COLLATIONS } from "../value/collation.ts";
import { foldName, named } from "./name.ts";
import { type Index, type IndexColumn, isKeyed, ROWID_INDEX, type Table } from "./schema.ts";

export function indexOf(parsed: ParsedStatement, statement: CreateIndex, table: Table, keyspace: number): Index {
  return {
    name: statement.name,
    keyspace,
    isUnique: statement.unique,
    origin: "c",
    columns: statement.columns.map((column) => indexColumn(parsed, column, table)),
    where: statement.where,
    conflict: undefined,
    definition: parsed,
  };
}

function indexColumn(
  parsed: ParsedStatement,
  { expression, collation, descending, at }: IndexedExpression,
  table: Table,
): IndexColumn {
  const column = columnNumber(expression, table);
  if (column === undefined && expression.kind === "text") {
    throw errorAt("INVALID", `no such column: ${expression.value}`, parsed.text, expression.at - parsed.start);
  }
  const found = column === undefined || column === ROWID_INDEX ? undefined : table.columns[column];
  if (collation !== undefined && !BUILT_IN_COLLATIONS.has(foldName(collation))) {
    throw errorAt("INVALID", `no such collation sequence: ${collation}`, parsed.text, at - parsed.start);
  }
  return {
    column,
    expression: column === undefined ? expression : undefined,
    collation: collation === undefined ? found?.collation : BUILT_IN_COLLATIONS.get(foldName(collation)),
    descending,
  };
}

/** Undefined: it is an expression. A text stands for the column of that name. */
function columnNumber(expression: IndexedExpression["expression"], table: Table): number | undefined {
  const name =
    expression.kind === "text"
      ? expression.value
      : expression.kind === "name" && expression.table === undefined
        ? expression.column
        : undefined;
  if (name === undefined) {
    return undefined;
  }
  const column = named(table.columns, name);
  if (column !== undefined) {
    return column.index;
  }
  return !isKeyed(table) && ["rowid", "oid", "_rowid_"].includes(foldName(name)) ? ROWID_INDEX : undefined;
}
