/**
 * The affinity of columns of queries in FROM.
 *
 * Where it is REAL in a compound (`SELECT real FROM … UNION ALL SELECT 1`), integers come out as reals: SQLite reads them as it
 * reads columns of tables, where reals without a fraction are stored as integers.
 */
import type { Affinity } from "../../value/affinity.ts";
import { pure } from "../../value/functions/scalar-function.ts";
import {
  ANY_TYPE,
  answerReal,
  answerValue,
  BIG,
  BLOB,
  INTEGER,
  INTEGER_TYPES,
  NUMERIC_TYPES,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
  type TypeSet,
  typeSet,
} from "../../value/value.ts";
import type { Bound, BoundBody, BoundColumn, BoundQuery } from "./bound.ts";
import { affinityOf, type firstCore } from "./traits.ts";

/**
 * The affinity of a column of a query in FROM: that of the first part that has one, unless a part may give values that it would
 * change; then the column is taken as it is. Of several parts, each counts that comes before that one or after it.
 */
export function columnAffinity(body: BoundBody, column: number): Affinity | undefined {
  const cores = partsOf(body);
  const parts = cores.map(({ columns }) => columns[column]!.value);
  const decider = parts.findIndex((part) => affinityOf(part) !== undefined);
  if (decider < 0) {
    return undefined;
  }
  const affinity = affinityOf(parts[decider]!)!;
  if (affinity === "BLOB") {
    return affinity;
  }
  const changed = affinity === "TEXT" ? NUMERIC_TYPES : typeSet(TEXT);
  const others = cores.filter((_, index) => index !== decider);
  if (others.some((core) => (expectedOf(core, column) & changed) !== 0)) {
    return "BLOB";
  }
  return affinity !== "TEXT" && isCast(parts[0]!) ? "NUMERIC" : affinity;
}

/** One of literals has been worked out. */
function isCast(bound: Bound): boolean {
  return bound.kind === "cast" || (bound.kind === "constant" && bound.affinity !== undefined);
}

function partsOf(body: BoundBody): Exclude<BoundBody, { kind: "compound" | "recursion" }>[] {
  switch (body.kind) {
    case "compound":
      return [...partsOf(body.left), ...partsOf(body.right)];
    case "recursion":
      return [...partsOf(body.initial), ...body.steps];
    default:
      return [body];
  }
}

/** Several rows of values are a table of their own to SQLite, unless the first has affinities. */
function expectedOf(core: ReturnType<typeof firstCore>, column: number): TypeSet {
  const isTable = core.kind === "values" && core.rows.length > 1;
  return isTable && core.rows[0]!.every((value) => affinityOf(value) === undefined)
    ? ANY_TYPE
    : expectedTypes(core.columns[column]!.value);
}

/** The types that SQLite expects of an expression by its form. */
function expectedTypes(bound: Bound): TypeSet {
  switch (bound.kind) {
    case "constant":
      return bound.affinity === undefined ? bound.types : expectedByAffinity(bound);
    case "collate":
      return expectedTypes(bound.operand);
    case "unary":
      return bound.operator === "+" ? expectedTypes(bound.operand) : NUMERIC_TYPES;
    case "arithmetic":
      return bound.operator === "||" ? typeSet(TEXT, BLOB) : NUMERIC_TYPES;
    case "column":
    case "scalar-query":
    case "cast":
      return expectedByAffinity(bound);
    case "case":
      return [...bound.branches.map(({ result }) => result), bound.otherwise].reduce(
        (types, part) => types | expectedTypes(part),
        0,
      );
    case "call":
      return bound.function === READ_REAL ? NUMERIC_TYPES : ANY_TYPE;
    case "parameter":
    case "first":
    case "extreme":
    case "nullif":
    case "like":
      return ANY_TYPE;
    default:
      return NUMERIC_TYPES;
  }
}

/** Of what has an affinity: what it stands for. */
function expectedByAffinity(bound: Bound): TypeSet {
  const affinity = affinityOf(bound);
  return affinity === undefined || affinity === "BLOB"
    ? ANY_TYPE
    : affinity === "TEXT"
      ? typeSet(TEXT, BLOB)
      : NUMERIC_TYPES | typeSet(BLOB);
}

const READ_REAL = pure("real", 1, 1, ANY_TYPE & ~INTEGER_TYPES, (tag: Tag, value: SqlValue) => {
  tag === INTEGER || tag === BIG ? answerReal(Number(value)) : answerValue(tag, value);
});

export function withRealColumns(query: BoundQuery): BoundQuery {
  const { body } = query;
  if (body.kind !== "compound") {
    return query;
  }
  const reals = body.columns.map((_, index) => columnAffinity(body, index) === "REAL");
  return reals.includes(true) ? { ...query, body: withReals(body, reals) } : query;
}

function withReals(body: BoundBody, reals: readonly boolean[]): BoundBody {
  const column = (each: BoundColumn, index: number): BoundColumn =>
    reals[index]! ? { ...each, value: asReal(each.value) } : each;
  switch (body.kind) {
    case "core":
      return { ...body, columns: body.columns.map(column) };
    case "values":
      return {
        ...body,
        rows: body.rows.map((row) => row.map((value, index) => (reals[index]! ? asReal(value) : value))),
        columns: body.columns.map(column),
      };
    case "compound":
      return { ...body, left: withReals(body.left, reals), right: withReals(body.right, reals) };
    default:
      return body;
  }
}

function asReal(value: Bound): Bound {
  return (value.types & INTEGER_TYPES) === 0
    ? value
    : {
        kind: "call",
        types: (value.types & ~INTEGER_TYPES) | typeSet(REAL),
        function: READ_REAL,
        list: [value],
        site: undefined,
      };
}
