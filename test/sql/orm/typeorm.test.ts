/** TypeORM on its better-sqlite3 driver, which takes nacre/sqlite as `driver`. */
import { DataSource, EntitySchema, type MigrationInterface, type QueryRunner, TableColumn } from "typeorm";
import { afterEach, beforeEach, expect, test } from "vitest";
import Database from "../../../src/sqlite.ts";

interface User {
  id: number;
  name: string;
  age: number | null;
  posts: Post[];
}

interface Post {
  id: number;
  title: string;
  created: Date;
  user: User;
}

const UserEntity = new EntitySchema<User>({
  name: "user",
  columns: {
    id: { type: "integer", primary: true, generated: true },
    name: { type: "varchar", unique: true },
    age: { type: "integer", nullable: true },
  },
  relations: { posts: { type: "one-to-many", target: "post", inverseSide: "user", cascade: true } },
});
const PostEntity = new EntitySchema<Post>({
  name: "post",
  columns: {
    id: { type: "integer", primary: true, generated: true },
    title: { type: "text" },
    created: { type: "datetime", createDate: true },
  },
  relations: {
    user: { type: "many-to-one", target: "user", inverseSide: "posts", onDelete: "CASCADE", joinColumn: true },
  },
  indices: [{ columns: ["title"] }],
});

class AddScore implements MigrationInterface {
  readonly name = "AddScore1700000000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.addColumn("user", new TableColumn({ name: "score", type: "integer", default: 7 }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropColumn("user", "score");
  }
}

let source: DataSource;

beforeEach(async () => {
  source = new DataSource({
    type: "better-sqlite3",
    database: ":memory:",
    driver: Database,
    entities: [UserEntity, PostEntity],
    migrations: [AddScore],
    synchronize: true,
  });
  await source.initialize();
  await source.getRepository(UserEntity).save({ name: "Ada", age: 36, posts: [{ title: "one" }, { title: "two" }] });
  await source.getRepository(UserEntity).save({ name: "Bob" });
});

afterEach(() => source.destroy());

test("entities with what they are related to", async () => {
  const users = await source.getRepository(UserEntity).find({ relations: { posts: true }, order: { id: "ASC" } });
  expect(users.map(({ name, posts }) => [name, posts.map(({ title }) => title)])).toEqual([
    ["Ada", ["one", "two"]],
    ["Bob", []],
  ]);
  expect(users[0]!.posts[0]!.created).toBeInstanceOf(Date);
});

test("the query builder", async () => {
  const rows = await source
    .getRepository(UserEntity)
    .createQueryBuilder("u")
    .leftJoin("u.posts", "p")
    .select("u.name", "name")
    .addSelect("count(p.id)", "posts")
    .groupBy("u.id")
    .orderBy("posts", "DESC")
    .getRawMany();
  expect(rows).toEqual([
    { name: "Ada", posts: 2 },
    { name: "Bob", posts: 0 },
  ]);
});

test("writes: update, upsert, delete with its cascade", async () => {
  const users = source.getRepository(UserEntity);
  await users.update({ name: "Bob" }, { age: 7 });
  await users.upsert([{ name: "Ada", age: 99 }], ["name"]);
  expect(await users.find({ order: { id: "ASC" } })).toMatchObject([
    { id: 1, name: "Ada", age: 99 },
    { id: 2, name: "Bob", age: 7 },
  ]);
  await users.delete({ name: "Ada" });
  expect(await source.getRepository(PostEntity).count()).toBe(0);
});

test("a transaction that throws has done nothing, a nested one alone can", async () => {
  const failed = source.transaction(async (manager) => {
    await manager.delete(UserEntity, { name: "Ada" });
    expect(await manager.count(PostEntity)).toBe(0);
    throw new Error("taken back");
  });
  await expect(failed).rejects.toThrow("taken back");
  expect(await source.getRepository(PostEntity).count()).toBe(2);
  await source.transaction(async (manager) => {
    await manager.insert(UserEntity, { name: "Cy" });
    await manager
      .transaction(async (nested) => {
        await nested.insert(UserEntity, { name: "Di" });
        throw new Error("nested");
      })
      .catch((error: Error) => expect(error.message).toBe("nested"));
  });
  expect(await source.getRepository(UserEntity).count()).toBe(3);
});

test("the schema is read back as it was made, so that synchronizing again changes nothing", async () => {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
  const table = await source.createQueryRunner().getTable("user");
  expect(table?.columns.map(({ name, type, isPrimary, isUnique }) => [name, type, isPrimary, isUnique])).toEqual([
    ["id", "integer", true, false],
    ["name", "varchar", false, true],
    ["age", "integer", false, false],
  ]);
});

test("migrations, up and down", async () => {
  await source.runMigrations();
  expect(await source.query("SELECT name, score FROM user ORDER BY id")).toEqual([
    { name: "Ada", score: 7 },
    { name: "Bob", score: 7 },
  ]);
  await source.undoLastMigration();
  await expect(source.query("SELECT score FROM user")).rejects.toThrow("no such column: score");
  expect(await source.getRepository(UserEntity).count()).toBe(2);
});
