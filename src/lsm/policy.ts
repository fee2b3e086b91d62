/**
 * What to compact next: a pure function of the manifest, so that a script of shapes shows what it does.
 *
 * **Levelled.** Level 6 is the deepest, and filled first. When it holds more than a level above it is worth having (ten
 * times `baseBytes`), that level takes part, and so on; the highest that does is the base. A level other than the deepest
 * may have a tenth of the next. Flushes pile up in level 0 until there are four of them and they weigh as much as the base
 * (to merge them is to rewrite it), or twenty. The first ones, with nothing to be merged with, wait until there are sixteen,
 * unless they have the same keys. At rest there are seven at the most, and fewer if that saves a tenth of the base.
 *
 *     0    ▇ ▇ ▇ ▇            flushes, overlapping
 *     5    ▇▇▇                the base
 *     6    ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
 *
 * What a part hides of older runs is known about (hidden.ts), and weighs on its level, so that it is given up soon.
 *
 * **Tiered.** Four runs of a level become one of the next.
 *
 * **Values.** Where a third of all value areas is dead, parts that refer to the deadest area are rewritten, one by one, and
 * what is live in there moves with them.
 *
 * A compaction is cut into units of about `unitBytes`, each a stretch of keys: level 0 and its base are swept from the
 * first key to the last, and what was swept of level 0 is gone from it; in deeper levels a unit takes the next few parts
 * and what lies below them. So a unit is short, and each makes a consistent manifest. Nobody waits for a whole level.
 */
import { DEEPEST_LEVEL, LEVELS, type Manifest, type Run, type Sweep } from "./manifest.ts";
import type { Part } from "./part.ts";
import { earlierEnd, laterEnd } from "./range-deletes.ts";
import type { CompactionStyle } from "./settings.ts";

export interface PolicySettings {
  readonly style: CompactionStyle;
  /** The least that a level other than 0 and the deepest is worth having for. */
  readonly baseBytes: number;
  readonly unitBytes: number;
  /** There is time: leave as few runs as there should be at rest. */
  readonly isIdle: boolean;
}

export interface CompactionInput {
  readonly run: Run;
  readonly parts: readonly Part[];
}

export interface Compaction {
  /** Newest first. */
  readonly inputs: readonly CompactionInput[];
  /** The stretch of keys; undefined: from the beginning, to the end. */
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
  readonly level: number;
  /** The run that the output joins; undefined: it becomes one of its own. */
  readonly run: number | undefined;
  /** No run that is not among the inputs has anything older between the bounds. */
  readonly isBottom: boolean;
  readonly sweeps: readonly (Sweep | undefined)[];
  /** Value areas, by their first pages, from which what is live is to be moved. */
  readonly emptied?: ReadonlySet<number>;
}

const LEVEL_RATIO = 10;
const LEVEL0_RUNS = 4;
/** Where there is no base yet, unless they hide this share of each other. */
const LEVEL0_FIRST_RUNS = 16;
const OFTEN_SHARE = 0.25;
const LEVEL0_MOST_RUNS = 20;
/** At rest there are fewer, and to merge them would save no more than this share of the base. */
const LEVEL0_IDLE_RUNS = 8;
const LEVEL0_IDLE_SHARE = 0.1;
const TIER_RUNS = 4;
const DEAD_SHARE = 0.3;
const BASE_SEGMENTS = 8;
const UNIT_SEGMENTS = 1;
const PARTS_A_SEGMENT = 2;
const FLUSHED_PARTS_A_SEGMENT = 16;

/** What is worth what, by the size of a log segment, of which a flush has two at the most. */
export function policyFor(style: CompactionStyle, segmentBytes: number, isIdle: boolean): PolicySettings {
  return { style, baseBytes: BASE_SEGMENTS * segmentBytes, unitBytes: UNIT_SEGMENTS * segmentBytes, isIdle };
}

/** How large parts are: those of flushes smaller, since stretches begin and end with parts, and have all of them in it. */
export function partBytesFor(segmentBytes: number, level: number): number {
  return segmentBytes / (level === 0 ? FLUSHED_PARTS_A_SEGMENT : PARTS_A_SEGMENT);
}

export function chooseCompaction(manifest: Manifest, settings: PolicySettings): Compaction | undefined {
  const merge = settings.style === "tiered" ? chooseTiered(manifest, settings) : chooseLevelled(manifest, settings);
  return merge ?? chooseCollection(manifest);
}

/** One part by itself, to be written anew elsewhere. `emptied` as in Compaction. */
export function rewriteOf(manifest: Manifest, run: Run, part: Part, emptied: ReadonlySet<number>): Compaction {
  const { lower, upper } = part;
  const older = manifest.runs.slice(manifest.runs.indexOf(run) + 1);
  return {
    inputs: [{ run, parts: [part] }],
    lower,
    upper,
    level: run.level,
    run: run.number,
    isBottom: !older.some(({ parts }) => parts.some((each) => overlaps(each, lower, upper))),
    sweeps: manifest.sweeps,
    emptied,
  };
}

/** Whether so much has piled up that compactions come before everything else. */
export function isOverfull(manifest: Manifest): boolean {
  return runsOf(manifest, 0).length >= LEVEL0_MOST_RUNS;
}

/** Bytes that compactions would read and write before there was nothing left to do, about. */
export function compactionDebt(manifest: Manifest, settings: PolicySettings): number {
  const sizes = levelSizes(manifest);
  const { total, dead } = areaBytes(manifest);
  const values = dead > total * DEAD_SHARE ? dead : 0;
  if (settings.style === "tiered") {
    return sizes.reduce((sum, size, level) => sum + (needsTier(manifest, level) ? Math.max(1, size) : 0), values);
  }
  const weights = levelWeights(manifest, sizes);
  const base = baseLevel(manifest, sizes, settings.baseBytes);
  // At least something: what is left of a sweep may be range deletes, which have no bytes.
  const isDue = needsLevel0(manifest, base, sizes, weights[0]!, settings.isIdle);
  let debt = values + (isDue ? Math.max(1, sizes[0]! + sizes[base]!) : 0);
  for (let level = base; level < DEEPEST_LEVEL; level++) {
    debt += Math.max(0, weights[level]! - target(sizes, level, settings.baseBytes)) * (LEVEL_RATIO + 1);
  }
  return debt;
}

/** Of all value areas, and what nothing refers to any more. */
function areaBytes(manifest: Manifest): { total: number; dead: number } {
  let total = 0;
  let dead = 0;
  for (const { lengthBytes, liveBytes } of manifest.areas.values()) {
    total += lengthBytes;
    dead += lengthBytes - liveBytes;
  }
  return { total, dead };
}

function chooseCollection(manifest: Manifest): Compaction | undefined {
  const { total, dead } = areaBytes(manifest);
  if (dead <= total * DEAD_SHARE) {
    return undefined;
  }
  const areas = [...manifest.areas.values()];
  const deadest = areas.reduce((a, b) => (b.liveBytes / b.lengthBytes < a.liveBytes / a.lengthBytes ? b : a));
  for (const run of manifest.runs) {
    const part = run.parts.find(({ areas: uses }) => uses.some(({ page }) => page === deadest.page));
    if (part !== undefined) {
      return rewriteOf(manifest, run, part, new Set([deadest.page]));
    }
  }
  return undefined;
}

export function levelSizes(manifest: Manifest): number[] {
  const sizes: number[] = new Array(LEVELS).fill(0);
  for (const { level, parts } of manifest.runs) {
    sizes[level] = sizes[level]! + bytesOf(parts);
  }
  return sizes;
}

/** What each level weighs: its own bytes, and what it hides further down, which comes free when it is merged. */
function levelWeights(manifest: Manifest, sizes: readonly number[]): number[] {
  const weights = [...sizes];
  for (const { level, parts } of manifest.runs) {
    for (const { hiddenBytes } of parts) {
      weights[level]! += hiddenBytes;
    }
  }
  return weights;
}

function chooseLevelled(manifest: Manifest, settings: PolicySettings): Compaction | undefined {
  const sizes = levelSizes(manifest);
  const weights = levelWeights(manifest, sizes);
  const base = baseLevel(manifest, sizes, settings.baseBytes);
  if (needsLevel0(manifest, base, sizes, weights[0]!, settings.isIdle)) {
    return sweepLevel0(manifest, base, settings.unitBytes);
  }
  let fullest = -1;
  let most = 1;
  for (let level = base; level < DEEPEST_LEVEL; level++) {
    const score = weights[level]! / target(sizes, level, settings.baseBytes);
    if (score > most) {
      fullest = level;
      most = score;
    }
  }
  return fullest < 0 ? undefined : pushDown(manifest, fullest, settings.unitBytes);
}

/** The highest level below 0 that takes part; one with a run does, though that have no bytes but range deletes (L1). */
function baseLevel(manifest: Manifest, sizes: readonly number[], baseBytes: number): number {
  let base = DEEPEST_LEVEL;
  while (base > 1 && sizes[DEEPEST_LEVEL]! / LEVEL_RATIO ** (DEEPEST_LEVEL - base + 1) >= baseBytes) {
    base--;
  }
  return manifest.runs.reduce((highest, { level }) => (level > 0 ? Math.min(highest, level) : highest), base);
}

function target(sizes: readonly number[], level: number, baseBytes: number): number {
  return Math.max(baseBytes, sizes[DEEPEST_LEVEL]! / LEVEL_RATIO ** (DEEPEST_LEVEL - level));
}

function needsLevel0(
  manifest: Manifest,
  base: number,
  sizes: readonly number[],
  weight: number,
  isIdle: boolean,
): boolean {
  const runs = runsOf(manifest, 0).length;
  if (runs === 0) {
    return false;
  }
  if (sweepOf(manifest, 0) !== undefined || runs >= LEVEL0_MOST_RUNS) {
    return true;
  }
  if (isIdle) {
    return runs >= LEVEL0_IDLE_RUNS || savedBytes(manifest, base, sizes, weight) > sizes[base]! * LEVEL0_IDLE_SHARE;
  }
  const least = sizes[base] === 0 && weight - sizes[0]! < sizes[0]! * OFTEN_SHARE ? LEVEL0_FIRST_RUNS : LEVEL0_RUNS;
  return runs >= least && weight >= sizes[base]!;
}

/** What would come free with level 0 in the base: what it hides, and what its entries take less there (compressed). */
function savedBytes(manifest: Manifest, base: number, sizes: readonly number[], weight: number): number {
  const entries = entriesOf(manifest, base);
  return entries === 0 ? weight : weight - (entriesOf(manifest, 0) * sizes[base]!) / entries;
}

function entriesOf(manifest: Manifest, level: number): number {
  let count = 0;
  for (const { parts } of runsOf(manifest, level)) {
    for (const { root } of parts) {
      count += root.count;
    }
  }
  return count;
}

/** The next stretch of level 0, with what the base has there: whole parts of the base, and of level 0 what lies before its end. */
function sweepLevel0(manifest: Manifest, base: number, unitBytes: number): Compaction {
  const flushes = sweptRuns(manifest, 0);
  const baseRun = runsOf(manifest, base)[0];
  const runs = baseRun === undefined ? flushes : [...flushes, baseRun];
  const span = spanOf(flushes.flatMap(({ parts }) => parts));
  const end = stretchEnd(runs, span.lower, span.upper, unitBytes);
  const inStretch = flushes.flatMap(({ parts }) => parts.filter((part) => overlaps(part, undefined, end)));
  let { lower, upper } = spanOf(inStretch);
  upper = earlierEnd(upper, end);
  const under = baseRun === undefined ? [] : baseRun.parts.filter((part) => overlaps(part, lower, upper));
  if (under.length > 0) {
    const span = spanOf(under);
    lower = Buffer.compare(span.lower, lower) < 0 ? span.lower : lower;
    upper = laterEnd(upper, span.upper);
  }
  const isLast = !flushes.some(({ parts }) => parts.some((part) => reachesBeyond(part, upper)));
  return {
    inputs: inputsBetween(runs, lower, upper),
    lower,
    upper,
    level: base,
    run: baseRun?.number,
    isBottom: isBottom(manifest, base, lower, upper),
    sweeps: manifest.sweeps.with(0, isLast ? undefined : { newestRun: flushes[0]!.number, from: upper! }),
  };
}

/** The sweep of a level that is under way. It is over, too, where its last parts were rewritten to nothing meanwhile. */
function sweepOf(manifest: Manifest, level: number): Sweep | undefined {
  const sweep = manifest.sweeps[level];
  return runsOf(manifest, level).some(({ number }) => number <= (sweep?.newestRun ?? 0)) ? sweep : undefined;
}

/** The runs of a level that its sweep goes through: all there are, unless one is under way. */
function sweptRuns(manifest: Manifest, level: number): Run[] {
  const sweep = sweepOf(manifest, level);
  return runsOf(manifest, level).filter(({ number }) => sweep === undefined || number <= sweep.newestRun);
}

function spanOf(parts: readonly Part[]): { lower: Uint8Array; upper: Uint8Array | undefined } {
  const { lower, upper } = parts[0]!;
  const span = { lower, upper };
  for (const part of parts) {
    span.lower = Buffer.compare(part.lower, span.lower) < 0 ? part.lower : span.lower;
    span.upper = laterEnd(span.upper, part.upper);
  }
  return span;
}

function reachesBeyond(part: Part, end: Uint8Array | undefined): boolean {
  return end !== undefined && (part.upper === undefined || Buffer.compare(part.upper, end) > 0);
}

/**
 * Where a stretch of `unitBytes` that begins at `lower` ends: at the beginning of a part of the largest run, as keys are
 * taken to be spread in all runs as in that one. Undefined: it takes all that is left.
 */
function stretchEnd(
  runs: readonly Run[],
  lower: Uint8Array | undefined,
  end: Uint8Array | undefined,
  unitBytes: number,
): Uint8Array | undefined {
  const left = runs.map(({ parts }) => parts.filter((part) => overlaps(part, lower, end)));
  const total = left.reduce((sum, parts) => sum + bytesOf(parts), 0);
  const guide = left.reduce((a, b) => (bytesOf(b) > bytesOf(a) ? b : a), []);
  const factor = total / Math.max(1, bytesOf(guide));
  let taken = 0;
  for (const part of guide) {
    if (taken >= unitBytes && (lower === undefined || Buffer.compare(part.lower, lower) > 0)) {
      return part.lower;
    }
    taken += part.bytes * factor;
  }
  return undefined;
}

/** The next few parts of a level that has too much, with what the level below has there. */
function pushDown(manifest: Manifest, level: number, unitBytes: number): Compaction {
  const run = runsOf(manifest, level)[0]!;
  const below = runsOf(manifest, level + 1)[0];
  const from = manifest.sweeps[level]?.from;
  const next = from === undefined ? 0 : run.parts.findIndex(({ lower }) => Buffer.compare(lower, from) >= 0);
  const first = Math.max(0, next);
  let end = first;
  let under: readonly Part[] = [];
  do {
    end++;
    const { lower, upper } = spanOf(run.parts.slice(first, end));
    under = below === undefined ? [] : below.parts.filter((part) => overlaps(part, lower, upper));
  } while (end < run.parts.length && bytesOf(run.parts.slice(first, end)) + bytesOf(under) < unitBytes);
  const parts = run.parts.slice(first, end);
  const { lower, upper } = spanOf([...parts, ...under]);
  const behind = run.parts[end]?.lower;
  return {
    inputs:
      under.length === 0
        ? [{ run, parts }]
        : [
            { run, parts },
            { run: below!, parts: under },
          ],
    lower,
    upper,
    level: level + 1,
    run: below?.number,
    isBottom: isBottom(manifest, level + 1, lower, upper),
    sweeps: manifest.sweeps.with(level, behind === undefined ? undefined : { newestRun: 0, from: behind }),
  };
}

function chooseTiered(manifest: Manifest, settings: PolicySettings): Compaction | undefined {
  for (let level = 0; level < LEVELS; level++) {
    if (needsTier(manifest, level)) {
      return mergeTier(manifest, tierInTurn(manifest, level), settings.unitBytes);
    }
  }
  return undefined;
}

/** The deepest level is swept into itself, and its sweep would take what arrives there meanwhile for its own output. */
function tierInTurn(manifest: Manifest, level: number): number {
  const isInto = level === DEEPEST_LEVEL - 1;
  return isInto && sweepOf(manifest, DEEPEST_LEVEL) !== undefined ? DEEPEST_LEVEL : level;
}

function needsTier(manifest: Manifest, level: number): boolean {
  return sweepOf(manifest, level) !== undefined || runsOf(manifest, level).length >= TIER_RUNS;
}

/** The next stretch of the runs of a level. What came before it is in the newest run of the next level, if it is under way. */
function mergeTier(manifest: Manifest, level: number, unitBytes: number): Compaction {
  const runs = sweptRuns(manifest, level);
  const into = Math.min(level + 1, DEEPEST_LEVEL);
  const newestRun = runs[0]!.number;
  const span = spanOf(runs.flatMap(({ parts }) => parts));
  const end = stretchEnd(runs, span.lower, span.upper, unitBytes);
  const upper = end ?? span.upper;
  const output =
    sweepOf(manifest, level) === undefined
      ? undefined
      : manifest.runs.find((run) => run.level === into && run.number > newestRun);
  return {
    inputs: inputsBetween(runs, span.lower, upper),
    lower: span.lower,
    upper,
    level: into,
    run: output?.number,
    isBottom: isBottom(manifest, level, span.lower, upper),
    sweeps: manifest.sweeps.with(level, end === undefined ? undefined : { newestRun, from: end }),
  };
}

function runsOf(manifest: Manifest, level: number): Run[] {
  return manifest.runs.filter((run) => run.level === level);
}

function inputsBetween(
  runs: readonly Run[],
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): CompactionInput[] {
  return runs
    .map((run) => ({ run, parts: run.parts.filter((part) => overlaps(part, lower, upper)) }))
    .filter(({ parts }) => parts.length > 0);
}

/** Whether nothing below `level` has keys between the bounds. */
function isBottom(
  manifest: Manifest,
  level: number,
  lower: Uint8Array | undefined,
  upper: Uint8Array | undefined,
): boolean {
  return !manifest.runs.some((run) => run.level > level && run.parts.some((part) => overlaps(part, lower, upper)));
}

export function overlaps(part: Part, lower: Uint8Array | undefined, upper: Uint8Array | undefined): boolean {
  const isAbove = upper !== undefined && Buffer.compare(part.lower, upper) >= 0;
  const isUnder = lower !== undefined && part.upper !== undefined && Buffer.compare(part.upper, lower) <= 0;
  return !isAbove && !isUnder;
}

function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0);
}
