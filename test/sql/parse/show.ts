/** An expression or a query as SQL with every pair of parentheses written: what the tests of precedence compare. */
import { quoteName } from "../../../src/sql/catalog/name.ts";
import type {
  Call,
  Expression,
  Frame,
  FrameBound,
  From,
  FromTerm,
  IndexHint,
  Join,
  Name,
  OrderingTerm,
  QualifiedName,
  Query,
  ResultColumn,
  SelectCore,
  TableName,
  Values,
  Window,
  With,
} from "../../../src/sql/parse/ast/query.ts";

export function show(expression: Expression): string {
  switch (expression.kind) {
    case "null":
      return "null";
    case "integer":
      return String(expression.value);
    case "real":
      return showReal(expression.value);
    case "text":
      return `'${expression.value.replaceAll("'", "''")}'`;
    case "blob":
      return `x'${Buffer.from(expression.value).toString("hex")}'`;
    case "current":
      return `current_${expression.value}`;
    case "parameter":
      return `?${expression.index}`;
    case "name":
      return [expression.schema, expression.table, expression.column].filter(isThere).map(quoteName).join(".");
    case "unary":
      return `(${expression.operator} ${show(expression.operand)})`;
    case "binary":
      return `(${show(expression.left)} ${expression.operator} ${show(expression.right)})`;
    case "collate":
      return `(${show(expression.operand)} collate ${quoteName(expression.collation)})`;
    case "null-test":
      return `(${show(expression.operand)} ${expression.negated ? "not null" : "is null"})`;
    case "between":
      return `(${show(expression.operand)} ${not(expression)}between ${show(expression.low)} and ${show(expression.high)})`;
    case "in":
      return `(${show(expression.operand)} ${not(expression)}in (${list(expression.list)}))`;
    case "in-query":
      return `(${show(expression.operand)} ${not(expression)}in (${showQuery(expression.query)}))`;
    case "in-table": {
      const values = expression.list === undefined ? "" : `(${list(expression.list)})`;
      return `(${show(expression.operand)} ${not(expression)}in ${qualified(expression.table)}${values})`;
    }
    case "like": {
      const escaping = clause(" escape ", expression.escape);
      return `(${show(expression.operand)} ${not(expression)}${expression.operator} ${show(expression.pattern)}${escaping})`;
    }
    case "case": {
      const branches = expression.branches.map(
        (branch) => ` when ${show(branch.condition)} then ${show(branch.result)}`,
      );
      return `(case${clause(" ", expression.operand)}${branches.join("")}${clause(" else ", expression.otherwise)} end)`;
    }
    case "cast":
      return `cast(${show(expression.operand)} as ${expression.type.toLowerCase()})`;
    case "call":
      return showCall(expression);
    case "row":
      return `(${list(expression.list)})`;
    case "subquery":
      return `(${showQuery(expression.query)})`;
    case "exists":
      return `exists (${showQuery(expression.query)})`;
    case "raise":
      return `raise(${expression.action}${clause(", ", expression.message)})`;
  }
}

/** A real says that it is one. */
function showReal(value: number): string {
  const digits = value === Number.POSITIVE_INFINITY ? "9e999" : String(value);
  return /^\d+$/.test(digits) ? `${digits}.0` : digits;
}

function showCall(call: Call): string {
  const name = /^[a-z_][a-z_0-9]*$/.test(call.name) ? call.name : `"${call.name}"`;
  const values = call.star ? "*" : `${call.distinct ? "distinct " : ""}${list(call.list)}`;
  const filter = call.filter === undefined ? "" : ` filter (where ${show(call.filter)})`;
  const over =
    call.over === undefined
      ? ""
      : ` over ${call.over.kind === "window" ? showWindow(call.over) : quoteName(call.over.name)}`;
  return `${name}(${values}${ordering(call.orderBy)})${filter}${over}`;
}

function showWindow(window: Window): string {
  const partition = window.partitionBy.length === 0 ? "" : ` partition by ${list(window.partitionBy)}`;
  const base = window.base === undefined ? "" : quoteName(window.base.name);
  return `(${`${base}${partition}${ordering(window.orderBy)}${showFrame(window.frame)}`.trim()})`;
}

function showFrame(frame: Frame | undefined): string {
  if (frame === undefined) {
    return "";
  }
  const bounds = `between ${showBound(frame.start)} and ${showBound(frame.end)}`;
  return ` ${frame.unit} ${bounds} exclude ${frame.exclude}`;
}

function showBound(bound: FrameBound): string {
  return "offset" in bound ? `${show(bound.offset)} ${bound.kind}` : bound.kind;
}

export function showQuery(query: Query): string {
  const rest = query.rest.map(({ operator, core }) => ` ${operator} ${showCore(core)}`).join("");
  const limit = `${clause(" limit ", query.limit)}${clause(" offset ", query.offset)}`;
  return `${showWith(query.with)}${showCore(query.first)}${rest}${ordering(query.orderBy)}${limit}`;
}

export function showWith(clauses: With | undefined): string {
  if (clauses === undefined) {
    return "";
  }
  const tables = clauses.tables.map(({ name, columns, materialized, query }) => {
    const hint = materialized === undefined ? "" : `${materialized ? "" : "not "}materialized `;
    return `${quoteName(name)}${names(columns)} as ${hint}(${showQuery(query)})`;
  });
  return `with ${clauses.recursive ? "recursive " : ""}${tables.join(", ")} `;
}

function showCore(core: SelectCore | Values): string {
  if (core.kind === "values") {
    return `values ${core.rows.map((row) => `(${list(row)})`).join(", ")}`;
  }
  const from = core.from === undefined ? "" : ` from ${showFrom(core.from)}`;
  const groups = core.groupBy.length === 0 ? "" : ` group by ${list(core.groupBy)}`;
  const windows = core.windows.map(({ name, window }) => `${quoteName(name)} as ${showWindow(window)}`).join(", ");
  const conditions = `${clause(" where ", core.where)}${groups}${clause(" having ", core.having)}`;
  const start = `select ${core.distinct ? "distinct " : ""}${showColumns(core.columns)}`;
  return `${start}${from}${conditions}${windows === "" ? "" : ` window ${windows}`}`;
}

export function showColumns(columns: readonly ResultColumn[]): string {
  return columns
    .map((column) => {
      if (column.kind === "star") {
        return column.table === undefined ? "*" : `${quoteName(column.table)}.*`;
      }
      return `${show(column.expression)}${aliased(column.alias)}`;
    })
    .join(", ");
}

export function showFrom(from: From): string {
  return [showTerm(from.first), ...from.joins.map(showJoin)].join("");
}

function showTerm(term: FromTerm): string {
  switch (term.kind) {
    case "table":
      return showTable(term);
    case "table-function":
      return `${qualified(term)}(${list(term.list)})${aliased(term.alias)}`;
    case "subquery":
      return `(${showQuery(term.query)})${aliased(term.alias)}`;
    case "nested":
      return `(${showFrom(term.from)})${aliased(term.alias)}`;
  }
}

function showJoin({ type, natural, term, on, using }: Join): string {
  const operator = type === "comma" ? ", " : ` ${natural ? "natural " : ""}${type} join `;
  return `${operator}${showTerm(term)}${clause(" on ", on)}${using === undefined ? "" : ` using${names(using)}`}`;
}

export function showTable(table: TableName): string {
  return `${qualified(table)}${aliased(table.alias)}${showHint(table.index)}`;
}

function showHint(hint: IndexHint | undefined): string {
  return hint === undefined ? "" : hint.name === undefined ? " not indexed" : ` indexed by ${quoteName(hint.name)}`;
}

export function ordering(terms: readonly OrderingTerm[]): string {
  const shown = terms.map(({ expression, descending, nullsFirst }) => {
    const nulls = nullsFirst === !descending ? "" : ` nulls ${nullsFirst ? "first" : "last"}`;
    return `${show(expression)}${descending ? " desc" : ""}${nulls}`;
  });
  return shown.length === 0 ? "" : ` order by ${shown.join(", ")}`;
}

export function qualified({ schema, name }: QualifiedName): string {
  return schema === undefined ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`;
}

/** Names in parentheses, with a space before them. */
export function names(columns: readonly Name[] | undefined): string {
  return columns === undefined ? "" : ` (${columns.map(({ name }) => quoteName(name)).join(", ")})`;
}

/** `words` and the expression, where it is there. */
export function clause(words: string, expression: Expression | undefined): string {
  return expression === undefined ? "" : `${words}${show(expression)}`;
}

function aliased(alias: string | undefined): string {
  return alias === undefined ? "" : ` as ${quoteName(alias)}`;
}

function list(expressions: readonly Expression[]): string {
  return expressions.map(show).join(", ");
}

function not(expression: { readonly negated: boolean }): string {
  return expression.negated ? "not " : "";
}

function isThere(name: string | undefined): name is string {
  return name !== undefined;
}
