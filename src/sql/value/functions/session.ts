/** Functions that ask for what surrounds the statement: chance, and what the session has changed. */
import { surroundingsOf } from "../surroundings.ts";
import {
  answerBlob,
  answerInt64,
  answerInteger,
  BLOB,
  INTEGER,
  INTEGER_TYPES,
  type SqlValue,
  type Tag,
  type TypeSet,
  typeSet,
} from "../value.ts";
import { blobLength } from "./blob.ts";
import type { ScalarFunction } from "./scalar-function.ts";

const LOW_63_BITS = 2n ** 63n - 1n;

/** Any integer but −2^63, so that there is an `abs()` of it. */
function random(): void {
  const { rng } = surroundingsOf();
  const drawn = (BigInt(rng.next()) << 32n) | BigInt(rng.next());
  answerInt64(drawn > LOW_63_BITS ? -(drawn & LOW_63_BITS) : drawn);
}

function randomBlob(tag: Tag, value: SqlValue): void {
  const { rng } = surroundingsOf();
  const bytes = new Uint8Array(blobLength(tag, value, 1));
  let word = 0;
  for (let i = 0; i < bytes.length; i++) {
    word = (i & 3) === 0 ? rng.next() : word >>> 8;
    bytes[i] = word;
  }
  answerBlob(bytes);
}

function changes(): void {
  answerInteger(surroundingsOf().changes);
}

function totalChanges(): void {
  answerInteger(surroundingsOf().totalChanges);
}

function lastInsertRowid(): void {
  answerInt64(BigInt(surroundingsOf().lastRowid));
}

function changing(name: string, argumentCount: number, types: TypeSet, call: ScalarFunction["call"]): ScalarFunction {
  return { name, minimum: argumentCount, maximum: argumentCount, types, stability: "call", call };
}

export const SESSION_FUNCTIONS: readonly ScalarFunction[] = [
  changing("changes", 0, typeSet(INTEGER), changes),
  changing("last_insert_rowid", 0, INTEGER_TYPES, lastInsertRowid),
  changing("random", 0, INTEGER_TYPES, random),
  changing("randomblob", 1, typeSet(BLOB), randomBlob),
  changing("total_changes", 0, typeSet(INTEGER), totalChanges),
];
