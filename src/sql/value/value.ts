/**
 * Values as compiled statements hold them: a tag and, apart from it, a number or something else.
 *
 *   tag      number                  other
 *   NULL     –                       null
 *   INTEGER  within ±(2^53 − 1)      –
 *   REAL     any but NaN             –
 *   BIG      –                       bigint: an INTEGER of 64 bits that no number holds exactly
 *   TEXT     –                       string
 *   BLOB     –                       Uint8Array
 *
 * Two registers instead of one keep doubles out of the heap: a variable that is now a number, now a string makes V8
 * box every double (a `sum` over REAL columns takes twice the time). INTEGER and BIG are one type to the user; each
 * integer has one form, so equal integers have equal tags.
 *
 * Library functions take `(tag, value)` pairs, `value` being the number or the other, and leave their answer in the
 * one `answer` record: no allocation per call. It is valid until the next call.
 */
export type SqlValue = null | number | bigint | string | Uint8Array;

export type Tag = 0 | 1 | 2 | 3 | 4 | 5;

export const NULL = 0;
export const INTEGER = 1;
export const REAL = 2;
export const BIG = 3;
export const TEXT = 4;
export const BLOB = 5;

/** Sets of tags, one bit each: what the binder knows of an expression before it runs. */
export type TypeSet = number;

export function typeSet(...tags: readonly Tag[]): TypeSet {
  return tags.reduce<number>((set, tag) => set | (1 << tag), 0);
}

export const ANY_TYPE: TypeSet = 63;
export const INTEGER_TYPES: TypeSet = typeSet(INTEGER, BIG);
export const NUMERIC_TYPES: TypeSet = typeSet(INTEGER, REAL, BIG);
export const NULLABLE: TypeSet = typeSet(NULL);

export interface Answer {
  tag: Tag;
  number: number;
  other: SqlValue;
}

export const answer: Answer = { tag: NULL, number: 0.5, other: null };
// The field has held a fraction from the start, so V8 stores it unboxed and in place from the first call.
answer.number = 0;

export function answerNull(): void {
  answer.tag = NULL;
  answer.other = null;
}

/** `value` is a safe integer. */
export function answerInteger(value: number): void {
  answer.tag = INTEGER;
  answer.number = value;
}

/** NaN is NULL, as in SQLite. */
export function answerReal(value: number): void {
  if (Number.isNaN(value)) {
    answerNull();
  } else {
    answer.tag = REAL;
    answer.number = value;
  }
}

/** `value` fits in 64 bits. */
export function answerInt64(value: bigint): void {
  const number = Number(value);
  if (Number.isSafeInteger(number)) {
    answerInteger(number);
  } else {
    answer.tag = BIG;
    answer.other = value;
  }
}

export function answerText(value: string): void {
  answer.tag = TEXT;
  answer.other = value;
}

export function answerBlob(value: Uint8Array): void {
  answer.tag = BLOB;
  answer.other = value;
}

export function answerValue(tag: Tag, value: SqlValue): void {
  answer.tag = tag;
  if (tag === INTEGER || tag === REAL) {
    answer.number = value as number;
  } else {
    answer.other = value;
  }
}

/** The answer as one JavaScript value. */
export function answered(): SqlValue {
  return answer.tag === INTEGER || answer.tag === REAL ? answer.number : answer.other;
}

export const MIN_INT64: bigint = -(2n ** 63n);
export const MAX_INT64: bigint = 2n ** 63n - 1n;

/** What `typeof()` calls the type. */
export const TYPE_NAMES: readonly string[] = ["null", "integer", "real", "integer", "text", "blob"];

/** Where a type stands when values of different types are ordered: NULL, numbers, TEXT, BLOB. */
export const TYPE_ORDER: readonly number[] = [0, 1, 1, 1, 2, 3];

/** The tag of a value that JavaScript code hands in; a whole number is an INTEGER. Undefined: no SQL value. */
export function tagOf(value: unknown): Tag | undefined {
  switch (typeof value) {
    case "number":
      return Number.isNaN(value) ? NULL : Number.isSafeInteger(value) && !Object.is(value, -0) ? INTEGER : REAL;
    case "string":
      return TEXT;
    case "bigint":
      return value >= -9007199254740991n && value <= 9007199254740991n
        ? INTEGER
        : value >= MIN_INT64 && value <= MAX_INT64
          ? BIG
          : undefined;
    case "undefined":
      return NULL;
    default:
      return value === null ? NULL : value instanceof Uint8Array ? BLOB : undefined;
  }
}
