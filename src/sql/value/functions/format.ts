/**
 * format() and printf().
 *
 *   d i      integer        r   1st 2nd 3rd 4th                s z   text           n   nothing
 *   u        unsigned       f e E g G   real                   c     a character    %   a per cent sign
 *   x X o p  unsigned, to base 16 or 8                         q Q w text for SQL: quotes doubled
 *
 * Width and precision of text count bytes, with `!` characters, as in SQLite. Arguments that are missing are NULL.
 */
import { utf8Text } from "../text.ts";
import { answerNull, answerText, NULL, NULLABLE, type SqlValue, type Tag, TEXT, typeSet } from "../value.ts";
import { exactArgument, realArgument, refuseTooLong, stringOf } from "./argument.ts";
import { codePointCount, isAscii, skipCodePoints } from "./code-points.ts";
import { compileFormat, type Directive, FROM_ARGUMENT, NONE } from "./format-directive.ts";
import { escaped } from "./quote.ts";
import { alignText, formatReal, type RealForm, withThousands } from "./real-format.ts";
import { ANY_NUMBER, pure, type ScalarFunction } from "./scalar-function.ts";

type Pairs = readonly (Tag | SqlValue)[];

/** The arguments of the call that runs, and the place of the next. */
let list: Pairs = [];
let next = 0;

function formatText(...pairs: (Tag | SqlValue)[]): void {
  if (pairs.length === 0 || pairs[0] === NULL) {
    answerNull();
    return;
  }
  const pieces = compileFormat(stringOf(pairs[0] as Tag, pairs[1] as SqlValue));
  if (pieces.length === 0) {
    // To SQLite text to which nothing was ever added is no text.
    answerNull();
    return;
  }
  list = pairs;
  next = 2;
  let text = "";
  for (const piece of pieces) {
    const part = typeof piece === "string" ? piece : directiveText(piece);
    // SQLite puts a NUL behind.
    refuseTooLong(text.length + part.length + 1);
    text += part;
  }
  list = [];
  answerText(text);
}

function directiveText(directive: Directive): string {
  let { width, precision, leftAligned } = directive;
  if (width === FROM_ARGUMENT) {
    width = smallArgument();
    if (width < 0) {
      leftAligned = true;
      width = width === LOWEST_INT32 ? 0 : -width;
    }
  }
  if (precision === FROM_ARGUMENT) {
    precision = smallArgument();
    if (precision < 0) {
      precision = precision === LOWEST_INT32 ? NONE : -precision;
    }
  }
  switch (directive.conversion) {
    case "f":
    case "e":
    case "E":
    case "g":
    case "G": {
      const form = leftAligned === directive.leftAligned ? directive : { ...directive, leftAligned };
      return formatReal(form as RealForm, takeReal(), width, precision);
    }
    case "s":
    case "z":
      return cutAndAligned(takeText() ?? "", directive.exact, leftAligned, width, precision);
    case "c":
      return repeatedCharacter(takeText() ?? "", leftAligned, width, precision);
    case "q":
    case "Q":
    case "w":
      return quotedText(directive, leftAligned, width, precision);
    case "n":
      return "";
    case "%":
      return alignText("%", width, leftAligned);
    default:
      return integerText(directive, leftAligned, width, precision);
  }
}

const LOWEST_INT32 = -(2 ** 31);

function takeInteger(): number | bigint {
  if (next >= list.length) {
    return 0;
  }
  next += 2;
  return exactArgument(list[next - 2] as Tag, list[next - 1] as SqlValue);
}

/** The low 32 bits of an integer. */
function smallArgument(): number {
  return Number(BigInt.asIntN(32, BigInt(takeInteger())));
}

function takeReal(): number {
  if (next >= list.length) {
    return 0;
  }
  next += 2;
  return realArgument(list[next - 2] as Tag, list[next - 1] as SqlValue);
}

/** Undefined: NULL. */
function takeText(): string | undefined {
  if (next >= list.length) {
    return undefined;
  }
  next += 2;
  const tag = list[next - 2] as Tag;
  return tag === NULL ? undefined : stringOf(tag, list[next - 1] as SqlValue);
}

function integerText(directive: Directive, leftAligned: boolean, width: number, precision: number): string {
  const { conversion } = directive;
  const value = takeInteger();
  const isSigned = conversion === "d" || conversion === "i" || conversion === "r";
  const sign = isSigned ? (value < 0 ? "-" : directive.plus) : "";
  let digits = digitsOf(conversion, isSigned && value < 0 ? -value : value);
  let least = precision;
  if (directive.zeroPadded) {
    least = Math.max(least, width - sign.length);
  }
  if (least > 0) {
    // SQLite makes room for a sign and a prefix as well.
    refuseTooLong(least + 10);
  }
  if (conversion === "r") {
    digits += ordinalEnding(digits);
  }
  if (digits.length < least) {
    refuseTooLong(least);
    digits = digits.padStart(least, "0");
  }
  const isDecimal = conversion === "d" || conversion === "i" || conversion === "u";
  // biome-ignore lint/suspicious/noDoubleEquals: a zero of either kind
  const prefix = directive.alternate && value != 0 ? (PREFIXES[conversion] ?? "") : "";
  return alignText(prefix + sign + withThousands(digits, directive.thousands && isDecimal), width, leftAligned);
}

const PREFIXES: Readonly<Record<string, string>> = { x: "0x", X: "0X", p: "0x", o: "0" };

function digitsOf(conversion: string, value: number | bigint): string {
  const base = conversion === "o" ? 8 : conversion === "x" || conversion === "X" || conversion === "p" ? 16 : 10;
  // Negative numbers are here only without a sign: as what they are in 64 bits.
  const digits = (value < 0 ? BigInt.asUintN(64, BigInt(value)) : value).toString(base);
  return conversion === "X" || conversion === "p" ? digits.toUpperCase() : digits;
}

function ordinalEnding(digits: string): string {
  const last = digits.at(-1)!;
  return digits.at(-2) === "1" || last > "3" || last === "0" ? "th" : last === "1" ? "st" : last === "2" ? "nd" : "rd";
}

function repeatedCharacter(text: string, leftAligned: boolean, width: number, precision: number): string {
  const character = text === "" ? "\0" : text.slice(0, skipCodePoints(text, 0, 1));
  const times = Math.max(precision, 1);
  refuseTooLong(Math.max(times * character.length, width));
  return pad(character.repeat(times), width - times, leftAligned);
}

/** Text cut to `precision`; then aligned, both in bytes or in characters. */
function cutAndAligned(
  text: string,
  countsCharacters: boolean,
  leftAligned: boolean,
  width: number,
  precision: number,
): string {
  const part = cut(text, countsCharacters, precision);
  return pad(part, width - cutSize, leftAligned);
}

/** How long the part is that was cut last, in what it was cut by. */
let cutSize = 0;

/** Bytes that are a part of a character only become a U+FFFD. */
function cut(text: string, countsCharacters: boolean, most: number): string {
  if (isAscii(text)) {
    const part = most >= 0 && most < text.length ? text.slice(0, most) : text;
    cutSize = part.length;
    return part;
  }
  if (countsCharacters) {
    const part = most >= 0 ? text.slice(0, skipCodePoints(text, 0, most)) : text;
    cutSize = codePointCount(part);
    return part;
  }
  const bytes = Buffer.from(text);
  cutSize = most >= 0 ? Math.min(most, bytes.length) : bytes.length;
  return cutSize === bytes.length ? text : utf8Text(bytes, 0, cutSize);
}

function pad(text: string, spaces: number, leftAligned: boolean): string {
  if (spaces <= 0) {
    return text;
  }
  refuseTooLong(text.length + spaces);
  return leftAligned ? text + " ".repeat(spaces) : " ".repeat(spaces) + text;
}

/** `%q` doubles single quotes, `%Q` stands in them as well, `%w` doubles double quotes; `#`: with escapes of unistr. */
function quotedText(directive: Directive, leftAligned: boolean, width: number, precision: number): string {
  const { conversion, exact, alternate } = directive;
  const given = takeText();
  const part = cut(given ?? (conversion === "Q" ? "NULL" : "(NULL)"), exact, precision);
  const size = cutSize;
  const mark = conversion === "w" ? '"' : "'";
  let text = part.includes(mark) ? part.replaceAll(mark, mark + mark) : part;
  let isEscaped = false;
  if (alternate && conversion !== "w") {
    isEscaped = conversion === "q" || CONTROLS.test(part);
    text = isEscaped ? escaped(text) : text;
  }
  if (conversion === "Q" && given !== undefined) {
    text = isEscaped ? `unistr('${text}')` : `'${text}'`;
  }
  // What was added is ASCII, so it counts alike in bytes and in characters.
  return pad(text, width - (size + text.length - part.length), leftAligned);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped
const CONTROLS = /[\x01-\x1f]/;

export const FORMAT_FUNCTIONS: readonly ScalarFunction[] = ["format", "printf"].map((name) =>
  pure(name, 0, ANY_NUMBER, typeSet(TEXT) | NULLABLE, formatText),
);
