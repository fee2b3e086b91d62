/** The expressions of indexes, bound to a source of their table. */
import type { Table } from "../schema.ts";
import { type BoundIndex, columnOf, ROWID_INDEX, type Source } from "./bound.ts";
import type { Scope } from "./scope.ts";

export function bindIndexes(scope: Scope, source: Source, table: Table): BoundIndex[] {
  return table.indexes.map((index) => {
    const inner = scope.statement.scopeOf(source);
    return {
      index,
      columns: index.columns.map(({ column, expression, collation, descending }) => ({
        value:
          column === undefined
            ? inner.expression(expression!)
            : columnOf(source, column === ROWID_INDEX ? source.rowid! : source.columns[column]!),
        collation,
        descending,
      })),
      where: index.where === undefined ? undefined : inner.expression(index.where),
    };
  });
}
