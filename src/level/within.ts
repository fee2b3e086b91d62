/**
 * A level inside a transaction or snapshot of its database: reads and writes with the level's encodings, synchronous, and
 * part of whatever else the transaction does.
 *
 * The transaction is nacre's own, and so are its errors: a CONFLICT is a DbError, which `db.transaction` tries again.
 * Hooks and events are abstract-level's and know nothing of it; a prewrite hook that keeps an index must be done by hand.
 */
import type { DbMap, OpenMap } from "../mvcc/index.ts";
import { bytesOf, type Encoded, ownedAs } from "./encoded.ts";
import { LevelError } from "./errors.ts";
import type { AnyLevel, TypedLevel } from "./operation.ts";

/** The `tx` of `db.write` and `db.transaction`, what `db.begin` returns, or a snapshot of nacre's. */
export interface LevelTransaction {
  readonly map: OpenMap;
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

  /** The value, or undefined. */
  get(key: K): V | undefined {
    const bytes = this.#map.get(this.#key(key));
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

  has(key: K): boolean {
    return this.#map.has(this.#key(key));
  }

  put(key: K, value: V): void {
    if (value === undefined || value === null) {
      throw new LevelError("LEVEL_INVALID_VALUE", "Value cannot be null or undefined");
    }
    this.#map.put(this.#key(key), bytesOf(this.#level.valueEncoding().encode(value)));
  }

  /** Whether there was an entry to delete. */
  del(key: K): boolean {
    return this.#map.delete(this.#key(key));
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
