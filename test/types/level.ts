/** The types of `nacre/level`: what keys and values a level has, and that it passes for an abstract-level database. */
import type { AbstractBatchOperation, AbstractLevel, AbstractSublevel } from "abstract-level";
import type { Database, Snapshot, WriteTransaction } from "../../src/index.ts";
import { Level, type LevelChainedBatch, type LevelWithin } from "../../src/level.ts";
import type { Equal, Expect } from "./expect.ts";

interface User {
  readonly name: string;
}

type Encoded = string | Buffer | Uint8Array;

declare const db: Database;
declare const tx: WriteTransaction;
declare const snapshot: Snapshot;
declare function holds<_Cases extends readonly true[]>(): void;

export function made(): void {
  const plain = new Level("dir");
  const users = new Level<string, User>("dir", { valueEncoding: "json", durability: "sync", cacheBytes: 1 << 20 });
  const shared = new Level<Buffer, string>(db, { map: "m", keyEncoding: "buffer", engine: "btree" });
  // @ts-expect-error a level in a database has a map of its own
  new Level(db);
  new Level(db, { map: "m", durability: "sync", createIfMissing: false, valueEncoding: "json" });
  // @ts-expect-error the database is open already
  new Level(db, { map: "m", readOnly: true });
  // @ts-expect-error no such durability
  new Level("dir", { durability: "synced" });
  holds<
    [
      Expect<Equal<typeof plain, Level<string, string>>>,
      Expect<Equal<typeof users, Level<string, User>>>,
      Expect<Equal<typeof shared, Level<Buffer, string>>>,
    ]
  >();
}

export async function used(users: Level<string, User>, tokens: Level<string, Buffer>): Promise<void> {
  const user = await users.get("a");
  const sync = users.getSync("a");
  const entries = await users.iterator({ gte: "a", limit: 3 }).all();
  const key = await users.keys().next();
  const text = await users.get<string, string>("a", { valueEncoding: "utf8" });
  await users.put("a", { name: "Ada" }, { sync: true });
  await users.put<string, string>("a", "{}", { valueEncoding: "utf8", durability: "group" });
  await users.del("a", { sync: true });
  await users.clear({ gt: "a", sync: true });
  await users.batch([{ type: "put", key: "a", value: { name: "Ada" } }], { sync: true });
  await users.batch([{ type: "put", key: "t", value: Buffer.from("x"), sublevel: tokens }]);
  await users.batch(
    [
      { type: "put", key: "a", value: { name: "Ada" } },
      { type: "put", key: "t", value: Buffer.from("x"), sublevel: tokens },
      { type: "del", key: "u", sublevel: tokens },
    ],
    { sync: true },
  );
  await users.batch<string, string>([{ type: "put", key: "a", value: "{}" }], { valueEncoding: "utf8" });
  await users.batch([{ type: "put", key: "a", value: "{}" }], { valueEncoding: "utf8" });
  await users.batch().put("a", { name: "Ada" }).del("b").write({ sync: true });
  await users.open({ createIfMissing: false, readOnly: true });
  // @ts-expect-error a user has a name
  await users.put("a", { age: 36 });
  // @ts-expect-error keys are strings
  await users.del(1);
  // @ts-expect-error of its own operations the values are users
  await users.batch([{ type: "put", key: "a", value: 1 }]);
  // @ts-expect-error the engine is settled when the level is made
  await users.open({ engine: "lsm" });
  holds<
    [
      Expect<Equal<typeof user, User | undefined>>,
      Expect<Equal<typeof sync, User | undefined>>,
      Expect<Equal<typeof entries, [string, User][]>>,
      Expect<Equal<typeof key, string | undefined>>,
      Expect<Equal<typeof text, string | undefined>>,
    ]
  >();
}

export function within(users: Level<string, User>): void {
  const sublevel = users.sublevel<Buffer, number>("s", { keyEncoding: "buffer", valueEncoding: "json" });
  const inside = users.within(tx);
  const below = users.within(tx, sublevel);
  const before = users.within(snapshot).get("a");
  holds<
    [
      Expect<Equal<typeof inside, LevelWithin<string, User>>>,
      Expect<Equal<typeof below, LevelWithin<Buffer, number>>>,
      Expect<Equal<typeof before, User | undefined>>,
    ]
  >();
}

/** A program that is written for any abstract-level database takes it, and what comes from it. */
export function passed(users: Level<string, User>): void {
  const abstract: AbstractLevel<Encoded, string, User> = users;
  const sublevel: AbstractSublevel<Level<string, User>, Encoded, string, string> = users.sublevel("s");
  const operations: AbstractBatchOperation<Level<string, User>, string, User>[] = [];
  const written = users.batch(operations);
  const chained: LevelChainedBatch<Level<string, User>, string, User> = users.batch();
  holds<[Expect<Equal<typeof written, Promise<void>>>]>();
  void [abstract, sublevel, chained];
}
