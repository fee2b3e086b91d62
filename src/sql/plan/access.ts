/**
 * How a statement comes at the rows of its table: by the key if WHERE allows it, else through the whole table.
 *
 *   row     no table: one row without columns
 *   point   every column of the key equals something known before the first row is read
 *   range   the first columns of the key equal something, the next one is bounded on either side or not at all
 *
 * The parts of WHERE that the key takes care of are gone from the filters: order and equality of keys are those of
 * comparison (key.ts), conversions included, so a row in the range needs no second look.
 */
import { type Bound, type BoundComparison, type Comparison, type Conversion, visitAll } from "../bind/bound.ts";
import type { BoundOrdering } from "../bind/select.ts";
import { type Column, isKeyed, keyColumnsOf, type Table } from "../catalog/schema.ts";

/** A value that is known before the first row, and what is done to it before it is compared. */
export interface KeyPart {
  readonly value: Bound;
  readonly conversion: Conversion;
}

export interface RangeEnd extends KeyPart {
  readonly inclusive: boolean;
}

export type Access =
  | { readonly kind: "row" }
  | { readonly kind: "point"; readonly table: Table; readonly key: readonly KeyPart[] }
  | {
      readonly kind: "range";
      readonly table: Table;
      readonly prefix: readonly KeyPart[];
      readonly lower: RangeEnd | undefined;
      readonly upper: RangeEnd | undefined;
      readonly reverse: boolean;
    };

export interface AccessChoice {
  readonly access: Access;
  /** What is left of WHERE. */
  readonly filters: readonly Bound[];
}

/** A column of the key, or the rowid. */
type KeyColumn = Column | "rowid";

export function chooseAccess(table: Table | undefined, where: Bound | undefined): AccessChoice {
  const filters = new Set(conjuncts(where));
  if (table === undefined) {
    return { access: { kind: "row" }, filters: [...filters] };
  }
  const columns: readonly KeyColumn[] = isKeyed(table) ? keyColumnsOf(table) : ["rowid"];
  const prefix: KeyPart[] = [];
  for (const column of columns) {
    const found = takeTest(filters, column, "=");
    if (found === undefined) {
      break;
    }
    prefix.push(found);
  }
  if (prefix.length === columns.length) {
    return { access: { kind: "point", table, key: prefix }, filters: [...filters] };
  }
  const { lower, upper } = takeEnds(filters, columns[prefix.length]!);
  return { access: { kind: "range", table, prefix, lower, upper, reverse: false }, filters: [...filters] };
}

/** The terms that WHERE is an AND of. */
function conjuncts(where: Bound | undefined): readonly Bound[] {
  const terms: Bound[] = [];
  let rest = where;
  while (rest?.kind === "logic" && rest.operator === "and") {
    terms.unshift(rest.right);
    rest = rest.left;
  }
  return rest === undefined ? terms : [rest, ...terms];
}

function takeTest(filters: Set<Bound>, column: KeyColumn, operator: Comparison): KeyPart | undefined {
  for (const filter of filters) {
    const test = keyTest(filter, column);
    if (test !== undefined && test.operator === operator) {
      filters.delete(filter);
      return test;
    }
  }
  return undefined;
}

function takeEnds(
  filters: Set<Bound>,
  column: KeyColumn,
): { lower: RangeEnd | undefined; upper: RangeEnd | undefined } {
  let lower: RangeEnd | undefined;
  let upper: RangeEnd | undefined;
  for (const filter of filters) {
    if (filter.kind === "between" && !filter.negated && isKey(filter.operand, column)) {
      const from = endOf(filter.low);
      const to = endOf(filter.high);
      if (lower === undefined && upper === undefined && from !== undefined && to !== undefined) {
        lower = from;
        upper = to;
        filters.delete(filter);
      }
      continue;
    }
    const test = keyTest(filter, column);
    if (test === undefined) {
      continue;
    }
    const end = { value: test.value, conversion: test.conversion, inclusive: test.operator.endsWith("=") };
    if (test.operator[0] === ">" && lower === undefined) {
      lower = end;
      filters.delete(filter);
    } else if (test.operator[0] === "<" && test.operator !== "<>" && upper === undefined) {
      upper = end;
      filters.delete(filter);
    }
  }
  return { lower, upper };
}

interface KeyTest extends KeyPart {
  readonly operator: Comparison;
}

const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** The filter as a test of the key column against something that no row decides. */
function keyTest(filter: Bound, column: KeyColumn): KeyTest | undefined {
  if (filter.kind !== "compare" || filter.comparison.nullSafe) {
    return undefined;
  }
  const { left, comparison } = filter;
  const { operator, right, leftConversion, rightConversion } = comparison;
  if (isKey(left, column) && leftConversion === undefined && isRowless(right)) {
    return { operator, value: right, conversion: rightConversion };
  }
  if (isKey(right, column) && rightConversion === undefined && isRowless(left)) {
    return { operator: MIRRORED[operator], value: left, conversion: leftConversion };
  }
  return undefined;
}

function endOf(comparison: BoundComparison): RangeEnd | undefined {
  return comparison.leftConversion === undefined && isRowless(comparison.right)
    ? { value: comparison.right, conversion: comparison.rightConversion, inclusive: true }
    : undefined;
}

function isKey(bound: Bound, column: KeyColumn): boolean {
  return column === "rowid" ? bound.kind === "rowid" : bound.kind === "column" && bound.column === column;
}

export function isRowless(bound: Bound): boolean {
  let rowless = true;
  visitAll(bound, (part) => {
    rowless &&= part.kind !== "column" && part.kind !== "rowid" && part.kind !== "aggregate" && part.kind !== "group";
  });
  return rowless;
}

/** The access that gives rows in the order asked for, if the key can; undefined: they must be sorted. */
export function orderedAccess(access: Access, ordering: readonly BoundOrdering[]): Access | undefined {
  if (access.kind !== "range") {
    // One row at the most is in any order.
    return access;
  }
  const { table, prefix } = access;
  const columns: readonly KeyColumn[] = isKeyed(table) ? keyColumnsOf(table) : ["rowid"];
  let next = prefix.length;
  let reverse: boolean | undefined;
  for (const { value, descending } of ordering) {
    if (columns.slice(0, prefix.length).some((column) => isKey(value, column))) {
      continue;
    }
    if (next === columns.length) {
      // The whole key is behind us: no two rows are left to order.
      break;
    }
    if (!isKey(value, columns[next]!) || (reverse !== undefined && reverse !== descending)) {
      return undefined;
    }
    reverse = descending;
    next++;
  }
  return { ...access, reverse: reverse ?? false };
}
