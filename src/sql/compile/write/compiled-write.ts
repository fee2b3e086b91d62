/**
 * Which writes have a compiled form; all others are interpreted.
 *
 * Interpreted are: tables with triggers, foreign keys (their own, and those that refer to them) or AUTOINCREMENT; ON CONFLICT
 * clauses and RETURNING; ORDER BY and LIMIT; subqueries; rows that give way to others (REPLACE) where the table has indexes; UPDATE … FROM, and UPDATE
 * whose conflicts are resolved by REPLACE or FAIL.
 */
import type { Table } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Bound } from "../../query/bind/bound.ts";
import { asksQueries } from "../../query/bind/walk.ts";
import type { QueryPlan } from "../../query/plan/plan.ts";
import type { BoundDelete, BoundInsert, BoundUpdate, BoundWrite, Target } from "../../write/bind/bound.ts";
import type { ScanPlan } from "./change.ts";

/** Whether one row of an INSERT can be written by compiled code, wherever it comes from. */
export function hasCompiledInsert(bound: BoundInsert, hasForeignKeys: boolean): boolean {
  const { target, upserts, conflict } = bound;
  return isPlain(bound, hasForeignKeys) && upserts.length === 0 && isWithoutReplacement(target, conflict);
}

/** The cells of an INSERT's only row; undefined: it has several, or they are not worked out by themselves. */
export function onlyRow({ query }: BoundInsert): readonly Bound[] | undefined {
  if (query === undefined) {
    return [];
  }
  const { body } = query;
  return body.kind === "values" && body.rows.length === 1 && !body.rows[0]!.some(asksQueries)
    ? body.rows[0]
    : undefined;
}

/** The scan of an UPDATE or DELETE that has a compiled form. */
export function compiledScan(
  bound: BoundUpdate | BoundDelete,
  { body }: QueryPlan,
  hasForeignKeys: boolean,
): ScanPlan | undefined {
  if (body.kind !== "core" || body.rows.kind !== "scan" || !isPlain(bound, hasForeignKeys)) {
    return undefined;
  }
  const { body: core, ordering, limit } = bound.query;
  if (ordering.length > 0 || limit !== undefined) {
    return undefined;
  }
  const asked = core.kind === "core" ? [...core.columns.map(({ value }) => value), core.where] : [];
  const isSimple = !asked.some((value) => value !== undefined && asksQueries(value));
  // What FAIL leaves has been written: not what is staged when a row fails.
  const actions = bound.kind === "update" ? actionsOf(bound.target.table, bound.conflict) : [];
  const isStaged = !actions.includes("replace") && !actions.includes("fail");
  return isSimple && isStaged ? body.rows : undefined;
}

function isPlain({ target, returning }: BoundWrite, hasForeignKeys: boolean): boolean {
  return returning === undefined && !hasForeignKeys && target.triggers.length === 0 && !target.table.isAutoincrement;
}

/** A row that another one gives way to takes its place: there is code for that only where it has no entries. */
function isWithoutReplacement({ table, indexes }: Target, override: ConflictAction | undefined): boolean {
  return indexes.length === 0 || !actionsOf(table, override).includes("replace");
}

/** What may become of a row that breaks a constraint. */
function actionsOf(table: Table, override: ConflictAction | undefined): (ConflictAction | undefined)[] {
  const { keyConflict, indexes, columns } = table;
  return override === undefined
    ? [
        keyConflict,
        ...indexes.map(({ conflict }) => conflict),
        ...columns.map(({ notNullConflict }) => notNullConflict),
      ]
    : [override];
}
