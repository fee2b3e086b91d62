/**
 * A table out of its CREATE TABLE statement. The catalog keeps the statement's text, as SQLite does, and beside it only what no
 * text says: the keyspaces of the rows and of each index, and the slots of the columns.
 */
import type {
  ColumnDefinition,
  Constraint,
  CreateTable,
  ForeignKey as ForeignKeyDefinition,
} from "../parse/ast/definition.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { type Affinity, affinityOfType } from "../value/affinity.ts";
import { NULL } from "../value/value.ts";
import { Definition } from "./definition.ts";
import { type IndexShape, keyShapeOf, rowidAliasOf } from "./key-constraint.ts";
import { literalOf, stored } from "./literal.ts";
import { foldName, named } from "./name.ts";
import type { Check, Column, ForeignKey, Index, StrictType, Table } from "./schema.ts";

/** What the text does not say. */
export interface TableStorage {
  readonly schema: string;
  readonly keyspace: number;
  readonly slots: number;
  /** How many slots every row has; columns behind them were added later. */
  readonly firstSlots: number;
  /** Of each column; −1 is the rowid's alias. */
  readonly columnSlots: readonly number[];
}

/** The table without indexes, and those that its constraints need. */
export interface TableShape {
  readonly table: Table;
  readonly indexes: readonly IndexShape[];
}

/** The slots of a new table's columns: one after the other. */
export function newSlots(statement: CreateTable): Omit<TableStorage, "schema" | "keyspace"> {
  const alias = rowidAliasOf(statement);
  let slots = 0;
  const columnSlots = statement.columns.map(({ name }) => (name === alias ? -1 : slots++));
  return { slots, firstSlots: slots, columnSlots };
}

export function tableShapeOf(parsed: ParsedStatement, statement: CreateTable, storage: TableStorage): TableShape {
  const definition = new Definition(parsed, statement);
  requireDistinctNames(definition);
  const draft = statement.columns.map((column, index) => columnOf(definition, column, index, storage));
  if (draft.every(({ generated }) => generated !== undefined)) {
    throw definition.fail("must have at least one non-generated column", statement.at);
  }
  const { indexes, ...key } = keyShapeOf(definition, draft);
  const isStrictKey = statement.strict && key.rowidColumn === undefined;
  const columns = withoutNulls(
    draft,
    isStrictKey ? key.declaredKey.map(({ index }) => index) : key.primaryKey.map(({ column }) => column),
  );
  const current = (column: Column): Column => columns[column.index]!;
  const table: Table = {
    schema: storage.schema,
    name: statement.name,
    view: undefined,
    keyspace: storage.keyspace,
    columns,
    slots: storage.slots,
    ...key,
    declaredKey: key.declaredKey.map(current),
    rowidColumn: key.rowidColumn === undefined ? undefined : current(key.rowidColumn),
    isStrict: statement.strict,
    indexes: [],
    checks: checksOf(statement.constraints),
    foreignKeys: foreignKeysOf(definition, columns),
    definition: parsed,
  };
  return { table, indexes };
}

/** The index that a constraint of the table is kept by. */
export function constraintIndex(
  table: Table,
  { origin, columns, conflict, number }: IndexShape,
  keyspace: number,
): Index {
  return {
    name: `sqlite_autoindex_${table.name}_${number}`,
    keyspace,
    isUnique: true,
    origin,
    columns,
    where: undefined,
    conflict,
    definition: table.definition,
  };
}

function requireDistinctNames(definition: Definition): void {
  const names = new Set<string>();
  for (const { name, at } of definition.statement.columns) {
    if (names.size === names.add(foldName(name)).size) {
      throw definition.fail(`duplicate column name: ${name}`, at);
    }
  }
}

function columnOf(definition: Definition, column: ColumnDefinition, index: number, storage: TableStorage): Column {
  const { statement } = definition;
  const { name, type, collation, generated } = column;
  const strictType = statement.strict ? strictTypeOf(definition, column) : undefined;
  const affinity = strictType === undefined ? affinityOfType(type) : AFFINITY_OF_STRICT[strictType];
  const slot = storage.columnSlots[index]!;
  const literal = column.default === undefined || slot < storage.firstSlots ? undefined : literalOf(column.default);
  return {
    name,
    index,
    type: type === undefined ? undefined : standardType(type),
    affinity,
    collation: collation === undefined ? undefined : definition.collation(collation.name, collation.at),
    strictType,
    notNull: column.notNull,
    notNullConflict: column.notNullConflict,
    slot,
    default: column.default,
    defaultText: column.defaultText,
    generated: generated === undefined ? undefined : { expression: generated.expression, stored: generated.stored },
    missing: literal === undefined ? NOTHING : stored(literal, affinity),
  };
}

/** SQLite keeps the types that it knows by number, so that they are shown in upper case. */
function standardType(type: string): string {
  const upper = type.toUpperCase();
  return Object.hasOwn(AFFINITY_OF_STRICT, upper) ? upper : type;
}

const NOTHING = { tag: NULL, value: null } as const;

const AFFINITY_OF_STRICT: Readonly<Record<StrictType, Affinity>> = {
  INT: "INTEGER",
  INTEGER: "INTEGER",
  REAL: "REAL",
  TEXT: "TEXT",
  BLOB: "BLOB",
  ANY: "BLOB",
};

function strictTypeOf(definition: Definition, { name, type, at }: ColumnDefinition): StrictType {
  const { statement } = definition;
  if (type === undefined) {
    throw definition.fail(`missing datatype for ${statement.name}.${name}`, at);
  }
  const upper = type.toUpperCase();
  if (!Object.hasOwn(AFFINITY_OF_STRICT, upper)) {
    throw definition.fail(`unknown datatype for ${statement.name}.${name}: "${type}"`, at);
  }
  return upper as StrictType;
}

/** Columns of the key of a table that is STRICT or WITHOUT ROWID are never NULL. */
function withoutNulls(columns: readonly Column[], key: readonly number[]): readonly Column[] {
  return columns.map((column) => (key.includes(column.index) ? { ...column, notNull: true } : column));
}

function checksOf(constraints: readonly Constraint[]): Check[] {
  return constraints
    .filter((constraint) => constraint.kind === "check")
    .map(({ name, text, expression }) => ({ name: name ?? text, expression }));
}

function foreignKeysOf(definition: Definition, columns: readonly Column[]): ForeignKey[] {
  return definition.statement.constraints
    .filter((constraint) => constraint.kind === "foreign-key")
    .map((key, id) => foreignKeyOf(definition, columns, key, id));
}

function foreignKeyOf(
  definition: Definition,
  columns: readonly Column[],
  key: ForeignKeyDefinition,
  id: number,
): ForeignKey {
  const { table, referenced, onDelete, onUpdate, initiallyDeferred } = key;
  const own = key.columns.map(({ name, at }) => {
    const column = named(columns, name);
    if (column === undefined) {
      throw definition.fail(`unknown column "${name}" in foreign key definition`, at);
    }
    return column;
  });
  return {
    id,
    columns: own,
    table,
    referenced: referenced?.map(({ name }) => name),
    onDelete,
    onUpdate,
    initiallyDeferred,
  };
}
