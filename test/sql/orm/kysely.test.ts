/** Kysely on its better-sqlite3 dialect, with nacre/sqlite in the driver's place. */
import { type Generated, Kysely, type Migration, Migrator, SqliteDialect, sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import Database from "../../../src/sqlite.ts";

interface Tables {
  person: { id: Generated<number>; name: string; born: string | null };
  pet: { id: Generated<number>; name: string; owner: number };
}

const migrations: Record<string, Migration> = {
  "1-person": {
    up: async (db) => {
      await db.schema
        .createTable("person")
        .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("name", "varchar(255)", (column) => column.notNull().unique())
        .addColumn("born", "date")
        .execute();
    },
    down: async (db) => {
      await db.schema.dropTable("person").execute();
    },
  },
  "2-pet": {
    up: async (db) => {
      await db.schema
        .createTable("pet")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull().check(sql`length(name) > 1`))
        .addColumn("owner", "integer", (column) => column.notNull().references("person.id").onDelete("cascade"))
        .execute();
      await db.schema.createIndex("pet_owner").on("pet").column("owner").execute();
    },
    down: async (db) => {
      await db.schema.dropTable("pet").execute();
    },
  },
};

let db: Kysely<Tables>;
let migrator: Migrator;

beforeEach(async () => {
  db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new Database(":memory:") }) });
  migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  expect(error).toBeUndefined();
  await db
    .insertInto("person")
    .values([
      { name: "Ada", born: "1815-12-10" },
      { name: "Bob", born: null },
    ])
    .execute();
  await db
    .insertInto("pet")
    .values([
      { name: "Rex", owner: 1 },
      { name: "Tom", owner: 1 },
      { name: "Kit", owner: 2 },
    ])
    .execute();
});

afterEach(() => db.destroy());

test("migrates up and down, and tells what there is", async () => {
  const tables = await db.introspection.getTables();
  expect(tables.map(({ name }) => name)).toEqual(["person", "pet"]);
  expect(tables[0]!.columns.map(({ name, dataType, isNullable }) => [name, dataType, isNullable])).toEqual([
    ["id", "INTEGER", true],
    ["name", "varchar(255)", false],
    ["born", "date", true],
  ]);
  expect((await migrator.migrateDown()).results).toMatchObject([{ migrationName: "2-pet", status: "Success" }]);
  expect((await db.introspection.getTables()).map(({ name }) => name)).toEqual(["person"]);
});

test("joins, groups, subqueries, windows and common tables", async () => {
  expect(
    await db
      .selectFrom("person")
      .leftJoin("pet", "pet.owner", "person.id")
      .select(({ fn }) => ["person.name", fn.count<number>("pet.id").as("pets")])
      .groupBy("person.id")
      .orderBy("pets", "desc")
      .execute(),
  ).toEqual([
    { name: "Ada", pets: 2 },
    { name: "Bob", pets: 1 },
  ]);
  expect(
    await db
      .with("owners", (query) => query.selectFrom("pet").select("owner").distinct())
      .selectFrom("owners")
      .innerJoin("person", "person.id", "owners.owner")
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom("pet").select("pet.id").whereRef("pet.owner", "=", "person.id").where("pet.name", "=", "Kit"),
        ),
      )
      .select("person.name")
      .execute(),
  ).toEqual([{ name: "Bob" }]);
  expect(
    await db
      .selectFrom("pet")
      .select(({ fn }) => [
        "name",
        fn
          .agg<number>("row_number")
          .over((over) => over.partitionBy("owner").orderBy("name"))
          .as("place"),
      ])
      .orderBy("id")
      .execute(),
  ).toEqual([
    { name: "Rex", place: 1 },
    { name: "Tom", place: 2 },
    { name: "Kit", place: 1 },
  ]);
});

test("writes, with what they return", async () => {
  expect(
    await db.insertInto("person").values({ name: "Cy", born: null }).returningAll().executeTakeFirstOrThrow(),
  ).toEqual({ id: 3, name: "Cy", born: null });
  const updated = await db.updateTable("person").set({ born: "2000-01-01" }).where("id", ">", 1).executeTakeFirst();
  expect(updated.numUpdatedRows).toBe(2n);
  await db
    .insertInto("person")
    .values({ name: "Ada", born: "1900-01-01" })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ born: ({ ref }) => ref("excluded.born") }))
    .execute();
  expect(await db.selectFrom("person").select("born").where("name", "=", "Ada").execute()).toEqual([
    { born: "1900-01-01" },
  ]);
  expect((await db.deleteFrom("person").where("name", "=", "Ada").executeTakeFirst()).numDeletedRows).toBe(1n);
  expect(await db.selectFrom("pet").select("name").execute()).toEqual([{ name: "Kit" }]);
});

test("errors have SQLite's codes", async () => {
  await expect(db.insertInto("person").values({ name: "Ada", born: null }).execute()).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT_UNIQUE",
  });
  await expect(db.insertInto("pet").values({ name: "Xy", owner: 99 }).execute()).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT_FOREIGNKEY",
  });
  await expect(db.insertInto("pet").values({ name: "X", owner: 1 }).execute()).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT_CHECK",
  });
});

test("a transaction that throws has done nothing", async () => {
  const failed = db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom("person").execute();
    expect(await transaction.selectFrom("pet").selectAll().execute()).toEqual([]);
    throw new Error("taken back");
  });
  await expect(failed).rejects.toThrow("taken back");
  expect((await db.selectFrom("pet").selectAll().execute()).length).toBe(3);
});
