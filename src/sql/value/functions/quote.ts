/** Values as SQL literals (quote, unistr_quote), and the escapes of unistr. */
import { DbError } from "../../../errors.ts";
import { textOf } from "../affinity.ts";
import { realText } from "../number-text.ts";
import { untilNul } from "../text.ts";
import {
  answerNull,
  answerText,
  BLOB,
  NULL,
  NULLABLE,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
  typeSet,
} from "../value.ts";
import { refuseTooLong, stringOf } from "./argument.ts";
import { hexDigit, hexOf } from "./blob.ts";
import { characterOf } from "./code-points.ts";
import { pure, type ScalarFunction } from "./scalar-function.ts";

/** Text in quotes, those inside doubled. */
export function quoted(text: string): string {
  refuseTooLong(text.length + 2);
  return text.includes("'") ? `'${text.replaceAll("'", "''")}'` : `'${text}'`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
const CONTROLS = /[\x00-\x1f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
const ESCAPED = /[\x00-\x1f\\]/g;

const escapeOf = (character: string): string =>
  character === "\\" ? "\\\\" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** Control characters and backslashes as `unistr` reads them. */
export function escaped(text: string): string {
  return text.replace(ESCAPED, escapeOf);
}

/** The same as a literal; without control characters an ordinary one. */
export function escapedLiteral(text: string): string {
  return CONTROLS.test(text) ? `unistr(${quoted(escaped(text))})` : quoted(text);
}

/** SQL has no literal of infinity; a number beyond all reals is read as it. */
function realLiteral(value: number): string {
  return Number.isFinite(value) ? realText(value) : value > 0 ? "9.0e+999" : "-9.0e+999";
}

function literal(tag: Tag, value: SqlValue, literalOf: (text: string) => string): void {
  switch (tag) {
    case NULL:
      answerText("NULL");
      break;
    case TEXT:
      answerText(literalOf(stringOf(tag, value)));
      break;
    case BLOB:
      answerText(`X'${hexOf(value as Uint8Array)}'`);
      break;
    case REAL:
      answerText(realLiteral(value as number));
      break;
    default:
      answerText(textOf(tag, value));
  }
}

function quote(tag: Tag, value: SqlValue): void {
  literal(tag, value, quoted);
}

function unistrQuote(tag: Tag, value: SqlValue): void {
  literal(tag, value, escapedLiteral);
}

/** `\XXXX`, `\uXXXX`, `\+XXXXXX`, `\UXXXXXXXX` and `\\`. */
function unistr(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
    return;
  }
  const text = textOf(tag, value);
  const head = untilNul(text);
  let out = "";
  let from = 0;
  for (let at = head.indexOf("\\"); at >= 0; at = head.indexOf("\\", from)) {
    out += head.slice(from, at);
    const next = head[at + 1];
    if (next === "\\") {
      out += next;
      from = at + 2;
      continue;
    }
    const digits = next === "+" ? 6 : next === "U" ? 8 : 4;
    const begin = next === "+" || next === "u" || next === "U" ? at + 2 : at + 1;
    out += characterOf(hexNumber(head, begin, digits));
    from = begin + digits;
  }
  answerText(out + text.slice(from));
}

function hexNumber(text: string, at: number, digits: number): number {
  let number = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = hexDigit(text.charCodeAt(i));
    if (digit < 0) {
      throw new DbError("INVALID", "invalid Unicode escape");
    }
    number = (number << 4) | digit;
  }
  return number >>> 0;
}

export const QUOTE_FUNCTIONS: readonly ScalarFunction[] = [
  pure("quote", 1, 1, typeSet(TEXT), quote),
  pure("unistr", 1, 1, typeSet(TEXT) | NULLABLE, unistr),
  pure("unistr_quote", 1, 1, typeSet(TEXT), unistrQuote),
];
