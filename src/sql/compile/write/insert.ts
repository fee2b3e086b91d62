/**
 * INSERT of one row as a function `insert(reader, values, writing)`, which gives how many rows it has inserted: 0 or 1.
 * `reader` is the transaction. The row is encoded where it will be copied from, column by column, without a value in between.
 */
import { type Column, isKeyed, type Table } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Bound } from "../../query/bind/bound.ts";
import { INTEGER_TYPES } from "../../value/value.ts";
import type { BoundInsert } from "../../write/bind/bound.ts";
import { writeOperand } from "../arena.ts";
import type { Emitter } from "../emitter.ts";
import type { Frame } from "../frame.ts";
import { and, declare, type Operand, pair, takeAnswer, valueIn } from "../operand.ts";
import { writingFrame } from "./frame.ts";
import { type EmittedEntry, emitEntry } from "./index-entry.ts";
import { checkRow, completeRow, givenOrDefault, type Refusal, type Row, storeColumn } from "./row-rules.ts";

/** `cellOf` gives a column of the query that the row comes from. */
export function emitInsert(bound: BoundInsert, cellOf: (place: number) => Bound): Emitter {
  const frame = writingFrame();
  const { emitter } = frame;
  const { target, conflict: override } = bound;
  const { table } = target;
  const refusal: Refusal = { override, ignore: `{ writing.forgetRowid(${table.keyspace}); return 0; }` };
  emitter.line("const { row, key } = writing;");
  const given = table.columns.map((column) => emitColumn(frame, bound, column, cellOf));
  const length = emitter.number("length");
  const rowid = isKeyed(table) ? undefined : emitRowid(frame, bound, given, cellOf);
  const inSight = rowid === undefined ? given : withRowid(table, given, rowid);
  const complete = completeRow(frame, target, inSight, rowid);
  checkRow(frame, target, complete, refusal, new Set(table.columns));
  emitOwnKey(frame, table, complete, rowid, length);
  const entries = target.indexes.map((index) => emitEntry(frame, index));
  emitUniqueness(frame, table, entries, { ...refusal, length, canBeTaken: canBeTaken(bound) });
  emitRow(emitter, table, (column) => writeOperand(emitter, "row", complete[column.index]!));
  emitter.line("const size = row.finish();");
  emitter.line(`reader.put(${table.keyspace}, key.bytes, 0, ${length}, row.bytes, 0, size);`);
  for (const entry of entries) {
    emitPut(emitter, entry, length);
  }
  if (rowid !== undefined) {
    emitter.line(`writing.lastRowid = ${valueIn(rowid)};`);
  }
  emitter.line("return 1;");
  return emitter;
}

function emitColumn(
  frame: Frame,
  { target, columns, conflict }: BoundInsert,
  column: Column,
  cellOf: (place: number) => Bound,
): Operand {
  const place = columns[column.index];
  const given = givenOrDefault(target, column, place === undefined ? undefined : cellOf(place), conflict);
  const value = frame.value(given);
  return column.slot < 0 || column.generated !== undefined ? value : storeColumn(frame, target, column, value);
}

/** The rowid of the row: the one that is given, or the next. `isGreatest` says that nobody has it. */
function emitRowid(
  frame: Frame,
  { target: { table }, rowid }: BoundInsert,
  given: Row,
  cellOf: (place: number) => Bound,
): Operand {
  const { emitter } = frame;
  const named =
    rowid !== undefined
      ? frame.value(cellOf(rowid))
      : table.rowidColumn === undefined
        ? undefined
        : given[table.rowidColumn.index]!;
  const operand = declare(emitter, INTEGER_TYPES);
  const value = named === undefined ? "0, null" : pair(named);
  emitter.line(`const isGreatest = writing.answerRowid(reader, ${emitter.constant(table)}, ${value});`);
  takeAnswer(emitter, operand);
  return operand;
}

function withRowid({ rowidColumn }: Table, given: Row, rowid: Operand): Row {
  return given.map((operand, index) => (index === rowidColumn?.index ? rowid : operand));
}

/** Writes the row's key into `writing.key`; `length` is a variable. */
function emitOwnKey(frame: Frame, table: Table, row: Row, rowid: Operand | undefined, length: string): void {
  const { emitter } = frame;
  if (rowid !== undefined) {
    emitter.line(`${length} = ${emitter.use("writeRowidKey")}(writing, ${pair(rowid)});`);
    return;
  }
  emitter.line("key.begin();");
  for (const { column, collation, descending } of table.primaryKey) {
    emitter.line(`key.addOrdered(${pair(row[column]!)}, ${emitter.constant({ collation, descending })});`);
  }
  emitter.line(`${length} = key.length;`);
}

/** JavaScript that holds if another row may have the row's own key. */
function canBeTaken({ target: { table }, rowid, columns }: BoundInsert): string {
  if (isKeyed(table)) {
    return "true";
  }
  const alias = table.rowidColumn;
  const isGiven = rowid !== undefined || (alias !== undefined && columns[alias.index] !== undefined);
  return isGiven ? "!isGreatest" : "false";
}

function emitUniqueness(
  frame: Frame,
  table: Table,
  entries: readonly EmittedEntry[],
  { override, ignore, length, canBeTaken: may }: Refusal & { readonly length: string; readonly canBeTaken: string },
): void {
  const { emitter } = frame;
  const own = override ?? table.keyConflict ?? "abort";
  const checkOwn = (): void => {
    if (own !== "replace" && may !== "false") {
      const exists = and(may, `reader.get(${table.keyspace}, key.bytes, 0, ${length})`);
      const failure = `${emitter.use("failKey")}(${emitter.constant(table)}, ${emitter.constant(own)});`;
      emitter.when(exists, () => emitter.line(own === "ignore" ? ignore : failure));
    }
  };
  if (!isKeyed(table)) {
    checkOwn();
  }
  for (const { bound, writer, isExclusive } of entries) {
    if (isExclusive === "false") {
      continue;
    }
    const { index } = bound;
    const action: ConflictAction = override ?? index.conflict ?? "abort";
    const exists = and(isExclusive, `reader.get(${index.keyspace}, ${writer}.bytes, 0, ${writer}.length)`);
    const failure = `${emitter.use("failIndex")}(${emitter.constant(table)}, ${emitter.constant(index)}, ${emitter.constant(action)});`;
    emitter.when(exists, () => emitter.line(action === "ignore" ? ignore : failure));
  }
  if (isKeyed(table)) {
    checkOwn();
  }
}

function emitPut(emitter: Emitter, { bound, writer, isThere, isExclusive }: EmittedEntry, length: string): void {
  emitter.when(isThere, () => {
    const addRowKey = `${writer}.addRaw(key.bytes, 0, ${length});`;
    emitter.line(isExclusive === "false" ? addRowKey : `if (!(${isExclusive})) ${addRowKey}`);
    const { keyspace } = bound.index;
    emitter.line(`reader.put(${keyspace}, ${writer}.bytes, 0, ${writer}.length, key.bytes, 0, ${length});`);
  });
}

/** Writes all slots of a row in order; those that no column has any more are NULL. */
export function emitRow(emitter: Emitter, table: Table, write: (column: Column) => void): void {
  emitter.line(`row.begin(${table.slots});`);
  for (let slot = 0; slot < table.slots; slot++) {
    const column = table.columns.find((candidate) => candidate.slot === slot);
    if (column === undefined) {
      emitter.line("row.addNull();");
    } else {
      write(column);
    }
  }
}
