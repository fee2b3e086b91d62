/**
 * What maps of a fuzzer hold. A map's keys are drawn once and sorted, so that the model knows them by their place in the
 * order and never has to compare any; a value is known by its token, from which it can be made again.
 */
import { Buffer } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import type { EngineKind, KeyKind, LsmSettings, ValueKind } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";
import { combined, drawMerging, type Merging, mergeableFor } from "./merging.ts";

export interface Universe {
  readonly engine: EngineKind;
  readonly lsm: Partial<LsmSettings> | undefined;
  readonly key: KeyKind;
  readonly value: ValueKind;
  /** Undefined: it has no merge operator. */
  readonly merging: Merging | undefined;
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
  const value = dice.pick(VALUE_KINDS);
  return { engine, lsm, key, value, merging: drawMerging(dice, value), keys: drawKeys(dice, key, count) };
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

/** What a token stands for. */
export function valueFor({ value: kind, merging }: Universe, token: number): unknown {
  const serial = Math.floor(token / LENGTHS);
  const length = token % LENGTHS;
  if (merging !== undefined) {
    return mergeableFor(merging, kind, serial, length);
  }
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

/** What an entry holds: what its token stands for, or what merges made of it. */
export interface Held {
  readonly token: number;
  readonly merged?: unknown;
}

export function heldValue(universe: Universe, { token, merged }: Held): unknown {
  return merged === undefined ? valueFor(universe, token) : merged;
}

/** The value of an entry, if there is one, with operands applied, the oldest first. */
export function mergedValue(universe: Universe, base: Held | undefined, operands: readonly number[]): unknown {
  const { merging, value } = universe;
  let merged = base === undefined ? undefined : heldValue(universe, base);
  for (const token of operands) {
    const operand = valueFor(universe, token);
    merged = merged === undefined ? operand : combined(merging!, value, merged, operand);
  }
  return merged;
}

export function isValueOf(universe: Universe, entry: Held | undefined, value: unknown): boolean {
  return entry !== undefined && isSameValue(universe.value, heldValue(universe, entry), value);
}

export function isSameValue(kind: ValueKind, a: unknown, b: unknown): boolean {
  if (kind === "bytes" && a instanceof Uint8Array && b instanceof Uint8Array) {
    return Buffer.compare(a, b) === 0;
  }
  return kind === "json" ? isDeepStrictEqual(a, b) : a === b;
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

/** For messages: what an entry holds. */
export function describeEntry(entry: Held | undefined): string {
  if (entry === undefined) {
    return "nothing";
  }
  const merged = entry.merged === undefined ? "" : `, merged to ${JSON.stringify(entry.merged)?.slice(0, 80)}`;
  return `#${Math.floor(entry.token / LENGTHS)} of ${entry.token % LENGTHS} bytes${merged}`;
}
