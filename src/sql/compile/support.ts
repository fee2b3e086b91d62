/** Small things that generated code uses beside the library of values. */
import { DbError } from "../../errors.ts";
import type { SqlValue } from "../value/value.ts";

/** A blob that the caller may keep and change. */
export function copyBlob(value: SqlValue): SqlValue {
  return value instanceof Uint8Array ? value.slice() : value;
}

/** A row without columns: what an outer join has where there is no row. Every column of it is NULL. */
export const ROW_OF_NULLS: { readonly u8: Uint8Array; readonly data: DataView } = {
  u8: new Uint8Array(2),
  data: new DataView(new ArrayBuffer(2)),
};

export function failMissingRow({ table, index }: { readonly table: string; readonly index: string }): never {
  throw new DbError("CORRUPT", `index ${index} leads to a row that is not there. Run nacre check`, { table });
}
