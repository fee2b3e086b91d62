/** Random queries: joins of every kind, groups, windows, WITH, compounds, VALUES; their results do not depend on the order of rows. */
import type { Dice } from "../dice.ts";
import { aggregateCall, type Place, randomExpression } from "./expressions.ts";
import type { RandomTable } from "./schema.ts";
import { literal, type Traits } from "./traits.ts";
import { type Branch, fixed, list, optional, query, type Tree } from "./tree.ts";

/** What FROM can name. */
export interface Relation {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface QueryPlace {
  readonly dice: Dice;
  readonly traits: Traits;
  readonly relations: readonly Relation[];
  /** Columns of the queries around it. */
  readonly outer: readonly string[];
  /** How many queries may still stand in one another. */
  readonly depth: number;
  /** Gives numbers for names that come once. */
  readonly nextName: () => number;
}

export function queryPlace(
  dice: Dice,
  traits: Traits,
  tables: readonly RandomTable[],
  views: readonly Relation[],
  depth: number,
): QueryPlace {
  let names = 0;
  const relations = tables.map(({ name, columns, hasRowid }) => ({
    name,
    columns: hasRowid && dice.once(6) ? [...columns, "rowid"] : columns,
  }));
  return { dice, traits, relations: [...relations, ...views], outer: [], depth, nextName: () => names++ };
}

/** A view of the tables and views that there are. */
export function createView(place: QueryPlace, name: string): { statement: Tree; view: Relation } {
  const columns = ["p", "q", "r"].slice(0, place.dice.between(1, 3));
  // Not VALUES: SQLite loses rows of a view of several that is joined with itself.
  const body = place.dice.once(4) ? compound(place, columns.length) : select(place, columns.length, "plain");
  const statement = fixed`CREATE VIEW ${name} (${columns.join(", ")}) AS ${body}`;
  return { statement, view: { name, columns } };
}

export interface RandomQuery {
  readonly tree: Branch;
  /** Places of the columns that the rows are ordered by; empty: in any order. */
  readonly ordering: readonly number[];
}

/** A statement: what columns are is told by quote(), or by the values themselves. */
export function topQuery(place: QueryPlace, width: number = place.dice.between(1, 3)): RandomQuery {
  const { dice } = place;
  if (dice.once(4)) {
    return { tree: compound(place, width), ordering: [] };
  }
  if (dice.once(8)) {
    return { tree: everything(place), ordering: [] };
  }
  const ordering = dice.once(2) ? Array.from({ length: dice.between(1, width) }, () => dice.below(width)) : [];
  const terms = ordering.map((column) => fixed`${String(column + 1)}${dice.pick(["", " DESC", " NULLS LAST"])}`);
  const names = dice.once(2) ? namesOf(width) : undefined;
  const body = select(place, width, dice.once(2) ? "quoted" : "plain", names);
  const tree = ordering.length === 0 ? body : query`${body} ORDER BY ${list(terms)}`;
  return { tree, ordering };
}

function namesOf(width: number): string[] {
  return Array.from({ length: width }, (_, index) => `x${index}`);
}

/** Where there are rows of these columns, and neither aggregates nor windows. */
function placeOfRows({ dice, traits }: QueryPlace, columns: Place["columns"]): Place {
  return { dice, traits, columns, outer: [], subquery: undefined, aggregates: false, windows: false, mayBeBare: true };
}

/** `*`, of however many columns. */
function everything(place: QueryPlace): Branch {
  const { dice } = place;
  const { tree, columns } = source(place);
  const at = placeOfRows(place, columns);
  const shown = dice.once(3) ? `${dice.pick(columns).split(".")[0]}.*` : "*";
  const where = dice.once(2) ? fixed` WHERE ${randomExpression(at, 2)}` : "";
  const order = dice.once(3) ? fixed` ORDER BY ${list([fixed`${randomExpression(at, 1)} || ''`])}` : "";
  return query`SELECT ${shown} FROM ${tree}${optional`${where}`}${optional`${order}`}`;
}

/** Any query of so many columns, for FROM and for expressions. */
function anyQuery(place: QueryPlace, width: number): Branch {
  const { dice } = place;
  switch (dice.below(7)) {
    case 0:
      return compound(place, width);
    case 1:
      return values(place, width, 3);
    case 2:
      return limited(place, width);
    default:
      return select(place, width, "plain");
  }
}

function compound(place: QueryPlace, width: number): Branch {
  const { dice } = place;
  const inner = { ...place, depth: place.depth - 1 };
  // By which affinity conditions compare that SQLite moves into parts is left open (src/sql/README.md).
  const part = (most: number): Branch => (dice.once(5) ? values(inner, width, most) : select(inner, width, "bare"));
  const operators = place.traits.wholeReals ? ["UNION ALL"] : ["UNION", "UNION ALL", "INTERSECT", "EXCEPT"];
  // What affinity several rows of values give to the whole where they come first depends on where that stands.
  const first = query`${part(1)} ${dice.pick(operators)} ${part(3)}`;
  return dice.once(3) ? query`${first} ${dice.pick(operators)} ${part(3)}` : first;
}

function values({ dice, traits }: QueryPlace, width: number, most: number): Branch {
  const row = (): Tree => `(${Array.from({ length: width }, () => literal(dice, traits)).join(", ")})`;
  return query`VALUES ${list(Array.from({ length: dice.between(1, most) }, row))}`;
}

/** LIMIT, in an order that tells all rows apart. */
function limited(place: QueryPlace, width: number): Branch {
  const { dice } = place;
  const names = namesOf(width);
  const terms = names.flatMap((name) => [`${name}${dice.once(2) ? " DESC" : ""}`, `quote(${name})`]);
  const inner = select({ ...place, depth: place.depth - 1 }, width, "plain", names);
  const rows = query`SELECT * FROM (${inner}) ORDER BY ${list(terms)} LIMIT ${String(dice.below(4))}${optional`${dice.once(3) ? " OFFSET 1" : ""}`}`;
  // In parentheses, so that it may be a part of a compound.
  return query`SELECT * FROM (${rows})`;
}

/** How a result column is shown: as it is, so that its type is seen, or without the affinity of a column or a CAST. */
type Shown = "plain" | "quoted" | "bare";

const SHOWN: Readonly<Record<Shown, (value: Branch) => Branch>> = {
  plain: (value) => value,
  quoted: (value) => fixed`quote(${value})`,
  bare: (value) => fixed`coalesce(${value}, NULL)`,
};

function select(place: QueryPlace, width: number, shownAs: Shown, names?: readonly string[]): Branch {
  const { dice, traits } = place;
  const common = place.depth > 0 && dice.once(6) ? commonTable(place) : undefined;
  const inner = common === undefined ? place : { ...place, relations: [...place.relations, common.relation] };
  const from = dice.once(12) ? undefined : source(inner);
  const columns = from?.columns ?? [];
  const kind = columns.length === 0 ? 2 : dice.below(6);
  const isGrouped = kind === 0 || kind === 1;
  const at: Place = {
    dice,
    traits,
    columns,
    outer: place.outer,
    subquery:
      place.depth > 0
        ? (needed) =>
            anyQuery({ ...inner, outer: [...columns, ...place.outer].slice(0, 8), depth: place.depth - 1 }, needed)
        : undefined,
    aggregates: false,
    windows: false,
    mayBeBare: true,
  };
  const keys = kind === 0 ? Array.from({ length: dice.between(1, 2) }, () => groupKey(at)) : [];
  const column = (index: number): Tree => {
    const value = resultColumn(at, { isGrouped, keys, hasWindows: kind === 3 });
    const shown = SHOWN[shownAs](value);
    return names === undefined ? shown : fixed`${shown} AS ${names[index]!}`;
  };
  const shown = Array.from({ length: width }, (_, index) => column(index));
  const isDistinct = !traits.wholeReals && dice.once(6);
  // Where no column has the name, an alias of the result is meant. That of an aggregate SQLite refuses where it comes to it.
  const withAliases =
    names !== undefined && !isGrouped && dice.once(4) ? { ...at, columns: [...columns, ...names] } : at;
  const where = dice.once(2) ? fixed` WHERE ${randomExpression(withAliases, 3)}` : "";
  const group = keys.length > 0 ? fixed` GROUP BY ${list(keys)}` : "";
  const having = isGrouped && dice.once(4) ? fixed` HAVING ${randomExpression(ofGroups(at), 2)}` : "";
  return query`${optional`${common?.clause ?? ""}`}SELECT ${optional`${isDistinct ? "DISTINCT " : ""}`}${list(shown)}${optional`${from === undefined ? "" : fixed` FROM ${from.tree}`}`}${optional`${where}`}${optional`${group}`}${optional`${having}`}`;
}

/** A query there would see columns of some row of the group. */
function ofGroups(at: Place): Place {
  return { ...at, aggregates: true, outer: [], subquery: undefined };
}

/** No number alone: that would be the place of a column. */
function groupKey(at: Place): Branch {
  const isColumn = at.dice.once(2);
  const key = isColumn ? at.dice.pick(at.columns) : randomExpression(at, 1);
  if (isColumn && !at.traits.wholeReals && !at.traits.collations) {
    return fixed`${key}`;
  }
  return { sort: "fixed", parts: [at.traits.wholeReals ? fixed`quote(${key})` : fixed`coalesce(${key}, NULL)`] };
}

function resultColumn(
  at: Place,
  { isGrouped, keys, hasWindows }: { isGrouped: boolean; keys: readonly Branch[]; hasWindows: boolean },
): Branch {
  const { dice } = at;
  if (isGrouped) {
    return keys.length > 0 && dice.once(3)
      ? dice.pick(keys)
      : dice.once(3)
        ? randomExpression(ofGroups(at), 2)
        : aggregateCall(at, 2);
  }
  return randomExpression({ ...at, windows: hasWindows }, dice.between(0, 3));
}

function commonTable(place: QueryPlace): { clause: Tree; relation: Relation } {
  const { dice } = place;
  const name = `w${place.nextName()}`;
  const width = dice.between(1, 2);
  const columns = ["p", "q"].slice(0, width);
  const inner = { ...place, depth: place.depth - 1, outer: [] };
  if (dice.once(4)) {
    const step = dice.pick([
      `SELECT p + 1 FROM ${name} WHERE p < 4`,
      `SELECT p * 2 FROM ${name} WHERE p BETWEEN 1 AND 30`,
    ]);
    const operator = dice.pick(["UNION", "UNION ALL"]);
    return {
      clause: fixed`WITH RECURSIVE ${name}(p) AS (SELECT ${String(dice.below(4))} ${operator} ${step}) `,
      relation: { name, columns: ["p"] },
    };
  }
  const hint = dice.pick(["", "", " MATERIALIZED", " NOT MATERIALIZED"]);
  return {
    clause: fixed`WITH ${name}(${columns.join(", ")}) AS${hint} (${anyQuery(inner, width)}) `,
    relation: { name, columns },
  };
}

interface Joined {
  readonly tree: Branch;
  /** With the source's name. */
  readonly columns: readonly string[];
}

function source(place: QueryPlace): Joined {
  const { dice } = place;
  let joined = term(place);
  // Views are sources of others: with many each, no memory would hold the rows.
  const most = place.traits.manyRows ? Math.min(1, place.depth - 1) : place.depth > 1 ? 3 : 1;
  for (let left = Math.min(most, dice.below(6) - 2); left > 0; left--) {
    joined = join(place, joined, place.depth > 0 && dice.once(8) ? nested(place) : term(place));
  }
  return joined;
}

function nested(place: QueryPlace): Joined {
  // In what order `*` has the columns of USING there is a matter of its own.
  const { tree, columns } = join(place, term(place), term(place), false);
  return { tree: { sort: "from", parts: ["(", tree, ")"] }, columns };
}

function join(place: QueryPlace, left: Joined, right: Joined, mayUse: boolean = true): Joined {
  const { dice } = place;
  const columns = [...left.columns, ...right.columns];
  const kind = dice.pick([", ", " JOIN ", " CROSS JOIN ", " LEFT JOIN ", " LEFT JOIN ", " RIGHT JOIN ", " FULL JOIN "]);
  const at = placeOfRows(place, columns);
  const condition = dice.once(3)
    ? randomExpression(at, 2)
    : fixed`${dice.pick(left.columns)} ${dice.pick(["=", "=", "=", "<", "IS"])} ${dice.pick(right.columns)}`;
  const shared = sharedNames(left.columns, right.columns);
  const isUsing = mayUse && shared.length > 0 && dice.once(4);
  const on =
    kind === ", " || dice.once(8)
      ? ""
      : isUsing
        ? fixed` USING (${list([dice.pick(shared), ...(dice.once(3) ? [dice.pick(shared)] : [])])})`
        : fixed` ON ${condition}`;
  return { tree: { sort: "from", parts: [left.tree, kind, right.tree, optional`${on}`] }, columns };
}

function sharedNames(left: readonly string[], right: readonly string[]): string[] {
  const bare = (columns: readonly string[]): string[] => columns.map((column) => column.split(".")[1]!);
  const ofRight = new Set(bare(right));
  return [...new Set(bare(left))].filter((name) => ofRight.has(name));
}

function term(place: QueryPlace): Joined {
  const { dice } = place;
  const alias = `s${place.nextName()}`;
  const named = (columns: readonly string[]): string[] => columns.map((column) => `${alias}.${column}`);
  const kind = dice.below(10);
  if (kind === 0) {
    // Whether `value` is JSON still depends on the plan in SQLite: of containers there is `atom`.
    const [elements, value] = dice.pick([
      ["[1,2,3]", "value"],
      ["[]", "value"],
      ['[1.5,"a",null]', "value"],
      ['{"a":1,"b":[2]}', "atom"],
    ] as const);
    return {
      tree: { sort: "from", parts: [`json_each('${elements}') AS ${alias}`] },
      columns: [`${alias}.${value}`, `${alias}.key`],
    };
  }
  if (kind <= 2 && place.depth > 0) {
    const width = dice.between(1, 3);
    const names = ["x", "y", "z"].slice(0, width);
    const inner = { ...place, depth: place.depth - 1, outer: [] };
    const body = dice.once(3) ? undefined : select(inner, width, "plain", names);
    return body === undefined
      ? {
          tree: {
            sort: "from",
            parts: [
              fixed`(SELECT ${names.map((name, index) => `column${index + 1} AS ${name}`).join(", ")} FROM (${values(inner, width, 3)})) AS ${alias}`,
            ],
          },
          columns: named(names),
        }
      : { tree: { sort: "from", parts: [fixed`(${body}) AS ${alias}`] }, columns: named(names) };
  }
  const { name, columns } = dice.pick(place.relations);
  return { tree: { sort: "from", parts: [`${name} AS ${alias}`] }, columns: named(columns) };
}
