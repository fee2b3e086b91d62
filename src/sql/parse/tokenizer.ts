/**
 * Cuts SQL text into tokens, one at a time, as SQLite's `tokenize.c` does.
 *
 * A token is three fields of the tokenizer, overwritten by `advance()`: `kind`, `start` and `end`. The kind is a string:
 * the keyword in upper case, the text of an operator, or one of the classes below. Interned strings compare by
 * pointer, so a parser that asks `kind === "SELECT"` reads well and pays nothing for it.
 *
 *   "name"       bare word that is no keyword         "quoted"   "x"  [x]  `x`: always a name
 *   "string"     'x'                                  "blob"     x'00ff'
 *   "integer"    12  0xff                             "real"     1.5  .5  1e3
 *   "parameter"  ?  ?12  :name  @name  $name  #name   "grouped"  1_000  0xff_ff  1_0.5: a number with underscores
 *   "end"        of the text
 *
 * WINDOW, OVER and FILTER are keywords only where what stands around them makes them so, and else names:
 *
 *   WINDOW name AS        ) OVER (   ) OVER name        ) FILTER (
 *
 * Bounds: the text is at most MAX_STATEMENT_LENGTH units long. Whatever is no token is an INVALID error with its place.
 */
import { DbError } from "../../errors.ts";
import { keywordAt, keywordClass } from "./keywords.ts";
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
const VERTICAL_TAB = 11;
const SEMICOLON = 59;

export class Tokenizer {
  readonly text: string;
  kind: TokenKind = "end";
  start = 0;
  end = 0;
  /** Where the token before this one ended. */
  previousEnd = 0;

  /** From `from` on, where a token begins. */
  constructor(text: string, from: number = 0) {
    if (text.length > MAX_STATEMENT_LENGTH) {
      throw new DbError(
        "INVALID",
        `a statement may be ${MAX_STATEMENT_LENGTH} characters long; this one has ${text.length}. Pass long values as parameters`,
        { limit: MAX_STATEMENT_LENGTH, length: text.length },
      );
    }
    this.text = text;
    this.end = from;
    this.advance();
  }

  advance(): void {
    this.previousEnd = this.end;
    const { kind } = this;
    this.#scan();
    if (this.kind === "illegal") {
      throw this.#unrecognized();
    }
    if (this.kind === "WINDOW" || this.kind === "OVER" || this.kind === "FILTER") {
      this.#decideByContext(kind);
    }
  }

  /** Whether nothing but space, comments and semicolons is left behind the token before the current one. */
  get isSpent(): boolean {
    const { text } = this;
    let at = skipSpace(text, this.previousEnd);
    while (text.charCodeAt(at) === SEMICOLON) {
      at = skipSpace(text, at + 1);
    }
    return at >= text.length;
  }

  /** Whether the current token is the name in `name.*`. */
  get isStarred(): boolean {
    const dot = skipSpace(this.text, this.end);
    return this.text.charCodeAt(dot) === 46 && this.text.charCodeAt(skipSpace(this.text, dot + 1)) === 42;
  }

  #scan(): void {
    const { text } = this;
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
      this.#quoted("string", 39);
    } else if (code === 34 || code === 96) {
      this.#quoted("quoted", code);
    } else if (code === 91) {
      const close = text.indexOf("]", start);
      this.kind = close < 0 ? "illegal" : "quoted";
      this.end = close < 0 ? text.length : close + 1;
    } else if (code === 63 || code === 58 || code === 64 || code === 36 || code === 35) {
      this.#parameter(code);
    } else {
      this.#operator(code);
    }
  }

  /** The current token is WINDOW, OVER or FILTER; `previous` is the kind of the one before it. */
  #decideByContext(previous: string): void {
    const { kind, start, end, previousEnd } = this;
    this.#scan();
    let isKeyword: boolean;
    if (kind === "WINDOW") {
      const isNamed = this.#mayBeName();
      this.#scan();
      isKeyword = isNamed && this.kind === "AS";
    } else {
      isKeyword = previous === ")" && (this.kind === "(" || (kind === "OVER" && this.#mayBeName()));
    }
    this.kind = isKeyword ? kind : "name";
    this.start = start;
    this.end = end;
    this.previousEnd = previousEnd;
  }

  #mayBeName(): boolean {
    const { kind } = this;
    const isWord = kind === "name" || kind === "quoted" || kind === "string" || kind === "WINDOW" || kind === "OVER";
    const keyword = keywordClass(kind);
    return isWord || keyword === "fallback" || (keyword === "join" && kind !== "INDEXED");
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
    this.kind = keywordAt(text, start, this.end) ?? "name";
  }

  #blob(): void {
    const { text, start } = this;
    let at = start + 2;
    while ((classOf(text.charCodeAt(at)) & HEX) !== 0) {
      at++;
    }
    const isWhole = text.charCodeAt(at) === 39 && (at - start) % 2 === 0;
    const close = text.indexOf("'", at);
    this.kind = isWhole ? "blob" : "illegal";
    this.end = close < 0 ? text.length : close + 1;
  }

  #number(first: number): void {
    const { text, start } = this;
    let at = start;
    let kind = "integer";
    const second = text.charCodeAt(start + 1) | 32;
    if (first === 48 && second === 120 && (classOf(text.charCodeAt(start + 2)) & HEX) !== 0) {
      at = digitsEnd(text, start + 2, HEX);
    } else {
      at = digitsEnd(text, at, DIGIT);
      if (text.charCodeAt(at) === 46) {
        kind = "real";
        at = digitsEnd(text, at + 1, DIGIT);
      }
      if ((text.charCodeAt(at) | 32) === 101) {
        const sign = text.charCodeAt(at + 1);
        const digits = sign === 43 || sign === 45 ? at + 2 : at + 1;
        if (isDigit(text.charCodeAt(digits))) {
          kind = "real";
          at = digitsEnd(text, digits, DIGIT);
        }
      }
    }
    if ((classOf(text.charCodeAt(at)) & NAME_TAIL) !== 0) {
      this.kind = "illegal";
      this.end = nameEnd(text, at);
    } else {
      this.kind = hasUnderscore(text, start, at) ? "grouped" : kind;
      this.end = at;
    }
  }

  #parameter(first: number): void {
    const { text, start } = this;
    let at = start + 1;
    if (first === 63) {
      while (isDigit(text.charCodeAt(at))) {
        at++;
      }
    } else {
      at = nameEnd(text, at);
    }
    this.kind = first !== 63 && at === start + 1 ? "illegal" : "parameter";
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
    this.kind = "illegal";
    this.end = start + 1;
  }

  /** A doubled quote stands for itself. */
  #quoted(kind: TokenKind, quote: number): void {
    const { text, start } = this;
    const mark = String.fromCharCode(quote);
    let at = text.indexOf(mark, start + 1);
    while (at >= 0 && text.charCodeAt(at + 1) === quote) {
      at = text.indexOf(mark, at + 2);
    }
    this.kind = at < 0 ? "illegal" : kind;
    this.end = at < 0 ? text.length : at + 1;
  }

  #unrecognized(): DbError {
    const { text, start, end } = this;
    return errorAt("INVALID", `unrecognized token: ${quoteNear(text, start, end)}`, text, start);
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if ((classOf(code) & SPACE) !== 0 || code === BYTE_ORDER_MARK) {
      at++;
    } else if (code === VERTICAL_TAB && at > from && isSpace(text.charCodeAt(at - 1))) {
      // It goes on a space, and does not begin one.
      at++;
    } else if (code === 45 && text.charCodeAt(at + 1) === 45) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end + 1;
    } else if (code === 47 && text.charCodeAt(at + 1) === 42 && at + 2 < text.length) {
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

function isSpace(code: number): boolean {
  return code === VERTICAL_TAB || (classOf(code) & SPACE) !== 0;
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

/** Digits, and underscores among them; whether each stands between two digits is asked when the number is read. */
function digitsEnd(text: string, from: number, digitClass: number): number {
  let at = from;
  while ((classOf(text.charCodeAt(at)) & digitClass) !== 0 || text.charCodeAt(at) === 95) {
    at++;
  }
  return at;
}

function hasUnderscore(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    if (text.charCodeAt(at) === 95) {
      return true;
    }
  }
  return false;
}
