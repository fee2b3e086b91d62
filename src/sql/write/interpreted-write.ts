/**
 * An INSERT, UPDATE or DELETE that is interpreted: bound, its query planned, and ready to be run as often as it is asked to.
 *
 * It has every kind of constraint, ON CONFLICT, RETURNING and subqueries. What of that compiled code has, too, is told by
 * compile/write/compiled-write.ts.
 */

import type { Schema, Table, View } from "../catalog/schema.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { Delete, Insert, Update } from "../parse/ast/write.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { bindQuery } from "../query/bind/query.ts";
import { type Scope, StatementScope } from "../query/bind/scope.ts";
import { Builder } from "../query/interpret/builder.ts";
import { Execution } from "../query/interpret/execution.ts";
import type { HeldRow } from "../query/interpret/held-row.ts";
import { sampleTrial } from "../query/interpret/sampled-rows.ts";
import type { QueryOptions } from "../query/interpreted-query.ts";
import type { Plans, QueryPlan } from "../query/plan/plan.ts";
import { Planner } from "../query/plan/planner.ts";
import { Statistics } from "../query/plan/statistics.ts";
import type { Arguments } from "../run/arguments.ts";
import { foreignKeyError, resolutionOf } from "../run/constraint.ts";
import type { Holding } from "../run/holding.ts";
import type { Writing } from "../run/write-support.ts";
import type { SqlTransaction } from "../storage.ts";
import type { BoundWrite } from "./bind/bound.ts";
import { bindDelete, bindUpdate } from "./bind/change.ts";
import { bindInsert } from "./bind/insert.ts";
import { BoundTriggers } from "./bind/trigger.ts";
import { writtenView } from "./bind/view-rows.ts";
import { ChangeRun } from "./run/change-run.ts";
import type { Environment } from "./run/environment.ts";
import { ForeignKeys } from "./run/foreign-keys.ts";
import { InsertRun, type RowFunctionAfter } from "./run/insert-run.ts";
import type { WriteRun } from "./run/write-run.ts";

export class InterpretedWrite {
  /** Names of RETURNING's columns. */
  readonly columns: readonly string[] | undefined;
  readonly bound: BoundWrite;
  /** How its rows are found; undefined: DEFAULT VALUES. */
  readonly plan: QueryPlan | undefined;
  readonly hasForeignKeys: boolean;
  /** Whether it, or what its table asks of rows, has functions or tables of the session's own. */
  readonly usesSession: boolean;
  readonly #statement: StatementScope;
  readonly #planner: Planner;
  readonly #triggers: BoundTriggers;
  readonly #holding: Holding;

  constructor(
    parsed: ParsedStatement,
    statement: Insert | Update | Delete,
    target: Table | View,
    schema: Schema,
    { reader, holding, functions }: QueryOptions,
  ) {
    const binders = { expression: bindExpression, query: bindQuery };
    this.#statement = new StatementScope(parsed, schema, functions, binders);
    const table = writtenTable(this.#statement, statement, target);
    this.bound = bindWrite(this.#statement.newScope(), statement, table);
    this.#triggers = new BoundTriggers();
    this.#triggers.add(this.#statement, this.bound);
    this.usesSession = this.#statement.usesSession;
    this.hasForeignKeys = ForeignKeys.isDue(schema, table);
    this.columns = this.bound.returning?.columns.map(({ name }) => name);
    this.#planner = new Planner(new Statistics(reader, sampleTrial));
    this.plan = this.bound.query === undefined ? undefined : this.#planner.plan(this.bound.query);
    this.#holding = holding;
  }

  /** The plans of the queries in it. */
  get plans(): Plans {
    return this.#planner;
  }

  /** What carries it out, with parameters of its own; one execution at a time. `isExternal`: what it holds may go to disk. */
  prepare(
    values: Arguments,
    writing: Writing,
    isExternal: boolean = false,
    rowFunctionAfter: RowFunctionAfter = () => undefined,
  ): PreparedWrite {
    const planner = this.#planner;
    const holding = this.#holding;
    const execution = new Execution(values, holding, planner, { isExternal });
    const environment: Environment = {
      statement: this.#statement,
      planner,
      triggers: this.#triggers,
      writing,
      holding,
      isExternal,
      runOf,
    };
    const site = new Builder(execution);
    const { bound } = this;
    const run =
      bound.kind === "insert"
        ? new InsertRun(site, bound, environment, rowFunctionAfter)
        : runOf(site, bound, environment);
    return new PreparedWrite(execution, run, writing);
  }
}

function writtenTable(scope: StatementScope, statement: Insert | Update | Delete, target: Table | View): Table {
  return "keyspace" in target ? target : writtenView(scope, target, statement);
}

function bindWrite(scope: Scope, statement: Insert | Update | Delete, table: Table): BoundWrite {
  switch (statement.kind) {
    case "insert":
      return bindInsert(scope, statement, table);
    case "update":
      return bindUpdate(scope, statement, table);
    case "delete":
      return bindDelete(scope, statement, table);
  }
}

function runOf(site: Builder, bound: BoundWrite, environment: Environment): WriteRun {
  return bound.kind === "insert" ? new InsertRun(site, bound, environment) : new ChangeRun(site, bound, environment);
}

export class PreparedWrite {
  readonly #execution: Execution;
  readonly #run: WriteRun;
  readonly #writing: Writing;

  constructor(execution: Execution, run: WriteRun, writing: Writing) {
    this.#execution = execution;
    this.#run = run;
    this.#writing = writing;
  }

  /** The rows of RETURNING. */
  run(transaction: SqlTransaction): readonly HeldRow[] {
    const { returned } = this.#run;
    const writing = this.#writing;
    const deferred = writing.deferred.count;
    const { lastRowid } = writing;
    if (returned !== undefined) {
      returned.rows = [];
    }
    this.#execution.begin(transaction);
    try {
      this.#run.run(transaction, undefined);
      if (writing.immediate.count > 0) {
        // SQLite does not insert what is without a parent in the first place.
        writing.lastRowid = lastRowid;
        throw foreignKeyError();
      }
    } catch (error) {
      if (resolutionOf(error) === "abort") {
        writing.deferred.count = deferred;
      } else if (resolutionOf(error) === "fail" && writing.immediate.count > 0) {
        // What FAIL would leave has a row without its parent: nothing is left.
        writing.deferred.count = deferred;
        throw foreignKeyError();
      }
      throw error;
    } finally {
      this.#execution.end();
    }
    return returned?.rows ?? [];
  }
}
