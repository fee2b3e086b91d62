/** UPDATE and DELETE: the keys of all rows that they are about, then row by row. */

import { isKeyed } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Builder } from "../../query/interpret/builder.ts";
import { lastOfEach } from "../../query/interpret/external-rows.ts";
import type { HeldRow } from "../../query/interpret/held-row.ts";
import type { Results } from "../../query/interpret/site.ts";
import type { Writing } from "../../run/write-support.ts";
import type { SqlTransaction } from "../../storage.ts";
import { compareValues } from "../../value/compare.ts";
import type { BoundDelete, BoundUpdate } from "../bind/bound.ts";
import { assign } from "./assigner.ts";
import type { Environment } from "./environment.ts";
import type { TableChange } from "./foreign-keys.ts";
import { RecordCursor, RowRecord } from "./record.ts";
import { ReturnedRows } from "./returned-rows.ts";
import { TableWriter } from "./table-writer.ts";
import type { WriteRun } from "./write-run.ts";

export class ChangeRun implements WriteRun {
  readonly returned: ReturnedRows | undefined;
  readonly #bound: BoundUpdate | BoundDelete;
  readonly #writer: TableWriter;
  readonly #writing: Writing;
  readonly #results: Results;
  readonly #site: Builder;
  readonly #tableChange: TableChange;

  constructor(site: Builder, bound: BoundUpdate | BoundDelete, environment: Environment) {
    const { target, query, returning } = bound;
    const { planner, writing } = environment;
    this.#bound = bound;
    this.#writing = writing;
    this.#writer = new TableWriter(site, target, environment);
    this.#results = site.results(planner.plan(query));
    this.#site = site;
    this.#tableChange = {
      event: bound.kind,
      assigned: bound.kind === "update" ? bound.assigned : [],
      isOneRow: false,
    };
    this.returned =
      returning === undefined
        ? undefined
        : new ReturnedRows(site, returning, new RecordCursor(new RowRecord(target.table)), environment);
  }

  run(transaction: SqlTransaction, override: ConflictAction | undefined): void {
    this.#writer.begin(this.#tableChange);
    for (const row of this.#rows()) {
      const before = new RowRecord(this.#bound.target.table);
      this.#setKey(before, row);
      if (this.#bound.target.table.view !== undefined || this.#read(transaction, before)) {
        this.#change(transaction, before, row, override);
      }
    }
  }

  /** False: it is gone, since a row before it took its place. */
  #read(transaction: SqlTransaction, record: RowRecord): boolean {
    const { store } = this.#writer;
    store.writeKey(record);
    return store.read(transaction, store.key.bytes, store.key.length, record);
  }

  #rows(): Iterable<HeldRow> {
    const results = this.#results;
    const { query, keyColumns } = this.#bound;
    try {
      results.open();
      const rows = this.#site.all(results, query.body.columns.length);
      // FROM and ORDER BY say which rows; they are changed in the order of their keys, as in SQLite.
      return this.#mayRepeat || query.ordering.length > 0 ? this.#byKey(rows, keyColumns) : rows;
    } finally {
      results.close();
    }
  }

  /** Joined to several others a row is found several times; SQLite goes by the last. */
  #byKey(rows: Iterable<HeldRow>, keyColumns: number): Iterable<HeldRow> {
    const { spill } = this.#site;
    if (spill !== undefined) {
      return lastOfEach(spill, rows, keyColumns);
    }
    const last = new Map(Array.from(rows, (row) => [keyText(row, keyColumns), row]));
    return [...last.values()].sort((a, b) => compareKeys(a, b, keyColumns));
  }

  get #mayRepeat(): boolean {
    const { query, target } = this.#bound;
    const { body } = query;
    return target.table.view === undefined && body.kind === "core" && body.from?.kind === "join";
  }

  #change(transaction: SqlTransaction, before: RowRecord, row: HeldRow, override: ConflictAction | undefined): void {
    const bound = this.#bound;
    if (bound.kind === "delete") {
      if (this.#writer.delete(transaction, before)) {
        this.#written(transaction, before);
      }
      return;
    }
    const after = new RowRecord(bound.target.table);
    after.copy(before);
    assign(after, bound.assigned, row, bound.keyColumns);
    if (this.#writer.update(transaction, { before, after, assigned: bound.assigned }, override ?? bound.conflict)) {
      this.#written(transaction, after);
    }
  }

  #written(transaction: SqlTransaction, record: RowRecord): void {
    // What triggers do instead is not counted.
    this.#writing.changes += this.#bound.target.table.view === undefined ? 1 : 0;
    this.returned?.add(transaction, record);
  }

  #setKey(record: RowRecord, { tags, values }: HeldRow): void {
    const { table } = this.#bound.target;
    if (!isKeyed(table)) {
      record.setRowid(tags[0]!, values[0]!);
      return;
    }
    for (const [position, { column }] of table.primaryKey.entries()) {
      record.set(column, tags[position]!, values[position]!);
    }
  }
}

function compareKeys(a: HeldRow, b: HeldRow, columns: number): number {
  let order = 0;
  for (let column = 0; order === 0 && column < columns; column++) {
    order = compareValues(a.tags[column]!, a.values[column]!, b.tags[column]!, b.values[column]!);
  }
  return order;
}

/** Another text for every other key: of a number there is one form. */
function keyText({ tags, values }: HeldRow, columns: number): string {
  return JSON.stringify([...tags.slice(0, columns), ...values.slice(0, columns).map(String)]);
}
