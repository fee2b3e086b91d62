/**
 * Random queries over random tables, compiled, interpreted, and with a few rows in memory and the others on disk: all give the same
 * rows in the same order, or fail, and none fails for want of memory.
 *
 * The two walk the same plan, so what differs is a bug of one of them. Values come from a small set, so that joins match and
 * groups have several rows, and from the edges of types. Tables have indexes where the dialect has them.
 *
 * Canary "lost-row": the interpreted session reads a store that lacks a row.
 */
import { DbError } from "../src/errors.ts";
import type { Rng } from "../src/random.ts";
import { SqlSession, type SqlValue } from "../src/sql/index.ts";
import { MemoryStore } from "../test/sql/memory-store.ts";
import { Dice } from "./dice.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const TYPES = [
  "INTEGER",
  "REAL",
  "TEXT",
  "BLOB",
  "NUMERIC",
  "",
  "INTEGER NOT NULL DEFAULT 1",
  "TEXT NOT NULL DEFAULT ''",
];
const LITERALS: readonly string[] = [
  ..."0 1 2 3 1 2 3 -1 1.0 2.5 9007199254740993 -9223372036854775808 1e300".split(" "),
  ...["NULL", "NULL", "''", "'a'", "'b'", "'A'", "'a '", "'1'", "'2.0'", "x'61'", "x''", "'é'"],
];
const AGGREGATES = ["count", "sum", "total", "avg", "min", "max", "group_concat"];
const COLLATIONS = ["NOCASE", "RTRIM", "BINARY"];

interface Relation {
  readonly text: string;
  /** Names of its columns, qualified. */
  readonly columns: readonly string[];
}

const DEFINITIONS = ["id INTEGER PRIMARY KEY, ", "", ""];

/** Writes queries that mostly are none of those that are refused. */
class Writer {
  readonly #dice: Dice;
  readonly #tables: ReadonlyMap<string, readonly string[]>;
  #aliases: number;

  constructor(dice: Dice, tables: ReadonlyMap<string, readonly string[]>) {
    this.#dice = dice;
    this.#tables = tables;
    this.#aliases = 0;
  }

  query(): string {
    return this.#select([], 2, undefined);
  }

  /** `outer`: columns of queries around it. `width`: how many columns it has to have. */
  #select(outer: readonly string[], depth: number, width: number | undefined): string {
    const dice = this.#dice;
    const { text: from, columns } = this.#from(outer, depth);
    const all = [...columns, ...columns, ...outer];
    const where = dice.once(2) ? ` WHERE ${this.#condition(all, depth)}` : "";
    const count = width ?? dice.between(1, 3);
    const limit = dice.once(3) ? ` LIMIT ${dice.below(5)}${dice.once(2) ? ` OFFSET ${dice.below(3)}` : ""}` : "";
    if (dice.once(3)) {
      const keys = Array.from({ length: dice.below(3) }, () => this.#expression(all, 1, 0));
      const result = Array.from({ length: count }, () =>
        dice.once(2)
          ? this.#aggregate(all, depth)
          : dice.once(2) && keys.length > 0
            ? dice.pick(keys)
            : this.#expression(all, 1, 0),
      );
      const groups = keys.length > 0 ? ` GROUP BY ${keys.map(groupKey).join(", ")}` : "";
      const having = keys.length > 0 && dice.once(3) ? ` HAVING ${this.#aggregate(all, 0)} > 1` : "";
      const selected = keys.length > 0 ? result : [...result.slice(1), this.#aggregate(all, depth)];
      return `SELECT ${selected.join(", ")} FROM ${from}${where}${groups}${having}${this.#ordering(selected)}${limit}`;
    }
    const result = Array.from({ length: count }, () => this.#expression(all, 2, depth));
    const distinct = dice.once(4) ? "DISTINCT " : "";
    return `SELECT ${distinct}${result.join(", ")} FROM ${from}${where}${this.#ordering(distinct === "" ? all : result)}${limit}`;
  }

  #ordering(terms: readonly string[]): string {
    const dice = this.#dice;
    if (terms.length === 0 || dice.once(2)) {
      return "";
    }
    const written = Array.from({ length: dice.between(1, 2) }, () => {
      const term = groupKey(dice.pick(terms));
      const collate = dice.once(6) ? ` COLLATE ${dice.pick(COLLATIONS)}` : "";
      return `${term}${collate}${dice.pick(["", " DESC", " ASC NULLS LAST"])}`;
    });
    return ` ORDER BY ${written.join(", ")}`;
  }

  #from(outer: readonly string[], depth: number): Relation {
    const dice = this.#dice;
    let joined = this.#source(depth);
    for (let more = dice.below(3); more > 0; more--) {
      const next = this.#source(depth);
      const columns = [...joined.columns, ...next.columns];
      const kind = dice.pick(["JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", ",", "CROSS JOIN", "RIGHT JOIN", "FULL JOIN"]);
      const isPair = dice.once(4);
      const pair = `${dice.pick(joined.columns)} ${dice.pick(["=", "=", "=", "IS", "<"])} ${dice.pick(next.columns)}`;
      const on =
        kind === "," || kind === "CROSS JOIN"
          ? ""
          : ` ON ${isPair ? this.#condition([...columns, ...outer], 0) : pair}`;
      joined = { text: `${joined.text} ${kind} ${next.text}${on}`, columns };
    }
    return joined;
  }

  #source(depth: number): Relation {
    const dice = this.#dice;
    const alias = `s${this.#aliases++}`;
    if (depth > 0 && dice.once(4)) {
      const width = dice.between(1, 2);
      const names = Array.from({ length: width }, (_, index) => `c${index}`);
      const inner = this.#select([], depth - 1, width);
      // Names for its columns, whatever they are called inside.
      const renamed = `(WITH w(${names.join(", ")}) AS (${inner}) SELECT * FROM w)`;
      return { text: `${renamed} AS ${alias}`, columns: names.map((name) => `${alias}.${name}`) };
    }
    if (dice.once(12)) {
      return { text: `generate_series(1, ${dice.below(4)}) AS ${alias}`, columns: [`${alias}.value`] };
    }
    const [table, columns] = dice.pick([...this.#tables]);
    return { text: `${table} AS ${alias}`, columns: columns.map((column) => `${alias}.${column}`) };
  }

  #condition(columns: readonly string[], depth: number): string {
    const dice = this.#dice;
    const term = (): string => {
      const column = dice.pick(columns);
      switch (dice.below(depth > 0 ? 9 : 6)) {
        case 0:
        case 1:
          return `${column} ${dice.pick(["=", "<", ">=", "IS", "<>"])} ${dice.pick(LITERALS)}`;
        case 2:
          return `${column} IN (${Array.from({ length: dice.between(1, 4) }, () => dice.pick(LITERALS)).join(", ")})`;
        case 3:
          return `${column} BETWEEN ${dice.pick(LITERALS)} AND ${dice.pick(LITERALS)}`;
        case 4:
          return `${column} IS ${dice.pick(["", "NOT "])}NULL`;
        case 5:
          return this.#expression(columns, 2, 0);
        case 6:
          return `${column} ${dice.pick(["", "NOT "])}IN (${this.#select(dice.once(2) ? columns : [], depth - 1, 1)})`;
        case 7:
          return `${dice.pick(["", "NOT "])}EXISTS (${this.#select(columns, depth - 1, 1)})`;
        default:
          return `${column} = (${this.#select(dice.once(2) ? columns : [], depth - 1, 1)})`;
      }
    };
    const terms = Array.from({ length: dice.between(1, 3) }, term);
    return terms.join(dice.pick([" AND ", " AND ", " OR "]));
  }

  #aggregate(columns: readonly string[], depth: number): string {
    const dice = this.#dice;
    if (dice.once(4)) {
      return "count(*)";
    }
    const distinct = dice.once(5) ? "DISTINCT " : "";
    const filter = dice.once(5) ? ` FILTER (WHERE ${this.#condition(columns, Math.min(depth, 0))})` : "";
    return `${dice.pick(AGGREGATES)}(${distinct}${this.#expression(columns, 1, 0)})${filter}`;
  }

  #expression(columns: readonly string[], height: number, depth: number): string {
    const dice = this.#dice;
    if (height === 0 || dice.once(2)) {
      return dice.once(5) ? dice.pick(LITERALS) : dice.pick(columns);
    }
    const part = (): string => this.#expression(columns, height - 1, 0);
    switch (dice.below(depth > 0 ? 9 : 8)) {
      case 0:
        return `(${part()} ${dice.pick(["+", "-", "*", "/", "||"])} ${part()})`;
      case 1:
        return `(${part()} ${dice.pick(["=", "<", ">", "IS"])} ${part()}${dice.once(4) ? ` COLLATE ${dice.pick(COLLATIONS)}` : ""})`;
      case 2:
        return `(${part()} ${dice.pick(["AND", "OR"])} ${part()})`;
      case 3:
        return `CASE WHEN ${part()} THEN ${part()} ELSE ${part()} END`;
      case 4:
        return `${dice.pick(["coalesce", "nullif", "max", "min"])}(${part()}, ${part()})`;
      case 5:
        return `${dice.pick(["length", "typeof", "upper", "-", "+"])}(${part()})`;
      case 6:
        return `(${part()} ${dice.pick(["LIKE", "NOT LIKE"])} ${dice.pick(["'a%'", "'_'", part()])})`;
      case 7:
        return `CAST(${part()} AS ${dice.pick(["INTEGER", "REAL", "TEXT"])})`;
      default:
        return `(${this.#select(dice.once(2) ? columns : [], depth - 1, 1)})`;
    }
  }
}

/** A number would be the place of a column. */
function groupKey(key: string): string {
  return /^[-\d.]/.test(key) ? `(${key} || '')` : key;
}

/** Makes tables and fills them; their names and columns. */
function makeTables(dice: Dice, session: SqlSession): Map<string, readonly string[]> {
  const tables = new Map<string, readonly string[]>();
  for (const table of ["t", "u", "v"]) {
    const columns = ["a", "b", "c"].slice(0, dice.between(1, 3));
    const definitions = columns.map((column) => `${column} ${dice.pick(TYPES)}`);
    const first = dice.pick(DEFINITIONS);
    session.exec(`CREATE TABLE ${table} (${first}${definitions.join(", ")})`);
    if (dice.once(2)) {
      attempt(() =>
        session.exec(`CREATE ${dice.once(4) ? "UNIQUE " : ""}INDEX i${table} ON ${table} (${dice.pick(columns)})`),
      );
    }
    fill(dice, session, table, columns);
    if (dice.once(2)) {
      // Rows that are older than a column.
      attempt(() => {
        session.exec(`ALTER TABLE ${table} ADD COLUMN d ${dice.pick(TYPES)} DEFAULT ${dice.pick(LITERALS)}`);
        columns.push("d");
      });
      fill(dice, session, table, columns);
    }
    tables.set(table, [...(first === "" ? [] : ["id"]), ...columns]);
  }
  return tables;
}

function fill(dice: Dice, session: SqlSession, table: string, columns: readonly string[]): void {
  for (let row = dice.below(8); row > 0; row--) {
    const cells = columns.map(() => dice.pick(LITERALS)).join(", ");
    attempt(() => session.exec(`INSERT OR IGNORE INTO ${table} (${columns.join(", ")}) VALUES (${cells})`));
  }
}

function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof DbError)) {
      throw error;
    }
  }
}

const MAY_FAIL: readonly string[] = ["INVALID", "UNSUPPORTED"];

/** Rows as lines; or the error of a statement that fails as one may. */
function outcome(session: SqlSession, query: string, method: "all" | "get" | "iterate"): string {
  try {
    const statement = session.prepare(query).raw();
    const rows = method === "get" ? [statement.get() ?? []] : [...statement[method]()];
    return rows.map((row) => row.map(shown).join(" | ")).join("\n");
  } catch (error) {
    if (error instanceof DbError && MAY_FAIL.includes(error.code)) {
      return "failed";
    }
    throw new Error(`${query}\n${String(error)}`, { cause: error });
  }
}

function shown(value: SqlValue): string {
  return value instanceof Uint8Array ? `x${Buffer.from(value).toString("hex")}` : `${typeof value} ${String(value)}`;
}

const QUERIES = 25;

function run(rng: Rng, { canary }: FuzzOptions): void {
  const dice = new Dice(rng);
  const store = new MemoryStore();
  const compiled = new SqlSession(store, { tier: "compiled" });
  const tables = makeTables(dice, compiled);
  let read = store;
  if (canary === "lost-row") {
    read = new MemoryStore();
    read.state = store.state;
    read.nextVersion = store.nextVersion + 1000;
    const [table] = dice.pick([...tables]);
    new SqlSession(read).exec(`DELETE FROM ${table}`);
  }
  const interpreted = new SqlSession(read, { tier: "interpreted" });
  const external = new SqlSession(store, {
    tier: dice.pick(["compiled", "interpreted"] as const),
    heldRows: dice.pick([0, 1, 1, 2, 3, 5]),
    heldBytes: dice.pick([0, 100, 1000, 100_000]),
  });
  const writer = new Writer(dice, tables);
  for (let count = 0; count < QUERIES; count++) {
    const query = writer.query();
    const method = dice.pick(["all", "all", "get", "iterate"] as const);
    const found = outcome(compiled, query, method);
    const expected = outcome(interpreted, query, method);
    // What is worked out where it is not needed may fail: each of the two has its own order.
    if (found !== expected && found !== "failed" && expected !== "failed") {
      throw new Error(`${query}\ncompiled, ${method}:\n${found}\ninterpreted:\n${expected}`);
    }
    const sorted = outcome(external, query, method);
    if (sorted !== found && sorted !== "failed" && found !== "failed") {
      throw new Error(`${query}\nwith a disk, ${method}:\n${sorted}\ncompiled:\n${found}`);
    }
    if (store.openFiles > 0) {
      throw new Error(`${query}\nleft ${store.openFiles} files open, ${method}`);
    }
  }
}

export const sqlTiersFuzzer: Fuzzer = { name: "sql-tiers", canaries: ["lost-row"], run };
