/**
 * REINDEX and ANALYZE.
 *
 * REINDEX makes indexes anew out of the rows of their tables, each in a keyspace of its own. ANALYZE has nothing to do: plans are
 * chosen by what the B+trees count at any time, so there are no statistics to gather, and there is no table sqlite_stat1.
 */
import type { Catalog } from "../catalog/catalog.ts";
import { type NumberedEntry, writeEntry } from "../catalog/entry.ts";
import { foldName } from "../catalog/name.ts";
import type { Index, Table } from "../catalog/schema.ts";
import type { Schemas } from "../catalog/schemas.ts";
import { indexEntries } from "../index-entries.ts";
import type { QualifiedName } from "../parse/ast/query.ts";
import type { Maintenance, ParsedStatement } from "../parse/ast/statement.ts";
import { systemTable } from "../pragma/system-table.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { bindQuery } from "../query/bind/query.ts";
import { StatementScope } from "../query/bind/scope.ts";
import type { ProgramOptions } from "../query-program.ts";
import type { SqlTransaction } from "../storage.ts";
import { BUILT_IN_COLLATIONS, type Collation } from "../value/collation.ts";
import { failAt } from "./name.ts";
import type { SchemaChange } from "./schema-change.ts";

/** An index with its table. */
interface Owned {
  readonly table: Table;
  readonly index: Index;
}

/** What is to be done in each schema. */
export function maintain(
  parsed: ParsedStatement,
  { kind, target }: Maintenance,
  schemas: Schemas,
  options: ProgramOptions,
): ReadonlyMap<string, SchemaChange> {
  requireSchema(parsed, target, schemas);
  if (kind === "analyze") {
    requireAnalyzed(parsed, target, schemas);
    return new Map();
  }
  const bySchema = new Map<string, Owned[]>();
  for (const owned of reindexed(parsed, target, schemas)) {
    const { schema } = owned.table;
    bySchema.set(schema, [...(bySchema.get(schema) ?? []), owned]);
  }
  return new Map(
    [...bySchema].map(([schema, indexes]): [string, SchemaChange] => [
      schema,
      (transaction) => {
        reindex(transaction, schemas.part(schema)!, options, indexes);
      },
    ]),
  );
}

function requireSchema(parsed: ParsedStatement, target: QualifiedName | undefined, schemas: Schemas): void {
  if (target?.schema !== undefined && schemas.part(target.schema) === undefined) {
    throw failAt(parsed, `unknown database ${target.schema}`, target.at);
  }
}

function requireAnalyzed(parsed: ParsedStatement, target: QualifiedName | undefined, catalog: Schemas): void {
  if (target === undefined || (target.schema === undefined && catalog.part(target.name) !== undefined)) {
    return;
  }
  const { schema, name, at } = target;
  const isKnown = [catalog.table(schema, name), catalog.view(schema, name), catalog.index(schema, name)].some(
    (found) => found !== undefined,
  );
  if (!isKnown && systemTable(catalog, schema, name) === undefined) {
    throw failAt(parsed, `no such table: ${schema === undefined ? "" : `${schema}.`}${name}`, at);
  }
}

/** All indexes, those of a collation or of a table, or one. */
function reindexed(parsed: ParsedStatement, target: QualifiedName | undefined, catalog: Schemas): readonly Owned[] {
  const all = catalog.tables().flatMap((table) => table.indexes.map((index) => ({ table, index })));
  if (target === undefined) {
    return all;
  }
  const { schema, name, at } = target;
  if (schema === undefined && BUILT_IN_COLLATIONS.has(foldName(name))) {
    return all.filter((owned) => isOrderedBy(owned, BUILT_IN_COLLATIONS.get(foldName(name))));
  }
  const table = catalog.table(schema, name);
  if (table !== undefined) {
    return table.indexes.map((index) => ({ table, index }));
  }
  if (catalog.view(schema, name) !== undefined) {
    return [];
  }
  const one = catalog.index(schema, name);
  if (one === undefined) {
    throw failAt(parsed, "unable to identify the object to be reindexed", at);
  }
  return [one];
}

function isOrderedBy({ index }: Owned, collation: Collation | undefined): boolean {
  return index.columns.some((column) => column.collation === collation);
}

function reindex(
  transaction: SqlTransaction,
  catalog: Catalog,
  options: ProgramOptions,
  indexes: readonly Owned[],
): void {
  // What has many entries is made before the first write.
  const keyspaces = indexes.map((owned) => rebuild(transaction, catalog, options, owned));
  indexes.forEach(({ index }, at) => {
    const { number, ...entry } = catalog.entry("index", index.name) as NumberedEntry;
    writeEntry(transaction, number, { ...entry, keyspace: keyspaces[at]! });
    transaction.dropKeyspace(index.keyspace);
  });
}

/** The keyspace of its new entries. */
function rebuild(
  transaction: SqlTransaction,
  catalog: Catalog,
  { functions, tier }: ProgramOptions,
  { table, index }: Owned,
): number {
  const binders = { expression: bindExpression, query: bindQuery };
  const statement = new StatementScope(table.definition, catalog, functions, binders);
  const entries = indexEntries(transaction, statement, table, index, tier);
  return transaction.createKeyspaceWith(`sql/${foldName(index.name)}`, entries);
}
