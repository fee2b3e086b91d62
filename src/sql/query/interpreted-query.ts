/**
 * A query that is interpreted: bound, planned, and ready to go through its rows as often as it is asked to.
 *
 *   text → parse → bind → plan ─▶ InterpretedQuery ──run(values)──▶ QueryRun ──next()──▶ row
 */

import type { Schema } from "../catalog/schema.ts";
import type { Query } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { Arguments } from "../run/arguments.ts";
import type { Holding } from "../run/holding.ts";
import type { SessionFunctions } from "../run/session-functions.ts";
import type { KeyspaceReader } from "../storage.ts";
import { answer, answered, INTEGER, type SqlValue } from "../value/value.ts";
import { bindExpression } from "./bind/expression.ts";
import { bindQuery } from "./bind/query.ts";
import { StatementScope } from "./bind/scope.ts";
import { Builder } from "./interpret/builder.ts";
import { Execution, type ExecutionForm } from "./interpret/execution.ts";
import { sampleTrial } from "./interpret/sampled-rows.ts";
import type { Results } from "./interpret/site.ts";
import type { Plans, QueryPlan } from "./plan/plan.ts";
import { Planner } from "./plan/planner.ts";
import { Statistics } from "./plan/statistics.ts";

/** What a session says of its queries. */
export interface QueryOptions {
  readonly holding: Holding;
  /** Where the rows of tables are counted, by which plans are chosen. */
  readonly reader: () => KeyspaceReader;
  /** The session's own. */
  readonly functions: SessionFunctions;
}

export class InterpretedQuery {
  /** Names of the result's columns. */
  readonly columns: readonly string[];
  readonly plan: QueryPlan;
  /** The plans of the queries in it. */
  readonly plans: Plans;
  /** Whether it has functions or tables of the session's own. */
  readonly usesSession: boolean;
  /** Over one snapshot it gives the same rows each time, in the same order. */
  readonly isRepeatable: boolean;
  readonly #holding: Holding;

  constructor(parsed: ParsedStatement, query: Query, schema: Schema, options: QueryOptions) {
    const { reader, holding, functions } = options;
    const binders = { expression: bindExpression, query: bindQuery };
    const statement = new StatementScope(parsed, schema, functions, binders);
    const bound = bindQuery(statement.newScope(), query);
    this.usesSession = statement.usesSession;
    this.isRepeatable = !statement.usesSession && !statement.draws;
    this.columns = bound.body.columns.map(({ name }) => name);
    const planner = new Planner(new Statistics(reader, sampleTrial));
    this.plans = planner;
    this.plan = planner.plan(bound);
    this.#holding = holding;
  }

  /**
   * What goes through its rows, with parameters of its own; one execution at a time. `bigints`: every INTEGER is given out as a
   * bigint. Its `form` says whether what it holds may go to disk, and who is told what the parts of the plan do.
   */
  run(values: Arguments, bigints: boolean = false, form: ExecutionForm = {}): QueryRun {
    const execution = new Execution(values, this.#holding, this.plans, form);
    return new QueryRun(execution, new Builder(execution).results(this.plan), this.columns, bigints);
  }
}

const OWN = { configurable: true, enumerable: true, writable: true } as const;

export class QueryRun {
  readonly #execution: Execution;
  readonly #results: Results;
  readonly #columns: readonly string[];
  readonly #bigints: boolean;

  constructor(execution: Execution, results: Results, columns: readonly string[], bigints: boolean) {
    this.#execution = execution;
    this.#results = results;
    this.#columns = columns;
    this.#bigints = bigints;
  }

  /** Puts it before the first row. */
  open(reader: KeyspaceReader): void {
    this.#execution.begin(reader);
    this.#results.open();
  }

  next(): boolean {
    return this.#results.next();
  }

  close(): void {
    this.#results.close();
    this.#execution.end();
  }

  /** A column of the row, which is the caller's own. */
  value(column: number): SqlValue {
    this.#results.answer(column);
    const value = answered();
    if (this.#bigints && answer.tag === INTEGER) {
      return BigInt(value as number);
    }
    return value instanceof Uint8Array ? value.slice() : value;
  }

  array(): SqlValue[] {
    const values: SqlValue[] = [];
    for (let column = 0; column < this.#columns.length; column++) {
      values.push(this.value(column));
    }
    return values;
  }

  /** Of columns with one name the last counts. */
  object(): Record<string, SqlValue> {
    const columns = this.#columns;
    const row: Record<string, SqlValue> = {};
    for (let column = 0; column < columns.length; column++) {
      const name = columns[column]!;
      if (name === "__proto__") {
        Object.defineProperty(row, name, { ...OWN, value: this.value(column) });
      } else {
        row[name] = this.value(column);
      }
    }
    return row;
  }
}
