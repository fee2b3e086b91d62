/**
 * Merge operators: what `map.merge(key, operand)` makes of an entry and an operand, or of two operands.
 *
 *     counter   numbers are added                           json
 *     max       the larger one stays                        json (numbers), string and bytes (by their bytes)
 *     append    the newer one goes behind the older one     json (arrays), string, bytes
 *     custom    a function of the application
 *
 * Operands are combined in whatever groups they come: "max" and "append" are associative, "counter" is where all sums are safe
 * integers. (The last digits of others depend on the groups.) None fails, since it runs where nobody could be told: a sum
 * that is too large is the largest number, and a value that is not of the kind (it got there past `merge`) counts as none at
 * all to `counter` and `max`, and as an array of itself to `append`.
 */
import { Buffer } from "node:buffer";
import { DbError } from "../errors.ts";
import type { Combine } from "../lsm/index.ts";
import type { CustomCodec } from "./key-codec.ts";
import type { ValueCodec, ValueKind, ValueOf } from "./value-codec.ts";

// Part of the format.
export type MergeName = "counter" | "max" | "append" | "custom";

/** What the bytes of a map are to its operator. */
export interface MergeKind {
  readonly name: MergeName;
  readonly value: string;
}

/** Of two values the older and the newer one, both as the map's values are. Associative. */
export type MergeFunction<V> = (older: V, newer: V) => V;

/** What `merge` may be for a map whose `value` option is a `Choice`; `Json` is the type of its JSON values. */
export type MergeOption<Choice extends ValueKind | CustomCodec<unknown> = "json", Json = unknown> =
  | MergeFunction<ValueOf<Choice, Json>>
  | (Choice extends "json" ? "counter" : never)
  | (Choice extends ValueKind ? "max" | "append" : never);

/** The same for a map of any kind. */
export type AnyMergeOption = "counter" | "max" | "append" | ((older: never, newer: never) => unknown);

/** JSON has no Infinity. */
const COUNTER: Combine = (older, newer) => {
  const sum = numberOf(older, 0) + numberOf(newer, 0);
  return encodeJson(Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, sum)));
};
const MAX_NUMBER: Combine = (older, newer) =>
  numberOf(newer, Number.NEGATIVE_INFINITY) >= numberOf(older, Number.NEGATIVE_INFINITY) ? newer : older;
const MAX_BYTES: Combine = (older, newer) => (Buffer.compare(newer, older) >= 0 ? newer : older);
const APPEND_ARRAY: Combine = (older, newer) => encodeJson([...arrayOf(older), ...arrayOf(newer)]);
/** Not a Buffer: it may be what the application gets, whose `slice` shares memory. */
const APPEND_BYTES: Combine = (older, newer) => {
  const bytes = new Uint8Array(older.length + newer.length);
  bytes.set(older);
  bytes.set(newer, older.length);
  return bytes;
};

/** The operator of a map, where it needs nobody's function; undefined for "custom". */
export function combineFor({ name, value }: MergeKind): Combine | undefined {
  switch (name) {
    case "counter":
      return COUNTER;
    case "max":
      return value === "json" ? MAX_NUMBER : MAX_BYTES;
    case "append":
      return value === "json" ? APPEND_ARRAY : APPEND_BYTES;
    default:
      return undefined;
  }
}

/** The operator that is a function of the application's, on bytes. */
export function combineWith<V>(merge: (older: never, newer: never) => unknown, values: ValueCodec<V>): Combine {
  const apply = merge as MergeFunction<V>;
  const decode = (bytes: Uint8Array): V =>
    values.decode(bytes, 0, bytes.length, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  return (older, newer) => {
    const merged = apply(decode(older), decode(newer));
    const bytes = new Uint8Array(values.measure(merged));
    return bytes.subarray(0, values.encode(merged, bytes, 0));
  };
}

/** Whether maps with values of this kind can have the operator of this name, as the catalog keeps it. */
export function canMerge(name: unknown, value: string): name is MergeName {
  switch (name) {
    case "counter":
      return value === "json";
    case "max":
    case "append":
      return value !== "custom";
    default:
      return name === "custom";
  }
}

/** How the option is kept in the catalog. Throws INVALID. */
export function mergeNameOf(option: AnyMergeOption, value: string): MergeName {
  if (typeof option === "function") {
    return "custom";
  }
  if (!["counter", "max", "append"].includes(option)) {
    throw new DbError(
      "INVALID",
      `the option merge is "counter", "max", "append" or a function, not ${JSON.stringify(option)}`,
    );
  }
  if (!canMerge(option, value)) {
    throw new DbError(
      "INVALID",
      `merge: "${option}" does not work on values of a map with value: "${value}"; use ` +
        (option === "counter" ? 'value: "json"' : "a merge function"),
    );
  }
  return option;
}

/** Throws INVALID for what an operator of the map would take for nothing. */
export function checkMergeable(name: MergeName, kind: string, value: unknown): void {
  if (kind !== "json" || name === "custom") {
    return;
  }
  const isRight = name === "append" ? Array.isArray(value) : typeof value === "number" && Number.isFinite(value);
  if (!isRight) {
    throw new DbError(
      "INVALID",
      `the map merges by "${name}": its values are ${name === "append" ? "arrays" : "finite numbers"}`,
    );
  }
}

function numberOf(bytes: Uint8Array, otherwise: number): number {
  const value = decodeJson(bytes);
  return typeof value === "number" ? value : otherwise;
}

function arrayOf(bytes: Uint8Array): unknown[] {
  const value = decodeJson(bytes);
  return Array.isArray(value) ? value : [value];
}

function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), "utf8");
}

function decodeJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch {
    // Bytes that are no JSON are reported by who reads the entry as such.
    return undefined;
  }
}
