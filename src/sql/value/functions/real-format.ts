/**
 * Reals as `%f`, `%e` and `%g` write them, and with them every other place that writes a real in a given form.
 *
 * Digits come from `decodeReal`, which knows at most 16 of them (20 with `!`): `%.20f` of 0.1 ends in zeros.
 */
import { decoded, decodeReal } from "../real-digits.ts";
import { refuseTooLong } from "./argument.ts";

export interface RealForm {
  readonly conversion: "f" | "e" | "E" | "g" | "G";
  /** `+`, a space, or nothing before a number that is not negative. */
  readonly plus: string;
  readonly leftAligned: boolean;
  readonly zeroPadded: boolean;
  /** `#`: a point always, and `%g` keeps its zeros. */
  readonly alternate: boolean;
  /** `!`: more digits, and always one behind the point. */
  readonly exact: boolean;
  readonly thousands: boolean;
}

const PLAIN_DIGITS = 16;
const EXACT_DIGITS = 20;
/** SQLite's bound on places behind the point. */
const MAX_PRECISION = 100_000_000;

/** Stands for infinity where zeros are padded with: there is no other way to write it in digits. */
const PADDED_INFINITY = 1000;

export function formatReal(form: RealForm, value: number, width: number, precision: number): string {
  const places = Math.min(precision < 0 ? 6 : precision, MAX_PRECISION);
  const { conversion } = form;
  const isGeneral = conversion === "g" || conversion === "G";
  const wanted = conversion === "f" ? -places : isGeneral ? Math.max(places, 1) : places + 1;
  if (value === 0) {
    decoded.digits = "0";
    decoded.point = 1;
  } else if (Number.isFinite(value)) {
    decodeReal(Math.abs(value), wanted, form.exact ? EXACT_DIGITS : PLAIN_DIGITS);
  } else if (form.zeroPadded) {
    decoded.digits = "9";
    decoded.point = PADDED_INFINITY;
  } else {
    return alignText(`${value < 0 ? "-" : form.plus}Inf`, width, form.leftAligned);
  }
  const { digits, point } = decoded;
  // With # a number that shows as zero has no minus.
  const showsZero = conversion === "f" && form.alternate && form.plus === "" && point <= wanted;
  const sign = value < 0 ? (showsZero ? "" : "-") : form.plus;
  const body = isGeneral
    ? generalText(form, Math.max(places, 1) - 1)
    : textOfDigits(form, conversion, places, digits, point);
  return padReal(form, sign, body, width);
}

/** `%g`: without an exponent where that is not longer. */
function generalText(form: RealForm, places: number): string {
  const { digits, point } = decoded;
  const exponent = point - 1;
  return exponent < -4 || exponent > places
    ? textOfDigits(form, form.conversion === "g" ? "e" : "E", places, digits, point)
    : textOfDigits(form, "f", places - exponent, digits, point);
}

function textOfDigits(form: RealForm, conversion: string, places: number, digits: string, point: number): string {
  const isGeneral = form.conversion === "g" || form.conversion === "G";
  const before = conversion === "f" ? point : 1;
  refuseTooLong(Math.max(before, 0) + places + 10);
  let text =
    before <= 0
      ? "0"
      : withThousands(digits.slice(0, before).padEnd(before, "0"), form.thousands && conversion === "f");
  if (places > 0 || form.alternate || form.exact) {
    const fraction =
      before < 0
        ? "0".repeat(Math.min(-before, places)) + digits.slice(0, Math.max(places + before, 0))
        : digits.slice(before, before + places);
    const isTrimmed = isGeneral ? !form.alternate : form.exact;
    const shown = isTrimmed ? fraction.replace(/0+$/, "") : fraction.padEnd(places, "0");
    text += shown !== "" || !isTrimmed ? `.${shown}` : form.exact ? ".0" : "";
  }
  return conversion === "f" ? text : `${text}${exponentText(conversion, point - 1)}`;
}

function exponentText(letter: string, exponent: number): string {
  return `${letter}${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** Commas between groups of three. */
export function withThousands(digits: string, wanted: boolean): string {
  return wanted && digits.length > 3 ? digits.replace(/\B(?=(?:\d{3})+$)/g, ",") : digits;
}

function padReal(form: RealForm, sign: string, body: string, width: number): string {
  if (form.zeroPadded && !form.leftAligned) {
    refuseTooLong(width);
    return sign + body.padStart(width - sign.length, "0");
  }
  return alignText(sign + body, width, form.leftAligned);
}

export function alignText(text: string, width: number, leftAligned: boolean): string {
  if (width <= text.length) {
    return text;
  }
  refuseTooLong(width);
  return leftAligned ? text.padEnd(width) : text.padStart(width);
}

const FIXED: RealForm = {
  conversion: "f",
  plus: "",
  leftAligned: false,
  zeroPadded: true,
  alternate: false,
  exact: false,
  thousands: false,
};
const SHORTEST: RealForm = { ...FIXED, conversion: "g", zeroPadded: false };

/** With so many places behind the point, zeros in front up to `width`. */
export function fixedText(value: number, places: number, width: number): string {
  return formatReal(FIXED, value, width, places);
}

/** With so many significant digits at most. */
export function shortText(value: number, digits: number): string {
  return formatReal(SHORTEST, value, 0, digits);
}
