/**
 * The definitions of a catalog, bound: everything that the texts of tables, indexes, views and triggers name has to be there. That
 * is looked at before names are changed (what is broken already cannot be edited), and after.
 */
import { DbError } from "../../../errors.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { type Entry, type NumberedEntry, writeEntry } from "../../catalog/entry.ts";
import { foldName } from "../../catalog/name.ts";
import type { Schema } from "../../catalog/schema.ts";
import type { Schemas } from "../../catalog/schemas.ts";
import { tableShapeOf } from "../../catalog/table.ts";
import type { CreateTable } from "../../parse/ast/definition.ts";
import type { ParsedStatement } from "../../parse/ast/statement.ts";
import { parseStatement } from "../../parse/parser.ts";
import { messageWithoutPlace } from "../../parse/syntax-error.ts";
import { bindExpression } from "../../query/bind/expression.ts";
import { bindIndex } from "../../query/bind/index-expression.ts";
import type { NameObserver } from "../../query/bind/name-observer.ts";
import { bindQuery } from "../../query/bind/query.ts";
import { StatementScope } from "../../query/bind/scope.ts";
import { newRenaming, type StatementNotes } from "../../query/bind/statement-notes.ts";
import type { SessionFunctions } from "../../run/session-functions.ts";
import type { SqlTransaction } from "../../storage.ts";
import { bindTarget, newRecord } from "../../write/bind/target.ts";
import { bindTriggerNames } from "./trigger-names.ts";

/** Entries of one schema. */
export interface PartEntries {
  readonly part: Catalog;
  readonly entries: readonly NumberedEntry[];
}

/**
 * `when` is what SQLite says of the time at which an error was found: "after rename". Tables and indexes come first: SQLite finds
 * what is wrong with them when it reads the new texts, before it looks at views and triggers; with PRAGMA legacy_alter_table it does
 * not look at those.
 */
export function bindDefinitions(
  schemas: Schemas,
  altered: string,
  functions: SessionFunctions,
  when: string,
  observer?: NameObserver,
): void {
  const isStored = ({ type }: Entry): boolean => type === "table" || type === "index";
  // What is temporary may name what is altered.
  for (const part of new Set([schemas.part(altered)!, schemas.temp])) {
    const { entries } = part;
    const isLeft = functions.dialect.altersAsOnce && observer === undefined;
    const others = isLeft ? [] : entries.filter((entry) => !isStored(entry));
    for (const entry of [...entries.filter(isStored), ...others]) {
      if (!foldName(entry.name).startsWith("sqlite_")) {
        explained(entry, when, () => bindDefinition(schemas, part, functions, entry, newRenaming(observer)));
      }
    }
  }
}

/** Puts the entries of both schemas into their places: those of what is altered, and those of the temporary schema. */
export function replaceAll(
  transaction: SqlTransaction,
  temp: SqlTransaction | undefined,
  schemas: Schemas,
  entries: readonly PartEntries[],
  when: string,
): Schemas {
  return entries.reduce((made, { part, entries: own }) => {
    const writer = part === schemas.temp ? (temp ?? transaction) : transaction;
    return own.length === 0 ? made : made.with(replaceEntries(writer, part, own, when));
  }, schemas);
}

/** Puts entries into the places that they have in the catalog; INVALID where what they say cannot be. */
export function replaceEntries(
  transaction: SqlTransaction,
  catalog: Catalog,
  entries: readonly NumberedEntry[],
  when: string,
): Catalog {
  for (const { number, ...entry } of entries) {
    if (entry.type === "table") {
      explained(entry, when, () => checkTable(catalog.name, entry));
    }
    writeEntry(transaction, number, entry);
  }
  return catalog.readAgain(transaction);
}

/** The definition of one table alone. */
export function bindTable(catalog: Catalog, functions: SessionFunctions, name: string, when: string): void {
  const entry = catalog.entry("table", name)!;
  explained(entry, when, () => bindDefinition(catalog, catalog, functions, entry));
}

function checkTable(schema: string, { sql, keyspace, slots, firstSlots, columnSlots }: Entry): void {
  const parsed = parseStatement(sql!);
  tableShapeOf(parsed, parsed.statement as CreateTable, {
    schema,
    keyspace: keyspace!,
    slots: slots!,
    firstSlots: firstSlots!,
    columnSlots: columnSlots!,
  });
}

function explained<T>({ type, name }: Entry, when: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DbError && error.code === "INVALID") {
      const time = when === "" ? "" : ` ${when}`;
      throw new DbError(
        "INVALID",
        `error in ${type} ${name}${time}: ${messageWithoutPlace(error)}`,
        {},
        { cause: error },
      );
    }
    throw error;
  }
}

function bindDefinition(
  schemas: Schema,
  catalog: Catalog,
  functions: SessionFunctions,
  { type, name, sql }: Entry,
  notes?: StatementNotes,
): void {
  const binders = { expression: bindExpression, query: bindQuery };
  const scopeOf = (definition: ParsedStatement): StatementScope =>
    new StatementScope(definition, schemas, functions, binders, notes);
  switch (type) {
    case "table": {
      const table = catalog.table(undefined, name)!;
      bindTarget(scopeOf(table.definition), { ...table, indexes: [] });
      break;
    }
    case "index":
      if (sql !== null) {
        const { table, index } = catalog.index(undefined, name)!;
        const statement = scopeOf(index.definition);
        bindIndex(statement, newRecord(statement, table.name, table), index);
      }
      break;
    case "view": {
      const view = catalog.view(undefined, name)!;
      scopeOf(view.definition).viewQuery(view, 0);
      break;
    }
    case "trigger": {
      const trigger = catalog.trigger(undefined, name)!;
      bindTriggerNames(scopeOf(trigger.definition), trigger);
    }
  }
}
