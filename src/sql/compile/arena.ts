/** Rows that a statement keeps (run/row-arena.ts): written column by column, and read in place as a table's rows are. */
import { RowWriter } from "../row.ts";
import type { Affinity } from "../value/affinity.ts";
import { INTEGER, REAL, TEXT, type TypeSet } from "../value/value.ts";
import { loadColumn, type RowVariables } from "./column.ts";
import type { Emitter } from "./emitter.ts";
import { isTag, type Operand } from "./operand.ts";

/** A column of kept rows: its place among theirs. */
export interface KeptColumn {
  readonly place: number;
  readonly places: number;
  readonly types: TypeSet;
  readonly affinity: Affinity | undefined;
}

export function arenaColumn(
  emitter: Emitter,
  row: RowVariables,
  { place, places, types, affinity }: KeptColumn,
): Operand {
  return loadColumn(emitter, row, { slot: place, slots: places, types, affinity, missing: undefined });
}

/** Adds a row to an arena; the variable that has its number. */
export function emitKeepRow(emitter: Emitter, arena: string, operands: readonly Operand[]): string {
  const writer = emitter.constant(new RowWriter());
  const row = emitter.name("row");
  emitter.line(`${writer}.begin(${operands.length});`);
  for (const operand of operands) {
    writeStored(emitter, writer, operand);
  }
  emitter.line(`${writer}.finish();`);
  emitter.line(`const ${row} = ${arena}.add(${writer});`);
  return row;
}

/** A column that lies somewhere is taken over as it is. */
export function writeStored(emitter: Emitter, writer: string, operand: Operand): void {
  const { bytes } = operand;
  if (bytes === undefined) {
    writeOperand(emitter, writer, operand);
  } else {
    emitter.line(`${writer}.addBody(${bytes.u8}, ${bytes.kind}, ${bytes.start}, ${bytes.end});`);
  }
}

/** Writes a value as the next column of a row. */
export function writeOperand(emitter: Emitter, writer: string, operand: Operand): void {
  emitter.branches([
    [isTag(operand, INTEGER), () => emitter.line(`${writer}.addInteger(${operand.number});`)],
    [isTag(operand, TEXT), () => emitter.line(`${writer}.addText(${operand.other});`)],
    [isTag(operand, REAL), () => emitter.line(`${writer}.addReal(${operand.number});`)],
    ["true", () => emitter.line(`${writer}.add(${operand.tag}, ${operand.other});`)],
  ]);
}
