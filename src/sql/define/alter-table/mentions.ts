/**
 * Where the texts of a catalog mention a column or a table: what binding its definitions tells, and beside that the names that are
 * not bound, since they stand where nothing else can be meant: those that definitions themselves define and list.
 */
import type { Catalog } from "../../catalog/catalog.ts";
import type { Entry, NumberedEntry } from "../../catalog/entry.ts";
import { foldName } from "../../catalog/name.ts";
import type { Column, Table } from "../../catalog/schema.ts";
import type { Constraint, CreateIndex, CreateTable, ForeignKey } from "../../parse/ast/definition.ts";
import type { Name } from "../../parse/ast/query.ts";
import type { ParsedStatement } from "../../parse/ast/statement.ts";
import { partsOfName } from "../../parse/dotted-name.ts";
import type { NameObserver } from "../../query/bind/name-observer.ts";
import type { Alteration } from "./alteration.ts";
import { bindDefinitions, type PartEntries } from "./definitions.ts";
import { replaceNames } from "./replace-names.ts";

/** Offsets of names in texts. */
class Mentions {
  readonly #offsets: Map<ParsedStatement, Set<number>>;

  constructor() {
    this.#offsets = new Map();
  }

  add(text: ParsedStatement, offset: number): void {
    const offsets = this.#offsets.get(text) ?? new Set();
    offsets.add(offset);
    this.#offsets.set(text, offsets);
  }

  addNamed(text: ParsedStatement, names: readonly Name[], name: string): void {
    for (const { at } of names.filter((candidate) => isSameName(candidate.name, name))) {
      this.add(text, at);
    }
  }

  /** The entries whose texts mention it, with the new name instead: those of the schema, and temporary ones. */
  renamed({ catalog, schemas }: Alteration, name: string, isQuoted: boolean): PartEntries[] {
    return [...new Set([catalog, schemas.temp])].map((part) => ({
      part,
      entries: this.#renamedIn(part, name, isQuoted),
    }));
  }

  #renamedIn(catalog: Catalog, name: string, isQuoted: boolean): NumberedEntry[] {
    return catalog.entries.flatMap((entry) => {
      const definition = entry.sql === null ? undefined : definitionOf(catalog, entry);
      const offsets = definition === undefined ? undefined : this.#offsets.get(definition);
      return offsets === undefined ? [] : [{ ...entry, sql: replaceNames(entry.sql!, offsets, name, isQuoted) }];
    });
  }
}

/** The entries that have to change when a column gets another name. */
export function renamedColumn(alteration: Alteration, column: Column, to: string, isQuoted: boolean): PartEntries[] {
  const { catalog, schemas, functions, table } = alteration;
  const mentions = new Mentions();
  const observer: NameObserver = {
    column: (text, at, { keyspace }, { index }) => {
      if (keyspace === table.keyspace && index === column.index) {
        mentions.add(text, partsOfName(text.text, at).at(-1)!);
      }
    },
    table: () => undefined,
  };
  bindDefinitions(schemas, catalog.name, functions, "", observer);
  addDefinedColumn(mentions, table, column);
  for (const child of catalog.tables()) {
    for (const { referenced } of foreignKeysTo(child, table)) {
      mentions.addNamed(child.definition, referenced ?? [], column.name);
    }
  }
  for (const index of table.indexes) {
    if (index.definition.statement.kind === "create-index") {
      addIndexedColumn(mentions, index.definition, index.definition.statement, column);
    }
  }
  for (const { definition, statement } of schemas.triggersOf(table)) {
    mentions.addNamed(definition, statement.columns ?? [], column.name);
  }
  return mentions.renamed(alteration, to, isQuoted);
}

/**
 * The same of a table, whose new name SQLite always puts into quotes. With PRAGMA legacy_alter_table only what belongs to the table is
 * changed, and REFERENCES where foreign keys are kept.
 */
export function renamedTable(alteration: Alteration, to: string, keepsForeignKeys: boolean): PartEntries[] {
  const { catalog, schemas, functions, table } = alteration;
  const { altersAsOnce } = functions.dialect;
  const mentions = new Mentions();
  const observer: NameObserver = {
    column: (text, at, _table, _column, namesake) => {
      const qualifier = namesake?.keyspace === table.keyspace ? partsOfName(text.text, at).at(-2) : undefined;
      if (qualifier !== undefined) {
        mentions.add(text, qualifier);
      }
    },
    table: (text, at, { keyspace }) => {
      if (keyspace === table.keyspace) {
        mentions.add(text, at);
      }
    },
  };
  if (!altersAsOnce) {
    bindDefinitions(schemas, catalog.name, functions, "", observer);
  }
  mentions.add(table.definition, createdOf(table).at);
  for (const child of altersAsOnce && !keepsForeignKeys ? [] : catalog.tables()) {
    for (const { tableAt } of foreignKeysTo(child, table)) {
      mentions.add(child.definition, tableAt);
    }
  }
  for (const { definition } of table.indexes) {
    if (definition.statement.kind === "create-index") {
      mentions.add(definition, definition.statement.table.at);
    }
  }
  for (const { definition, statement } of schemas.triggersOf(table)) {
    mentions.add(definition, statement.table.at);
  }
  return mentions.renamed(alteration, to, true);
}

/** Where the table's own text defines the column, and where its constraints list it. */
function addDefinedColumn(mentions: Mentions, { definition, ...table }: Table, column: Column): void {
  const { columns, constraints } = createdOf({ definition });
  mentions.add(definition, columns[column.index]!.at);
  for (const constraint of constraints) {
    if (constraint.kind !== "check") {
      mentions.addNamed(definition, constraint.columns, table.columns[column.index]!.name);
    }
  }
}

/** A text stands for the column of that name, too. */
function addIndexedColumn(
  mentions: Mentions,
  definition: ParsedStatement,
  { columns }: CreateIndex,
  { name }: Column,
): void {
  for (const { expression } of columns) {
    if (expression.kind === "text" && isSameName(expression.value, name)) {
      mentions.add(definition, expression.at);
    }
    if (expression.kind === "name" && isSameName(expression.column, name)) {
      mentions.add(definition, partsOfName(definition.text, expression.at).at(-1)!);
    }
  }
}

function foreignKeysTo(child: Table, { name }: Table): ForeignKey[] {
  const isToTable = (constraint: Constraint): constraint is ForeignKey =>
    constraint.kind === "foreign-key" && isSameName(constraint.table, name);
  return createdOf(child).constraints.filter(isToTable);
}

function createdOf({ definition }: Pick<Table, "definition">): CreateTable {
  return definition.statement as CreateTable;
}

/** Undefined: it mentions nothing. */
function definitionOf(catalog: Catalog, { type, name }: Entry): ParsedStatement | undefined {
  switch (type) {
    case "table":
      return catalog.table(undefined, name)!.definition;
    case "index":
      return catalog.index(undefined, name)!.index.definition;
    case "view":
      return catalog.view(undefined, name)!.definition;
    case "trigger":
      return catalog.trigger(undefined, name)!.definition;
    case "virtual":
      return undefined;
  }
}

function isSameName(a: string, b: string): boolean {
  return foldName(a) === foldName(b);
}
