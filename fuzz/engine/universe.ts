/**
 * What maps of a fuzzer hold. A map's keys are drawn once and sorted, so that the model knows them by their place in the
 * order and never has to compare any; a value is known by its token, from which it can be made again.
 */
import { Buffer } from "node:buffer";
import type { EngineKind, KeyKind, LsmSettings, ValueKind } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";

export interface Universe {
  readonly engine: EngineKind;
  readonly lsm: Partial<LsmSettings> | undefined;
  readonly key: KeyKind;
  readonly value: ValueKind;
  /** Ascending, and without equals. */
  readonly keys: readonly unknown[];
}

const ENGINES: readonly EngineKind[] = ["btree", "lsm"];
const KEY_KINDS: readonly KeyKind[] = ["string", "number", "bigint", "bytes", "tuple"];
const VALUE_KINDS: readonly ValueKind[] = ["json", "string", "bytes"];
/** The deadline of an entry is noted under a key that is longer than its own. */
const LONGEST_KEY_BYTES = 2000;

export function drawUniverse(dice: Dice): Universe {
  const key = dice.pick(KEY_KINDS);
  const count = dice.pick([3, 12, 40, 150, 500]);
  const engine = dice.pick(ENGINES);
  const lsm = engine === "lsm" ? drawSettings(dice) : undefined;
  return { engine, lsm, key, value: dice.pick(VALUE_KINDS), keys: drawKeys(dice, key, count) };
}

function drawSettings(dice: Dice): Partial<LsmSettings> {
  return {
    compaction: dice.pick(["levelled", "levelled", "tiered"]),
    compression: dice.pick(["deflate", "none"]),
    filterBitsPerKey: dice.pick([10, 10, 2, 0]),
    prefixBytes: dice.pick([0, 0, 1, 4]),
    largeValueBytes: dice.pick([1024, 128, 2000]),
  };
}

function drawKeys(dice: Dice, kind: KeyKind, count: number): unknown[] {
  switch (kind) {
    case "string":
      return sortedStrings(dice, count);
    case "number":
      return sortedNumbers(dice, count);
    case "bigint":
      return [...new Set(sortedNumbers(dice, count).map((number) => BigInt(Math.round(number)) ** 3n))];
    case "bytes":
      return distinctBytes(Array.from({ length: count }, () => drawBytes(dice)));
    default:
      return sortedTuples(dice, count);
  }
}

function sortedStrings(dice: Dice, count: number): string[] {
  const prefixes = ["", "user:", "user:é", "\u{1f600}", `${"long/".repeat(dice.below(60))}`];
  const drawn = Array.from({ length: count }, () => Buffer.from(dice.pick(prefixes) + String(dice.below(count * 4))));
  return distinctBytes(drawn).map((bytes) => Buffer.from(bytes).toString());
}

function sortedNumbers(dice: Dice, count: number): number[] {
  const drawn = Array.from({ length: count }, () => (dice.below(count * 8) - count * 2) / dice.pick([1, 1, 4, 0.001]));
  return [...new Set(drawn)].sort((a, b) => a - b);
}

function sortedTuples(dice: Dice, count: number): [string, number][] {
  const strings = distinctBytes(Array.from({ length: 5 }, () => drawText(dice))).map((bytes) => bytes.toString());
  const tuples: [string, number][] = [];
  for (const text of strings) {
    for (const number of sortedNumbers(dice, Math.ceil(count / strings.length))) {
      tuples.push([text, number]);
    }
  }
  return tuples;
}

function drawText(dice: Dice): Buffer {
  return Buffer.from("abc".repeat(dice.below(4)).slice(dice.below(3)) + String.fromCharCode(97 + dice.below(26)));
}

/** Few different bytes, so that many keys share much; now and then a key as long as may be. */
function drawBytes(dice: Dice): Buffer {
  const length = dice.once(20) ? dice.between(200, LONGEST_KEY_BYTES) : dice.below(12);
  const bytes = Buffer.alloc(length, dice.pick([0, 1, 255]));
  for (let i = 0; i < Math.min(length, 3); i++) {
    bytes[dice.below(length)] = dice.below(256);
  }
  return bytes;
}

function distinctBytes(drawn: Buffer[]): Buffer[] {
  const sorted = drawn.sort(Buffer.compare);
  return sorted.filter((bytes, i) => i === 0 || Buffer.compare(bytes, sorted[i - 1]!) !== 0);
}

/** A token is a number of its own and the value's length. */
const LENGTHS = 2 ** 20;

export function tokenOf(serial: number, length: number): number {
  return serial * LENGTHS + length;
}

/** Lengths around the limits: what fits a page, what goes to overflow pages, what fills a small segment. */
export function drawLength(dice: Dice, most: number): number {
  const lengths = [0, 8, 8, 30, 30, 30, 100, 100, 300, 1000, 3850, 3950, 9000, 30_000];
  return Math.min(most, dice.pick(lengths) + dice.below(16));
}

export function valueFor(kind: ValueKind, token: number): unknown {
  const serial = Math.floor(token / LENGTHS);
  const length = token % LENGTHS;
  switch (kind) {
    case "json":
      return { serial, rest: "j".repeat(length) };
    case "string":
      return String(serial).padEnd(length, "s");
    default: {
      const bytes = Buffer.alloc(length, serial & 0xff);
      bytes.write(String(serial).slice(0, length), "latin1");
      return bytes;
    }
  }
}

export function isValueOf(kind: ValueKind, token: number, value: unknown): boolean {
  const expected = valueFor(kind, token);
  if (kind === "string") {
    return value === expected;
  }
  if (kind === "bytes") {
    return value instanceof Uint8Array && Buffer.compare(value, expected as Uint8Array) === 0;
  }
  const { serial, rest } = (value ?? {}) as { serial: unknown; rest: unknown };
  const wanted = expected as { serial: number; rest: string };
  return serial === wanted.serial && rest === wanted.rest;
}

export function isSameKey(kind: KeyKind, a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) {
    return false;
  }
  if (kind === "bytes") {
    return Buffer.compare(a as Uint8Array, b as Uint8Array) === 0;
  }
  if (kind === "tuple") {
    const [x, y] = [a as unknown[], b as unknown[]];
    return x.length === y.length && x.every((element, i) => element === y[i]);
  }
  return a === b;
}

/** For messages: what the token of a value says. */
export function describeToken(token: number | undefined): string {
  return token === undefined ? "nothing" : `#${Math.floor(token / LENGTHS)} of ${token % LENGTHS} bytes`;
}
