/** PRIMARY KEY and UNIQUE: the rowid's alias, the key of a table WITHOUT ROWID, and the indexes that all others come to. */
import type { Constraint, CreateTable, PrimaryKey, Unique } from "../parse/ast/definition.ts";
import type { ConflictAction } from "../parse/ast/write.ts";
import type { Definition } from "./definition.ts";
import { named } from "./name.ts";
import type { Column, IndexColumn, KeyColumn } from "./schema.ts";

export interface KeyShape {
  readonly primaryKey: readonly KeyColumn[];
  readonly declaredKey: readonly Column[];
  readonly rowidColumn: Column | undefined;
  readonly keyConflict: ConflictAction | undefined;
  readonly isAutoincrement: boolean;
  /** The indexes that its constraints need, in their order. */
  readonly indexes: readonly IndexShape[];
}

export interface IndexShape {
  readonly origin: "u" | "pk";
  readonly columns: readonly IndexColumn[];
  readonly conflict: ConflictAction | undefined;
  /** Its number among those that its table's constraints make. */
  readonly number: number;
}

/** The column that is the rowid: declared exactly INTEGER PRIMARY KEY. */
export function rowidAliasOf(statement: CreateTable): string | undefined {
  const { primaryKey, withoutRowid, columns } = statement;
  const [only, second] = primaryKey?.columns ?? [];
  if (only === undefined || second !== undefined || withoutRowid) {
    return undefined;
  }
  const column = named(columns, only.name);
  return column?.type?.toUpperCase() === "INTEGER" && !only.descending ? column.name : undefined;
}

export function keyShapeOf(definition: Definition, columns: readonly Column[]): KeyShape {
  const { statement } = definition;
  const { primaryKey, withoutRowid } = statement;
  if (withoutRowid && primaryKey === undefined) {
    throw definition.fail(`PRIMARY KEY missing on table ${statement.name}`, statement.at);
  }
  const alias = rowidAliasOf(statement);
  const keyColumns = primaryKey === undefined ? [] : columnsOf(definition, primaryKey, columns);
  const isKeyed = withoutRowid;
  return {
    primaryKey: isKeyed ? withoutRepeats(keyColumns) : [],
    declaredKey: keyColumns.map(({ column }) => columns[column]!),
    rowidColumn: alias === undefined ? undefined : named(columns, alias),
    keyConflict: isKeyed || alias !== undefined ? primaryKey?.conflict : undefined,
    isAutoincrement: primaryKey?.autoincrement === true,
    indexes: indexShapes(definition, columns, { isKeyed, isAlias: alias !== undefined }),
  };
}

/** One for each PRIMARY KEY and UNIQUE, unless there is one of the same columns already. */
function indexShapes(
  definition: Definition,
  columns: readonly Column[],
  { isKeyed, isAlias }: { readonly isKeyed: boolean; readonly isAlias: boolean },
): IndexShape[] {
  const shapes: IndexShape[] = [];
  let primary: readonly KeyColumn[] | undefined;
  let number = 0;
  for (const constraint of definition.statement.constraints) {
    if (!isKey(constraint) || (constraint.kind === "primary-key" && isAlias)) {
      continue;
    }
    const keyColumns = columnsOf(definition, constraint, columns);
    if (constraint.kind === "primary-key" && isKeyed) {
      primary = keyColumns;
      number++;
      continue;
    }
    const same = shapes.findIndex((shape) => isSameKey(shape.columns, keyColumns));
    if (same >= 0) {
      const { origin, conflict } = shapes[same]!;
      shapes[same] = {
        ...shapes[same]!,
        origin: constraint.kind === "primary-key" ? "pk" : origin,
        conflict: conflict ?? constraint.conflict,
      };
    }
    if (same < 0 && (primary === undefined || !isSameKey(primary, keyColumns))) {
      number++;
      shapes.push({
        origin: constraint.kind === "unique" ? "u" : "pk",
        columns: keyColumns.map((column) => ({ ...column, expression: undefined })),
        conflict: constraint.conflict,
        number,
      });
    }
  }
  return shapes;
}

function isKey(constraint: Constraint): constraint is PrimaryKey | Unique {
  return constraint.kind === "primary-key" || constraint.kind === "unique";
}

function isSameKey(
  a: readonly Pick<IndexColumn, "column" | "collation">[],
  b: readonly Pick<IndexColumn, "column" | "collation">[],
): boolean {
  return (
    a.length === b.length &&
    a.every(({ column, collation }, index) => column === b[index]!.column && collation === b[index]!.collation)
  );
}

function columnsOf(
  definition: Definition,
  constraint: PrimaryKey | Unique,
  columns: readonly Column[],
): readonly KeyColumn[] {
  return constraint.columns.map(({ name, at, collation, descending }) => {
    const column = named(columns, name);
    if (column === undefined) {
      throw definition.fail(`no such column: ${name}`, at);
    }
    if (constraint.kind === "primary-key" && column.generated !== undefined) {
      throw definition.fail("generated columns cannot be part of the PRIMARY KEY", at);
    }
    return {
      column: column.index,
      collation: collation === undefined ? column.collation : definition.collation(collation, at),
      descending,
    };
  });
}

/** A column that a key names twice is in it once. */
function withoutRepeats(columns: readonly KeyColumn[]): readonly KeyColumn[] {
  return columns.filter(
    ({ column, collation }, index) =>
      columns.findIndex((other) => other.column === column && other.collation === collation) === index,
  );
}
