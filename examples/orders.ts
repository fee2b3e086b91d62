/**
 * A shop: orders are rows, the stock is a map, and a purchase changes both in one transaction or neither.
 *
 *     node dist/examples/orders.js [DIR]
 *
 * SQL answers the questions that nobody thought of beforehand; a map is a name and a value, and a counter that never waits. They are
 * in one database, so there is no moment at which an order is there and its goods are still in the stock.
 */
import { open, type WriteTransaction } from "nacre";

interface Line {
  readonly item: string;
  readonly count: number;
  readonly price: number;
}

using db = open(process.argv[2] ?? ":memory:");
const stock = db.map<number>("stock");
stock.put("tea", 10);
stock.put("cup", 2);
db.sql.exec(`
  CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS lines (
    "order" INTEGER NOT NULL REFERENCES orders,
    item TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    price REAL NOT NULL
  );
  CREATE INDEX IF NOT EXISTS lines_of_order ON lines ("order");
`);
const since = db.lastCommit;

function buy(customer: string, lines: readonly Line[]): void {
  const order = db.write((tx) => {
    const { lastInsertRowid } = tx.sql.prepare("INSERT INTO orders (customer) VALUES (?)").run(customer);
    for (const line of lines) {
      take(tx, line);
      tx.sql`INSERT INTO lines VALUES (${lastInsertRowid}, ${line.item}, ${line.count}, ${line.price})`;
    }
    return lastInsertRowid;
  });
  console.log(`order ${order}: ${lines.map(({ item, count }) => `${count} × ${item}`).join(", ")}`);
}

/** A throw takes back the whole purchase, its rows included. */
function take(tx: WriteTransaction, { item, count }: Line): void {
  const left = tx.map<number>("stock").get(item) ?? 0;
  if (left < count) {
    throw new Error(`there are ${left} × ${item}, not ${count}`);
  }
  tx.map<number>("stock").put(item, left - count);
}

buy("ada", [
  { item: "tea", count: 2, price: 4 },
  { item: "cup", count: 1, price: 8.5 },
]);
buy("grace", [{ item: "cup", count: 1, price: 8.5 }]);
try {
  buy("grace", [
    { item: "tea", count: 1, price: 4 },
    { item: "cup", count: 1, price: 8.5 },
  ]);
} catch (error) {
  console.log(`no order for grace: ${(error as Error).message}`);
}

console.log(`stock: ${[...stock.range()].map(([item, count]) => `${item} ${count}`).join(", ")}`);
const totals = db.sql<{ customer: string; total: number }>`
  SELECT customer, sum(count * price) AS total
  FROM orders JOIN lines ON lines."order" = orders.id
  GROUP BY customer
  ORDER BY customer`;
for (const { customer, total } of totals) {
  console.log(customer, total);
}

const fed: string[] = [];
for await (const { commit, changes } of db.sql.changes({ since, of: "orders" })) {
  fed.push(...changes.map(({ key, row }) => `order ${key} of ${row?.customer}`));
  if (commit === db.lastCommit) {
    break;
  }
}
console.log(`feed: ${fed.join(", ")}`);
