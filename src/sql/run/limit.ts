/** LIMIT and OFFSET in numbers. */
import { DbError } from "../../errors.ts";
import { toNumericAffinity } from "../value/affinity.ts";
import { answer, answered, BIG, INTEGER, type SqlValue, type Tag } from "../value/value.ts";

/** LIMIT and OFFSET: a whole number; a negative limit is none. */
export function limitOf(tag: Tag, value: SqlValue, whenNegative: number): number {
  toNumericAffinity(tag, value);
  if (answer.tag !== INTEGER && answer.tag !== BIG) {
    throw new DbError("INVALID", "datatype mismatch");
  }
  const limit = Number(answered());
  return limit < 0 ? whenNegative : limit;
}
