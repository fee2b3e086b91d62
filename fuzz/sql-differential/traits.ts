/**
 * What a round's SQL may have. Some things leave SQLite a choice, or make it one of the order of rows, so that no two of them
 * come in one round: sums of huge and small numbers, and integers beside reals of the same value where one of both is kept.
 */
import type { Dice } from "../dice.ts";

export interface Traits {
  /** Numbers that overflow; no sums then. */
  readonly extremes: boolean;
  /** 1.0 beside 1; nothing then that takes equal values for one. */
  readonly wholeReals: boolean;
  readonly collations: boolean;
  /** Tables of some tens of rows; no more than two in a FROM then, and one in a view. */
  readonly manyRows: boolean;
}

export function drawTraits(dice: Dice): Traits {
  const kind = dice.below(4);
  return { extremes: kind === 0, wholeReals: kind === 1, collations: dice.once(2), manyRows: dice.once(3) };
}

const NUMBERS = ["0", "1", "2", "3", "-1", "-2", "5", "10", "100", "0.5", "1.5", "-2.5", "2.25"];
const TEXTS = [
  "''",
  "'a'",
  "'A'",
  "'b'",
  "'ab'",
  "'aB '",
  "'1'",
  "'2'",
  "'3abc'",
  "'0.5'",
  "' 2'",
  "'-1'",
  "'é'",
  "'it''s'",
];
const BLOBS = ["x''", "x'61'", "x'4142'", "x'31'"];
const HUGE = [
  "9223372036854775807",
  "-9223372036854775808",
  "9007199254740993",
  "4294967296",
  "1e20",
  "-1e-7",
  "1e308",
  "123456789.125",
  "0x7fffffffffffffff",
  "9223372036854775808",
];
const WHOLE = ["1.0", "2.0", "0.0", "-0.0", "-1.0", "1e2", "'1.0'"];

export function literal(dice: Dice, { extremes, wholeReals }: Traits): string {
  switch (dice.below(12)) {
    case 0:
      return "NULL";
    case 1:
      return dice.pick(BLOBS);
    case 2:
    case 3:
    case 4:
      return dice.pick(TEXTS);
    case 5:
      return extremes ? dice.pick(HUGE) : wholeReals ? dice.pick(WHOLE) : dice.pick(NUMBERS);
    case 6:
      return dice.pick(["TRUE", "FALSE", "1", "2"]);
    default:
      return dice.pick(NUMBERS);
  }
}
