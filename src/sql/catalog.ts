/**
 * The catalog: which tables there are, in the keyspace "sql", one JSON document a table under its name in lower case.
 *
 *   { "name": "Users", "keyspace": 7, "slots": 2, "rowid": "id", "primaryKey": [],
 *     "columns": [ { "name": "id", "type": "INTEGER", "notNull": false, "slot": -1 },
 *                  { "name": "age", "type": "INT", "notNull": true, "slot": 0, "default": "18" } ] }
 *
 * A table's rows are in a keyspace of their own, and there are two kinds:
 *
 *   rowid table   the key is the rowid; a column declared INTEGER PRIMARY KEY is an alias of it and not in the row
 *   keyed table   (a PRIMARY KEY of another type or of several columns) the key is made of those columns, which are in
 *                 the row too; unique, not null, in key order: what SQLite calls WITHOUT ROWID
 *
 * So every table has one index, its key. SQLite gives a table with, say, a TEXT primary key a rowid and a second index;
 * here such a table has no rowid and is found in one step. A slot is a column's place in the row and is never reused.
 */
import { DbError } from "../errors.ts";
import type { CreateTable } from "./parse/ast/definition.ts";
import type { Expression } from "./parse/ast/query.ts";
import type { ParsedStatement } from "./parse/ast/statement.ts";
import { parseDefaultText } from "./parse/grammar.ts";
import { keywordOf } from "./parse/keywords.ts";
import { errorAt } from "./parse/syntax-error.ts";
import type { KeyspaceReader, SqlTransaction } from "./storage.ts";
import { type Affinity, affinityOfType } from "./value/affinity.ts";

export interface Column {
  readonly name: string;
  /** Its place among the columns. */
  readonly index: number;
  readonly type: string | undefined;
  readonly affinity: Affinity;
  readonly notNull: boolean;
  /** Its place in the row; −1: it is the rowid, which is in the key. */
  readonly slot: number;
  readonly default: Expression | undefined;
  readonly defaultText: string | undefined;
}

export interface Table {
  readonly name: string;
  readonly keyspace: number;
  readonly columns: readonly Column[];
  /** How many slots a new row has. */
  readonly slots: number;
  /** Columns of the key; empty: the key is the rowid. */
  readonly primaryKey: readonly Column[];
  /** The column that is an alias of the rowid. */
  readonly rowidColumn: Column | undefined;
}

const CATALOG_KEYSPACE = "sql";

/** Names compare without regard to ASCII case. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]+/g, (part) => part.toLowerCase());
}

export function findColumn(table: Table, name: string): Column | undefined {
  const folded = foldName(name);
  return table.columns.find((column) => foldName(column.name) === folded);
}

/** The tables of one schema version, read once. */
export class Catalog {
  readonly version: number;
  readonly #tables: ReadonlyMap<string, Table>;

  private constructor(version: number, tables: ReadonlyMap<string, Table>) {
    this.version = version;
    this.#tables = tables;
  }

  static read(reader: KeyspaceReader): Catalog {
    const tables = new Map<string, Table>();
    const keyspace = reader.keyspace(CATALOG_KEYSPACE);
    if (keyspace !== undefined) {
      const scan = reader.scan(keyspace, undefined, undefined, false);
      try {
        for (let rows = scan.next(); rows > 0; rows = scan.next()) {
          for (let i = 0; i < rows; i++) {
            const from = scan.valueOffsets[i]!;
            const table = decodeTable(Buffer.from(scan.u8.slice(from, from + scan.valueLengths[i]!)).toString());
            tables.set(foldName(table.name), table);
          }
        }
      } finally {
        scan.close();
      }
    }
    return new Catalog(reader.schemaVersion, tables);
  }

  table(name: string): Table | undefined {
    return this.#tables.get(foldName(name));
  }

  /** All tables, by name. */
  tables(): readonly Table[] {
    return [...this.#tables.values()];
  }
}

/** Makes the table that the statement describes: its keyspace and its document. */
export function createTable(transaction: SqlTransaction, definition: CreateTable, parsed: ParsedStatement): void {
  const names = new Set<string>();
  for (const column of definition.columns) {
    if (names.size === names.add(foldName(column.name)).size) {
      throw errorAt("INVALID", `duplicate column name: ${column.name}`, parsed.text, column.at - parsed.start);
    }
  }
  const rowid = rowidAlias(definition);
  const primaryKey = rowid === undefined ? keyColumns(definition, parsed) : [];
  const keyspace = transaction.createKeyspace(`sql/${foldName(definition.name)}`);
  let slots = 0;
  const columns = definition.columns.map((column) => ({
    name: column.name,
    type: column.type,
    notNull: column.notNull || primaryKey.includes(column.name),
    slot: column.name === rowid ? -1 : slots++,
    default: column.defaultText,
  }));
  const document = { name: definition.name, keyspace, slots, rowid, primaryKey, columns };
  const key = Buffer.from(foldName(definition.name));
  const value = Buffer.from(JSON.stringify(document));
  const catalog = transaction.keyspace(CATALOG_KEYSPACE) ?? transaction.createKeyspace(CATALOG_KEYSPACE);
  transaction.put(catalog, key, 0, key.length, value, 0, value.length);
  transaction.touchSchema();
}

export function dropTable(transaction: SqlTransaction, table: Table): void {
  const key = Buffer.from(foldName(table.name));
  transaction.dropKeyspace(table.keyspace);
  transaction.delete(transaction.keyspace(CATALOG_KEYSPACE)!, key, 0, key.length);
  transaction.touchSchema();
}

/** The CREATE TABLE statement that makes such a table, a line for each column. */
export function tableText(table: Table): string {
  const columns = table.columns.map((column) => {
    const type = column.type === undefined ? "" : ` ${column.type}`;
    const key = column === table.rowidColumn ? " PRIMARY KEY" : "";
    const notNull = column.notNull && !table.primaryKey.includes(column) ? " NOT NULL" : "";
    return `${quoteName(column.name)}${type}${key}${notNull}${column.defaultText === undefined ? "" : ` DEFAULT ${column.defaultText}`}`;
  });
  if (table.primaryKey.length > 0) {
    columns.push(`PRIMARY KEY (${table.primaryKey.map((column) => quoteName(column.name)).join(", ")})`);
  }
  const options = table.primaryKey.length > 0 ? " WITHOUT ROWID" : "";
  return `CREATE TABLE ${quoteName(table.name)} (\n  ${columns.join(",\n  ")}\n)${options}`;
}

/** A name as SQL takes it anywhere: in quotes, unless it is a plain word and none of SQL's own. */
export function quoteName(name: string): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/i.test(name) && keywordOf(name) === undefined;
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The column that is declared exactly INTEGER PRIMARY KEY. */
function rowidAlias(definition: CreateTable): string | undefined {
  const { primaryKey, withoutRowid } = definition;
  if (primaryKey === undefined || primaryKey.columns.length !== 1 || withoutRowid) {
    return undefined;
  }
  const name = foldName(primaryKey.columns[0]!.name);
  const column = definition.columns.find((candidate) => foldName(candidate.name) === name);
  return column?.type?.toUpperCase() === "INTEGER" && !primaryKey.columns[0]!.descending ? column.name : undefined;
}

function keyColumns(definition: CreateTable, parsed: ParsedStatement): string[] {
  if (definition.primaryKey === undefined) {
    if (definition.withoutRowid) {
      throw errorAt(
        "INVALID",
        `PRIMARY KEY missing on table ${definition.name}`,
        parsed.text,
        definition.at - parsed.start,
      );
    }
    return [];
  }
  const names: string[] = [];
  for (const part of definition.primaryKey.columns) {
    const folded = foldName(part.name);
    const column = definition.columns.find((candidate) => foldName(candidate.name) === folded);
    if (column === undefined) {
      throw errorAt(
        "INVALID",
        `table ${definition.name} has no column named ${part.name}`,
        parsed.text,
        part.at - parsed.start,
      );
    }
    if (part.descending) {
      throw errorAt("UNSUPPORTED", "a descending primary key is not supported", parsed.text, part.at - parsed.start);
    }
    if (!names.includes(column.name)) {
      names.push(column.name);
    }
  }
  return names;
}

interface TableDocument {
  readonly name: string;
  readonly keyspace: number;
  readonly slots: number;
  readonly rowid?: string;
  readonly primaryKey: readonly string[];
  readonly columns: readonly {
    readonly name: string;
    readonly type?: string;
    readonly notNull: boolean;
    readonly slot: number;
    readonly default?: string;
  }[];
}

function decodeTable(json: string): Table {
  let document: TableDocument;
  try {
    document = JSON.parse(json) as TableDocument;
  } catch (error) {
    throw new DbError("CORRUPT", "a table's entry in the catalog is no JSON. Run nacre check", {}, { cause: error });
  }
  const columns = document.columns.map((column, index) => ({
    name: column.name,
    index,
    type: column.type,
    affinity: affinityOfType(column.type),
    notNull: column.notNull,
    slot: column.slot,
    default: column.default === undefined ? undefined : parseDefaultText(column.default),
    defaultText: column.default,
  }));
  const named = (name: string): Column => columns.find((column) => column.name === name)!;
  return {
    name: document.name,
    keyspace: document.keyspace,
    columns,
    slots: document.slots,
    primaryKey: document.primaryKey.map(named),
    rowidColumn: document.rowid === undefined ? undefined : named(document.rowid),
  };
}
