/**
 * A query that is ready to run, in two forms: interpreted, which is there at once, and compiled, which takes V8 150 to 350 µs and
 * is then many times as fast a row. It is compiled once it has looked at so many rows, by the planner's estimate, that compiling
 * would have cost less.
 */

import type { Schema } from "./catalog/schema.ts";
import { CompiledPlans } from "./compile/compiled-plan.ts";
import { type CompiledFunction, compileFunction, SELECT_PARAMETERS, type SelectFunction } from "./compile/function.ts";
import { emitSelect, isResumable, type RowShape } from "./compile/select.ts";
import type { Query } from "./parse/ast/query.ts";
import type { ParsedStatement } from "./parse/ast/statement.ts";
import { InterpretedQuery, type QueryOptions, type QueryRun } from "./query/interpreted-query.ts";
import { InterpretedRows } from "./query/interpreted-rows.ts";
import { COMPILE_COST, costOf, type Plans, type QueryPlan, RUN_COST } from "./query/plan/plan.ts";
import type { Arguments } from "./run/arguments.ts";

/** How queries are carried out: "auto" is interpreted first and compiled when it pays. */
export type Tier = "auto" | "interpreted" | "compiled";

export interface ProgramOptions extends QueryOptions {
  readonly tier: Tier;
}

export class QueryProgram {
  readonly #interpreted: InterpretedQuery;
  readonly #options: ProgramOptions;
  // Most programs run once, and need neither.
  #functions: Map<RowShape, SelectFunction> | undefined;
  #compiled: CompiledPlans | undefined;
  #rowsSeen: number;

  constructor(parsed: ParsedStatement, query: Query, schema: Schema, options: ProgramOptions) {
    this.#interpreted = new InterpretedQuery(parsed, query, schema, options);
    this.#options = options;
    this.#functions = undefined;
    this.#compiled = undefined;
    this.#rowsSeen = 0;
  }

  /** Names of the result's columns. */
  get columns(): readonly string[] {
    return this.#interpreted.columns;
  }

  /** Over one snapshot it gives the same rows each time, in the same order. */
  get isRepeatable(): boolean {
    return this.#interpreted.isRepeatable;
  }

  get plan(): QueryPlan {
    return this.#interpreted.plan;
  }

  /** The plans of the queries in it. */
  get plans(): Plans {
    return this.#interpreted.plans;
  }

  /** The text of the compiled form, with rows as objects; undefined: there is none. */
  get text(): string | undefined {
    return this.#hasCompiledForm() ? this.#compile("object").text : undefined;
  }

  /** What runs the query, counting a run; undefined: it is to be interpreted. */
  functionOf(shape: RowShape): SelectFunction | undefined {
    return this.#functions?.get(shape) ?? (this.#isDue() ? this.#compileFor(shape) : undefined);
  }

  /** The same for a result that is read row by row: where that is made in one go it is interpreted, unless all rows come first anyway. */
  resumableFunctionOf(shape: RowShape): SelectFunction | undefined {
    const { body, ordering } = this.plan;
    const isHeld = ordering.length > 0 || (body.kind === "core" && (body.grouping ?? body.windowing) !== undefined);
    return isHeld || isResumable(this.plan) ? this.functionOf(shape) : undefined;
  }

  /** What interprets it, with parameters of its own; one execution at a time. `isExternal`: what it holds may go to disk. */
  run(values: Arguments, bigints: boolean = false, isExternal: boolean = false): QueryRun {
    return this.#interpreted.run(values, bigints, { isExternal });
  }

  get #compiledPlans(): CompiledPlans {
    this.#compiled ??= new CompiledPlans(this.#interpreted.plans);
    return this.#compiled;
  }

  #isDue(): boolean {
    const { tier } = this.#options;
    if (tier === "interpreted") {
      return false;
    }
    if (tier === "auto") {
      this.#rowsSeen += RUN_COST + costOf(this.plan.body);
      if (this.#rowsSeen < COMPILE_COST) {
        return false;
      }
    }
    return this.#hasCompiledForm();
  }

  /** What the session defines is called by the interpreter alone. */
  #hasCompiledForm(): boolean {
    return !this.#interpreted.usesSession && this.#compiledPlans.has(this.plan);
  }

  #compileFor(shape: RowShape): SelectFunction {
    const { call } = this.#compile(shape);
    this.#functions ??= new Map();
    this.#functions.set(shape, call);
    return call;
  }

  #compile(shape: RowShape): CompiledFunction<SelectFunction> {
    const { holding } = this.#options;
    const { plans } = this.#interpreted;
    const interpreterOf = (plan: QueryPlan) =>
      this.#compiledPlans.has(plan) ? undefined : new InterpretedRows(plan, plans, holding);
    const { rows: heldRows, bytes: heldBytes } = holding;
    const emitter = emitSelect(this.plan, shape, { heldRows, heldBytes, plans, interpreterOf });
    return compileFunction<SelectFunction>(emitter, "select", SELECT_PARAMETERS);
  }
}
