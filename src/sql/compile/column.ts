/**
 * Columns read in place. Loading a column emits, for the row at `o` in `u8` and `data`:
 *
 *   its header entry → kind and end of its body (the row is narrow and complete: one comparison; else a library call)
 *   tag and number   → the kinds that its affinity makes likely in line, the others through the library
 *   its text or blob → not at all: the value is made where it is first needed, or its bytes are compared in place
 */
import { HEAD_BYTES, KIND_INT8, KIND_INT16, KIND_INT32, KIND_REAL, NARROW_BYTES, narrowHead } from "../row.ts";
import type { Affinity } from "../value/affinity.ts";
import { INTEGER, INTEGER_TYPES, NULL, NULLABLE, REAL, type SqlValue, type Tag, type TypeSet } from "../value/value.ts";
import type { Emitter } from "./emitter.ts";
import { assign, can, declare, type Operand, takeAnswer } from "./operand.ts";

/** Variables that say where a row lies. */
export interface RowVariables {
  readonly u8: string;
  readonly data: string;
  /** Where it starts, and its first two bytes. */
  readonly offset: string;
  readonly head: string;
}

/** The row at this place of these arrays, from here on. */
export function emitRow(
  emitter: Emitter,
  arrays: { readonly u8: string; readonly data: string },
  offset: string,
): RowVariables {
  const row = { ...arrays, offset: emitter.name("o"), head: emitter.name("head") };
  emitter.line(`const ${row.offset} = ${offset};`);
  emitter.line(`const ${row.head} = ${row.data}.getUint16(${row.offset}, true);`);
  return row;
}

/** A column of stored rows: its slot among those of a row that has all of them. */
export interface Field {
  readonly slot: number;
  readonly slots: number;
  readonly affinity: Affinity | undefined;
  readonly types: TypeSet;
  /** What it is in rows that are older than it; undefined: NULL. */
  readonly missing: { readonly tag: Tag; readonly value: SqlValue } | undefined;
}

export function loadColumn(emitter: Emitter, row: RowVariables, field: Field): Operand {
  const kind = emitter.number("kind");
  const start = emitter.number("start");
  const end = emitter.number("end");
  const value = emitter.variable("x", "undefined");
  const { types } = field;
  const { tag, number } = declare(emitter, types);
  const read = `${emitter.use("readOtherBody")}(${row.u8}, ${row.data}, ${kind}, ${start}, ${end})`;
  const other = `(${value} === undefined ? (${value} = ${read}) : ${value})`;
  const bytes = { u8: row.u8, data: row.data, kind, start, end };
  const operand: Operand = { types, tag, number, other, bytes };
  locate(emitter, row, field, operand);
  emitter.line(`${value} = undefined;`);
  readTag(emitter, row, field, operand);
  return field.missing === undefined ? operand : withMissing(emitter, row, field, operand);
}

function locate(emitter: Emitter, row: RowVariables, { slot, slots }: Field, operand: Operand): void {
  const { kind, start, end } = operand.bytes!;
  const { data, offset, head } = row;
  const entry = HEAD_BYTES + slot * NARROW_BYTES;
  const bodies = HEAD_BYTES + slots * NARROW_BYTES;
  emitter.open(`if (${head} === ${narrowHead(slots)})`);
  emitter.line(`${end} = ${data}.getUint16(${offset} + ${entry}, true);`);
  emitter.line(`${kind} = ${end} >>> 12;`);
  emitter.line(`${end} = ${offset} + (${end} & 4095);`);
  const before = `${offset} + (${data}.getUint16(${offset} + ${entry - NARROW_BYTES}, true) & 4095)`;
  emitter.line(`${start} = ${slot === 0 ? `${offset} + ${bodies}` : before};`);
  emitter.otherwise(`else if (${emitter.use("locateColumn")}(${data}, ${offset}, ${slot}))`);
  const place = emitter.use("place");
  emitter.line(`${kind} = ${place}.kind; ${start} = ${place}.start; ${end} = ${place}.end;`);
  emitter.otherwise();
  emitter.line(`${kind} = 0; ${start} = 0; ${end} = 0;`);
  emitter.close();
}

/**
 * A row that has not so many columns is older than this one, which then has its default. Such a column has no place of its own,
 * so it is never compared in place.
 */
function withMissing(emitter: Emitter, row: RowVariables, field: Field, operand: Operand): Operand {
  const { tag, value } = field.missing!;
  const into = declare(emitter, operand.types);
  const isNumber = tag === INTEGER || tag === REAL;
  const constant = value === null ? "null" : emitter.constant(value);
  // A row of no columns is the one that an outer join has in place of none: it has no defaults either.
  emitter.open(`if ((${row.head} >>> 1) <= ${field.slot} && ${row.head} !== 0)`);
  const [number, other] = isNumber ? [constant, "null"] : ["0", constant];
  assign(emitter, into, { types: 1 << tag, tag: String(tag), number, other, bytes: undefined });
  emitter.otherwise();
  assign(emitter, into, operand);
  emitter.close();
  return into;
}

/** What is read in line: the kind, the tag that it has, and how. */
type Reading = readonly [kind: number, tag: Tag, read: (data: string, end: string) => string];

const LIKELY_INTEGERS: readonly Reading[] = [
  [KIND_INT16, INTEGER, (data, end) => `${data}.getInt16(${end} - 2, true)`],
  [KIND_INT32, INTEGER, (data, end) => `${data}.getInt32(${end} - 4, true)`],
  [KIND_INT8, INTEGER, (data, end) => `${data}.getInt8(${end} - 1)`],
];
const LIKELY_REAL: Reading = [KIND_REAL, REAL, (data, end) => `${data}.getFloat64(${end} - 8, true)`];

function readTag(emitter: Emitter, { u8, data }: RowVariables, { affinity }: Field, operand: Operand): void {
  const { tag, number } = operand;
  const { kind, end } = operand.bytes!;
  const isTagKnown = tag.length === 1;
  const rest = (): void => {
    if (!isTagKnown) {
      emitter.line(`${tag} = ${emitter.use("TAG_OF_KIND")}[${kind}];`);
    }
    if (can(operand, INTEGER, REAL)) {
      emitter.line(`${number} = ${emitter.use("readNumberBody")}(${u8}, ${data}, ${kind}, ${end});`);
    }
  };
  const likely = likelyOf(affinity).filter(([, likelyTag]) => can(operand, likelyTag));
  if (likely.length === 0) {
    rest();
    return;
  }
  likely.forEach(([likelyKind, likelyTag, read], index) => {
    const test = `(${kind} === ${likelyKind})`;
    index === 0 ? emitter.open(`if ${test}`) : emitter.otherwise(`else if ${test}`);
    if (!isTagKnown) {
      emitter.line(`${tag} = ${likelyTag};`);
    }
    emitter.line(`${number} = ${read(data, end)};`);
  });
  emitter.otherwise();
  rest();
  emitter.close();
}

function likelyOf(affinity: Affinity | undefined): readonly Reading[] {
  switch (affinity) {
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

/** The rowid, out of the two parts of a key; NULL where `isMissing` holds. */
export function loadRowid(emitter: Emitter, parts: string, isMissing: string | undefined): Operand {
  const rowid = declare(emitter, isMissing === undefined ? INTEGER_TYPES : INTEGER_TYPES | NULLABLE);
  const exact = emitter.use("EXACT_ROWIDS");
  const read = (): void => {
    emitter.line(`${rowid.number} = ${emitter.use("readRowid")}(${parts});`);
    emitter.line(`${rowid.tag} = 1;`);
    emitter.open(`if (${rowid.number} >= ${exact} || ${rowid.number} <= -${exact})`);
    emitter.line(`${emitter.use("answerRowid")}(${parts});`);
    takeAnswer(emitter, rowid);
    emitter.close();
  };
  if (isMissing === undefined) {
    read();
    return rowid;
  }
  emitter.open(`if (${isMissing})`);
  emitter.line(`${rowid.tag} = ${NULL}; ${rowid.other} = null;`);
  emitter.otherwise();
  read();
  emitter.close();
  return rowid;
}
