/**
 * Times as text: the forms of date(), time() and datetime(), and the formats of strftime().
 *
 * A format is taken apart once and kept; one with a substitution that there is not has no pieces, and makes NULL.
 */
import { refuseTooLong } from "./argument.ts";
import { DAY_MS, EPOCH_MS, Moment } from "./moment.ts";
import { fixedText, shortText } from "./real-format.ts";

const PAIRS = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, "0"));

/** A sign counts as a digit. */
function padded(value: number, digits: number): string {
  if (value >= 0 && value < 10_000 && digits === 4) {
    return PAIRS[Math.trunc(value / 100)]! + PAIRS[value % 100]!;
  }
  return value < 0 ? `-${String(-value).padStart(digits - 1, "0")}` : String(value).padStart(digits, "0");
}

/** The moment has a date. */
export function dateText(moment: Moment): string {
  const { year } = moment;
  return `${year < 0 ? "-" : ""}${padded(Math.abs(year), 4)}-${PAIRS[moment.month]}-${PAIRS[moment.day]}`;
}

/** The moment has a time. */
export function timeText(moment: Moment): string {
  const { seconds } = moment;
  const text = `${PAIRS[moment.hour]}:${PAIRS[moment.minute]}:`;
  if (!moment.showsFraction) {
    return text + PAIRS[Math.trunc(seconds)]!;
  }
  const ms = Math.trunc(seconds * 1000 + 0.5);
  return `${text}${PAIRS[Math.trunc(ms / 1000)]}.${padded(ms % 1000, 3)}`;
}

const other = new Moment();

/** 0 is January 1st. */
function daysIntoYear(moment: Moment): number {
  other.copy(moment);
  other.hasJulian = false;
  other.month = 1;
  other.day = 1;
  other.needJulian();
  return Math.trunc((moment.julianMs - other.julianMs + DAY_MS / 2) / DAY_MS);
}

const thursday = new Moment();

/** The week of the ISO calendar belongs to the year that its Thursday lies in. */
function thursdayOf(moment: Moment): Moment {
  thursday.copy(moment);
  thursday.julianMs += (3 - moment.daysAfterMonday) * DAY_MS;
  thursday.hasDate = false;
  thursday.needDate();
  return thursday;
}

function hourOfTwelve(moment: Moment): number {
  return ((moment.hour + 11) % 12) + 1;
}

type Substitution = (moment: Moment) => string;

const SUBSTITUTIONS: ReadonlyMap<string, Substitution> = new Map<string, Substitution>([
  ["d", (moment) => PAIRS[moment.day]!],
  ["e", (moment) => String(moment.day).padStart(2)],
  ["f", (moment) => fixedText(moment.seconds, 3, 6)],
  ["F", (moment) => `${padded(moment.year, 4)}-${PAIRS[moment.month]!}-${PAIRS[moment.day]!}`],
  ["G", (moment) => padded(thursdayOf(moment).year, 4)],
  ["g", (moment) => padded(thursdayOf(moment).year % 100, 2)],
  ["H", (moment) => PAIRS[moment.hour]!],
  ["I", (moment) => padded(hourOfTwelve(moment), 2)],
  ["j", (moment) => padded(daysIntoYear(moment) + 1, 3)],
  ["J", (moment) => shortText(moment.julianMs / DAY_MS, 16)],
  ["k", (moment) => String(moment.hour).padStart(2)],
  ["l", (moment) => String(hourOfTwelve(moment)).padStart(2)],
  ["m", (moment) => PAIRS[moment.month]!],
  ["M", (moment) => PAIRS[moment.minute]!],
  ["p", (moment) => (moment.hour >= 12 ? "PM" : "AM")],
  ["P", (moment) => (moment.hour >= 12 ? "pm" : "am")],
  ["R", (moment) => `${PAIRS[moment.hour]!}:${PAIRS[moment.minute]!}`],
  ["s", unixSeconds],
  ["S", (moment) => PAIRS[Math.trunc(moment.seconds)]!],
  ["T", (moment) => `${PAIRS[moment.hour]!}:${PAIRS[moment.minute]!}:${PAIRS[Math.trunc(moment.seconds)]!}`],
  ["u", (moment) => String(moment.daysAfterMonday + 1)],
  ["U", (moment) => padded(Math.trunc((daysIntoYear(moment) - moment.daysAfterSunday + 7) / 7), 2)],
  ["V", (moment) => padded(Math.trunc(daysIntoYear(thursdayOf(moment)) / 7) + 1, 2)],
  ["w", (moment) => String(moment.daysAfterSunday)],
  ["W", (moment) => padded(Math.trunc((daysIntoYear(moment) - moment.daysAfterMonday + 7) / 7), 2)],
  ["Y", (moment) => padded(moment.year, 4)],
  ["%", () => "%"],
]);

function unixSeconds(moment: Moment): string {
  return moment.showsFraction
    ? fixedText((moment.julianMs - EPOCH_MS) / 1000, 3, 0)
    : String(Math.trunc(moment.julianMs / 1000) - EPOCH_MS / 1000);
}

type Format = readonly (string | Substitution)[];

const formats = new Map<string, Format | undefined>();
const KEPT_FORMATS = 64;
const KEPT_FORMAT_LENGTH = 1000;

/** The moment has all its forms. Undefined: the format is none. */
export function formatTime(format: string, moment: Moment): string | undefined {
  const pieces = formatOf(format);
  if (pieces === undefined) {
    return undefined;
  }
  let text = "";
  for (const piece of pieces) {
    text += typeof piece === "string" ? piece : piece(moment);
  }
  refuseTooLong(text.length);
  return text;
}

function formatOf(format: string): Format | undefined {
  if (formats.has(format)) {
    return formats.get(format);
  }
  const pieces = parseFormat(format);
  if (format.length <= KEPT_FORMAT_LENGTH) {
    if (formats.size === KEPT_FORMATS) {
      formats.delete(formats.keys().next().value!);
    }
    formats.set(format, pieces);
  }
  return pieces;
}

function parseFormat(format: string): Format | undefined {
  const pieces: (string | Substitution)[] = [];
  let from = 0;
  for (let at = format.indexOf("%"); at >= 0; at = format.indexOf("%", from)) {
    const substitution = SUBSTITUTIONS.get(format[at + 1] ?? "");
    if (substitution === undefined) {
      return undefined;
    }
    pieces.push(format.slice(from, at), substitution);
    from = at + 2;
  }
  pieces.push(format.slice(from));
  return pieces;
}
