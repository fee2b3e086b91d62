/**
 * Bound statements: names resolved, and for each expression the set of types that it can have when it runs.
 *
 * Everything that an expression reads is a column of a *source*: a table in FROM, a subquery, a table function; and behind
 * these, in a query that groups, the aggregates of its groups, and in one with window functions their results:
 *
 *     FROM … ──WHERE──▶ rows ──▶ groups ──HAVING──▶ windows ──▶ result columns ──▶ DISTINCT, ORDER BY, LIMIT
 *          many sources      a source of aggregates   another            another, for the ORDER BY of a compound
 *
 * So there is one kind of reference, and a subquery that refers to a query around it does nothing special.
 *
 * A comparison carries the conversion that SQLite's affinities demand of either side, and its collation; a literal has been
 * converted already. Row values are gone: comparisons of rows are comparisons of their parts.
 */

import type { Index, Table } from "../../catalog/schema.ts";
import type { AggregateFunction, WindowFunction } from "../../run/aggregate-function.ts";
import type { TableFunction } from "../../run/table-function.ts";
import type { FrameEndKind, FrameExclusion, FrameUnit } from "../../run/window-frame.ts";
import type { Affinity } from "../../value/affinity.ts";
import type { Collation } from "../../value/collation.ts";
import type { ScalarFunction } from "../../value/functions/scalar-function.ts";
import type { SqlValue, Tag, TypeSet } from "../../value/value.ts";

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "<<" | ">>" | "||";
export type Comparison = "=" | "<>" | "<" | "<=" | ">" | ">=";
/** What a comparison does to one side before it compares; undefined: nothing. REAL: IN with a query alone, which rounds integers. */
export type Conversion = "TEXT" | "NUMERIC" | "REAL" | undefined;

export type RaiseAction = "ignore" | "rollback" | "abort" | "fail";

export interface BoundComparison {
  readonly operator: Comparison;
  /** IS and IS NOT: NULL is a value like others. */
  readonly nullSafe: boolean;
  readonly leftConversion: Conversion;
  readonly rightConversion: Conversion;
  readonly collation: Collation | undefined;
  readonly right: Bound;
}

/** `operand [NOT] IN (SELECT …)`: how each column of the query compares with its operand. */
export interface MemberTest {
  readonly operand: Bound;
  readonly leftConversion: Conversion;
  readonly rightConversion: Conversion;
  readonly collation: Collation | undefined;
}

export type Bound = { readonly types: TypeSet } & (
  | {
      readonly kind: "constant";
      readonly tag: Tag;
      readonly value: SqlValue;
      /** It is a CAST that was worked out. */
      readonly affinity?: Affinity;
    }
  | { readonly kind: "parameter"; readonly index: number }
  | { readonly kind: "column"; readonly source: Source; readonly column: SourceColumn }
  | { readonly kind: "unary"; readonly operator: "-" | "+" | "~"; readonly operand: Bound }
  | { readonly kind: "collate"; readonly collation: Collation | undefined; readonly operand: Bound }
  | { readonly kind: "arithmetic"; readonly operator: ArithmeticOperator; readonly left: Bound; readonly right: Bound }
  | { readonly kind: "compare"; readonly left: Bound; readonly comparison: BoundComparison }
  | { readonly kind: "logic"; readonly operator: "and" | "or"; readonly left: Bound; readonly right: Bound }
  | { readonly kind: "not"; readonly operand: Bound }
  | { readonly kind: "null-test"; readonly operand: Bound; readonly negated: boolean }
  /** `x IS TRUE` and its kin: never NULL. */
  | { readonly kind: "truth-test"; readonly operand: Bound; readonly truth: boolean; readonly negated: boolean }
  | {
      readonly kind: "between";
      readonly operand: Bound;
      readonly low: BoundComparison;
      readonly high: BoundComparison;
      readonly negated: boolean;
    }
  | {
      readonly kind: "in";
      readonly operand: Bound;
      readonly list: readonly BoundComparison[];
      readonly negated: boolean;
    }
  | {
      readonly kind: "in-query";
      readonly tests: readonly MemberTest[];
      readonly query: BoundQuery;
      readonly negated: boolean;
    }
  | { readonly kind: "exists"; readonly query: BoundQuery; readonly negated: boolean }
  /** The first row's column of that number; NULL where there is no row. */
  | { readonly kind: "scalar-query"; readonly query: BoundQuery; readonly column: number }
  | {
      readonly kind: "like";
      readonly operator: "like" | "glob";
      readonly operand: Bound;
      readonly pattern: Bound;
      readonly escape: Bound | undefined;
      readonly negated: boolean;
    }
  | {
      readonly kind: "case";
      /** With an operand every condition is a comparison with it. */
      readonly operand: Bound | undefined;
      readonly branches: readonly { readonly condition: Bound | BoundComparison; readonly result: Bound }[];
      readonly otherwise: Bound;
    }
  | { readonly kind: "cast"; readonly affinity: Affinity; readonly operand: Bound }
  | {
      readonly kind: "call";
      readonly function: ScalarFunction;
      readonly list: readonly Bound[];
      /** Where it stands, if two calls are never the same. */
      readonly site: number | undefined;
    }
  /** coalesce: the first that is not NULL. */
  | {
      readonly kind: "first";
      readonly list: readonly Bound[];
      /** Of a column that a join has made of several. */
      readonly affinity?: Affinity;
    }
  | {
      readonly kind: "extreme";
      readonly greatest: boolean;
      readonly list: readonly Bound[];
      readonly collation: Collation | undefined;
    }
  | { readonly kind: "nullif"; readonly left: Bound; readonly comparison: BoundComparison }
  /** RAISE, in a trigger: it never has a value. */
  | { readonly kind: "raise"; readonly action: RaiseAction; readonly message: Bound | undefined }
);

/** What rows come from, known by its identity. */
export interface Source {
  /** A number of its own in its statement. */
  readonly id: number;
  /** As EXPLAIN shows it. */
  readonly name: string;
  readonly columns: readonly SourceColumn[];
  /** Where rows have one. */
  readonly rowid: SourceColumn | undefined;
  readonly origin: Origin;
}

/** The name of a subquery that has none. */
export const UNNAMED = "(subquery)";

export interface SourceColumn {
  readonly name: string;
  /** Its place in the source; ROWID_INDEX for the rowid. */
  readonly index: number;
  readonly types: TypeSet;
  /** Undefined: none, as an expression has none. */
  readonly affinity: Affinity | undefined;
  readonly collation: Collation | undefined;
  /** Not in `*`. */
  readonly isHidden: boolean;
}

export interface TableOrigin {
  readonly kind: "table";
  readonly table: Table;
  readonly hint: IndexHint | undefined;
  readonly indexes: readonly BoundIndex[];
}

/** An index, its expressions bound to the source. */
export interface BoundIndex {
  readonly index: Index;
  readonly columns: readonly {
    readonly value: Bound;
    readonly collation: Collation | undefined;
    readonly descending: boolean;
  }[];
  readonly where: Bound | undefined;
}

export type Origin =
  | TableOrigin
  | {
      readonly kind: "query";
      readonly query: BoundQuery;
      /** AS [NOT] MATERIALIZED; undefined: as it is best. */
      readonly materialized: boolean | undefined;
      /** How often the statement refers to the query: what WITH names is one object to all who do. */
      readonly references: { readonly count: number };
    }
  | {
      readonly kind: "function";
      readonly function: TableFunction;
      /** Arguments; the planner adds those that conditions give. */
      readonly list: Bound[];
      /** Which hidden column each of them is, counted among these. */
      readonly places: number[];
    }
  /** The rows that a recursive query found last. */
  | { readonly kind: "recursion" }
  /** One row in hand: that which is being written, NEW, OLD and excluded. */
  | { readonly kind: "record"; readonly table: Table }
  | { readonly kind: "groups" }
  | { readonly kind: "windows" }
  /** The columns of a compound, for its ORDER BY. */
  | { readonly kind: "result" };

/** INDEXED BY a name; NOT INDEXED is null. */
export type IndexHint = string | null;

export type JoinKind = "inner" | "cross" | "left" | "right" | "full";

export type BoundFrom =
  | { readonly kind: "source"; readonly source: Source }
  | {
      readonly kind: "join";
      readonly join: JoinKind;
      readonly left: BoundFrom;
      readonly right: BoundFrom;
      readonly on: Bound | undefined;
    };

export interface BoundColumn {
  readonly name: string;
  /** Its name to the query around it; undefined: the same. */
  readonly nameInFrom?: string | undefined;
  readonly value: Bound;
  /** What tells its values apart in DISTINCT and compounds. */
  readonly collation: Collation | undefined;
}

export interface BoundOrdering {
  readonly value: Bound;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation: Collation | undefined;
}

export interface AggregateCall {
  readonly function: AggregateFunction;
  readonly list: readonly Bound[];
  readonly distinct: boolean;
  /** Of the first argument: by it DISTINCT tells them apart, and min and max compare. */
  readonly collation: Collation | undefined;
  readonly filter: Bound | undefined;
  readonly ordering: readonly BoundOrdering[];
  readonly types: TypeSet;
}

/**
 * Behind the grouping a column of FROM has its value in the row that stands for the group, be it a key or not: the row that
 * made a lone `min()` or `max()` what it is, else the first.
 */
export interface Grouping {
  /** A column for each aggregate. */
  readonly source: Source;
  readonly keys: readonly { readonly value: Bound; readonly collation: Collation | undefined }[];
  readonly aggregates: readonly AggregateCall[];
  /** The aggregate that decides on the row; undefined: the first row does. */
  readonly decider: number | undefined;
  readonly having: Bound | undefined;
}

export interface FrameBound {
  readonly kind: FrameEndKind;
  /** Of preceding and following: how far. */
  readonly distance: Bound | undefined;
}

export interface BoundWindow {
  readonly partition: readonly { readonly value: Bound; readonly collation: Collation | undefined }[];
  readonly ordering: readonly BoundOrdering[];
  readonly unit: FrameUnit;
  readonly start: FrameBound;
  readonly end: FrameBound;
  readonly exclusion: FrameExclusion;
}

export interface WindowCall {
  readonly function: AggregateFunction | WindowFunction;
  readonly list: readonly Bound[];
  /** Of the first argument. */
  readonly collation: Collation | undefined;
  readonly filter: Bound | undefined;
  readonly window: BoundWindow;
  readonly types: TypeSet;
}

export interface Windowing {
  /** A column for each call. */
  readonly source: Source;
  readonly calls: readonly WindowCall[];
}

/** SELECT … FROM … WHERE … GROUP BY … HAVING … WINDOW …. */
export interface BoundCore {
  readonly kind: "core";
  readonly from: BoundFrom | undefined;
  readonly where: Bound | undefined;
  readonly grouping: Grouping | undefined;
  readonly windowing: Windowing | undefined;
  readonly columns: readonly BoundColumn[];
  readonly distinct: boolean;
}

export type CompoundOperator = "union" | "union all" | "intersect" | "except";

export type BoundBody =
  | BoundCore
  | { readonly kind: "values"; readonly rows: readonly (readonly Bound[])[]; readonly columns: readonly BoundColumn[] }
  | {
      readonly kind: "compound";
      readonly operator: CompoundOperator;
      readonly left: BoundBody;
      readonly right: BoundBody;
      /** Collations that tell its rows apart. */
      readonly collations: readonly (Collation | undefined)[];
      /** For ORDER BY. */
      readonly source: Source;
      readonly columns: readonly BoundColumn[];
    }
  | {
      readonly kind: "recursion";
      readonly initial: BoundBody;
      /** Each reads `source`, the rows found last. */
      readonly steps: readonly BoundCore[];
      readonly source: Source;
      readonly collations: readonly (Collation | undefined)[];
      readonly isDistinct: boolean;
      readonly columns: readonly BoundColumn[];
    };

export interface BoundQuery {
  readonly id: number;
  readonly body: BoundBody;
  readonly ordering: readonly BoundOrdering[];
  readonly limit: Bound | undefined;
  readonly offset: Bound | undefined;
  /** Sources of the queries around it that it reads; empty: it gives the same rows each time. */
  readonly outer: ReadonlySet<Source>;
}

export function columnOf(source: Source, column: SourceColumn): Bound {
  return { kind: "column", types: column.types, source, column };
}

export function isComparison(condition: Bound | BoundComparison): condition is BoundComparison {
  return "nullSafe" in condition;
}

/** A column of what a query makes: of its groups, of its windows. */
export function resultColumn(
  name: string,
  index: number,
  types: number,
  collation: Collation | undefined = undefined,
): SourceColumn {
  return { name, index, types, affinity: undefined, collation, isHidden: false };
}
