/** Random statements that change rows. What they change does not depend on the order in which they meet rows. */
import type { Dice } from "../dice.ts";
import { type Place, randomExpression } from "./expressions.ts";
import type { RandomTable } from "./schema.ts";
import { literal, type Traits } from "./traits.ts";
import { fixed, list, optional, type Tree } from "./tree.ts";

export function change(dice: Dice, traits: Traits, table: RandomTable, subquery: Place["subquery"]): Tree {
  const at: Place = {
    dice,
    traits,
    columns: table.columns,
    outer: [],
    subquery: dice.once(3) ? subquery : undefined,
    aggregates: false,
    windows: false,
    mayBeBare: true,
  };
  switch (dice.below(5)) {
    case 0:
      return fixed`DELETE FROM ${table.name}${optional`${where(at)}`}${optional`${returning(at)}`}`;
    case 1:
    case 2:
      return update(at, table);
    default:
      return insert(at, table);
  }
}

function where(at: Place): Tree {
  return fixed` WHERE ${randomExpression(at, 2)}`;
}

function returning(at: Place): Tree {
  // What SQLite says of the type of a REAL there is not always so.
  return at.dice.once(4) ? fixed` RETURNING quote(${randomExpression({ ...at, subquery: undefined }, 1)})` : "";
}

function update(at: Place, table: RandomTable): Tree {
  const { dice } = at;
  // Which of several rows gets the value that only one may have is a matter of their order.
  const constrained = new Set([...table.unique.flat(), ...(table.rowid === undefined ? [] : [table.rowid])]);
  const free = table.columns.filter((column) => !constrained.has(column));
  const column = free.length > 0 ? dice.pick(free) : dice.pick(table.columns);
  const only = free.length > 0 ? where(at) : fixed` WHERE ${dice.pick(table.columns)} = ${literal(dice, at.traits)}`;
  // Of a column that is set twice SQLite does not look into the value that does not count; nacre refuses what is wrong in it.
  const others = free.filter((other) => other !== column);
  const more = others.length > 0 && dice.once(3) ? [fixed`${dice.pick(others)} = ${randomExpression(at, 1)}`] : [];
  const orAction = dice.pick(["", "", " OR IGNORE", " OR REPLACE", " OR ABORT"]);
  return fixed`UPDATE${free.length > 0 ? orAction : ""} ${table.name} SET ${list([fixed`${column} = ${randomExpression(at, 2)}`, ...more])}${optional`${only}`}${optional`${returning(at)}`}`;
}

function insert(at: Place, table: RandomTable): Tree {
  const { dice, traits } = at;
  const orAction = dice.pick(["", " OR IGNORE", " OR REPLACE", " OR ABORT", " OR FAIL"]);
  const row = (): Tree => {
    const cells = table.columns.map((column) =>
      column === table.rowid
        ? String(dice.between(0, 12))
        : randomExpression({ ...at, columns: [], subquery: undefined }, 1),
    );
    return {
      sort: "fixed",
      parts: ["(", ...cells.flatMap((cell, index) => (index === 0 ? [cell] : [", ", cell])), ")"],
    };
  };
  const rows = list(Array.from({ length: dice.between(1, 3) }, row));
  const upsert = orAction === "" && table.unique.length > 0 && dice.once(2) ? conflict(at, table) : "";
  const head = fixed`INSERT${orAction} INTO ${table.name} (${table.columns.join(", ")})`;
  if (dice.once(5)) {
    const values = table.columns.map((column) => (column === table.rowid ? "NULL" : literal(dice, traits)));
    return fixed`${head} SELECT ${values.join(", ")}${optional`${returning(at)}`}`;
  }
  return fixed`${head} VALUES ${rows}${optional`${upsert}`}${optional`${returning(at)}`}`;
}

function conflict(at: Place, table: RandomTable): Tree {
  const { dice } = at;
  const target = dice.pick(table.unique);
  const free = table.columns.filter((column) => !table.unique.flat().includes(column));
  if (free.length === 0 || dice.once(3)) {
    return ` ON CONFLICT (${target.join(", ")}) DO NOTHING`;
  }
  const set = dice.pick(free);
  // What the columns have before they are stored SQLite shows as it was given (src/sql/README.md).
  const value = dice.once(2) ? `excluded.${set}` : randomExpression({ ...at, subquery: undefined }, 1);
  return fixed` ON CONFLICT (${target.join(", ")}) DO UPDATE SET ${set} = ${value}`;
}
