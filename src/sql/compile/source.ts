/**
 * Where rows come from: the loops around what is done with a row.
 *
 *   row     nothing at all
 *   point   `row: { if (reader.get(…)) { … } }`
 *   range   `rows: for (;;) { const count = scan.next(); … for (let i …) { … } }`
 *
 * Inside, `u8`, `data` and `o` are the row, `head` its first two bytes. What is done with the row leaves it early by
 * `skip` ("continue" or "break row").
 */
import type { Bound } from "../bind/bound.ts";
import type { Table } from "../catalog/schema.ts";
import { KeyWriter } from "../key.ts";
import type { Access, KeyPart, RangeEnd } from "../plan/access.ts";
import { INTEGER, INTEGER_TYPES, NULL } from "../value/value.ts";
import { loadColumns, loadRowid, usesRowid } from "./column.ts";
import type { Frame } from "./frame.ts";
import { assign, declare, isTag, not, type Operand, or, pair, takeAnswer } from "./operand.ts";

export interface Source {
  readonly access: Access;
  readonly filters: readonly Bound[];
  /** Everything that will be read of a row, to know whether its rowid is. */
  readonly reads: readonly Bound[];
  /** What the function does where a bound is NULL, so that there are no rows: a statement. */
  readonly whenNone: string;
  /** Emitted after each batch of a range. */
  readonly afterBatch?: () => void;
}

/** What is known of the current row's key, as arguments `(bytes, offset, length, bytes, offset, length)`. */
export interface RowPlace {
  readonly skip: string;
  readonly keyParts: string;
}

/** Emits the loops with `body` for each row that passes the filters. */
export function emitSource(frame: Frame, source: Source, body: (place: RowPlace) => void): void {
  switch (source.access.kind) {
    case "row": {
      const { emitter } = frame;
      emitter.open("row:");
      filterRow(frame, undefined, source, { skip: "break row;", keyParts: "" }, body);
      emitter.close();
      break;
    }
    case "point":
      emitPoint(frame, source, source.access, body);
      break;
    case "range":
      emitRange(frame, source, source.access, body);
      break;
  }
}

function filterRow(
  frame: Frame,
  table: Table | undefined,
  source: Source,
  place: RowPlace,
  body: (place: RowPlace) => void,
): void {
  for (const filter of source.filters) {
    loadColumns(frame, table, [filter]);
    const { isTrue } = frame.test(filter);
    frame.emitter.when(not(isTrue), () => frame.emitter.line(place.skip));
  }
  loadColumns(frame, table, source.reads);
  body(place);
}

function emitPoint(
  frame: Frame,
  source: Source,
  access: Extract<Access, { kind: "point" }>,
  body: (place: RowPlace) => void,
): void {
  const { emitter } = frame;
  const { table } = access;
  const parts = access.key.map((part) => partOf(frame, part));
  const writer = emitter.constant(new KeyWriter());
  const length = emitter.number("length");
  emitter.when(or(...parts.map((part) => isTag(part, NULL))), () => emitter.line(source.whenNone));
  emitKey(frame, writer, length, parts);
  emitter.open(`row: if (reader.get(${table.keyspace}, ${writer}.bytes, 0, ${length}))`);
  emitter.line("const found = reader.found, u8 = found.u8, data = found.data, o = found.valueOffset;");
  emitter.line("const head = data.getUint16(o, true);");
  if (table.primaryKey.length === 0 && usesRowid([...source.filters, ...source.reads])) {
    frame.rowid = rowidOf(frame, parts[0]!);
  }
  const keyParts = `${writer}.bytes, 0, ${length}, u8, 0, 0`;
  filterRow(frame, table, source, { skip: "break row;", keyParts }, body);
  emitter.close();
}

/** A rowid that was found by its value: the value as an integer. */
function rowidOf(frame: Frame, part: Operand): Operand {
  const { emitter } = frame;
  const rowid = declare(emitter, INTEGER_TYPES);
  const isInteger = isTag(part, INTEGER);
  const convert = (): void => {
    emitter.line(`${emitter.use("toNumericAffinity")}(${pair(part)});`);
    takeAnswer(emitter, rowid);
  };
  if (isInteger === "false") {
    convert();
    return rowid;
  }
  emitter.open(`if (${isInteger})`);
  assign(emitter, rowid, { ...part, types: 1 << INTEGER, tag: "1" });
  emitter.otherwise();
  convert();
  emitter.close();
  return rowid;
}

/** Writes the columns of a key; a single integer without detours. */
function emitKey(frame: Frame, writer: string, length: string, parts: readonly Operand[]): void {
  const { emitter } = frame;
  const [only] = parts;
  const general = (): void => {
    emitter.line(`${writer}.begin();`);
    for (const part of parts) {
      emitter.line(`${writer}.add(${pair(part)});`);
    }
    emitter.line(`${length} = ${writer}.length;`);
  };
  const isInteger = parts.length === 1 ? isTag(only!, INTEGER) : "false";
  if (isInteger === "false") {
    general();
    return;
  }
  emitter.open(`if (${isInteger})`);
  emitter.line(`${length} = ${emitter.use("writeIntegerKey")}(${only!.number}, ${writer}.bytes, 0);`);
  emitter.otherwise();
  general();
  emitter.close();
}

function partOf(frame: Frame, part: KeyPart): Operand {
  return frame.converted(part.value, frame.value(part.value), part.conversion);
}

/** Emits the ends of the range into `lower` and `upper`, which are declared. */
export function emitEnds(
  frame: Frame,
  access: Extract<Access, { kind: "range" }>,
  lower: string,
  upper: string,
  whenNone: string,
): void {
  const { emitter } = frame;
  const prefix = access.prefix.map((part) => partOf(frame, part));
  const writer = emitter.constant(new KeyWriter());
  const rangeEnd = emitter.use("rangeEnd");
  const end = (name: string, bound: RangeEnd | undefined, isUpper: boolean): void => {
    if (bound === undefined && prefix.length === 0) {
      return;
    }
    const last = bound === undefined ? [] : [partOf(frame, bound)];
    const parts = [...prefix, ...last];
    emitter.when(or(...parts.map((part) => isTag(part, NULL))), () => emitter.line(whenNone));
    emitter.line(`${writer}.begin();`);
    for (const part of parts) {
      emitter.line(`${writer}.add(${pair(part)});`);
    }
    const after = bound === undefined ? isUpper : bound.inclusive === isUpper;
    emitter.line(`${name} = ${rangeEnd}(${writer}, ${after});`);
  };
  end(lower, access.lower, false);
  end(upper, access.upper, true);
}

function emitRange(
  frame: Frame,
  source: Source,
  access: Extract<Access, { kind: "range" }>,
  body: (place: RowPlace) => void,
): void {
  const { emitter } = frame;
  const { table } = access;
  emitter.line("let scan = cursor.scan;");
  emitter.open("if (scan === undefined)");
  emitter.line("let lower, upper;");
  emitEnds(frame, access, "lower", "upper", source.whenNone);
  emitter.line(`cursor.scan = scan = reader.scan(${table.keyspace}, lower, upper, ${access.reverse});`);
  emitter.close();
  emitter.open("rows: for (;;)");
  emitter.line("const count = scan.next();");
  emitter.line("if (count === 0) break;");
  emitter.line("const u8 = scan.u8, data = scan.data, offsets = scan.valueOffsets;");
  const keyParts = "prefix, prefixOffset, prefixLength, u8, keyOffsets[i], keyLengths[i]";
  emitter.line("const prefix = scan.prefix, prefixOffset = scan.prefixOffset, prefixLength = scan.prefixLength;");
  emitter.line("const keyOffsets = scan.keyOffsets, keyLengths = scan.keyLengths;");
  emitter.open("for (let i = 0; i < count; i++)");
  emitter.line("const o = offsets[i];");
  emitter.line("const head = data.getUint16(o, true);");
  if (table.primaryKey.length === 0 && usesRowid([...source.filters, ...source.reads])) {
    frame.rowid = loadRowid(emitter, keyParts);
  }
  filterRow(frame, table, source, { skip: "continue;", keyParts }, body);
  emitter.close();
  source.afterBatch?.();
  emitter.close();
}
