/** What a table's definition makes of a row before it is written: what write/run/row-rules.ts does, as code. */
import type { Column } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Bound } from "../../query/bind/bound.ts";
import { first } from "../../query/bind/first.ts";
import { constant } from "../../query/bind/fold.ts";
import { NULL } from "../../value/value.ts";
import type { Target } from "../../write/bind/bound.ts";
import { STRICT_TAGS } from "../../write/run/row-rules.ts";
import { type Frame, store } from "../frame.ts";
import { anyTag, isTag, not, type Operand } from "../operand.ts";

/** What the statement does about a row that may not be. */
export interface Refusal {
  /** What the statement says of conflicts; undefined: what each constraint says. */
  readonly override: ConflictAction | undefined;
  /** A statement that leaves the row out. */
  readonly ignore: string;
}

/** The columns of a row that is about to be written, by their places. */
export type Row = readonly Operand[];

/** A value as its column stores it. */
export function storeColumn(frame: Frame, target: Target, column: Column, value: Operand): Operand {
  const { emitter } = frame;
  const stored = store(emitter, value, column.affinity);
  const { strictType } = column;
  if (strictType !== undefined && strictType !== "ANY") {
    const fits = anyTag(stored, NULL, ...STRICT_TAGS[strictType]);
    const failure = `${emitter.use("failDatatype")}(${emitter.constant(target.table)}, ${emitter.constant(column)}, ${stored.tag});`;
    emitter.when(not(fits), () => emitter.line(failure));
  }
  return stored;
}

/** A row without its generated columns in sight of expressions: gives it with them. */
export function completeRow(frame: Frame, target: Target, given: Row, rowid: Operand | undefined): Row {
  const { row: source, generated } = target;
  const row = [...given];
  for (const [index, operand] of given.entries()) {
    frame.columns.set(source.columns[index]!, operand);
  }
  if (rowid !== undefined) {
    frame.columns.set(source.rowid!, rowid);
  }
  for (const { column, value } of generated) {
    const operand = storeColumn(frame, target, column, frame.value(value));
    row[column.index] = operand;
    frame.columns.set(source.columns[column.index]!, operand);
  }
  return row;
}

/** NOT NULL and CHECK. `changed`: the columns that may have another value than one that was checked before. */
export function checkRow(
  frame: Frame,
  { table, checks }: Target,
  row: Row,
  { override, ignore }: Refusal,
  changed: ReadonlySet<Column>,
): void {
  const { emitter } = frame;
  for (const column of table.columns) {
    if (!column.notNull || column.slot < 0 || !changed.has(column)) {
      continue;
    }
    const action = override ?? column.notNullConflict ?? "abort";
    const failure = `${emitter.use("failNotNull")}(${emitter.constant(table)}, ${emitter.constant(column)}, ${emitter.constant(action)});`;
    emitter.when(isTag(row[column.index]!, NULL), () => emitter.line(action === "ignore" ? ignore : failure));
  }
  for (const { name, value } of checks) {
    const { isFalse } = frame.test(value);
    const failure = `${emitter.use("failCheck")}(${emitter.constant(name)}, ${emitter.constant(override)});`;
    emitter.when(isFalse, () => emitter.line(override === "ignore" ? ignore : failure));
  }
}

/** What a column gets: its default where nothing is given, and, if the statement says so, in place of NULL where none may be. */
export function givenOrDefault(
  { defaults }: Target,
  column: Column,
  given: Bound | undefined,
  override: ConflictAction | undefined,
): Bound {
  const byDefault = defaults[column.index];
  if (given === undefined) {
    return byDefault ?? constant(NULL, null);
  }
  const replacesNull = (override ?? column.notNullConflict) === "replace" && column.notNull;
  return replacesNull && byDefault !== undefined ? first([given, byDefault]) : given;
}
