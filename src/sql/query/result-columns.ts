/** What the columns of a result are called, which columns of tables they are, and which tables a query reads. */
import type { Schema, Table, View } from "../catalog/schema.ts";
import type { Query } from "../parse/ast/query.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { ColumnsOfView } from "../pragma/pragma.ts";
import type { SessionFunctions } from "../run/session-functions.ts";
import type { BoundColumn } from "./bind/bound.ts";
import { type ColumnOrigin, originOf } from "./bind/column-origin.ts";
import { bindExpression } from "./bind/expression.ts";
import { viewColumns } from "./bind/from.ts";
import { bindQuery } from "./bind/query.ts";
import { StatementScope } from "./bind/scope.ts";
import { firstCore } from "./bind/traits.ts";

export type { ColumnOrigin } from "./bind/column-origin.ts";

export interface ResultColumn {
  readonly name: string;
  /** Undefined: it is worked out. */
  readonly origin: ColumnOrigin | undefined;
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
  const statement = newStatement(parsed, schema, functions);
  const { body } = bindQuery(statement.newScope(), query);
  const origins = resultColumns(firstCore(body).columns);
  const columns = body.columns.map(({ name }, index) => ({ name, origin: origins[index]!.origin }));
  return { columns, tables: statement.tables };
}

export function resultColumns(columns: readonly BoundColumn[]): ResultColumn[] {
  return columns.map(({ name, value }) => ({ name, origin: originOf(value) }));
}

/** What the PRAGMAs of tables ask of a view. */
export function columnsOfView(view: View, schema: Schema, functions: SessionFunctions): ReturnType<ColumnsOfView> {
  return viewColumns(newStatement(view.definition, schema, functions), view);
}

function newStatement(parsed: ParsedStatement, schema: Schema, functions: SessionFunctions): StatementScope {
  return new StatementScope(parsed, schema, functions, { expression: bindExpression, query: bindQuery });
}
