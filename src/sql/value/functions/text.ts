/**
 * Functions of text: its length, other writings of it, and text put together.
 *
 * Lengths count code points; `lower` and `upper` change ASCII only. `length` ends at a NUL character, as in SQLite, and so
 * does `replace` in what it looks for.
 */
import { textOf } from "../affinity.ts";
import {
  answerInteger,
  answerNull,
  answerText,
  BLOB,
  INTEGER_TYPES,
  NULL,
  NULLABLE,
  type SqlValue,
  type Tag,
  TEXT,
  TYPE_NAMES,
  typeSet,
} from "../value.ts";
import { refuseTooLong, stringOf, wholeArgument } from "./argument.ts";
import { characterOf, codePointCount, isAscii } from "./code-points.ts";
import { ANY_NUMBER, pure, type ScalarFunction } from "./scalar-function.ts";

/** Text in characters; everything else in bytes. */
function lengthOf(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
  } else if (tag === BLOB) {
    answerInteger((value as Uint8Array).length);
  } else {
    answerInteger(codePointCount(stringOf(tag, value)));
  }
}

/** Characters begin with a byte that is no continuation; the first NUL ends them. */
function lengthInPlace(bytes: Uint8Array, start: number, end: number): void {
  let count = 0;
  for (let i = start; i < end && bytes[i] !== 0; i++) {
    count += (bytes[i]! & 0xc0) === 0x80 ? 0 : 1;
  }
  answerInteger(count);
}

function octetLength(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
  } else if (tag === BLOB) {
    answerInteger((value as Uint8Array).length);
  } else {
    answerInteger(Buffer.byteLength(textOf(tag, value)));
  }
}

const UPPER_RUN = /[A-Z]+/g;
const LOWER_RUN = /[a-z]+/g;
const toLower = (part: string): string => part.toLowerCase();
const toUpper = (part: string): string => part.toUpperCase();

function lower(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
    return;
  }
  const text = textOf(tag, value);
  answerText(isAscii(text) ? text.toLowerCase() : text.replace(UPPER_RUN, toLower));
}

function upper(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
    return;
  }
  const text = textOf(tag, value);
  answerText(isAscii(text) ? text.toUpperCase() : text.replace(LOWER_RUN, toUpper));
}

function typeName(tag: Tag): void {
  answerText(TYPE_NAMES[tag]!);
}

function replaceText(tag: Tag, value: SqlValue, whatTag: Tag, what: SqlValue, byTag: Tag, by: SqlValue): void {
  if (tag === NULL || whatTag === NULL) {
    answerNull();
    return;
  }
  const text = textOf(tag, value);
  const searched = textOf(whatTag, what);
  if (searched === "" || searched.charCodeAt(0) === 0) {
    answerText(text);
  } else if (byTag === NULL) {
    answerNull();
  } else {
    const replacement = textOf(byTag, by);
    refuseLongReplacement(text, searched, replacement);
    // A `$` would be a pattern of JavaScript's.
    answerText(
      replacement.includes("$") ? text.split(searched).join(replacement) : text.replaceAll(searched, replacement),
    );
  }
}

/** Counts the places only where so many would fit that the text could grow too long. */
function refuseLongReplacement(text: string, searched: string, replacement: string): void {
  const growth = replacement.length - searched.length;
  const most = text.length / searched.length;
  if (growth > 0 && most * growth > 2 ** 28) {
    refuseTooLong(text.length + (text.split(searched).length - 1) * growth);
  }
}

function concatenateAll(...pairs: (Tag | SqlValue)[]): void {
  answerText(join("", pairs, 0));
}

function concatenateWithSeparator(tag: Tag, separator: SqlValue, ...pairs: (Tag | SqlValue)[]): void {
  tag === NULL ? answerNull() : answerText(join(textOf(tag, separator), pairs, 0));
}

/** All that is not NULL, with the separator between. */
function join(separator: string, pairs: readonly (Tag | SqlValue)[], from: number): string {
  let text: string | undefined;
  for (let i = from; i < pairs.length; i += 2) {
    const tag = pairs[i] as Tag;
    if (tag !== NULL) {
      const part = textOf(tag, pairs[i + 1] as SqlValue);
      refuseTooLong((text?.length ?? 0) + separator.length + part.length);
      text = text === undefined ? part : text + separator + part;
    }
  }
  return text ?? "";
}

function characters(...pairs: (Tag | SqlValue)[]): void {
  let text = "";
  for (let i = 0; i < pairs.length; i += 2) {
    const code = wholeArgument(pairs[i] as Tag, pairs[i + 1] as SqlValue);
    text += code < 0 || code > 0x10ffff ? "\ufffd" : characterOf(code);
  }
  answerText(text);
}

/** The first character's number. Halves of pairs, U+FFFE and U+FFFF are no characters. */
function unicode(tag: Tag, value: SqlValue): void {
  const code = tag === NULL ? 0 : (textOf(tag, value).codePointAt(0) ?? 0);
  if (code === 0) {
    answerNull();
  } else {
    answerInteger((code & 0xfffff800) === 0xd800 || (code & 0xfffffffe) === 0xfffe ? 0xfffd : code);
  }
}

/** What letters sound like, from `a`; 0: they do not count. */
const SOUNDS = "01230120022455012623010202";

function soundex(tag: Tag, value: SqlValue): void {
  const bytes = tag === NULL ? "" : Buffer.from(stringOf(tag, value)).toString("latin1");
  const start = bytes.search(/[A-Za-z]/);
  if (start < 0) {
    answerText("?000");
    return;
  }
  let code = bytes[start]!.toUpperCase();
  let previous = soundOf(bytes.charCodeAt(start));
  for (let i = start; i < bytes.length && code.length < 4; i++) {
    const sound = soundOf(bytes.charCodeAt(i));
    if (sound !== "0" && sound !== previous) {
      code += sound;
    }
    previous = sound;
  }
  answerText(code.padEnd(4, "0"));
}

/** SQLite looks at seven bits of each byte, so that letters beyond ASCII sound somehow, too. */
function soundOf(byte: number): string {
  const letter = ((byte & 0x5f) - 0x41) | 0;
  return (byte & 0x40) !== 0 && letter >= 0 && letter < 26 ? SOUNDS[letter]! : "0";
}

const TEXT_ONLY = typeSet(TEXT);
const TEXT_OR_NULL = TEXT_ONLY | NULLABLE;
const INTEGER_OR_NULL = INTEGER_TYPES | NULLABLE;

export const TEXT_FUNCTIONS: readonly ScalarFunction[] = [
  pure("char", 0, ANY_NUMBER, TEXT_ONLY, characters),
  pure("concat", 1, ANY_NUMBER, TEXT_ONLY, concatenateAll),
  pure("concat_ws", 2, ANY_NUMBER, TEXT_OR_NULL, concatenateWithSeparator),
  { ...pure("length", 1, 1, INTEGER_OR_NULL, lengthOf), callInPlace: lengthInPlace },
  pure("lower", 1, 1, TEXT_OR_NULL, lower),
  {
    ...pure("octet_length", 1, 1, INTEGER_OR_NULL, octetLength),
    callInPlace: (_bytes, start, end) => answerInteger(end - start),
  },
  pure("replace", 3, 3, TEXT_OR_NULL, replaceText),
  pure("soundex", 1, 1, TEXT_ONLY, soundex),
  { ...pure("typeof", 1, 1, TEXT_ONLY, typeName), callInPlace: () => answerText("text") },
  pure("unicode", 1, 1, INTEGER_OR_NULL, unicode),
  pure("upper", 1, 1, TEXT_OR_NULL, upper),
];
