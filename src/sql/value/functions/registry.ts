/**
 * The scalar functions by name. Each takes `(tag, value)` pairs and leaves its answer in `answer`; compiled statements
 * call them directly.
 *
 *   text       length, replace, char, concat …      part     substr, instr, trim …     quote    quote, unistr …
 *   number     abs, round, sign                     math     sqrt, ln, floor …         blob     hex, zeroblob …
 *   format     format, printf                       pattern  like, glob                build    sqlite_version …
 *   date-time  date, strftime, timediff …           session  random, changes …      ../json  json_set, jsonb …
 *
 * `coalesce`, `ifnull`, `iif` and `nullif` decide what is evaluated, so they are compiled, not called; so are `min` and
 * `max` of several values, two at a time, and `likely` and its kin, which are their argument.
 */
import { JSON_FUNCTIONS } from "../json/index.ts";
import { BLOB_FUNCTIONS } from "./blob.ts";
import { BUILD_FUNCTIONS } from "./build.ts";
import { DATE_TIME_FUNCTIONS } from "./date-time.ts";
import { FORMAT_FUNCTIONS } from "./format.ts";
import { MATH_FUNCTIONS } from "./math.ts";
import { NUMBER_FUNCTIONS } from "./number.ts";
import { PART_FUNCTIONS } from "./part.ts";
import { PATTERN_FUNCTIONS } from "./pattern.ts";
import { QUOTE_FUNCTIONS } from "./quote.ts";
import type { ScalarFunction } from "./scalar-function.ts";
import { SESSION_FUNCTIONS } from "./session.ts";
import { TEXT_FUNCTIONS } from "./text.ts";

const byName = new Map(
  [
    ...BLOB_FUNCTIONS,
    ...BUILD_FUNCTIONS,
    ...DATE_TIME_FUNCTIONS,
    ...FORMAT_FUNCTIONS,
    ...JSON_FUNCTIONS,
    ...MATH_FUNCTIONS,
    ...NUMBER_FUNCTIONS,
    ...PART_FUNCTIONS,
    ...PATTERN_FUNCTIONS,
    ...QUOTE_FUNCTIONS,
    ...SESSION_FUNCTIONS,
    ...TEXT_FUNCTIONS,
  ].map((entry) => [entry.name, entry]),
);

/** The function of this name, in lower case. */
export function scalarFunction(name: string): ScalarFunction | undefined {
  return byName.get(name);
}
