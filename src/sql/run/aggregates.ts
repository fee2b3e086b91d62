/** The aggregates by name (https://sqlite.org/lang_aggfunc.html). */
import { DbError } from "../../errors.ts";
import { textOf, toNumericAffinity } from "../value/affinity.ts";
import { JSON_AGGREGATES } from "../value/json/index.ts";
import {
  answer,
  answered,
  answerInteger,
  answerNull,
  answerReal,
  answerText,
  BIG,
  INTEGER,
  NULL,
  NULLABLE,
  NUMERIC_TYPES,
  REAL,
  type SqlValue,
  type Tag,
  TEXT,
  type TypeSet,
  typeSet,
} from "../value/value.ts";
import type { AggregateFunction } from "./aggregate-function.ts";
import { extreme } from "./extremes.ts";
import { Sum, type SumName } from "./sum.ts";

const REAL_OR_NULL = typeSet(REAL) | NULLABLE;

const COUNT: AggregateFunction<{ count: number }> = {
  name: "count",
  minimum: 0,
  maximum: 1,
  typesOf: () => typeSet(INTEGER),
  begin: () => ({ count: 0 }),
  add: (state, tags) => {
    state.count += tags[0] === NULL ? 0 : 1;
  },
  remove: (state, tags) => {
    state.count -= tags[0] === NULL ? 0 : 1;
  },
  answer: ({ count }) => answerInteger(count),
};

function summing(name: SumName, types: TypeSet): AggregateFunction<Sum> {
  return {
    name,
    minimum: 1,
    maximum: 1,
    typesOf: () => types,
    begin: () => new Sum(),
    add: (sum, tags, values) => sum.add(tags[0]!, values[0]!, 1),
    remove: (sum, tags, values) => sum.add(tags[0]!, values[0]!, -1),
    answer: (sum) => sum.answer(name),
  };
}

/** The texts of one group, with what stands before each of them. */
interface Concatenation {
  readonly texts: string[];
  readonly separators: string[];
  /** Of all together. */
  length: number;
}

/** The longest text that V8 makes. */
const MOST_CHARACTERS = 536_870_888;

function concatenation(name: string, minimum: number): AggregateFunction<Concatenation> {
  return {
    name,
    minimum,
    maximum: 2,
    typesOf: () => typeSet(TEXT) | NULLABLE,
    begin: () => ({ texts: [], separators: [], length: 0 }),
    add: (state, tags, values) => {
      if (tags[0] === NULL) {
        return;
      }
      const text = textOf(tags[0]!, values[0]!);
      const separator = tags.length === 1 ? "," : tags[1] === NULL ? "" : textOf(tags[1]!, values[1]!);
      state.length += text.length + separator.length;
      if (state.length > MOST_CHARACTERS) {
        throw new DbError("FULL", "string or blob too big", { limit: MOST_CHARACTERS });
      }
      state.texts.push(text);
      state.separators.push(separator);
    },
    remove: (state, tags) => {
      if (tags[0] !== NULL) {
        state.length -= state.texts.shift()!.length + state.separators.shift()!.length;
      }
    },
    answer: ({ texts, separators }) => {
      if (texts.length === 0) {
        answerNull();
        return;
      }
      answerText(texts.reduce((whole, text, index) => whole + separators[index] + text));
    },
  };
}

/** The numbers of one group, and which of them is wanted. */
interface Percentile {
  readonly numbers: number[];
  fraction: number;
}

/** `scale`: what the whole is, 100 or 1; undefined: the middle. */
function percentile(name: string, scale: number | undefined, isContinuous: boolean): AggregateFunction<Percentile> {
  const arguments_ = scale === undefined ? 1 : 2;
  return {
    name,
    minimum: arguments_,
    maximum: arguments_,
    typesOf: () => REAL_OR_NULL,
    begin: () => ({ numbers: [], fraction: Number.NaN }),
    add: (state, tags, values) => {
      const fraction = scale === undefined ? 0.5 : fractionOf(name, scale, tags[1]!, values[1]!);
      if (!Number.isNaN(state.fraction) && Math.abs(state.fraction - fraction) > 0.001) {
        throw new DbError("INVALID", `the fraction argument to ${name}() is not the same for all input rows`);
      }
      state.fraction = fraction;
      if (tags[0] !== NULL) {
        state.numbers.push(numberOf(name, tags[0]!, values[0]!));
      }
    },
    remove: (state, tags, values) => {
      if (tags[0] !== NULL) {
        state.numbers.splice(state.numbers.indexOf(numberOf(name, tags[0]!, values[0]!)), 1);
      }
    },
    answer: ({ numbers, fraction }) => answerPercentile(numbers, fraction, isContinuous),
  };
}

function fractionOf(name: string, scale: number, tag: Tag, value: SqlValue): number {
  toNumericAffinity(tag, value);
  const isNumber = answer.tag === INTEGER || answer.tag === REAL || answer.tag === BIG;
  const fraction = isNumber ? Number(answered()) / scale : Number.NaN;
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new DbError("INVALID", `the fraction argument to ${name}() is not between 0.0 and ${scale.toFixed(1)}`);
  }
  return fraction;
}

function numberOf(name: string, tag: Tag, value: SqlValue): number {
  toNumericAffinity(tag, value);
  if (tag !== INTEGER && tag !== REAL && tag !== BIG) {
    throw new DbError("INVALID", `input to ${name}() is not numeric`);
  }
  if (!Number.isFinite(Number(answered()))) {
    throw new DbError("INVALID", `Inf input to ${name}()`);
  }
  return Number(answered());
}

function answerPercentile(numbers: readonly number[], fraction: number, isContinuous: boolean): void {
  if (numbers.length === 0) {
    answerNull();
    return;
  }
  const sorted = Float64Array.from(numbers).sort();
  const place = fraction * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  answerReal(isContinuous ? low + (high - low) * (place - below) : low);
}

const AGGREGATES: readonly AggregateFunction<never>[] = [
  COUNT,
  summing("sum", NUMERIC_TYPES | NULLABLE),
  summing("total", typeSet(REAL)),
  summing("avg", REAL_OR_NULL),
  extreme("min", 1),
  extreme("max", -1),
  concatenation("group_concat", 1),
  concatenation("string_agg", 2),
  percentile("median", undefined, true),
  percentile("percentile", 100, true),
  percentile("percentile_cont", 1, true),
  percentile("percentile_disc", 1, false),
] as unknown as readonly AggregateFunction<never>[];

const byName = new Map([...AGGREGATES, ...JSON_AGGREGATES.map(ofJson)].map((entry) => [entry.name, entry]));

/** JSON's aggregates take pairs of tag and value. */
function ofJson(json: (typeof JSON_AGGREGATES)[number]): AggregateFunction<never> {
  const found: AggregateFunction<ReturnType<typeof json.begin>> = {
    name: json.name,
    minimum: json.argumentCount,
    maximum: json.argumentCount,
    typesOf: () => json.types,
    begin: () => json.begin(),
    add: (state, tags, values) => {
      const step = json.step as (of: typeof state, ...pairs: (Tag | SqlValue)[]) => void;
      step(state, ...tags.flatMap((tag, index) => [tag, values[index]!]));
    },
    remove: (state) => json.inverse(state),
    answer: (state) => json.answer(state),
    takesJson: json.takesJson,
  };
  return found as unknown as AggregateFunction<never>;
}

/** The aggregate of this name, in lower case. With several arguments min and max are ordinary functions. */
export function aggregateFunction(name: string, count: number): AggregateFunction | undefined {
  return (name === "min" || name === "max") && count > 1
    ? undefined
    : (byName.get(name) as AggregateFunction | undefined);
}
