/** What a table of `db.table()` is, checked as better-sqlite3 checks it. */
import type { AnyFunction } from "./definition-options.ts";
import { lengthOf } from "./definition-options.ts";

export interface VirtualTableOptions {
  /** A generator of rows: arrays of the columns' values, or objects. */
  // biome-ignore lint/suspicious/noExplicitAny: it is the application's, and takes what it takes
  rows: (...parameters: any[]) => Generator;
  columns: string[];
  /** Names of the generator's parameters: hidden columns. `$1`, `$2` … unless given. */
  parameters?: string[] | undefined;
  safeIntegers?: boolean | undefined;
  directOnly?: boolean | undefined;
}

export interface TableDefinition {
  readonly rows: AnyFunction;
  readonly columns: readonly string[];
  readonly parameters: readonly string[];
  readonly safeIntegers: boolean | undefined;
}

const MOST_PARAMETERS = 32;
const GENERATOR_PROTOTYPE: unknown = Object.getPrototypeOf(function* () {
  // Its prototype alone is of interest.
});

/** `verb` says how it came: "used" or "returned". */
export function tableDefinitionOf(definition: object, verb: string, module: string): TableDefinition {
  const fail = (what: string, Kind: ErrorConstructor = TypeError): never => {
    throw new Kind(`Virtual table module "${module}" ${verb} a table definition ${what}`);
  };
  const given = definition as Readonly<Record<string, unknown>>;
  for (const key of ["rows", "columns"]) {
    if (!Object.hasOwn(given, key)) {
      fail(`without a "${key}" property`);
    }
  }
  const { rows } = given;
  if (typeof rows !== "function" || Object.getPrototypeOf(rows) !== GENERATOR_PROTOTYPE) {
    fail('with an invalid "rows" property (should be a generator function)');
  }
  const columns = names(given.columns) ?? fail('with an invalid "columns" property (should be an array of strings)');
  if (columns.length !== new Set(columns).size) {
    fail("with duplicate column names");
  }
  if (columns.length === 0) {
    fail("with zero columns", RangeError);
  }
  const parameters = Object.hasOwn(given, "parameters")
    ? (names(given.parameters) ?? fail('with an invalid "parameters" property (should be an array of strings)'))
    : Array.from({ length: lengthOf(rows as { length: unknown }) }, (_, index) => `$${index + 1}`);
  if (parameters.length !== new Set(parameters).size) {
    fail("with duplicate parameter names");
  }
  if (parameters.length > MOST_PARAMETERS) {
    fail(`with more than the maximum number of ${MOST_PARAMETERS} parameters`, RangeError);
  }
  const ambiguous = parameters.find((parameter) => columns.includes(parameter));
  if (ambiguous !== undefined) {
    fail(`with column "${ambiguous}" which was ambiguously defined as both a column and parameter`);
  }
  const flag = (key: string): boolean | undefined => {
    const value = Object.hasOwn(given, key) ? given[key] : undefined;
    return typeof value === "boolean" || !Object.hasOwn(given, key)
      ? (value as boolean | undefined)
      : fail(`with an invalid "${key}" property (should be a boolean)`);
  };
  const safeIntegers = flag("safeIntegers");
  flag("directOnly");
  return { rows: rows as AnyFunction, columns, parameters, safeIntegers };
}

function names(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const list: string[] = [];
  for (const name of value as unknown[]) {
    if (typeof name !== "string") {
      return undefined;
    }
    list.push(name);
  }
  return list;
}
