/** INSERT: the rows of its query one after the other, each with its defaults, and what ON CONFLICT makes of those that meet others. */

import type { ConflictAction } from "../../parse/ast/write.ts";
import type { BoundQuery } from "../../query/bind/bound.ts";
import { visitAll } from "../../query/bind/walk.ts";
import type { Builder } from "../../query/interpret/builder.ts";
import { type HeldRow, holdAll, holdRow } from "../../query/interpret/held-row.ts";
import type { Results } from "../../query/interpret/site.ts";
import type { Writing } from "../../run/write-support.ts";
import type { SqlTransaction } from "../../storage.ts";
import { NULL } from "../../value/value.ts";
import type { BoundInsert } from "../bind/bound.ts";
import type { Environment } from "./environment.ts";
import { OnConflict } from "./on-conflict.ts";
import { RecordCursor, RowRecord } from "./record.ts";
import { ReturnedRows } from "./returned-rows.ts";
import { TableWriter } from "./table-writer.ts";
import type { WriteRun } from "./write-run.ts";

export class InsertRun implements WriteRun {
  readonly returned: ReturnedRows | undefined;
  readonly #bound: BoundInsert;
  readonly #writer: TableWriter;
  readonly #writing: Writing;
  readonly #results: Results | undefined;
  readonly #isAtOnce: boolean;
  readonly #columns: number;
  readonly #heldRows: number;
  readonly #onConflict: OnConflict | undefined;

  constructor(site: Builder, bound: BoundInsert, environment: Environment) {
    const { target, query, upserts, returning } = bound;
    const { planner, writing } = environment;
    this.#bound = bound;
    this.#writing = writing;
    this.#writer = new TableWriter(site, target, environment);
    this.#results = query === undefined ? undefined : site.results(planner.plan(query));
    this.#isAtOnce = query !== undefined && !readsNothing(query);
    this.#columns = query?.body.columns.length ?? 0;
    this.#heldRows = site.heldRows;
    this.returned =
      returning === undefined
        ? undefined
        : new ReturnedRows(site, returning, new RecordCursor(new RowRecord(target.table)), environment);
    this.#onConflict =
      upserts.length === 0
        ? undefined
        : new OnConflict(site, upserts, this.#writer, (transaction, updated) => this.#written(transaction, updated));
  }

  run(transaction: SqlTransaction, override: ConflictAction | undefined): void {
    const conflict = override ?? this.#bound.conflict;
    const results = this.#results;
    if (results === undefined) {
      this.#insert(transaction, undefined, conflict);
      return;
    }
    try {
      results.open();
      if (this.#isAtOnce) {
        // All rows before the first is written: the query may read the table.
        for (const row of holdAll(results, this.#columns, this.#heldRows)) {
          this.#insert(transaction, row, conflict);
        }
        return;
      }
      while (results.next()) {
        this.#insert(transaction, holdRow(results, this.#columns), conflict);
      }
    } finally {
      results.close();
    }
  }

  #insert(transaction: SqlTransaction, row: HeldRow | undefined, conflict: ConflictAction | undefined): void {
    const record = new RowRecord(this.#bound.target.table);
    this.#fill(record, row);
    if (this.#writer.insert(transaction, record, conflict, this.#onConflict?.within(transaction, record))) {
      this.#written(transaction, record);
    }
  }

  #written(transaction: SqlTransaction, record: RowRecord): void {
    this.#writing.changes++;
    this.returned?.add(transaction, record);
  }

  #fill(record: RowRecord, row: HeldRow | undefined): void {
    const { columns, rowid, target } = this.#bound;
    for (const [column, place] of columns.entries()) {
      if (place === undefined || row === undefined) {
        this.#writer.rules.setDefault(record, column);
      } else {
        record.set(column, row.tags[place]!, row.values[place]!);
      }
    }
    const alias = target.table.rowidColumn;
    if (rowid !== undefined && row !== undefined && row.tags[rowid] !== NULL) {
      record.setRowid(row.tags[rowid]!, row.values[rowid]!);
    } else if (alias !== undefined) {
      record.setRowid(record.tags[alias.index]!, record.values[alias.index]!);
    }
  }
}

/** VALUES without subqueries reads no table, so its rows can be written as they come. */
function readsNothing({ body }: BoundQuery): boolean {
  if (body.kind !== "values") {
    return false;
  }
  let reads = false;
  for (const cell of body.rows.flat()) {
    visitAll(cell, (part) => {
      reads ||= part.kind === "scalar-query" || part.kind === "exists" || part.kind === "in-query";
    });
  }
  return !reads;
}
