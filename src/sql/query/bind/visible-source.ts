/**
 * Sources under the names that a statement has for them, and which column a name means.
 *
 * A join with USING makes one column of several. Its name means, as SQLite has it,
 *
 *   of an inner or left join    the left side's
 *   of a right join             the right side's
 *   of a full join              the first of both that is not NULL
 *
 * A join in parentheses is one table to the joins around it; so a source has as many joins as it is in parentheses, the
 * outermost first, and of two sources those count in which they differ.
 */
import { foldName, foldsTo } from "../../catalog/name.ts";
import type { Table } from "../../catalog/schema.ts";
import type { JoinType } from "../../parse/ast/query.ts";
import { type Bound, columnOf, type Source, type SourceColumn } from "./bound.ts";
import { first } from "./first.ts";
import { affinityOf } from "./traits.ts";

/** The join that a source, or the parentheses around it, are the right side of. */
export interface JoinSide {
  readonly type: JoinType | undefined;
  /** What the parentheses are called, in lower case. */
  readonly alias: string | undefined;
  /** The columns that USING names, or NATURAL means. */
  using: ReadonlySet<string>;
  /** A right or full join comes later. */
  isLeftOfRight: boolean;
}

export interface VisibleSource {
  /** In lower case; undefined: a subquery without one. */
  readonly name: string | undefined;
  readonly schema: string | undefined;
  readonly source: Source;
  joins: readonly JoinSide[];
  /** Columns that `*` leaves out, since a source before it has them already. */
  merged: ReadonlySet<string>;
  /** A mere name never means a column of it. */
  readonly isQualifiedOnly: boolean;
  /** The table whose own name `name` is; undefined: it is an alias, or no table's. */
  readonly namesake: Table | undefined;
}

export const NO_JOINS: readonly JoinSide[] = [];
const NO_BOUNDS: readonly Bound[] = [];
export const NO_NAMES: ReadonlySet<string> = new Set();

/** A source that nothing is joined with. */
export function lone(name: string, schema: string | undefined, source: Source): VisibleSource {
  return {
    name: foldName(name),
    schema,
    source,
    joins: NO_JOINS,
    merged: NO_NAMES,
    isQualifiedOnly: false,
    namesake: undefined,
  };
}

export function isNamed(visible: VisibleSource, wantedSchema: string | undefined, table: string): boolean {
  const { name, schema } = visible;
  const folded = foldName(table);
  return wantedSchema === undefined
    ? name === folded || isInNamed(visible, folded)
    : name === folded && schema === foldName(wantedSchema);
}

/** Whether it is in parentheses of this name, which `*` does not know, as in SQLite. */
function isInNamed({ joins }: VisibleSource, folded: string): boolean {
  return joins.some(({ alias }) => alias === folded);
}

/** Whether a mere name may mean a column of it. */
export function isBare({ isQualifiedOnly }: VisibleSource): boolean {
  return !isQualifiedOnly;
}

export function columnNamed(source: Source, folded: string): SourceColumn | undefined {
  for (const column of source.columns) {
    if (foldsTo(column.name, folded)) {
      return column;
    }
  }
  return undefined;
}

/** What a name of a column means that may be any of these sources'; undefined: nothing here. */
export function columnAmong(
  sources: readonly VisibleSource[],
  folded: string,
  depth = 0,
): Bound | "ambiguous" | undefined {
  let found: Bound | "ambiguous" | undefined;
  // Of meanings that no USING has made one; several for a table that has the name several times itself.
  let count = 0;
  let combined = NO_BOUNDS;
  for (let start = 0, end = 0; start < sources.length; start = end) {
    const visible = sources[start]!;
    end = endOfTable(sources, start, depth);
    // Most joins have no parentheses, and most queries no join: nothing is allocated for these.
    const bound = isNested(visible, depth)
      ? columnAmong(sources.slice(start, end), folded, depth + 1)
      : columnIn(visible, folded);
    if (bound === undefined) {
      continue;
    }
    if (found !== undefined) {
      const side = visible.joins[depth];
      if (side?.using.has(folded) !== true) {
        combined = NO_BOUNDS;
      } else if (side.type === "full") {
        combined = found === "ambiguous" ? NO_BOUNDS : [...combined, found];
      } else if (side.type === "right") {
        count = 0;
        combined = NO_BOUNDS;
      } else {
        continue;
      }
    }
    count += bound === "ambiguous" ? 2 : 1;
    found = bound;
  }
  if (found === undefined || count === 1) {
    return found;
  }
  return found !== "ambiguous" && combined.length === count - 1 ? firstOf([...combined, found]) : "ambiguous";
}

/** Whether further parentheses than `depth` are around it. */
function isNested({ joins }: VisibleSource, depth: number): boolean {
  return joins.length > depth + 1;
}

/** Where the table ends that the source at `start` is of: behind it, or behind its parentheses. */
function endOfTable(sources: readonly VisibleSource[], start: number, depth: number): number {
  const first = sources[start]!;
  let end = start + 1;
  while (isNested(first, depth) && end < sources.length && sources[end]!.joins[depth] === first.joins[depth]) {
    end++;
  }
  return end;
}

/** What stands between two joins: a source, or all those of one pair of parentheses. */
interface JoinedTable {
  readonly side: JoinSide | undefined;
  readonly members: readonly VisibleSource[];
}

/** The tables of what is in `depth` parentheses. */
export function tablesIn(sources: readonly VisibleSource[], depth: number): readonly JoinedTable[] {
  const tables: JoinedTable[] = [];
  for (let start = 0, end = 0; start < sources.length; start = end) {
    end = endOfTable(sources, start, depth);
    tables.push({ side: sources[start]!.joins[depth], members: sources.slice(start, end) });
  }
  return tables;
}

/** A table's column of the name. Of several that a join in parentheses has of the name it is the first. */
export function columnOfTable(members: readonly VisibleSource[], folded: string, depth: number): Bound | undefined {
  const [first] = members as [VisibleSource];
  const meant = isNested(first, depth) ? columnAmong(members, folded, depth + 1) : columnIn(first, folded);
  return meant === "ambiguous"
    ? members.map((visible) => columnIn(visible, folded)).find((bound) => bound !== undefined)
    : meant;
}

function columnIn({ source }: VisibleSource, folded: string): Bound | undefined {
  const column = columnNamed(source, folded);
  return column === undefined ? undefined : columnOf(source, column);
}

/** It compares as the first of them does. */
export function firstOf(list: readonly Bound[]): Bound {
  return first(list, affinityOf(list[0]!));
}
