/**
 * The entries of one level: a keyspace of bytes to bytes, read and written at the level of a Context.
 *
 * Reading finds a place and copies from it what is returned; writing encodes into the log's arena. Nothing else is
 * allocated: keys pass through one scratch buffer, which is used up before the next key comes.
 *
 * V1. What one `write` puts and deletes is one commit, or nothing where it throws; it is made before `write` returns.
 *     What it returns is only about the disk.
 * V2. Deletes are blind, as LevelDB's are: nobody looks whether there was an entry.
 */
import { copyBytes } from "../bytes.ts";
import { nextTurn } from "../clock.ts";
import {
  type ByteRange,
  type Context,
  type Database,
  type Durability,
  type KeyspaceInfo,
  MAX_KEY_BYTES,
  type MapOptions,
  OP_KIND_DELETE,
  OP_KIND_PUT,
  opKeyOffset,
  opValueOffset,
  SnapshotContext,
} from "../mvcc/index.ts";
import {
  cut,
  type Encoded,
  type Format,
  keyTooLong,
  readAs,
  TOO_LONG,
  valueRoom,
  writeKey,
  writeValue,
} from "./encoded.ts";
import { LevelError, reading } from "./errors.ts";

export type Engine = NonNullable<MapOptions["engine"]>;

const NO_EXPIRY = 0;
const NO_KEY = new Uint8Array(0);
/** No keyspace ever has this id: that of a level that a read-only database does not have. */
const NO_KEYSPACE = 0xffff_ffff;

/** Room for any key, and for the bytes that are written before a key is found to be too long. */
const scratch = new Uint8Array(MAX_KEY_BYTES + 64);

export class Entries {
  readonly database: Database;
  readonly map: string;
  readonly id: number;
  readonly #info: KeyspaceInfo | undefined;

  /** Makes the map where it is not there, unless the database is read-only. Throws INVALID, UNSUPPORTED. */
  constructor(database: Database, map: string, engine: Engine | undefined) {
    database.map(map, { key: "bytes", value: "bytes", ...(engine === undefined ? {} : { engine }) });
    this.database = database;
    this.map = map;
    this.#info = database.store.catalog.find(map);
    this.id = this.#info?.id ?? NO_KEYSPACE;
  }

  /** The database outside of transactions and snapshots. */
  get live(): Context {
    return this.database.context;
  }

  /** What there is now, to read as long as it is not closed. */
  pin(): SnapshotContext {
    this.checkThere();
    return new SnapshotContext(this.database.store);
  }

  get(context: Context, key: Encoded, format: Format): Encoded | undefined {
    if (!this.has(context, key)) {
      return undefined;
    }
    const view = context.view;
    return readAs(format, view.u8, view.valueOffset, view.valueLength, view.data);
  }

  has(context: Context, key: Encoded): boolean {
    this.checkThere();
    const length = writeKey(key, scratch);
    return length !== TOO_LONG && context.get(this.id, scratch, 0, length);
  }

  /**
   * Commits what `change` writes with `put` and `remove`, to these entries or others of the same database. The promise,
   * where there is one, is of the commit being on disk.
   */
  write(durability: Durability, change: () => void): Promise<void> | undefined {
    const { store } = this.database;
    const isWaiting = durability !== "relaxed";
    store.begin();
    try {
      change();
    } catch (error) {
      store.abort();
      throw error;
    }
    store.end(isWaiting);
    if (isWaiting) {
      return store.settled(durability);
    }
    store.settle(durability);
    return undefined;
  }

  /** Within `write`. */
  put(key: Encoded, value: Encoded): void {
    this.checkThere();
    const room = valueRoom(value);
    const length = writeKey(key, scratch);
    if (length === TOO_LONG) {
      throw keyTooLong(key);
    }
    const context = this.live;
    const op = context.reserve(OP_KIND_PUT, this.id, length, room, NO_EXPIRY);
    const { u8, u32 } = context.arena;
    copyBytes(scratch, 0, u8, opKeyOffset(u32, op), length);
    context.finish(op, writeValue(value, u8, opValueOffset(u32, op)));
  }

  /** Within `write`. */
  remove(key: Encoded): void {
    this.checkThere();
    const length = writeKey(key, scratch);
    if (length !== TOO_LONG) {
      this.#remove(length);
    }
  }

  /** Deletes the entries of a range, all at once and however many there are. */
  async clearAll(range: ByteRange, durability: Durability): Promise<void> {
    const lower = cut(range.lower ?? NO_KEY);
    const upper = range.upper && cut(range.upper);
    if (upper === undefined || Buffer.compare(lower, upper) < 0) {
      await this.write(durability, () => {
        this.checkThere();
        this.database.store.writer.deleteRange(this.id, lower, upper);
      });
    }
  }

  /**
   * Deletes the entries of a range that `source` sees, `limit` at the most, in commits of COMMIT_ENTRIES with a turn of
   * the event loop between them; resolves when the last is as durable as was asked for.
   */
  async clear(
    source: Context,
    range: ByteRange,
    isReverse: boolean,
    limit: number,
    durability: Durability,
  ): Promise<void> {
    const cursor = reading(() => source.openScan(this.id, range, isReverse));
    const next = () => cursor.next();
    let left = limit;
    try {
      for (;;) {
        const most = Math.min(left, COMMIT_ENTRIES);
        let count = 0;
        void this.write("relaxed", () => {
          this.checkThere();
          while (count < most && reading(next)) {
            this.#remove(cursor.copyKey(scratch, 0));
            count++;
          }
        });
        left -= count;
        if (count < COMMIT_ENTRIES || left === 0) {
          break;
        }
        await nextTurn();
      }
    } finally {
      source.closeScan(cursor);
    }
    if (durability !== "relaxed") {
      await this.database.store.settled(durability);
    }
  }

  /** Throws where the map was dropped behind the level's back. */
  checkThere(): void {
    if (this.#info?.isDropped) {
      throw new LevelError(
        "LEVEL_DATABASE_NOT_OPEN",
        `the map ${this.map} of this level was dropped; close the level and open it again to make a new one`,
      );
    }
  }

  /** The key is in the scratch buffer. */
  #remove(length: number): void {
    const context = this.live;
    const op = context.reserve(OP_KIND_DELETE, this.id, length, 0, NO_EXPIRY);
    const { u8, u32 } = context.arena;
    copyBytes(scratch, 0, u8, opKeyOffset(u32, op), length);
    context.finish(op, 0);
  }
}

/** About a millisecond's work. */
const COMMIT_ENTRIES = 1000;
