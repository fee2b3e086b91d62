/**
 * Key codecs: what a typed map takes as a key, as bytes that sort the way the keys do.
 *
 *     kind      order                          bytes
 *     string    code points                    UTF-8
 *     number    numeric                        8: IEEE double, sign bit flipped; all bits if negative
 *     bigint    numeric                        1 to 257: an integer of tuple.ts
 *     bytes     memcmp                         as they are
 *     tuple     element by element             tuple.ts
 *     custom    that of the user's bytes       what the user's `encode` returns
 *
 * Code points are not what JavaScript's `<` compares: "\u{1f600}" sorts after "\uffff" here and before it there,
 * because `<` compares UTF-16 units, and those of the former begin with d83d.
 *
 * K1. decode(encode(key)) is the key, and keys that are equal have the same bytes: -0 is stored as 0.
 * K2. What has no place in the order is refused (INVALID): NaN, half a surrogate pair, a key over MAX_KEY_BYTES.
 * K3. Bytes that `encode` cannot have written are CORRUPT, never a crash and never a wrong key without a word.
 *
 * A codec is a record without state of its own: all have one shape, so that a map calls whichever it has at one
 * place in the code (one kind in use 20 ns, five kinds 24 ns). Encoding allocates nothing; decoding only the key.
 */
import { Buffer } from "node:buffer";
import { MAX_KEY_BYTES } from "../btree/index.ts";
import { isBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { ownedCopy } from "./owned-bytes.ts";
import { isWellFormed, readText, writeText } from "./text.ts";
import { decodeInteger, decodeTuple, encodeTuple, readDouble, type Tuple, writeDouble, writeInteger } from "./tuple.ts";

/** What `key: "…"` of a map makes its keys. */
export type KeyTypes = { string: string; number: number; bigint: bigint; bytes: Uint8Array; tuple: Tuple };
export type KeyKind = keyof KeyTypes;

const KEY_KINDS: readonly string[] = ["string", "number", "bigint", "bytes", "tuple"] satisfies KeyKind[];

/** Whether the catalog's word for the keys of a map is a kind; others are "custom", and the words of frontends. */
export function isKeyKind(stored: string): stored is KeyKind {
  return KEY_KINDS.includes(stored);
}

/**
 * A codec of the user's own, for keys or for values. As a key codec, the map's order is that of the bytes it returns.
 *
 *     const date: CustomCodec<Date> = {
 *       encode: (day) => new TextEncoder().encode(day.toISOString()),
 *       decode: (bytes) => new Date(new TextDecoder().decode(bytes)),
 *     };
 */
export interface CustomCodec<T> {
  encode(value: T): Uint8Array;
  /** `bytes` is a copy that the codec may keep. */
  decode(bytes: Uint8Array): T;
}

/** The type of the keys of a map whose `key` option is a `Choice`. */
export type KeyOf<Choice> = Choice extends KeyKind ? KeyTypes[Choice] : Choice extends CustomCodec<infer T> ? T : never;

export interface KeyCodec<K> {
  readonly kind: KeyKind | "custom";
  /** Writes `key` and returns the number of bytes. `into` has KEY_SCRATCH_BYTES from `offset`. Throws INVALID. */
  encode(key: K, into: Uint8Array, offset: number): number;
  /** The key that these bytes spell. Throws CORRUPT. */
  decode(bytes: Uint8Array, offset: number, length: number): K;
}

/** Room for any key, and for a few bytes that are written before a key is found to be too long. */
export const KEY_SCRATCH_BYTES: number = MAX_KEY_BYTES + 64;

/** The keys from `lower` on that lie before `upper`; no `upper`: to the end of the map. */
export interface KeyRange {
  readonly lower: Uint8Array;
  readonly upper: Uint8Array | undefined;
}

/** The codec for the `key` option of a map. INVALID if it is neither a kind nor a codec. */
export function keyCodec<Choice extends KeyKind | CustomCodec<unknown>>(choice: Choice): KeyCodec<KeyOf<Choice>> {
  // Which codec belongs to which choice is KeyTypes' to say; the compiler cannot follow it through a lookup.
  return codecFor(choice) as KeyCodec<KeyOf<Choice>>;
}

/**
 * The keys that begin with `prefix`: strings and byte strings in the plain sense; of tuples, those whose first elements
 * are the elements of `prefix`, itself included. INVALID for kinds whose keys have no beginning.
 */
export function prefixRange<K>(codec: KeyCodec<K>, prefix: K): KeyRange {
  if (codec.kind !== "string" && codec.kind !== "bytes" && codec.kind !== "tuple") {
    throw new DbError("INVALID", `a map with ${codec.kind} keys has no prefixes; give a range with gte and lt instead`);
  }
  const scratch = new Uint8Array(KEY_SCRATCH_BYTES);
  const length = codec.encode(prefix, scratch, 0);
  const lower = scratch.slice(0, length);
  if (codec.kind === "tuple") {
    scratch[length] = 0xff; // T3: no element starts with it
    return { lower, upper: scratch.slice(0, length + 1) };
  }
  return { lower, upper: successor(lower) };
}

/** The first byte string that sorts after everything beginning with `prefix`; none if that is all ff. */
function successor(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) {
    length--;
  }
  if (length === 0) {
    return undefined;
  }
  const after = prefix.slice(0, length);
  after[length - 1] = after[length - 1]! + 1;
  return after;
}

function codecFor(choice: unknown): KeyCodec<unknown> {
  switch (choice) {
    case "string":
      return STRING_KEYS;
    case "number":
      return NUMBER_KEYS;
    case "bigint":
      return BIGINT_KEYS;
    case "bytes":
      return BYTES_KEYS;
    case "tuple":
      return TUPLE_KEYS;
    default:
      if (!isCustomCodec(choice)) {
        throw new DbError(
          "INVALID",
          'the key of a map is "string", "number", "bigint", "bytes", "tuple", or an object with encode and decode',
        );
      }
      return customKeys(choice);
  }
}

/** Whether a map's option is a codec of the user's own. */
export function isCustomCodec(choice: unknown): choice is CustomCodec<unknown> {
  return (
    typeof choice === "object" &&
    choice !== null &&
    "encode" in choice &&
    typeof choice.encode === "function" &&
    "decode" in choice &&
    typeof choice.decode === "function"
  );
}

/** The one place that makes codecs, so that all have one hidden class. */
function codec<K>(
  kind: KeyKind | "custom",
  encode: (key: K, into: Uint8Array, offset: number) => number,
  decode: (bytes: Uint8Array, offset: number, length: number) => K,
): KeyCodec<K> {
  return { kind, encode, decode };
}

const STRING_KEYS = codec<string>("string", encodeString, readText);
const NUMBER_KEYS = codec<number>("number", encodeNumber, decodeNumber);
const BIGINT_KEYS = codec<bigint>("bigint", encodeBigint, decodeInteger);
const BYTES_KEYS = codec<Uint8Array>("bytes", encodeBytes, ownedCopy);
const TUPLE_KEYS = codec<Tuple>("tuple", encodeTuple, decodeTuple);

function customKeys(custom: CustomCodec<unknown>): KeyCodec<unknown> {
  return codec<unknown>(
    "custom",
    (key, into, offset) => {
      const bytes = custom.encode(key);
      if (!isBytes(bytes)) {
        throw new DbError("INVALID", "the map's own key codec must return a Uint8Array from encode");
      }
      return encodeBytes(bytes, into, offset);
    },
    (bytes, offset, length) => custom.decode(ownedCopy(bytes, offset, length)),
  );
}

/** 16 characters of ASCII: 32 ns; from 40 on 80 ns whatever the length. */
function encodeString(key: string, into: Uint8Array, offset: number): number {
  if (typeof key !== "string") {
    throw wrongType("string", key);
  }
  // A character takes three bytes at the most, so only long keys need counting.
  if (key.length * 3 > MAX_KEY_BYTES) {
    checkLength(Buffer.byteLength(key));
  }
  const bytes = writeText(key, into, offset);
  // As many bytes as characters: all ASCII, and nothing to check.
  if (bytes !== key.length && !isWellFormed(key)) {
    throw new DbError("INVALID", "a key holds half a surrogate pair, which UTF-8 cannot hold");
  }
  return bytes;
}

function encodeNumber(key: number, into: Uint8Array, offset: number): number {
  if (typeof key !== "number") {
    throw wrongType("number", key);
  }
  writeDouble(key, into, offset);
  return 8;
}

function decodeNumber(bytes: Uint8Array, offset: number, length: number): number {
  if (length !== 8) {
    throw new DbError("CORRUPT", `a stored number key has ${length} bytes, not 8; run \`nacre check\``, {
      bytes: length,
    });
  }
  return readDouble(bytes, offset, offset);
}

function encodeBigint(key: bigint, into: Uint8Array, offset: number): number {
  if (typeof key !== "bigint") {
    throw wrongType("bigint", key);
  }
  return writeInteger(key, into, offset, offset + MAX_KEY_BYTES) - offset;
}

/** A whole array needs no subarray: 23 ns for 16 bytes, 44 for 100. */
function encodeBytes(key: Uint8Array, into: Uint8Array, offset: number): number {
  if (!isBytes(key)) {
    throw wrongType("Uint8Array", key);
  }
  checkLength(key.length);
  into.set(key, offset);
  return key.length;
}

function checkLength(bytes: number): void {
  if (bytes > MAX_KEY_BYTES) {
    throw new DbError("INVALID", `a key of ${bytes} bytes is too long: the limit is ${MAX_KEY_BYTES}`, {
      bytes,
      limit: MAX_KEY_BYTES,
    });
  }
}

function wrongType(expected: string, key: unknown): DbError {
  const actual = key === null ? "null" : Array.isArray(key) ? "array" : typeof key;
  return new DbError("INVALID", `a key of this map must be a ${expected}, not ${actual}`);
}
