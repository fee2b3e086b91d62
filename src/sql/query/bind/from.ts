/** Sources of FROM: tables, views, common queries, table functions and subqueries. What joins them is in joins.ts. */
import type { DbError } from "../../../errors.ts";
import { foldName, fullName } from "../../catalog/name.ts";
import { isKeyed, ROWID_INDEX, type Table, type View } from "../../catalog/schema.ts";
import type { FromTerm } from "../../parse/ast/query.ts";
import type { ColumnsOfView } from "../../pragma/pragma.ts";
import { pragmaTable } from "../../pragma/registry.ts";
import { schemaTable } from "../../pragma/schema-table.ts";
import type { TableFunction } from "../../run/table-function.ts";
import { tableFunction } from "../../run/table-functions.ts";
import { ANY_TYPE, INTEGER_TYPES, NULLABLE, NUMERIC_TYPES, type TypeSet } from "../../value/value.ts";
import {
  type Bound,
  type BoundCore,
  type BoundIndex,
  type BoundQuery,
  type IndexHint,
  type Source,
  type SourceColumn,
  type TableOrigin,
  UNNAMED,
} from "./bound.ts";
import { columnAffinity, withRealColumns } from "./column-affinity.ts";
import { originOf } from "./column-origin.ts";
import { bindIndexes, isPlain } from "./index-expression.ts";
import type { CommonReference, Scope, StatementScope } from "./scope.ts";
import { collationOf, firstCore } from "./traits.ts";
import { uniqueNames } from "./unique-names.ts";
import { NO_JOINS, NO_NAMES, type VisibleSource } from "./visible-source.ts";

/** A source under its name; nothing is joined with it yet. `isOptional`: its row may be missing. */
export function visibleSource(
  scope: Scope,
  term: Exclude<FromTerm, { kind: "nested" }>,
  isOptional: boolean,
): VisibleSource {
  const { alias } = term;
  switch (term.kind) {
    case "subquery": {
      const query = withRealColumns(scope.subqueryInFrom(term.query));
      const name = alias ?? UNNAMED;
      return named(
        alias,
        undefined,
        querySource(scope, name, { query, columns: undefined, materialized: undefined, references: ONCE }, isOptional),
      );
    }
    case "table-function":
      return named(
        alias ?? term.name,
        undefined,
        functionSource(scope, term, functionOf(scope, undefined, term.name), isOptional),
      );
    case "table":
      return namedTable(scope, term, isOptional);
  }
}

function named(
  name: string | undefined,
  schema: string | undefined,
  source: Source,
  namesake: Table | undefined = undefined,
): VisibleSource {
  return {
    name: name === undefined ? undefined : foldName(name),
    schema,
    source,
    joins: NO_JOINS,
    merged: NO_NAMES,
    isQualifiedOnly: false,
    namesake,
  };
}

function namedTable(scope: Scope, term: Extract<FromTerm, { kind: "table" }>, isOptional: boolean): VisibleSource {
  const { schema, name, alias, index, at } = term;
  const common = schema === undefined ? scope.commonQuery(name) : undefined;
  if (common !== undefined) {
    const { query, columns, materialized, recursion, references } = common.refer(scope, at);
    const source =
      recursion ?? querySource(scope, alias ?? name, { query: query!, columns, materialized, references }, isOptional);
    return named(alias ?? name, undefined, source);
  }
  const table = scope.statement.table(schema, name);
  if (table === undefined) {
    const view = scope.statement.view(schema, name);
    if (view !== undefined) {
      return namedView(scope, term, view, isOptional);
    }
    const found = functionOf(scope, schema, name);
    if (found !== undefined) {
      return named(
        alias ?? name,
        schema?.toLowerCase(),
        functionSource(scope, { ...term, list: [] }, found, isOptional),
      );
    }
    throw noSuchTable(scope, schema, name, at);
  }
  scope.statement.meansTable(at, table);
  const hint = index === undefined ? undefined : (index.name ?? null);
  if (typeof hint === "string" && !table.indexes.some((candidate) => foldName(candidate.name) === foldName(hint))) {
    throw scope.statement.fail(`no such index: ${hint}`, index!.at);
  }
  return named(
    alias ?? name,
    table.schema,
    tableSource(scope, alias ?? table.name, table, hint, isOptional),
    alias === undefined ? table : undefined,
  );
}

/** What a view's query names is in the schema of the view. */
function noSuchTable({ statement }: Scope, schema: string | undefined, name: string, at: number): DbError {
  return statement.fail(`no such table: ${fullName(undefined, schema ?? statement.home, name)}`, at);
}

/** A view is bound anew wherever it stands. */
function namedView(
  scope: Scope,
  { alias, index, at }: Extract<FromTerm, { kind: "table" }>,
  view: View,
  isOptional: boolean,
): VisibleSource {
  if (index?.name !== undefined) {
    throw scope.statement.fail(`no such index: ${index.name}`, index.at);
  }
  const { query, columns } = queryOfView(scope.statement, view, at);
  const name = alias ?? view.name;
  const source = querySource(scope, name, { query, columns, materialized: undefined, references: ONCE }, isOptional);
  return named(name, view.schema, source);
}

function queryOfView(
  statement: StatementScope,
  view: View,
  at: number,
): { readonly query: BoundQuery; readonly columns: readonly string[] | undefined } {
  const query = withRealColumns(statement.viewQuery(view, at));
  const columns = view.statement.columns?.map(({ name }) => name);
  const count = query.body.columns.length;
  if (columns !== undefined && columns.length !== count) {
    throw statement.fail(`expected ${columns.length} columns for '${view.name}' but got ${count}`, at);
  }
  return { query, columns };
}

/** A view's columns, as a query that the view stands in sees them. */
export function columnsOfView(statement: StatementScope, view: View): SourceColumn[] {
  const { query, columns } = queryOfView(statement, view, 0);
  return columnsOf(query, columns);
}

/** What a view's columns are called, and as what they were declared. */
export function viewColumns(statement: StatementScope, view: View): ReturnType<ColumnsOfView> {
  const { query, columns } = queryOfView(statement, view, 0);
  const { columns: values } = firstCore(query.body);
  return columnsOf(query, columns).map(({ name }, index) => ({ name, type: originOf(values[index]!.value)?.type }));
}

/** The rows of a table. */
export function tableSource(
  scope: Scope,
  name: string,
  table: Table,
  hint: IndexHint | undefined,
  isOptional: boolean,
): Source {
  const { columns, rowid } = columnsOfTable(table, isOptional);
  const origin = new LazyTableOrigin(scope.statement, table, hint);
  const source = scope.statement.newSource(name, columns, rowid, origin);
  origin.source = source;
  if (!table.indexes.every(isPlain) || scope.statement.isObserved) {
    origin.bindIndexes();
  }
  return source;
}

/** Indexes on columns alone are bound when the planner asks for them: for a row by its key they are of no use. */
class LazyTableOrigin implements TableOrigin {
  readonly kind = "table";
  readonly table: Table;
  readonly hint: IndexHint | undefined;
  source: Source | undefined;
  readonly #statement: StatementScope;
  #indexes: readonly BoundIndex[] | undefined;

  constructor(statement: StatementScope, table: Table, hint: IndexHint | undefined) {
    this.table = table;
    this.hint = hint;
    this.source = undefined;
    this.#statement = statement;
    this.#indexes = table.indexes.length === 0 ? NO_INDEXES : undefined;
  }

  get indexes(): readonly BoundIndex[] {
    return this.bindIndexes();
  }

  bindIndexes(): readonly BoundIndex[] {
    this.#indexes ??= bindIndexes(this.#statement, this.source!, this.table);
    return this.#indexes;
  }
}

const NO_INDEXES: readonly BoundIndex[] = [];

/** `isOptional`: each may be NULL. */
export function columnsOfTable(table: Table, isOptional: boolean): Pick<Source, "columns" | "rowid"> {
  const optional = isOptional ? NULLABLE : 0;
  const columns: SourceColumn[] = [];
  for (const column of table.columns) {
    columns.push({
      name: column.name,
      index: column.index,
      types: table.view === undefined ? columnTypes(column) | optional : ANY_TYPE,
      affinity: column.affinity,
      collation: column.collation,
      isHidden: false,
    });
  }
  if (isKeyed(table)) {
    return { columns, rowid: undefined };
  }
  const alias = table.rowidColumn;
  const types = INTEGER_TYPES | optional;
  const rowid: SourceColumn | undefined =
    alias === undefined
      ? { name: "rowid", index: ROWID_INDEX, types, affinity: "INTEGER", collation: undefined, isHidden: true }
      : columns[alias.index];
  return { columns, rowid };
}

/** Affinity says what cannot be in a column: what it would have become something else when it was stored. */
function columnTypes(column: Table["columns"][number]): TypeSet {
  if (column.slot < 0) {
    return INTEGER_TYPES;
  }
  const byAffinity =
    column.affinity === "TEXT"
      ? ANY_TYPE & ~NUMERIC_TYPES
      : column.affinity === "REAL"
        ? ANY_TYPE & ~INTEGER_TYPES
        : ANY_TYPE;
  return column.notNull ? byAffinity & ~NULLABLE : byAffinity;
}

/** Nobody else refers to it. */
const ONCE = { count: 1 };

function querySource(
  scope: Scope,
  name: string,
  {
    query,
    columns: names,
    materialized,
    references,
  }: Omit<CommonReference, "query" | "recursion"> & { query: BoundQuery },
  isOptional: boolean,
): Source {
  scope.addOuter(query.outer);
  const columns = columnsOf(query, names).map((column) =>
    isOptional ? { ...column, types: column.types | NULLABLE } : column,
  );
  return scope.statement.newSource(name, columns, undefined, { kind: "query", query, materialized, references });
}

/** What the columns of a query are to the one that it stands in. */
export function columnsOf({ body }: Pick<BoundQuery, "body">, names: readonly string[] | undefined): SourceColumn[] {
  const ofFirst = firstCore(body).columns;
  const unique = uniqueNames(names ?? body.columns.map(({ name, nameInFrom }) => nameInFrom ?? name));
  return body.columns.map(({ value }, index) => ({
    name: unique[index]!,
    index,
    types: body.kind === "core" ? value.types | nullsOfGroup(body) : ANY_TYPE,
    affinity: columnAffinity(body, index),
    collation: collationOf(ofFirst[index]!.value)?.collation,
    isHidden: false,
  }));
}

/** Without GROUP BY there is a group even without rows, and all columns of FROM are NULL there. */
function nullsOfGroup({ grouping }: BoundCore): TypeSet {
  return grouping !== undefined && grouping.keys.length === 0 ? NULLABLE : 0;
}

function functionSource(
  scope: Scope,
  term: Pick<Extract<FromTerm, { kind: "table-function" }>, "name" | "list" | "alias" | "at">,
  found: TableFunction | undefined,
  isOptional: boolean,
): Source {
  if (found === undefined) {
    const isTable = scope.statement.table(undefined, term.name) !== undefined;
    throw scope.statement.fail(isTable ? `'${term.name}' is not a function` : `no such table: ${term.name}`, term.at);
  }
  const hidden = found.columns.filter(({ isHidden }) => isHidden);
  if (term.list.length > hidden.length) {
    throw scope.statement.fail(`too many arguments on ${term.name}() - max ${hidden.length}`, term.at);
  }
  // They may be columns of sources that come later.
  const list: Bound[] = [];
  scope.afterFrom.push(() => list.push(...term.list.map((part) => scope.expression(part))));
  const optional = isOptional ? NULLABLE : 0;
  const columns = found.columns.map(
    ({ name, types, affinity, isHidden, nestedOf }, index): SourceColumn => ({
      name,
      index,
      types: types | optional,
      affinity,
      collation: undefined,
      isHidden: isHidden || nestedOf !== undefined,
    }),
  );
  const rowid: SourceColumn | undefined = found.hasRowid
    ? {
        name: "rowid",
        index: ROWID_INDEX,
        types: INTEGER_TYPES | optional,
        affinity: "INTEGER",
        collation: undefined,
        isHidden: true,
      }
    : undefined;
  return scope.statement.newSource(term.alias ?? term.name, columns, rowid, {
    kind: "function",
    function: found,
    list,
    places: term.list.map((_, index) => index),
  });
}

/** The table function of this name: the session's own, one that there is for all, or one about the schema. */
function functionOf(scope: Scope, given: string | undefined, name: string): TableFunction | undefined {
  const { statement } = scope;
  const { catalog } = statement;
  const folded = foldName(name);
  const schema = given ?? statement.home;
  const virtual = catalog.virtualTable(schema, name);
  if (virtual !== undefined) {
    return statement.virtualTable(virtual);
  }
  if (given !== undefined && foldName(given) !== "main") {
    return schemaTable(catalog, foldName(given), folded);
  }
  return (
    statement.sessionTable(folded) ??
    tableFunction(folded) ??
    schemaTable(catalog, schema, folded) ??
    pragmaTable(catalog, folded, (view) => viewColumns(statement, view))
  );
}
