/**
 * Cuts SQL text into tokens, one at a time, as SQLite's `tokenize.c` does.
 *
 * A token is three fields of the tokenizer, overwritten by `advance()`: `kind`, `start` and `end`. The kind is a string:
 * the keyword in upper case, the text of an operator, or one of the classes below. Interned strings compare by
 * pointer, so a parser that asks `kind === "SELECT"` reads well and pays nothing for it.
 *
 *   "name"       bare word that is no keyword         "quoted"  "x"  [x]  `x`: always a name
 *   "string"     'x'                                  "blob"    x'00ff'
 *   "integer"    12  0xff  1_000                      "real"    1.5  .5  1e3
 *   "parameter"  ?  ?12  :name  @name  $name          "end"     of the text
 *
 * Bounds: the text is at most MAX_STATEMENT_LENGTH units long. Whatever is no token is an INVALID error with its place.
 */
import { DbError } from "../../errors.ts";
import { keywordOf } from "./keywords.ts";
import { errorAt, quoteNear } from "./syntax-error.ts";

/** The longest text that is parsed, in UTF-16 units. */
export const MAX_STATEMENT_LENGTH = 16_000_000;

export type TokenKind = string;

const SPACE = 1;
const LETTER = 2;
const DIGIT = 4;
const HEX = 8;
/** `$` continues a name but does not begin one. */
const NAME_TAIL = 16;

const CLASSES = new Uint8Array(128);
for (const space of " \t\n\f\r") {
  CLASSES[space.charCodeAt(0)] = SPACE;
}
for (let letter = 0; letter < 26; letter++) {
  const hex = letter < 6 ? HEX : 0;
  CLASSES[65 + letter] = LETTER | NAME_TAIL | hex;
  CLASSES[97 + letter] = LETTER | NAME_TAIL | hex;
}
CLASSES[95] = LETTER | NAME_TAIL;
CLASSES[36] = NAME_TAIL;
for (let digit = 48; digit < 58; digit++) {
  CLASSES[digit] = DIGIT | NAME_TAIL | HEX;
}

/** Longest first, so that the first that fits is the token. */
const OPERATORS: readonly string[] = "->> -> || << >> <= >= <> == != ( ) , ; . + - * / % & | ~ < > =".split(" ");
const OPERATORS_BY_FIRST: readonly (readonly string[])[] = Array.from({ length: 128 }, (_, code) =>
  OPERATORS.filter((operator) => operator.charCodeAt(0) === code),
);

const BYTE_ORDER_MARK = 0xfeff;

export class Tokenizer {
  readonly text: string;
  kind: TokenKind = "end";
  start = 0;
  end = 0;
  /** Where the token before this one ended. */
  previousEnd = 0;

  constructor(text: string) {
    if (text.length > MAX_STATEMENT_LENGTH) {
      throw new DbError(
        "INVALID",
        `a statement may be ${MAX_STATEMENT_LENGTH} characters long; this one has ${text.length}. Pass long values as parameters`,
        { limit: MAX_STATEMENT_LENGTH, length: text.length },
      );
    }
    this.text = text;
    this.advance();
  }

  /** Goes back (or forth) to the token that starts at `offset`. */
  reset(offset: number): void {
    this.end = offset;
    this.advance();
  }

  advance(): void {
    const { text } = this;
    this.previousEnd = this.end;
    const start = skipSpace(text, this.end);
    this.start = start;
    if (start >= text.length) {
      this.kind = "end";
      this.end = text.length;
      return;
    }
    const code = text.charCodeAt(start);
    const charClass = classOf(code);
    if ((charClass & LETTER) !== 0) {
      this.#word(code);
    } else if ((charClass & DIGIT) !== 0 || (code === 46 && isDigit(text.charCodeAt(start + 1)))) {
      this.#number(code);
    } else if (code === 39) {
      this.end = this.#closing(start, 39);
      this.kind = "string";
    } else if (code === 34 || code === 96) {
      this.end = this.#closing(start, code);
      this.kind = "quoted";
    } else if (code === 91) {
      const close = text.indexOf("]", start);
      this.end = close < 0 ? this.#unrecognized(text.length) : close + 1;
      this.kind = "quoted";
    } else if (code === 63 || code === 58 || code === 64 || code === 36) {
      this.#parameter(code);
    } else {
      this.#operator(code);
    }
  }

  /** The text of a string or of a name, without its quotes. */
  value(): string {
    const { text, start, end } = this;
    const quote = text[start]!;
    if (this.kind === "string" || this.kind === "quoted") {
      const inner = text.slice(start + 1, end - 1);
      return quote !== "[" && inner.includes(quote) ? inner.replaceAll(quote + quote, quote) : inner;
    }
    return text.slice(start, end);
  }

  #word(code: number): void {
    const { text, start } = this;
    if ((code === 120 || code === 88) && text.charCodeAt(start + 1) === 39) {
      this.#blob();
      return;
    }
    this.end = nameEnd(text, start + 1);
    this.kind = keywordOf(text.slice(start, this.end)) ?? "name";
  }

  #blob(): void {
    const { text, start } = this;
    let at = start + 2;
    while ((classOf(text.charCodeAt(at)) & HEX) !== 0) {
      at++;
    }
    if (text.charCodeAt(at) !== 39 || (at - start) % 2 !== 0) {
      this.#unrecognized(at + 1);
    }
    this.kind = "blob";
    this.end = at + 1;
  }

  #number(first: number): void {
    const { text, start } = this;
    let at = start;
    this.kind = "integer";
    const second = text.charCodeAt(start + 1) | 32;
    if (first === 48 && second === 120 && (classOf(text.charCodeAt(start + 2)) & HEX) !== 0) {
      at = digitsEnd(text, start + 2, HEX);
    } else {
      at = digitsEnd(text, at, DIGIT);
      if (text.charCodeAt(at) === 46) {
        this.kind = "real";
        at = digitsEnd(text, at + 1, DIGIT);
      }
      if ((text.charCodeAt(at) | 32) === 101) {
        const sign = text.charCodeAt(at + 1);
        const digits = sign === 43 || sign === 45 ? at + 2 : at + 1;
        if (isDigit(text.charCodeAt(digits))) {
          this.kind = "real";
          at = digitsEnd(text, digits, DIGIT);
        }
      }
    }
    this.end = at;
    if ((classOf(text.charCodeAt(at)) & NAME_TAIL) !== 0) {
      this.#unrecognized(nameEnd(text, at));
    }
  }

  #parameter(first: number): void {
    const { text, start } = this;
    const at = first === 63 ? digitsEnd(text, start + 1, DIGIT) : nameEnd(text, start + 1);
    if (first !== 63 && at === start + 1) {
      this.#unrecognized(at);
    }
    this.kind = "parameter";
    this.end = at;
  }

  #operator(code: number): void {
    const { text, start } = this;
    for (const operator of OPERATORS_BY_FIRST[code] ?? []) {
      if (operator.length === 1 || text.startsWith(operator, start)) {
        this.kind = operator === "==" ? "=" : operator === "!=" ? "<>" : operator;
        this.end = start + operator.length;
        return;
      }
    }
    this.#unrecognized(start + 1);
  }

  /** The offset behind the closing quote; a doubled quote stands for itself. */
  #closing(start: number, quote: number): number {
    const { text } = this;
    const mark = String.fromCharCode(quote);
    let at = text.indexOf(mark, start + 1);
    while (at >= 0 && text.charCodeAt(at + 1) === quote) {
      at = text.indexOf(mark, at + 2);
    }
    return at < 0 ? this.#unrecognized(text.length) : at + 1;
  }

  #unrecognized(end: number): never {
    throw errorAt("INVALID", `unrecognized token ${quoteNear(this.text, this.start, end)}`, this.text, this.start);
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if ((classOf(code) & SPACE) !== 0 || (code === BYTE_ORDER_MARK && at === 0)) {
      at++;
    } else if (code === 45 && text.charCodeAt(at + 1) === 45) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end + 1;
    } else if (code === 47 && text.charCodeAt(at + 1) === 42) {
      const end = text.indexOf("*/", at + 2);
      at = end < 0 ? text.length : end + 2;
    } else {
      return at;
    }
  }
}

/** Whatever is not ASCII counts as a letter, as in SQLite. NaN (past the end) has no class. */
function classOf(code: number): number {
  return code < 128 ? CLASSES[code]! : code >= 128 ? LETTER | NAME_TAIL : 0;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function nameEnd(text: string, from: number): number {
  let at = from;
  while ((classOf(text.charCodeAt(at)) & NAME_TAIL) !== 0) {
    at++;
  }
  return at;
}

/** Digits, which single underscores between two of them may group. */
function digitsEnd(text: string, from: number, digitClass: number): number {
  let at = from;
  for (;;) {
    if ((classOf(text.charCodeAt(at)) & digitClass) !== 0) {
      at++;
    } else if (
      text.charCodeAt(at) === 95 &&
      at > from &&
      (classOf(text.charCodeAt(at - 1)) & digitClass) !== 0 &&
      (classOf(text.charCodeAt(at + 1)) & digitClass) !== 0
    ) {
      at++;
    } else {
      return at;
    }
  }
}
