/**
 * What the parser makes of a statement: plain records, not yet resolved against any table.
 *
 * Every expression knows the offset (`at`) of the token that it is named by, so that a later stage can point there.
 * Names are as written (without quotes); they compare without regard to ASCII case. Integers beyond 2^53 are bigints,
 * and those beyond 64 bits are reals, as in SQLite.
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

export type Expression =
  | { readonly kind: "null"; readonly at: number }
  | { readonly kind: "integer"; readonly at: number; readonly value: number | bigint }
  | { readonly kind: "real"; readonly at: number; readonly value: number }
  | { readonly kind: "text"; readonly at: number; readonly value: string }
  | { readonly kind: "blob"; readonly at: number; readonly value: Uint8Array }
  /** Parameters count from 1; those with a name share a number. */
  | { readonly kind: "parameter"; readonly at: number; readonly index: number }
  | {
      readonly kind: "name";
      readonly at: number;
      readonly table: string | undefined;
      readonly column: string;
      readonly quoted: boolean;
    }
  | { readonly kind: "unary"; readonly at: number; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly at: number;
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
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
      readonly kind: "like";
      readonly at: number;
      readonly operator: "like" | "glob";
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
  | {
      readonly kind: "call";
      readonly at: number;
      readonly name: string;
      readonly list: readonly Expression[];
      readonly star: boolean;
      readonly distinct: boolean;
    };

export interface CaseBranch {
  readonly condition: Expression;
  readonly result: Expression;
}

export interface TableName {
  readonly name: string;
  readonly alias: string | undefined;
  readonly at: number;
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

export interface OrderingTerm {
  readonly expression: Expression;
  readonly descending: boolean;
  /** NULLs come first when ascending and last when descending, unless said otherwise. */
  readonly nullsFirst: boolean;
}

export interface Select {
  readonly kind: "select";
  readonly distinct: boolean;
  readonly columns: readonly ResultColumn[];
  readonly from: TableName | undefined;
  readonly where: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly having: Expression | undefined;
  readonly orderBy: readonly OrderingTerm[];
  readonly limit: Expression | undefined;
  readonly offset: Expression | undefined;
}

export interface ColumnDefinition {
  readonly name: string;
  readonly at: number;
  /** The declared type as written; undefined where there is none. */
  readonly type: string | undefined;
  readonly notNull: boolean;
  readonly default: Expression | undefined;
  /** The text of the default as written, which is what the catalog keeps. */
  readonly defaultText: string | undefined;
}

export interface PrimaryKey {
  readonly at: number;
  readonly columns: readonly { readonly name: string; readonly descending: boolean; readonly at: number }[];
}

export interface CreateTable {
  readonly kind: "create-table";
  readonly name: string;
  readonly at: number;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  readonly primaryKey: PrimaryKey | undefined;
  readonly withoutRowid: boolean;
}

export interface DropTable {
  readonly kind: "drop-table";
  readonly name: string;
  readonly at: number;
  readonly ifExists: boolean;
}

/** What becomes of a row that breaks a constraint. */
export type ConflictAction = "abort" | "ignore" | "replace";

export interface Insert {
  readonly kind: "insert";
  readonly table: TableName;
  readonly conflict: ConflictAction;
  /** The columns named; undefined: all of them, in order. */
  readonly columns: readonly { readonly name: string; readonly at: number }[] | undefined;
  /** No rows: DEFAULT VALUES. */
  readonly rows: readonly (readonly Expression[])[];
}

export interface Update {
  readonly kind: "update";
  readonly table: TableName;
  readonly assignments: readonly { readonly column: string; readonly at: number; readonly value: Expression }[];
  readonly where: Expression | undefined;
}

export interface Delete {
  readonly kind: "delete";
  readonly table: TableName;
  readonly where: Expression | undefined;
}

export interface TransactionStatement {
  readonly kind: "begin" | "commit" | "rollback";
}

export interface Explain {
  readonly kind: "explain";
  readonly form: "plan" | "codegen";
  readonly statement: Statement;
}

export type Statement = Select | CreateTable | DropTable | Insert | Update | Delete | TransactionStatement | Explain;

export interface ParsedStatement {
  readonly statement: Statement;
  /** The text that the statement was parsed from, without what surrounds it. */
  readonly text: string;
  /** Where it starts in the whole text. */
  readonly start: number;
  /** Names of the parameters in order; undefined for those without a name. */
  readonly parameters: readonly (string | undefined)[];
}
