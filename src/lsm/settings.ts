/** How an LSM keyspace is kept: chosen when it is made, stored in the catalog. */
import { type Compression, isZstdAvailable } from "../btree/index.ts";
import { DbError } from "../errors.ts";

export type CompactionStyle = "levelled" | "tiered";
export type { Compression };

export interface LsmSettings {
  /**
   * "levelled": each level is one run, ten times as large as the one above: little space, fast reads. "tiered": four runs
   * of a level become one of the next: a third of the writing, more runs to read.
   */
  readonly compaction: CompactionStyle;
  /** Of pages in the deepest level. "none" where most reads are of single keys. */
  readonly compression: Compression;
  /** Bits of filter for each key: for all levels, or for each from 0 on, the last for those that follow. 0: no filter. */
  readonly filterBitsPerKey: number | readonly number[];
  /** So many first bytes of keys are in the filters too: ranges within one such prefix ask them. 0: none. */
  readonly prefixBytes: number;
  /** Values that are longer lie apart from their entries. */
  readonly largeValueBytes: number;
}

export const DEFAULT_LSM_SETTINGS: LsmSettings = {
  compaction: "levelled",
  compression: "deflate",
  filterBitsPerKey: 10,
  prefixBytes: 0,
  largeValueBytes: 1024,
};

const MAX_FILTER_BITS = 32;
const MAX_PREFIX_BYTES = 256;
const MIN_LARGE_VALUE_BYTES = 128;
/** A cell may have 4077 bytes with its key. */
const MAX_LARGE_VALUE_BYTES = 2000;

/** Throws INVALID; UNSUPPORTED where nothing is wrong but that this Node lacks the compression. */
export function checkLsmSettings(given: Partial<LsmSettings>): LsmSettings {
  checkNames(given);
  const settings: LsmSettings = { ...DEFAULT_LSM_SETTINGS, ...given };
  const { compaction, compression, filterBitsPerKey, prefixBytes, largeValueBytes } = settings;
  checkWord("compaction", compaction, ["levelled", "tiered"]);
  checkWord("compression", compression, ["deflate", "zstd", "none"]);
  const bits = Array.isArray(filterBitsPerKey) ? filterBitsPerKey : [filterBitsPerKey];
  if (bits.length === 0) {
    throw new DbError("INVALID", "lsm.filterBitsPerKey is a number, or one for each level from 0 on");
  }
  for (const each of bits) {
    checkRange("filterBitsPerKey", each, 0, MAX_FILTER_BITS);
  }
  checkRange("prefixBytes", prefixBytes, 0, MAX_PREFIX_BYTES);
  checkRange("largeValueBytes", largeValueBytes, MIN_LARGE_VALUE_BYTES, MAX_LARGE_VALUE_BYTES);
  if (compression === "zstd" && !isZstdAvailable()) {
    throw new DbError(
      "UNSUPPORTED",
      `lsm.compression: Node ${process.versions.node} has no zstd; use Node 22.15 or later, or "deflate"`,
      { node: process.versions.node },
    );
  }
  // The caller's array stays the caller's.
  return typeof filterBitsPerKey === "number" ? settings : { ...settings, filterBitsPerKey: [...filterBitsPerKey] };
}

export function filterBitsOf(settings: LsmSettings, level: number): number {
  const { filterBitsPerKey: bits } = settings;
  return typeof bits === "number" ? bits : bits[Math.min(level, bits.length - 1)]!;
}

function checkNames(given: unknown): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new DbError("INVALID", `the option lsm is an object of settings, not ${JSON.stringify(given)}`);
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(DEFAULT_LSM_SETTINGS, name)) {
      throw new DbError(
        "INVALID",
        `the option lsm has no ${name}: it takes ${Object.keys(DEFAULT_LSM_SETTINGS).join(", ")}`,
      );
    }
  }
}

function checkWord(name: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) {
    throw new DbError("INVALID", `lsm.${name} is one of ${allowed.join(", ")}, not ${JSON.stringify(value)}`);
  }
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new DbError("INVALID", `lsm.${name} is a whole number from ${least} to ${most}, not ${value}`);
  }
}
