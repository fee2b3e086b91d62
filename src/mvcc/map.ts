/**
 * A typed map: keys and values of one keyspace as JavaScript values, in key order.
 *
 *     const users = db.map<User>("users");
 *     users.put("u:1", { name: "Ada" });
 *     for (const [id, user] of users.range({ prefix: "u:" })) …
 *
 * The same class works on the live database, in a transaction and on a snapshot; where it was asked for decides. Keys are
 * encoded into one scratch buffer and values straight into the log's arena, so that neither a read nor a write allocates
 * anything but what it returns.
 */

import { Buffer } from "node:buffer";
import { MAX_KEY_BYTES } from "../btree/index.ts";
import { copyBytes } from "../bytes.ts";
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import { encodeItems, OPERAND_HEADER_BYTES, setOperandDepth, writeOperandHeader } from "../lsm/index.ts";
import {
  OP_KIND_DELETE,
  OP_KIND_DELETE_RANGE,
  OP_KIND_MERGE,
  OP_KIND_PUT,
  opKeyOffset,
  opValueOffset,
} from "../wal/index.ts";
import type { KeyspaceInfo } from "./catalog.ts";
import type { Context } from "./context.ts";
import { DEADLINE_KEY_EXTRA_BYTES, writeDeadline } from "./deadlines.ts";
import { KEY_SCRATCH_BYTES, type KeyCodec } from "./key-codec.ts";
import { type LoadOptions, type LoadResult, loadSorted } from "./load.ts";
import { LOOK_FIRST, valueIfDeep } from "./merge-depth.ts";
import { checkMergeable } from "./merge-operator.ts";
import { MapRange, type RangeOptions, resolveRange } from "./range.ts";
import type { ValueCodec } from "./value-codec.ts";
import type { Waiters } from "./waiters.ts";

export interface PutOptions {
  /** Milliseconds from now after which the entry is gone. */
  readonly ttl?: number;
  /** The same as a point in time: milliseconds since the Unix epoch. */
  readonly expiresAt?: number;
}

/** Shared by all maps: a key is used up before the next one is encoded. */
const scratch: Uint8Array = new Uint8Array(KEY_SCRATCH_BYTES);
const NO_EXPIRY = 0;
const NO_KEY: Uint8Array = new Uint8Array(0);
/** The note of a deadline holds it as a u64. */
const EXPIRY_LIMIT = 2 ** 64;

export class DbMap<K, V> {
  readonly name: string;
  readonly #context: Context;
  readonly #clock: Clock;
  readonly #waiters: Waiters;
  readonly #keys: KeyCodec<K>;
  readonly #values: ValueCodec<V>;
  /** Undefined: there is no such keyspace, and the map, of a snapshot or a read-only database, is empty. */
  readonly #info: KeyspaceInfo | undefined;
  readonly #id: number;

  /**
   * Maps come from `db.map`, `tx.map` and `snapshot.map`.
   * @internal
   */
  constructor(
    name: string,
    context: Context,
    clock: Clock,
    waiters: Waiters,
    info: KeyspaceInfo | undefined,
    keys: KeyCodec<K>,
    values: ValueCodec<V>,
  ) {
    this.name = name;
    this.#context = context;
    this.#clock = clock;
    this.#waiters = waiters;
    this.#info = info;
    this.#id = info === undefined ? NO_KEYSPACE : info.id;
    this.#keys = keys;
    this.#values = values;
  }

  /** The value, or undefined. */
  get(key: K): V | undefined {
    if (!this.#find(key)) {
      return undefined;
    }
    const view = this.#context.view;
    return this.#values.decode(view.u8, view.valueOffset, view.valueLength, view.data);
  }

  has(key: K): boolean {
    return this.#find(key);
  }

  /** When the entry ends, in milliseconds since the epoch; undefined where it does not, or is not there. */
  expiresAt(key: K): number | undefined {
    return this.#find(key) && this.#context.view.expiry !== NO_EXPIRY ? this.#context.view.expiry : undefined;
  }

  /** Sets the value; an entry that was there is replaced, deadline included. Throws INVALID, and what a commit throws. */
  put(key: K, value: V, options?: PutOptions): void {
    this.#checkExists();
    // First: a value's toJSON, or a codec of the user's own, may use maps, and so the scratch.
    const room = this.#values.measure(value);
    if (this.#info!.merge !== undefined) {
      checkMergeable(this.#info!.merge, this.#values.kind, value);
    }
    const keyLength = this.#keys.encode(key, scratch, 0);
    const expiry = options === undefined ? NO_EXPIRY : this.#expiryOf(options, keyLength);
    const context = this.#context;
    context.beginWrite();
    try {
      const op = context.reserve(OP_KIND_PUT, this.#id, keyLength, room, expiry);
      const { u8, u32 } = context.arena;
      copyBytes(scratch, 0, u8, opKeyOffset(u32, op), keyLength);
      context.finish(op, this.#values.encode(value, u8, opValueOffset(u32, op)));
      if (expiry !== NO_EXPIRY) {
        // The value's codec may have used maps, and so the scratch.
        const at = opKeyOffset(u32, op);
        writeDeadline(context, this.#id, expiry, u8.slice(at, at + keyLength), keyLength);
      }
    } catch (error) {
      context.failWrite();
      throw error;
    }
    context.endWrite();
  }

  /** Whether there was an entry to delete. */
  delete(key: K): boolean {
    this.#checkExists();
    const keyLength = this.#keys.encode(key, scratch, 0);
    // A merge function of the user's own may use maps, and so the scratch.
    const bytes = this.#info?.merge === undefined ? scratch : scratch.slice(0, keyLength);
    const context = this.#context;
    context.beginWrite();
    try {
      if (!context.get(this.#id, bytes, 0, keyLength)) {
        context.failWrite();
        return false;
      }
      const op = context.reserve(OP_KIND_DELETE, this.#id, keyLength, 0, NO_EXPIRY);
      const { u8, u32 } = context.arena;
      copyBytes(bytes, 0, u8, opKeyOffset(u32, op), keyLength);
      context.finish(op, 0);
    } catch (error) {
      context.failWrite();
      throw error;
    }
    context.endWrite();
    return true;
  }

  /**
   * Applies an operand to the entry, by the operator that the map was made with: without reading it, and so as cheap as a
   * put, whoever else writes to it at the same time. It is combined with what is there when the entry is read.
   *
   *     const hits = db.map<number>("hits", { merge: "counter" });
   *     hits.merge("/home", 1);
   *
   * In an interactive transaction merges of the same key by others are no conflict. (Every 32nd merge of a key in a row,
   * one in 16 where the operator is a function, and large ones read it after all, so that reading never has much to combine.)
   * Throws INVALID without an operator, and where the value would be too long.
   */
  merge(key: K, operand: V): void {
    this.#checkExists();
    if (this.#info!.merge === undefined) {
      throw new DbError("INVALID", `the map ${this.name} was made without the option merge`, { map: this.name });
    }
    checkMergeable(this.#info!.merge, this.#values.kind, operand);
    const room = this.#values.measure(operand);
    const keyLength = this.#keys.encode(key, scratch, 0);
    const context = this.#context;
    context.beginWrite();
    try {
      const depth = context.mergeDepth(this.#id, scratch, 0, keyLength, room);
      if (depth === LOOK_FIRST) {
        this.#mergeOnto(keyLength, operand, room);
        context.endWrite();
        return;
      }
      const op = context.reserve(OP_KIND_MERGE, this.#id, keyLength, OPERAND_HEADER_BYTES + room, NO_EXPIRY);
      const { u8, u32 } = context.arena;
      copyBytes(scratch, 0, u8, opKeyOffset(u32, op), keyLength);
      const value = opValueOffset(u32, op);
      const length = this.#values.encode(operand, u8, value + OPERAND_HEADER_BYTES);
      writeOperandHeader(u8, value, length, depth);
      context.finish(op, OPERAND_HEADER_BYTES + length);
    } catch (error) {
      context.failWrite();
      throw error;
    }
    context.endWrite();
  }

  /** Deletes all entries of a range, at once and however many there are: one operation in the log. */
  deleteRange(options: RangeOptions<K> = {}): void {
    this.#checkExists();
    const { bytes, isReverse, limit } = resolveRange(this.#keys, options);
    if (isReverse || limit !== Number.POSITIVE_INFINITY) {
      throw new DbError("INVALID", "deleteRange takes bounds and a prefix; reverse and limit have no meaning for it");
    }
    const { lower = NO_KEY, upper } = bytes;
    if (upper !== undefined && Buffer.compare(lower, upper) >= 0) {
      return;
    }
    const context = this.#context;
    context.beginWrite();
    try {
      const op = context.reserve(OP_KIND_DELETE_RANGE, this.#id, lower.length, upper?.length ?? 0, NO_EXPIRY);
      const { u8, u32 } = context.arena;
      copyBytes(lower, 0, u8, opKeyOffset(u32, op), lower.length);
      copyBytes(upper ?? NO_KEY, 0, u8, opValueOffset(u32, op), upper?.length ?? 0);
      context.finish(op, upper?.length ?? 0);
    } catch (error) {
      context.failWrite();
      throw error;
    }
    context.endWrite();
  }

  /**
   * Puts entries in ascending key order, many times faster than one by one: they go straight into pages, past the log.
   * They become visible all at once, as one commit, when all are on disk; before that, and after a failure, nothing is.
   * Meanwhile other maps can be written to, this one cannot (CONFLICT).
   *
   *     await map.load(sortedPairs, { onProgress: (entries) => … });
   *
   * A B+tree map has to be empty. An LSM map need not be: what is loaded replaces entries of the same keys, the others stay.
   * Throws INVALID where a B+tree map is not empty or an entry is out of order, what `put` throws for a key or value, and
   * what the iteration throws.
   */
  async load(
    entries: Iterable<readonly [K, V]> | AsyncIterable<readonly [K, V]>,
    options: LoadOptions = {},
  ): Promise<LoadResult> {
    this.#checkExists();
    const store = this.#context.loadTarget;
    if (store === undefined) {
      throw new DbError("INVALID", "a transaction or snapshot has no bulk load; use the map of the database", {
        map: this.name,
      });
    }
    return await loadSorted(store, this.#info!, this.#keys, this.#values, entries, options);
  }

  /** Entries in key order, between bounds; iterable as often as wanted, each time as the map is then. */
  range(options: RangeOptions<K> = {}): MapRange<K, V> {
    this.#checkNotDropped();
    return new MapRange(this.#context, this.#id, this.#keys, this.#values, resolveRange(this.#keys, options));
  }

  /** The number of entries, or of those in a range. */
  count(options: RangeOptions<K> = {}): number {
    return this.range(options).count();
  }

  /**
   * Resolves with the number of the next commit that changes an entry of the range (of the whole map, without one). Who
   * waited first is woken first. Rejects with INVALID where the map is dropped. Does not keep the process alive.
   */
  async nextChange(options: RangeOptions<K> & { readonly signal?: AbortSignal } = {}): Promise<number> {
    this.#checkExists();
    return await this.#waiters.wait(this.#id, resolveRange(this.#keys, options).bytes, options.signal);
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.range()[Symbol.iterator]();
  }

  /** Merges into the entry of the key in the scratch, having looked at it: its value is put where it has many operands. */
  #mergeOnto(keyLength: number, operand: V, room: number): void {
    const context = this.#context;
    // A merge function of the user's own may use maps, and so the scratch.
    const key = scratch.slice(0, keyLength);
    const bytes = new Uint8Array(room);
    const newest = encodeItems([bytes.subarray(0, this.#values.encode(operand, bytes, 0))], false);
    const operands = context.view.operandsOf(this.#id, key, 0, keyLength, newest);
    const value = valueIfDeep(operands);
    setOperandDepth(newest, operands.count - 1);
    const written = value ?? newest;
    const kind = value === undefined ? OP_KIND_MERGE : OP_KIND_PUT;
    const op = context.reserve(kind, this.#id, keyLength, written.length, NO_EXPIRY);
    const { u8, u32 } = context.arena;
    copyBytes(key, 0, u8, opKeyOffset(u32, op), keyLength);
    copyBytes(written, 0, u8, opValueOffset(u32, op), written.length);
    context.finish(op, written.length);
  }

  #find(key: K): boolean {
    this.#checkNotDropped();
    const length = this.#keys.encode(key, scratch, 0);
    return this.#context.get(this.#id, scratch, 0, length);
  }

  #expiryOf(options: PutOptions, keyLength: number): number {
    const { ttl, expiresAt } = options;
    if (ttl === undefined && expiresAt === undefined) {
      return NO_EXPIRY;
    }
    if (this.#info!.merge !== undefined) {
      throw new DbError(
        "UNSUPPORTED",
        `entries of the map ${this.name}, which are merged, have no deadlines: it would not be known which operands came after`,
      );
    }
    const given = ttl ?? expiresAt;
    const expiry = expiresAt === undefined ? this.#clock.now() + ttl! : expiresAt;
    const isOne = ttl === undefined || expiresAt === undefined;
    if (!isOne || typeof given !== "number" || given < 0 || !(expiry > 0 && expiry < EXPIRY_LIMIT)) {
      throw new DbError(
        "INVALID",
        "an entry's end is either ttl, milliseconds from now, or expiresAt, milliseconds since the epoch, up to 2^64; " +
          "an entry without one stays",
        { ttl, expiresAt },
      );
    }
    if (keyLength > MAX_KEY_BYTES - DEADLINE_KEY_EXTRA_BYTES) {
      throw new DbError("INVALID", "the key of an entry with a deadline is too long", {
        bytes: keyLength,
        limit: MAX_KEY_BYTES - DEADLINE_KEY_EXTRA_BYTES,
      });
    }
    return expiry;
  }

  #checkExists(): void {
    this.#checkNotDropped();
    if (this.#info === undefined) {
      throw new DbError(
        "READONLY",
        `there is no map ${this.name}, and none is made in a snapshot or read-only database`,
      );
    }
  }

  #checkNotDropped(): void {
    if (this.#info?.isDropped) {
      throw new DbError("INVALID", `the map ${this.name} was dropped; ask for it again to make a new one`, {
        map: this.name,
      });
    }
  }
}

/** No keyspace ever has this id. */
const NO_KEYSPACE = 0xffff_ffff;
