/** What the columns of a result are called, which columns of tables they are, and which tables a query reads. */
import { ROWID_INDEX, type Schema, type Table } from "../catalog/schema.ts";
import type { Query } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { SessionFunctions } from "../run/session-functions.ts";
import type { Bound } from "./bind/bound.ts";
import { bindExpression } from "./bind/expression.ts";
import { bindQuery } from "./bind/query.ts";
import { StatementScope } from "./bind/scope.ts";
import { firstCore } from "./bind/traits.ts";

export interface ResultColumn {
  readonly name: string;
  /** Undefined: it is worked out. */
  readonly origin: ColumnOrigin | undefined;
}

export interface ColumnOrigin {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  /** As declared. */
  readonly type: string | undefined;
}

export interface QueryDescription {
  readonly columns: readonly ResultColumn[];
  /** The tables that it reads. */
  readonly tables: ReadonlySet<Table>;
}

export function describeQuery(
  parsed: ParsedStatement,
  query: Query,
  schema: Schema,
  functions: SessionFunctions,
): QueryDescription {
  const statement = new StatementScope(parsed, schema, functions, { expression: bindExpression, query: bindQuery });
  const { body } = bindQuery(statement.newScope(), query);
  const columns = body.columns.map(({ name }, index) => ({
    name,
    origin: originOf(firstCore(body).columns[index]!.value),
  }));
  return { columns, tables: statement.tables };
}

/** Through subqueries, to the column of a table. */
function originOf(value: Bound): ColumnOrigin | undefined {
  if (value.kind !== "column") {
    return undefined;
  }
  const { source, column } = value;
  const { origin } = source;
  if (origin.kind === "query") {
    return originOf(firstCore(origin.query.body).columns[column.index]!.value);
  }
  if (origin.kind !== "table") {
    return undefined;
  }
  const { name, columns } = origin.table;
  const isRowid = column.index === ROWID_INDEX;
  return {
    schema: "main",
    table: name,
    column: isRowid ? "rowid" : column.name,
    type: isRowid ? "INTEGER" : columns[column.index]!.type,
  };
}
