/**
 * A level: abstract-level's interface on a map of a nacre database, in a directory of its own or beside everything else.
 *
 *     new Level("dir.nacre")                         opens the directory, and closes it
 *     new Level(db, { map: "sessions" })             lives in `db`; closing the level leaves `db` open
 *
 * What abstract-level brings (encodings, sublevels, hooks, events, deferred open, states) is its own code; here is the
 * private API below it. Reads and writes are synchronous underneath and resolve without leaving the turn, except for
 * writes that wait for the disk, and for every few hundredth operation, which lets the event loop turn (Pace).
 *
 * Methods whose names begin with `_` are called by abstract-level alone. They get keys, values and bounds encoded, and
 * with their prefixes; the formats of both are among the options.
 */
import { type AbstractChainedBatch, AbstractLevel, type AbstractSnapshot, type Transcoder } from "abstract-level";
import { DbError } from "../errors.ts";
import type { Context, Database, Durability } from "../mvcc/index.ts";
import { LevelChainedBatch } from "./chained-batch.ts";
import type { Encoded, Format } from "./encoded.ts";
import type { Entries } from "./entries.ts";
import { LevelError, notOpen, reading, toLevelError, toReadError } from "./errors.ts";
import { checkPlace, destroy, Home, isPermanent } from "./home.ts";
import { type IteratorOptions, LevelIterator, LevelKeyIterator, LevelValueIterator } from "./iterators.ts";
import { approximateBytes, propertyOf } from "./measures.ts";
import type { AnyLevel, EncodedOperation, TypedLevel } from "./operation.ts";
import {
  durabilityOf,
  type LevelBatchOperation,
  type LevelBatchOptions,
  type LevelClearOptions,
  type LevelDelOptions,
  type LevelOpenOptions,
  type LevelOptions,
  type LevelPutOptions,
  type LevelWriteOptions,
  otherOptions,
  type SharedLevelOptions,
} from "./options.ts";
import { Pace } from "./pace.ts";
import { LevelSnapshot } from "./snapshot.ts";
import { type EncodedRange, toByteRange, Walk, type WalkOptions } from "./walk.ts";
import { type LevelTransaction, LevelWithin, prefixed } from "./within.ts";

/** What abstract-level passes to the private API: its options with encoded bounds and the names of formats. */
interface ReadRequest {
  readonly keyEncoding: Format;
  readonly valueEncoding: Format;
  readonly snapshot?: AbstractSnapshot | null;
}

interface RangeRequest extends ReadRequest, EncodedRange, IteratorOptions, LevelWriteOptions {
  readonly reverse: boolean;
  readonly limit: number;
  readonly keys?: boolean;
  readonly values?: boolean;
}

/** The encoding of `start` and `end`; the level's, unless given. */
interface RangeEncoding<K> {
  readonly keyEncoding?: string | Transcoder.PartialEncoder<K>;
}

const MANIFEST = {
  encodings: { buffer: true, utf8: true, view: true },
  has: true,
  getSync: true,
  seek: true,
  implicitSnapshots: true,
  explicitSnapshots: true,
  createIfMissing: true,
  errorIfExists: true,
  signals: { iterators: true },
  additionalMethods: { approximateSize: true, compactRange: true, getProperty: true, within: true },
};
/** What operations count for in Pace, besides the bytes of values. */
const READ_WORK = 256;
const WRITE_WORK = 1024;

export class Level<K = string, V = string> extends AbstractLevel<Encoded, K, V> {
  readonly #home: Home;
  readonly #pace: Pace;
  #durability: Durability;
  /** While open. */
  #entries: Entries | undefined;

  /** A level in a directory of its own, or ":memory:". Opens by itself, as soon as it was made. */
  constructor(path: string, options?: LevelOptions<K, V>);
  /**
   * A level in a database that is open, beside its maps, tables and other levels. Throws TypeError for options of
   * nacre's `open`.
   */
  constructor(database: Database, options: SharedLevelOptions<K, V>);
  constructor(place: string | Database, options?: LevelOptions<K, V>) {
    const given = options ?? {};
    checkPlace(place, given);
    super({ ...MANIFEST, permanence: isPermanent(place) }, otherOptions(given));
    this.#home = new Home(place, given, () => {
      this.close().catch(() => {});
    });
    this.#pace = new Pace();
    this.#durability = this.#home.durability(given);
    this.#entries = undefined;
  }

  /** The path it was made with, or that of the database it lives in. */
  get location(): string {
    return this.#home.path;
  }

  /** The name of the map that holds the entries: bytes to bytes. */
  get map(): string {
    return this.#home.map;
  }

  /**
   * The database that the level lives in, with all that nacre has: transactions across levels, maps and tables,
   * backup, check. Throws LEVEL_DATABASE_NOT_OPEN. That of a directory of the level's own closes with the level.
   */
  get database(): Database {
    return this.#opened().database;
  }

  override open(options?: LevelOpenOptions): Promise<void> {
    return options === undefined ? super.open() : super.open(options);
  }

  override put(key: K, value: V): Promise<void>;
  override put<A = K, B = V>(key: A, value: B, options: LevelPutOptions<A, B>): Promise<void>;
  override put<A, B>(key: A, value: B, options?: LevelPutOptions<A, B>): Promise<void> {
    return super.put(key, value, options as LevelPutOptions<A, B>);
  }

  override del(key: K): Promise<void>;
  override del<A = K>(key: A, options: LevelDelOptions<A>): Promise<void>;
  override del<A>(key: A, options?: LevelDelOptions<A>): Promise<void> {
    return super.del(key, options as LevelDelOptions<A>);
  }

  override batch(operations: LevelBatchOperation<K, V>[]): Promise<void>;
  override batch(operations: LevelBatchOperation<K, V>[], options: LevelBatchOptions<K, V>): Promise<void>;
  override batch<A = K, B = V>(
    operations: LevelBatchOperation<A, B>[],
    options: LevelBatchOptions<A, B>,
  ): Promise<void>;
  override batch(): LevelChainedBatch<typeof this, K, V>;
  override batch(...parameters: unknown[]): unknown {
    // How many there are tells a chained batch from a mistake.
    return (super.batch as (...parameters: unknown[]) => unknown)(...parameters);
  }

  /**
   * Deletes all entries or a range of them in one commit, however many they are. With `limit` or `snapshot` it takes a
   * commit for each thousand, between which the event loop turns; keys that come meanwhile stay.
   */
  override clear(): Promise<void>;
  override clear<A = K>(options: LevelClearOptions<A>): Promise<void>;
  override clear<A>(options?: LevelClearOptions<A>): Promise<void> {
    return super.clear(options as LevelClearOptions<A>);
  }

  /**
   * The level, or one of its sublevels, inside a transaction or snapshot of its database: what is written belongs to the
   * transaction, with everything else that it does.
   *
   *     level.database.write((tx) => {
   *       users.within(tx).put("u:1", { name: "Ada" });
   *       sessions.within(tx).del("token");
   *       tx.map<number>("count").put("users", 1);
   *     });
   *
   * Throws TypeError for a transaction or snapshot of another database, and for a sublevel of another level;
   * LEVEL_DATABASE_NOT_OPEN; and nacre's CLOSED where the transaction has ended.
   */
  within(transaction: LevelTransaction): LevelWithin<K, V>;
  within<A, B>(transaction: LevelTransaction, sublevel: TypedLevel<A, B>): LevelWithin<A, B>;
  within<A, B>(transaction: LevelTransaction, sublevel?: TypedLevel<A, B>): unknown {
    const entries = this.#opened();
    entries.checkThere();
    if (sublevel !== undefined && rootOf(sublevel) !== this) {
      throw new TypeError("The second argument is a sublevel of this level");
    }
    if (transaction.store !== entries.database.store) {
      throw new TypeError("The transaction or snapshot is of another database");
    }
    const bytes = transaction.map(entries.map, { key: "bytes", value: "bytes" });
    return sublevel === undefined ? new LevelWithin<K, V>(this, bytes) : new LevelWithin<A, B>(sublevel, bytes);
  }

  /**
   * About how many bytes the entries of `[start, end)` take up: their number, which is exact, times a sampled size. With
   * the engine "lsm" counting walks over all of them, without a turn of the event loop.
   */
  async approximateSize<A = K>(start: A, end: A, options: RangeEncoding<A> = {}): Promise<number> {
    if (start === undefined || end === undefined) {
      throw new TypeError("The arguments 'start' and 'end' are required");
    }
    if (this.status === "opening") {
      return await this.deferAsync(() => this.approximateSize(start, end, options));
    }
    const { live, id } = this.#opened();
    const { encode } = this.keyEncoding(options.keyEncoding as Transcoder.PartialEncoding<A>);
    const range = toByteRange({ gte: encode(start), lt: encode(end) });
    return reading(() => approximateBytes(live, id, range));
  }

  /**
   * Moves the log into pages, and pages into as little space as they need. nacre compacts a database as a whole: the
   * range is checked and goes no further.
   */
  async compactRange<A = K>(start: A, end: A, options: RangeEncoding<A> = {}): Promise<void> {
    if (start === undefined || end === undefined) {
      throw new TypeError("The arguments 'start' and 'end' are required");
    }
    if (this.status === "opening") {
      return await this.deferAsync(() => this.compactRange(start, end, options));
    }
    try {
      await this.database.compact();
    } catch (error) {
      throw toLevelError(error);
    }
  }

  /** "leveldb.stats", "leveldb.approximate-memory-usage" or "nacre.stats" (JSON); "" for what there is not. */
  getProperty(property: string): string {
    if (typeof property !== "string") {
      throw new TypeError("The first argument 'property' must be a string");
    }
    const { database } = this.#opened();
    return reading(() => propertyOf(database, property));
  }

  /**
   * Removes the database in a directory, with every map in it, and the directory if nothing else is in there. Nothing
   * happens where there is none. Throws LEVEL_LOCKED where it is open, LEVEL_INVALID where something else is there.
   */
  static async destroy(location: string): Promise<void> {
    checkLocation(location);
    await destroy(location);
  }

  /** There is no repair: opening recovers what the log has, and damage is reported, never patched. */
  static async repair(location: string): Promise<void> {
    checkLocation(location);
    const cause = new DbError(
      "UNSUPPORTED",
      "nacre repairs nothing: opening recovers every commit of the log; `nacre check` says what is damaged, " +
        "and a backup brings it back",
    );
    throw toLevelError(cause);
  }

  /** @internal */
  async _open(options: LevelOpenOptions): Promise<void> {
    try {
      this.#durability = this.#home.durability(options);
      this.#entries = this.#home.open(options);
    } catch (error) {
      throw toLevelError(error);
    }
  }

  /** @internal */
  async _close(): Promise<void> {
    try {
      await this.#home.close(this.#opened());
    } catch (error) {
      throw toLevelError(error);
    }
    this.#entries = undefined;
  }

  /** @internal */
  _get(key: Encoded, request: ReadRequest): unknown {
    const value = this._getSync(key, request);
    return this.#pace.pass(value, READ_WORK + lengthOf(value));
  }

  /** @internal */
  _getSync(key: Encoded, { snapshot, valueEncoding }: ReadRequest): Encoded | undefined {
    const entries = this.#opened();
    try {
      return entries.get(contextOf(entries, snapshot) ?? entries.live, key, valueEncoding);
    } catch (error) {
      throw toReadError(error);
    }
  }

  /** @internal */
  _getMany(keys: readonly Encoded[], { snapshot, valueEncoding }: ReadRequest): unknown {
    const entries = this.#opened();
    const context = contextOf(entries, snapshot) ?? entries.live;
    const values = reading(() => keys.map((key) => entries.get(context, key, valueEncoding)));
    const bytes = values.reduce((sum, value) => sum + lengthOf(value), 0);
    return this.#pace.pass(values, keys.length * READ_WORK + bytes);
  }

  /** @internal */
  _has(key: Encoded, { snapshot }: ReadRequest): unknown {
    const entries = this.#opened();
    const context = contextOf(entries, snapshot) ?? entries.live;
    return this.#pace.pass(
      reading(() => entries.has(context, key)),
      READ_WORK,
    );
  }

  /** @internal */
  _hasMany(keys: readonly Encoded[], { snapshot }: ReadRequest): unknown {
    const entries = this.#opened();
    const context = contextOf(entries, snapshot) ?? entries.live;
    const found = reading(() => keys.map((key) => entries.has(context, key)));
    return this.#pace.pass(found, keys.length * READ_WORK);
  }

  /** @internal */
  _put(key: Encoded, value: Encoded, options: LevelWriteOptions): unknown {
    const entries = this.#opened();
    return this.#write(entries, options, WRITE_WORK + value.length, () => entries.put(key, value));
  }

  /** @internal */
  _del(key: Encoded, options: LevelWriteOptions): unknown {
    const entries = this.#opened();
    return this.#write(entries, options, WRITE_WORK, () => entries.remove(key));
  }

  /** @internal */
  _batch(operations: readonly EncodedOperation[], options: LevelWriteOptions): unknown {
    const entries = this.#opened();
    let work = 0;
    for (const operation of operations) {
      work += WRITE_WORK + (operation.type === "put" ? operation.value.length : 0);
    }
    return this.#write(entries, options, work, () => {
      for (const operation of operations) {
        const { sublevel } = operation;
        const target = sublevel == null ? entries : beside(entries, sublevel);
        const key = sublevel == null ? operation.key : prefixed(sublevel, operation.key, operation.keyEncoding);
        if (operation.type === "put") {
          target.put(key, operation.value);
        } else {
          target.remove(key);
        }
      }
    });
  }

  /** @internal */
  _chainedBatch(): AbstractChainedBatch<this, K, V> {
    return new LevelChainedBatch(this, (operations, options) => this._batch(operations, options));
  }

  /** @internal */
  async _clear(request: RangeRequest): Promise<void> {
    const entries = this.#opened();
    const { reverse, limit, snapshot } = request;
    const given = contextOf(entries, snapshot);
    const durability = durabilityOf(request, this.#durability);
    const isWhole = given === undefined && limit < 0;
    const pinned = given === undefined && !isWhole ? reading(() => entries.pin()) : undefined;
    const most = limit < 0 ? Number.POSITIVE_INFINITY : limit;
    try {
      if (isWhole) {
        await entries.clearAll(toByteRange(request), durability);
      } else {
        await entries.clear(given ?? pinned!, toByteRange(request), reverse, most, durability);
      }
    } catch (error) {
      throw toLevelError(error);
    } finally {
      pinned?.close();
    }
    await this.#pace.pass(undefined, WRITE_WORK);
  }

  /** @internal */
  _iterator(request: RangeRequest): LevelIterator<this, K, V> {
    return new LevelIterator(this, request, this.#walk(request, "entries"));
  }

  /** @internal */
  _keys(request: RangeRequest): LevelKeyIterator<this, K> {
    return new LevelKeyIterator(this, request, this.#walk(request, "keys"));
  }

  /** @internal */
  _values(request: RangeRequest): LevelValueIterator<this, K, V> {
    return new LevelValueIterator(this, request, this.#walk(request, "values"));
  }

  /** @internal */
  _snapshot(options: { readonly owner: object }): LevelSnapshot {
    const { database } = this.#opened();
    return reading(() => new LevelSnapshot(database, options));
  }

  #opened(): Entries {
    if (this.#entries === undefined) {
      throw notOpen();
    }
    return this.#entries;
  }

  #write(entries: Entries, options: LevelWriteOptions, work: number, change: () => void): unknown {
    let onDisk: Promise<void> | undefined;
    try {
      onDisk = entries.write(durabilityOf(options, this.#durability), change);
    } catch (error) {
      throw toLevelError(error);
    }
    return onDisk === undefined
      ? this.#pace.pass(undefined, work)
      : onDisk.catch((error: unknown) => {
          throw toLevelError(error);
        });
  }

  #walk(request: RangeRequest, shape: WalkOptions["shape"]): Walk {
    const entries = this.#opened();
    const { reverse, keys = true, values = true, keyEncoding, valueEncoding, snapshot } = request;
    const options: WalkOptions = {
      range: toByteRange(request),
      isReverse: reverse,
      shape,
      hasKeys: keys,
      hasValues: values,
      keyFormat: keyEncoding,
      valueFormat: valueEncoding,
    };
    return reading(() => new Walk(entries, contextOf(entries, snapshot), options, this.#pace));
  }

  /** @internal */
  static entriesOf(level: unknown): Entries | undefined {
    return level instanceof Level ? level.#entries : undefined;
  }
}

/** Of an explicit snapshot; undefined without one. Throws TypeError for a snapshot of somewhere else. */
function contextOf({ database }: Entries, snapshot: AbstractSnapshot | null | undefined): Context | undefined {
  if (snapshot === undefined || snapshot === null) {
    return undefined;
  }
  if (!(snapshot instanceof LevelSnapshot)) {
    throw new TypeError("The option 'snapshot' is not a snapshot of this kind of database");
  }
  return snapshot.contextIn(database);
}

/** Where an operation goes that names another level, or a sublevel of one: to the same database, in the same commit. */
function beside({ database }: Entries, sublevel: AnyLevel): Entries {
  const entries = Level.entriesOf(rootOf(sublevel));
  if (entries === undefined || entries.database !== database) {
    throw new LevelError(
      "LEVEL_INVALID_BATCH",
      "an operation's sublevel belongs to a level of another database, or to one that is not open",
    );
  }
  return entries;
}

function rootOf(level: AnyLevel): unknown {
  return (level as { readonly db?: unknown }).db ?? level;
}

function checkLocation(location: string): void {
  if (typeof location !== "string" || location === "") {
    throw new TypeError("The first argument 'location' must be a non-empty string");
  }
}

function lengthOf(value: Encoded | undefined): number {
  return value === undefined ? 0 : value.length;
}
