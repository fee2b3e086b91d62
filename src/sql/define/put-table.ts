/** The entries of a new table in the catalog. */
import { writeEntry } from "../catalog/entry.ts";
import { foldName } from "../catalog/name.ts";
import { newSlots, tableShapeOf } from "../catalog/table.ts";
import type { CreateTable } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { SqlTransaction } from "../storage.ts";

/** Writes the entries of a table and of the indexes of its constraints; the next free number. */
export function putTable(
  transaction: SqlTransaction,
  schema: string,
  parsed: ParsedStatement,
  statement: CreateTable,
  first: number,
): number {
  const { name, text: sql } = statement;
  const keyspace = transaction.createKeyspace(`sql/${foldName(name)}`);
  const storage = { schema, keyspace, ...newSlots(statement) };
  const { indexes } = tableShapeOf(parsed, statement, storage);
  writeEntry(transaction, first, { type: "table", name, table: name, sql, ...storage });
  for (const [position, { number }] of indexes.entries()) {
    const index = `sqlite_autoindex_${name}_${number}`;
    writeEntry(transaction, first + 1 + position, {
      type: "index",
      name: index,
      table: name,
      sql: null,
      keyspace: transaction.createKeyspace(`sql/${foldName(index)}`),
    });
  }
  return first + 1 + indexes.length;
}
