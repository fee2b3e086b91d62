/** CREATE TABLE, as written or AS a query. */
import type { Catalog } from "../catalog/catalog.ts";
import { writeEntry } from "../catalog/entry.ts";
import { foldName } from "../catalog/name.ts";
import { newSlots, tableShapeOf } from "../catalog/table.ts";
import type { CreateTable } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { parseStatement } from "../parse/parser.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { bindQuery } from "../query/bind/query.ts";
import { StatementScope } from "../query/bind/scope.ts";
import type { SqlTransaction } from "../storage.ts";
import { bindTarget } from "../write/bind/target.ts";
import { failAt, isTaken, requireFreeName } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

const SEQUENCE = "CREATE TABLE sqlite_sequence(name,seq)";

/** Undefined: there is nothing to do. */
export function createTable(
  parsed: ParsedStatement,
  statement: CreateTable,
  catalog: Catalog,
): SchemaChange | undefined {
  if (statement.ifNotExists && isTaken(catalog, statement)) {
    return undefined;
  }
  requireFreeName(parsed, statement, catalog, "table");
  checkDefinition(parsed, statement, catalog);
  return (transaction) => {
    let number = catalog.nextNumber;
    if (statement.primaryKey?.autoincrement === true && catalog.table(undefined, "sqlite_sequence") === undefined) {
      const sequence = parseStatement(SEQUENCE);
      number = putTable(transaction, sequence, sequence.statement as CreateTable, number);
    }
    putTable(transaction, parsed, statement, number);
  };
}

/** Writes the entries of a table and of the indexes of its constraints; the next free number. */
function putTable(transaction: SqlTransaction, parsed: ParsedStatement, statement: CreateTable, first: number): number {
  const { name, text: sql } = statement;
  const keyspace = transaction.createKeyspace(`sql/${foldName(name)}`);
  const storage = { keyspace, ...newSlots(statement) };
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

/** Everything in it is bound, so that what is wrong is said now and not with the first row. */
function checkDefinition(parsed: ParsedStatement, statement: CreateTable, catalog: Catalog): void {
  const { table } = tableShapeOf(parsed, statement, { keyspace: 0, ...newSlots(statement) });
  const scope = new StatementScope(parsed, catalog, { expression: bindExpression, query: bindQuery });
  const { defaults } = bindTarget(scope, table);
  for (const [index, value] of defaults.entries()) {
    const column = table.columns[index]!;
    if (value !== undefined && column.generated !== undefined) {
      throw failAt(parsed, "cannot use DEFAULT on a generated column", column.default!.at);
    }
  }
}
