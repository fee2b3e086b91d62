/**
 * What names mean at one place of a statement: the columns of its table, the aliases of its result, whether aggregates
 * may stand there, and where to point when something is wrong.
 *
 * A column comes before an alias of the same name, except that an ORDER BY term which is a mere name is an alias first
 * (`bindOrderBy`). Aliases are not visible inside the result columns themselves.
 */
import type { DbError, DbErrorCode } from "../../errors.ts";
import { foldName, named } from "../catalog/name.ts";
import type { Column, Table } from "../catalog/schema.ts";
import type { Expression, TableName } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import { errorAt } from "../parse/syntax-error.ts";
import { ANY_TYPE, INTEGER_TYPES, NULLABLE, NUMERIC_TYPES } from "../value/value.ts";
import { type Aggregate, type Bound, signature } from "./bound.ts";

const ROWID_NAMES = new Set(["rowid", "oid", "_rowid_"]);

export class Scope {
  readonly #parsed: ParsedStatement;
  readonly table: Table | undefined;
  readonly #tableName: string | undefined;
  readonly #aliases: Map<string, Expression>;
  readonly aggregates: Aggregate[];
  /** Why an aggregate may not stand here; undefined: it may. */
  aggregatesRefused: string | undefined;
  aliasesVisible: boolean;
  /** Every column may be NULL: there may be no row that it comes from. */
  readonly #mayLackRows: boolean;

  constructor(
    parsed: ParsedStatement,
    table: Table | undefined,
    name: TableName | undefined,
    mayLackRows: boolean = false,
  ) {
    this.#mayLackRows = mayLackRows;
    this.#parsed = parsed;
    this.table = table;
    this.#tableName = name === undefined ? undefined : foldName(name.alias ?? name.name);
    this.#aliases = new Map();
    this.aggregates = [];
    this.aggregatesRefused = undefined;
    this.aliasesVisible = false;
  }

  addAlias(name: string, expression: Expression): void {
    const folded = foldName(name);
    if (!this.#aliases.has(folded)) {
      this.#aliases.set(folded, expression);
    }
  }

  alias(name: string): Expression | undefined {
    return this.aliasesVisible ? this.#aliases.get(foldName(name)) : undefined;
  }

  /** The alias of this name even where columns come first. */
  orderAlias(name: string): Expression | undefined {
    return this.#aliases.get(foldName(name));
  }

  isTable(name: string): boolean {
    return this.#tableName === foldName(name);
  }

  /** The column, or the rowid, that `name` or `table.name` means. */
  column(table: string | undefined, name: string): Bound | undefined {
    if (this.table === undefined || (table !== undefined && !this.isTable(table))) {
      return undefined;
    }
    const column = named(this.table.columns, name);
    if (column !== undefined) {
      return this.bound(column);
    }
    return this.table.primaryKey.length === 0 && ROWID_NAMES.has(foldName(name)) ? this.#nullable(ROWID) : undefined;
  }

  bound(column: Column): Bound {
    return this.#nullable(boundColumn(column));
  }

  /** The reference to an aggregate; the same one twice is computed once. */
  aggregate(aggregate: Aggregate): Bound {
    const known = this.aggregates.findIndex((other) => sameAggregate(other, aggregate));
    const index = known >= 0 ? known : this.aggregates.push(aggregate) - 1;
    return { kind: "aggregate", types: aggregate.types, index, aggregate };
  }

  #nullable(column: Bound): Bound {
    return this.#mayLackRows ? { ...column, types: column.types | NULLABLE } : column;
  }

  fail(message: string, at: number, code: DbErrorCode = "INVALID"): DbError {
    return errorAt(code, message, this.#parsed.text, at - this.#parsed.start);
  }
}

const ROWID: Bound = { kind: "rowid", types: INTEGER_TYPES };

function sameAggregate(a: Aggregate, b: Aggregate): boolean {
  if (a.name !== b.name || a.argument === undefined || b.argument === undefined) {
    return a.name === b.name && a.argument === b.argument;
  }
  return signature(a.argument) === signature(b.argument);
}

function boundColumn(column: Column): Bound {
  return column.slot < 0 ? ROWID : { kind: "column", types: columnTypes(column), column };
}

/** Affinity says what cannot be in a column: what it would have become something else when it was stored. */
function columnTypes(column: Column): number {
  const byAffinity =
    column.affinity === "TEXT"
      ? ANY_TYPE & ~NUMERIC_TYPES
      : column.affinity === "REAL"
        ? ANY_TYPE & ~INTEGER_TYPES
        : ANY_TYPE;
  return column.notNull ? byAffinity & ~NULLABLE : byAffinity;
}
