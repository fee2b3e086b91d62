/**
 * Affinity: what a column's declared type does to the values that meet it (https://sqlite.org/datatype3.html).
 *
 *   INTEGER, NUMERIC   text that is a number becomes one; a real that is whole becomes an integer
 *   REAL               text that is a number becomes one; an integer becomes a real
 *   TEXT               a number becomes text
 *   BLOB               nothing changes (also the affinity of expressions that have none)
 */
import {
  readIntegerPrefix,
  readNumber,
  readNumberPrefix,
  readWholeReal,
  realText,
  truncateReal,
} from "./number-text.ts";
import { encodeText, utf8Text } from "./text.ts";
import {
  answer,
  answerBlob,
  answerNull,
  answerReal,
  answerText,
  answerValue,
  BIG,
  BLOB,
  INTEGER,
  NULL,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
} from "./value.ts";

export type Affinity = "BLOB" | "TEXT" | "NUMERIC" | "INTEGER" | "REAL";

/** SQLite's rules, in their order: `charint` is INTEGER, `floating point` too. */
export function affinityOfType(type: string | undefined): Affinity {
  const upper = (type ?? "").toUpperCase();
  if (upper.includes("INT")) {
    return "INTEGER";
  }
  if (upper.includes("CHAR") || upper.includes("CLOB") || upper.includes("TEXT")) {
    return "TEXT";
  }
  if (upper === "" || upper.includes("BLOB")) {
    return "BLOB";
  }
  if (upper.includes("REAL") || upper.includes("FLOA") || upper.includes("DOUB")) {
    return "REAL";
  }
  return "NUMERIC";
}

export function isNumericAffinity(affinity: Affinity): boolean {
  return affinity === "NUMERIC" || affinity === "INTEGER" || affinity === "REAL";
}

/** Answers the value as a column of this affinity stores it. */
export function applyAffinity(affinity: Affinity, tag: Tag, value: SqlValue): void {
  switch (affinity) {
    case "TEXT":
      toTextAffinity(tag, value);
      break;
    case "NUMERIC":
    case "INTEGER":
      toNumericAffinity(tag, value);
      break;
    case "REAL":
      toNumericAffinity(tag, value);
      if (answer.tag === INTEGER) {
        answerReal(answer.number);
      } else if (answer.tag === BIG) {
        answerReal(Number(answer.other));
      }
      break;
    default:
      answerValue(tag, value);
  }
}

export function toTextAffinity(tag: Tag, value: SqlValue): void {
  if (tag === INTEGER || tag === REAL || tag === BIG) {
    answerText(textOf(tag, value));
  } else {
    answerValue(tag, value);
  }
}

export function toNumericAffinity(tag: Tag, value: SqlValue): void {
  if (tag === TEXT && readNumber(value as string)) {
    if (answer.tag === REAL) {
      readWholeReal(answer.number);
    }
  } else if (tag !== REAL || !readWholeReal(value as number)) {
    answerValue(tag, value);
  }
}

/** A value that is not NULL as text: numbers written out, blobs taken for UTF-8. */
export function textOf(tag: Tag, value: SqlValue): string {
  switch (tag) {
    case TEXT:
      return value as string;
    case REAL:
      return realText(value as number);
    case BLOB:
      return utf8Text(value as Uint8Array, 0, (value as Uint8Array).length);
    default:
      return String(value);
  }
}

/** A value that is not NULL as bytes. */
export function bytesOf(tag: Tag, value: SqlValue): Uint8Array {
  return tag === BLOB ? (value as Uint8Array) : encodeText(textOf(tag, value));
}

/** Text that is a whole real beyond this stays a real in CAST … AS NUMERIC, though not in a NUMERIC column. */
const CAST_WHOLE_REALS = 2 ** 51;

/** CAST: forces the type, where affinity only suggests it. */
export function castTo(affinity: Affinity, tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
    return;
  }
  switch (affinity) {
    case "TEXT":
      answerText(textOf(tag, value));
      break;
    case "BLOB":
      answerBlob(bytesOf(tag, value));
      break;
    case "INTEGER":
      if (tag === REAL) {
        truncateReal(value as number);
      } else if (tag === TEXT || tag === BLOB) {
        readIntegerPrefix(textOf(tag, value));
      } else {
        answerValue(tag, value);
      }
      break;
    case "REAL":
      toNumber(tag, value);
      answerReal(answer.tag === BIG ? Number(answer.other) : answer.number);
      break;
    default:
      toNumber(tag, value);
      if (answer.tag === REAL && tag !== REAL && Math.abs(answer.number) < CAST_WHOLE_REALS) {
        readWholeReal(answer.number);
      }
  }
}

/** Answers a value that is not NULL as a number, as arithmetic takes it: the number that a text begins with, or 0. */
export function toNumber(tag: Tag, value: SqlValue): void {
  if (tag === TEXT || tag === BLOB) {
    readNumberPrefix(textOf(tag, value));
  } else {
    answerValue(tag, value);
  }
}
