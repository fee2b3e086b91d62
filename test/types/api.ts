/** The public API as the compiler sees it: what keys and values a map has for every way of asking for it. */
import type {
  Change,
  CommitChanges,
  CustomCodec,
  Database,
  DatabaseStats,
  DbMap,
  EngineKind,
  LsmSettings,
  MapOptions,
  MapRange,
  MapShape,
  MergeOption,
  open,
  RangeOptions,
  Snapshot,
  Transaction,
  Tuple,
  WriteTransaction,
} from "../../src/index.ts";
import type { Assignable, Equal, Expect, Not } from "./expect.ts";

interface User {
  readonly name: string;
}

declare const db: Database;
declare const dates: CustomCodec<Date>;
declare const points: CustomCodec<{ x: number; y: number }>;

/** Takes cases about things that have no declaration of their own. */
declare function holds<_Cases extends readonly true[]>(): void;

export function maps(): void {
  // Without options: string keys, and JSON of the type that is given, or of none.
  const plain = db.map("m");
  const users = db.map<User>("users");
  const spelt = db.map<User>("users", { engine: "btree", key: "string", value: "json" });
  const half = db.map<User>("users", { value: "json" });

  // The key kind alone; JSON values keep their type argument.
  const byNumber = db.map<User>("m", { key: "number" });
  const byBigint = db.map<User>("m", { key: "bigint", value: "json" });
  const byBytes = db.map<User>("m", { key: "bytes" });
  const byTuple = db.map<User>("m", { key: "tuple" });
  const untyped = db.map("m", { key: "number" });

  // The value kind.
  const bytes = db.map("m", { value: "bytes" });
  const strings = db.map("m", { key: "string", value: "string" });
  const tupleBytes = db.map("m", { key: "tuple", value: "bytes" });
  const bigintStrings = db.map("m", { key: "bigint", value: "string" });

  // Codecs of the user's own, on either side or on both.
  const dateKeys = db.map("m", { key: dates });
  const dateValues = db.map("m", { value: dates });
  const both = db.map("m", { key: dates, value: points });
  const dateBytes = db.map("m", { key: dates, value: "bytes" });

  // How a map is kept says nothing of what is in it.
  const runs = db.map<User>("m", { engine: "lsm", lsm: { compaction: "tiered", filterBitsPerKey: [8, 12] } });
  const runsByNumber = db.map("m", { engine: "lsm", key: "number", value: "bytes" });
  const counts = db.map<number>("m", { merge: "counter" });
  const lines = db.map("m", { value: "string", merge: "append" });
  const latest = db.map<User>("m", { key: "tuple", merge: (_older: User, newer: User) => newer });

  // A merge function gets what the values are, and its parameters need no types; they may give the values theirs.
  const tags = db.map<string[]>("m", { merge: (older, newer) => older.concat(newer) });
  const byDay = db.map<string[]>("m", { key: "number", engine: "lsm", merge: (older, newer) => older.concat(newer) });
  const sums = db.map("m", { merge: (older: number, newer: number) => older + newer });
  const unknowns = db.map("m", { merge: (older, newer) => older ?? newer });
  const texts = db.map("m", { value: "string", merge: (older, newer) => older.concat(newer) });
  const masks = db.map("m", {
    key: "tuple",
    value: "bytes",
    merge: (older, newer) => older.map((b, i) => b | newer[i]!),
  });
  const largest = db.map("m", { key: "number", value: "bytes", merge: "max" });
  const last = db.map("m", {
    value: dates,
    merge: (older, newer) => (older.getTime() > newer.getTime() ? older : newer),
  });
  const perDay = db.map("m", { key: dates, merge: "counter" });
  const sumsPerDay = db.map("m", { key: dates, merge: (older: number, newer: number) => older + newer });
  const perDate = db.map("m", { key: dates, value: points, merge: (older, newer) => ({ x: older.x, y: newer.y }) });

  holds<
    [
      Expect<Equal<typeof runs, DbMap<string, User>>>,
      Expect<Equal<typeof runsByNumber, DbMap<number, Uint8Array>>>,
      Expect<Equal<typeof counts, DbMap<string, number>>>,
      Expect<Equal<typeof lines, DbMap<string, string>>>,
      Expect<Equal<typeof latest, DbMap<Tuple, User>>>,
      Expect<Equal<typeof tags, DbMap<string, string[]>>>,
      Expect<Equal<typeof byDay, DbMap<number, string[]>>>,
      Expect<Equal<typeof sums, DbMap<string, number>>>,
      Expect<Equal<typeof unknowns, DbMap<string, unknown>>>,
      Expect<Equal<typeof texts, DbMap<string, string>>>,
      Expect<Equal<typeof masks, DbMap<Tuple, Uint8Array>>>,
      Expect<Equal<typeof largest, DbMap<number, Uint8Array>>>,
      Expect<Equal<typeof last, DbMap<string, Date>>>,
      Expect<Equal<typeof perDay, DbMap<Date, unknown>>>,
      Expect<Equal<typeof sumsPerDay, DbMap<Date, number>>>,
      Expect<Equal<typeof perDate, DbMap<Date, { x: number; y: number }>>>,
      Expect<Equal<typeof plain, DbMap<string, unknown>>>,
      Expect<Equal<typeof users, DbMap<string, User>>>,
      Expect<Equal<typeof spelt, DbMap<string, User>>>,
      Expect<Equal<typeof half, DbMap<string, User>>>,
      Expect<Equal<typeof byNumber, DbMap<number, User>>>,
      Expect<Equal<typeof byBigint, DbMap<bigint, User>>>,
      Expect<Equal<typeof byBytes, DbMap<Uint8Array, User>>>,
      Expect<Equal<typeof byTuple, DbMap<Tuple, User>>>,
      Expect<Equal<typeof untyped, DbMap<number, unknown>>>,
      Expect<Equal<typeof bytes, DbMap<string, Uint8Array>>>,
      Expect<Equal<typeof strings, DbMap<string, string>>>,
      Expect<Equal<typeof tupleBytes, DbMap<Tuple, Uint8Array>>>,
      Expect<Equal<typeof bigintStrings, DbMap<bigint, string>>>,
      Expect<Equal<typeof dateKeys, DbMap<Date, unknown>>>,
      Expect<Equal<typeof dateValues, DbMap<string, Date>>>,
      Expect<Equal<typeof both, DbMap<Date, { x: number; y: number }>>>,
      Expect<Equal<typeof dateBytes, DbMap<Date, Uint8Array>>>,
    ]
  >();
}

export function uses(users: DbMap<string, User>, byNumber: DbMap<number, User>): void {
  const range = byNumber.range({ gte: 1, lt: 5, reverse: true, limit: 10 });

  holds<
    [
      Expect<Equal<ReturnType<typeof users.get>, User | undefined>>,
      Expect<Equal<ReturnType<typeof users.has>, boolean>>,
      Expect<Equal<ReturnType<typeof users.delete>, boolean>>,
      Expect<Equal<ReturnType<typeof users.expiresAt>, number | undefined>>,
      Expect<Equal<ReturnType<typeof users.nextChange>, Promise<number>>>,
      Expect<Equal<Parameters<typeof byNumber.merge>, [key: number, operand: User]>>,
      Expect<Equal<Parameters<typeof byNumber.deleteRange>, [options?: RangeOptions<number> | undefined]>>,
      Expect<Equal<typeof range, MapRange<number, User>>>,
      Expect<Equal<ReturnType<typeof range.toArray>, [number, User][]>>,
      Expect<Equal<ReturnType<typeof range.keys>, IterableIterator<number>>>,
      Expect<Equal<ReturnType<typeof range.values>, IterableIterator<User>>>,
      Expect<Equal<ReturnType<typeof range.count>, number>>,
      Expect<Assignable<DbMap<string, User>, Iterable<[string, User]>>>,
      Expect<Assignable<MapRange<string, User>, Iterable<[string, User]>>>,
      Expect<Assignable<{ prefix: ["a", 1] }, RangeOptions<Tuple>>>,
      Expect<Not<Assignable<{ gte: "a" }, RangeOptions<number>>>>,
    ]
  >();
}

// Transactions and snapshots hand out maps in the same way.
export type TransactionCases = [
  Expect<Equal<Transaction["map"], Database["map"]>>,
  Expect<Equal<WriteTransaction["map"], Database["map"]>>,
  Expect<Equal<Snapshot["map"], Database["map"]>>,
  Expect<Assignable<Database, Disposable>>,
  Expect<Assignable<Snapshot, Disposable>>,
  Expect<Assignable<Transaction, AsyncDisposable>>,
  Expect<Not<Assignable<Transaction, Disposable>>>,
  Expect<Equal<ReturnType<Transaction["commit"]>, Promise<void>>>,
  Expect<Equal<ReturnType<typeof open>, Database>>,
  Expect<Equal<ReturnType<Database["stats"]>, DatabaseStats>>,
  Expect<Equal<ReturnType<Database["shapes"]>, MapShape[]>>,
  Expect<Equal<ReturnType<Database["checkpoint"]>, Promise<void>>>,
];

// What options are made of has names, so that a program can keep them apart from the call.
export type OptionCases = [
  Expect<Equal<MapOptions["engine"], EngineKind | undefined>>,
  Expect<Equal<MapOptions["lsm"], Partial<LsmSettings> | undefined>>,
  Expect<Equal<MapOptions<"string", "json", User>["merge"], MergeOption<"json", User> | undefined>>,
  Expect<Assignable<(older: string, newer: string) => string, MergeOption<"string">>>,
  Expect<Not<Assignable<"counter", MergeOption<"bytes">>>>,
];

export function results(): void {
  const written = db.write((tx) => tx.map<User>("users").get("u:1"));
  const awaited = db.transaction(async (tx) => [...tx.map("m", { value: "bytes" }).range().values()]);
  const settled = db.transaction((tx) => tx.map("m", { key: dates }).has(new Date(0)), { isolation: "serializable" });
  const feed = db.changes({ since: 0, of: ["a", "b"] });

  holds<
    [
      Expect<Equal<typeof written, User | undefined>>,
      Expect<Equal<typeof awaited, Promise<Uint8Array[]>>>,
      Expect<Equal<typeof settled, Promise<boolean>>>,
      Expect<Assignable<typeof feed, AsyncIterable<CommitChanges>>>,
      Expect<Equal<CommitChanges["changes"], readonly Change[]>>,
    ]
  >();
}

export function refusals(): void {
  const users = db.map<User>("users");
  const byNumber = db.map<User>("m", { key: "number" });
  const byTuple = db.map<User>("m", { key: "tuple" });
  const tupleBytes = db.map("m", { key: "tuple", value: "bytes" });
  const dateKeys = db.map("m", { key: dates });

  users.put("u:1", { name: "Ada" }, { ttl: 1000 });
  tupleBytes.put(["a", 1, [true, null]], Uint8Array.of(1));

  // @ts-expect-error: a key of another kind is refused
  byNumber.get("1");
  // @ts-expect-error: a value of another type is refused
  users.put("u:1", { nome: "Ada" });
  // @ts-expect-error: a bound of another kind is refused
  byNumber.range({ gte: "a" });
  // @ts-expect-error: a tuple holds no dates
  byTuple.get([new Date(0)]);
  // @ts-expect-error: there is no such key kind
  db.map("m", { key: "uuid" });
  // @ts-expect-error: there is no such value kind
  db.map("m", { value: "xml" });
  // @ts-expect-error: there is no such engine
  db.map("m", { engine: "hash" });
  // @ts-expect-error: there is no such setting
  db.map("m", { engine: "lsm", lsm: { levels: 7 } });
  // @ts-expect-error: there is no such way to compact
  db.map("m", { engine: "lsm", lsm: { compaction: "leveled" } });
  // @ts-expect-error: there is no such operator
  db.map("m", { merge: "min" });
  // @ts-expect-error: strings are not counted
  db.map("m", { value: "string", merge: "counter" });
  // @ts-expect-error: nor are bytes, whatever the keys
  db.map("m", { key: "tuple", value: "bytes", merge: "counter" });
  // @ts-expect-error: nacre does not know what a codec's values are
  db.map("m", { value: dates, merge: "max" });
  // @ts-expect-error: a merge function takes values of the map
  db.map<number>("m", { merge: (older: string, newer: string) => older + newer });
  // @ts-expect-error: and returns one
  db.map<number>("m", { merge: (older, newer) => `${older} ${newer}` });
  // @ts-expect-error: also where the kind of values says what they are
  db.map("m", { value: "string", merge: (older: number, newer: number) => older + newer });
  // @ts-expect-error: or a codec does
  db.map("m", { key: "number", value: points, merge: (older, newer) => older.x + newer.x });
  // @ts-expect-error: an operand is a value of the map
  users.merge("u:1", 1);
  // @ts-expect-error: a bound of another kind is refused
  byNumber.deleteRange({ lt: "a" });
  // @ts-expect-error: there is no such isolation
  db.begin({ isolation: "serialisable" });
  // @ts-expect-error: there is no such durability
  db.write(() => {}, { durability: "eventual" });
  // @ts-expect-error: a snapshot is at the number of a commit
  db.snapshot({ at: "yesterday" });
  // @ts-expect-error: a codec of one type does not fit keys of another
  dateKeys.get("2024-01-01");
}
