/** Keys and values drawn to be awkward: shared prefixes, prefixes of each other, zero bytes, every length, extents. */

import { CELL_DELETE, CELL_MERGE } from "../../src/btree/index.ts";
import type { Rng } from "../../src/random.ts";
import { type Entry, type Operation, sortedBatch, type TreeModel } from "./tree-model.ts";

export function below(rng: Rng, limit: number): number {
  return rng.next() % limit;
}

const ALPHABET = Uint8Array.of(0, 0, 1, 97, 98, 255);

/** A source of keys of one kind: what shares a page differs from test to test. */
export function keySource(rng: Rng): () => Uint8Array {
  const kinds = [
    () => bytes(rng, below(rng, 24), 256),
    () => tinyAlphabet(rng, below(rng, 12)),
    () => tinyAlphabet(rng, below(rng, 4) === 0 ? below(rng, 2049) : below(rng, 40)),
    () => numbered(rng, below(rng, 20_000)),
    () => withPrefix(rng),
    () => Uint8Array.from({ length: below(rng, 2049) }, () => 97),
  ];
  const first = kinds[below(rng, kinds.length)]!;
  const second = kinds[below(rng, kinds.length)]!;
  return () => (below(rng, 8) === 0 ? second() : first());
}

/** A source of values: most small, some that fill half a page, some in extents, as `rng` decides for the test. */
export function valueSource(rng: Rng): () => Uint8Array {
  const usual = [0, 1, 20, 100, 500][below(rng, 5)]!;
  const share = [4, 20, 1000][below(rng, 3)]!;
  return () => {
    if (below(rng, share) === 0) {
      return filled(rng, [3000, 4077, 8176, 8177, 30_000][below(rng, 5)]! - below(rng, 40));
    }
    return filled(rng, below(rng, 2 * usual + 1));
  };
}

export function operationSource(rng: Rng): (deleteShare: number, pool: readonly Uint8Array[]) => Operation {
  const key = keySource(rng);
  const value = valueSource(rng);
  const expires = below(rng, 2) === 0;
  const mergeShare = below(rng, 2) === 0 ? 0 : 20;
  return (deleteShare, pool) => {
    const known = pool.length > 0 && below(rng, 2) === 0 ? pool[below(rng, pool.length)]! : key();
    const isDelete = below(rng, 100) < deleteShare;
    const isMerge = !isDelete && below(rng, 100) < mergeShare;
    return {
      key: known,
      value: isDelete ? undefined : value(),
      expiry: expires && !isDelete && !isMerge && below(rng, 3) === 0 ? 1_700_000_000_000 + below(rng, 1000) : 0,
      isMerge,
    };
  };
}

/**
 * The entries of a part of an LSM run: among the puts some deletes and merge operands, and of all but deletes some values in
 * extents that the tree only refers to, which are written into the model's file.
 */
export function partEntries(rng: Rng, tree: TreeModel, puts: readonly Operation[]): Entry[] {
  const share = [2, 10, 1000][below(rng, 3)]!;
  const areaEntries = [1, 7, 50][below(rng, 3)]!;
  const entries: Entry[] = [];
  let waiting: number[] = [];
  const writeWaiting = (): void => {
    if (waiting.length > 0) {
      const places = tree.writeArea(waiting.map((index) => entries[index]!.value));
      for (const [i, index] of waiting.entries()) {
        entries[index] = { ...entries[index]!, place: places[i]! };
      }
      waiting = [];
    }
  };
  for (const { key, value, expiry } of puts) {
    const isDelete = below(rng, share) === 0;
    const kind = isDelete ? CELL_DELETE : below(rng, share) === 0 ? CELL_MERGE : undefined;
    entries.push({
      key,
      value: isDelete ? new Uint8Array(0) : value!,
      expiry: isDelete ? 0 : expiry,
      ...(kind === undefined ? {} : { kind }),
    });
    if (!isDelete && below(rng, share) === 0) {
      waiting.push(entries.length - 1);
      if (waiting.length === areaEntries) {
        writeWaiting();
      }
    }
  }
  writeWaiting();
  return entries;
}

/** Puts whose values are rows, random, both in stretches, or as `operationSource` has them: they pack well, not, or in places. */
export function packedPuts(rng: Rng, most: number): Operation[] {
  const draw = operationSource(rng);
  const operations = Array.from({ length: below(rng, most) }, () => draw(0, []));
  const stretch = 1 + below(rng, 1000);
  const kind = below(rng, 4);
  return sortedBatch(operations).map(({ key, value, expiry }, i) => {
    const isRandom = kind === 1 || (kind === 2 && Math.floor(i / stretch) % 2 === 0);
    const other = isRandom ? bytes(rng, below(rng, 300), 256) : row(rng, i);
    return { key, value: kind === 3 ? value : other, expiry };
  });
}

const NAMES = ["Ada", "Barbara", "Charles", "Donald", "Edsger", "Frances", "Grace", "Hedy", "Ivan", "John"];
const CITIES = ["Bern", "Cambridge", "London", "New York", "Paris", "Vienna", "Zurich"];

/** A row of a table as JSON: what compresses as data does. */
export function row(rng: Rng, id: number): Uint8Array {
  const name = `${NAMES[below(rng, NAMES.length)]!} ${NAMES[below(rng, NAMES.length)]!}${below(rng, 1000)}`;
  const email = `${name.toLowerCase().replace(" ", ".")}@example.com`;
  const city = CITIES[below(rng, CITIES.length)]!;
  return Buffer.from(JSON.stringify({ id, name, email, city, score: below(rng, 1000) / 10 }));
}

function bytes(rng: Rng, length: number, values: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(rng, values));
}

function tinyAlphabet(rng: Rng, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => ALPHABET[below(rng, ALPHABET.length)]!);
}

function numbered(_rng: Rng, number: number): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, number >>> 24, number >>> 16, number >>> 8, number);
}

function withPrefix(rng: Rng): Uint8Array {
  const prefix = new Uint8Array([3, 30, 300, 1500][below(rng, 4)]!).fill(120);
  const rest = bytes(rng, below(rng, 8), 4);
  const key = new Uint8Array(prefix.length + rest.length);
  key.set(prefix);
  key.set(rest, prefix.length);
  return key;
}

function filled(rng: Rng, length: number): Uint8Array {
  return new Uint8Array(length).fill(rng.next());
}
