/**
 * Modifiers of a time, applied one after the other:
 *
 *   NNN seconds … years   +HH:MM:SS.SSS   ±YYYY-MM-DD HH:MM:SS.SSS      moves it
 *   ceiling   floor                                                     what becomes of a day behind the month's end
 *   start of day | month | year   weekday N                             moves it to such a day
 *   unixepoch   julianday   auto                                        what the number before it means
 *   localtime   utc                                                     from one to the other
 *   subsec   subsecond                                                  shows milliseconds
 */
import { readNumber } from "../number-text.ts";
import { requireMoment } from "../surroundings.ts";
import { answer, BIG } from "../value.ts";
import { fromLocalTime, toLocalTime } from "./local-time.ts";
import { DAY_MS, EPOCH_MS, Moment } from "./moment.ts";
import { readTimeOfDay } from "./time-string.ts";

/** `index`: which modifier it is, from 1. False: it is none, or has no meaning here. */
export function modifyTime(moment: Moment, modifier: string, index: number): boolean {
  const first = modifier.charCodeAt(0);
  if (first === 43 || first === 45 || (first >= 48 && first <= 57)) {
    return moveTime(moment, modifier);
  }
  const word = modifier.toLowerCase();
  switch (word) {
    case "auto":
      return index === 1 && guessUnit(moment);
    case "ceiling":
      moment.needJulian();
      moment.keepJulian();
      moment.overflowDays = 0;
      return true;
    case "floor":
      moment.needJulian();
      moment.julianMs -= moment.overflowDays * DAY_MS;
      moment.keepJulian();
      return true;
    case "julianday":
      return index === 1 && takeJulianDay(moment);
    case "localtime":
      requireMoment();
      if (!moment.isLocal) {
        toLocalTime(moment);
      }
      moment.isUtc = false;
      moment.isLocal = true;
      return true;
    case "subsec":
    case "subsecond":
      moment.showsFraction = true;
      return true;
    case "unixepoch":
      return index === 1 && takeUnixTime(moment);
    case "utc":
      requireMoment();
      if (!moment.isUtc) {
        fromLocalTime(moment);
      }
      return true;
    default:
      return word.startsWith("start of ")
        ? moveToStart(moment, word.slice(9))
        : word.startsWith("weekday ") && moveToWeekday(moment, word.slice(8));
  }
}

/** The number that the whole text is, or NaN. */
function numberOf(text: string): number {
  return readNumber(text) ? (answer.tag === BIG ? Number(answer.other) : answer.number) : Number.NaN;
}

/** A number that cannot be a Julian day is a Unix time if it can be one. */
function guessUnit(moment: Moment): boolean {
  if (!moment.isRaw || moment.hasJulian) {
    moment.isRaw = false;
  } else if (moment.seconds >= -EPOCH_MS / 1000 && moment.seconds <= LAST_UNIX_SECOND) {
    takeSeconds(moment);
  }
  return true;
}

/** 9999-12-31 23:59:59. */
const LAST_UNIX_SECOND = 253_402_300_799;
/** What SQLite rounds a Unix time to is below this. */
const END_MS = 464_269_060_800_000;

function takeUnixTime(moment: Moment): boolean {
  const julianMs = moment.seconds * 1000 + EPOCH_MS;
  if (!moment.isRaw || !(julianMs >= 0 && julianMs < END_MS)) {
    return false;
  }
  takeSeconds(moment);
  return true;
}

function takeSeconds(moment: Moment): void {
  moment.keepJulian();
  moment.setJulian(Math.trunc(moment.seconds * 1000 + EPOCH_MS + 0.5));
  moment.isRaw = false;
}

function takeJulianDay(moment: Moment): boolean {
  if (!moment.hasJulian || !moment.isRaw) {
    return false;
  }
  moment.isRaw = false;
  return true;
}

function moveToStart(moment: Moment, unit: string): boolean {
  if (!moment.hasJulian && !moment.hasDate && !moment.hasTime) {
    return false;
  }
  moment.needDate();
  moment.hasTime = true;
  moment.hour = 0;
  moment.minute = 0;
  moment.seconds = 0;
  moment.isRaw = false;
  moment.zone = 0;
  moment.hasJulian = false;
  if (unit === "month" || unit === "year") {
    moment.day = 1;
  }
  if (unit === "year") {
    moment.month = 1;
  }
  return unit === "day" || unit === "month" || unit === "year";
}

/** To the next such day, which may be today. 0 is Sunday. */
function moveToWeekday(moment: Moment, text: string): boolean {
  const wanted = numberOf(text);
  if (!(wanted >= 0 && wanted < 7) || !Number.isInteger(wanted)) {
    return false;
  }
  moment.needDateAndTime();
  moment.zone = 0;
  moment.hasJulian = false;
  moment.needJulian();
  const today = moment.daysAfterSunday;
  moment.julianMs += (wanted - (today > wanted ? today - 7 : today)) * DAY_MS;
  moment.keepJulian();
  return true;
}

/** A date to be added ends before the time; a time is behind the first colon; a number ends at a space. */
const DATE_OFFSET = /^([+-])([0-9]{4,5})-([0-9]{2})-([0-9]{2})(?:[ \t\n\v\f\r]([0-9]{2}:[0-9]{2}.*))?$/s;
const TIME_OFFSET = /^[+-]?[0-9]+:/;
const UNIT_OFFSET = /^([^ \t\n\v\f\r:]+)[ \t\n\v\f\r]+([a-z]+)$/i;

function moveTime(moment: Moment, modifier: string): boolean {
  const date = DATE_OFFSET.exec(modifier);
  if (date !== null) {
    return moveByDate(moment, date);
  }
  if (TIME_OFFSET.test(modifier)) {
    const isSigned = modifier.charCodeAt(0) < 48;
    return moveByTime(moment, modifier[0] === "-", isSigned ? modifier.slice(1) : modifier);
  }
  const unit = UNIT_OFFSET.exec(modifier);
  return unit !== null && moveByUnits(moment, numberOf(unit[1]!), unit[2]!);
}

/** What SQLite takes for years. */
const MAX_OFFSET_YEARS = 14_712;

function moveByDate(moment: Moment, match: RegExpExecArray): boolean {
  const direction = match[1] === "-" ? -1 : 1;
  const years = Number(match[2]);
  const months = Number(match[3]);
  const days = Number(match[4]);
  if (years > MAX_OFFSET_YEARS || months > 11 || days > 30) {
    return false;
  }
  moment.needDateAndTime();
  moment.hasJulian = false;
  moment.year += direction * years;
  moment.month += direction * months;
  moment.carryMonths();
  moment.noteOverflow();
  moment.needJulian();
  moment.hasTime = false;
  moment.hasDate = false;
  moment.julianMs += direction * days * DAY_MS;
  return match[5] === undefined || moveByTime(moment, direction < 0, match[5]);
}

const offset = new Moment();

function moveByTime(moment: Moment, isBackwards: boolean, text: string): boolean {
  offset.clear();
  if (!readTimeOfDay(text, offset)) {
    return false;
  }
  offset.needJulian();
  // Days begin at noon, and the offset's is any.
  const ms = (offset.julianMs - DAY_MS / 2) % DAY_MS;
  moment.needJulian();
  moment.keepJulian();
  moment.julianMs += isBackwards ? -ms : ms;
  return true;
}

/** Greatest number of each unit, and its seconds. SQLite holds the limits in 32 bits. */
const UNITS: ReadonlyMap<string, { readonly limit: number; readonly seconds: number }> = new Map([
  ["second", { limit: Math.fround(4.6427e14), seconds: 1 }],
  ["minute", { limit: Math.fround(7.7379e12), seconds: 60 }],
  ["hour", { limit: Math.fround(1.2897e11), seconds: 3600 }],
  ["day", { limit: Math.fround(5_373_485), seconds: 86_400 }],
  ["month", { limit: Math.fround(176_546), seconds: 2_592_000 }],
  ["year", { limit: Math.fround(14_713), seconds: 31_536_000 }],
]);

function moveByUnits(moment: Moment, amount: number, plural: string): boolean {
  const name = plural.toLowerCase().replace(/s$/, "");
  const unit = UNITS.get(name);
  if (unit === undefined || !(amount > -unit.limit && amount < unit.limit)) {
    return false;
  }
  moment.needJulian();
  moment.overflowDays = 0;
  let rest = amount;
  // Months and years differ in length; what is left of them has the length of 30 and 365 days.
  if (name === "month" || name === "year") {
    const whole = Math.trunc(amount);
    moment.needDateAndTime();
    if (name === "month") {
      moment.month += whole;
      moment.carryMonths();
    } else {
      moment.year += whole;
    }
    moment.noteOverflow();
    moment.hasJulian = false;
    rest -= whole;
  }
  moment.needJulian();
  moment.julianMs += Math.trunc(rest * 1000 * unit.seconds + (amount < 0 ? -0.5 : 0.5));
  moment.keepJulian();
  return true;
}
