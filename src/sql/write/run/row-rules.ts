/** What a table's definition makes of a row before it is written: affinities, generated columns, NOT NULL, CHECK. */
import type { Column, Table } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Bound } from "../../query/bind/bound.ts";
import type { Evaluate, Test } from "../../query/interpret/evaluate.ts";
import { evaluatorOf, testOf } from "../../query/interpret/expression.ts";
import type { Site } from "../../query/interpret/site.ts";
import { checkFailure, datatypeFailure, notNullFailure } from "../../run/constraint.ts";
import { applyAffinity } from "../../value/affinity.ts";
import { answer, BIG, BLOB, INTEGER, NULL, REAL, type Tag, TEXT } from "../../value/value.ts";
import type { Target } from "../bind/bound.ts";
import type { RecordCursor, RowRecord } from "./record.ts";

export class RowRules {
  readonly #target: Target;
  readonly #cursor: RecordCursor;
  readonly #defaults: readonly (Evaluate | undefined)[];
  readonly #generated: readonly { readonly column: Column; readonly evaluate: Evaluate }[];
  readonly #checks: readonly { readonly name: string; readonly test: Test }[];
  readonly #notNull: readonly Column[];

  constructor(site: Site, target: Target, cursor: RecordCursor) {
    const evaluate = (bound: Bound): Evaluate => evaluatorOf(site, bound);
    this.#target = target;
    this.#cursor = cursor;
    this.#defaults = target.defaults.map((value) => (value === undefined ? undefined : evaluate(value)));
    this.#generated = target.generated.map(({ column, value }) => ({ column, evaluate: evaluate(value) }));
    this.#checks = target.checks.map(({ name, value }) => ({ name, test: testOf(site, value) }));
    // Generated columns behind the others, which they are made of.
    const columns = target.table.columns.filter(({ notNull, slot }) => notNull && slot >= 0);
    this.#notNull = [
      ...columns.filter(({ generated }) => generated === undefined),
      ...columns.filter(({ generated }) => generated !== undefined),
    ];
  }

  /** Puts a column's default where nothing was given. */
  setDefault(record: RowRecord, column: number): void {
    const evaluate = this.#defaults[column];
    if (evaluate === undefined) {
      record.set(column, NULL, null);
    } else {
      evaluate();
      record.take(column);
    }
  }

  /** Makes of each value what its column stores, and works the generated columns out. */
  complete(record: RowRecord): void {
    const { columns } = this.#target.table;
    for (const column of columns) {
      if (column.slot >= 0 && column.generated === undefined) {
        store(this.#target.table, record, column);
      }
    }
    this.generate(record);
  }

  generate(record: RowRecord): void {
    this.#cursor.record = record;
    for (const { column, evaluate } of this.#generated) {
      evaluate();
      record.take(column.index);
      store(this.#target.table, record, column);
    }
  }

  /** False: the row is to be left out. `override` is what the statement says; undefined: each constraint's own. */
  mayBe(record: RowRecord, override: ConflictAction | undefined): boolean {
    return this.#hasNoNulls(record, override) && this.#passesChecks(record, override);
  }

  #hasNoNulls(record: RowRecord, override: ConflictAction | undefined): boolean {
    const { table } = this.#target;
    for (const column of this.#notNull) {
      if (record.tags[column.index] !== NULL) {
        continue;
      }
      const action = override ?? column.notNullConflict ?? "abort";
      if (action === "ignore") {
        return false;
      }
      if (action === "replace") {
        this.setDefault(record, column.index);
        store(table, record, column);
        if (record.tags[column.index] !== NULL) {
          this.generate(record);
          continue;
        }
      }
      throw notNullFailure(table, column, action);
    }
    return true;
  }

  #passesChecks(record: RowRecord, override: ConflictAction | undefined): boolean {
    this.#cursor.record = record;
    for (const { name, test } of this.#checks) {
      if (test() === 0) {
        if (override === "ignore") {
          return false;
        }
        throw checkFailure(name, override);
      }
    }
    return true;
  }
}

function store(table: Table, record: RowRecord, column: Column): void {
  const { index, affinity, strictType } = column;
  applyAffinity(affinity, record.tags[index]!, record.values[index]!);
  record.take(index);
  const { tag } = answer;
  if (strictType !== undefined && strictType !== "ANY" && tag !== NULL && !STRICT_TAGS[strictType].includes(tag)) {
    throw datatypeFailure(table, column, tag);
  }
}

export const STRICT_TAGS: Readonly<Record<"INT" | "INTEGER" | "REAL" | "TEXT" | "BLOB", readonly Tag[]>> = {
  INT: [INTEGER, BIG],
  INTEGER: [INTEGER, BIG],
  REAL: [REAL],
  TEXT: [TEXT],
  BLOB: [BLOB],
};
