/** INSERT: the rows of its query one after the other, each with its defaults, and what ON CONFLICT makes of those that meet others. */

import type { ConflictAction } from "../../parse/ast/write.ts";
import type { BoundQuery } from "../../query/bind/bound.ts";
import { asksQueries } from "../../query/bind/walk.ts";
import type { Builder } from "../../query/interpret/builder.ts";
import { type HeldRow, holdRow } from "../../query/interpret/held-row.ts";
import type { Results } from "../../query/interpret/site.ts";
import { Arguments } from "../../run/arguments.ts";
import type { Writing } from "../../run/write-support.ts";
import type { SqlTransaction } from "../../storage.ts";
import { NULL } from "../../value/value.ts";
import type { BoundInsert } from "../bind/bound.ts";
import type { Environment } from "./environment.ts";
import type { TableChange } from "./foreign-keys.ts";
import { OnConflict } from "./on-conflict.ts";
import { RecordCursor, RowRecord } from "./record.ts";
import { ReturnedRows } from "./returned-rows.ts";
import { TableWriter } from "./table-writer.ts";
import type { WriteRun } from "./write-run.ts";

/** What inserts a row whose cells are its values, compiled; undefined: there is nothing like that (yet). */
export type RowFunction = (transaction: SqlTransaction, cells: Arguments, writing: Writing) => number;
/** Asked when so many rows were interpreted. */
export type RowFunctionAfter = (rows: number) => RowFunction | undefined;

/** How many rows are interpreted between two questions whether there is a compiled form. */
const ROWS_BETWEEN = 16;

export class InsertRun implements WriteRun {
  readonly returned: ReturnedRows | undefined;
  readonly #bound: BoundInsert;
  readonly #writer: TableWriter;
  readonly #writing: Writing;
  readonly #results: Results | undefined;
  readonly #isAtOnce: boolean;
  readonly #columns: number;
  readonly #site: Builder;
  readonly #tableChange: TableChange;
  readonly #onConflict: OnConflict | undefined;

  readonly #rowFunctionAfter: RowFunctionAfter;
  readonly #cells: Arguments;
  #rowFunction: RowFunction | undefined;
  #interpreted: number;

  constructor(
    site: Builder,
    bound: BoundInsert,
    environment: Environment,
    rowFunctionAfter: RowFunctionAfter = () => undefined,
  ) {
    const { target, query, upserts, returning } = bound;
    const { planner, writing } = environment;
    this.#bound = bound;
    this.#writing = writing;
    this.#writer = new TableWriter(site, target, environment);
    this.#results = query === undefined ? undefined : site.results(planner.plan(query));
    this.#isAtOnce = query !== undefined && !readsNothing(query);
    this.#columns = query?.body.columns.length ?? 0;
    this.#site = site;
    this.#tableChange = { event: "insert", assigned: [], isOneRow: isOneRow(query) };
    this.#rowFunctionAfter = rowFunctionAfter;
    this.#cells = new Arguments(Array.from({ length: this.#columns }, () => undefined));
    this.#rowFunction = undefined;
    this.#interpreted = 0;
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
    this.#writer.begin(this.#tableChange);
    if (results === undefined) {
      this.#insert(transaction, undefined, conflict);
      return;
    }
    try {
      results.open();
      if (this.#isAtOnce) {
        // All rows before the first is written: the query may read the table.
        for (const row of this.#site.all(results, this.#columns)) {
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
    if (row !== undefined && this.#insertCompiled(transaction, row)) {
      return;
    }
    const record = new RowRecord(this.#bound.target.table);
    this.#fill(record, row);
    if (this.#writer.insert(transaction, record, conflict, this.#onConflict?.within(transaction, record))) {
      this.#written(transaction, record);
    }
  }

  /** False: it is to be interpreted. */
  #insertCompiled(transaction: SqlTransaction, { tags, values }: HeldRow): boolean {
    if (this.#rowFunction === undefined) {
      this.#interpreted++;
      if (this.#interpreted % ROWS_BETWEEN !== 0) {
        return false;
      }
      this.#rowFunction = this.#rowFunctionAfter(ROWS_BETWEEN);
      if (this.#rowFunction === undefined) {
        return false;
      }
    }
    const cells = this.#cells;
    for (let column = 0; column < tags.length; column++) {
      cells.setTagged(column, tags[column]!, values[column]!);
    }
    this.#writing.changes += this.#rowFunction(transaction, cells, this.#writing);
    return true;
  }

  #written(transaction: SqlTransaction, record: RowRecord): void {
    // What triggers do instead is not counted.
    this.#writing.changes += this.#bound.target.table.view === undefined ? 1 : 0;
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

function isOneRow(query: BoundQuery | undefined): boolean {
  return query === undefined || (query.body.kind === "values" && query.body.rows.length === 1);
}

/** VALUES without subqueries reads no table, so its rows can be written as they come. */
function readsNothing({ body }: BoundQuery): boolean {
  return body.kind === "values" && !body.rows.flat().some(asksQueries);
}
