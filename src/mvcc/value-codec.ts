/**
 * Value codecs: what a typed map takes as a value, as bytes.
 *
 *     kind      bytes
 *     json      JSON.stringify's text as UTF-8
 *     string    UTF-8
 *     bytes     as they are
 *     custom    what the user's `encode` returns
 *
 * Writing takes two steps, so that the value goes straight into the log's arena: `measure` finds every fault and says
 * how much room to reserve, `encode` fills it and cannot fail. What `measure` had to make on the way (JSON text, a user
 * codec's bytes) is kept for the `encode` that follows it, so that it is made once.
 *
 *     room = codec.measure(value)          throws INVALID; nothing was reserved yet
 *     op = log.reserveOp(…, room, …)
 *     length = codec.encode(value, …)      length <= room
 *
 * JSON is what JSON.stringify makes of a value: a Date comes back as a string, NaN as null, and properties that are
 * undefined or functions are left out. What has no JSON at all (undefined, a function, a BigInt, a cycle) is INVALID.
 *
 * U1. What `decode` returns shares no memory with the database.
 * U2. Bytes that are no JSON or no UTF-8 are CORRUPT in a map of that kind.
 */
import { Buffer } from "node:buffer";
import { MAX_VALUE_BYTES } from "../btree/index.ts";
import { isBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { type CustomCodec, isCustomCodec } from "./key-codec.ts";
import { ownedCopy } from "./owned-bytes.ts";
import { isWellFormed, readText, writeText } from "./text.ts";

/** What `value: "…"` of a map makes its values; `Json` is the type that the user gave to the map. */
export type ValueTypes<Json = unknown> = { json: Json; bytes: Uint8Array; string: string };
export type ValueKind = keyof ValueTypes;

const VALUE_KINDS: readonly string[] = ["json", "bytes", "string"] satisfies ValueKind[];

/** Whether the catalog's word for the values of a map is a kind; others are "custom", and the words of frontends. */
export function isValueKind(stored: string): stored is ValueKind {
  return VALUE_KINDS.includes(stored);
}

/** The type of the values of a map whose `value` option is a `Choice`. */
export type ValueOf<Choice, Json = unknown> = Choice extends ValueKind
  ? ValueTypes<Json>[Choice]
  : Choice extends CustomCodec<infer T>
    ? T
    : never;

export interface ValueCodec<V> {
  readonly kind: ValueKind | "custom";
  /** The most bytes that `value` can take up. Throws INVALID for a value that this map cannot hold. */
  measure(value: V): number;
  /** Writes the value that was measured last and returns the number of bytes. */
  encode(value: V, into: Uint8Array, offset: number): number;
  /** The value that these bytes spell, the caller's own; `data` is a view of the same memory. Throws CORRUPT. */
  decode(bytes: Uint8Array, offset: number, length: number, data: DataView): V;
}

/** Up to this many characters, room for three bytes each is reserved rather than the exact number counted (50–90 ns). */
const COUNT_CHARACTERS = 2048;

/** The codec for the `value` option of a map. INVALID if it is neither a kind nor a codec. */
export function valueCodec<Choice extends ValueKind | CustomCodec<unknown>, Json = unknown>(
  choice: Choice,
): ValueCodec<ValueOf<Choice, Json>> {
  // Which codec belongs to which choice is ValueTypes' to say; the compiler cannot follow it through a lookup.
  return codecFor(choice) as ValueCodec<ValueOf<Choice, Json>>;
}

function codecFor(choice: unknown): ValueCodec<unknown> {
  switch (choice) {
    case "json":
      return jsonValues();
    case "string":
      return STRING_VALUES;
    case "bytes":
      return BYTES_VALUES;
    default:
      if (!isCustomCodec(choice)) {
        throw new DbError(
          "INVALID",
          'the value of a map is "json", "string", "bytes", or an object with encode and decode',
        );
      }
      return customValues(choice);
  }
}

/** The one place that makes codecs, so that all have one hidden class. */
function codec<V>(
  kind: ValueKind | "custom",
  measure: (value: V) => number,
  encode: (value: V, into: Uint8Array, offset: number) => number,
  decode: (bytes: Uint8Array, offset: number, length: number, data: DataView) => V,
): ValueCodec<V> {
  return { kind, measure, encode, decode };
}

const STRING_VALUES = codec<string>("string", measureString, writeText, readText);
const BYTES_VALUES = codec<Uint8Array>("bytes", measureBytes, encodeBytes, ownedCopy);

function jsonValues(): ValueCodec<unknown> {
  let measured: unknown;
  let measuredText: string | undefined;
  return codec<unknown>(
    "json",
    (value) => {
      const text = stringify(value);
      const room = roomForText(text);
      measured = value;
      measuredText = text;
      return room;
    },
    (value, into, offset) => {
      const text = measuredText !== undefined && Object.is(measured, value) ? measuredText : stringify(value);
      measured = undefined;
      measuredText = undefined;
      return writeText(text, into, offset);
    },
    parse,
  );
}

function customValues(custom: CustomCodec<unknown>): ValueCodec<unknown> {
  let measured: unknown;
  let measuredBytes: Uint8Array | undefined;
  const toBytes = (value: unknown): Uint8Array => {
    const bytes = custom.encode(value);
    if (!isBytes(bytes)) {
      throw new DbError("INVALID", "the map's own value codec must return a Uint8Array from encode");
    }
    return bytes;
  };
  return codec<unknown>(
    "custom",
    (value) => {
      const bytes = toBytes(value);
      const room = measureBytes(bytes);
      measured = value;
      measuredBytes = bytes;
      return room;
    },
    (value, into, offset) => {
      const bytes = measuredBytes !== undefined && Object.is(measured, value) ? measuredBytes : toBytes(value);
      measured = undefined;
      measuredBytes = undefined;
      return encodeBytes(bytes, into, offset);
    },
    (bytes, offset, length, data) => custom.decode(ownedCopy(bytes, offset, length, data)),
  );
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DbError(
      "INVALID",
      `this map holds JSON (value: "json"), and the value has none: ${reason}`,
      {},
      { cause },
    );
  }
  if (text === undefined) {
    throw new DbError(
      "INVALID",
      `this map holds JSON (value: "json"), and ${typeof value} has none; use null, or delete the key`,
    );
  }
  return text;
}

function parse(bytes: Uint8Array, offset: number, length: number): unknown {
  const text = readText(bytes, offset, length);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DbError(
      "CORRUPT",
      `a stored value of ${length} bytes is not JSON; run \`nacre check\` on the database`,
      { bytes: length },
      { cause },
    );
  }
}

function measureString(value: string): number {
  if (typeof value !== "string") {
    throw new DbError("INVALID", `this map holds strings (value: "string"), not ${nameOf(value)}`);
  }
  if (!isWellFormed(value)) {
    throw new DbError("INVALID", "a string value holds half a surrogate pair, which UTF-8 cannot hold");
  }
  return roomForText(value);
}

function roomForText(text: string): number {
  return text.length <= COUNT_CHARACTERS ? text.length * 3 : checkLength(Buffer.byteLength(text));
}

function measureBytes(value: Uint8Array): number {
  if (!isBytes(value)) {
    throw new DbError("INVALID", `this map holds bytes (value: "bytes"), a Uint8Array, not ${nameOf(value)}`);
  }
  return checkLength(value.length);
}

/** A whole array needs no subarray: 44 ns for 100 bytes, where a byte loop takes 276. */
function encodeBytes(value: Uint8Array, into: Uint8Array, offset: number): number {
  into.set(value, offset);
  return value.length;
}

function checkLength(bytes: number): number {
  if (bytes > MAX_VALUE_BYTES) {
    throw new DbError("INVALID", `a value of ${bytes} bytes is too long: the limit is ${MAX_VALUE_BYTES}`, {
      bytes,
      limit: MAX_VALUE_BYTES,
    });
  }
  return bytes;
}

function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null
    ? `a ${value.constructor?.name ?? "object"}`
    : String(typeof value);
}
