/**
 * Looking at a database through one of its readers (the database itself, a transaction, a snapshot) and comparing what
 * is seen with the model: single keys, counts, and ranges of every kind, in both directions.
 */
import { Buffer } from "node:buffer";
import { assert } from "../../src/assert.ts";
import type { DbMap, OpenMap, RangeOptions } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";
import { optionFor } from "./merging.ts";
import { type Draft, type Entry, isVisible, type MapState } from "./model.ts";
import { describeEntry, isSameKey, isValueOf, type Universe } from "./universe.ts";

export type AnyMap = DbMap<unknown, unknown>;

export interface Reader {
  readonly map: OpenMap;
}

/** A reader, and what it must see. */
export interface Sight {
  readonly reader: Reader;
  readonly draft: Draft;
  /** By which deadlines are judged. */
  readonly now: number;
  /** Told what is read: the keys from `from` to before `to`. */
  readonly onRead: (map: MapState, from: number, to: number) => void;
}

/** Keys from `from` to before `to`, as the map is asked for them. */
export interface DrawnRange {
  readonly options: RangeOptions<unknown>;
  readonly from: number;
  readonly to: number;
}

export function openMap(reader: Reader, { name, universe }: MapState): AnyMap {
  const open = reader.map as unknown as (name: string, options: object) => AnyMap;
  return open(name, optionsOf(universe));
}

const OPTIONS = new WeakMap<Universe, object>();

function optionsOf(universe: Universe): object {
  let options = OPTIONS.get(universe);
  if (options === undefined) {
    const { engine, lsm, key, value, merging } = universe;
    const merge = merging === undefined ? undefined : optionFor(merging, value);
    options = { engine, key, value, ...(lsm === undefined ? {} : { lsm }), ...(merge === undefined ? {} : { merge }) };
    OPTIONS.set(universe, options);
  }
  return options;
}

/** One random look at one map. */
export function look(sight: Sight, map: MapState, dice: Dice): void {
  const key = dice.below(map.universe.keys.length);
  switch (dice.below(5)) {
    case 0:
      checkCount(sight, map, drawRange(map, dice));
      break;
    case 1:
    case 2:
      checkRange(sight, map, drawRange(map, dice), dice);
      break;
    default:
      checkKey(sight, map, key);
  }
}

/** Everything in every map. */
export function checkAll(sight: Sight): void {
  for (const map of sight.draft.maps()) {
    const all = { options: {}, from: 0, to: map.universe.keys.length };
    checkCount(sight, map, all);
    const entries = openMap(sight.reader, map).range().toArray();
    compareEntries(map, entries, expected(sight, map, all), "all of it");
  }
}

export function checkKey(sight: Sight, map: MapState, key: number): void {
  const opened = openMap(sight.reader, map);
  const entry = visibleEntry(sight, map, key);
  sight.onRead(map, key, key + 1);
  const value = opened.get(map.universe.keys[key]);
  const what = `key ${key} of map ${map.name}`;
  if (entry === undefined) {
    assert(value === undefined, `${what} is not there`);
  } else {
    assert(value !== undefined, `${what} is there, with ${describeEntry(entry)}`);
    assert(isValueOf(map.universe, entry, value), `${what} holds ${describeEntry(entry)}`);
  }
  assert(opened.has(map.universe.keys[key]) === (entry !== undefined), `${what}: has() says what get() says`);
  const expiry = entry === undefined || entry.expiry === 0 ? undefined : entry.expiry;
  assert(opened.expiresAt(map.universe.keys[key]) === expiry, `${what} expires when it was told to`);
}

export function visibleEntry({ draft, now }: Sight, map: MapState, key: number): Entry | undefined {
  const entry = draft.get(map, key);
  return entry !== undefined && isVisible(entry, now) ? entry : undefined;
}

export function checkCount(sight: Sight, map: MapState, { options, from, to }: DrawnRange): void {
  sight.onRead(map, from, to);
  const count = openMap(sight.reader, map).count(options);
  const wanted = Math.min(
    options.limit ?? Number.POSITIVE_INFINITY,
    sight.draft.range(map, from, to, sight.now).length,
  );
  assert(count === wanted, `map ${map.name} has ${wanted} entries in keys ${from} to ${to}; it counted ${count}`);
}

function checkRange(sight: Sight, map: MapState, range: DrawnRange, dice: Dice): void {
  sight.onRead(map, range.from, range.to);
  const wanted = expected(sight, map, range);
  const found = openMap(sight.reader, map).range(range.options);
  const what = `keys ${range.from} to ${range.to}${range.options.reverse ? " backwards" : ""}`;
  switch (dice.below(4)) {
    case 0: {
      const keys = [...found.keys()];
      const isAsWanted = keys.every((key, i) =>
        isSameKey(map.universe.key, key, map.universe.keys[wanted[i]?.[0] ?? -1]),
      );
      assert(keys.length === wanted.length && isAsWanted, `map ${map.name}: the keys of ${what}`);
      break;
    }
    case 1: {
      const values = [...found.values()];
      const isAsWanted = values.every((value, i) => isValueOf(map.universe, wanted[i]?.[1], value));
      assert(values.length === wanted.length && isAsWanted, `map ${map.name}: the values of ${what}`);
      break;
    }
    case 2:
      compareEntries(map, found.toArray(), wanted, what);
      break;
    default:
      compareEntries(map, [...found], wanted, what);
  }
}

/** The entries of a range, in the order and up to the limit that it asks for. */
export function expected(sight: Sight, map: MapState, { options, from, to }: DrawnRange): [number, Entry][] {
  const entries = sight.draft.range(map, from, to, sight.now);
  return (options.reverse ? entries.reverse() : entries).slice(0, options.limit);
}

export function compareEntries(
  map: MapState,
  found: readonly [unknown, unknown][],
  wanted: readonly [number, Entry][],
  what: string,
): void {
  for (const [i, [key, value]] of found.entries()) {
    const { universe } = map;
    const [wantedKey, entry] = wanted[i] ?? [-1, undefined];
    assert(
      isSameKey(universe.key, key, universe.keys[wantedKey]),
      `map ${map.name}, ${what}: entry ${i} of ${found.length} has key ${placeOf(map, key)}; ` +
        `wanted is key ${wantedKey}, of ${wanted.length} entries`,
    );
    if (!isValueOf(universe, entry, value)) {
      const other = JSON.stringify(value)?.slice(0, 80);
      assert(false, `map ${map.name}, ${what}: key ${wantedKey} holds ${describeEntry(entry)}, not ${other}`);
    }
  }
  assert(
    found.length === wanted.length,
    `map ${map.name}, ${what}: ${wanted.length} entries are there, ${found.length} were found; ` +
      `the next is key ${wanted[found.length]?.[0]}`,
  );
}

/** Where a key stands in its map's universe; -1: nowhere. */
export function placeOf({ universe }: MapState, key: unknown): number {
  return universe.keys.findIndex((candidate) => isSameKey(universe.key, candidate, key));
}

export function drawRange(map: MapState, dice: Dice): DrawnRange {
  const { keys } = map.universe;
  const limit = dice.once(4) ? { limit: dice.below(20) } : {};
  const rest = { ...limit, ...(dice.once(2) ? { reverse: true } : {}) };
  if (dice.once(hasPrefixes(map) ? 2 : 6)) {
    return drawPrefix(map, dice, rest);
  }
  const [a, b] = [dice.below(keys.length), dice.below(keys.length)];
  const low = Math.min(a, b);
  const high = dice.once(10) ? low : Math.max(a, b);
  const lower = dice.pick([{}, { gte: keys[low] }, { gt: keys[low] }]);
  const upper = dice.pick([{}, { lt: keys[high] }, { lte: keys[high] }]);
  const from = "gte" in lower ? low : "gt" in lower ? low + 1 : 0;
  const to = "lt" in upper ? high : "lte" in upper ? high + 1 : keys.length;
  return { options: { ...lower, ...upper, ...rest }, from, to };
}

/** Keys to be deleted, one at least: mostly a few, now and then a prefix or any range. */
export function drawCleared(map: MapState, dice: Dice): DrawnRange {
  if (dice.once(5)) {
    const { options, from, to } = drawRange(map, dice);
    const { limit: _limit, reverse: _reverse, ...bounds } = options;
    if (from < to) {
      return { options: bounds, from, to };
    }
  }
  const { keys } = map.universe;
  const from = dice.below(keys.length);
  const to = Math.min(keys.length, from + 1 + dice.below(8));
  const upper = to < keys.length && dice.once(2) ? { lt: keys[to] } : { lte: keys[to - 1] };
  const lower = from > 0 && dice.once(2) ? { gt: keys[from - 1] } : { gte: keys[from] };
  return { options: { ...lower, ...upper }, from, to };
}

function hasPrefixes({ universe }: MapState): boolean {
  return (universe.lsm?.prefixBytes ?? 0) > 0;
}

function drawPrefix({ universe }: MapState, dice: Dice, rest: object): DrawnRange {
  const { keys } = universe;
  const key = keys[dice.below(keys.length)];
  let prefix: unknown;
  let begins: (candidate: unknown) => boolean;
  if (universe.key === "string") {
    const text = (key as string).slice(0, dice.between(0, 6)).replace(/[\ud800-\udbff]$/, "");
    prefix = text;
    begins = (candidate) => (candidate as string).startsWith(text);
  } else if (universe.key === "bytes") {
    const bytes = (key as Buffer).subarray(0, dice.below(4));
    prefix = bytes;
    begins = (candidate) => Buffer.compare((candidate as Buffer).subarray(0, bytes.length), bytes) === 0;
  } else if (universe.key === "tuple") {
    const [text] = key as [string, number];
    prefix = [text];
    begins = (candidate) => (candidate as [string, number])[0] === text;
  } else {
    return { options: rest, from: 0, to: keys.length };
  }
  const from = keys.findIndex(begins);
  return { options: { prefix, ...rest }, from, to: keys.findLastIndex(begins) + 1 };
}
