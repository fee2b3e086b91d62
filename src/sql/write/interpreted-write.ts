/**
 * An INSERT, UPDATE or DELETE that is interpreted: bound, its query planned, and ready to be run as often as it is asked to.
 *
 * It has every kind of constraint, ON CONFLICT, RETURNING and subqueries. Compiled code (compile/write.ts) writes to tables that
 * have nothing of that.
 */
import type { Schema, Table } from "../catalog/schema.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { Delete, Insert, Update } from "../parse/ast/write.ts";
import { bindExpression } from "../query/bind/expression.ts";
import { bindQuery } from "../query/bind/query.ts";
import { StatementScope } from "../query/bind/scope.ts";
import { Builder } from "../query/interpret/builder.ts";
import { Execution } from "../query/interpret/execution.ts";
import type { HeldRow } from "../query/interpret/held-row.ts";
import { Planner } from "../query/plan/planner.ts";
import type { Arguments } from "../run/arguments.ts";
import type { Writing } from "../run/write-support.ts";
import type { KeyspaceReader, SqlTransaction } from "../storage.ts";
import type { BoundWrite } from "./bind/bound.ts";
import { bindDelete, bindUpdate } from "./bind/change.ts";
import { bindInsert } from "./bind/insert.ts";
import { ChangeRun } from "./run/change-run.ts";
import { InsertRun } from "./run/insert-run.ts";
import type { WriteRun } from "./run/write-run.ts";

export class InterpretedWrite {
  /** Names of RETURNING's columns. */
  readonly columns: readonly string[] | undefined;
  readonly #bound: BoundWrite;
  readonly #planner: Planner;
  readonly #heldRows: number;

  /** `reader` counts the rows of tables, by which plans are chosen. */
  constructor(
    parsed: ParsedStatement,
    statement: Insert | Update | Delete,
    table: Table,
    schema: Schema,
    reader: KeyspaceReader,
    heldRows: number,
  ) {
    const scope = new StatementScope(parsed, schema, { expression: bindExpression, query: bindQuery }).newScope();
    this.#bound =
      statement.kind === "insert"
        ? bindInsert(scope, statement, table)
        : statement.kind === "update"
          ? bindUpdate(scope, statement, table)
          : bindDelete(scope, statement, table);
    this.columns = this.#bound.returning?.columns.map(({ name }) => name);
    this.#planner = new Planner((counted) => reader.count(counted.keyspace));
    this.#heldRows = heldRows;
  }

  /** What carries it out, with parameters of its own; one execution at a time. */
  prepare(values: Arguments, writing: Writing): PreparedWrite {
    const planner = this.#planner;
    const execution = new Execution(values, this.#heldRows, (query) => planner.plan(query));
    const site = new Builder(execution);
    const bound = this.#bound;
    const planOf = execution.planOf;
    const run =
      bound.kind === "insert"
        ? new InsertRun(site, bound, writing, planOf)
        : new ChangeRun(site, bound, writing, planOf);
    return new PreparedWrite(execution, run);
  }
}

export class PreparedWrite {
  readonly #execution: Execution;
  readonly #run: WriteRun;

  constructor(execution: Execution, run: WriteRun) {
    this.#execution = execution;
    this.#run = run;
  }

  /** The rows of RETURNING. */
  run(transaction: SqlTransaction): readonly HeldRow[] {
    const { returned } = this.#run;
    if (returned !== undefined) {
      returned.rows = [];
    }
    this.#execution.begin(transaction);
    try {
      this.#run.run(transaction);
    } finally {
      this.#execution.end();
    }
    return returned?.rows ?? [];
  }
}
