/** Rows that are all there already. */
import type { TableFunctionRows } from "../run/table-function.ts";
import { answerNull, answerValue, type SqlValue, tagOf } from "../value/value.ts";

export function knownRows(rows: readonly (readonly SqlValue[])[]): TableFunctionRows {
  let row = -1;
  return {
    next: () => ++row < rows.length,
    answer: (column) => {
      const value = rows[row]?.[column];
      value === undefined ? answerNull() : answerValue(tagOf(value)!, value);
    },
  };
}
