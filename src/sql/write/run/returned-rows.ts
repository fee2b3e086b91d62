/** RETURNING: a row of results for each row that is written, kept until the statement is through. */
import { DbError } from "../../../errors.ts";
import type { Builder } from "../../query/interpret/builder.ts";
import { evaluatorOf } from "../../query/interpret/expression.ts";
import { type HeldRow, holdRow } from "../../query/interpret/held-row.ts";
import type { BoundReturning } from "../bind/bound.ts";
import type { RecordCursor, RowRecord } from "./record.ts";

export class ReturnedRows {
  rows: HeldRow[];
  readonly #cursor: RecordCursor;
  readonly #answer: (column: number) => void;
  readonly #columns: number;
  readonly #limit: number;

  constructor(site: Builder, { row, columns }: BoundReturning, cursor: RecordCursor) {
    site.place(row, cursor);
    const evaluators = columns.map(({ value }) => evaluatorOf(site, value));
    this.rows = [];
    this.#cursor = cursor;
    this.#answer = (column) => evaluators[column]!();
    this.#columns = columns.length;
    this.#limit = site.heldRows;
  }

  add(record: RowRecord): void {
    if (this.rows.length === this.#limit) {
      throw new DbError("FULL", `a statement may hold ${this.#limit} rows (option heldRows)`, { limit: this.#limit });
    }
    this.#cursor.record = record;
    this.rows.push(holdRow({ answer: this.#answer }, this.#columns));
  }
}
