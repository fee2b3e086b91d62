/**
 * LIKE and GLOB.
 *
 *   LIKE   % any run, _ any one character; ASCII letters match in both cases, an ESCAPE character takes the next as it is
 *   GLOB   * any run, ? any one character, [abc] [a-c] [^a] one of a set; exact case
 *
 * A blob matches nothing and is no pattern (SQLite with LIKE_DOESNT_MATCH_BLOBS, which is how better-sqlite3 has it).
 *
 * A pattern is compiled once into a list of elements, and matches strings or, in place, a column's UTF-8 (GLOB's sets
 * excepted): 15 ns a row of short text where making the string first took 60. Matching remembers the last run only and never recurses: a text of
 * n and a pattern of m characters take n·m steps at worst, whatever the pattern is.
 */
import { DbError } from "../../errors.ts";

/** SQLite's bound on the length of a pattern. */
const MAX_PATTERN_LENGTH = 50_000;

const ANY_RUN = -1;
const ANY_ONE = -2;

/** No unit and no byte is this. */
const NOTHING = 0x11_0000;

const UNFOLDED = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const FOLDED = UNFOLDED.map((byte) => fold(byte));

interface CharacterSet {
  readonly negated: boolean;
  /** Pairs of first and last code point. */
  readonly ranges: readonly number[];
}

export class Pattern {
  /** What must come: a code unit (lower case for LIKE), ANY_RUN, ANY_ONE, or −3 − the number of a set. */
  readonly #elements: Int32Array;
  readonly #sets: readonly CharacterSet[];
  readonly #foldsCase: boolean;
  /** The same as bytes of UTF-8. */
  readonly #byteElements: Int32Array;

  private constructor(elements: Int32Array, sets: readonly CharacterSet[], foldsCase: boolean) {
    this.#elements = elements;
    this.#sets = sets;
    this.#foldsCase = foldsCase;
    this.#byteElements = bytesOfElements(elements);
  }

  /** Whether `matchesBytes` can be used: sets of characters are for strings. */
  get isForBytes(): boolean {
    return this.#sets.length === 0;
  }

  /** `escaping` is one character or undefined. */
  static like(pattern: string, escaping: string | undefined, foldsCase: boolean = true): Pattern {
    refuseLongPattern(pattern);
    const elements: number[] = [];
    const ofPattern = (unit: number): number => (foldsCase ? fold(unit) : unit);
    const escapeUnit = escaping === undefined ? -1 : escaping.charCodeAt(0);
    for (let i = 0; i < pattern.length; i++) {
      const unit = pattern.charCodeAt(i);
      if (unit === escapeUnit && pattern.startsWith(escaping!, i)) {
        i += escaping!.length;
        // An escape with nothing behind it matches nothing.
        elements.push(i < pattern.length ? ofPattern(pattern.charCodeAt(i)) : NOTHING);
      } else {
        elements.push(unit === 37 ? ANY_RUN : unit === 95 ? ANY_ONE : ofPattern(unit));
      }
    }
    return new Pattern(Int32Array.from(elements), [], foldsCase);
  }

  static glob(pattern: string): Pattern {
    refuseLongPattern(pattern);
    const elements: number[] = [];
    const sets: CharacterSet[] = [];
    for (let i = 0; i < pattern.length; i++) {
      const unit = pattern.charCodeAt(i);
      if (unit === 91) {
        const { set, end } = characterSet(pattern, i);
        elements.push(-3 - sets.length);
        sets.push(set);
        i = end;
      } else {
        elements.push(unit === 42 ? ANY_RUN : unit === 63 ? ANY_ONE : unit);
      }
    }
    return new Pattern(Int32Array.from(elements), sets, false);
  }

  matches(text: string): boolean {
    const elements = this.#elements;
    let at = 0;
    let element = 0;
    let run = -1;
    let runAt = 0;
    while (at < text.length) {
      const wanted = element < elements.length ? elements[element]! : NOTHING;
      if (wanted === ANY_RUN) {
        run = element++;
        runAt = at;
        continue;
      }
      const width = this.#widthOf(wanted, text, at);
      if (width > 0) {
        at += width;
        element++;
      } else if (run >= 0) {
        element = run + 1;
        runAt += characterWidth(text, runAt);
        at = runAt;
      } else {
        return false;
      }
    }
    while (element < elements.length && elements[element] === ANY_RUN) {
      element++;
    }
    return element === elements.length;
  }

  /** The same for text that lies in `u8` as UTF-8. */
  matchesBytes(u8: Uint8Array, start: number, end: number): boolean {
    const elements = this.#byteElements;
    const folded = this.#foldsCase ? FOLDED : UNFOLDED;
    let at = start;
    let element = 0;
    let run = -1;
    let runAt = start;
    while (at < end) {
      const wanted = element < elements.length ? elements[element]! : NOTHING;
      if (wanted === ANY_RUN) {
        run = element++;
        runAt = at;
      } else if (wanted === ANY_ONE) {
        at = nextCharacter(u8, at, end);
        element++;
      } else if (wanted === folded[u8[at]!]) {
        at++;
        element++;
      } else if (run >= 0) {
        element = run + 1;
        runAt = nextCharacter(u8, runAt, end);
        const first = element < elements.length ? elements[element]! : NOTHING;
        while (first >= 0 && runAt < end && folded[u8[runAt]!] !== first) {
          runAt++;
        }
        at = runAt;
      } else {
        return false;
      }
    }
    while (element < elements.length && elements[element] === ANY_RUN) {
      element++;
    }
    return element === elements.length;
  }

  /** How many units the element takes at `at`; 0: it does not match. */
  #widthOf(wanted: number, text: string, at: number): number {
    if (wanted >= 0) {
      const unit = text.charCodeAt(at);
      return wanted === (this.#foldsCase ? fold(unit) : unit) ? 1 : 0;
    }
    if (wanted === ANY_ONE) {
      return characterWidth(text, at);
    }
    const { negated, ranges } = this.#sets[-3 - wanted]!;
    const character = text.codePointAt(at)!;
    let found = false;
    for (let i = 0; i < ranges.length; i += 2) {
      found ||= character >= ranges[i]! && character <= ranges[i + 1]!;
    }
    return found !== negated ? characterWidth(text, at) : 0;
  }
}

/** Units of literal text become the bytes that they are stored as. */
function bytesOfElements(elements: Int32Array): Int32Array {
  const bytes: number[] = [];
  let literal = "";
  const flush = (): void => {
    bytes.push(...Buffer.from(literal));
    literal = "";
  };
  for (const element of elements) {
    if (element >= 0 && element !== NOTHING) {
      literal += String.fromCharCode(element);
    } else {
      flush();
      bytes.push(element);
    }
  }
  flush();
  return Int32Array.from(bytes);
}

function nextCharacter(u8: Uint8Array, at: number, end: number): number {
  let next = at + 1;
  while (next < end && (u8[next]! & 0xc0) === 0x80) {
    next++;
  }
  return next;
}

/** SQLite counts bytes. */
export function refuseLongPattern(pattern: string): void {
  if (pattern.length * 3 > MAX_PATTERN_LENGTH && Buffer.byteLength(pattern) > MAX_PATTERN_LENGTH) {
    throw new DbError("INVALID", "LIKE or GLOB pattern too complex", {
      limit: MAX_PATTERN_LENGTH,
      length: pattern.length,
    });
  }
}

/** A set that is never closed matches nothing. */
function characterSet(pattern: string, start: number): { set: CharacterSet; end: number } {
  const ranges: number[] = [];
  let at = start + 1;
  const negated = pattern[at] === "^";
  if (negated) {
    at++;
  }
  let first = true;
  while (at < pattern.length && (first || pattern[at] !== "]")) {
    first = false;
    const low = pattern.codePointAt(at)!;
    at += characterWidth(pattern, at);
    if (pattern[at] === "-" && at + 1 < pattern.length && pattern[at + 1] !== "]") {
      ranges.push(low, pattern.codePointAt(at + 1)!);
      at += 1 + characterWidth(pattern, at + 1);
    } else {
      ranges.push(low, low);
    }
  }
  return at < pattern.length
    ? { set: { negated, ranges }, end: at }
    : { set: { negated: false, ranges: [] }, end: pattern.length };
}

function characterWidth(text: string, at: number): number {
  return text.codePointAt(at)! > 0xffff ? 2 : 1;
}

/** ASCII capitals to small letters. */
function fold(unit: number): number {
  return unit >= 65 && unit <= 90 ? unit + 32 : unit;
}

let lastText = "";
let lastEscape: string | undefined;
let lastFoldsCase = true;
let lastPattern: Pattern | undefined;

/** Whether `text` is LIKE `pattern`; the last pattern stays compiled. */
export function isLike(
  text: string,
  pattern: string,
  escaping: string | undefined,
  foldsCase: boolean = true,
): boolean {
  if (lastPattern === undefined || lastText !== pattern || lastEscape !== escaping || lastFoldsCase !== foldsCase) {
    if (escaping !== undefined && (escaping === "" || escaping.length !== characterWidth(escaping, 0))) {
      throw new DbError("INVALID", "ESCAPE expression must be a single character");
    }
    lastPattern = Pattern.like(pattern, escaping, foldsCase);
    lastFoldsCase = foldsCase;
    lastText = pattern;
    lastEscape = escaping;
  }
  return lastPattern.matches(text);
}

let lastGlobText = "";
let lastGlob: Pattern | undefined;

export function isGlob(text: string, pattern: string): boolean {
  if (lastGlob === undefined || lastGlobText !== pattern) {
    lastGlob = Pattern.glob(pattern);
    lastGlobText = pattern;
  }
  return lastGlob.matches(text);
}
