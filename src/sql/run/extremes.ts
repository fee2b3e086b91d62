/**
 * min() and max().
 *
 * Over a window that moves, what may still become the answer is kept: the values of which no later one is as good. They stand
 * from the best to the worst, so that the first is the answer, and each row enters and leaves once.
 */
import type { Collation } from "../value/collation.ts";
import { compareValues } from "../value/compare.ts";
import { answerNull, answerValue, NULL, NULLABLE, type SqlValue, type Tag, type TypeSet } from "../value/value.ts";
import type { AggregateFunction } from "./aggregate-function.ts";
import { keptValue } from "./value-set.ts";

interface Extreme {
  tag: Tag;
  value: SqlValue;
  readonly collation: Collation | undefined;
  isFromLast: boolean;
}

/** `sign` 1: the least. While there are only NULLs each row is the one that the answer comes from. */
export function extreme(name: string, sign: 1 | -1): AggregateFunction<Extreme> {
  return {
    name,
    minimum: 1,
    maximum: 1,
    typesOf: anyOrNull,
    begin: (collation) => ({ tag: NULL, value: null, collation, isFromLast: false }),
    add: (state, tags, values) => {
      const tag = tags[0]!;
      const value = values[0]!;
      const isFirst = state.tag === NULL;
      state.isFromLast =
        isFirst || (tag !== NULL && sign * compareValues(tag, value, state.tag, state.value, state.collation) < 0);
      if (state.isFromLast) {
        state.tag = tag;
        state.value = keptValue(tag, value);
      }
    },
    remove: undefined,
    answer: ({ tag, value }) => answerValue(tag, value),
    moving: movingExtreme(name, sign) as unknown as AggregateFunction,
    isFromLast: (state) => state.isFromLast,
  };
}

interface Candidate {
  readonly tag: Tag;
  readonly value: SqlValue;
  /** The number of the row, as they were added. */
  readonly row: number;
}

interface MovingExtreme {
  readonly collation: Collation | undefined;
  /** From `first` on; the ones before have left. */
  candidates: Candidate[];
  first: number;
  added: number;
  removed: number;
}

function movingExtreme(name: string, sign: 1 | -1): AggregateFunction<MovingExtreme> {
  return {
    name,
    minimum: 1,
    maximum: 1,
    typesOf: anyOrNull,
    begin: (collation) => ({ collation, candidates: [], first: 0, added: 0, removed: 0 }),
    add: (state, tags, values) => {
      const row = state.added++;
      const tag = tags[0]!;
      const value = values[0]!;
      if (tag === NULL) {
        return;
      }
      const { candidates, collation } = state;
      while (candidates.length > state.first) {
        const { tag: lastTag, value: last } = candidates.at(-1)!;
        // Of equal ones the first is the answer, as long as it is there.
        if (sign * compareValues(tag, value, lastTag, last, collation) >= 0) {
          break;
        }
        candidates.pop();
      }
      candidates.push({ tag, value: keptValue(tag, value), row });
    },
    remove: (state) => {
      const row = state.removed++;
      if (state.candidates[state.first]?.row === row) {
        state.first++;
        letGo(state);
      }
    },
    answer: ({ candidates, first }) => {
      const best = candidates[first];
      best === undefined ? answerNull() : answerValue(best.tag, best.value);
    },
  };
}

/** Of the candidates that have left, once they are half of all. */
function letGo(state: MovingExtreme): void {
  if (state.first * 2 > state.candidates.length) {
    state.candidates = state.candidates.slice(state.first);
    state.first = 0;
  }
}

function anyOrNull(list: readonly TypeSet[]): TypeSet {
  return (list[0] ?? 0) | NULLABLE;
}
