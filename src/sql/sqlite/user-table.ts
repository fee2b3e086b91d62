/** `db.table()`: tables whose rows a generator gives; its parameters are the hidden columns. */
import type { TableFunction, TableFunctionRows } from "../run/table-function.ts";
import { NO_ROWS } from "../run/table-functions.ts";
import { ANY_TYPE, answerInteger, answerNull, answerValue, NULL, type SqlValue, type Tag } from "../value/value.ts";
import type { AnyFunction } from "./definition-options.ts";
import type { ConnectionState } from "./state.ts";
import { type TableDefinition, tableDefinitionOf } from "./table-definition.ts";
import { answerOf, argumentOf, type SqliteValue } from "./values.ts";

export function defineTable(state: ConnectionState, name: unknown, factory: unknown): void {
  if (typeof name !== "string") {
    throw new TypeError("Expected first argument to be a string");
  }
  if (name === "") {
    throw new TypeError("Virtual table module name cannot be an empty string");
  }
  const isDefinition = typeof factory === "object" && factory !== null;
  if (!isDefinition && typeof factory !== "function") {
    throw new TypeError("Expected second argument to be a function or a table definition object");
  }
  const definition = isDefinition ? tableDefinitionOf(factory, "used", name) : undefined;
  state.requireOpen();
  state.requireNotBusy();
  state.requireNoIterators();
  const { functions } = state.session;
  const defaultSafeIntegers = state.safeIntegers;
  if (definition !== undefined) {
    functions.defineTable(name, tableOf(name, definition, defaultSafeIntegers));
    return;
  }
  functions.defineModule(name, (database, table, parameters) => {
    const made = definitionBy(factory as AnyFunction, name, { module: name, database, table }, parameters);
    return tableOf(name, made, defaultSafeIntegers);
  });
}

/** What the application's factory makes of the arguments of CREATE VIRTUAL TABLE. */
function definitionBy(
  factory: AnyFunction,
  module: string,
  receiver: { readonly module: string; readonly database: string; readonly table: string },
  parameters: readonly string[],
): TableDefinition {
  const made: unknown = factory.apply(receiver, [...parameters]);
  if (typeof made !== "object" || made === null) {
    throw new TypeError(`Virtual table module "${module}" did not return a table definition object`);
  }
  return tableDefinitionOf(made, "returned", module);
}

function tableOf(module: string, definition: TableDefinition, defaultSafeIntegers: boolean): TableFunction {
  const { rows, columns, parameters } = definition;
  const safeIntegers = definition.safeIntegers ?? defaultSafeIntegers;
  const column = (name: string, isHidden: boolean) => ({ name, affinity: "BLOB" as const, types: ANY_TYPE, isHidden });
  return {
    name: module,
    columns: [...parameters.map((name) => column(name, true)), ...columns.map((name) => column(name, false))],
    hasRowid: true,
    takesEqualsOnly: true,
    open: (tags, values) =>
      // What is compared with NULL is never equal.
      tags.includes(NULL)
        ? NO_ROWS
        : new GeneratedRows(module, columns, parameters.length, tags, values, () =>
            rows(...argumentsOf(parameters.length, tags, values, safeIntegers)),
          ),
  };
}

function argumentsOf(
  count: number,
  tags: readonly (Tag | undefined)[],
  values: readonly (SqlValue | undefined)[],
  safeIntegers: boolean,
): (SqliteValue | undefined)[] {
  return Array.from({ length: count }, (_, index) => {
    const tag = tags[index];
    return tag === undefined ? undefined : argumentOf(tag, values[index]!, safeIntegers);
  });
}

class GeneratedRows implements TableFunctionRows {
  readonly #module: string;
  readonly #columns: readonly string[];
  readonly #parameters: number;
  readonly #tags: readonly (Tag | undefined)[];
  readonly #values: readonly (SqlValue | undefined)[];
  readonly #iterator: Iterator<unknown>;
  #row: readonly unknown[];
  #rowid: number;

  constructor(
    module: string,
    columns: readonly string[],
    parameters: number,
    tags: readonly (Tag | undefined)[],
    values: readonly (SqlValue | undefined)[],
    begin: () => Iterator<unknown>,
  ) {
    this.#module = module;
    this.#columns = columns;
    this.#parameters = parameters;
    this.#tags = tags;
    this.#values = values;
    this.#iterator = begin();
    this.#row = [];
    this.#rowid = 0;
  }

  next(): boolean {
    const { done, value } = this.#iterator.next();
    if (done === true) {
      return false;
    }
    this.#row = this.#rowOf(value);
    this.#rowid++;
    return true;
  }

  answer(column: number): void {
    if (column < 0) {
      answerInteger(this.#rowid);
    } else if (column >= this.#parameters) {
      answerOf(this.#row[column - this.#parameters], `Virtual table module "${this.#module}" yielded`);
    } else if (this.#tags[column] === undefined) {
      answerNull();
    } else {
      answerValue(this.#tags[column], this.#values[column]!);
    }
  }

  #rowOf(value: unknown): readonly unknown[] {
    if (Array.isArray(value)) {
      if (value.length !== this.#columns.length) {
        this.#fail("a row with an incorrect number of columns");
      }
      return [...value];
    }
    if (typeof value !== "object" || value === null) {
      return this.#fail("something that isn't a valid row object");
    }
    const undeclared = Object.keys(value).find((key) => !this.#columns.includes(key));
    if (undeclared !== undefined) {
      this.#fail(`a row with an undeclared column "${undeclared}"`);
    }
    if (Object.keys(value).length !== this.#columns.length) {
      this.#fail("a row with missing columns");
    }
    return this.#columns.map((name) => (value as Readonly<Record<string, unknown>>)[name]);
  }

  #fail(what: string): never {
    throw new TypeError(`Virtual table module "${this.#module}" yielded ${what}`);
  }
}
