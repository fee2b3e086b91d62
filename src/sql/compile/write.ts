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
import { AssertionError } from "../../assert.ts";
import type { BoundDelete, BoundInsert, BoundUpdate } from "../bind/write.ts";
import { type Column, keyColumnsOf, type Table } from "../catalog/schema.ts";
import { type Bound, columnOf } from "../query/bind/bound.ts";
import type { Access } from "../query/plan/access.ts";
import { chooseAccess } from "../query/plan/choose-access.ts";
import { conjunctsOf } from "../query/plan/conjuncts.ts";
import { INTEGER_TYPES, NULL } from "../value/value.ts";
import { writeOperand, writeStored } from "./arena.ts";
import { Emitter } from "./emitter.ts";
import { type Frame, store } from "./frame.ts";
import { declare, isTag, type Operand, pair, takeAnswer } from "./operand.ts";
import { newFrame } from "./query.ts";
import { emitScan, type RowPlace } from "./scan.ts";
import { FunctionUnit, StatementUnit } from "./unit.ts";

export function emitInsert(bound: BoundInsert): Emitter {
  const frame = writingFrame();
  const { emitter } = frame;
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
  emitSlots(emitter, table, (column) => writeOperand(emitter, "row", stored.get(column)!));
  emitter.line("const size = row.finish();");
  emitter.line(`reader.put(${table.keyspace}, key.bytes, 0, ${length}, row.bytes, 0, size);`);
  emitter.line("return 1;");
  return emitter;
}

/** Works out cells that are neither literals nor parameters, into `cells`. */
export function emitCells(cells: readonly Bound[]): Emitter {
  const frame = writingFrame();
  const { emitter } = frame;
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

export interface ChangePlan {
  readonly access: Access;
  readonly filters: readonly Bound[];
}

/** A table that rows are changed of is taken for large: by a key where there is one. */
const TABLE_ROWS = 1_000_000;

export function planChange({ source, where }: BoundUpdate | BoundDelete): ChangePlan {
  const conjuncts = conjunctsOf(where);
  const isKnown = (sources: Iterable<unknown>): boolean => ![...sources].includes(source);
  const { access, taken } = chooseAccess(source, conjuncts, isKnown, TABLE_ROWS);
  return {
    access,
    filters: conjuncts.filter((conjunct) => !taken.has(conjunct)).map(({ bound }) => bound),
  };
}

/** The frame of a statement that writes: there are no queries in it. */
function writingFrame(): Frame {
  const planOf = (): never => {
    throw new AssertionError("a statement that writes and is compiled has no queries in it");
  };
  return newFrame(
    new FunctionUnit(new Emitter(), new StatementUnit({ heldRows: 0, planOf, interpreterOf: () => undefined })),
  );
}

export function emitDelete(bound: BoundDelete): Emitter {
  const frame = writingFrame();
  const { emitter } = frame;
  emitter.line("const { staging } = writing;");
  emitChange(frame, bound, [], ({ keyParts }) => emitter.line(`staging.addKey(${keyParts});`), true);
  return emitter;
}

export function emitUpdate(bound: BoundUpdate): Emitter {
  const frame = writingFrame();
  const { emitter } = frame;
  const { table, assignments, rowid } = bound;
  emitter.line("const { row, key, staging } = writing;");
  const movesRows = rowid !== undefined || keyColumnsOf(table).some((column) => assignments.has(column));
  // Every column's place, of those that are not set too: their bodies are taken over.
  const columns = table.columns.filter(({ slot }) => slot >= 0).map(({ index }) => bound.source.columns[index]!);
  const reads = [
    ...assignments.values(),
    ...(rowid === undefined ? [] : [rowid]),
    ...columns.map((column) => columnOf(bound.source, column)),
  ];
  const old = (column: Column): Operand => frame.column(bound.source.columns[column.index]!);
  const body = ({ keyParts }: RowPlace): void => {
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
      emitKeyColumns(emitter, table, (column) => stored.get(column) ?? old(column));
      emitter.line("staging.addNewKey(key.bytes, key.length);");
    }
    emitter.line(`row.begin(${table.slots});`);
    emitSlots(emitter, table, (column) => {
      const operand = stored.get(column);
      operand === undefined ? writeStored(emitter, "row", old(column)) : writeOperand(emitter, "row", operand);
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
  const isOneScan = access.kind === "key" && access.list === undefined && !access.isPoint;
  const afterBatch = appliesBatches && isOneScan ? apply : undefined;
  const behind = { bounds: reads, isReading: false };
  emitScan(frame, { source: bound.source, access, filters, afterBatch }, behind, body);
  apply();
}
