/** `json_array`, `json_object`, `json_quote`: JSON made of SQL values, as text. */
import { DbError } from "../../../errors.ts";
import { realText } from "../number-text.ts";
import { BLOB, NULL, REAL, type SqlValue, type Tag, TEXT } from "../value.ts";
import { isJsonb } from "./document.ts";
import { textAt } from "./scalar.ts";

/** What a JSON string cannot hold as it is: control characters, the quote and the backslash. */
const SPECIAL = /[^ !#-[\]-\uffff]/;
const SPECIALS = /[^ !#-[\]-\uffff]/g;
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

/** A string of SQL as one of JSON. */
export function quoteText(text: string): string {
  return `"${SPECIAL.test(text) ? text.replace(SPECIALS, escapeOf) : text}"`;
}

function escapeOf(character: string): string {
  return SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** An SQL value as JSON text; a blob must be JSONB. */
export function valueText(tag: Tag, value: SqlValue): string {
  switch (tag) {
    case NULL:
      return "null";
    case TEXT:
      return quoteText(value as string);
    case REAL:
      return Number.isFinite(value) ? realText(value as number) : (value as number) > 0 ? "9.0e+999" : "-9.0e+999";
    case BLOB: {
      const blob = value as Uint8Array;
      if (!isJsonb(blob)) {
        throw noBlob();
      }
      return textAt(blob, 0, blob.length);
    }
    default:
      return String(value);
  }
}

export function noBlob(): DbError {
  return new DbError("INVALID", "JSON cannot hold BLOB values");
}

export function arrayText(pairs: readonly unknown[]): string {
  let text = "[";
  for (let i = 0; i < pairs.length; i += 2) {
    const part = valueText(pairs[i] as Tag, pairs[i + 1] as SqlValue);
    text += i === 0 ? part : `,${part}`;
  }
  return `${text}]`;
}

const PAIR_OF_PAIRS = 4;

export function objectText(pairs: readonly unknown[]): string {
  if (pairs.length % PAIR_OF_PAIRS !== 0) {
    throw new DbError("INVALID", "json_object() requires an even number of arguments");
  }
  let text = "{";
  for (let i = 0; i < pairs.length; i += PAIR_OF_PAIRS) {
    if (pairs[i] !== TEXT) {
      throw new DbError("INVALID", "json_object() labels must be TEXT");
    }
    const label = quoteText(pairs[i + 1] as string);
    const part = valueText(pairs[i + 2] as Tag, pairs[i + 3] as SqlValue);
    text += i === 0 ? `${label}:${part}` : `,${label}:${part}`;
  }
  return `${text}}`;
}
