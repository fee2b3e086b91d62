/**
 * What the columns of a result are called that have no alias, where PRAGMA full_column_names and short_column_names say something.
 *
 *   short   full   a column      *
 *   on      on     table.column  column
 *   off     on     table.column  name.column
 *   off     off    as written    column
 *
 * Only the outermost query is concerned: what those inside call their columns is what it names them by.
 */
import type { Expression } from "../../parse/ast/query.ts";
import { USUAL_DIALECT } from "../../run/dialect.ts";
import type { Bound, Source } from "./bound.ts";
import type { Scope } from "./scope.ts";

/** Undefined: as it usually is. `usual` is what a column is called then. */
export function nameOfColumn(
  scope: Scope,
  expression: Expression,
  value: Bound,
  usual: string | undefined,
  written: string,
): string | undefined {
  if (usual === undefined || !isConcerned(scope)) {
    return undefined;
  }
  const { hasFullNames, hasShortNames } = scope.statement.functions.dialect;
  if (expression.kind !== "name" || value.kind !== "column") {
    return undefined;
  }
  if (hasFullNames) {
    return `${nameOfTable(value.source)}.${usual}`;
  }
  return hasShortNames ? undefined : written;
}

/** What a column of `*` is called. */
export function nameInStar(scope: Scope, source: Source, usual: string): string {
  const { hasFullNames, hasShortNames } = scope.statement.functions.dialect;
  return hasFullNames && !hasShortNames && isConcerned(scope) ? `${source.name}.${usual}` : usual;
}

function nameOfTable({ name, origin }: Source): string {
  return origin.kind === "table" ? origin.table.name : name;
}

function isConcerned(scope: Scope): boolean {
  return (
    scope.statement.functions.dialect !== USUAL_DIALECT &&
    scope.statement.views.length === 0 &&
    scope.around?.around?.around === undefined
  );
}
