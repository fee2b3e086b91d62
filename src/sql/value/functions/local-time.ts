/**
 * The modifiers `localtime` and `utc`, in the time zone of the process.
 *
 * As in SQLite years outside of 1970 … 2037 have the rules of a year inside that is a leap year like them.
 */
import { EPOCH_MS, Moment } from "./moment.ts";

/** 1970-01-01 and 2038-01-18. */
const FIRST_KNOWN_MS = EPOCH_MS;
const LAST_KNOWN_MS = 213_014_145_600_000;

const mapped = new Moment();
const guessed = new Moment();

/** Takes the moment for UTC and makes it local time. */
export function toLocalTime(moment: Moment): void {
  moment.needJulian();
  let { julianMs } = moment;
  const fraction = (julianMs % 1000) * 0.001;
  let years = 0;
  if (julianMs < FIRST_KNOWN_MS || julianMs > LAST_KNOWN_MS) {
    mapped.copy(moment);
    mapped.needDateAndTime();
    years = 2000 + (mapped.year % 4) - mapped.year;
    mapped.year += years;
    mapped.hasJulian = false;
    mapped.needJulian();
    julianMs = mapped.julianMs;
  }
  const local = new Date((Math.trunc(julianMs / 1000) - EPOCH_MS / 1000) * 1000);
  moment.year = local.getFullYear() - years;
  moment.month = local.getMonth() + 1;
  moment.day = local.getDate();
  moment.hour = local.getHours();
  moment.minute = local.getMinutes();
  moment.seconds = local.getSeconds() + fraction;
  moment.hasDate = true;
  moment.hasTime = true;
  moment.hasJulian = false;
  moment.isRaw = false;
  moment.zone = 0;
  moment.isInvalid = false;
}

/** Looks for the UTC whose local time the moment is. In the hour that a clock is set over it settles for the nearest. */
export function fromLocalTime(moment: Moment): void {
  moment.needJulian();
  const wanted = moment.julianMs;
  let guess = wanted;
  let error = 0;
  for (let round = 0; round < 4; round++) {
    guess -= error;
    guessed.clear();
    guessed.setJulian(guess);
    toLocalTime(guessed);
    guessed.needJulian();
    error = guessed.julianMs - wanted;
    if (error === 0) {
      break;
    }
  }
  moment.clear();
  moment.setJulian(guess);
  moment.isUtc = true;
}
