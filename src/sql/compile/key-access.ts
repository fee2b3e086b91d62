/**
 * The keys by which a scan comes at its rows: written into a buffer as the rows' own keys, or those of an index, are (key.ts).
 *
 *   point   the whole key, of which a single integer is written without detours
 *   range   its two ends: of equal columns alone the same bytes, with one more at the upper end
 *   list    the values that a column is IN, one after the other: literals in order when compiled, others each time
 */
import { type KeyOrder, KeyWriter } from "../key.ts";
import type { KeyAccess, KeyList as KeyListPlan, KeyPart, RangeEnd } from "../query/plan/access.ts";
import { KeyList } from "../run/key-list.ts";
import { NO_END } from "../storage.ts";
import { ANY_TYPE, BLOB, INTEGER, INTEGER_TYPES, NULL, NULLABLE, TEXT } from "../value/value.ts";
import { convert, type Frame, type ResultRow } from "./frame.ts";
import { emitKeptRows, keptAnswer, planOf } from "./kept-query.ts";
import { assign, can, declare, isTag, type Operand, or, pair, takeAnswer } from "./operand.ts";

/** A column of a key that is being written: its value, and how it stands there. */
interface WrittenPart {
  readonly operand: Operand;
  readonly order: KeyOrder;
  readonly nullSafe: boolean;
}

/** What the first columns of a key equal; `listed` is the current value of the list. */
export function prefixOf(frame: Frame, access: KeyAccess, listed: Operand | undefined): WrittenPart[] {
  const { prefix, orders } = access;
  const parts = prefix.map((part, index) => ({
    operand: partValue(frame, part),
    order: orders[index]!,
    nullSafe: part.nullSafe,
  }));
  return listed === undefined ? parts : [...parts, { operand: listed, order: orders[parts.length]!, nullSafe: false }];
}

function partValue(frame: Frame, { value, conversion }: Pick<KeyPart, "value" | "conversion">): Operand {
  return frame.converted(value, frame.value(value), conversion);
}

/** The condition under which nothing can equal the parts: one of them is NULL. */
function hasNull(parts: readonly WrittenPart[]): string {
  return or(...parts.map(({ operand, nullSafe }) => (nullSafe ? "false" : isTag(operand, NULL))));
}

/** Writes a whole key; `none` is a statement for the case that there is no row for certain. Answers the buffer and the length. */
export function emitPointKey(
  frame: Frame,
  parts: readonly WrittenPart[],
  none: string,
): { readonly writer: string; readonly length: string } {
  const { emitter } = frame;
  const writer = emitter.constant(new KeyWriter("looked for"));
  const length = emitter.number("length");
  emitter.when(hasNull(parts), () => emitter.line(none));
  const general = (): void => {
    emitter.line(`${writer}.begin();`);
    emitParts(frame, writer, parts, none);
    emitter.line(`${length} = ${writer}.length;`);
  };
  const [only] = parts;
  const isInteger = parts.length === 1 && isPlain(only!.order) ? isTag(only!.operand, INTEGER) : "false";
  if (isInteger === "false") {
    general();
  } else {
    emitter.open(`if (${isInteger})`);
    emitter.line(`${length} = ${emitter.use("writeIntegerKey")}(${only!.operand.number}, ${writer}.bytes, 0);`);
    emitter.otherwise();
    general();
    emitter.close();
  }
  return { writer, length };
}

/** `none`: what is longer than any row's key equals none. */
function emitParts(frame: Frame, writer: string, parts: readonly WrittenPart[], none: string): void {
  for (const { operand, order } of parts) {
    emitPart(frame, writer, operand, order);
  }
  if (parts.some(({ operand }) => can(operand, TEXT, BLOB))) {
    frame.emitter.line(`if (${writer}.isCut) ${none}`);
  }
}

function emitPart({ emitter }: Frame, writer: string, operand: Operand, order: KeyOrder): void {
  const { collation, descending } = order;
  if (!isPlain(order)) {
    emitter.line(`${writer}.addOrdered(${pair(operand)}, ${emitter.constant({ collation, descending })});`);
    return;
  }
  const integer = (): void =>
    emitter.line(
      `${writer}.length = ${emitter.use("writeIntegerKey")}(${operand.number}, ${writer}.bytes, ${writer}.length);`,
    );
  emitter.branches([
    [isTag(operand, INTEGER), integer],
    ["true", () => emitter.line(`${writer}.add(${pair(operand)});`)],
  ]);
}

function isPlain({ collation, descending }: KeyOrder): boolean {
  return collation === undefined && !descending;
}

/** An open end. */
function openEnd({ emitter }: Frame): string {
  return `${emitter.constant(NO_BYTES)}, ${NO_END}`;
}

const NO_BYTES = new Uint8Array(0);
const NULL_OPERAND: Operand = { types: 1 << NULL, tag: String(NULL), number: "0", other: "null", bytes: undefined };

/**
 * Writes the ends of a range, and answers the arguments `bytes, length` for each; where there is nothing between them, `none`.
 * NULL is in no range: where an index may have it, a bound on one side leaves it out on the other.
 */
export function emitEnds(
  frame: Frame,
  access: KeyAccess,
  prefix: readonly WrittenPart[],
  none: string,
): readonly [lower: string, upper: string] {
  const { emitter } = frame;
  const { lower, upper } = access;
  const isBounded = lower !== undefined || upper !== undefined;
  if (!isBounded) {
    return prefix.length === 0 ? [openEnd(frame), openEnd(frame)] : emitEqualEnds(frame, prefix, none);
  }
  const order = access.orders[prefix.length]!;
  const isDescending = order.descending;
  const [first, last] = isDescending ? [upper, lower] : [lower, upper];
  const values = [first, last].map((bound) => (bound === undefined ? undefined : partValue(frame, bound)));
  emitter.when(
    or(hasNull(prefix), ...values.map((value) => (value === undefined ? "false" : isTag(value, NULL)))),
    () => emitter.line(none),
  );
  const end = (bound: RangeEnd | undefined, value: Operand | undefined, isUpper: boolean): string => {
    const leavesNullOut = bound === undefined && isUpper === isDescending && access.index !== undefined;
    if (bound === undefined && prefix.length === 0 && !leavesNullOut) {
      return openEnd(frame);
    }
    const writer = emitter.constant(new KeyWriter("looked for"));
    emitter.line(`${writer}.begin();`);
    emitParts(frame, writer, prefix, none);
    let isBehind = isUpper;
    if (bound !== undefined) {
      emitPart(frame, writer, value!, order);
      isBehind = bound.inclusive === isUpper;
    } else if (leavesNullOut) {
      emitPart(frame, writer, NULL_OPERAND, order);
      isBehind = !isUpper;
    }
    return `${writer}.bytes, ${isBehind ? `${writer}.markBehind()` : `${writer}.length`}`;
  };
  return [end(first, values[0], false), end(last, values[1], true)];
}

/** Both ends are the same bytes, but for the last one of the upper end. */
function emitEqualEnds(frame: Frame, prefix: readonly WrittenPart[], none: string): [string, string] {
  const { emitter } = frame;
  const { writer, length } = emitPointKey(frame, prefix, none);
  emitter.line(`${writer}.length = ${length};`);
  return [`${writer}.bytes, ${length}`, `${writer}.bytes, ${writer}.markBehind()`];
}

/** Emits the loop over the values of a list, if there is one. */
export function emitList(frame: Frame, access: KeyAccess, body: (listed: Operand | undefined) => void): void {
  const { emitter } = frame;
  const { list } = access;
  if (list === undefined) {
    body(undefined);
    return;
  }
  const values = emitter.name("list");
  emitter.line(`const ${values} = ${listValues(frame, access, list)};`);
  const listed = declare(emitter, ANY_TYPE & ~NULLABLE);
  const position = emitter.name("j");
  emitter.open(`for (let ${position} = 0; ${position} < ${values}.count; ${position}++)`);
  emitter.line(`${values}.answerAt(${position});`);
  takeAnswer(emitter, listed);
  body(listed);
  emitter.close();
}

function listValues(frame: Frame, { prefix, orders, reverse }: KeyAccess, list: KeyListPlan): string {
  const { emitter } = frame;
  const { collation, descending } = orders[prefix.length]!;
  const isDescending = descending !== reverse;
  if (list.kind === "values") {
    const constants = list.values.flatMap(({ value, conversion }) =>
      value.kind === "constant" && conversion === undefined ? [value] : [],
    );
    if (constants.length === list.values.length) {
      const known = new KeyList(collation, Number.POSITIVE_INFINITY);
      for (const { tag, value } of constants) {
        known.add(tag, value);
      }
      known.finish(isDescending);
      return emitter.constant(known);
    }
  }
  const write = (inner: Frame, name: string, query: Extract<KeyListPlan, { kind: "query" }> | undefined): void => {
    const { heldRows } = inner.unit.statement.options;
    const of = collation === undefined ? "undefined" : inner.emitter.constant(collation);
    inner.emitter.line(`const ${name} = new ${inner.emitter.use("KeyList")}(${of}, ${heldRows});`);
    const add = (operand: Operand): void => inner.emitter.line(`${name}.add(${pair(operand)});`);
    if (query === undefined) {
      for (const part of (list as Extract<KeyListPlan, { kind: "values" }>).values) {
        add(partValue(inner, part));
      }
    } else {
      const addRow = (row: ResultRow): void => {
        const operand = row.column(0);
        add(query.conversion === undefined ? operand : convert(inner.emitter, operand, query.conversion));
      };
      query.query.outer.size === 0
        ? emitKeptRows(inner, query.query, [0], addRow)
        : inner.query(planOf(inner, query.query), { columns: [0], isReading: false }, addRow);
    }
    inner.emitter.line(`${name}.finish(${isDescending});`);
  };
  if (list.kind === "query" && list.query.outer.size === 0) {
    const form = `list ${list.conversion} ${collation?.name} ${isDescending}`;
    return keptAnswer(frame, list.query, form, (inner) => {
      const name = inner.emitter.name("values");
      write(inner, name, list);
      return name;
    });
  }
  const name = emitter.name("values");
  write(frame, name, list.kind === "query" ? list : undefined);
  return name;
}

/** A rowid that was found by its value: the value as an integer. */
export function rowidOf(frame: Frame, part: Operand): Operand {
  const { emitter } = frame;
  const rowid = declare(emitter, INTEGER_TYPES);
  const isInteger = isTag(part, INTEGER);
  const convertPart = (): void => {
    emitter.line(`${emitter.use("toNumericAffinity")}(${pair(part)});`);
    takeAnswer(emitter, rowid);
  };
  if (isInteger === "false") {
    convertPart();
    return rowid;
  }
  emitter.open(`if (${isInteger})`);
  assign(emitter, rowid, { ...part, types: 1 << INTEGER, tag: "1" });
  emitter.otherwise();
  convertPart();
  emitter.close();
  return rowid;
}
