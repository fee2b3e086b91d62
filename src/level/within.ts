/**
 * A level inside a transaction or snapshot of its database: reads and writes with the level's encodings, synchronous, and
 * part of whatever else the transaction does.
 *
 * The transaction is nacre's own, and so are its errors: a CONFLICT is a DbError, which `db.transaction` tries again.
 * LevelErrors are about keys and values: LEVEL_INVALID_KEY, LEVEL_INVALID_VALUE, LEVEL_DECODE_ERROR.
 * Hooks and events are abstract-level's and know nothing of it; a prewrite hook that keeps an index must be done by hand.
 */
import type { Database, DbMap, OpenMap } from "../mvcc/index.ts";
import { bytesOf, checkValueBytes, type Encoded, isTooLong, keyTooLong, ownedAs } from "./encoded.ts";
import { LevelError } from "./errors.ts";
import type { AnyLevel, TypedLevel } from "./operation.ts";

/** The `tx` of `db.write` and `db.transaction`, what `db.begin` returns, or a snapshot of nacre's. */
export interface LevelTransaction {
  readonly map: OpenMap;
  /** @internal */
  readonly store: Database["store"];
}

export class LevelWithin<K, V> {
  readonly #level: TypedLevel<K, V>;
  readonly #map: DbMap<Uint8Array, Uint8Array>;

  /**
   * They come from `level.within`.
   * @internal
   */
  constructor(level: TypedLevel<K, V>, map: DbMap<Uint8Array, Uint8Array>) {
    this.#level = level;
    this.#map = map;
  }

  /**
   * The value, or undefined. Throws LEVEL_INVALID_KEY for null and undefined, LEVEL_DECODE_ERROR, and what reading a map
   * throws: CLOSED, CONFLICT, CORRUPT, IO.
   */
  get(key: K): V | undefined {
    const encoded = this.#key(key);
    const bytes = isTooLong(encoded) ? undefined : this.#map.get(encoded);
    if (bytes === undefined) {
      return undefined;
    }
    const { format, decode } = this.#level.valueEncoding();
    try {
      return decode(ownedAs(format, bytes));
    } catch (cause) {
      throw new LevelError("LEVEL_DECODE_ERROR", "Could not decode value", { cause });
    }
  }

  /** Throws as `get` does. */
  has(key: K): boolean {
    const encoded = this.#key(key);
    return !isTooLong(encoded) && this.#map.has(encoded);
  }

  /**
   * Throws LEVEL_INVALID_KEY, for a key of more than 2048 bytes too, LEVEL_INVALID_VALUE, and what writing to a map throws:
   * READONLY in a snapshot, CLOSED, CONFLICT, FULL, POISONED, IO.
   */
  put(key: K, value: V): void {
    if (value === undefined || value === null) {
      throw new LevelError("LEVEL_INVALID_VALUE", "Value cannot be null or undefined");
    }
    const encoded = this.#key(key);
    if (isTooLong(encoded)) {
      throw keyTooLong(encoded);
    }
    const bytes = bytesOf(this.#level.valueEncoding().encode(value));
    checkValueBytes(bytes.length);
    this.#map.put(encoded, bytes);
  }

  /** Whether there was an entry to delete. Throws LEVEL_INVALID_KEY for null and undefined, and what writing throws. */
  del(key: K): boolean {
    const encoded = this.#key(key);
    return !isTooLong(encoded) && this.#map.delete(encoded);
  }

  #key(key: K): Uint8Array {
    if (key === undefined || key === null) {
      throw new LevelError("LEVEL_INVALID_KEY", "Key cannot be null or undefined");
    }
    const { format, encode } = this.#level.keyEncoding();
    return bytesOf(prefixed(this.#level, encode(key), format));
  }
}

/** An encoded key with the prefixes of its sublevel and of those above it; on a level that is none, as it is. */
export function prefixed(level: AnyLevel, key: Encoded, format: string): Encoded {
  // One declaration for each format, which is the only thing that tells them apart.
  return (level.prefixKey as (key: Encoded, format: string, local: boolean) => Encoded).call(level, key, format, false);
}
