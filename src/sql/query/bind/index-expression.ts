/** The expressions of indexes, bound to a source of their table. */
import { type Index, ROWID_INDEX, type Table } from "../../catalog/schema.ts";
import { type BoundIndex, columnOf, type Source } from "./bound.ts";
import type { Place } from "./place.ts";
import type { StatementScope } from "./scope.ts";

const EXPRESSIONS: Place = { name: "index expressions", isPure: true, hasNoDot: true };
const PARTIAL: Place = { name: "partial index WHERE clauses", isPure: true };

export function bindIndexes(statement: StatementScope, source: Source, table: Table): BoundIndex[] {
  return table.indexes.map((index) => bindIndex(statement, source, index));
}

/** Whether it is an index on columns alone, and of all rows: there is nothing in it to be bound. */
export function isPlain({ columns, where }: Index): boolean {
  return where === undefined && columns.every(({ column }) => column !== undefined);
}

/** `isKept`: for its entries, not for a query that compares with them. */
export function bindIndex(
  statement: StatementScope,
  source: Source,
  index: Index,
  isKept: boolean = source.origin.kind === "record",
): BoundIndex {
  const { definition, columns, where } = index;
  const scope = isPlain(index) ? undefined : statement.within(definition).scopeOf(source);
  const bind = (expression: NonNullable<typeof where>, place: Place): BoundIndex["columns"][number]["value"] => {
    scope!.place = isKept ? { ...place, keeper: "an index" } : place;
    scope!.aggregatesRefused = "row";
    scope!.windowsRefused = true;
    return scope!.expression(expression);
  };
  return {
    index,
    columns: columns.map(({ column, expression, collation, descending }) => ({
      value:
        column === undefined
          ? bind(expression!, EXPRESSIONS)
          : columnOf(source, column === ROWID_INDEX ? source.rowid! : source.columns[column]!),
      collation,
      descending,
    })),
    where: where === undefined ? undefined : bind(where, PARTIAL),
  };
}
