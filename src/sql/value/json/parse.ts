/**
 * JSON text to JSONB. Takes RFC 8259 and what SQLite takes of JSON5, and remembers where it failed and whether it met JSON5.
 *
 * The text ends with a zero byte, as SQLite's does: what follows a NUL is not read. `#value` answers where an element ends, or one
 * of the codes below: a bracket or separator that stands where an element could is told to the container around it, which
 * is how white space and comments are skipped in one place.
 */
import type { ByteBuffer } from "./byte-buffer.ts";
import { ALPHANUMERIC, DIGIT, isClass, isHex, isSpace, LABEL_START, PLAIN_BYTES } from "./characters.ts";
import {
  appendElement,
  appendHeader,
  closeElement,
  elementType,
  isLabelType,
  JSON_ARRAY,
  JSON_FALSE,
  JSON_FLOAT,
  JSON_INT,
  JSON_NULL,
  JSON_OBJECT,
  JSON_TEXT,
  JSON_TEXT5,
  JSON_TEXTJ,
  JSON_TRUE,
  MOST_DEPTH,
  openElement,
} from "./element.ts";
import { isWord, numberSyntax, readNumberSyntax } from "./number-syntax.ts";
import { isLineSeparator, skipWhiteSpace } from "./white-space.ts";

const END = 0;
const FAILED = -1;
const OBJECT_END = -2;
const ARRAY_END = -3;
const COMMA = -4;
const COLON = -5;

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const COMMA_BYTE = 0x2c;
const COLON_BYTE = 0x3a;
const POINT = 0x2e;
const CLOSE_BRACKET = 0x5d;
const CLOSE_BRACE = 0x7d;

/** Words of JSON5 that stand for numbers, in lower case; what they become. */
const NUMBER_WORDS: readonly (readonly [word: string, isInfinite: boolean])[] = [
  ["inf", true],
  ["infinity", true],
  ["nan", false],
  ["qnan", false],
  ["snan", false],
];

export class TextParser {
  /** Where the last text was found wrong, in bytes. */
  errorAt: number;
  /** Whether the last text had anything that RFC 8259 does not have. */
  isExtended: boolean;
  #text: Uint8Array;
  #out: ByteBuffer;
  #depth: number;

  constructor(out: ByteBuffer) {
    this.errorAt = 0;
    this.isExtended = false;
    this.#text = new Uint8Array(1);
    this.#out = out;
    this.#depth = 0;
  }

  /** Appends the text's element; false where the text is malformed. */
  parse(text: Uint8Array, out: ByteBuffer): boolean {
    this.errorAt = 0;
    this.isExtended = false;
    this.#text = text;
    this.#out = out;
    this.#depth = 0;
    let end = this.#value(0);
    if (end <= 0) {
      return false;
    }
    while (isSpace(text[end])) {
      end++;
    }
    if (text[end] !== 0) {
      end = skipWhiteSpace(text, end);
      if (text[end] !== 0) {
        return false;
      }
      this.isExtended = true;
    }
    return true;
  }

  #value(at: number): number {
    const text = this.#text;
    for (;;) {
      const byte = text[at]!;
      switch (byte) {
        case QUOTE:
          return this.#string(at, QUOTE);
        case 0x7b:
          return this.#object(at);
        case 0x5b:
          return this.#array(at);
        case 0x20:
        case 0x0a:
        case 0x0d:
        case 0x09:
          do {
            at++;
          } while (isSpace(text[at]));
          break;
        case CLOSE_BRACE:
          return this.#fail(at, OBJECT_END);
        case CLOSE_BRACKET:
          return this.#fail(at, ARRAY_END);
        case COMMA_BYTE:
          return this.#fail(at, COMMA);
        case COLON_BYTE:
          return this.#fail(at, COLON);
        case 0:
          return END;
        case APOSTROPHE:
          this.isExtended = true;
          return this.#string(at, APOSTROPHE);
        default: {
          if (isClass(byte, DIGIT) || byte === 0x2d || byte === 0x2e || byte === 0x2b) {
            return this.#number(at);
          }
          const next = byte < 0x80 && byte > 0x20 && byte !== 0x2f ? at : skipWhiteSpace(text, at);
          if (next === at) {
            return this.#word(at);
          }
          this.isExtended = true;
          at = next;
        }
      }
    }
  }

  #fail(at: number, code: number): number {
    this.errorAt = at;
    return code;
  }

  /** A code that no container expected is told with its place; one that is a failure has told it. */
  #unexpected(at: number, code: number): number {
    return code === FAILED ? FAILED : this.#fail(at, FAILED);
  }

  #object(at: number): number {
    const text = this.#text;
    const out = this.#out;
    const start = openElement(out, JSON_OBJECT);
    if (++this.#depth > MOST_DEPTH) {
      return this.#fail(at, FAILED);
    }
    for (at++; ; at++) {
      const label = out.length;
      let end = this.#value(at);
      if (end <= 0) {
        if (end === OBJECT_END) {
          at = this.errorAt;
          this.isExtended ||= out.length !== start;
          break;
        }
        at = skipWhiteSpace(text, at);
        const bare = this.#bareLabel(at);
        if (bare === 0) {
          return this.#unexpected(at, end);
        }
        end = bare;
      }
      if (!isLabelType(elementType(out.bytes, label))) {
        return this.#fail(at, FAILED);
      }
      at = this.#colon(end);
      if (at < 0) {
        return FAILED;
      }
      end = this.#value(at);
      if (end <= 0) {
        return this.#unexpected(at, end);
      }
      at = this.#separator(end, CLOSE_BRACE, OBJECT_END);
      if (at < 0) {
        return FAILED;
      }
      if (text[at] === CLOSE_BRACE) {
        break;
      }
    }
    closeElement(out, start);
    this.#depth--;
    return at + 1;
  }

  #array(at: number): number {
    const out = this.#out;
    const start = openElement(out, JSON_ARRAY);
    if (++this.#depth > MOST_DEPTH) {
      return this.#fail(at, FAILED);
    }
    for (at++; ; at++) {
      const end = this.#value(at);
      if (end <= 0) {
        if (end === ARRAY_END) {
          at = this.errorAt;
          this.isExtended ||= out.length !== start;
          break;
        }
        return this.#unexpected(at, end);
      }
      at = this.#separator(end, CLOSE_BRACKET, ARRAY_END);
      if (at < 0) {
        return FAILED;
      }
      if (this.#text[at] === CLOSE_BRACKET) {
        break;
      }
    }
    closeElement(out, start);
    this.#depth--;
    return at + 1;
  }

  /** Where the comma or closing bracket behind an element is. */
  #separator(at: number, close: number, code: number): number {
    const text = this.#text;
    if (text[at] === COMMA_BYTE || text[at] === close) {
      return at;
    }
    while (isSpace(text[at])) {
      at++;
    }
    if (text[at] === COMMA_BYTE || text[at] === close) {
      return at;
    }
    const found = this.#value(at);
    return found === COMMA || found === code ? this.errorAt : this.#fail(at, FAILED);
  }

  /** What lies behind the colon behind a label. */
  #colon(at: number): number {
    const text = this.#text;
    while (isSpace(text[at])) {
      at++;
    }
    if (text[at] === COLON_BYTE) {
      return at + 1;
    }
    const found = this.#value(at);
    return found === COLON ? this.errorAt + 1 : this.#unexpected(at, found);
  }

  /** A label without quotes; 0 where there is none. */
  #bareLabel(at: number): number {
    const text = this.#text;
    let type = JSON_TEXT;
    let end = at;
    for (;;) {
      const byte = text[end]!;
      if (byte === BACKSLASH && text[end + 1] === 0x75 && isHex(text, end + 2, 4)) {
        type = JSON_TEXTJ;
      } else if (
        !isClass(byte, end === at ? LABEL_START : LABEL_START | DIGIT) ||
        (end !== at && byte >= 0x80 && skipWhiteSpace(text, end) !== end)
      ) {
        break;
      }
      end++;
    }
    if (end === at) {
      return 0;
    }
    this.isExtended = true;
    appendElement(this.#out, type, text, at, end);
    return end;
  }

  #string(at: number, quote: number): number {
    const text = this.#text;
    let type = JSON_TEXT;
    let end = at + 1;
    for (; ; end++) {
      while (PLAIN_BYTES[text[end]!] === 1) {
        end++;
      }
      const byte = text[end]!;
      if (byte === quote) {
        break;
      }
      if (byte === BACKSLASH) {
        end++;
        const found = escapeType(text, end);
        if (found === JSON_TEXT5) {
          end += text[end] === 0x0d && text[end + 1] === 0x0a ? 1 : 0;
          this.isExtended = true;
        } else if (found === JSON_NULL) {
          return this.#fail(end, FAILED);
        }
        type = Math.max(type, found);
      } else if (byte <= 0x1f) {
        if (byte === 0) {
          return this.#fail(end, FAILED);
        }
        type = JSON_TEXT5;
        this.isExtended = true;
      } else if (byte === QUOTE) {
        type = JSON_TEXT5;
      }
    }
    appendElement(this.#out, type, text, at + 1, end);
    return end + 1;
  }

  #number(at: number): number {
    const integerEnd = skipInteger(this.#text, at);
    if (integerEnd > 0) {
      appendElement(this.#out, JSON_INT, this.#text, at, integerEnd);
      return integerEnd;
    }
    const end = readNumberSyntax(this.#text, at);
    this.isExtended ||= numberSyntax.isExtended;
    if (end < 0) {
      return this.#fail(numberSyntax.errorAt, FAILED);
    }
    if (numberSyntax.isInfinite) {
      this.#infinity(this.#text[at] === 0x2d);
    } else {
      appendElement(this.#out, numberSyntax.type, this.#text, this.#text[at] === 0x2b ? at + 1 : at, end);
    }
    return end;
  }

  #infinity(isNegative: boolean): void {
    const text = isNegative ? "-9e999" : "9e999";
    appendHeader(this.#out, JSON_FLOAT, text.length);
    this.#out.appendAscii(text);
  }

  #word(at: number): number {
    const text = this.#text;
    const type = wordType(text[at]!);
    const end = at + WORDS[type]!.length;
    if (isExactWord(text, at, WORDS[type]!) && !isClass(text[end], ALPHANUMERIC)) {
      this.#out.put(type);
      return end;
    }
    return this.#numberWord(at);
  }

  #numberWord(at: number): number {
    const text = this.#text;
    for (const [word, isInfinite] of NUMBER_WORDS) {
      const end = at + word.length;
      if (isWord(text, at, word) && !isClass(text[end], ALPHANUMERIC)) {
        isInfinite ? this.#infinity(false) : this.#out.put(JSON_NULL);
        this.isExtended = true;
        return end;
      }
    }
    return this.#fail(at, FAILED);
  }
}

/** By the types that they are: JSON_NULL, JSON_TRUE, JSON_FALSE. */
const WORDS: readonly string[] = ["null", "true", "false"];

/** Which of the words begins with a byte, if any does. */
function wordType(first: number): number {
  return first === 0x74 ? JSON_TRUE : first === 0x66 ? JSON_FALSE : JSON_NULL;
}

function isExactWord(text: Uint8Array, at: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    if (text[at + i] !== word.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** Where the digits at `at` end, of which the first is no zero and behind which the number ends; 0: it is another number. */
function skipInteger(text: Uint8Array, at: number): number {
  let end = at;
  if (text[at]! > 0x30) {
    while (text[end]! >= 0x30 && text[end]! <= 0x39) {
      end++;
    }
    return text[end] === POINT || (text[end]! | 0x20) === 0x65 ? 0 : end;
  }
  return 0;
}

/** The type that a string has with the escape whose character is at `at`; JSON_NULL: there is no such escape. */
function escapeType(text: Uint8Array, at: number): number {
  switch (text[at]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // \/ \b \f \n \r \t
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return JSON_TEXTJ;
    case 0x75: // \u0000
      return isHex(text, at + 1, 4) ? JSON_TEXTJ : JSON_NULL;
    case APOSTROPHE:
    case 0x76: // \v, and ends of lines
    case 0x0a:
    case 0x0d:
      return JSON_TEXT5;
    case 0x30: // \0
      return isClass(text[at + 1], DIGIT) ? JSON_NULL : JSON_TEXT5;
    case 0x78: // \x00
      return isHex(text, at + 1, 2) ? JSON_TEXT5 : JSON_NULL;
    default:
      return isLineSeparator(text, at) ? JSON_TEXT5 : JSON_NULL;
  }
}
