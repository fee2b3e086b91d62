/**
 * The decimal digits of a real, as many as are asked for, by SQLite's own approximation.
 *
 *   value = 0.DIGITS × 10^point        49.47 to 17 digits: "4947", point 2
 *
 * A real is a whole number of 64 bits times a power of two. Multiplied by a power of ten that is known to 64 bits, its
 * upper half has the wanted digits, off by one in the last at most. SQLite rounds from there, at 18 digits or one more
 * than were asked for; so its 17th digit is not always that of the exact value, and to agree with it the powers have to
 * be made as it makes them: 10^(27g) to 96 bits, times 10^n with n < 27, cut to 64.
 *
 * The powers are worked out when first needed and kept; a decoding takes 0.6 µs, most of it in bigints.
 */

/** The digits found last, without zeros at the end; at least one. */
export interface RealDigits {
  digits: string;
  /** How many of the digits stand before the decimal point; negative: zeros behind it. */
  point: number;
}

export const decoded: RealDigits = { digits: "0", point: 1 };

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);
const bits = new BigUint64Array(double.buffer);

const FRACTION = (1n << 52n) - 1n;
const TOP_BIT = 1n << 63n;
const MOST_DIGITS = 18;
/** Asked for so many digits, SQLite looks for fewer that mean the same real. */
const EXACT_DIGITS = 17;

/**
 * Finds the digits of a positive, finite real: `digits` significant ones if positive, else rounded to `-digits` places
 * behind the decimal point. Never more than `most`; the real may be given with up to 19 where `most` allows.
 */
export function decodeReal(value: number, digits: number, most: number): void {
  if (digits <= 0) {
    const units = roundedUnits(value, -digits);
    if (units > 0) {
      const whole = String(units);
      decoded.digits = withoutZeros(whole);
      decoded.point = whole.length + digits;
      return;
    }
  }
  const asked = digits <= 0 || digits >= MOST_DIGITS ? MOST_DIGITS : digits + 1;
  let text = leadingDigits(value, asked);
  let point = text.length + decoded.point;
  let kept = digits > 0 ? digits : point - digits;
  if (digits <= 0 && kept === 0 && text >= "5") {
    kept = 1;
    text = `0${text}`;
    point++;
  }
  if (kept > 0 && (kept < text.length || text.length > most)) {
    kept = Math.min(kept, most);
    if (kept === EXACT_DIGITS) {
      kept = fewerDigits(value, text, point);
    }
    if (kept < text.length && text.charCodeAt(kept) >= 53) {
      const rounded = String(BigInt(text.slice(0, kept)) + 1n).padStart(kept, "0");
      point += rounded.length - kept;
      text = rounded;
    } else {
      text = text.slice(0, kept);
    }
  }
  decoded.digits = withoutZeros(text);
  decoded.point = point;
}

/** Up to here a real times a power of ten is off by less than a thousandth. */
const CERTAIN_UNITS = 2 ** 40;
const CERTAIN_PLACES = 15;
const POWERS_OF_TEN = Array.from({ length: CERTAIN_PLACES + 1 }, (_, power) => 10 ** power);

/**
 * A positive real, rounded to so many places, in units of the last; NaN where a product of two reals does not tell
 * (the half between two units is near, or there are many digits). 20 ns where all digits take 800.
 */
export function roundedUnits(value: number, places: number): number {
  if (places > CERTAIN_PLACES) {
    return Number.NaN;
  }
  const units = value * POWERS_OF_TEN[places]!;
  const whole = Math.floor(units);
  const fraction = units - whole;
  if (units > CERTAIN_UNITS || Math.abs(fraction - 0.5) < 0.001) {
    return Number.NaN;
  }
  return fraction < 0.5 ? whole : whole + 1;
}

/** What such units are: the real nearest to that decimal, since both numbers are exact. */
export function ofUnits(units: number, places: number): number {
  return units / POWERS_OF_TEN[places]!;
}

/** At least `count` digits as text, and in `decoded.point` the power of ten of the last. */
function leadingDigits(value: number, count: number): string {
  double[0] = value;
  let mantissa = bits[0]! & FRACTION;
  let exponent = halves[1]! >>> 20;
  if (exponent === 0) {
    const zeros = 64 - mantissa.toString(2).length;
    mantissa <<= BigInt(zeros);
    exponent = -1074 - zeros;
  } else {
    mantissa = (mantissa << 11n) | TOP_BIT;
    exponent -= 1086;
  }
  const power = count - 1 - decimalExponent(exponent + 63);
  const shift = -(exponent + binaryExponent(power) + 1);
  const product = mantissa * powerOfTen(power);
  decoded.point = -power;
  if (count < MOST_DIGITS) {
    return String(product >> BigInt(64 + shift));
  }
  const twice = product >> BigInt(63 + shift);
  return String((twice + ((twice & 1n) << 1n)) >> 1n);
}

/**
 * How many digits stand for the same real where the 17 end in nines or zeros: 49.469999999999999 is 49.47. One is kept
 * beyond those, to round by.
 */
function fewerDigits(value: number, text: string, point: number): number {
  let count: number;
  let shorter: bigint;
  if (text[15] === "9" && text[14] === "9") {
    count = 14;
    while (count > 0 && text[count - 1] === "9") {
      count--;
    }
    shorter = BigInt(text.slice(0, count)) + 1n;
  } else if (point >= text.length || text.slice(13, 16) === "000") {
    count = 13;
    while (text[count - 1] === "0") {
      count--;
    }
    shorter = BigInt(text.slice(0, count));
  } else {
    return EXACT_DIGITS;
  }
  return Number(`${shorter}e${point - count}`) === value ? count + 1 : EXACT_DIGITS;
}

function withoutZeros(text: string): string {
  let end = text.length;
  while (end > 1 && text.charCodeAt(end - 1) === 48) {
    end--;
  }
  return end === text.length ? text : text.slice(0, end);
}

/** The binary logarithm of 10^power, rounded down. */
function binaryExponent(power: number): number {
  return (power * 108853) >> 15;
}

/** The decimal logarithm of 2^power, rounded down. */
function decimalExponent(power: number): number {
  return (power * 78913) >> 18;
}

const STEP = 27;
const LOWEST_POWER = -348;
const WORD = (1n << 64n) - 1n;
const LONG = (1n << 96n) - 1n;
const powers: (bigint | undefined)[] = [];

/** The upper 64 bits of 10^power. */
function powerOfTen(power: number): bigint {
  let known = powers[power - LOWEST_POWER];
  if (known === undefined) {
    known = makePower(power);
    powers[power - LOWEST_POWER] = known;
  }
  return known;
}

function makePower(power: number): bigint {
  const group = Math.floor(power / STEP);
  const rest = power - group * STEP;
  if (group === 0) {
    return upperBits(10n ** BigInt(rest), 64);
  }
  if (power === -1) {
    return (WORD / 5n) * 4n;
  }
  const scale = scaleOf(group);
  if (rest === 0) {
    return scale >> 32n;
  }
  const product = (scale * upperBits(10n ** BigInt(rest), 64)) >> 32n;
  return product >> 127n === 1n ? product >> 64n : product >> 63n;
}

/** 10^(27·group) to 96 bits, rounded. */
function scaleOf(group: number): bigint {
  const power = 10n ** BigInt(Math.abs(group) * STEP);
  // A negative power to 300 bits and more: rounding it to 96 is then exact.
  const exact = group > 0 ? power << 128n : (1n << BigInt(power.toString(2).length + 320)) / power;
  const rounded = (upperBits(exact, 97) + 1n) >> 1n;
  return rounded > LONG ? rounded >> 1n : rounded;
}

/** The first `count` bits of a whole number, zeros behind it where it is shorter. */
function upperBits(value: bigint, count: number): bigint {
  const spare = value.toString(2).length - count;
  return spare >= 0 ? value >> BigInt(spare) : value << BigInt(-spare);
}
