/** The first of several values that is not NULL: coalesce(), and a column that a join has made of several. */
import type { Affinity } from "../../value/affinity.ts";
import { NULLABLE } from "../../value/value.ts";
import type { Bound } from "./bound.ts";

export function first(list: readonly Bound[], affinity?: Affinity): Bound {
  const any = list.reduce((set, part) => set | part.types, 0);
  const nullable = list.every((part) => (part.types & NULLABLE) !== 0);
  const types = nullable ? any : any & ~NULLABLE;
  return affinity === undefined ? { kind: "first", types, list } : { kind: "first", types, list, affinity };
}
