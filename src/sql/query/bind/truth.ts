/** A condition as the value that it is. */
import { INTEGER, typeSet } from "../../value/value.ts";
import type { Bound } from "./bound.ts";

/** 1 where a condition is true, else 0. */
export function truthOf(condition: Bound): Bound {
  return { kind: "truth-test", types: typeSet(INTEGER), operand: condition, truth: true, negated: false };
}
