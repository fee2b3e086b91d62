/** Entries of indexes, as code: what write/run/index-entry.ts does. */
import { KeyWriter } from "../../key.ts";
import type { BoundIndex } from "../../query/bind/bound.ts";
import { NULL } from "../../value/value.ts";
import type { Frame } from "../frame.ts";
import { and, isTag, not, type Operand, pair } from "../operand.ts";

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
      const order = { collation, descending };
      const isPlain = collation === undefined && !descending;
      emitter.line(
        isPlain
          ? `${writer}.add(${pair(operand)});`
          : `${writer}.addOrdered(${pair(operand)}, ${emitter.constant(order)});`,
      );
      return operand;
    });
    if (bound.index.isUnique) {
      emitter.line(`${exclusive} = ${and(...operands.map((operand) => not(isTag(operand, NULL))))};`);
    }
  });
  return { bound, writer, isThere, isExclusive: exclusive === "false" ? "false" : and(isThere, exclusive) };
}
