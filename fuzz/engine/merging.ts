/**
 * What merged values are to a fuzzer: the operands that it draws, and what the model makes of them, by code of its own.
 *
 * A program's own function (`custom`) is associative and minds the order, so that an operand that comes twice, too late or
 * not at all shows.
 */
import { Buffer } from "node:buffer";
import type { AnyMergeOption, ValueKind } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";

export type Merging = "counter" | "max" | "append" | "custom";

interface Span {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** Of what is put together by the function for strings and bytes only so much is kept. */
const CUSTOM_LENGTH = 60;
/** Most operands that are appended are short, so that values do not grow too fast. */
const SHORT_LENGTH = 24;

/** How a map merges; undefined: it does not. */
export function drawMerging(dice: Dice, value: ValueKind): Merging | undefined {
  const all: readonly Merging[] = ["max", "append", "custom"];
  return dice.once(3) ? dice.pick(value === "json" ? [...all, "counter"] : all) : undefined;
}

/** As the map is asked for it: always with the same function, as by a program that has one. */
export function optionFor(merging: Merging, value: ValueKind): AnyMergeOption {
  return merging === "custom" ? CUSTOM[value] : merging;
}

/** What a token stands for in such a map, as a value and as an operand. */
export function mergeableFor(merging: Merging, kind: ValueKind, serial: number, length: number): unknown {
  switch (kind) {
    case "json":
      return jsonFor(merging, serial);
    case "string":
      return textFor(merging, serial, length);
    default:
      return Buffer.from(textFor(merging, serial, length));
  }
}

/** What an entry becomes by an operand, or two operands together. */
export function combined(merging: Merging, kind: ValueKind, older: unknown, newer: unknown): unknown {
  switch (merging) {
    case "counter":
      return (older as number) + (newer as number);
    case "max":
      return isLess(kind, newer, older) ? older : newer;
    case "append":
      return appended(kind, older, newer);
    default:
      return CUSTOM[kind](older as never, newer as never);
  }
}

/** Scrambled, so that the newest is rarely the largest. */
function scrambled(serial: number): number {
  return Math.imul(serial, 0x9e37_79b1) >>> 8;
}

function jsonFor(merging: Merging, serial: number): unknown {
  switch (merging) {
    case "counter":
    case "max":
      return (scrambled(serial) % 2000) - 500;
    case "append":
      return serial % 7 === 0 ? [] : [serial, ...(serial % 5 === 0 ? [{ serial }] : [])];
    default:
      return { first: serial, last: serial, count: 1 };
  }
}

function textFor(merging: Merging, serial: number, length: number): string {
  const text = merging === "max" ? String(scrambled(serial)) : `${serial},`;
  return text.padEnd(merging === "append" && serial % 16 !== 0 ? Math.min(length, SHORT_LENGTH) : length, "m");
}

function isLess(kind: ValueKind, a: unknown, b: unknown): boolean {
  return kind === "bytes" ? Buffer.compare(a as Uint8Array, b as Uint8Array) < 0 : (a as number) < (b as number);
}

function appended(kind: ValueKind, older: unknown, newer: unknown): unknown {
  switch (kind) {
    case "json":
      return [...(older as unknown[]), ...(newer as unknown[])];
    case "string":
      return (older as string) + (newer as string);
    default:
      return Buffer.concat([older as Uint8Array, newer as Uint8Array]);
  }
}

const CUSTOM = {
  json: (older: Span, newer: Span): Span => ({
    first: older.first,
    last: newer.last,
    count: older.count + newer.count,
  }),
  string: (older: string, newer: string): string => (older + newer).slice(0, CUSTOM_LENGTH),
  bytes: (older: Uint8Array, newer: Uint8Array): Uint8Array => Buffer.concat([older, newer]).subarray(0, CUSTOM_LENGTH),
};
