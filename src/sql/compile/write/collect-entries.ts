/** The entries of an index that is built, as a function `collect(reader, values, cursor, sorter)`. */
import type { BoundIndex, Source } from "../../query/bind/bound.ts";
import type { KeyAccess } from "../../query/plan/access.ts";
import type { Emitter } from "../emitter.ts";
import { emitScan } from "../scan.ts";
import { writingFrame } from "./frame.ts";
import { emitEntry } from "./index-entry.ts";

/** All rows, in the order of their keys. */
const ALL: KeyAccess = {
  kind: "key",
  index: undefined,
  orders: [],
  prefix: [],
  list: undefined,
  lower: undefined,
  upper: undefined,
  isPoint: false,
  reverse: false,
};

/** `bound`: the index, bound to the source. */
export function emitCollect(source: Source, bound: BoundIndex): Emitter {
  const frame = writingFrame();
  const { emitter } = frame;
  const values = bound.columns.map(({ value }) => value);
  const bounds = bound.where === undefined ? values : [...values, bound.where];
  emitScan(frame, { source, access: ALL, filters: [] }, { bounds, isReading: false }, ({ keyParts }) => {
    const { writer, isThere, isExclusive } = emitEntry(frame, bound);
    emitter.when(isThere, () =>
      emitter.line(`sorter.add(${writer}.bytes, ${writer}.length, ${isExclusive}, ${keyParts});`),
    );
  });
  return emitter;
}
