/**
 * Expressions and queries: plain records, not yet resolved against any table. They contain each other, so they are one file.
 *
 * Every expression knows the offset (`at`) of the token that it is named by, so that a later stage can point there.
 * Names are as written (without quotes); they compare without regard to ASCII case. Integers beyond 2^53 are bigints,
 * and those beyond 64 bits are reals, as in SQLite. Parentheses leave no trace, except around several tables in FROM.
 */
export type BinaryOperator =
  | "or"
  | "and"
  | "="
  | "<>"
  | "<"
  | "<="
  | ">"
  | ">="
  /** IS is also IS NOT DISTINCT FROM, and the other way round. */
  | "is"
  | "is not"
  | "&"
  | "|"
  | "<<"
  | ">>"
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "||"
  | "->"
  | "->>";

export type UnaryOperator = "-" | "+" | "~" | "not";

/** The tests that are calls of functions of their names; only LIKE has an ESCAPE that means something. */
export type LikeOperator = "like" | "glob" | "regexp" | "match";

export type Expression =
  | { readonly kind: "null"; readonly at: number }
  | { readonly kind: "integer"; readonly at: number; readonly value: number | bigint }
  | { readonly kind: "real"; readonly at: number; readonly value: number }
  | { readonly kind: "text"; readonly at: number; readonly value: string }
  | { readonly kind: "blob"; readonly at: number; readonly value: Uint8Array }
  | { readonly kind: "current"; readonly at: number; readonly value: "date" | "time" | "timestamp" }
  /** Parameters count from 1; those with a name share a number. */
  | { readonly kind: "parameter"; readonly at: number; readonly index: number }
  | ColumnName
  | { readonly kind: "unary"; readonly at: number; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly at: number;
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "collate"; readonly at: number; readonly operand: Expression; readonly collation: string }
  | { readonly kind: "null-test"; readonly at: number; readonly operand: Expression; readonly negated: boolean }
  | {
      readonly kind: "between";
      readonly at: number;
      readonly operand: Expression;
      readonly low: Expression;
      readonly high: Expression;
      readonly negated: boolean;
    }
  | {
      readonly kind: "in";
      readonly at: number;
      readonly operand: Expression;
      readonly list: readonly Expression[];
      readonly negated: boolean;
    }
  | {
      readonly kind: "in-query";
      readonly at: number;
      readonly operand: Expression;
      readonly query: Query;
      readonly negated: boolean;
    }
  | {
      readonly kind: "in-table";
      readonly at: number;
      readonly operand: Expression;
      readonly table: QualifiedName;
      /** The arguments where the table is that of a function. */
      readonly list: readonly Expression[] | undefined;
      readonly negated: boolean;
    }
  | {
      readonly kind: "like";
      readonly at: number;
      readonly operator: LikeOperator;
      readonly operand: Expression;
      readonly pattern: Expression;
      readonly escape: Expression | undefined;
      readonly negated: boolean;
    }
  | {
      readonly kind: "case";
      readonly at: number;
      readonly operand: Expression | undefined;
      readonly branches: readonly CaseBranch[];
      readonly otherwise: Expression | undefined;
    }
  | { readonly kind: "cast"; readonly at: number; readonly operand: Expression; readonly type: string }
  | Call
  /** `(a, b)`: two values or more. */
  | { readonly kind: "row"; readonly at: number; readonly list: readonly Expression[] }
  | { readonly kind: "subquery"; readonly at: number; readonly query: Query }
  | { readonly kind: "exists"; readonly at: number; readonly query: Query }
  /** IGNORE has no message. */
  | {
      readonly kind: "raise";
      readonly at: number;
      readonly action: "ignore" | "rollback" | "abort" | "fail";
      readonly message: Expression | undefined;
    };

export interface ColumnName {
  readonly kind: "name";
  readonly at: number;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string;
  /** In quotes, or behind a table: never TRUE or FALSE. */
  readonly quoted: boolean;
}

export interface Call {
  readonly kind: "call";
  readonly at: number;
  /** In lower case. */
  readonly name: string;
  readonly list: readonly Expression[];
  readonly star: boolean;
  readonly distinct: boolean;
  /** The order in which an aggregate gets its rows. */
  readonly orderBy: readonly OrderingTerm[];
  readonly filter: Expression | undefined;
  /** OVER: a window, or the name of one. */
  readonly over: Window | WindowName | undefined;
}

export interface CaseBranch {
  readonly condition: Expression;
  readonly result: Expression;
}

/** A name with its place. */
export interface Name {
  readonly name: string;
  readonly at: number;
}

/** `at` is the place of the name, not that of the schema. */
export interface QualifiedName {
  readonly schema: string | undefined;
  readonly name: string;
  readonly at: number;
}

export interface WindowName extends Name {
  readonly kind: "window-name";
}

export interface Window {
  readonly kind: "window";
  readonly at: number;
  /** The window that this one adds to. */
  readonly base: Name | undefined;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderingTerm[];
  /** None said: RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW. */
  readonly frame: Frame | undefined;
}

export interface NamedWindow extends Name {
  readonly window: Window;
}

export interface Frame {
  readonly at: number;
  readonly unit: "rows" | "range" | "groups";
  readonly start: FrameBound;
  readonly end: FrameBound;
  readonly exclude: "no others" | "current row" | "group" | "ties";
}

export type FrameBound =
  | { readonly kind: "unbounded preceding" | "current row" | "unbounded following" }
  | { readonly kind: "preceding" | "following"; readonly offset: Expression };

export interface OrderingTerm {
  readonly expression: Expression;
  readonly descending: boolean;
  /** NULLs come first when ascending and last when descending, unless said otherwise. */
  readonly nullsFirst: boolean;
}

export type ResultColumn =
  | { readonly kind: "star"; readonly at: number; readonly table: string | undefined }
  /** `text` is the expression as written: the column's name where there is no alias. */
  | {
      readonly kind: "expression";
      readonly expression: Expression;
      readonly alias: string | undefined;
      readonly text: string;
    };

/** INDEXED BY name; NOT INDEXED where there is no name. */
export interface IndexHint {
  readonly at: number;
  readonly name: string | undefined;
}

/** A table where one is meant to be written, or to be read by its name. */
export interface TableName extends QualifiedName {
  readonly alias: string | undefined;
  readonly index: IndexHint | undefined;
}

export type FromTerm =
  | (TableName & { readonly kind: "table" })
  | (QualifiedName & {
      readonly kind: "table-function";
      readonly list: readonly Expression[];
      readonly alias: string | undefined;
    })
  | { readonly kind: "subquery"; readonly at: number; readonly query: Query; readonly alias: string | undefined }
  /** In parentheses: the joins inside come first. */
  | { readonly kind: "nested"; readonly at: number; readonly from: From; readonly alias: string | undefined };

export type JoinType = "comma" | "inner" | "cross" | "left" | "right" | "full";

/** What is joined to all that stands before it. */
export interface Join {
  readonly at: number;
  readonly type: JoinType;
  readonly natural: boolean;
  readonly term: FromTerm;
  readonly on: Expression | undefined;
  readonly using: readonly Name[] | undefined;
}

export interface From {
  readonly first: FromTerm;
  readonly joins: readonly Join[];
}

export interface SelectCore {
  readonly kind: "select";
  readonly at: number;
  readonly distinct: boolean;
  readonly columns: readonly ResultColumn[];
  readonly from: From | undefined;
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly having: Expression | undefined;
  readonly windows: readonly NamedWindow[];
}

/** At least one row, all of the same length. */
export interface Values {
  readonly kind: "values";
  readonly at: number;
  readonly rows: readonly (readonly Expression[])[];
}

export type CompoundOperator = "union" | "union all" | "intersect" | "except";

export interface CompoundPart {
  readonly at: number;
  readonly operator: CompoundOperator;
  readonly core: SelectCore | Values;
}

/** `first`, then each part of `rest` put to what came out before it; ORDER BY and LIMIT are for the whole. */
export interface Query {
  readonly kind: "query";
  readonly at: number;
  readonly with: With | undefined;
  readonly first: SelectCore | Values;
  readonly rest: readonly CompoundPart[];
  readonly orderBy: readonly OrderingTerm[];
  readonly limit: Expression | undefined;
  readonly offset: Expression | undefined;
}

export interface With {
  readonly at: number;
  readonly recursive: boolean;
  readonly tables: readonly CommonTable[];
}

export interface CommonTable extends Name {
  readonly columns: readonly Name[] | undefined;
  /** Said to be kept, or not to be kept; undefined: as is best. */
  readonly materialized: boolean | undefined;
  readonly query: Query;
}
