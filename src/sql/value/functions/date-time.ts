/**
 * The functions of date and time: a time, as text or number, with modifiers, in one form or another.
 *
 * One `Moment` is worked on by all calls. NULL, and anything that is no time, no modifier or out of range, makes NULL.
 */
import { surroundings } from "../surroundings.ts";
import {
  answerInteger,
  answerNull,
  answerReal,
  answerText,
  BIG,
  INTEGER,
  INTEGER_TYPES,
  NULL,
  NULLABLE,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
  type TypeSet,
  typeSet,
} from "../value.ts";
import { stringOf } from "./argument.ts";
import { DAY_MS, EPOCH_MS, Moment } from "./moment.ts";
import { ANY_NUMBER, type ScalarFunction } from "./scalar-function.ts";
import { dateText, formatTime, timeText } from "./time-format.ts";
import { modifyTime } from "./time-modifier.ts";
import { readNow, readTime } from "./time-string.ts";

type Pairs = readonly (Tag | SqlValue)[];

const moment = new Moment();
const earlier = new Moment();

/** Reads a time and its modifiers from the pairs at `from` up to `end`. Without any it is now. */
function readMoment(into: Moment, pairs: Pairs, from: number, end: number): boolean {
  into.clear();
  if (from >= end) {
    return readNow(into);
  }
  const tag = pairs[from] as Tag;
  const value = pairs[from + 1] as SqlValue;
  if (tag === INTEGER || tag === REAL || tag === BIG) {
    into.setNumber(Number(value));
  } else if (tag === NULL || !readTime(stringOf(tag, value), into)) {
    return false;
  }
  for (let i = from + 2; i < end; i += 2) {
    const modifierTag = pairs[i] as Tag;
    if (modifierTag === NULL || !modifyTime(into, stringOf(modifierTag, pairs[i + 1] as SqlValue), (i - from) / 2)) {
      return false;
    }
  }
  into.needJulian();
  if (into.isInvalid || !into.isInRange) {
    return false;
  }
  if (from + 2 === end && into.hasDate && into.day > 28) {
    // February 31st is written as the day in March that it is.
    into.hasDate = false;
  }
  return true;
}

function date(...pairs: Pairs): void {
  if (readMoment(moment, pairs, 0, pairs.length)) {
    moment.needDate();
    answerText(dateText(moment));
  } else {
    answerNull();
  }
}

function time(...pairs: Pairs): void {
  if (readMoment(moment, pairs, 0, pairs.length)) {
    moment.needTime();
    answerText(timeText(moment));
  } else {
    answerNull();
  }
}

function dateTime(...pairs: Pairs): void {
  if (readMoment(moment, pairs, 0, pairs.length)) {
    moment.needDateAndTime();
    answerText(`${dateText(moment)} ${timeText(moment)}`);
  } else {
    answerNull();
  }
}

function julianDay(...pairs: Pairs): void {
  readMoment(moment, pairs, 0, pairs.length) ? answerReal(moment.julianMs / DAY_MS) : answerNull();
}

function unixEpoch(...pairs: Pairs): void {
  if (!readMoment(moment, pairs, 0, pairs.length)) {
    answerNull();
  } else if (moment.showsFraction) {
    answerReal((moment.julianMs - EPOCH_MS) / 1000);
  } else {
    answerInteger(Math.trunc(moment.julianMs / 1000) - EPOCH_MS / 1000);
  }
}

function strftime(...pairs: Pairs): void {
  if (pairs.length === 0 || pairs[0] === NULL || !readMoment(moment, pairs, 2, pairs.length)) {
    answerNull();
    return;
  }
  moment.needDateAndTime();
  const text = formatTime(stringOf(pairs[0] as Tag, pairs[1] as SqlValue), moment);
  text === undefined ? answerNull() : answerText(text);
}

/** Years, months and days, then the time, that lead from the second time to the first. */
function timeDifference(...pairs: Pairs): void {
  if (!readMoment(moment, pairs, 0, 2) || !readMoment(earlier, pairs, 2, 4)) {
    answerNull();
    return;
  }
  moment.needDateAndTime();
  earlier.needDateAndTime();
  const direction = moment.julianMs >= earlier.julianMs ? 1 : -1;
  let months = direction * (moment.year * 12 + moment.month - earlier.year * 12 - earlier.month);
  setMonth(earlier, moment.year, moment.month);
  while (direction * (moment.julianMs - earlier.julianMs) < 0) {
    months--;
    const month = earlier.month - direction;
    const carry = month < 1 ? -1 : month > 12 ? 1 : 0;
    setMonth(earlier, earlier.year + carry, month - carry * 12);
  }
  const rest = Math.abs(moment.julianMs - earlier.julianMs);
  // As a time of day behind a midnight, so that its days count from 1.
  moment.clear();
  moment.setJulian(MIDNIGHT_MS + rest);
  moment.needDateAndTime();
  moment.showsFraction = true;
  const years = Math.trunc(months / 12);
  const text = [`${years}`.padStart(4, "0"), two(months - years * 12), two(moment.day - 1)].join("-");
  answerText(`${direction > 0 ? "+" : "-"}${text} ${timeText(moment)}`);
}

/** A first of January, 0:00. */
const MIDNIGHT_MS = 148_699_540_800_000;

function setMonth(into: Moment, year: number, month: number): void {
  if (into.year !== year || into.month !== month) {
    into.year = year;
    into.month = month;
    into.hasJulian = false;
    into.needJulian();
  }
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** The time may be `now`, and the zone is the process's. */
function timely(
  name: string,
  minimum: number,
  maximum: number,
  types: TypeSet,
  call: ScalarFunction["call"],
): ScalarFunction {
  return { name, minimum, maximum, types: types | NULLABLE, stability: "statement", call };
}

const TEXT_ONLY = typeSet(TEXT);

const kept = new Map<string, ScalarFunction>();

/** The same function where what it answers is kept: in "an index", "a CHECK constraint". It fails if it asks for the time. */
export function keptIn(keeper: string, found: ScalarFunction): ScalarFunction {
  const refused = `non-deterministic use of ${found.name}() in ${keeper}`;
  const known = kept.get(refused);
  if (known !== undefined) {
    return known;
  }
  const call = (...pairs: never[]): void => {
    surroundings.refused = refused;
    try {
      found.call(...pairs);
    } finally {
      surroundings.refused = undefined;
    }
  };
  const wary = { ...found, call };
  kept.set(refused, wary);
  return wary;
}

export const DATE_TIME_FUNCTIONS: readonly ScalarFunction[] = [
  timely("current_date", 0, 0, TEXT_ONLY, date),
  timely("current_time", 0, 0, TEXT_ONLY, time),
  timely("current_timestamp", 0, 0, TEXT_ONLY, dateTime),
  timely("date", 0, ANY_NUMBER, TEXT_ONLY, date),
  timely("datetime", 0, ANY_NUMBER, TEXT_ONLY, dateTime),
  timely("julianday", 0, ANY_NUMBER, typeSet(REAL), julianDay),
  timely("strftime", 0, ANY_NUMBER, TEXT_ONLY, strftime),
  timely("time", 0, ANY_NUMBER, TEXT_ONLY, time),
  timely("timediff", 2, 2, TEXT_ONLY, timeDifference),
  timely("unixepoch", 0, ANY_NUMBER, INTEGER_TYPES | typeSet(REAL), unixEpoch),
];
