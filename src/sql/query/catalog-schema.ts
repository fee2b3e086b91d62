/** The catalog as queries see it. */
import { type Catalog, type Table as CatalogTable, foldName } from "../catalog.ts";
import { NULL } from "../value/value.ts";
import type { Schema, Table } from "./schema.ts";

export class CatalogSchema implements Schema {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  table(schema: string | undefined, name: string): Table | undefined {
    // There is one schema.
    const found = schema === undefined || foldName(schema) === "main" ? this.#catalog.table(name) : undefined;
    return found === undefined ? undefined : tableOf(found);
  }
}

const tables = new WeakMap<CatalogTable, Table>();

function tableOf(table: CatalogTable): Table {
  let found = tables.get(table);
  if (found === undefined) {
    found = {
      name: table.name,
      keyspace: table.keyspace,
      columns: table.columns.map(({ name, index, affinity, notNull, slot }) => ({
        name,
        index,
        affinity,
        collation: undefined,
        notNull,
        slot,
        missing: { tag: NULL, value: null },
      })),
      primaryKey: table.primaryKey.map(({ index }) => ({ column: index, collation: undefined, descending: false })),
      rowidColumn: undefined,
      indexes: [],
    };
    const alias = table.rowidColumn;
    found = alias === undefined ? found : { ...found, rowidColumn: found.columns[alias.index] };
    tables.set(table, found);
  }
  return found;
}
