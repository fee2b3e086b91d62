/**
 * JSON objects as rows: a parser that takes text in pieces, so that no file is ever one string.
 *
 * It reads an array of objects `[{…}, {…}]`, or objects one after the other with nothing but white space between them
 * (NDJSON, JSON Lines), and tells which by the first character. An object is a row; its fields are columns in
 * the order in which they are first met; a field that a later object lacks is `null`.
 *
 *   number           number; a bigint where the integer needs it (`JSON.parse` would round the id 9007199254740993); the
 *                    text of an integer beyond 64 bits that no number prints as
 *   true, false      1, 0, as SQLite has it
 *   string, null     the same
 *   object, array    its source text without the white space: valid JSON, with nothing rounded
 *
 * After `freezeColumns()` a field that is not known yet is an error, or is left out (`ignoreUnknown`).
 *
 * How it is fast (README has the figures): an object is read straight into a row, without a JavaScript object between
 * them, and the name of a field is first compared with the name that followed in the previous object.
 * Incomplete objects are scanned again once the text has doubled, as in csv.ts.
 */
import { DbError } from "../../errors.ts";
import { integerOf, KIND_INTEGER, KIND_REAL, KIND_TEXT } from "./number-text.ts";

export type JsonValue = string | number | bigint | null;
/** As long as the columns were when it was read; what is missing at its end is `null`. */
export type JsonRow = JsonValue[];

export interface JsonOptions {
  /** How error messages call the file. */
  readonly name: string;
  /** Leave out fields that are unknown when the columns are frozen, instead of refusing them. */
  readonly ignoreUnknown?: boolean;
}

/** One object may be as long as this; what is longer is not an array of rows. */
export const MAX_OBJECT_LENGTH: number = 64 * 1024 * 1024;

/** What `#value` and its like return where the text ends too early. */
const INCOMPLETE = -1;
/** The column of a field that is left out. */
const IGNORED = -1;

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const UPPER_E = 69;
const LOWER_E = 101;
const LOWER_F = 102;
const LOWER_N = 110;
const LOWER_T = 116;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** So many digits of an integer are exact in a number. */
const EXACT_DIGITS = 15;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const HALF_PAIR = /\p{Surrogate}/u;
const WHITE_SPACE_OUTSIDE_STRINGS = /("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g;

type State = "start" | "first element" | "element" | "after element" | "objects" | "done";

export class JsonRowParser {
  #name: string;
  #ignoreUnknown: boolean;
  #state: State;
  #rest: string;
  #nextAttemptLength: number;
  #linesBefore: number;
  #columns: string[];
  #kinds: number[];
  #columnOf: Map<string, number>;
  #isFrozen: boolean;
  /** Fields in the order of the previous object: source text of the name with its quotes, and its column. */
  #expectedNames: string[];
  #expectedColumns: number[];
  /** What `#field` and `#value` read last. */
  #lastColumn: number;
  #lastValue: JsonValue;
  #lastKind: number;

  constructor(options: JsonOptions) {
    this.#name = options.name;
    this.#ignoreUnknown = options.ignoreUnknown ?? false;
    this.#state = "start";
    this.#rest = "";
    this.#nextAttemptLength = 0;
    this.#linesBefore = 0;
    this.#columns = [];
    this.#kinds = [];
    this.#columnOf = new Map();
    this.#isFrozen = false;
    this.#expectedNames = [];
    this.#expectedColumns = [];
    this.#lastColumn = 0;
    this.#lastValue = null;
    this.#lastKind = 0;
  }

  /** The names of the fields so far, each in the place that it has in the rows. */
  get columns(): readonly string[] {
    return this.#columns;
  }

  /** For each column the kinds met, as KIND_ bits. A number with a fraction or exponent in its text is a REAL. */
  get kinds(): readonly number[] {
    return this.#kinds;
  }

  freezeColumns(): void {
    this.#isFrozen = true;
  }

  /** Appends every object that is complete by now to `rows`. Throws INVALID {line}. */
  push(text: string, rows: JsonRow[]): void {
    this.#rest = this.#rest === "" ? text : this.#rest + text;
    if (this.#rest.length < this.#nextAttemptLength) {
      return;
    }
    const consumed = this.#parse(this.#rest, rows);
    this.#linesBefore += lineEndsIn(this.#rest, consumed);
    this.#rest = this.#rest.slice(consumed);
    this.#nextAttemptLength = consumed === 0 ? this.#rest.length * 2 : 0;
    if (this.#rest.length > MAX_OBJECT_LENGTH) {
      throw this.#error(this.#rest, 0, `an object of more than ${MAX_OBJECT_LENGTH} characters starts here`);
    }
  }

  /** To be called once, after the last text. Throws INVALID {line} where the file ends in the middle. */
  end(rows: JsonRow[]): void {
    const consumed = this.#parse(this.#rest, rows);
    const isOutside = this.#state === "start" || this.#state === "objects" || this.#state === "done";
    if (consumed < this.#rest.length || !isOutside) {
      throw this.#error(
        this.#rest,
        consumed,
        "the file ends in the middle of what starts here; it may have been cut off",
      );
    }
  }

  /** Parses whole objects, and what stands between them; returns how much of `text` that was. */
  #parse(text: string, rows: JsonRow[]): number {
    let at = skipWhiteSpace(text, 0);
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === OPEN_BRACE && this.#state !== "after element" && this.#state !== "done") {
        const row = nullRow(this.#columns.length);
        const end = this.#object(text, at + 1, row);
        if (end === INCOMPLETE) {
          return at;
        }
        rows.push(row);
        at = end;
        this.#state = this.#state === "start" || this.#state === "objects" ? "objects" : "after element";
      } else {
        this.#punctuation(text, at, code);
        at++;
      }
      at = skipWhiteSpace(text, at);
    }
    return at;
  }

  /** What may stand outside an object: the brackets and commas of the array. */
  #punctuation(text: string, at: number, code: number): void {
    if (code === OPEN_BRACKET && this.#state === "start") {
      this.#state = "first element";
    } else if (code === COMMA && this.#state === "after element") {
      this.#state = "element";
    } else if (code === CLOSE_BRACKET && (this.#state === "after element" || this.#state === "first element")) {
      this.#state = "done";
    } else if (this.#state === "done") {
      throw this.#error(text, at, `${excerpt(text, at)} follows the end of the array`);
    } else if (this.#state === "after element") {
      throw this.#error(text, at, `expected a comma or the end of the array, found ${excerpt(text, at)}`);
    } else {
      throw this.#error(text, at, `expected an object, found ${excerpt(text, at)}; a row is a JSON object`);
    }
  }

  /** Reads the fields of an object, from behind its brace, into `row`; returns the position after it, or INCOMPLETE. */
  #object(text: string, start: number, row: JsonRow): number {
    let at = skipWhiteSpace(text, start);
    if (text.charCodeAt(at) === CLOSE_BRACE) {
      return at + 1;
    }
    for (let order = 0; ; order++) {
      at = this.#field(text, at, order);
      at = at === INCOMPLETE ? text.length : skipWhiteSpace(text, at);
      if (at >= text.length) {
        return INCOMPLETE;
      }
      if (text.charCodeAt(at) !== COLON) {
        throw this.#error(text, at, `expected a colon, found ${excerpt(text, at)}`);
      }
      at = this.#value(text, skipWhiteSpace(text, at + 1));
      at = at === INCOMPLETE ? text.length : skipWhiteSpace(text, at);
      if (at >= text.length) {
        return INCOMPLETE;
      }
      const column = this.#lastColumn;
      if (column !== IGNORED) {
        row[column] = this.#lastValue;
        this.#kinds[column]! |= this.#lastKind;
      }
      const code = text.charCodeAt(at);
      if (code === CLOSE_BRACE) {
        return at + 1;
      }
      if (code !== COMMA) {
        throw this.#error(text, at, `expected a comma or the end of the object, found ${excerpt(text, at)}`);
      }
      at = skipWhiteSpace(text, at + 1);
    }
  }

  /** Reads the name at `at` and sets `#lastColumn`; returns the position after it. */
  #field(text: string, at: number, order: number): number {
    const expected = this.#expectedNames[order];
    if (expected !== undefined && text.startsWith(expected, at)) {
      this.#lastColumn = this.#expectedColumns[order]!;
      return at + expected.length;
    }
    if (at >= text.length) {
      return INCOMPLETE;
    }
    if (text.charCodeAt(at) !== QUOTE) {
      throw this.#error(text, at, `expected the name of a field in quotes, found ${excerpt(text, at)}`);
    }
    const end = this.#string(text, at);
    if (end !== INCOMPLETE) {
      this.#lastColumn = this.#columnNamed(this.#lastValue as string, text, at);
      this.#expectedNames[order] = text.slice(at, end);
      this.#expectedColumns[order] = this.#lastColumn;
    }
    return end;
  }

  #columnNamed(name: string, text: string, at: number): number {
    const known = this.#columnOf.get(name);
    if (known !== undefined) {
      return known;
    }
    if (this.#isFrozen) {
      if (this.#ignoreUnknown) {
        return IGNORED;
      }
      throw this.#error(
        text,
        at,
        `the field ${JSON.stringify(name)} is none of the columns; create the table with it first, or leave unknown fields out with --ignore-unknown`,
      );
    }
    const column = this.#columns.length;
    this.#columns.push(name);
    this.#kinds.push(0);
    this.#columnOf.set(name, column);
    return column;
  }

  /** Reads a value into `#lastValue` and `#lastKind`; returns the position after it. */
  #value(text: string, at: number): number {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      this.#lastKind = KIND_TEXT;
      return this.#string(text, at);
    }
    if (code === MINUS || (code >= ZERO && code <= NINE)) {
      return this.#number(text, at);
    }
    switch (code) {
      case LOWER_T:
        return this.#word(text, at, "true", 1, KIND_INTEGER);
      case LOWER_F:
        return this.#word(text, at, "false", 0, KIND_INTEGER);
      case LOWER_N:
        return this.#word(text, at, "null", null, 0);
      case OPEN_BRACE:
      case OPEN_BRACKET:
        return this.#nested(text, at);
    }
    if (at < text.length) {
      throw this.#error(text, at, `expected a value, found ${excerpt(text, at)}`);
    }
    return INCOMPLETE;
  }

  #word(text: string, at: number, word: string, value: JsonValue, kind: number): number {
    if (text.startsWith(word, at)) {
      this.#lastValue = value;
      this.#lastKind = kind;
      return at + word.length;
    }
    if (word.startsWith(text.slice(at))) {
      return INCOMPLETE;
    }
    throw this.#error(text, at, `expected a value, found ${excerpt(text, at)}`);
  }

  #string(text: string, at: number): number {
    let hasEscapes = false;
    for (let end = at + 1; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === QUOTE) {
        this.#lastValue = hasEscapes ? this.#unescaped(text, at, end + 1) : text.slice(at + 1, end);
        return end + 1;
      }
      if (code === BACKSLASH) {
        hasEscapes = true;
        end++;
      } else if (code < 32) {
        throw this.#error(text, end, "a control character in a string is to be escaped");
      }
    }
    return INCOMPLETE;
  }

  #number(text: string, at: number): number {
    const isNegative = text.charCodeAt(at) === MINUS;
    const digitsStart = isNegative ? at + 1 : at;
    let end = digitsStart;
    let value = 0;
    let code = text.charCodeAt(end);
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO);
      code = text.charCodeAt(++end);
    }
    const digits = end - digitsStart;
    const isPlain = code !== DOT && code !== LOWER_E && code !== UPPER_E && digits > 0 && digits <= EXACT_DIGITS;
    if (isPlain && (digits === 1 || text.charCodeAt(digitsStart) !== ZERO)) {
      this.#lastValue = isNegative && value !== 0 ? -value : value;
      this.#lastKind = KIND_INTEGER;
      return end;
    }
    return this.#longNumber(text, at, end);
  }

  /** A number that is more than a few digits; `end` is where its leading digits end. */
  #longNumber(text: string, at: number, digitsEnd: number): number {
    let end = digitsEnd;
    while (end < text.length && isNumberCharacter(text.charCodeAt(end))) {
      end++;
    }
    if (end === text.length) {
      return INCOMPLETE;
    }
    const source = text.slice(at, end);
    if (!NUMBER.test(source)) {
      throw this.#error(text, at, `${excerpt(text, at)} is no number`);
    }
    const integer = end === digitsEnd ? integerOf(source) : undefined;
    if (integer !== undefined) {
      this.#lastKind = KIND_INTEGER;
      this.#lastValue = integer;
    } else if (end === digitsEnd && !isWholeReal(source)) {
      this.#lastKind = KIND_TEXT;
      this.#lastValue = source;
    } else {
      this.#lastKind = KIND_REAL;
      this.#lastValue = Number(source);
    }
    return end;
  }

  /** An object or array within a row: its text. */
  #nested(text: string, at: number): number {
    let depth = 0;
    for (let end = at; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === QUOTE) {
        end = endOfString(text, end);
        if (end === INCOMPLETE) {
          return INCOMPLETE;
        }
      } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
        depth++;
      } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        depth--;
        if (depth === 0) {
          this.#parsed(text, at, end + 1);
          this.#lastValue = text.slice(at, end + 1).replace(WHITE_SPACE_OUTSIDE_STRINGS, "$1");
          this.#lastKind = KIND_TEXT;
          return end + 1;
        }
      }
    }
    return INCOMPLETE;
  }

  #unescaped(text: string, start: number, end: number): string {
    const string = this.#parsed(text, start, end);
    if (HALF_PAIR.test(string)) {
      throw this.#error(text, start, `${excerpt(text, start)} has half a surrogate pair, which UTF-8 cannot hold`);
    }
    return string;
  }

  #parsed(text: string, start: number, end: number): string {
    try {
      return JSON.parse(text.slice(start, end)) as string;
    } catch (cause) {
      throw this.#error(text, start, `${excerpt(text, start)} is not valid JSON (${(cause as Error).message})`);
    }
  }

  #error(text: string, at: number, what: string): DbError {
    const line = this.#linesBefore + lineEndsIn(text, at) + 1;
    return new DbError("INVALID", `${this.#name}, line ${line}: ${what}`, { line });
  }
}

function nullRow(length: number): JsonRow {
  const row: JsonRow = [];
  for (let column = 0; column < length; column++) {
    row.push(null);
  }
  return row;
}

function skipWhiteSpace(text: string, start: number): number {
  let at = start;
  let code = text.charCodeAt(at);
  while (code === 32 || code === 10 || code === 13 || code === 9) {
    code = text.charCodeAt(++at);
  }
  return at;
}

/** The position of the quote that closes the string opened at `at`, or INCOMPLETE. */
function endOfString(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === QUOTE) {
      return end;
    }
    if (code === BACKSLASH) {
      end++;
    }
  }
  return INCOMPLETE;
}

/** Whether the digits are those of a real: its exact value, or how JavaScript prints it. */
function isWholeReal(digits: string): boolean {
  const real = Number(digits);
  return String(real) === digits || (Number.isFinite(real) && BigInt(real) === BigInt(digits));
}

/** Wide on purpose: what is not a number shows up as one word in the message. */
function isNumberCharacter(code: number): boolean {
  return (code >= ZERO && code <= NINE) || code === DOT || code === MINUS || code === 43 || (code | 32) === LOWER_E;
}

function lineEndsIn(text: string, end: number): number {
  let lines = 0;
  let found = text.indexOf("\n");
  while (found >= 0 && found < end) {
    lines++;
    found = text.indexOf("\n", found + 1);
  }
  return lines;
}

function excerpt(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 16));
}
