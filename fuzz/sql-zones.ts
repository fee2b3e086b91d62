/**
 * Scans that know something of the leaves that they come to (sql/run/zone-maps.ts), and interpreted ones, which know nothing: both
 * give the same rows.
 *
 * Tables are filled with values that go up, that come again and again and that are drawn from the edges of types, changed, and now
 * and then put into pages. Each query runs several times, since what is known is learned on the way, and again after changes.
 *
 * Canary "lost-cell": one of the cells that a leaf's numbers let through is left out. "same-tree": what is known of a page is used
 * without asking which tree it was in.
 */
import { join } from "node:path";
import type { Leaf } from "../src/mvcc/index.ts";
import { type Database, open } from "../src/mvcc/index.ts";
import type { Rng } from "../src/random.ts";
import { openSql, type SqlSession, type SqlValue } from "../src/sql/index.ts";
import { ZoneMap } from "../src/sql/run/zone-map.ts";
import { LeafTests } from "../src/sql/run/zone-maps.ts";
import { storeOf } from "../src/sql/session.ts";
import { temporaryDirectory } from "../test/support/temporary-directory.ts";
import { Dice } from "./dice.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const COLUMNS = ["n", "r", "m", "s", "k"] as const;
const SCHEMA =
  "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, m NUMERIC, s TEXT, k TEXT COLLATE NOCASE, other BLOB)";
const EDGES: readonly string[] = [
  ..."NULL 0 -0.0 1 -1 0.5 1e300 -1e300 5e-324 9007199254740991 9007199254740993 -9223372036854775808".split(" "),
  ...["''", "'a'", "'A'", "'a' || char(0)", "'é'", "'\u007f'", "'𝒳'", "x''", "x'61'", "'2026-12-01'", "'2026-12-0'"],
  ...["' 7'", "'12'", "replace(hex(zeroblob(9)), '0', 'ab')"],
];
const OPERATORS = ["=", "<", "<=", ">", ">=", "<>", "IS"];
const STEPS = 14;
const PASSES = 3;
/** Of the queries before, so many run again at each step. */
const AGAIN = 2;

/** How the values of a column go on. */
type Draw = (id: number) => string;

class Scenario {
  readonly #dice: Dice;
  readonly #database: Database;
  readonly #compiled: SqlSession;
  readonly #interpreted: SqlSession;
  readonly #draws: ReadonlyMap<string, Draw>;
  readonly #queries: string[];
  #nextId: number;

  constructor(dice: Dice, database: Database) {
    this.#dice = dice;
    this.#database = database;
    const memory = dice.once(4) ? { columnCacheBytes: dice.pick([0, 600_000]) } : {};
    this.#compiled = openSql(database, { tier: "compiled", ...memory });
    this.#interpreted = openSql(database, { tier: "interpreted" });
    storeOf(database).latest().zones!.leastRows = 0;
    this.#draws = new Map(COLUMNS.map((column) => [column, this.#newDraw(column)]));
    this.#queries = [];
    this.#nextId = 0;
    this.#compiled.exec(SCHEMA);
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      switch (this.#dice.below(6)) {
        case 0:
        case 1:
          this.#fill();
          break;
        case 2:
          this.#change();
          break;
        default:
          await this.#database.checkpoint();
      }
      this.#queries.push(this.#newQuery());
      this.#compare(this.#queries.at(-1)!);
      for (let again = 0; again < AGAIN; again++) {
        this.#compare(this.#dice.pick(this.#queries));
      }
    }
  }

  #newDraw(column: string): Draw {
    const dice = this.#dice;
    const isText = column === "s" || column === "k";
    const edges = dice.pick([0, 0, 0, 10, 100]);
    const kinds: readonly Draw[] = isText
      ? [
          (id) => `'2026-12-${String(1 + Math.floor(id / 40)).padStart(2, "0")}T0${dice.below(10)}'`,
          (id) => `'name of ${"abcdefgh"[id % 8]}${dice.below(20)}'`,
          () => `'${dice.pick(["a", "B", "é", "", "zz"])}${dice.below(9)}'`,
        ]
      : [(id) => String(id), (id) => String(id % 17), (id) => `${id}.5`, () => String(dice.below(1000) - 500)];
    const kind = dice.pick(kinds);
    return (id) => (edges > 0 && dice.once(edges) ? dice.pick(EDGES) : kind(id));
  }

  #fill(): void {
    const rows: string[] = [];
    for (let count = this.#dice.between(1, 400); count > 0; count--) {
      const id = this.#nextId++;
      rows.push(`(${id}, ${COLUMNS.map((column) => this.#draws.get(column)!(id)).join(", ")})`);
    }
    this.#compiled.exec(`INSERT INTO t (id, ${COLUMNS.join(", ")}) VALUES ${rows.join(", ")}`);
    if (this.#dice.once(12)) {
      this.#compiled.exec(`UPDATE t SET other = zeroblob(${this.#dice.between(1, 9000)}) WHERE id % 50 = 1`);
    }
  }

  #change(): void {
    const dice = this.#dice;
    const column = dice.pick(COLUMNS);
    const where = `id % ${dice.between(2, 60)} = 1 AND id > ${dice.below(1 + this.#nextId)}`;
    this.#compiled.exec(
      dice.once(3)
        ? `DELETE FROM t WHERE ${where}`
        : `UPDATE t SET ${column} = ${this.#literal(column)} WHERE ${where}`,
    );
  }

  #newQuery(): string {
    const where = Array.from({ length: this.#dice.between(1, 3) }, () => this.#condition()).join(" AND ");
    return `SELECT id, n, r, m, s, k FROM t WHERE ${where}`;
  }

  #compare(query: string): void {
    const expected = shown(this.#interpreted.prepare(query).raw().all());
    const statement = this.#compiled.prepare(query).raw();
    for (let pass = 0; pass < PASSES; pass++) {
      const found = shown(pass === 1 ? [...statement.iterate()] : statement.all());
      if (found !== expected) {
        throw new Error(`${query}\npass ${pass}:\n${found}\ninterpreted:\n${expected}`);
      }
    }
  }

  #condition(): string {
    const dice = this.#dice;
    const column = dice.pick(COLUMNS);
    return dice.once(5)
      ? `${column} BETWEEN ${this.#literal(column)} AND ${this.#literal(column)}`
      : `${column} ${dice.pick(OPERATORS)} ${this.#literal(column)}${dice.once(20) ? " COLLATE RTRIM" : ""}`;
  }

  /** What the column may have. */
  #literal(column: string): string {
    const dice = this.#dice;
    return dice.once(5) ? dice.pick(EDGES) : this.#draws.get(column)!(dice.below(1 + this.#nextId));
  }
}

function shown(rows: readonly SqlValue[][]): string {
  return rows.map((row) => row.map((value) => `${typeof value} ${String(value)}`).join(" | ")).join("\n");
}

/** Plants the bug; what takes it out again. */
function plant(canary: string | undefined): () => void {
  const { select } = LeafTests.prototype;
  const { reads } = ZoneMap.prototype;
  if (canary === "same-tree") {
    ZoneMap.prototype.reads = () => {};
  }
  if (canary === "lost-cell") {
    LeafTests.prototype.select = function (this: LeafTests, leaf: Leaf, from: number, to: number, slots: Uint16Array) {
      const count = select.call(this, leaf, from, to, slots);
      return count > 1 ? count - 1 : count;
    };
  }
  return () => {
    LeafTests.prototype.select = select;
    ZoneMap.prototype.reads = reads;
  };
}

async function run(rng: Rng, { backend, canary }: FuzzOptions): Promise<void> {
  using directory = temporaryDirectory();
  const onDisk = backend === "memory" ? undefined : backend;
  using database =
    onDisk === undefined
      ? open(":memory:")
      : open(join(directory.path, "db"), { backend: onDisk, durability: "relaxed" });
  const restore = plant(canary);
  try {
    await new Scenario(new Dice(rng), database).run();
  } finally {
    restore();
  }
}

export const sqlZonesFuzzer: Fuzzer = { name: "sql-zones", canaries: ["lost-cell", "same-tree"], run };
