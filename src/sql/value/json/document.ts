/**
 * Arguments as documents: JSONB as it lies in a blob, or parsed from text.
 *
 * The texts that were met last are remembered, four as in SQLite. One that is met for the first time is only remembered where a
 * path can be followed in the text itself (scan.ts); whoever needs the document has it parsed and kept. So a query that reads
 * one path of a column pays for a scan, and one that reads many for one parse.
 */
import { textOf } from "../affinity.ts";
import { BLOB, NULL, type SqlValue, type Tag, TEXT } from "../value.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import { isDigit } from "./characters.ts";
import { element, elementType, JSON_FALSE, JSON_OBJECT, readElement } from "./element.ts";
import { TextParser } from "./parse.ts";
import { copySource, encodeSource, source } from "./source.ts";
import { checkElement } from "./validity.ts";
import { malformed } from "./write-text.ts";

const SEEN = 0;
const PARSED = 1;
const MALFORMED = 2;

interface Remembered {
  text: string;
  state: typeof SEEN | typeof PARSED | typeof MALFORMED;
  isExtended: boolean;
  /** Of a malformed text: the byte. */
  errorAt: number;
  readonly buffer: ByteBuffer;
}

const REMEMBERED_TEXTS = 4;
/** A longer text is parsed each time. */
const REMEMBERED_LENGTH = 2 ** 20;

/** The one used last is the first. */
const remembered: Remembered[] = Array.from({ length: REMEMBERED_TEXTS }, () => forgotten());
const alone: Remembered = forgotten();

function forgotten(): Remembered {
  return { text: "", state: MALFORMED, isExtended: false, errorAt: 0, buffer: new ByteBuffer() };
}

interface Document {
  bytes: Uint8Array;
  limit: number;
  /** Whether its text has what RFC 8259 does not have. */
  isExtended: boolean;
  /** Where its text is malformed, in bytes. */
  errorAt: number;
}

const parser = new TextParser(alone.buffer);

/** The document that was read last: JSONB from 0 to `limit`. Valid until three others were read; bytes may follow it. */
export const document: Document = { bytes: alone.buffer.bytes, limit: 0, isExtended: false, errorAt: 0 };

/** Reads an argument into `document`; false for NULL. Fails with "malformed JSON". */
export function readDocument(tag: Tag, value: SqlValue): boolean {
  if (tag === NULL) {
    return false;
  }
  if (!tryDocument(tag, value)) {
    throw malformed();
  }
  return true;
}

/** Reads an argument that is not NULL into `document`; false where it is malformed. */
export function tryDocument(tag: Tag, value: SqlValue): boolean {
  if (tag === BLOB && isJsonb(value as Uint8Array)) {
    setDocument(value as Uint8Array, (value as Uint8Array).length, false);
    return true;
  }
  let entry = alone;
  if (tag === BLOB) {
    copySource(value as Uint8Array, 0, (value as Uint8Array).length);
    parseSource(entry);
  } else {
    const text = tag === TEXT ? (value as string) : textOf(tag, value);
    if (text.length <= REMEMBERED_LENGTH) {
      entry = recall(text);
    } else {
      entry.state = SEEN;
    }
    if (entry.state === SEEN) {
      encodeSource(text);
      parseSource(entry);
    }
  }
  setDocument(entry.buffer.bytes, entry.buffer.length, entry.isExtended);
  document.errorAt = entry.errorAt;
  return entry.state === PARSED;
}

function setDocument(bytes: Uint8Array, limit: number, isExtended: boolean): void {
  document.bytes = bytes;
  document.limit = limit;
  document.isExtended = isExtended;
}

function parseSource(entry: Remembered): void {
  entry.buffer.clear();
  entry.state = parser.parse(source.bytes, entry.buffer) ? PARSED : MALFORMED;
  entry.isExtended = parser.isExtended;
  entry.errorAt = parser.errorAt;
}

/** Appends the element of the text in `source`; false where it is malformed. */
export function parseInto(into: ByteBuffer): boolean {
  return parser.parse(source.bytes, into);
}

/** Whether the text is met for the first time; it is remembered. */
export function isFirstMet(text: string): boolean {
  if (text.length > REMEMBERED_LENGTH) {
    return true;
  }
  const before = remembered[REMEMBERED_TEXTS - 1];
  // One that is new has taken the place of the one unused for longest.
  return recall(text) === before && before.state === SEEN;
}

/** The text's place, which is moved to the front; a new one takes that of the one unused for longest. */
function recall(text: string): Remembered {
  const first = remembered[0]!;
  if (first.text === text) {
    return first;
  }
  let index = 1;
  while (index < REMEMBERED_TEXTS - 1 && remembered[index]!.text !== text) {
    index++;
  }
  const entry = remembered[index]!;
  for (; index > 0; index--) {
    remembered[index] = remembered[index - 1]!;
  }
  remembered[0] = entry;
  if (entry.text !== text) {
    entry.text = text;
    entry.state = SEEN;
  }
  return entry;
}

/** Payloads up to this length could be a text that was made a blob, so they are looked at in full. */
const DOUBTFUL_BYTES = 7;

/**
 * Whether a blob is JSONB by its outermost header. (Of the first bytes that a text can have only `[`, `{` and digits
 * could be a header, and then of a short payload.)
 */
export function isJsonb(blob: Uint8Array): boolean {
  const { length } = blob;
  const type = elementType(blob, 0);
  if (length === 0 || type > JSON_OBJECT || !readElement(blob, 0, length) || element.end !== length) {
    return false;
  }
  const size = element.end - element.start;
  if (type <= JSON_FALSE && size > 0) {
    return false;
  }
  const first = blob[0];
  const isDoubtful = size <= DOUBTFUL_BYTES && (first === 0x7b || first === 0x5b || isDigit(first));
  return !isDoubtful || checkElement(blob, 0, length, 1) === 0;
}
