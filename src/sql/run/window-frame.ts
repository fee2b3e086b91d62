/**
 * The frame of a row: which rows of its partition, in the order of the window, a function sees.
 *
 *   ROWS     so many rows before and behind        GROUPS   so many sets of peers before and behind
 *   RANGE    the rows whose one key is so much less or greater; without a distance, up to the first or last peer
 *
 * The end of a RANGE with a distance is looked for among the sets of peers, which stand in the order of their keys. The distance is
 * added to the key that comes first in that order, as SQLite does it: where sums round, that makes a difference.
 */
import { DbError } from "../../errors.ts";
import { toNumericAffinity } from "../value/affinity.ts";
import { add, subtract } from "../value/arithmetic.ts";
import { compareValues } from "../value/compare.ts";
import { answer, answered, BIG, INTEGER, NULL, REAL, type SqlValue, type Tag } from "../value/value.ts";

export type FrameUnit = "rows" | "range" | "groups";
export type FrameExclusion = "no others" | "current row" | "group" | "ties";
export type FrameEndKind = "unbounded preceding" | "preceding" | "current row" | "following" | "unbounded following";

export interface FrameEnd {
  readonly kind: FrameEndKind;
  /** Of preceding and following. */
  readonly tag: Tag;
  readonly distance: SqlValue;
}

export interface Partition {
  readonly size: number;
  /** For each row the number of its set of peers, and where each set begins; one more is `size`. */
  readonly peerSets: Uint32Array;
  readonly setStarts: Uint32Array;
  /** Leaves the one ORDER BY key of a row in `answer`. */
  readonly answerKey: (position: number) => void;
  readonly isDescending: boolean;
}

export interface Frame {
  readonly from: number;
  /** Exclusive; not beyond `from` where the frame is empty. */
  readonly to: number;
}

/** What is said of an end of a frame. */
export interface FrameEndShape {
  readonly kind: FrameEndKind;
  readonly which: "start" | "end";
  /** The distance is in rows or groups. */
  readonly isWhole: boolean;
  readonly hasDistance: boolean;
}

/** With the distance that was worked out; INVALID where that is none. */
export function frameEndOf({ kind, which, isWhole, hasDistance }: FrameEndShape, tag: Tag, value: SqlValue): FrameEnd {
  if (!hasDistance) {
    return { kind, tag: NULL, distance: null };
  }
  toNumericAffinity(tag, value);
  const distance = answered();
  const isDistance = answer.tag === INTEGER || answer.tag === BIG || (answer.tag === REAL && !isWhole);
  if (!isDistance || Number(distance) < 0) {
    const what = isWhole ? "integer" : "number";
    throw new DbError(
      "INVALID",
      `frame ${which === "start" ? "starting" : "ending"} offset must be a non-negative ${what}`,
    );
  }
  return { kind, tag: answer.tag, distance };
}

/** The first row of the frame. */
export function frameStartAt(partition: Partition, unit: FrameUnit, start: FrameEnd, position: number): number {
  return Math.max(0, startOf(partition, unit, start, position));
}

/** The first row behind the frame; where that is not beyond its start, the frame is empty. */
export function frameEndAt(partition: Partition, unit: FrameUnit, end: FrameEnd, position: number): number {
  return Math.min(partition.size, endOf(partition, unit, end, position));
}

function startOf(partition: Partition, unit: FrameUnit, { kind, tag, distance }: FrameEnd, position: number): number {
  const { peerSets, setStarts, size } = partition;
  const set = peerSets[position]!;
  switch (kind) {
    case "unbounded preceding":
      return 0;
    case "unbounded following":
      return size;
    case "current row":
      return unit === "rows" ? position : setStarts[set]!;
    default: {
      const sign = kind === "following" ? 1 : -1;
      switch (unit) {
        case "rows":
          return position + sign * Number(distance);
        case "groups":
          return startOfSet(partition, set + sign * Number(distance));
        default:
          return boundary(partition, position, sign > 0, tag, distance, false);
      }
    }
  }
}

function endOf(partition: Partition, unit: FrameUnit, { kind, tag, distance }: FrameEnd, position: number): number {
  const { peerSets, setStarts, size } = partition;
  const set = peerSets[position]!;
  switch (kind) {
    case "unbounded preceding":
      return 0;
    case "unbounded following":
      return size;
    case "current row":
      return unit === "rows" ? position + 1 : setStarts[set + 1]!;
    default: {
      const sign = kind === "following" ? 1 : -1;
      switch (unit) {
        case "rows":
          return position + sign * Number(distance) + 1;
        case "groups":
          return startOfSet(partition, set + sign * Number(distance) + 1);
        default:
          return boundary(partition, position, sign > 0, tag, distance, true);
      }
    }
  }
}

function startOfSet({ setStarts, size }: Partition, set: number): number {
  return set < 0 ? 0 : set >= setStarts.length ? size : setStarts[set]!;
}

/** The first row that is at the key `distance` away or behind it; with `isBehind`, the first one behind. */
function boundary(
  partition: Partition,
  position: number,
  isFollowing: boolean,
  distanceTag: Tag,
  distance: SqlValue,
  isBehind: boolean,
): number {
  const { answerKey, isDescending, peerSets, setStarts } = partition;
  answerKey(position);
  if (!isNumber(answer.tag)) {
    // There is no distance from what is no number: its peers alone.
    const set = peerSets[position]!;
    return setStarts[isBehind ? set + 1 : set]!;
  }
  const move = isDescending ? subtract : add;
  if (isFollowing) {
    move(answer.tag, answered(), distanceTag, distance);
  }
  const { tag } = answer;
  const value = answered();
  let low = 0;
  let high = setStarts.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    answerKey(setStarts[middle]!);
    if (!isFollowing && isNumber(answer.tag)) {
      move(answer.tag, answered(), distanceTag, distance);
    }
    const order = orderOf(partition, answer.tag, answered(), tag, value);
    if (isBehind ? order <= 0 : order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return setStarts[low]!;
}

function isNumber(tag: Tag): boolean {
  return tag === INTEGER || tag === BIG || tag === REAL;
}

/** How a key stands to a number in the window's order. NULLs stand where they are: at the start or the end. */
function orderOf(
  { isDescending, size, answerKey }: Partition,
  tag: Tag,
  value: SqlValue,
  toTag: Tag,
  to: SqlValue,
): number {
  if (tag === NULL) {
    answerKey(size - 1);
    return answer.tag === NULL ? 1 : -1;
  }
  const order = compareValues(tag, value, toTag, to);
  return isDescending ? -order : order;
}

/** The rows of a frame without those that EXCLUDE leaves out. */
export function* rowsOf(
  { peerSets, setStarts }: Partition,
  { from, to }: Frame,
  exclusion: FrameExclusion,
  position: number,
): Generator<number, void, undefined> {
  const set = peerSets[position]!;
  const firstPeer = setStarts[set]!;
  const lastPeer = setStarts[set + 1]! - 1;
  for (let row = from; row < to; row++) {
    const isPeer = row >= firstPeer && row <= lastPeer;
    const isOut =
      exclusion === "current row"
        ? row === position
        : exclusion === "group"
          ? isPeer
          : exclusion === "ties" && isPeer && row !== position;
    if (!isOut) {
      yield row;
    }
  }
}

/** A row of the frame by its number from 0, from the end if negative. */
export function rowOf(
  partition: Partition,
  frame: Frame,
  exclusion: FrameExclusion,
  position: number,
  number: number,
): number | undefined {
  if (exclusion === "no others") {
    const row = number < 0 ? frame.to + number : frame.from + number;
    return row >= frame.from && row < frame.to ? row : undefined;
  }
  return [...rowsOf(partition, frame, exclusion, position)].at(number);
}
