/** Entries of indexes, as code: what write/run/index-entry.ts does. */
import { KeyWriter } from "../../key.ts";
import type { BoundIndex } from "../../query/bind/bound.ts";
import { KIND_ASCII, KIND_BLOB } from "../../row.ts";
import { BLOB, INTEGER, NULL, REAL, TEXT } from "../../value/value.ts";
import type { Emitter } from "../emitter.ts";
import type { Frame } from "../frame.ts";
import { and, can, isTag, not, type Operand, pair } from "../operand.ts";

/** An entry whose columns have been written. */
export interface EmittedEntry {
  readonly bound: BoundIndex;
  /** The constant that is its KeyWriter. */
  readonly writer: string;
  /** JavaScript that holds if the row belongs into the index. */
  readonly isThere: string;
  /** JavaScript that holds if nobody else may have these columns. */
  readonly isExclusive: string;
}

/** Writes the columns of the row that the frame is at. */
export function emitEntry(frame: Frame, bound: BoundIndex): EmittedEntry {
  const { emitter } = frame;
  const writer = emitter.constant(new KeyWriter());
  const isThere = bound.where === undefined ? "true" : emitter.variable("there", "false");
  if (bound.where !== undefined) {
    emitter.line(`${isThere} = ${frame.test(bound.where).isTrue};`);
  }
  const exclusive = bound.index.isUnique ? emitter.variable("exclusive", "false") : "false";
  emitter.when(isThere, () => {
    emitter.line(`${writer}.begin();`);
    const operands: Operand[] = bound.columns.map(({ value, collation, descending }) => {
      const operand = frame.value(value);
      if (collation === undefined && !descending) {
        emitAdd(emitter, writer, operand);
      } else {
        emitter.line(`${writer}.addOrdered(${pair(operand)}, ${emitter.constant({ collation, descending })});`);
      }
      return operand;
    });
    if (bound.index.isUnique) {
      emitter.line(`${exclusive} = ${and(...operands.map((operand) => not(isTag(operand, NULL))))};`);
    }
  });
  return { bound, writer, isThere, isExclusive: exclusive === "false" ? "false" : and(isThere, exclusive) };
}

/** Adds a column of its own order. What lies in a row is copied from there. */
function emitAdd(emitter: Emitter, writer: string, operand: Operand): void {
  const { bytes, number, other, tag } = operand;
  const stored = (type: typeof TEXT | typeof BLOB, kind: number): readonly [string, () => void] => [
    bytes !== undefined && can(operand, type) ? `${bytes.kind} === ${kind}` : "false",
    () => emitter.line(`${writer}.addStored(${type}, ${bytes!.u8}, ${bytes!.start}, ${bytes!.end});`),
  ];
  emitter.branches([
    [isTag(operand, INTEGER), () => emitter.line(`${writer}.addInteger(${number});`)],
    [isTag(operand, REAL), () => emitter.line(`${writer}.addReal(${number});`)],
    stored(TEXT, KIND_ASCII),
    stored(BLOB, KIND_BLOB),
    ["true", () => emitter.line(`${writer}.add(${tag}, ${other});`)],
  ]);
}
