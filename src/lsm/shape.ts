/**
 * The shape of a keyspace's runs in figures: what lies on which level, and what reading and writing cost for it.
 *
 * How much filters let through is tried, not computed: random hashes, of keys that nobody has, are held against them.
 */
import type { PageFile } from "../pager/index.ts";
import { FilterReader } from "./filter.ts";
import { LEVELS, type Manifest, type Run } from "./manifest.ts";

export interface LevelShape {
  readonly level: number;
  readonly runs: number;
  readonly parts: number;
  /** Versions and tombstones, replaced ones included. */
  readonly entries: number;
  readonly deletes: number;
  /** Of pages: trees and filters. */
  readonly bytes: number;
  /** The share of absent keys that the level's filters let through, 0 to 1; 1 without filters. */
  readonly falsePositiveRate: number;
}

export interface RunsShape {
  /** Those with runs, the newest first. */
  readonly levels: readonly LevelShape[];
  /** Of value areas, and what of them entries refer to. */
  readonly valueBytes: number;
  readonly liveValueBytes: number;
  /** Keys and values that were ever written, and what flushes and compactions made of them. */
  readonly userBytes: number;
  readonly writtenBytes: number;
  /** Bytes written, the log's included, for a byte of the user's; 1 where nothing was flushed yet. */
  readonly writeAmplification: number;
  /** Trees that a get of a key that is not there searches on the average. */
  readonly treesPerMiss: number;
  /** Runs that a scan merges. */
  readonly runsPerScan: number;
}

const PROBES_A_PART = 512;
/** Any odd number will do: a walk through all hashes in steps of it. */
const STEP = 0x9e37_79b1;

export function shapeOf(pages: PageFile, manifest: Manifest): RunsShape {
  const rates = new Map(manifest.runs.map((run) => [run, falsePositiveRate(pages, run)]));
  const levels: LevelShape[] = [];
  for (let level = 0; level < LEVELS; level++) {
    const runs = manifest.runs.filter((run) => run.level === level);
    if (runs.length > 0) {
      levels.push(levelShape(level, runs, rates));
    }
  }
  const areas = [...manifest.areas.values()];
  const { userBytes, flushedBytes, compactedBytes } = manifest.counts;
  const writtenBytes = flushedBytes + compactedBytes;
  return {
    levels,
    valueBytes: areas.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0),
    liveValueBytes: areas.reduce((sum, { liveBytes }) => sum + liveBytes, 0),
    userBytes,
    writtenBytes,
    writeAmplification: userBytes === 0 ? 1 : 1 + writtenBytes / userBytes,
    treesPerMiss: [...rates.values()].reduce((sum, rate) => sum + rate, 0),
    runsPerScan: manifest.runs.length,
  };
}

function levelShape(level: number, runs: readonly Run[], rates: ReadonlyMap<Run, number>): LevelShape {
  const parts = runs.flatMap((run) => run.parts);
  return {
    level,
    runs: runs.length,
    parts: parts.length,
    entries: parts.reduce((sum, { root }) => sum + root.count, 0),
    deletes: parts.reduce((sum, { deletes }) => sum + deletes, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    falsePositiveRate: runs.reduce((sum, run) => sum + rates.get(run)!, 0) / runs.length,
  };
}

function falsePositiveRate(pages: PageFile, run: Run): number {
  const filters = new FilterReader(pages);
  let passed = 0;
  let hash = STEP;
  // Others hold range deletes alone, and nobody searches them.
  const searched = run.parts.filter(({ root }) => root.page !== 0);
  for (const { filter } of searched) {
    for (let i = 0; i < PROBES_A_PART; i++) {
      const low = Math.imul(hash, STEP) ^ (hash >>> 15);
      hash = (hash + STEP) | 0;
      passed += filters.mayContain(filter, low, Math.imul(low ^ (low >>> 13), STEP)) ? 1 : 0;
    }
  }
  return passed / (PROBES_A_PART * Math.max(1, searched.length));
}
