/** CREATE INDEX: the entry of the catalog, and an entry of the index for each row that there is. */
import type { Catalog } from "../catalog/catalog.ts";
import { writeEntry } from "../catalog/entry.ts";
import { indexOf } from "../catalog/index-definition.ts";
import { foldName } from "../catalog/name.ts";
import type { Table } from "../catalog/schema.ts";
import type { CreateIndex } from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { bindQuery } from "../query/bind/query.ts";
import { StatementScope } from "../query/bind/scope.ts";
import type { QueryOptions } from "../query/interpreted-query.ts";
import { bindTarget } from "../write/bind/target.ts";
import { buildIndex } from "../write/run/build-index.ts";
import { failAt, requireFreeName } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** Undefined: there is nothing to do. */
export function createIndex(
  parsed: ParsedStatement,
  statement: CreateIndex,
  catalog: Catalog,
  { functions }: QueryOptions,
): SchemaChange | undefined {
  const { name, ifNotExists, text: sql } = statement;
  const table = tableOf(parsed, statement, catalog);
  if (ifNotExists && catalog.index(undefined, name) !== undefined) {
    return undefined;
  }
  requireFreeName(parsed, statement, catalog, "index");
  const scope = new StatementScope(parsed, catalog, functions, { expression: bindExpression, query: bindQuery });
  const targetWith = (keyspace: number): ReturnType<typeof bindTarget> =>
    bindTarget(scope, { ...table, indexes: [indexOf(parsed, statement, table, keyspace)] });
  targetWith(0);
  return (transaction) => {
    const keyspace = transaction.createKeyspace(`sql/${foldName(name)}`);
    writeEntry(transaction, catalog.nextNumber, { type: "index", name, table: table.name, sql, keyspace });
    buildIndex(transaction, targetWith(keyspace));
  };
}

function tableOf(parsed: ParsedStatement, { table }: CreateIndex, catalog: Catalog): Table {
  const found = catalog.table(undefined, table.name);
  if (found === undefined) {
    const isView = catalog.view(undefined, table.name) !== undefined;
    throw failAt(
      parsed,
      isView ? "views may not be indexed" : `no such table: ${catalog.name}.${table.name}`,
      table.at,
    );
  }
  if (found.name.toLowerCase().startsWith("sqlite_")) {
    throw failAt(parsed, `table ${found.name} may not be indexed`, table.at);
  }
  return found;
}
