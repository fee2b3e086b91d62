/**
 * Random tables and statements, judged by what must hold whatever the data is:
 *
 *   partition   the rows where p is true, false and NULL are together all rows (ternary logic partitioning)
 *   plan        `WHERE key < 5` by the key gives what `WHERE +key < 5` gives by a scan; ORDER BY by the key what a sort does
 *   value       `count(*) WHERE p` is the sum of `p IS TRUE` worked out as a value
 *   groups      the counts and sums of all groups add up to those of the table
 *   change      UPDATE and DELETE report, and touch, exactly the rows that their WHERE selects
 *   errors      a statement fails with a DbError or not at all, and then leaves everything as it was
 *
 * Names are hostile on purpose: quotes, line separators, `__proto__`, pieces of JavaScript. On "memory" the store is the
 * test double that overwrites what it lent; elsewhere a database on disk, with a checkpoint in the middle, so that scans
 * merge log and tree.
 *
 * Canaries, planted in the test double: "lost-row" leaves the last row of a batch of three out of scans, "wrong-order"
 * swaps two rows of a backward scan.
 */
import { join } from "node:path";
import { DbError } from "../src/errors.ts";
import { open } from "../src/mvcc/index.ts";
import type { Rng } from "../src/random.ts";
import { openSql, quoteName, SqlSession, type SqlValue } from "../src/sql/index.ts";
import { MemoryStore } from "../test/sql/memory-store.ts";
import { temporaryDirectory } from "../test/support/temporary-directory.ts";
import { Dice } from "./dice.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const NAMES: readonly string[] = [
  "a",
  "b c",
  'q"uote',
  "__proto__",
  "constructor",
  "});process.exit(1);//",
  "\u2028line",
  "back\\slash",
  "$\u007bvalues}",
  "`tick`",
  "sélect",
];
const TYPES = ["INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC", ""];
const LITERALS: readonly string[] = [
  ..."0 1 2 -1 5 127 128 -300 70000 2.5 -0.5 1e20 9007199254740993 9223372036854775807 -9223372036854775808".split(" "),
  ...[
    "NULL",
    "''",
    "'a'",
    "'A%'",
    "'5'",
    "' 7 '",
    "'é𝒳'",
    "x''",
    "x'61'",
    "'it''s'",
    "'\u2028'",
    "'$\u007bk0}'",
    "TRUE",
  ],
];

interface Schema {
  readonly columns: readonly string[];
  /** Every name that may stand in an expression, quoted. */
  readonly names: readonly string[];
  /** The columns of the key, quoted. */
  readonly key: readonly string[];
}

/** An expression in which every operator of the dialect can come. */
function expression(dice: Dice, names: readonly string[], depth: number): string {
  if (depth === 0 || dice.once(5)) {
    return dice.once(2) && names.length > 0 ? dice.pick(names) : dice.pick(LITERALS);
  }
  const part = (): string => expression(dice, names, depth - 1);
  switch (dice.below(12)) {
    case 0:
      return `(${part()} ${dice.pick(["+", "-", "*", "/", "%", "||", "&", "|", "<<", ">>"])} ${part()})`;
    case 1:
    case 2:
      return `(${part()} ${dice.pick(["=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT"])} ${part()})`;
    case 3:
      return `(${part()} ${dice.pick(["AND", "OR"])} ${part()})`;
    case 4:
      return `(NOT ${part()})`;
    case 5:
      return `(${part()} ${dice.pick(["BETWEEN", "NOT BETWEEN"])} ${part()} AND ${part()})`;
    case 6:
      return `(${part()} IN (${Array.from({ length: dice.below(11) }, part).join(", ")}))`;
    case 7:
      return `(${part()} ${dice.pick(["LIKE", "NOT LIKE", "GLOB"])} ${dice.pick(["'a%'", "'%'", "'_'", "'*a'", part()])})`;
    case 8:
      return `CASE WHEN ${part()} THEN ${part()} ELSE ${part()} END`;
    case 9:
      return `CAST(${part()} AS ${dice.pick(["INTEGER", "REAL", "TEXT", "BLOB", "NUMERIC"])})`;
    case 10:
      return `${dice.pick(["coalesce", "nullif", "max", "min"])}(${part()}, ${part()})`;
    default:
      return `${dice.pick(["length", "lower", "typeof", "round", "hex", "-", "~"])}(${part()})`;
  }
}

/** A fuzzing session on one table. */
class Round {
  readonly #dice: Dice;
  readonly #session: SqlSession;
  readonly #schema: Schema;

  constructor(dice: Dice, session: SqlSession) {
    this.#dice = dice;
    this.#session = session;
    const columns = NAMES.filter(() => dice.once(3)).slice(0, 4);
    const used = columns.length === 0 ? ["a"] : columns;
    const quoted = used.map(quoteName);
    const definitions = quoted.map((name) => `${name} ${dice.pick(TYPES)}`);
    const form = dice.below(3);
    const key = form === 0 ? ["rowid"] : form === 1 ? ["id"] : quoted.slice(0, 2);
    const primaryKey = form === 1 ? ["id INTEGER PRIMARY KEY"] : [];
    const keyText = form === 2 ? [`PRIMARY KEY (${key.join(", ")})`] : [];
    session.exec(`CREATE TABLE t (${[...primaryKey, ...definitions, ...keyText].join(", ")})`);
    this.#schema = { columns: quoted, names: form === 2 ? quoted : [...quoted, key[0]!], key };
  }

  insert(rows: number): void {
    const { columns } = this.#schema;
    for (let row = 0; row < rows; row++) {
      const tuples = Array.from(
        { length: this.#dice.between(1, 3) },
        () => `(${columns.map(() => this.#cell()).join(", ")})`,
      );
      this.#attempt(
        `INSERT OR ${this.#dice.pick(["IGNORE", "REPLACE", "ABORT"])} INTO t (${columns.join(", ")}) VALUES ${tuples.join(", ")}`,
      );
    }
  }

  step(): void {
    switch (this.#dice.below(6)) {
      case 0:
      case 1:
        this.#checkPartition();
        break;
      case 2:
        this.#checkKey();
        break;
      case 3:
        this.#checkOrder();
        break;
      case 4:
        this.#checkGroups();
        break;
      default:
        this.#checkChange();
    }
  }

  #cell(): string {
    return this.#dice.once(4) ? expression(this.#dice, [], 2) : this.#dice.pick(LITERALS);
  }

  #checkPartition(): void {
    const p = expression(this.#dice, this.#schema.names, 3);
    const all = this.#count("SELECT count(*) FROM t");
    const parts = [`${p}`, `NOT (${p})`, `(${p}) IS NULL`].map((test) => this.#rows(`SELECT 1 FROM t WHERE ${test}`));
    if (parts.includes(undefined)) {
      return;
    }
    const found = parts.map((part) => part!.length);
    expectSame(found[0]! + found[1]! + found[2]!, all, `rows of t partitioned by ${p} (${found.join(" + ")})`);
    const values = this.#rows(`SELECT total((${p}) IS TRUE) FROM t`);
    expectSame(values?.[0]?.[0], found[0], `rows where ${p}, counted as values`);
  }

  #checkKey(): void {
    const { key } = this.#schema;
    const dice = this.#dice;
    const tests = key
      .slice(0, dice.between(1, key.length))
      .map((name) => `${name} ${dice.pick(["=", "<", "<=", ">", ">=", "="])} ${dice.pick(LITERALS)}`);
    const where = tests.join(" AND ");
    // Wrapped, the same test is none that a key could answer.
    this.#same(`SELECT * FROM t WHERE ${where}`, `SELECT * FROM t WHERE (${where}) IS TRUE`);
  }

  #checkOrder(): void {
    const { key } = this.#schema;
    const direction = this.#dice.pick(["ASC", "DESC"]);
    const limit = this.#dice.once(2) ? `LIMIT ${this.#dice.below(6)} OFFSET ${this.#dice.below(4)}` : "";
    const by = (terms: readonly string[]): string =>
      `SELECT * FROM t ORDER BY ${terms.map((term) => `${term} ${direction}`).join(", ")} ${limit}`;
    // A constant in front changes no order, but is no key.
    this.#same(by(key), by(["typeof(NULL)", ...key]), true);
  }

  #checkGroups(): void {
    const key = groupKey(expression(this.#dice, this.#schema.names, 1));
    const groups = this.#rows(`SELECT count(*), total(typeof(${key}) = 'null'), ${key} FROM t GROUP BY ${key}`);
    const distinct = this.#rows(`SELECT DISTINCT ${key} FROM t`);
    if (groups === undefined || distinct === undefined) {
      return;
    }
    const sum = groups.reduce((total, row) => total + Number(row[0]), 0);
    expectSame(sum, this.#count("SELECT count(*) FROM t"), `the counts of groups by ${key}`);
    expectSame(groups.length, distinct.length, `groups by ${key}, and its distinct values`);
  }

  #checkChange(): void {
    const dice = this.#dice;
    const p = expression(dice, this.#schema.names, 2);
    const before = this.#rows("SELECT * FROM t")!;
    const selected = this.#rows(`SELECT 1 FROM t WHERE ${p}`);
    if (dice.once(3)) {
      const changes = this.#attempt(`DELETE FROM t WHERE ${p}`);
      if (changes !== undefined && selected !== undefined) {
        expectSame(changes, selected.length, `rows deleted where ${p}`);
        expectSame(
          this.#count("SELECT count(*) FROM t"),
          before.length - changes,
          `rows left after deleting where ${p}`,
        );
      }
      return;
    }
    const column = dice.pick(this.#schema.columns);
    const changes = this.#attempt(`UPDATE t SET ${column} = ${expression(dice, this.#schema.names, 1)} WHERE ${p}`);
    if (changes === undefined) {
      expectSame(text(this.#rows("SELECT * FROM t")!), text(before), `the table after an UPDATE that failed`);
    } else if (selected !== undefined) {
      expectSame(changes, selected.length, `rows updated where ${p}`);
      expectSame(this.#count("SELECT count(*) FROM t"), before.length, "rows after an UPDATE");
    }
  }

  /** The two queries give the same rows. */
  #same(one: string, other: string, isOrdered: boolean = false): void {
    const a = this.#rows(one);
    const b = this.#rows(other);
    if (a !== undefined && b !== undefined) {
      expectSame(text(a, isOrdered), text(b, isOrdered), `${one}, and ${other}`);
    }
  }

  #count(query: string): number {
    return Number(this.#rows(query)![0]![0]);
  }

  /** Undefined: the query failed as a user's query may. */
  #rows(query: string): SqlValue[][] | undefined {
    return lawful(query, () => {
      const statement = this.#session.prepare(query).raw();
      const rows = statement.all();
      expectSame(text([...statement.iterate()], true), text(rows, true), `iterating over ${query}`);
      return rows;
    });
  }

  #attempt(statement: string): number | undefined {
    return lawful(statement, () => this.#session.prepare(statement).run().changes);
  }
}

/** GROUP BY takes a number for the position of a column. */
function groupKey(key: string): string {
  return /^[-\d.]/.test(key) ? `(${key} || '')` : key;
}

function lawful<T>(statement: string, run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    // FULL: the greatest rowid is beyond 2^53.
    if (error instanceof DbError && ["INVALID", "UNSUPPORTED", "FULL"].includes(error.code)) {
      return undefined;
    }
    throw new Error(`${statement}\n${String(error)}`, { cause: error });
  }
}

function text(rows: readonly (readonly SqlValue[])[], isOrdered: boolean = false): string {
  const lines = rows.map((row) =>
    row
      .map((value) =>
        value instanceof Uint8Array ? `x${Buffer.from(value).toString("hex")}` : `${typeof value} ${String(value)}`,
      )
      .join(" | "),
  );
  return (isOrdered ? lines : lines.sort()).join("\n");
}

function expectSame(found: unknown, expected: unknown, what: string): void {
  if (found !== expected) {
    throw new Error(`${what}: ${String(found)}, not ${String(expected)}`);
  }
}

const STEPS = 12;

async function run(rng: Rng, options: FuzzOptions): Promise<void> {
  const dice = new Dice(rng);
  if (options.backend === "memory") {
    const store = new MemoryStore();
    store.canary = options.canary;
    const round = new Round(dice, new SqlSession(store));
    round.insert(dice.below(40));
    for (let step = 0; step < STEPS; step++) {
      round.step();
    }
    return;
  }
  using directory = temporaryDirectory();
  using database = open(join(directory.path, "sql"), {
    backend: options.backend,
    durability: "relaxed",
    cacheBytes: dice.pick([64 * 1024, 1024 * 1024]),
  });
  const round = new Round(dice, openSql(database));
  round.insert(dice.below(40));
  await database.checkpoint();
  round.insert(dice.below(10));
  for (let step = 0; step < STEPS; step++) {
    round.step();
  }
}

export const sqlFuzzer: Fuzzer = { name: "sql", canaries: ["lost-row", "wrong-order"], run };
