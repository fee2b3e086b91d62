/** What a foreign key means by the columns that it names: its parent. */
import { DbError } from "../../errors.ts";
import { named } from "./name.ts";
import { type Column, type ForeignKey, isKeyed, keyColumnsOf, type Schema, type Table } from "./schema.ts";

/** A foreign key with both of its ends. */
export interface Link {
  readonly key: ForeignKey;
  readonly child: Table;
  readonly parent: Table;
  /** In the order of the key's own columns. */
  readonly parentColumns: readonly Column[];
}

/** Undefined: there is no such parent. INVALID where nothing makes the parent's columns unique. */
export function linkOf(schema: Schema, child: Table, key: ForeignKey): Link | undefined {
  const parent = schema.table(child.schema, key.table);
  if (parent === undefined && schema.view(child.schema, key.table) === undefined) {
    return undefined;
  }
  const parentColumns = parent === undefined ? undefined : uniqueColumns(parent, key);
  if (parent === undefined || parentColumns === undefined) {
    throw new DbError("INVALID", `foreign key mismatch - "${child.name}" referencing "${key.table}"`);
  }
  return { key, child, parent, parentColumns };
}

/** Whether the key refers to what may be referred to. */
export function isMatched(schema: Schema, child: Table, key: ForeignKey): boolean {
  const parent = schema.table(child.schema, key.table);
  return parent !== undefined && uniqueColumns(parent, key) !== undefined;
}

/** The columns that it refers to, if something makes them unique. */
function uniqueColumns(parent: Table, key: ForeignKey): readonly Column[] | undefined {
  const columns = referencedColumns(parent, key);
  return columns !== undefined && isUnique(parent, columns) ? columns : undefined;
}

function referencedColumns(parent: Table, key: ForeignKey): readonly Column[] | undefined {
  const { columns, referenced } = key;
  const known = namedColumns(parent, key);
  const isWhole = known.length === columns.length && (referenced === undefined || referenced.length === columns.length);
  return isWhole ? known : undefined;
}

/** The columns that it refers to, if the parent has them. */
export function namedColumns(parent: Table, { referenced }: ForeignKey): readonly Column[] {
  const found = referenced?.map((name) => named(parent.columns, name)) ?? parent.declaredKey;
  return found.filter((column) => column !== undefined);
}

function isUnique(parent: Table, columns: readonly Column[]): boolean {
  const isSet = (other: readonly (number | undefined)[]): boolean =>
    other.length === columns.length && columns.every(({ index }) => other.includes(index));
  return (
    (parent.rowidColumn !== undefined && columns.length === 1 && columns[0] === parent.rowidColumn) ||
    (isKeyed(parent) && isSet(keyColumnsOf(parent).map(({ index }) => index))) ||
    parent.indexes.some(
      (index) =>
        index.isUnique &&
        index.where === undefined &&
        isSet(index.columns.map(({ column }) => column)) &&
        index.columns.every(({ column, collation }) => collation === parent.columns[column!]!.collation),
    )
  );
}
