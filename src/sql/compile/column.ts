/**
 * Columns read in place. Loading a column emits, for the row at `o` in `u8` and `data`:
 *
 *   its header entry → kind and end of its body (the row is narrow and complete: one comparison; else a library call)
 *   tag and number   → the kinds that its affinity makes likely in line, the others through the library
 *   its text or blob → not at all: the value is made where it is first needed, or its bytes are compared in place
 */

import { type Bound, visitAll } from "../bind/bound.ts";
import type { Column, Table } from "../catalog/schema.ts";
import { HEAD_BYTES, KIND_INT8, KIND_INT16, KIND_INT32, KIND_REAL, NARROW_BYTES, narrowHead } from "../row.ts";
import { INTEGER, INTEGER_TYPES, REAL } from "../value/value.ts";
import type { Emitter } from "./emitter.ts";
import type { Frame } from "./frame.ts";
import { can, declare, type Operand, takeAnswer } from "./operand.ts";

/** Loads the columns that the expressions read and that are not loaded yet. */
export function loadColumns(frame: Frame, table: Table | undefined, bounds: readonly Bound[]): void {
  for (const bound of bounds) {
    visitAll(bound, (part) => {
      if (part.kind === "column" && !frame.columns.has(part.column)) {
        frame.columns.set(part.column, loadColumn(frame.emitter, table!, part.column, part.types));
      }
    });
  }
}

export function usesRowid(bounds: readonly Bound[]): boolean {
  let uses = false;
  for (const bound of bounds) {
    visitAll(bound, (part) => {
      uses ||= part.kind === "rowid";
    });
  }
  return uses;
}

export function loadColumn(emitter: Emitter, table: Table, column: Column, types: number): Operand {
  const kind = emitter.number("kind");
  const start = emitter.number("start");
  const end = emitter.number("end");
  const value = emitter.variable("x", "undefined");
  const declared = declare(emitter, types);
  const operand: Operand = {
    types,
    tag: declared.tag,
    number: declared.number,
    other: `(${value} === undefined ? (${value} = ${emitter.use("readOtherBody")}(u8, data, ${kind}, ${start}, ${end})) : ${value})`,
    bytes: { kind, start, end },
  };
  locate(emitter, table, column.slot, operand);
  emitter.line(`${value} = undefined;`);
  readTag(emitter, column, operand);
  return operand;
}

function locate(emitter: Emitter, table: Table, slot: number, operand: Operand): void {
  const { kind, start, end } = operand.bytes!;
  const entry = HEAD_BYTES + slot * NARROW_BYTES;
  const bodies = HEAD_BYTES + table.slots * NARROW_BYTES;
  emitter.open(`if (head === ${narrowHead(table.slots)})`);
  emitter.line(`${end} = data.getUint16(o + ${entry}, true);`);
  emitter.line(`${kind} = ${end} >>> 12;`);
  emitter.line(`${end} = o + (${end} & 4095);`);
  emitter.line(
    `${start} = ${slot === 0 ? `o + ${bodies}` : `o + (data.getUint16(o + ${entry - NARROW_BYTES}, true) & 4095)`};`,
  );
  emitter.otherwise(`else if (${emitter.use("locateColumn")}(data, o, ${slot}))`);
  const place = emitter.use("place");
  emitter.line(`${kind} = ${place}.kind; ${start} = ${place}.start; ${end} = ${place}.end;`);
  emitter.otherwise();
  emitter.line(`${kind} = 0;`);
  emitter.close();
}

/** What is read in line: the kind, the tag that it has, and how. */
type Reading = readonly [kind: number, tag: number, read: (end: string) => string];

const LIKELY_INTEGERS: readonly Reading[] = [
  [KIND_INT16, INTEGER, (end) => `data.getInt16(${end} - 2, true)`],
  [KIND_INT32, INTEGER, (end) => `data.getInt32(${end} - 4, true)`],
  [KIND_INT8, INTEGER, (end) => `data.getInt8(${end} - 1)`],
];
const LIKELY_REAL: Reading = [KIND_REAL, REAL, (end) => `data.getFloat64(${end} - 8, true)`];

function readTag(emitter: Emitter, column: Column, operand: Operand): void {
  const { tag, number } = operand;
  const { kind, end } = operand.bytes!;
  const rest = (): void => {
    emitter.line(`${tag} = ${emitter.use("TAG_OF_KIND")}[${kind}];`);
    if (can(operand, INTEGER, REAL)) {
      emitter.line(`${number} = ${emitter.use("readNumberBody")}(u8, data, ${kind}, ${end});`);
    }
  };
  const likely = likelyOf(column);
  if (likely.length === 0) {
    rest();
    return;
  }
  likely.forEach(([likelyKind, likelyTag, read], index) => {
    const test = `(${kind} === ${likelyKind})`;
    index === 0 ? emitter.open(`if ${test}`) : emitter.otherwise(`else if ${test}`);
    emitter.line(`${tag} = ${likelyTag};`);
    emitter.line(`${number} = ${read(end)};`);
  });
  emitter.otherwise();
  rest();
  emitter.close();
}

function likelyOf(column: Column): readonly Reading[] {
  switch (column.affinity) {
    case "INTEGER":
      return LIKELY_INTEGERS;
    case "NUMERIC":
      return [...LIKELY_INTEGERS, LIKELY_REAL];
    case "REAL":
      return [LIKELY_REAL];
    default:
      return [];
  }
}

/** The rowid, out of the two parts of a key. */
export function loadRowid(emitter: Emitter, parts: string): Operand {
  const rowid = declare(emitter, INTEGER_TYPES);
  const exact = emitter.use("EXACT_ROWIDS");
  emitter.line(`${rowid.number} = ${emitter.use("readRowid")}(${parts});`);
  emitter.line(`${rowid.tag} = 1;`);
  emitter.open(`if (${rowid.number} >= ${exact} || ${rowid.number} <= -${exact})`);
  emitter.line(`${emitter.use("answerRowid")}(${parts});`);
  takeAnswer(emitter, rowid);
  emitter.close();
  return rowid;
}
