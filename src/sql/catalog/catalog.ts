/**
 * The catalog of one schema in one version: every table, index, view and trigger, read once and parsed from the texts that made them.
 *
 * Tables, indexes and views share one set of names, triggers have another, as in SQLite.
 */
import { DbError } from "../../errors.ts";
import { keyspaceOf, MAIN } from "../databases/keyspace-number.ts";
import type { ParsedStatement, Statement } from "../parse/ast/statement.ts";
import { parseStatement } from "../parse/parser.ts";
import type { KeyspaceReader } from "../storage.ts";
import { type Entry, type KnownEntries, type NumberedEntry, readEntries } from "./entry.ts";
import { indexOf } from "./index-definition.ts";
import { foldName } from "./name.ts";
import type { Index, ListedDatabase, Owner, Reference, Schema, Table, Trigger, View, VirtualTable } from "./schema.ts";
import { constraintIndex, tableShapeOf } from "./table.ts";

export class Catalog implements Schema {
  /** What the schema is called. */
  readonly name: string;
  /** The number of its database, by which its keyspaces are numbered. */
  readonly database: number;
  readonly version: number;
  /** In the order in which they were made: the rows of sqlite_schema. */
  readonly entries: readonly NumberedEntry[];
  /** Of this schema, in whatever version. */
  readonly #known: KnownEntries;
  readonly #tables: Map<string, Table>;
  readonly #views: Map<string, View>;
  readonly #triggers: Map<string, Trigger>;
  readonly #virtualTables: Map<string, VirtualTable>;
  /** The table of each index. */
  readonly #indexes: Map<string, Table>;

  private constructor(
    name: string,
    database: number,
    version: number,
    entries: readonly NumberedEntry[],
    known: KnownEntries,
  ) {
    this.#known = known;
    this.name = name;
    this.database = database;
    this.version = version;
    this.entries = entries;
    this.#tables = new Map();
    this.#views = new Map();
    this.#triggers = new Map();
    this.#virtualTables = new Map();
    this.#indexes = new Map();
    const indexes = indexesByTable(entries);
    for (const entry of entries) {
      this.#add(entry, indexes);
    }
  }

  /** `before` is the same schema in another version: what is as it was there is not parsed again. */
  static read(
    reader: KeyspaceReader,
    name: string = "main",
    database: number = MAIN,
    before: Catalog | undefined = undefined,
  ): Catalog {
    const known: KnownEntries = before === undefined ? new Map() : before.#known;
    return new Catalog(name, database, reader.schemaVersion, readEntries(reader, known), known);
  }

  /** Of a schema that nothing was ever put into. */
  static empty(name: string, database: number): Catalog {
    return new Catalog(name, database, 0, [], new Map());
  }

  /** The same as it is in a transaction that has changed it. */
  readAgain(transaction: KeyspaceReader): Catalog {
    return Catalog.read(transaction, this.name, this.database, this);
  }

  get names(): readonly string[] {
    return [this.name];
  }

  /** Who has one schema alone is asked for no others. */
  get databases(): readonly ListedDatabase[] {
    return [];
  }

  entriesOf(schema: string): readonly NumberedEntry[] {
    return this.#isMeant(schema) ? this.entries : [];
  }

  /** Whether a table or view has the name. */
  has(name: string): boolean {
    const folded = foldName(name);
    return this.#tables.has(folded) || this.#views.has(folded) || this.#virtualTables.has(folded);
  }

  table(schema: string | undefined, name: string): Table | undefined {
    return this.#isMeant(schema) ? this.#tables.get(foldName(name)) : undefined;
  }

  view(schema: string | undefined, name: string): View | undefined {
    return this.#isMeant(schema) ? this.#views.get(foldName(name)) : undefined;
  }

  trigger(schema: string | undefined, name: string): Trigger | undefined {
    return this.#isMeant(schema) ? this.#triggers.get(foldName(name)) : undefined;
  }

  virtualTable(schema: string | undefined, name: string): VirtualTable | undefined {
    return this.#isMeant(schema) ? this.#virtualTables.get(foldName(name)) : undefined;
  }

  /** The index of this name with its table. */
  index(schema: string | undefined, name: string): { readonly index: Index; readonly table: Table } | undefined {
    const folded = foldName(name);
    const table = this.#isMeant(schema) ? this.#indexes.get(folded) : undefined;
    return table === undefined
      ? undefined
      : { index: table.indexes.find((index) => foldName(index.name) === folded)!, table };
  }

  /** In the order in which they were made. */
  tables(): readonly Table[] {
    return [...this.#tables.values()];
  }

  views(): readonly View[] {
    return [...this.#views.values()];
  }

  /** Those of this schema: the table may be in another. */
  triggersOf({ schema, name }: Owner): readonly Trigger[] {
    const folded = foldName(name);
    return [...this.#triggers.values()]
      .filter((trigger) => trigger.tableSchema === schema && foldName(trigger.table) === folded)
      .reverse();
  }

  references({ schema, name }: Owner): readonly Reference[] {
    const folded = foldName(name);
    if (schema !== this.name) {
      return [];
    }
    return this.tables().flatMap((child) =>
      child.foreignKeys.filter((key) => foldName(key.table) === folded).map((key) => ({ table: child, key })),
    );
  }

  /** The number of a new entry. */
  get nextNumber(): number {
    return (this.entries.at(-1)?.number ?? 0) + 1;
  }

  entry(type: Entry["type"], name: string): NumberedEntry | undefined {
    const folded = foldName(name);
    return this.entries.find((entry) => entry.type === type && foldName(entry.name) === folded);
  }

  #isMeant(schema: string | undefined): boolean {
    return schema === undefined || foldName(schema) === this.name;
  }

  #add(entry: NumberedEntry, indexes: IndexesByTable): void {
    const schema = this.name;
    const name = foldName(entry.name);
    switch (entry.type) {
      case "table":
        this.#tables.set(name, knownTable(schema, this.database, entry, indexes.get(name) ?? []));
        break;
      case "index": {
        const table = this.#tables.get(foldName(entry.table))!;
        this.#indexes.set(name, table);
        break;
      }
      case "view": {
        const { definition, statement } = read(entry, "create-view");
        this.#views.set(name, { schema, name: entry.name, statement, definition });
        break;
      }
      case "virtual": {
        const { module, arguments: parameters } = read(entry, "create-virtual-table").statement;
        this.#virtualTables.set(name, {
          schema,
          name: entry.name,
          module: module.name,
          parameters,
          sql: entry.sql!,
        });
        break;
      }
      case "trigger": {
        const { definition, statement } = read(entry, "create-trigger", schema === "temp");
        const { table, tableSchema = schema } = entry;
        this.#triggers.set(name, { schema, name: entry.name, table, tableSchema, statement, definition });
      }
    }
  }
}

/** What was made of an entry: its text parsed, and of a table's with those of its indexes the table. */
const parsed = new WeakMap<Entry, ParsedStatement>();
const tables = new WeakMap<Entry, { readonly indexes: readonly NumberedEntry[]; readonly table: Table }>();

/** By the folded names of their tables, in the order in which they were made. */
type IndexesByTable = ReadonlyMap<string, readonly NumberedEntry[]>;

function indexesByTable(entries: readonly NumberedEntry[]): IndexesByTable {
  const indexes = new Map<string, NumberedEntry[]>();
  for (const entry of entries) {
    if (entry.type === "index") {
      const table = foldName(entry.table);
      const ofTable = indexes.get(table) ?? [];
      ofTable.push(entry);
      indexes.set(table, ofTable);
    }
  }
  return indexes;
}

function knownTable(schema: string, database: number, entry: NumberedEntry, indexes: readonly NumberedEntry[]): Table {
  const known = tables.get(entry);
  if (known?.indexes.length === indexes.length && known.indexes.every((index, i) => index === indexes[i])) {
    return known.table;
  }
  const table = tableOf(schema, database, entry, indexes);
  tables.set(entry, { indexes, table });
  return table;
}

/** With its indexes in the order in which SQLite looks at them: the one made last first, those that replace rows behind the others. */
function tableOf(schema: string, database: number, entry: NumberedEntry, indexes: readonly NumberedEntry[]): Table {
  const { definition, statement } = read(entry, "create-table");
  const { keyspace, slots, firstSlots, columnSlots } = entry;
  const { table, indexes: shapes } = tableShapeOf(definition, statement, {
    schema,
    keyspace: keyspaceOf(database, keyspace!),
    slots: slots!,
    firstSlots: firstSlots!,
    columnSlots: columnSlots!,
  });
  let shape = 0;
  const made = indexes.map((index) => {
    if (index.sql === null) {
      return constraintIndex(table, shapes[shape++]!, keyspaceOf(database, index.keyspace!));
    }
    const { definition: own, statement: create } = read(index, "create-index");
    return indexOf(own, create, table, keyspaceOf(database, index.keyspace!));
  });
  const replacing = made.filter(({ conflict }) => conflict === "replace");
  return {
    ...table,
    indexes: [...made.filter((index) => !replacing.includes(index)).reverse(), ...replacing.reverse()],
  };
}

function read<Kind extends Statement["kind"]>(
  entry: Entry,
  kind: Kind,
  isOfTemporary: boolean = false,
): { readonly definition: ParsedStatement; readonly statement: Extract<Statement, { kind: Kind }> } {
  let definition = parsed.get(entry);
  if (definition === undefined) {
    definition = parseStatement(entry.sql!, isOfTemporary);
    parsed.set(entry, definition);
  }
  const { statement } = definition;
  if (statement.kind !== kind) {
    throw new DbError("CORRUPT", `the catalog's text for ${entry.name} is another kind of statement. Run nacre check`);
  }
  return { definition, statement: statement as Extract<Statement, { kind: Kind }> };
}
