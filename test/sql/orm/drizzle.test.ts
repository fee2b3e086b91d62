/** Drizzle on its better-sqlite3 driver, which imports that package by name: here the name leads to nacre/sqlite. */
import { mkdirSync, writeFileSync } from "node:fs";
import { register } from "node:module";
import { join } from "node:path";
import { count, desc, eq, relations, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { beforeEach, describe, expect, test } from "vitest";
import Database from "../../../src/sqlite.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const driver = new URL("../../../src/sqlite.js", import.meta.url).href;
const hook = `export const resolve = (name, context, next) =>
  name === "better-sqlite3" ? { url: ${JSON.stringify(driver)}, shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { drizzle } = await import("drizzle-orm/better-sqlite3");
const { migrate } = await import("drizzle-orm/better-sqlite3/migrator");

const users = sqliteTable("users", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  name: text("name").notNull().unique(),
  joined: integer("joined", { mode: "timestamp" }),
});
const posts = sqliteTable("posts", {
  id: integer("id").primaryKey(),
  title: text("title").notNull(),
  author: integer("author")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" }),
  tags: text("tags", { mode: "json" }).$type<string[]>(),
});
const schema = {
  users,
  posts,
  usersRelations: relations(users, ({ many }) => ({ posts: many(posts) })),
  postsRelations: relations(posts, ({ one }) => ({
    user: one(users, { fields: [posts.author], references: [users.id] }),
  })),
};

const TABLES = `
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT NOT NULL UNIQUE, joined INTEGER);
--> statement-breakpoint
CREATE TABLE posts (id INTEGER PRIMARY KEY NOT NULL, title TEXT NOT NULL, tags TEXT,
  author INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE);`;

type Drizzle = ReturnType<typeof drizzle<typeof schema>>;

function newDatabase(): Drizzle {
  return drizzle(new Database(":memory:") as never, { schema });
}

describe("on a database in memory", () => {
  let db: Drizzle;

  beforeEach(() => {
    db = newDatabase();
    for (const statement of TABLES.split("--> statement-breakpoint")) {
      db.run(sql.raw(statement));
    }
    db.insert(users)
      .values([{ name: "Ada", joined: new Date(1e12) }, { name: "Bob" }])
      .run();
    db.insert(posts)
      .values([
        { title: "one", author: 1, tags: ["a", "b"] },
        { title: "two", author: 1 },
        { title: "three", author: 2 },
      ])
      .run();
  });

  test("queries: joins, groups, JSON, dates", () => {
    expect(
      db
        .select({ name: users.name, posts: count(posts.id) })
        .from(users)
        .leftJoin(posts, eq(posts.author, users.id))
        .groupBy(users.id)
        .orderBy(desc(count(posts.id)))
        .all(),
    ).toEqual([
      { name: "Ada", posts: 2 },
      { name: "Bob", posts: 1 },
    ]);
    expect(db.select().from(users).where(eq(users.id, 1)).get()?.joined).toEqual(new Date(1e12));
    expect(db.select({ tags: posts.tags }).from(posts).where(eq(posts.id, 1)).get()).toEqual({ tags: ["a", "b"] });
  });

  test("relations, which are one query of JSON", () => {
    expect(
      db.query.users.findMany({ with: { posts: { columns: { title: true } } }, columns: { name: true } }).sync(),
    ).toEqual([
      { name: "Ada", posts: [{ title: "one" }, { title: "two" }] },
      { name: "Bob", posts: [{ title: "three" }] },
    ]);
    expect(db.query.posts.findFirst({ with: { user: true }, where: eq(posts.title, "three") }).sync()?.user.name).toBe(
      "Bob",
    );
  });

  test("writes: returning, conflicts, cascades", () => {
    expect(db.insert(users).values({ name: "Cy" }).returning().all()).toEqual([{ id: 3, name: "Cy", joined: null }]);
    db.insert(users)
      .values({ id: 1, name: "X" })
      .onConflictDoUpdate({ target: users.id, set: { name: sql`excluded.name || '!'` } })
      .run();
    expect(db.update(users).set({ name: "Y" }).where(eq(users.id, 2)).returning({ name: users.name }).get()).toEqual({
      name: "Y",
    });
    expect(db.delete(users).where(eq(users.id, 1)).run().changes).toBe(1);
    expect(db.select({ title: posts.title }).from(posts).all()).toEqual([{ title: "three" }]);
  });

  test("transactions, nested ones as savepoints", () => {
    const left = db.transaction((transaction) => {
      transaction.insert(users).values({ name: "outer" }).run();
      expect(() =>
        transaction.transaction((nested) => {
          nested.insert(users).values({ name: "inner" }).run();
          nested.rollback();
        }),
      ).toThrow();
      return transaction.select({ n: count() }).from(users).get();
    });
    expect(left).toEqual({ n: 3 });
    expect(() => db.transaction((transaction) => transaction.rollback())).toThrow();
    expect(db.select({ n: count() }).from(users).get()).toEqual({ n: 3 });
  });
});

test("migrations, each once", () => {
  using directory = temporaryDirectory();
  const folder = join(directory.path, "drizzle");
  mkdirSync(join(folder, "meta"), { recursive: true });
  const entries = [
    { idx: 0, version: "6", when: 1, tag: "0000_tables", breakpoints: true },
    { idx: 1, version: "6", when: 2, tag: "0001_index", breakpoints: true },
  ];
  writeFileSync(join(folder, "meta", "_journal.json"), JSON.stringify({ version: "7", dialect: "sqlite", entries }));
  writeFileSync(join(folder, "0000_tables.sql"), TABLES);
  writeFileSync(join(folder, "0001_index.sql"), "CREATE INDEX posts_author ON posts (author);");
  const db = newDatabase();
  migrate(db, { migrationsFolder: folder });
  migrate(db, { migrationsFolder: folder });
  expect(db.all(sql`SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`)).toEqual([
    { name: "posts_author" },
  ]);
});
