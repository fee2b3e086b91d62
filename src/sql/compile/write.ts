/**
 * INSERT, UPDATE and DELETE as functions.
 *
 *   insert(reader, values, writing)           one row; `reader` is the transaction
 *   change(reader, values, writing, cursor)   UPDATE and DELETE of all rows that match
 *
 * A row is encoded where it will be copied from, column by column, without a value in between. UPDATE takes the bodies of
 * the columns that it does not set over as they are. Changes are staged while a batch points into the rows, and made
 * after it (staging.ts).
 */
import type { Bound } from "../bind/bound.ts";
import type { BoundDelete, BoundInsert, BoundUpdate } from "../bind/write.ts";
import { type Column, keyColumnsOf, type Table } from "../catalog/schema.ts";
import { type Access, chooseAccess } from "../plan/access.ts";
import { ANY_TYPE, INTEGER, INTEGER_TYPES, NULL, REAL, TEXT } from "../value/value.ts";
import { loadColumn } from "./column.ts";
import { Emitter } from "./emitter.ts";
import { newFrame } from "./expression.ts";
import { type Frame, store } from "./frame.ts";
import { declare, isTag, type Operand, pair, takeAnswer } from "./operand.ts";
import { emitSource, type RowPlace } from "./source.ts";

export function emitInsert(bound: BoundInsert): Emitter {
  const emitter = new Emitter();
  const frame = newFrame(emitter);
  const { table, conflict } = bound;
  emitter.line("const { row, key } = writing;");
  const stored = new Map<Column, Operand>();
  for (const column of table.columns) {
    const value = frame.value(bound.values[column.index]!);
    if (column.slot < 0) {
      stored.set(column, value);
      continue;
    }
    const operand = store(emitter, value, column.affinity);
    stored.set(column, operand);
    if (column.notNull) {
      const action = conflict === "ignore" ? "return 0;" : notNullFailure(emitter, table, column);
      emitter.when(isTag(operand, NULL), () => emitter.line(action));
    }
  }
  const length = emitter.number("length");
  const isGiven = emitInsertKey(frame, bound, stored, length);
  const exists = `reader.get(${table.keyspace}, key.bytes, 0, ${length})`;
  if (conflict !== "replace" && isGiven !== "false") {
    const action = conflict === "ignore" ? "return 0;" : `${emitter.use("failUnique")}(${emitter.constant(table)});`;
    emitter.line(`if (${isGiven === "true" ? "" : `${isGiven} && `}${exists}) ${action}`);
  }
  emitter.line(`row.begin(${table.slots});`);
  emitSlots(emitter, table, (column) => writeOperand(emitter, stored.get(column)!));
  emitter.line("const size = row.finish();");
  emitter.line(`reader.put(${table.keyspace}, key.bytes, 0, ${length}, row.bytes, 0, size);`);
  emitter.line("return 1;");
  return emitter;
}

/** Works out cells that are neither literals nor parameters, into `cells`. */
export function emitCells(cells: readonly Bound[]): Emitter {
  const emitter = new Emitter();
  const frame = newFrame(emitter);
  cells.forEach((cell, index) => {
    emitter.line(`cells.setTagged(${index}, ${pair(frame.value(cell))});`);
  });
  return emitter;
}

/** Writes the key of the new row; the condition under which another row can have it. */
function emitInsertKey(frame: Frame, bound: BoundInsert, stored: ReadonlyMap<Column, Operand>, length: string): string {
  const { emitter } = frame;
  const { table } = bound;
  if (table.primaryKey.length > 0) {
    emitKeyColumns(emitter, table, (column) => stored.get(column)!);
    emitter.line(`${length} = key.length;`);
    return "true";
  }
  const given =
    bound.rowid !== undefined
      ? frame.value(bound.rowid)
      : table.rowidColumn === undefined
        ? undefined
        : stored.get(table.rowidColumn)!;
  const rowid = declare(emitter, INTEGER_TYPES);
  const answerRowid = `writing.answerRowid(reader, ${emitter.constant(table)}, ${given === undefined ? "0, null" : pair(given)})`;
  emitter.line(`const isGreatest = ${answerRowid};`);
  takeAnswer(emitter, rowid);
  emitter.line(`${length} = ${emitter.use("writeRowidKey")}(writing, ${pair(rowid)});`);
  return given === undefined ? "false" : "!isGreatest";
}

function emitKeyColumns(emitter: Emitter, table: Table, operandOf: (column: Column) => Operand): void {
  emitter.line("key.begin();");
  for (const column of keyColumnsOf(table)) {
    emitter.line(`key.add(${pair(operandOf(column))});`);
  }
}

function notNullFailure(emitter: Emitter, table: Table, column: Column): string {
  return `${emitter.use("failNotNull")}(${emitter.constant(table)}, ${emitter.constant(column)});`;
}

/** Writes all slots of a row in order; those that no column has any more are NULL. */
function emitSlots(emitter: Emitter, table: Table, write: (column: Column) => void): void {
  for (let slot = 0; slot < table.slots; slot++) {
    const column = table.columns.find((candidate) => candidate.slot === slot);
    if (column === undefined) {
      emitter.line("row.addNull();");
    } else {
      write(column);
    }
  }
}

function writeOperand(emitter: Emitter, operand: Operand): void {
  emitter.branches([
    [isTag(operand, INTEGER), () => emitter.line(`row.addInteger(${operand.number});`)],
    [isTag(operand, TEXT), () => emitter.line(`row.addText(${operand.other});`)],
    [isTag(operand, REAL), () => emitter.line(`row.addReal(${operand.number});`)],
    ["true", () => emitter.line(`row.add(${operand.tag}, ${operand.other});`)],
  ]);
}

export interface ChangePlan {
  readonly access: Access;
  readonly filters: readonly Bound[];
}

export function planChange(bound: BoundUpdate | BoundDelete): ChangePlan {
  return chooseAccess(bound.table, bound.where);
}

export function emitDelete(bound: BoundDelete): Emitter {
  const emitter = new Emitter();
  emitter.line("const { staging } = writing;");
  emitChange(newFrame(emitter), bound, [], ({ keyParts }) => emitter.line(`staging.addKey(${keyParts});`), true);
  return emitter;
}

export function emitUpdate(bound: BoundUpdate): Emitter {
  const emitter = new Emitter();
  const frame = newFrame(emitter);
  const { table, assignments, rowid } = bound;
  emitter.line("const { row, key, staging } = writing;");
  const movesRows = rowid !== undefined || keyColumnsOf(table).some((column) => assignments.has(column));
  const reads = [...assignments.values(), ...(rowid === undefined ? [] : [rowid])];
  const body = ({ keyParts }: RowPlace): void => {
    loadAll(frame, table);
    const stored = new Map<Column, Operand>();
    for (const [column, value] of assignments) {
      const operand = store(emitter, frame.value(value), column.affinity);
      stored.set(column, operand);
      if (column.notNull) {
        emitter.when(isTag(operand, NULL), () => emitter.line(notNullFailure(emitter, table, column)));
      }
    }
    emitter.line(`staging.addKey(${keyParts});`);
    if (rowid !== undefined) {
      emitNewRowid(frame, rowid);
    } else if (movesRows) {
      emitKeyColumns(emitter, table, (column) => stored.get(column) ?? frame.columns.get(column)!);
      emitter.line("staging.addNewKey(key.bytes, key.length);");
    }
    emitter.line(`row.begin(${table.slots});`);
    emitSlots(emitter, table, (column) => {
      const operand = stored.get(column);
      if (operand !== undefined) {
        writeOperand(emitter, operand);
        return;
      }
      const { kind, start, end } = frame.columns.get(column)!.bytes!;
      emitter.line(`row.addBody(u8, ${kind}, ${start}, ${end});`);
    });
    emitter.line("staging.addRow(row.bytes, row.finish());");
  };
  emitChange(frame, bound, reads, body, !movesRows);
  return emitter;
}

function emitNewRowid(frame: Frame, value: Bound): void {
  const { emitter } = frame;
  const operand = frame.value(value);
  const rowid = declare(emitter, INTEGER_TYPES);
  emitter.line(`${emitter.use("answerGivenRowid")}(${pair(operand)});`);
  takeAnswer(emitter, rowid);
  const length = emitter.number("length");
  emitter.line(`${length} = ${emitter.use("writeRowidKey")}(writing, ${pair(rowid)});`);
  emitter.line(`staging.addNewKey(key.bytes, ${length});`);
}

/** Every column's place, of those that are not set too: their bodies are taken over. */
function loadAll(frame: Frame, table: Table): void {
  for (const column of table.columns) {
    if (column.slot >= 0 && !frame.columns.has(column)) {
      frame.columns.set(column, loadColumn(frame.emitter, table, column, ANY_TYPE));
    }
  }
}

function emitChange(
  frame: Frame,
  bound: BoundUpdate | BoundDelete,
  reads: readonly Bound[],
  body: (place: RowPlace) => void,
  appliesBatches: boolean,
): void {
  const { emitter } = frame;
  const { access, filters } = planChange(bound);
  const apply = (): void => emitter.line(`writing.apply(reader, ${emitter.constant(bound.table)});`);
  const source = { access, filters, reads, whenNone: "return;" };
  emitSource(frame, appliesBatches ? { ...source, afterBatch: apply } : source, body);
  apply();
}
