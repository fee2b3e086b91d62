/** Random tables with keys, constraints and rows. */
import type { Dice } from "../dice.ts";
import { literal, type Traits } from "./traits.ts";
import { fixed, list, optional, type Tree } from "./tree.ts";

export interface RandomTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** The column that is the rowid. */
  readonly rowid: string | undefined;
  readonly hasRowid: boolean;
  /** Columns of the key, or of another constraint that makes them unique. */
  readonly unique: readonly (readonly string[])[];
}

const TYPES = ["", "INTEGER", "INT", "TEXT", "REAL", "NUMERIC", "BLOB", "VARCHAR(5)"];

export function createTable(dice: Dice, traits: Traits, name: string): { table: RandomTable; statement: Tree } {
  const columns = ["a", "b", "c", "d"].slice(0, dice.between(2, 4));
  const form = dice.below(4);
  const id = form === 1 ? [fixed`id INTEGER PRIMARY KEY`] : [];
  const key = form === 2 ? columns.slice(0, dice.between(1, 2)) : [];
  const definitions = columns.map((column) => definition(dice, traits, column));
  const unique = dice.once(4) ? [[dice.pick(columns)]] : [];
  const constraints: Tree[] = [
    ...(key.length > 0 ? [`PRIMARY KEY (${key.join(", ")})`] : []),
    ...unique.map((names) => fixed`UNIQUE (${names.join(", ")})`),
    ...(dice.once(8) ? [fixed`CHECK (${dice.pick(columns)} IS NOT 100)`] : []),
  ];
  const isKeyed = key.length > 0 && dice.once(2);
  const statement = fixed`CREATE TABLE ${name} (${list([...id, ...definitions, ...constraints])})${isKeyed ? " WITHOUT ROWID" : ""}`;
  const allUnique = key.length > 0 ? [key, ...unique] : id.length > 0 ? [["id"], ...unique] : unique;
  return {
    table: {
      name,
      columns: [...(id.length > 0 ? ["id"] : []), ...columns],
      rowid: id.length > 0 ? "id" : undefined,
      hasRowid: !isKeyed,
      unique: allUnique,
    },
    statement,
  };
}

function definition(dice: Dice, traits: Traits, name: string): Tree {
  const collation = traits.collations && dice.once(4) ? ` COLLATE ${dice.pick(["NOCASE", "RTRIM", "BINARY"])}` : "";
  const rest = dice.once(10) ? " NOT NULL" : dice.once(8) ? ` DEFAULT ${literal(dice, traits)}` : "";
  return fixed`${name}${optional` ${dice.pick(TYPES)}`}${optional`${collation}`}${optional`${rest}`}`;
}

/** A row a statement, so that one that a constraint refuses takes no others with it. */
export function fill(dice: Dice, traits: Traits, table: RandomTable, rows: number): Tree[] {
  return Array.from({ length: rows }, () => {
    const columns = table.columns.filter((column) => column === table.rowid || !dice.once(12));
    const values = columns.map((column) =>
      column === table.rowid ? String(dice.between(-1, 2 * rows)) : literal(dice, traits),
    );
    return fixed`INSERT INTO ${table.name} (${columns.join(", ")}) VALUES (${values.join(", ")})`;
  });
}

export function createIndex(dice: Dice, table: RandomTable, name: string, term: () => Tree): Tree {
  const terms = Array.from({ length: dice.between(1, 3) }, (): Tree => {
    // A mere literal in quotes would be a column's name.
    const what = dice.once(5) ? fixed`coalesce(${term()}, ${dice.pick(table.columns)})` : dice.pick(table.columns);
    return fixed`${what}${optional`${dice.once(4) ? " COLLATE NOCASE" : ""}`}${optional`${dice.once(3) ? " DESC" : ""}`}`;
  });
  const where = dice.once(5) ? fixed` WHERE ${term()}` : "";
  return fixed`CREATE ${dice.once(6) ? "UNIQUE " : ""}INDEX ${name} ON ${table.name} (${list(terms)})${optional`${where}`}`;
}

/** Many rows at once, so that it matters how they are looked for. */
export function fillMany(dice: Dice, { name, columns, rowid }: RandomTable): Tree {
  const rows = dice.pick([15, 30, 50]);
  const terms = columns.map((column) =>
    column === rowid
      ? "i + 1000"
      : dice.pick([
          "i % 7",
          "i % 3",
          "i",
          "i * 7 % 11",
          "'a' || i % 5",
          "char(97 + i % 6)",
          "i % 4 * 0.5",
          "NULL",
          "i % 2 = 0",
        ]),
  );
  return fixed`INSERT OR IGNORE INTO ${name} (${columns.join(", ")}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${String(rows)}) SELECT ${terms.join(", ")} FROM n`;
}

/** What changes one table changes another one, too: never the other way round, so that it ends. */
export function createTrigger(
  dice: Dice,
  name: string,
  of: RandomTable,
  other: RandomTable,
  expressionOf: (columns: readonly string[]) => Tree,
): Tree {
  const event = dice.pick(["INSERT", "UPDATE", "DELETE"]);
  const rows = event === "INSERT" ? ["NEW"] : event === "DELETE" ? ["OLD"] : ["OLD", "NEW"];
  const columns = rows.flatMap((row) => of.columns.map((column) => `${row}.${column}`));
  const value = (): Tree => expressionOf(columns);
  const free = other.columns.filter((column) => column !== other.rowid && !other.unique.flat().includes(column));
  const cells = other.columns.map((column) => (column === other.rowid ? "NULL" : value()));
  const insert = fixed`INSERT OR IGNORE INTO ${other.name} (${other.columns.join(", ")}) VALUES (${{ sort: "fixed", parts: cells.flatMap((cell, index) => (index === 0 ? [cell] : [", ", cell])) }})`;
  const target = dice.pick(other.columns);
  const body =
    free.length === 0 || dice.once(2)
      ? insert
      : dice.once(2)
        ? fixed`UPDATE ${other.name} SET ${dice.pick(free)} = ${value()} WHERE ${target} IS ${value()}`
        : fixed`DELETE FROM ${other.name} WHERE ${target} = ${value()}`;
  const when = dice.once(3) ? fixed` WHEN ${value()}` : "";
  return fixed`CREATE TRIGGER ${name} ${dice.pick(["BEFORE", "AFTER"])} ${event} ON ${of.name}${optional`${when}`} BEGIN ${body}; END`;
}
