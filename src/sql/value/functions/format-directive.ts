/**
 * The format strings of format(): text, and directives of the form
 *
 *   % flags width .precision length conversion        flags  - + space # ! 0 ,      width, precision  digits or *
 *
 * A directive that SQLite does not know ends the output where it stands. A compiled format is kept, so that a statement
 * which formats a row after the other reads its format once.
 */

/** A width or precision that is an argument. */
export const FROM_ARGUMENT = -2;
export const NONE = -1;

export interface Directive {
  /** One of `CONVERSIONS`. */
  readonly conversion: string;
  readonly plus: string;
  readonly leftAligned: boolean;
  readonly zeroPadded: boolean;
  readonly alternate: boolean;
  readonly exact: boolean;
  readonly thousands: boolean;
  /** 0: none. */
  readonly width: number;
  /** NONE: none. */
  readonly precision: number;
}

/** A text stands for itself. */
export type Piece = string | Directive;

const CONVERSIONS = "diurxXopfeEgGsczqQwn%";

const formats = new Map<string, readonly Piece[]>();
const KEPT_FORMATS = 64;
const KEPT_FORMAT_LENGTH = 1000;
let lastFormat = "";
let lastPieces: readonly Piece[] = [];

export function compileFormat(format: string): readonly Piece[] {
  if (format === lastFormat) {
    return lastPieces;
  }
  let pieces = formats.get(format);
  if (pieces === undefined) {
    pieces = parseFormat(format);
    if (format.length <= KEPT_FORMAT_LENGTH) {
      if (formats.size === KEPT_FORMATS) {
        formats.delete(formats.keys().next().value!);
      }
      formats.set(format, pieces);
    }
  }
  lastFormat = format;
  lastPieces = pieces;
  return pieces;
}

const DIRECTIVE = /%([-+ #!0,]*)(\*|[1-9][0-9]*)?(?:\.(\*|[0-9]*))?(l{0,2})(.)?/sy;

function parseFormat(format: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (;;) {
    const at = format.indexOf("%", from);
    const text = at < 0 ? format.slice(from) : format.slice(from, at);
    if (text !== "") {
      pieces.push(text);
    }
    if (at < 0) {
      return pieces;
    }
    if (at === format.length - 1) {
      return [...pieces, "%"];
    }
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(format)!;
    const [all, flags = "", width, precision, , conversion] = match;
    if (conversion === undefined || !CONVERSIONS.includes(conversion)) {
      return pieces;
    }
    pieces.push({
      conversion,
      plus: plusOf(flags),
      leftAligned: flags.includes("-"),
      zeroPadded: flags.includes("0"),
      alternate: flags.includes("#"),
      exact: flags.includes("!"),
      thousands: flags.includes(","),
      width: width === undefined ? 0 : numberOf(width),
      precision: precision === undefined ? NONE : numberOf(precision),
    });
    from = at + all.length;
  }
}

/** The last one counts. */
function plusOf(flags: string): string {
  const plus = flags.lastIndexOf("+");
  const space = flags.lastIndexOf(" ");
  return plus > space ? "+" : space >= 0 ? " " : "";
}

/** SQLite reads digits into 32 bits, and drops the highest. */
function numberOf(digits: string): number {
  if (digits === "*") {
    return FROM_ARGUMENT;
  }
  let number = 0;
  for (let i = 0; i < digits.length; i++) {
    number = (Math.imul(number, 10) + digits.charCodeAt(i) - 48) | 0;
  }
  return number & 0x7fffffff;
}
