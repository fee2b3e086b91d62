/** RETURNING: a row of results for each row that is written, kept until the statement is through. */
import { DbError } from "../../../errors.ts";
import { Builder } from "../../query/interpret/builder.ts";
import { Execution } from "../../query/interpret/execution.ts";
import { evaluatorOf } from "../../query/interpret/expression.ts";
import { type HeldRow, holdRow } from "../../query/interpret/held-row.ts";
import type { SqlTransaction } from "../../storage.ts";
import type { BoundReturning } from "../bind/bound.ts";
import type { Environment } from "./environment.ts";
import type { RecordCursor, RowRecord } from "./record.ts";

export class ReturnedRows {
  rows: HeldRow[];
  readonly #cursor: RecordCursor;
  readonly #answer: (column: number) => void;
  readonly #columns: number;
  readonly #limit: number;

  readonly #execution: Execution;

  /** Subqueries are asked for each row: they see what was written before it. */
  constructor(around: Builder, { row, columns }: BoundReturning, cursor: RecordCursor, environment: Environment) {
    const { holding, isExternal, planner } = environment;
    const { heldRows, values } = around;
    const execution = new Execution(values, holding, planner, { isExternal });
    const site = new Builder(execution, around);
    site.place(row, cursor);
    const evaluators = columns.map(({ value }) => evaluatorOf(site, value));
    this.rows = [];
    this.#cursor = cursor;
    this.#answer = (column) => evaluators[column]!();
    this.#columns = columns.length;
    this.#limit = heldRows;
    this.#execution = execution;
  }

  add(transaction: SqlTransaction, record: RowRecord): void {
    if (this.rows.length === this.#limit) {
      throw new DbError("FULL", `a statement may hold ${this.#limit} rows (option heldRows)`, { limit: this.#limit });
    }
    this.#cursor.record = record;
    this.#execution.begin(transaction);
    try {
      this.rows.push(holdRow({ answer: this.#answer }, this.#columns));
    } finally {
      this.#execution.end();
    }
  }
}
