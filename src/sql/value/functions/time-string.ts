/**
 * Times as text:
 *
 *   YYYY-MM-DD   YYYY-MM-DD HH:MM   YYYY-MM-DD HH:MM:SS.SSS   (or T between)   HH:MM   HH:MM:SS.SSS
 *   now          a number: a Julian day, or with a modifier a Unix time
 *
 * A time of day may have a zone behind it: `Z`, `+HH:MM`, `-HH:MM`. A day 31 that is
 * none of its month is allowed, and means one of the next.
 */
import { readNumber } from "../number-text.ts";
import { requireMoment, statementNow } from "../surroundings.ts";
import { answer, BIG } from "../value.ts";
import { EPOCH_MS, type Moment } from "./moment.ts";

const ZONE = /^[ \t\n\v\f\r]*(?:(?:([Zz])|([-+])([0-9]{2}):([0-9]{2}))[ \t\n\v\f\r]*)?$/;

const MAX_ZONE_HOURS = 14;
/** Cut, not rounded: the second is never the next. */
const MAX_FRACTION = 0.999;

/** False: the text is no time. */
export function readTime(text: string, into: Moment): boolean {
  if (readDate(text, into) || readTimeOfDay(text, into)) {
    return true;
  }
  const word = text.length <= 9 ? text.toLowerCase() : "";
  if (word === "now") {
    return readNow(into);
  }
  if (readNumber(text)) {
    into.setNumber(answer.tag === BIG ? Number(answer.other) : answer.number);
    return true;
  }
  if (word === "subsec" || word === "subsecond") {
    into.showsFraction = true;
    return readNow(into);
  }
  return false;
}

/** False for a clock that is before the Julian zero. */
export function readNow(into: Moment): boolean {
  requireMoment();
  const unixMs = statementNow();
  into.setUnixMs(unixMs);
  return unixMs > -EPOCH_MS;
}

/** The number of `count` digits at `at`; −1 where other characters stand. */
function digitsAt(text: string, at: number, count: number): number {
  let number = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) {
      return -1;
    }
    number = number * 10 + digit;
  }
  return number;
}

const COLON = 58;
const DASH = 45;
const POINT = 46;
const LETTER_T = 84;

function isSpace(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13);
}

function readDate(text: string, into: Moment): boolean {
  const isNegative = text.charCodeAt(0) === DASH;
  let at = isNegative ? 1 : 0;
  const year = digitsAt(text, at, 4);
  const month = digitsAt(text, at + 5, 2);
  const day = digitsAt(text, at + 8, 2);
  const hasDashes = text.charCodeAt(at + 4) === DASH && text.charCodeAt(at + 7) === DASH;
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || !hasDashes) {
    return false;
  }
  at += 10;
  while (isSpace(text.charCodeAt(at)) || text.charCodeAt(at) === LETTER_T) {
    at++;
  }
  if (at < text.length && !readTimeOfDay(text, into, at)) {
    return false;
  }
  into.hasJulian = false;
  into.hasDate = true;
  into.year = isNegative ? -year : year;
  into.month = month;
  into.day = day;
  into.noteOverflow();
  if (into.zone !== 0) {
    into.needJulian();
  }
  return true;
}

/** Reads from `from` to the end of the text. */
export function readTimeOfDay(text: string, into: Moment, from: number = 0): boolean {
  const hour = digitsAt(text, from, 2);
  const minute = digitsAt(text, from + 3, 2);
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || text.charCodeAt(from + 2) !== COLON) {
    return false;
  }
  let at = from + 5;
  let seconds = 0;
  if (text.charCodeAt(at) === COLON) {
    seconds = digitsAt(text, at + 1, 2);
    if (seconds < 0 || seconds > 59) {
      return false;
    }
    at += 3;
    let end = at;
    if (text.charCodeAt(at) === POINT) {
      do {
        end++;
      } while (digitsAt(text, end, 1) >= 0);
    }
    if (end > at + 1) {
      seconds += fractionOf(text, at + 1, end);
      at = end;
    }
  }
  if (!readZone(text, at, into)) {
    return false;
  }
  into.hasJulian = false;
  into.isRaw = false;
  into.hasTime = true;
  into.hour = hour;
  into.minute = minute;
  into.seconds = seconds;
  return true;
}

/** Digit by digit, as SQLite adds them up: the last bit of the sum shows in rounded milliseconds. */
function fractionOf(text: string, from: number, end: number): number {
  let sum = 0;
  let scale = 1;
  for (let i = from; i < end; i++) {
    sum = sum * 10 + (text.charCodeAt(i) - 48);
    scale *= 10;
  }
  const fraction = sum / scale;
  return fraction > MAX_FRACTION ? MAX_FRACTION : fraction;
}

function readZone(text: string, from: number, into: Moment): boolean {
  into.zone = 0;
  if (from >= text.length) {
    return true;
  }
  const match = ZONE.exec(text.slice(from));
  if (match === null) {
    return false;
  }
  const [, zulu, sign] = match;
  if (sign !== undefined) {
    const hours = Number(match[3]);
    const minutes = Number(match[4]);
    if (hours > MAX_ZONE_HOURS || minutes > 59) {
      return false;
    }
    into.zone = (sign === "-" ? -1 : 1) * (minutes + hours * 60);
  }
  if (into.zone === 0 && (zulu ?? sign) !== undefined) {
    into.isLocal = false;
    into.isUtc = true;
  }
  return true;
}
