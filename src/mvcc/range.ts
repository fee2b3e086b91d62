/**
 * A range of a map: bounds, direction and limit, iterable as entries, keys or values.
 *
 *     for (const [key, value] of users.range({ gte: "u:1", lt: "u:9", limit: 10 })) …
 *     users.range({ prefix: "u:", reverse: true }).keys()
 *
 * Each iteration sees the map as it was when it began. Leaving a loop early (break, return, throw) lets go of what it
 * pinned; an iterator that is driven by hand and dropped halfway is let go by the garbage collector.
 */
import { Buffer } from "node:buffer";
import { DbError } from "../errors.ts";
import { ALL_KEYS, type ByteRange } from "./byte-range.ts";
import type { Context } from "./context.ts";
import { KEY_SCRATCH_BYTES, type KeyCodec, prefixRange } from "./key-codec.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import type { ValueCodec } from "./value-codec.ts";

export interface RangeOptions<K> {
  readonly gte?: K;
  readonly gt?: K;
  readonly lte?: K;
  readonly lt?: K;
  /** Keys that begin with this: strings, bytes, or the first elements of tuples. */
  readonly prefix?: K;
  /** From the last key to the first. */
  readonly reverse?: boolean;
  /** At most so many entries. */
  readonly limit?: number;
}

export interface ResolvedRange {
  readonly bytes: ByteRange;
  readonly isReverse: boolean;
  readonly limit: number;
}

const OPTION_NAMES: ReadonlySet<string> = new Set([
  "gte",
  "gt",
  "lte",
  "lt",
  "prefix",
  "reverse",
  "limit",
  "signal", // of nextChange
]);

/** Bounds as bytes. INVALID where two options contradict each other, or one has a name that none has. */
export function resolveRange<K>(codec: KeyCodec<K>, options: RangeOptions<K>): ResolvedRange {
  for (const name in options) {
    if (!OPTION_NAMES.has(name)) {
      // Left out, a misspelt bound would make the range larger without a word.
      throw new DbError("INVALID", `a range has no option ${name}: it takes gte, gt, lte, lt, prefix, reverse, limit`);
    }
  }
  const { gte, gt, lte, lt, prefix, reverse = false, limit = Number.POSITIVE_INFINITY } = options;
  if ((gte !== undefined && gt !== undefined) || (lte !== undefined && lt !== undefined)) {
    throw new DbError("INVALID", "a range has one lower bound, gte or gt, and one upper bound, lte or lt");
  }
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw new DbError("INVALID", "the limit of a range is a whole number from 0 on", { limit });
  }
  const within = prefix === undefined ? ALL_KEYS : prefixRange(codec, prefix);
  const lower = gte !== undefined ? encode(codec, gte, false) : gt !== undefined ? encode(codec, gt, true) : undefined;
  const upper = lt !== undefined ? encode(codec, lt, false) : lte !== undefined ? encode(codec, lte, true) : undefined;
  return {
    bytes: { lower: later(lower, within.lower), upper: earlier(upper, within.upper) },
    isReverse: reverse,
    limit,
  };
}

/** The key's bytes, or those of the first possible key after it. */
function encode<K>(codec: KeyCodec<K>, key: K, successor: boolean): Uint8Array {
  const bytes = new Uint8Array(KEY_SCRATCH_BYTES);
  const length = codec.encode(key, bytes, 0);
  bytes[length] = 0;
  return bytes.subarray(0, successor ? length + 1 : length);
}

function later(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  return a === undefined || (b !== undefined && Buffer.compare(a, b) < 0) ? b : a;
}

function earlier(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  return a === undefined || (b !== undefined && Buffer.compare(a, b) > 0) ? b : a;
}

/** What an iteration gives out. */
type Shape = "entries" | "keys" | "values";

export class MapRange<K, V> implements Iterable<[K, V]> {
  readonly #context: Context;
  readonly #keyspace: number;
  readonly #keys: KeyCodec<K>;
  readonly #values: ValueCodec<V>;
  readonly #range: ResolvedRange;

  /** @internal */
  constructor(context: Context, keyspace: number, keys: KeyCodec<K>, values: ValueCodec<V>, range: ResolvedRange) {
    this.#context = context;
    this.#keyspace = keyspace;
    this.#keys = keys;
    this.#values = values;
    this.#range = range;
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#iterate<[K, V]>("entries");
  }

  /** Keys alone: values are not read. */
  keys(): IterableIterator<K> {
    return this.#iterate<K>("keys");
  }

  values(): IterableIterator<V> {
    return this.#iterate<V>("values");
  }

  /** Calls back for each entry, without an iterator's objects in between. */
  forEach(visit: (key: K, value: V) => void): void {
    const scan = new Scan(this.#context, this.#keyspace, this.#range);
    try {
      while (scan.next()) {
        const value = scan.value(this.#values);
        visit(scan.key(this.#keys), value);
      }
    } finally {
      scan.close();
    }
  }

  toArray(): [K, V][] {
    const entries: [K, V][] = [];
    this.forEach((key, value) => {
      entries.push([key, value]);
    });
    return entries;
  }

  /** The number of entries. */
  count(): number {
    return Math.min(this.#range.limit, this.#context.count(this.#keyspace, this.#range.bytes));
  }

  #iterate<T>(shape: Shape): IterableIterator<T> {
    const scan = new Scan(this.#context, this.#keyspace, this.#range);
    return new RangeIterator<K, V, T>(scan, shape, this.#keys, this.#values);
  }
}

/** One pass over a range: a cursor, its limit, and the buffer for keys. */
class Scan {
  readonly #context: Context;
  readonly #cursor: MergeCursor;
  readonly #key: Uint8Array;
  #left: number;
  #isOpen: boolean;

  constructor(context: Context, keyspace: number, range: ResolvedRange) {
    this.#context = context;
    this.#cursor = context.openScan(keyspace, range.bytes, range.isReverse);
    this.#key = takeKeyBuffer();
    this.#left = range.limit;
    this.#isOpen = true;
  }

  next(): boolean {
    if (this.#isOpen && this.#left > 0 && this.#cursor.next()) {
      this.#left--;
      return true;
    }
    this.close();
    return false;
  }

  /** After the value: a codec of the user's own may read other pages, behind which the value's place is another's. */
  key<K>(codec: KeyCodec<K>): K {
    return codec.decode(this.#key, 0, this.#cursor.copyKey(this.#key, 0));
  }

  value<V>(codec: ValueCodec<V>): V {
    const cursor = this.#cursor;
    if (cursor.isOverflow) {
      cursor.gather();
    }
    return codec.decode(cursor.u8, cursor.valueOffset, cursor.valueLength, cursor.data);
  }

  close(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#context.closeScan(this.#cursor);
      keyBuffers.push(this.#key);
    }
  }
}

/** Key buffers of finished scans: scans nest, but rarely deeply. */
const keyBuffers: Uint8Array[] = [];

function takeKeyBuffer(): Uint8Array {
  return keyBuffers.pop() ?? new Uint8Array(KEY_SCRATCH_BYTES);
}

/** Lets go of the pins of iterators that were dropped before their end. */
const abandoned: FinalizationRegistry<Scan> = new FinalizationRegistry((scan) => scan.close());

class RangeIterator<K, V, T> implements IterableIterator<T> {
  readonly #scan: Scan;
  readonly #shape: Shape;
  readonly #keys: KeyCodec<K>;
  readonly #values: ValueCodec<V>;

  constructor(scan: Scan, shape: Shape, keys: KeyCodec<K>, values: ValueCodec<V>) {
    this.#scan = scan;
    this.#shape = shape;
    this.#keys = keys;
    this.#values = values;
    abandoned.register(this, scan, this);
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<T, undefined> {
    try {
      if (this.#scan.next()) {
        return { done: false, value: this.#current() as T };
      }
    } catch (error) {
      // A loop does not call return() where next() threw.
      this.return();
      throw error;
    }
    abandoned.unregister(this);
    return { done: true, value: undefined };
  }

  return(): IteratorResult<T, undefined> {
    abandoned.unregister(this);
    this.#scan.close();
    return { done: true, value: undefined };
  }

  #current(): unknown {
    const scan = this.#scan;
    switch (this.#shape) {
      case "keys":
        return scan.key(this.#keys);
      case "values":
        return scan.value(this.#values);
      default: {
        const value = scan.value(this.#values);
        return [scan.key(this.#keys), value];
      }
    }
  }
}
