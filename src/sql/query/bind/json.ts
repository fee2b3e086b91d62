/**
 * JSON as an argument: of an expression that is JSON text to SQLite (value/json/index.ts says why), the form that answers JSONB.
 *
 * It is bound for arguments of functions that take JSON only. Where CASE, coalesce, iif, COLLATE or a plus hand a value on, their parts
 * are bound so; nullif works its left side out twice. What compares values and hands one on (min, max), and CAST to TEXT, work
 * on the text; if that is JSON whatever the row, it is read as JSON again.
 */
import { scalarFunction } from "../../value/functions/registry.ts";
import { INTEGER, NULL, NULLABLE, TEXT, typeSet } from "../../value/value.ts";
import { type Bound, columnOf } from "./bound.ts";
import { constant } from "./fold.ts";

/** The expression as an argument that may be JSON. */
export function asJson(bound: Bound): Bound {
  switch (bound.kind) {
    case "call": {
      const { nested } = bound.function;
      return nested === undefined ? bound : { ...bound, types: nested.types, function: nested };
    }
    case "first": {
      const list = bound.list.map(asJson);
      const types = list.reduce((set, part) => set | part.types, 0);
      return { ...bound, types: (bound.types & NULLABLE) === 0 ? types & ~NULLABLE : types, list };
    }
    case "case": {
      const branches = bound.branches.map((branch) => ({ ...branch, result: asJson(branch.result) }));
      const otherwise = asJson(bound.otherwise);
      const types = branches.reduce((set, branch) => set | branch.result.types, otherwise.types);
      return { ...bound, types, branches, otherwise };
    }
    case "unary":
      return bound.operator === "+" ? handedOn(bound, asJson(bound.operand)) : bound;
    case "nullif":
      return nullIf(bound);
    case "column":
      return nestedColumn(bound);
    case "collate": {
      const operand = asJson(bound.operand);
      return { ...bound, operand, types: operand.types };
    }
    case "extreme":
    case "cast":
      return isAlwaysJson(bound) ? readAgain(bound) : bound;
    default:
      return bound;
  }
}

function handedOn(bound: Extract<Bound, { kind: "unary" }>, operand: Bound): Bound {
  return { ...bound, operand, types: operand.types };
}

/** A column of a table function that is JSON in some rows, such as json_each's `value`. */
function nestedColumn(bound: Extract<Bound, { kind: "column" }>): Bound {
  const { source, column } = bound;
  const columns = source.origin.kind === "function" ? source.origin.function.columns : [];
  const nested = columns.findIndex(({ nestedOf }) => nestedOf === column.name);
  return nested < 0 ? bound : columnOf(source, source.columns[nested]!);
}

/** Compares the left side as the text that it is, and hands it on as JSON. */
function nullIf(bound: Extract<Bound, { kind: "nullif" }>): Bound {
  const { left, comparison } = bound;
  const otherwise = asJson(left);
  if (otherwise === left) {
    return bound;
  }
  const condition: Bound = { kind: "compare", types: typeSet(INTEGER) | NULLABLE, left, comparison };
  const branches = [{ condition, result: constant(NULL, null) }];
  return { kind: "case", types: otherwise.types | NULLABLE, operand: undefined, branches, otherwise };
}

/** Whether the expression is JSON text or NULL, whatever the row. */
function isAlwaysJson(bound: Bound): boolean {
  switch (bound.kind) {
    case "call":
      return bound.function.nested !== undefined && (bound.types & ~JSON_TEXT) === 0;
    case "constant":
      return bound.tag === NULL;
    case "cast":
      return bound.affinity === "TEXT" && isAlwaysJson(bound.operand);
    case "collate":
      return isAlwaysJson(bound.operand);
    case "nullif":
      return isAlwaysJson(bound.left);
    case "first":
    case "extreme":
      return bound.list.every(isAlwaysJson);
    case "case":
      return bound.branches.every((branch) => isAlwaysJson(branch.result)) && isAlwaysJson(bound.otherwise);
    case "unary":
      return bound.operator === "+" && isAlwaysJson(bound.operand);
    default:
      return false;
  }
}

const JSON_TEXT = typeSet(TEXT) | NULLABLE;

function readAgain(bound: Bound): Bound {
  const read = scalarFunction("jsonb")!;
  return { kind: "call", types: read.types, function: read, list: [bound], site: undefined };
}
