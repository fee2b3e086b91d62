/**
 * A program that was written for better-sqlite3: a ledger with accounts and transfers. One import is new.
 *
 *     node dist/examples/sqlite.js [DIR]
 *
 * Statements, transactions in each other, functions, an aggregate and a table of the program's own are as they were.
 */
import Database from "nacre/sqlite"; // was: import Database from "better-sqlite3";

interface Account {
  id: number;
  owner: string;
  cents: number;
}

const db = new Database(process.argv[2] ?? ":memory:");
db.pragma("journal_mode = WAL");
db.exec(`
  CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, owner TEXT NOT NULL UNIQUE, cents INTEGER NOT NULL CHECK (cents >= 0));
  CREATE TABLE IF NOT EXISTS transfers (at TEXT NOT NULL, source INTEGER, target INTEGER, cents INTEGER NOT NULL);
`);

db.function("euros", { deterministic: true }, (cents: number) => `${(cents / 100).toFixed(2)} €`);
db.aggregate("spread", {
  start: () => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  step: ([least, greatest]: number[], cents: number) => [Math.min(least!, cents), Math.max(greatest!, cents)],
  result: ([least, greatest]: number[]) => greatest! - least!,
});
db.table("months", {
  columns: ["month"],
  parameters: ["year"],
  *rows(year: number) {
    for (let month = 1; month <= 12; month++) {
      yield [`${year}-${String(month).padStart(2, "0")}`];
    }
  },
});

const open = db.prepare<[string, number], Account>(
  "INSERT INTO accounts (owner, cents) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET cents = excluded.cents RETURNING *",
);
const withdraw = db.prepare<{ id: number; cents: number }>("UPDATE accounts SET cents = cents - @cents WHERE id = @id");
const deposit = db.prepare<{ id: number; cents: number }>("UPDATE accounts SET cents = cents + @cents WHERE id = @id");
const note = db.prepare("INSERT INTO transfers VALUES (?, ?, ?, ?)");

const transfer = db.transaction((at: string, source: Account, target: Account, cents: number) => {
  deposit.run({ id: target.id, cents });
  withdraw.run({ id: source.id, cents });
  note.run(at, source.id, target.id, cents);
});

const ada = open.get("Ada", 120_00)!;
const grace = open.get("Grace", 80_00)!;

/** Those that fail are undone, each by itself; the others stay. */
const settle = db.transaction((transfers: readonly [string, number][]) => {
  for (const [at, cents] of transfers) {
    try {
      transfer(at, ada, grace, cents);
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) {
        throw error;
      }
      console.log(`${at}: ${error.code}: ${error.message}`);
    }
  }
});

settle([
  ["2026-01-15", 20_00],
  ["2026-03-02", 500_00],
  ["2026-03-09", 30_00],
]);

for (const { owner, euros } of db
  .prepare<[], { owner: string; euros: string }>("SELECT owner, euros(cents) AS euros FROM accounts ORDER BY owner")
  .iterate()) {
  console.log(`${owner} has ${euros}`);
}
console.log("spread:", db.prepare("SELECT euros(spread(cents)) FROM accounts").pluck().get());
console.log(
  db
    .prepare(
      "SELECT month, count(cents) FROM months(?) LEFT JOIN transfers ON substr(at, 1, 7) = month WHERE month < '2026-04' GROUP BY month",
    )
    .raw()
    .all(2026),
);

db.close();
