/** ON CONFLICT: what it is about, and what it sets. */
import { foldName } from "../../catalog/name.ts";
import { isKeyed, keyColumnsOf } from "../../catalog/schema.ts";
import type { Upsert } from "../../parse/ast/write.ts";
import type { Bound, BoundIndex } from "../../query/bind/bound.ts";
import { columnOf } from "../../query/bind/bound.ts";
import type { Scope } from "../../query/bind/scope.ts";
import { lone } from "../../query/bind/visible-source.ts";
import { isSame } from "../../query/bind/walk.ts";
import type { Collation } from "../../value/collation.ts";
import { bindAssignments } from "./assignment.ts";
import type { BoundUpsert, Target, UpsertUpdate } from "./bound.ts";
import { bareRecord, newRecord } from "./target.ts";

export function bindUpsert(scope: Scope, target: Target, name: string, upsert: Upsert, isLast: boolean): BoundUpsert {
  if (upsert.target === undefined && !isLast) {
    throw scope.statement.fail("ON CONFLICT clause without a target must come last", upsert.at);
  }
  return { index: indexOf(scope, target, upsert), update: updateOf(scope, target, name, upsert) };
}

interface Part {
  readonly value: Bound;
  /** Undefined: whichever the index has. */
  readonly collation: Collation | undefined | "any";
}

function indexOf(scope: Scope, target: Target, upsert: Upsert): BoundUpsert["index"] {
  const { table, row } = target;
  if (upsert.target === undefined) {
    return undefined;
  }
  const inner = scope.statement.scopeOf(row);
  const parts = upsert.target.map(({ expression, collation, at }): Part => {
    const value = inner.expression(expression);
    return { value, collation: collation === undefined ? "any" : scope.statement.collation(collation, at) };
  });
  const where = upsert.targetWhere === undefined ? undefined : inner.expression(upsert.targetWhere);
  const own = isKeyed(table)
    ? keyColumnsOf(table).map((column, index) => ({
        value: columnOf(row, row.columns[column.index]!),
        collation: table.primaryKey[index]!.collation,
      }))
    : [{ value: columnOf(row, row.rowid!), collation: undefined }];
  if (isMatch(parts, own)) {
    return null;
  }
  const found = target.indexes.find(
    (index) => index.index.isUnique && isMatch(parts, index.columns) && isImplied(index, where),
  );
  if (found === undefined) {
    throw scope.statement.fail("ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint", upsert.at);
  }
  return found;
}

/** The same columns, in any order. */
function isMatch(
  parts: readonly Part[],
  columns: readonly { readonly value: Bound; readonly collation: Collation | undefined }[],
): boolean {
  return (
    parts.length === columns.length &&
    columns.every(({ value, collation }) =>
      parts.some((part) => isSame(part.value, value) && (part.collation === "any" || part.collation === collation)),
    )
  );
}

function isImplied({ where }: BoundIndex, given: Bound | undefined): boolean {
  return where === undefined || (given !== undefined && isSame(where, given));
}

function updateOf(around: Scope, { table }: Target, name: string, upsert: Upsert): UpsertUpdate | undefined {
  const { assignments, where } = upsert;
  if (assignments === undefined) {
    return undefined;
  }
  const scope = around.inner();
  const existing = newRecord(scope.statement, name, table);
  const excluded = bareRecord(scope.statement, "excluded", table);
  scope.sources.push(lone(name, table.schema, existing));
  if (foldName(name) !== "excluded") {
    // A mere name is a column of the row that is there.
    scope.sources.push({ ...lone("excluded", undefined, excluded), isQualifiedOnly: true });
  }
  scope.aggregatesRefused = "row";
  scope.windowsRefused = true;
  return {
    existing,
    excluded,
    assignments: bindAssignments(scope, table, assignments),
    where: where === undefined ? undefined : scope.expression(where),
  };
}
