/**
 * What a statement is compiled with, and one function of its text.
 *
 * A query that depends on nothing around it (`WHERE a IN (SELECT …)`, what WITH names) is a function of its own: called once an
 * execution, where its answer is first needed, and kept with the cursor. All functions take the same reader, values and cursor;
 * each reads its parameters by itself.
 */
import type { Bound, BoundQuery } from "../query/bind/bound.ts";
import type { Plans, QueryPlan } from "../query/plan/plan.ts";
import type { Arguments } from "../run/arguments.ts";
import type { KeyspaceReader } from "../storage.ts";
import type { Emitter } from "./emitter.ts";
import type { Operand } from "./operand.ts";

export const QUERY_PARAMETERS = "reader, values, cursor";

export interface StatementOptions {
  /** How many rows or groups the statement may hold. */
  readonly heldRows: number;
  /** In memory, about. */
  readonly heldBytes: number;
  readonly plans: Plans;
  /** What interprets a query that has no compiled form; undefined: it has one. */
  readonly interpreterOf: (plan: QueryPlan) => InterpretedRows | undefined;
}

/** Rows of a query that is interpreted inside of a compiled one. */
export interface InterpretedRows {
  open(reader: KeyspaceReader, values: Arguments): void;
  next(): boolean;
  /** Leaves a column in `answer`. */
  answer(column: number): void;
  close(): void;
}

/** What all functions of a statement have in common. */
export class StatementUnit {
  readonly options: StatementOptions;
  /** Where the cursor keeps what each query, in each form, has given. */
  readonly #kept: Map<BoundQuery, Map<string, { readonly name: string; readonly place: number }>>;
  #scans: number;
  #places: number;

  constructor(options: StatementOptions) {
    this.options = options;
    this.#kept = new Map();
    this.#scans = 0;
    this.#places = 0;
  }

  /** A place for a scan in the cursor. */
  newScan(): number {
    return this.#scans++;
  }

  /** The function that works out a query in a form, and where its answer is kept; `write` writes it the first time. */
  kept(
    query: BoundQuery,
    form: string,
    newName: () => string,
    write: (name: string) => void,
  ): { readonly name: string; readonly place: number } {
    const forms = this.#kept.get(query) ?? new Map<string, { name: string; place: number }>();
    this.#kept.set(query, forms);
    let found = forms.get(form);
    if (found === undefined) {
      found = { name: newName(), place: this.#places++ };
      forms.set(form, found);
      write(found.name);
    }
    return found;
  }
}

/** One function: where it is written, and what it has at its start. */
export class FunctionUnit {
  readonly emitter: Emitter;
  readonly statement: StatementUnit;
  /** Parameters as they were given, and as comparisons convert them. */
  readonly parameters: Map<string, Operand>;
  /** Where the UTF-8 of literals and parameters is. */
  readonly encoded: Map<Bound, string>;

  constructor(emitter: Emitter, statement: StatementUnit) {
    this.emitter = emitter;
    this.statement = statement;
    this.parameters = new Map();
    this.encoded = new Map();
  }

  /** Another function of the same statement. */
  sibling(): FunctionUnit {
    return new FunctionUnit(this.emitter.sibling(), this.statement);
  }
}
