/** Elements of JSONB as SQL values, left in `answer`: numbers, strings without their escapes, 1 and 0 for true and false. */
import { readNumber } from "../number-text.ts";
import { asciiText, utf8Text } from "../text.ts";
import {
  answer,
  answerBlob,
  answered,
  answerInt64,
  answerInteger,
  answerNull,
  answerReal,
  answerText,
  BIG,
  INTEGER,
  MAX_INT64,
  MIN_INT64,
  NULL,
} from "../value.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { isDigit } from "./characters.ts";
import {
  element,
  elementType,
  JSON_ARRAY,
  JSON_FALSE,
  JSON_FLOAT,
  JSON_FLOAT5,
  JSON_INT,
  JSON_INT5,
  JSON_NULL,
  JSON_OBJECT,
  JSON_TEXT,
  JSON_TEXT5,
  JSON_TEXTJ,
  JSON_TEXTRAW,
  JSON_TRUE,
  readElement,
} from "./element.ts";
import { appendUnescaped } from "./escape.ts";
import { appendText, malformed } from "./write-text.ts";

const written = new ByteBuffer();

/** Up to this length a loop that looks for a byte beyond ASCII is faster than the native decoder. */
const SHORT_BYTES = 24;

/** Bytes `[start, end)` as a string. */
export function decode(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_BYTES) {
    let all = 0;
    for (let i = start; i < end; i++) {
      all |= bytes[i]!;
    }
    if (all < 0x80) {
      return asciiText(bytes, start, end);
    }
  }
  return utf8Text(bytes, start, end);
}

/** The text of the element at `at`. */
export function textAt(bytes: Uint8Array, at: number, limit: number): string {
  written.clear();
  appendText(written, bytes, at, limit);
  return decode(written.bytes, 0, written.length);
}

/** Answers the element at `at`; arrays and objects as text, or as JSONB. */
export function answerElement(bytes: Uint8Array, at: number, limit: number, asJsonb: boolean): void {
  if (!readElement(bytes, at, limit)) {
    throw malformed();
  }
  const { start, end } = element;
  const type = elementType(bytes, at);
  switch (type) {
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_FALSE:
      if (start !== end) {
        throw malformed();
      }
      type === JSON_NULL ? answerNull() : answerInteger(type === JSON_TRUE ? 1 : 0);
      break;
    case JSON_INT:
    case JSON_INT5:
      answerIntegerText(bytes, start, end);
      break;
    case JSON_FLOAT:
    case JSON_FLOAT5:
      answerRealText(bytes, start, end);
      break;
    case JSON_TEXT:
    case JSON_TEXTRAW:
      answerText(decode(bytes, start, end));
      break;
    case JSON_TEXTJ:
    case JSON_TEXT5:
      answerText(unescapedText(bytes, start, end));
      break;
    case JSON_ARRAY:
    case JSON_OBJECT:
      // The element alone is the document: what its parts claim beyond it is malformed.
      asJsonb ? answerBlob(bytes.slice(at, end)) : answerText(textAt(bytes, at, end));
      break;
    default:
      throw malformed();
  }
}

/** A string whose payload has escapes. */
export function unescapedText(bytes: Uint8Array, start: number, end: number): string {
  written.clear();
  appendUnescaped(written, bytes, start, end);
  return decode(written.bytes, 0, written.length);
}

/** Digits that are certainly a safe integer. */
const SAFE_DIGITS = 15;
const HEXADECIMAL = /^-?0[xX][0-9a-fA-F]*$/;

/** Answers an integer; one beyond 64 bits is a real. */
export function answerIntegerText(bytes: Uint8Array, start: number, end: number): void {
  const isNegative = bytes[start] === 0x2d;
  const from = isNegative ? start + 1 : start;
  if (end - from <= SAFE_DIGITS && from < end) {
    let value = 0;
    let at = from;
    for (; at < end && isDigit(bytes[at]); at++) {
      value = value * 10 + bytes[at]! - 0x30;
    }
    if (at === end) {
      answerInteger(isNegative ? 0 - value : value);
      return;
    }
  }
  const text = decode(bytes, start, end);
  if (HEXADECIMAL.test(text)) {
    answerHexadecimal(text.slice(isNegative ? 3 : 2), isNegative);
  } else if (!readNumber(text) || (answer.tag !== INTEGER && answer.tag !== BIG && /[.eE]/.test(text))) {
    throw malformed();
  }
}

const MOST_HEX_DIGITS = 16;

/** More than 64 bits of hexadecimal are no number to SQLite; 64 bits are not negative. */
function answerHexadecimal(digits: string, isNegative: boolean): void {
  const significant = digits.replace(/^0+/, "");
  if (significant.length > MOST_HEX_DIGITS) {
    throw malformed();
  }
  const exact = significant === "" ? 0n : BigInt(`0x${significant}`);
  const signed = isNegative ? -exact : exact;
  signed <= MAX_INT64 && signed > MIN_INT64 ? answerInt64(signed) : answerReal(Number(signed));
}

export function answerRealText(bytes: Uint8Array, start: number, end: number): void {
  if (!readNumber(decode(bytes, start, end)) || answer.tag === NULL) {
    throw malformed();
  }
  answerReal(Number(answered()));
}
