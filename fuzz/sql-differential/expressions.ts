/** Random expressions over the columns of a scope. */
import type { Dice } from "../dice.ts";
import {
  AGGREGATES,
  type Argument,
  FORMATS,
  JSON_TEXTS,
  MOMENTS,
  PATHS,
  PATTERNS,
  POSITIONAL,
  RANKS,
  SCALAR,
  TIMES,
} from "./functions.ts";
import { literal, type Traits } from "./traits.ts";
import { type Branch, expression, fixed, list, optional, type Tree } from "./tree.ts";

/** What an expression may refer to and contain. */
export interface Place {
  readonly dice: Dice;
  readonly traits: Traits;
  /** Names as they may be written. */
  readonly columns: readonly string[];
  /** Those of the queries around it. */
  readonly outer: readonly string[];
  /** A query of so many columns that sees these; undefined: no more of them. */
  readonly subquery: ((width: number) => Branch) | undefined;
  readonly aggregates: boolean;
  readonly windows: boolean;
  /** Columns may be named without their source. */
  readonly mayBeBare: boolean;
}

export function randomExpression(place: Place, depth: number): Branch {
  const { dice, aggregates, windows } = place;
  if (depth <= 0 || dice.once(6)) {
    return leaf(place);
  }
  if (aggregates && dice.once(4)) {
    return aggregateCall(place, depth - 1);
  }
  if (windows && dice.once(4)) {
    return windowCall(place, depth - 1);
  }
  const make = dice.pick(KINDS);
  return make(place, () => randomExpression(place, depth - 1));
}

/** Something that no aggregate or window function may stand in. */
function inside(place: Place): Place {
  return { ...place, aggregates: false, windows: false };
}

/** An aggregate of the columns of a query around it would be one of that query. */
function insideAggregate(place: Place): Place {
  return { ...inside(place), outer: [], subquery: undefined };
}

function leaf(place: Place): Branch {
  const { dice, columns, outer, traits } = place;
  const names = columns.length > 0 && !(outer.length > 0 && dice.once(4)) ? columns : outer;
  const isAggregate = place.aggregates && names === columns;
  if (names.length > 0 && dice.below(3) > 0) {
    const picked = dice.pick(names);
    // Without the source's name it may mean several columns, or one that a join has made of two.
    const isBare = place.mayBeBare && dice.once(10);
    const name = expression`${isBare ? picked.split(".").at(-1)! : picked}`;
    // Beside aggregates a column's value would be that of some row.
    return isAggregate ? expression`${dice.pick(["min", "max", "count"])}(${name})` : name;
  }
  return expression`${literal(dice, traits)}`;
}

type Make = (place: Place, part: () => Branch) => Branch;

const ARITHMETIC = ["+", "-", "*", "/", "%", "||", "&", "|", "<<", ">>"];
const COMPARISONS = ["=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT", "==", "IS NOT DISTINCT FROM"];
const CAST_TYPES = ["INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC"];

const KINDS: readonly Make[] = [
  ({ dice }, part) => expression`(${part()} ${dice.pick(ARITHMETIC)} ${part()})`,
  ({ dice }, part) => expression`(${part()} ${dice.pick(COMPARISONS)} ${part()})`,
  ({ dice }, part) => expression`(${part()} ${dice.pick(COMPARISONS)} ${part()})`,
  ({ dice }, part) => expression`(${part()} ${dice.pick(["AND", "OR"])} ${part()})`,
  ({ dice }, part) => expression`(${dice.pick(["NOT ", "-", "+", "~"])}${part()})`,
  ({ dice }, part) => expression`(${part()} ${dice.pick(["IS NULL", "NOT NULL", "IS TRUE", "IS NOT FALSE"])})`,
  ({ dice }, part) => expression`(${part()}${optional`${dice.once(3) ? " NOT" : ""}`} BETWEEN ${part()} AND ${part()})`,
  ({ dice }, part) => {
    const items = Array.from({ length: dice.below(5) }, part);
    return expression`(${part()}${optional`${dice.once(3) ? " NOT" : ""}`} IN (${list(items)}))`;
  },
  ({ dice }, part) => {
    const operator = dice.pick(["LIKE", "NOT LIKE", "GLOB"]);
    return expression`(${asText(part())} ${operator} ${dice.pick(PATTERNS)})`;
  },
  ({ dice }, part) => {
    const operand = dice.once(3) ? fixed` ${part()}` : "";
    const otherwise = dice.once(2) ? fixed` ELSE ${part()}` : "";
    const more = dice.once(3) ? fixed` WHEN ${part()} THEN ${part()}` : "";
    return expression`CASE${operand} WHEN ${part()} THEN ${part()}${optional`${more}`}${optional`${otherwise}`} END`;
  },
  ({ dice }, part) => expression`CAST(${part()} AS ${dice.pick(CAST_TYPES)})`,
  (place, part) => call(place, place.dice.pick(SCALAR), part),
  (place, part) => call(place, place.dice.pick(SCALAR), part),
  ({ dice, traits }, part) =>
    traits.collations
      ? expression`(${part()} COLLATE ${dice.pick(["NOCASE", "RTRIM", "BINARY"])})`
      : expression`(${part()} || ${part()})`,
  ({ dice }, part) =>
    expression`((${part()}, ${part()}) ${dice.pick(["=", "<", ">=", "<>", "IS"])} (${part()}, ${part()}))`,
  ({ dice }) => expression`(${dice.pick(JSON_TEXTS)} ${dice.pick(["->", "->>"])} ${dice.pick(PATHS)})`,
  (place, part) => subquery(place, part),
  (place, part) => subquery(place, part),
];

/** SQLite's LIKE takes blobs or not, as it was built. */
function asText(part: Branch): Branch {
  return expression`CAST(${part} AS TEXT)`;
}

function subquery(place: Place, part: () => Branch): Branch {
  const { dice, subquery: make } = place;
  if (make === undefined) {
    return part();
  }
  switch (dice.below(5)) {
    case 0:
      return expression`(${optional`${dice.once(2) ? "NOT " : ""}`}EXISTS (${make(1)}))`;
    case 1:
      return expression`(${part()}${optional`${dice.once(3) ? " NOT" : ""}`} IN (${make(1)}))`;
    case 2:
      return expression`((${part()}, ${part()}) IN (${make(2)}))`;
    case 3:
      return expression`((SELECT count(*) FROM (${make(1)})) ${dice.pick(COMPARISONS)} ${part()})`;
    default:
      // Of several rows the first would be one of the order of rows.
      return expression`(SELECT ${dice.pick(["min", "max"])}(v) FROM (SELECT NULL AS v UNION ALL ${make(1)}))`;
  }
}

function call({ dice }: Place, [name, ...types]: readonly [string, ...Argument[]], part: () => Branch): Branch {
  return expression`${name}(${fixedList(types.map((type) => argument(dice, type, part)))})`;
}

/** A list of a length that counts. */
function fixedList(items: readonly Tree[]): Tree {
  return { sort: "fixed", parts: items.flatMap((item, index) => (index === 0 ? [item] : [", ", item])) };
}

function argument(dice: Dice, type: Argument, part: () => Branch): Branch {
  const literals: Partial<Record<Argument, readonly string[]>> = {
    integer: ["0", "1", "2", "-1", "3", "-2", "NULL"],
    // No NUL: LIKE and GLOB end there in SQLite (src/sql/README.md).
    "code point": ["97", "233", "8364", "128512", "32"],
    json: JSON_TEXTS,
    path: PATHS,
    format: FORMATS,
    moment: MOMENTS,
    time: TIMES,
    pattern: PATTERNS,
  };
  const choices = literals[type];
  if (type === "string") {
    return asText(part());
  }
  // An empty format is NULL up to SQLite 3.53, and empty from 3.54 on.
  const mayBeAny = type !== "format" && type !== "code point" && dice.once(12);
  if (choices !== undefined && !mayBeAny) {
    return expression`${dice.pick(choices)}`;
  }
  return type === "pattern" ? asText(part()) : part();
}

export function aggregateCall(place: Place, depth: number): Branch {
  const { dice, traits } = place;
  const part = (): Branch => randomExpression(insideAggregate(place), depth);
  const filter = dice.once(6) ? fixed` FILTER (WHERE ${part()})` : "";
  if (dice.once(6)) {
    return expression`count(*)${optional`${filter}`}`;
  }
  const [name, ...types] = dice.pick(AGGREGATES);
  const first = argument(dice, types[0]!, part);
  if (["group_concat", "string_agg", "json_group_array"].includes(name)) {
    const separator = name === "string_agg" || (name === "group_concat" && dice.once(3)) ? ", '-'" : "";
    const value = name === "json_group_array" ? first : asText(first);
    return expression`${name}(${value}${separator} ORDER BY quote(${value}))${optional`${filter}`}`;
  }
  if (["sum", "total", "avg"].includes(name) && (traits.extremes || traits.wholeReals)) {
    return expression`count(${first})`;
  }
  return expression`${name}(${optional`${dice.once(4) ? "DISTINCT " : ""}`}${first})${optional`${filter}`}`;
}

function windowCall(place: Place, depth: number): Branch {
  const { dice, columns } = place;
  const part = (): Branch => randomExpression(inside(place), depth);
  const partition = dice.once(2) ? fixed`PARTITION BY ${list([part()])}` : "";
  const direction = (): string => dice.pick(["", " DESC", " ASC", " NULLS LAST", " DESC NULLS FIRST"]);
  const term = (): Tree => fixed`${part()}${direction()}`;
  if (dice.once(8)) {
    return rangeCall(place, part);
  }
  const isPositional = dice.once(2);
  // Rows that are equal in every column may change places.
  const all = columns.map((column) => `quote(${column})`);
  const terms = isPositional ? [term(), ...all] : [term()];
  const order = isPositional || dice.below(4) > 0 ? fixed` ORDER BY ${list(terms)}` : "";
  const over = fixed`(${optional`${partition}`}${order}${optional`${frame(dice, isPositional, order !== "")}`})`;
  if (dice.once(2)) {
    return expression`${aggregateForWindow(place, part)} OVER ${over}`;
  }
  if (!isPositional) {
    return expression`${dice.pick(RANKS)}() OVER ${over}`;
  }
  const [name, ...types] = dice.pick(POSITIONAL);
  return expression`${name}(${fixedList(types.map((type) => argument(dice, type, part)))}) OVER ${over}`;
}

/** RANGE with distances, which is for one key. */
function rangeCall(place: Place, part: () => Branch): Branch {
  const { dice } = place;
  const distance = (): string => dice.pick(["0", "1", "2", "1.5", "10"]);
  const start = dice.pick(["UNBOUNDED PRECEDING", `${distance()} PRECEDING`, "CURRENT ROW"]);
  const end = dice.pick([`${distance()} FOLLOWING`, "CURRENT ROW", "UNBOUNDED FOLLOWING"]);
  const order = fixed`ORDER BY ${part()}${dice.pick(["", " DESC", " NULLS LAST"])}`;
  return expression`${aggregateForWindow(place, part)} OVER (${order} RANGE BETWEEN ${start} AND ${end})`;
}

/** DISTINCT and ORDER BY are not for windows. */
function aggregateForWindow({ dice, traits }: Place, part: () => Branch): Tree {
  const isSumming = !traits.extremes && !traits.wholeReals;
  const name = dice.pick(isSumming ? ["count", "sum", "total", "avg", "min", "max"] : ["count", "min", "max"]);
  const filter = dice.once(6) ? fixed` FILTER (WHERE ${part()})` : "";
  return fixed`${name}(${part()})${optional`${filter}`}`;
}

function frame(dice: Dice, isTotal: boolean, isOrdered: boolean): string {
  if (!isOrdered || dice.once(2)) {
    return "";
  }
  const starts = ["UNBOUNDED PRECEDING", "CURRENT ROW", "2 PRECEDING", "1 PRECEDING", "1 FOLLOWING"];
  const ends = ["UNBOUNDED FOLLOWING", "CURRENT ROW", "1 FOLLOWING", "2 FOLLOWING", "1 PRECEDING"];
  // RANGE with a distance is for one key.
  const unit = isTotal ? dice.pick(["ROWS", "ROWS", "GROUPS"]) : dice.pick(["GROUPS", "RANGE"]);
  const exclude = dice.once(3) ? ` EXCLUDE ${dice.pick(["CURRENT ROW", "GROUP", "TIES", "NO OTHERS"])}` : "";
  const start = dice.pick(starts);
  return ` ${unit} ${dice.once(4) ? start.replace("FOLLOWING", "PRECEDING") : `BETWEEN ${start} AND ${dice.pick(ends)}`}${exclude}`;
}
