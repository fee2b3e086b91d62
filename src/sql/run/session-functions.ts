/**
 * Functions that a session has been given, beside those that there are for all: scalar functions, aggregates and tables; and what
 * its pragmas say of how statements are read (dialect.ts).
 *
 * A function is known by its name and how many arguments it takes, so that one name may stand for several. What is defined here
 * goes before what is built in: a call takes the one with as many arguments, then the one with any number of them.
 */
import { DbError } from "../../errors.ts";
import type { VirtualTable } from "../catalog/schema.ts";
import type { ScalarFunction } from "../value/functions/scalar-function.ts";
import type { AggregateFunction } from "./aggregate-function.ts";
import { type Dialect, USUAL_DIALECT } from "./dialect.ts";
import type { TableFunction } from "./table-function.ts";

export type SessionFunction =
  | { readonly kind: "scalar"; readonly function: ScalarFunction }
  | {
      readonly kind: "aggregate";
      readonly function: AggregateFunction;
      /** Whether it may have OVER. */
      readonly isWindow: boolean;
    };

/** Makes the table of a CREATE VIRTUAL TABLE, whose arguments are texts. */
export type TableModule = (schema: string, table: string, parameters: readonly string[]) => TableFunction;

/** In place of a number of arguments: any. */
export const ANY_COUNT = -1;

export class SessionFunctions {
  readonly #calls: Map<string, Map<number, SessionFunction>>;
  readonly #tables: Map<string, TableFunction>;
  readonly #modules: Map<string, TableModule>;
  /** Virtual tables by their schemas and the statements that made them. */
  readonly #made: Map<string, TableFunction>;
  #dialect: Dialect;
  #version: number;

  constructor() {
    this.#calls = new Map();
    this.#tables = new Map();
    this.#modules = new Map();
    this.#made = new Map();
    this.#dialect = USUAL_DIALECT;
    this.#version = 0;
  }

  get dialect(): Dialect {
    return this.#dialect;
  }

  /** What is prepared from now on means something else. */
  speak(changed: Partial<Dialect>): void {
    this.#dialect = { ...this.#dialect, ...changed };
    this.#version++;
  }

  /** Another one whenever something is defined: what was bound before may mean something else now. */
  get version(): number {
    return this.#version;
  }

  define(name: string, count: number, defined: SessionFunction): void {
    const folded = name.toLowerCase();
    const byCount = this.#calls.get(folded) ?? new Map<number, SessionFunction>();
    this.#calls.set(folded, byCount.set(count, defined));
    this.#version++;
  }

  defineTable(name: string, table: TableFunction): void {
    const folded = name.toLowerCase();
    this.#tables.set(folded, table);
    this.#modules.delete(folded);
    this.#version++;
  }

  /** What CREATE VIRTUAL TABLE … USING may name. */
  defineModule(name: string, module: TableModule): void {
    const folded = name.toLowerCase();
    this.#modules.set(folded, module);
    this.#made.clear();
    this.#tables.delete(folded);
    this.#version++;
  }

  /** The function that a call means; undefined: none of the session's. `name` is in lower case. */
  call(name: string, count: number): SessionFunction | undefined {
    const byCount = this.#calls.get(name);
    return byCount?.get(count) ?? byCount?.get(ANY_COUNT);
  }

  /** `name` is in lower case. */
  table(name: string): TableFunction | undefined {
    return this.#tables.get(name);
  }

  /**
   * The rows of a virtual table, made by its module when they are first asked for. INVALID where the session has no such
   * module; what the module throws is thrown.
   */
  virtualTable({ schema, name, module, parameters, sql }: VirtualTable): TableFunction {
    const key = `${schema}.${sql}`;
    const made = this.#made.get(key);
    if (made !== undefined) {
      return made;
    }
    const make = this.module(module);
    if (make === undefined) {
      throw new DbError("INVALID", `no such module: ${module}`);
    }
    const table = make(schema, name, parameters);
    this.#made.set(key, table);
    return table;
  }

  module(name: string): TableModule | undefined {
    return this.#modules.get(name.toLowerCase());
  }

  /** Whether the session has defined something of this name, in lower case. */
  has(name: string): boolean {
    return this.#calls.has(name) || this.#tables.has(name);
  }
}

/** Where there is no session. */
export const NO_FUNCTIONS: SessionFunctions = new SessionFunctions();
