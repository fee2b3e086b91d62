/** index_list, index_info, index_xinfo: what indexes are. */
import { foldName } from "../catalog/name.ts";
import { type IndexColumn, isKeyed, ROWID_INDEX, type Schema, type Table } from "../catalog/schema.ts";
import type { Pragma, PragmaRows } from "./pragma.ts";

/** In place of a column's number: an expression. */
const EXPRESSION = -2;

/** An index as these pragmas see it. The key of a table WITHOUT ROWID is one, too, made with its table. */
interface ListedIndex {
  readonly name: string;
  readonly isUnique: boolean;
  readonly origin: string;
  readonly isPartial: boolean;
  readonly columns: readonly Pick<IndexColumn, "column" | "collation" | "descending">[];
}

/** The one made last is the first. */
function indexesOf(table: Table): ListedIndex[] {
  const made = table.indexes.map(({ name, isUnique, origin, where, columns }) => ({
    name,
    isUnique,
    origin,
    isPartial: where !== undefined,
    columns,
  }));
  const key: ListedIndex[] = isKeyed(table)
    ? [{ name: keyIndexName(table), isUnique: true, origin: "pk", isPartial: false, columns: table.primaryKey }]
    : [];
  // A table has its indexes in this order; its key was made before them.
  return [...made, ...key];
}

/** The first number that no constraint's index has. */
function keyIndexName(table: Table): string {
  const taken = new Set(table.indexes.map(({ name }) => name));
  for (let number = 1; ; number++) {
    const name = `sqlite_autoindex_${table.name}_${number}`;
    if (!taken.has(name)) {
      return name;
    }
  }
}

function findIndex(
  catalog: Schema,
  schema: string | undefined,
  name: string,
): { readonly table: Table; readonly index: ListedIndex } | undefined {
  const folded = foldName(name);
  const tables = catalog.tables().filter((table) => schema === undefined || table.schema === schema);
  // What is temporary goes first.
  const temporary = tables.filter((table) => table.schema === "temp");
  // A table WITHOUT ROWID is the index of its key.
  const keyed = [...temporary, ...tables].find((table) => isKeyed(table) && foldName(table.name) === folded);
  if (keyed !== undefined) {
    return { table: keyed, index: indexesOf(keyed).at(-1)! };
  }
  for (const table of [...temporary, ...tables]) {
    const index = indexesOf(table).find((listed) => foldName(listed.name) === folded);
    if (index !== undefined) {
      return { table, index };
    }
  }
  return undefined;
}

function columnRow(table: Table, column: number | undefined, seqno: number): (number | string | null)[] {
  const number = column ?? EXPRESSION;
  return [seqno, number, number < 0 ? null : table.columns[number]!.name];
}

/** What its entries end with, behind the columns: the row's key. */
function trailingColumns(table: Table, index: ListedIndex): ListedIndex["columns"] {
  if (index.origin === "pk" && isKeyed(table)) {
    const keys = new Set(table.primaryKey.map(({ column }) => column));
    return table.columns
      .filter((column) => !keys.has(column.index) && column.generated === undefined)
      .map((column) => ({ column: column.index, collation: undefined, descending: false }));
  }
  return isKeyed(table)
    ? table.primaryKey.filter(({ column }) => !index.columns.some((own) => own.column === column))
    : [{ column: ROWID_INDEX, collation: undefined, descending: false }];
}

function extendedRows(table: Table, index: ListedIndex): PragmaRows {
  return [...index.columns, ...trailingColumns(table, index)].map(({ column, collation, descending }, seqno) => [
    ...columnRow(table, column, seqno),
    Number(descending),
    collation?.name ?? "BINARY",
    Number(seqno < index.columns.length),
  ]);
}

export const INDEX_PRAGMAS: readonly Pragma[] = [
  {
    kind: "schema",
    name: "index_list",
    columns: ["seq", "name", "unique", "origin", "partial"],
    rows: (catalog, value, _columnsOf, schema) => {
      const table = value === undefined ? undefined : catalog.table(schema, value);
      return table === undefined
        ? []
        : indexesOf(table).map(({ name, isUnique, origin, isPartial }, seq) => [
            seq,
            name,
            Number(isUnique),
            origin,
            Number(isPartial),
          ]);
    },
  },
  {
    kind: "schema",
    name: "index_info",
    columns: ["seqno", "cid", "name"],
    rows: (catalog, value, _columnsOf, schema) => {
      const found = value === undefined ? undefined : findIndex(catalog, schema, value);
      return found === undefined
        ? []
        : found.index.columns.map(({ column }, seqno) => columnRow(found.table, column, seqno));
    },
  },
  {
    kind: "schema",
    name: "index_xinfo",
    columns: ["seqno", "cid", "name", "desc", "coll", "key"],
    rows: (catalog, value, _columnsOf, schema) => {
      const found = value === undefined ? undefined : findIndex(catalog, schema, value);
      return found === undefined ? [] : extendedRows(found.table, found.index);
    },
  },
];
