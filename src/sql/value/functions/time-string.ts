/**
 * Times as text:
 *
 *   YYYY-MM-DD   YYYY-MM-DD HH:MM   YYYY-MM-DD HH:MM:SS.SSS   (or T between)   HH:MM   HH:MM:SS.SSS
 *   now          a number: a Julian day, or with a modifier a Unix time
 *
 * A time of day may have a zone behind it: `Z`, `+HH:MM`, `-HH:MM`. The patterns know how many digits there are; that a
 * day 31 may be none of its month is allowed, and means the next.
 */
import { readNumber } from "../number-text.ts";
import { statementNow } from "../surroundings.ts";
import { answer, BIG } from "../value.ts";
import { EPOCH_MS, type Moment } from "./moment.ts";

const DATE = /^(-?)([0-9]{4})-([0-9]{2})-([0-9]{2})[ \t\n\v\f\rT]*/;
const TIME = /^([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?[ \t\n\v\f\r]*/;
const ZONE = /^(?:([Zz])|([-+])([0-9]{2}):([0-9]{2}))[ \t\n\v\f\r]*$/;

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
  const unixMs = statementNow();
  into.setUnixMs(unixMs);
  return unixMs > -EPOCH_MS;
}

function readDate(text: string, into: Moment): boolean {
  const match = DATE.exec(text);
  if (match === null) {
    return false;
  }
  const year = Number(match[2]);
  const month = Number(match[3]);
  const day = Number(match[4]);
  if (month < 1 || month > 12 || day < 1 || day > 31) {
    return false;
  }
  const rest = text.slice(match[0].length);
  if (!readTimeOfDay(rest, into)) {
    if (rest !== "") {
      return false;
    }
    into.hasTime = false;
  }
  into.hasJulian = false;
  into.hasDate = true;
  into.year = match[1] === "-" ? -year : year;
  into.month = month;
  into.day = day;
  into.noteOverflow();
  if (into.zone !== 0) {
    into.needJulian();
  }
  return true;
}

export function readTimeOfDay(text: string, into: Moment): boolean {
  const match = TIME.exec(text);
  if (match === null) {
    return false;
  }
  const hour = Number(match[1]);
  const minute = Number(match[2]);
  const second = match[3] === undefined ? 0 : Number(match[3]);
  if (hour > 24 || minute > 59 || second > 59 || !readZone(text.slice(match[0].length), into)) {
    return false;
  }
  into.hasJulian = false;
  into.isRaw = false;
  into.hasTime = true;
  into.hour = hour;
  into.minute = minute;
  into.seconds = second + (match[4] === undefined ? 0 : fractionOf(match[4]));
  return true;
}

/** Digit by digit, as SQLite adds them up: the last bit of the sum shows in rounded milliseconds. */
function fractionOf(digits: string): number {
  let sum = 0;
  let scale = 1;
  for (let i = 0; i < digits.length; i++) {
    sum = sum * 10 + (digits.charCodeAt(i) - 48);
    scale *= 10;
  }
  const fraction = sum / scale;
  return fraction > MAX_FRACTION ? MAX_FRACTION : fraction;
}

function readZone(text: string, into: Moment): boolean {
  into.zone = 0;
  if (text === "") {
    return true;
  }
  const match = ZONE.exec(text);
  if (match === null) {
    return false;
  }
  if (match[1] === undefined) {
    const hours = Number(match[3]);
    const minutes = Number(match[4]);
    if (hours > MAX_ZONE_HOURS || minutes > 59) {
      return false;
    }
    into.zone = (match[2] === "-" ? -1 : 1) * (minutes + hours * 60);
  }
  if (into.zone === 0) {
    into.isLocal = false;
    into.isUtc = true;
  }
  return true;
}
