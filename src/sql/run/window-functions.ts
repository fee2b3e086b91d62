/** The functions that exist in windows alone (https://sqlite.org/windowfunctions.html#built_in_window_functions). */
import { DbError } from "../../errors.ts";
import { castTo, toNumericAffinity } from "../value/affinity.ts";
import {
  ANY_TYPE,
  answer,
  answered,
  answerInteger,
  answerNull,
  answerReal,
  BIG,
  INTEGER,
  NULL,
  REAL,
  type TypeSet,
  typeSet,
} from "../value/value.ts";
import type { WindowFunction, WindowPlace } from "./aggregate-function.ts";

function ofTypes(types: TypeSet): () => TypeSet {
  return () => types;
}

/** `lag` and `lead`: the argument some rows away, or the default, as where the number of rows is not whole. */
function shifted(direction: 1 | -1): WindowFunction["answerAt"] {
  return (place) => {
    let distance = 1;
    let hasDistance = true;
    if (place.arguments > 1) {
      place.argument(place.position, 1);
      hasDistance = answer.tag !== NULL;
      castTo("REAL", answer.tag, answered());
      distance = Number(answered());
    }
    const position = place.position + direction * distance;
    if (hasDistance && Number.isInteger(position) && position >= 0 && position < place.size) {
      place.argument(position, 0);
    } else if (place.arguments > 2) {
      place.argument(place.position, 2);
    } else {
      answerNull();
    }
  };
}

/** The second argument of `nth_value` in the row, which may be a text that is a number. */
function wantedOf(place: WindowPlace): number {
  place.argument(place.position, 1);
  toNumericAffinity(answer.tag, answered());
  const { tag } = answer;
  const value =
    tag === INTEGER ? answer.number : tag === BIG ? Number(answered()) : tag === REAL ? wholeOf(answer.number) : 0;
  if (value <= 0) {
    throw new DbError("INVALID", "second argument to nth_value must be a positive integer");
  }
  return value;
}

function wholeOf(number: number): number {
  return Number.isInteger(number) ? number : 0;
}

/** The argument in a row of the frame, counted from 0; negative from its end. */
function answerInFrame(place: WindowPlace, number: number): void {
  const position = place.inFrame(number);
  position === undefined ? answerNull() : place.argument(position, 0);
}

/** Buckets of sizes that differ by one at the most, the larger ones first. */
function answerBucket(place: WindowPlace): void {
  // SQLite asks for it once a partition.
  place.argument(0, 0);
  castTo("INTEGER", answer.tag, answered());
  const buckets = Number(answered() ?? 0);
  if (buckets <= 0) {
    throw new DbError("INVALID", "argument of ntile must be a positive integer");
  }
  const least = Math.floor(place.size / buckets);
  const larger = place.size % buckets;
  const inLarger = larger * (least + 1);
  const { position } = place;
  answerInteger(
    position < inLarger
      ? Math.floor(position / (least + 1)) + 1
      : larger + Math.floor((position - inLarger) / Math.max(1, least)) + 1,
  );
}

const WINDOW_FUNCTIONS: readonly WindowFunction[] = [
  {
    name: "row_number",
    minimum: 0,
    maximum: 0,
    typesOf: ofTypes(typeSet(INTEGER)),
    answerAt: ({ position }) => answerInteger(position + 1),
  },
  {
    name: "rank",
    minimum: 0,
    maximum: 0,
    typesOf: ofTypes(typeSet(INTEGER)),
    answerAt: ({ peersFrom }) => answerInteger(peersFrom + 1),
  },
  {
    name: "dense_rank",
    minimum: 0,
    maximum: 0,
    typesOf: ofTypes(typeSet(INTEGER)),
    answerAt: ({ peersBefore }) => answerInteger(peersBefore + 1),
  },
  {
    name: "percent_rank",
    minimum: 0,
    maximum: 0,
    typesOf: ofTypes(typeSet(REAL)),
    answerAt: ({ peersFrom, size }) => answerReal(size > 1 ? peersFrom / (size - 1) : 0),
  },
  {
    name: "cume_dist",
    minimum: 0,
    maximum: 0,
    typesOf: ofTypes(typeSet(REAL)),
    answerAt: ({ peersTo, size }) => answerReal(peersTo / size),
  },
  { name: "ntile", minimum: 1, maximum: 1, typesOf: ofTypes(typeSet(INTEGER)), answerAt: answerBucket },
  { name: "lag", minimum: 1, maximum: 3, typesOf: ofTypes(ANY_TYPE), answerAt: shifted(-1) },
  { name: "lead", minimum: 1, maximum: 3, typesOf: ofTypes(ANY_TYPE), answerAt: shifted(1) },
  {
    name: "first_value",
    minimum: 1,
    maximum: 1,
    typesOf: ofTypes(ANY_TYPE),
    answerAt: (place) => answerInFrame(place, 0),
  },
  {
    name: "last_value",
    minimum: 1,
    maximum: 1,
    typesOf: ofTypes(ANY_TYPE),
    answerAt: (place) => answerInFrame(place, -1),
  },
  {
    name: "nth_value",
    minimum: 2,
    maximum: 2,
    typesOf: ofTypes(ANY_TYPE),
    answerAt: (place) => answerInFrame(place, wantedOf(place) - 1),
  },
];

const byName = new Map(WINDOW_FUNCTIONS.map((entry) => [entry.name, entry]));

/** The window function of this name, in lower case. */
export function windowFunction(name: string): WindowFunction | undefined {
  return byName.get(name);
}
