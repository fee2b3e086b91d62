/** Small things that generated code calls once a statement. */
import type { SqlValue } from "../value/value.ts";

/** A blob that the caller may keep and change. */
export function copyBlob(value: SqlValue): SqlValue {
  return value instanceof Uint8Array ? value.slice() : value;
}
