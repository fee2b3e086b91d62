/**
 * UPDATE and DELETE of all rows that match as a function `change(reader, values, writing, cursor)`; `reader` is the transaction.
 *
 * UPDATE takes the bodies of the columns that it does not set over as they are. Changes are staged while a batch points into the
 * rows, and made after it (run/staging.ts): with the rows, what goes out of indexes and what comes into them. One row that is found
 * by a whole key and keeps its own is changed at once (one-row.ts).
 */
import { assert } from "../../../assert.ts";
import { type Column, isKeyed, keyColumnsOf } from "../../catalog/schema.ts";
import { type Bound, type BoundIndex, columnOf, type Source } from "../../query/bind/bound.ts";
import { visitAll } from "../../query/bind/walk.ts";
import type { RowsPlan } from "../../query/plan/plan.ts";
import { INTEGER_TYPES } from "../../value/value.ts";
import type { BoundDelete, BoundUpdate, Target } from "../../write/bind/bound.ts";
import { writeOperand, writeStored } from "../arena.ts";
import type { Emitter } from "../emitter.ts";
import type { Frame } from "../frame.ts";
import { declare, type Operand, pair, takeAnswer } from "../operand.ts";
import { emitScan, type RowPlace } from "../scan.ts";
import { writingFrame } from "./frame.ts";
import { type EmittedEntry, emitEntry } from "./index-entry.ts";
import { emitRow } from "./insert.ts";
import { emitDeleteOne, emitUpdateOne } from "./one-row.ts";
import { checkRow, completeRow, type Row, storeColumn } from "./row-rules.ts";

export type ScanPlan = Extract<RowsPlan, { kind: "scan" }>;

export interface EmittedChange {
  readonly emitter: Emitter;
  /** It writes once, as its last act. */
  readonly isOneWrite: boolean;
}

export function emitDelete({ target }: BoundDelete, plan: ScanPlan): EmittedChange {
  const frame = writingFrame();
  const { emitter } = frame;
  const { table, indexes } = target;
  const reads = indexes.length === 0 ? [] : columnsOf(plan.source, target);
  if (findsOne(plan)) {
    emitScan(frame, plan, { bounds: reads, isReading: false }, ({ key, skip }) => {
      const old = indexes.length === 0 ? frame : oldFrame(frame, plan.source, target);
      const entries = indexes.map((index) => emitEntry(old, index));
      emitDeleteOne(frame, { table, key: key!, override: undefined, skip }, entries);
    });
    return { emitter, isOneWrite: indexes.length === 0 };
  }
  emitter.line("const { staging } = writing;");
  const body = ({ keyParts }: RowPlace): void => {
    emitter.line(`staging.addKey(${keyParts});`);
    if (indexes.length > 0) {
      const old = oldFrame(frame, plan.source, target);
      for (const index of indexes) {
        emitStagedEntry(emitter, emitEntry(old, index), "addOldEntry");
      }
    }
  };
  emitChange(frame, { target, plan, reads, indexes, action: "abort" }, body, true);
  return { emitter, isOneWrite: false };
}

export function emitUpdate(bound: BoundUpdate, plan: ScanPlan): EmittedChange {
  const frame = writingFrame();
  const { emitter } = frame;
  const { target, conflict: override } = bound;
  const { table } = target;
  const assignments = assignmentsOf(bound);
  const moves = assignments.has(undefined) || keyColumnsOf(table).some((column) => assignments.has(column));
  const changed = changedColumns(target, assignments);
  const indexes = target.indexes.filter((index) => moves || readsAny(index, target, changed));
  // Every column's place, of those that are not set too: their bodies are taken over.
  const reads = [...assignments.values(), ...columnsOf(plan.source, target)];
  const isOne = !moves && findsOne(plan);
  emitter.line(`const { row${isOne ? "" : ", key, staging"} } = writing;`);
  const body = ({ keyParts, key, skip }: RowPlace): void => {
    const before = oldFrame(frame, plan.source, target);
    const after = frame.inner();
    const given = table.columns.map((column): Operand => {
      const value = assignments.get(column);
      return value === undefined
        ? before.column(target.row.columns[column.index]!)
        : storeColumn(frame, target, column, frame.value(value));
    });
    const moved = assignments.get(undefined);
    const rowid = isKeyed(table)
      ? undefined
      : moved === undefined
        ? before.column(target.row.rowid!)
        : emitNewRowid(frame, moved);
    const row = completeRow(after, target, withRowid(given, target, rowid), rowid);
    checkRow(after, target, row, { override, ignore: skip }, changed);
    if (!isOne) {
      emitter.line(`staging.addKey(${keyParts});`);
    }
    if (moves) {
      emitNewKey(frame, target, row, rowid);
    }
    emitRow(emitter, table, (column) => {
      const operand = row[column.index]!;
      changed.has(column) ? writeOperand(emitter, "row", operand) : writeStored(emitter, "row", operand);
    });
    if (isOne) {
      const entries = indexes.map((index) => ({ before: emitEntry(before, index), after: emitEntry(after, index) }));
      emitUpdateOne(frame, { table, key: key!, override, skip }, entries);
      return;
    }
    emitter.line("staging.addRow(row.bytes, row.finish());");
    for (const index of indexes) {
      emitStagedEntry(emitter, emitEntry(before, index), "addOldEntry");
      emitStagedEntry(emitter, emitEntry(after, index), "addNewEntry");
    }
  };
  if (isOne) {
    emitScan(frame, plan, { bounds: reads, isReading: false }, body);
    return { emitter, isOneWrite: indexes.length === 0 };
  }
  emitChange(frame, { target, plan, reads, indexes, action: override }, body, !moves && !readsChanged(plan, indexes));
  return { emitter, isOneWrite: false };
}

/** Whether no more than one row is looked at, by a whole key. */
function findsOne({ access }: ScanPlan): boolean {
  return access.kind === "key" && access.isPoint && access.list === undefined;
}

/** Undefined is the rowid. */
function assignmentsOf({ assigned, query, keyColumns }: BoundUpdate): Map<Column | undefined, Bound> {
  const { columns } = query.body;
  return new Map(assigned.map((column, index) => [column, columns[keyColumns + index]!.value]));
}

/** The columns whose values the update may change. */
function changedColumns({ table }: Target, assignments: ReadonlyMap<Column | undefined, Bound>): ReadonlySet<Column> {
  return new Set(table.columns.filter((column) => assignments.has(column) || column.generated !== undefined));
}

function readsAny({ columns, where }: BoundIndex, { row }: Target, changed: ReadonlySet<Column>): boolean {
  const places = new Set([...changed].map(({ index }) => row.columns[index]));
  let reads = false;
  for (const value of [...columns.map((column) => column.value), ...(where === undefined ? [] : [where])]) {
    visitAll(value, (part) => {
      reads ||= part.kind === "column" && places.has(part.column);
    });
  }
  return reads;
}

/** Whether the scan goes through an index whose entries the update moves: then it might meet a row again. */
function readsChanged({ access }: ScanPlan, indexes: readonly BoundIndex[]): boolean {
  return access.kind !== "key" || indexes.some(({ index }) => index === access.index);
}

/** Everything that the table has, as columns of the source that is scanned. */
function columnsOf(source: Source, { table }: Target): Bound[] {
  const columns = table.columns.map(({ index }) => columnOf(source, source.columns[index]!));
  return source.rowid === undefined || table.rowidColumn !== undefined
    ? columns
    : [...columns, columnOf(source, source.rowid)];
}

/** A frame in which the row as it is has the columns of the target's row. */
function oldFrame(frame: Frame, source: Source, { table, row }: Target): Frame {
  const before = frame.inner();
  for (const { index } of table.columns) {
    before.columns.set(row.columns[index]!, frame.column(source.columns[index]!));
  }
  if (row.rowid !== undefined) {
    before.columns.set(row.rowid, frame.column(source.rowid!));
  }
  return before;
}

function withRowid(given: Row, { table: { rowidColumn } }: Target, rowid: Operand | undefined): Row {
  return given.map((operand, index) => (index === rowidColumn?.index ? rowid! : operand));
}

function emitNewRowid(frame: Frame, value: Bound): Operand {
  const { emitter } = frame;
  const operand = frame.value(value);
  const rowid = declare(emitter, INTEGER_TYPES);
  emitter.line(`${emitter.use("answerGivenRowid")}(${pair(operand)});`);
  takeAnswer(emitter, rowid);
  return rowid;
}

function emitNewKey({ emitter }: Frame, { table }: Target, row: Row, rowid: Operand | undefined): void {
  if (rowid !== undefined) {
    emitter.line(`staging.addNewKey(key.bytes, ${emitter.use("writeRowidKey")}(writing, ${pair(rowid)}));`);
    return;
  }
  emitter.line("key.begin();");
  for (const { column, collation, descending } of table.primaryKey) {
    emitter.line(`key.addOrdered(${pair(row[column]!)}, ${emitter.constant({ collation, descending })});`);
  }
  emitter.line("staging.addNewKey(key.bytes, key.length);");
}

function emitStagedEntry(
  emitter: Emitter,
  { writer, isThere, isExclusive }: EmittedEntry,
  add: "addOldEntry" | "addNewEntry",
): void {
  emitter.line(`staging.${add}(${writer}, ${isThere}, ${isExclusive});`);
}

interface Change {
  readonly target: Target;
  readonly plan: ScanPlan;
  readonly reads: readonly Bound[];
  /** The indexes whose entries are staged. */
  readonly indexes: readonly BoundIndex[];
  readonly action: BoundUpdate["conflict"];
}

function emitChange(
  frame: Frame,
  { target, plan, reads, indexes, action }: Change,
  body: (place: RowPlace) => void,
  appliesBatches: boolean,
): void {
  const { emitter } = frame;
  const { source, access, filters } = plan;
  assert(source.origin.kind === "table", "rows of a table are changed");
  const about = emitter.constant({ table: target.table, indexes: indexes.map(({ index }) => index), action });
  emitter.line(`staging.begin(${indexes.length});`);
  const apply = (): void => emitter.line(`writing.apply(reader, ${about});`);
  const isOneScan = access.kind === "key" && access.list === undefined && !access.isPoint;
  const afterBatch = appliesBatches && isOneScan ? apply : undefined;
  emitScan(frame, { source, access, filters, afterBatch }, { bounds: reads, isReading: false }, body);
  apply();
}
