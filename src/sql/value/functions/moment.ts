/**
 * A point in time while a date function works on it.
 *
 * It is known as a count of milliseconds (`julianMs`, from noon of November 24th, −4713, in the Gregorian calendar: SQLite's
 * zero), as year, month and day, as a time of day, or as several of these at once. Each form is worked out of the others
 * when it is asked for; whoever changes one marks the others as out of date. Dates are checked at the end, not on the
 * way: a step may lead beyond the years −4713 to 9999 and the next one back.
 *
 * All numbers are whole and below 2^53 but for `seconds`, so they come out as in SQLite's 64 bits.
 */

export const DAY_MS = 86_400_000;
const HALF_DAY_MS = DAY_MS / 2;
/** 1970-01-01 00:00:00. */
export const EPOCH_MS = 210_866_760_000_000;
/** 9999-12-31 23:59:59.999. */
const LAST_MS = 464_269_060_799_999;
/** Julian days from here on lie beyond the last. */
const JULIAN_DAYS_END = 5_373_484.5;

export class Moment {
  julianMs = 0;
  year = 0;
  month = 0;
  day = 0;
  hour = 0;
  minute = 0;
  /** With a fraction. A number that may be a Julian day or a Unix time (`isRaw`) stands here, too. */
  seconds = 0;
  /** Minutes east of Greenwich that the time was given with. */
  zone = 0;
  hasJulian = false;
  hasDate = false;
  hasTime = false;
  /** Days by which the day lies behind the end of its month. */
  overflowDays = 0;
  isRaw = false;
  isInvalid = false;
  showsFraction = false;
  isUtc = false;
  isLocal = false;

  clear(): void {
    this.julianMs = 0;
    this.year = 0;
    this.month = 0;
    this.day = 0;
    this.hour = 0;
    this.minute = 0;
    this.seconds = 0;
    this.zone = 0;
    this.hasJulian = false;
    this.hasDate = false;
    this.hasTime = false;
    this.overflowDays = 0;
    this.isRaw = false;
    this.isInvalid = false;
    this.showsFraction = false;
    this.isUtc = false;
    this.isLocal = false;
  }

  copy(other: Moment): void {
    Object.assign(this, other);
  }

  /** From here on only the milliseconds count. */
  keepJulian(): void {
    this.hasDate = false;
    this.hasTime = false;
    this.zone = 0;
  }

  setJulian(julianMs: number): void {
    this.julianMs = julianMs;
    this.hasJulian = true;
  }

  setUnixMs(unixMs: number): void {
    this.setJulian(EPOCH_MS + Math.trunc(unixMs));
    this.isUtc = true;
    this.isLocal = false;
    this.keepJulian();
  }

  /** A number without a unit: a Julian day if it can be one, until a modifier says otherwise. */
  setNumber(value: number): void {
    this.seconds = value;
    this.isRaw = true;
    if (value >= 0 && value < JULIAN_DAYS_END) {
      this.setJulian(Math.trunc(value * DAY_MS + 0.5));
    }
  }

  invalidate(): void {
    this.clear();
    this.isInvalid = true;
  }

  get isInRange(): boolean {
    return this.julianMs >= 0 && this.julianMs <= LAST_MS;
  }

  /** Milliseconds from date and time; without a date, January 1st, 2000. */
  needJulian(): void {
    if (this.hasJulian) {
      return;
    }
    const year = this.hasDate ? this.year : 2000;
    if (year < -4713 || year > 9999 || this.isRaw) {
      this.invalidate();
      return;
    }
    this.setJulian(this.hasDate ? dayNumber(year, this.month, this.day) * DAY_MS : dayNumber(2000, 1, 1) * DAY_MS);
    if (this.hasTime) {
      this.julianMs += this.hour * 3_600_000 + this.minute * 60_000 + Math.trunc(this.seconds * 1000 + 0.5);
      if (this.zone !== 0) {
        this.julianMs -= this.zone * 60_000;
        this.keepJulian();
        this.isUtc = true;
        this.isLocal = false;
      }
    }
  }

  needDate(): void {
    if (this.hasDate) {
      return;
    }
    if (!this.hasJulian) {
      this.year = 2000;
      this.month = 1;
      this.day = 1;
    } else if (this.isInRange) {
      this.#setDate(Math.trunc((this.julianMs + HALF_DAY_MS) / DAY_MS));
    } else {
      this.invalidate();
      return;
    }
    this.hasDate = true;
  }

  needTime(): void {
    if (this.hasTime) {
      return;
    }
    this.needJulian();
    const dayMs = (this.julianMs + HALF_DAY_MS) % DAY_MS;
    this.seconds = (dayMs % 60_000) / 1000;
    const minutes = Math.trunc(dayMs / 60_000);
    this.minute = minutes % 60;
    this.hour = Math.trunc(minutes / 60);
    this.isRaw = false;
    this.hasTime = true;
  }

  needDateAndTime(): void {
    this.needDate();
    this.needTime();
  }

  /** Moves a month that lies outside of 1 … 12 into its year. */
  carryMonths(): void {
    const years = Math.trunc(this.month > 0 ? (this.month - 1) / 12 : (this.month - 12) / 12);
    this.year += years;
    this.month -= years * 12;
  }

  /** Remembers how far the day lies behind the end of its month, for the modifier `floor`. */
  noteOverflow(): void {
    const last = lastDay(this.year, this.month);
    this.overflowDays = this.day > last ? this.day - last : 0;
  }

  /** The Julian zero is a Monday. */
  get daysAfterMonday(): number {
    return Math.trunc((this.julianMs + HALF_DAY_MS) / DAY_MS) % 7;
  }

  get daysAfterSunday(): number {
    return Math.trunc((this.julianMs + DAY_MS + HALF_DAY_MS) / DAY_MS) % 7;
  }

  /** Fliegel and Van Flandern's way back from a day number, with March as the first month. */
  #setDate(days: number): void {
    const shifted = days + 32_044;
    const century = Math.floor((4 * shifted + 3) / 146_097);
    const ofCentury = shifted - Math.floor((146_097 * century) / 4);
    const yearOfCentury = Math.floor((4 * ofCentury + 3) / 1461);
    const ofYear = ofCentury - Math.floor((1461 * yearOfCentury) / 4);
    const month = Math.floor((5 * ofYear + 2) / 153);
    this.day = ofYear - Math.floor((153 * month + 2) / 5) + 1;
    this.month = month + 3 - 12 * Math.floor(month / 10);
    this.year = 100 * century + yearOfCentury - 4800 + Math.floor(month / 10);
  }
}

/** The Julian day, with a half, on which a date begins (Meeus, Astronomical Algorithms, chapter 7). */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const m = month <= 2 ? month + 12 : month;
  const century = Math.trunc((y + 4800) / 100);
  const leap = 38 - century + Math.trunc(century / 4);
  const days = Math.trunc((36_525 * (y + 4716)) / 100) + Math.trunc((306_001 * (m + 1)) / 10_000);
  return days + day + leap - 1524.5;
}

const MONTH_DAYS = [31, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function lastDay(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : MONTH_DAYS[month]!;
}
