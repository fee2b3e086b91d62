import {
  type CustomCodec,
  type KeyCodec,
  type KeyKind,
  type KeyOf,
  keyCodec,
  prefixRange,
} from "../../src/mvcc/key-codec.ts";
import type { Tuple } from "../../src/mvcc/tuple.ts";
import { type ValueCodec, type ValueKind, type ValueOf, valueCodec } from "../../src/mvcc/value-codec.ts";
import type { Assignable, Equal, Expect, Not } from "./expect.ts";

interface User {
  name: string;
}

declare const days: CustomCodec<Date>;
const numbers: KeyCodec<number> = keyCodec("number");
const dates: KeyCodec<Date> = keyCodec(days);

export type KeyCases = [
  Expect<Equal<KeyKind, "string" | "number" | "bigint" | "bytes" | "tuple">>,
  Expect<Equal<KeyOf<"string">, string>>,
  Expect<Equal<KeyOf<"number">, number>>,
  Expect<Equal<KeyOf<"bigint">, bigint>>,
  Expect<Equal<KeyOf<"bytes">, Uint8Array>>,
  Expect<Equal<KeyOf<"tuple">, Tuple>>,
  Expect<Equal<KeyOf<CustomCodec<Date>>, Date>>,
  Expect<Equal<KeyOf<"int">, never>>,
  Expect<Equal<ReturnType<(typeof numbers)["decode"]>, number>>,
  Expect<Equal<ReturnType<(typeof dates)["decode"]>, Date>>,
];

export type TupleCases = [
  Expect<Assignable<readonly ["user", 42, null, [true, 1n]], Tuple>>,
  Expect<Assignable<[Uint8Array, string], Tuple>>,
  Expect<Not<Assignable<[undefined], Tuple>>>,
  Expect<Not<Assignable<[Date], Tuple>>>,
  Expect<Not<Assignable<string, Tuple>>>,
];

export type ValueCases = [
  Expect<Equal<ValueKind, "json" | "bytes" | "string">>,
  Expect<Equal<ValueOf<"json">, unknown>>,
  Expect<Equal<ValueOf<"json", User>, User>>,
  Expect<Equal<ValueOf<"bytes", User>, Uint8Array>>,
  Expect<Equal<ValueOf<"string">, string>>,
  Expect<Equal<ValueOf<CustomCodec<Date>>, Date>>,
];

export const users: ValueCodec<User> = valueCodec<"json", User>("json");
export const texts: ValueCodec<string> = valueCodec("string");

prefixRange(keyCodec("tuple"), ["user", 7]);
// @ts-expect-error: a prefix is of the keys' type
prefixRange(keyCodec("tuple"), "user");
// @ts-expect-error: no such kind
keyCodec("int");
// @ts-expect-error: no such kind
valueCodec("text");
// @ts-expect-error: a codec has both directions
valueCodec({ encode: (value: Date) => new Uint8Array(value.getTime()) });
