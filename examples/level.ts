/**
 * A program that was written for LevelDB: a shelf of books, with an index by author in a sublevel. One import is new.
 *
 *     node dist/examples/level.js [DIR]
 *
 * The first half is abstract-level as everywhere: encodings, a prewrite hook that keeps the index in the same batch, ranges, a
 * snapshot. The second is what came with the move: the database underneath, with transactions across levels and maps.
 */
import { Level } from "nacre/level"; // was: import { ClassicLevel as Level } from "classic-level";

interface Book {
  title: string;
  author: string;
  year: number;
}

const level = new Level<string, Book>(process.argv[2] ?? ":memory:", { valueEncoding: "json" });
const byAuthor = level.sublevel<string, string>("by-author", {});

level.hooks.prewrite.add((operation, batch) => {
  if (operation.type === "put" && !operation.sublevel) {
    const { author, year } = operation.value as Book;
    batch.add({ type: "put", key: `${author}:${year}`, value: operation.key, sublevel: byAuthor });
  }
});

async function titlesOf(author: string): Promise<string[]> {
  const isbns = await byAuthor.values({ gt: `${author}:`, lt: `${author};` }).all();
  const books = await level.getMany(isbns);
  return books.map((book) => book?.title ?? "?");
}

await level.put("0-14-044926-2", { title: "Frankenstein", author: "Shelley", year: 1818 });
await level
  .batch()
  .put("0-19-283865-X", { title: "The Last Man", author: "Shelley", year: 1826 })
  .put("0-14-043478-8", { title: "Villette", author: "Brontë", year: 1853 })
  .write({ sync: true }); // on disk when this resolves
console.log(`Shelley: ${(await titlesOf("Shelley")).join(", ")}`);
for await (const [isbn, { title, year }] of level.iterator({ gte: "0-14", lt: "0-15", reverse: true })) {
  console.log(`${isbn}: ${title}, ${year}`);
}

const snapshot = level.snapshot();
await level.del("0-14-043478-8");
const before = await level.get("0-14-043478-8", { snapshot });
console.log(`in the snapshot: ${before?.title}, now: ${level.getSync("0-14-043478-8")}`);
await snapshot.close();

// What LevelDB has not: a loan changes a level, another level of the same directory and a map, or none of them.
const { database } = level;
const loans = new Level<string, string>(database, { map: "loans" });
const lent = database.map<number>("books lent");
await loans.open();

function lend(isbn: string, reader: string): void {
  database.write((tx) => {
    const { title } = level.within(tx).get(isbn)!;
    loans.within(tx).put(isbn, reader);
    const lentNow = tx.map<number>("books lent");
    lentNow.put(reader, (lentNow.get(reader) ?? 0) + 1);
    if (lentNow.get(reader)! > 1) {
      throw new Error(`${reader} has a book, and does not get ${title}`);
    }
  });
}

lend("0-14-044926-2", "Ada");
try {
  lend("0-19-283865-X", "Ada");
} catch (error) {
  console.log((error as Error).message);
}
console.log(`lent: ${(await loans.keys().all()).join(", ")}; to Ada: ${lent.get("Ada")}`);
await level.close(); // and with it the database, and the other level
