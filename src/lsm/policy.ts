/**
 * What to compact next: a pure function of the manifest, so that a script of shapes shows what it does.
 *
 * **Levelled.** A level other than 0 is one run at the most. Flushes pile up in level 0, and are merged down when there are
 * enough of them; how far down is a question of what they hide, which is known about (hidden.ts):
 *
 *   - Most of it is new: nothing would come free. Eight flushes become one run, in a level of its own above those that there
 *     are; with twice as much above a level as in it, all of that goes there. So levels are about three times as large each
 *     as those above, and an entry is merged as often as there are levels.
 *   - A quarter or more is old: when there are four flushes that weigh as much as the base, they are merged with it. (To merge
 *     them is to rewrite it.) The base is level 6, the deepest, until that has ten times what another one is worth having for
 *     (`baseBytes`), and so on.
 *
 *     0    ▇ ▇ ▇ ▇            flushes, overlapping
 *     5    ▇▇▇▇
 *     6    ▇▇▇▇▇▇▇▇▇▇▇▇       filled first
 *
 * A level gives parts to the next one when it hides a tenth of that, or has twice as much. At twenty flushes they are too
 * many, whatever they hide. At rest there are three at the most, and everything goes to level 6 if that saves a tenth of it.
 *
 * **Tiered.** Four runs of a level become one of the next.
 *
 * **Values.** Where a third of all value areas is dead, parts that refer to the deadest area are rewritten, one by one, and
 * what is live in there moves with them.
 *
 * A compaction is cut into units of about `unitBytes`, each a stretch of keys: level 0, and whatever goes down with it, is
 * swept from the first key to the last, and what was swept is gone from there; of a level by itself a unit takes the next few
 * parts and what lies below them. So a unit is short, and each makes a consistent manifest. Nobody waits for a whole level.
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
/** So many flushes are merged, by what they hide: this share of their own size, or less. */
const LEVEL0_RUNS = 4;
const LEVEL0_NEW_RUNS = 8;
const OFTEN_SHARE = 0.25;
const LEVEL0_MOST_RUNS = 20;
/** At rest there are fewer, and to merge everything would save no more than this share of it. */
const LEVEL0_IDLE_RUNS = 4;
const IDLE_SHARE = 0.1;
/** New entries go down as far as they are so many times what they are merged with. */
const CARRY_RATIO = 2;
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
  const { total, dead } = areaBytes(manifest);
  const values = dead > total * DEAD_SHARE ? dead : 0;
  if (settings.style === "tiered") {
    const sizes = levelSizes(manifest);
    return sizes.reduce((sum, size, level) => sum + (needsTier(manifest, level) ? Math.max(1, size) : 0), values);
  }
  const shape = levelsOf(manifest);
  const into = dueInto(manifest, shape, settings);
  // At least something: what is left of a sweep may be range deletes, which have no bytes.
  let debt = values + (into === undefined ? 0 : Math.max(1, sum(shape.sizes.slice(0, into + 1))));
  for (let level = 1; level < DEEPEST_LEVEL; level++) {
    const score = overload(shape, level, settings.baseBytes);
    debt += score > 1 ? Math.max(1, shape.sizes[level]! * (1 - 1 / score)) * (LEVEL_RATIO + 1) : 0;
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

/** Of each level its own bytes, and with them what it hides further down, which comes free when it is merged. */
interface Levels {
  readonly sizes: readonly number[];
  readonly weights: readonly number[];
  /** The highest level below 0 that has a run, though it may have no bytes but range deletes; LEVELS: none. */
  readonly highest: number;
}

function levelsOf(manifest: Manifest): Levels {
  const sizes = levelSizes(manifest);
  const weights = [...sizes];
  let highest = LEVELS;
  for (const { level, parts } of manifest.runs) {
    highest = level > 0 ? Math.min(highest, level) : highest;
    for (const { hiddenBytes } of parts) {
      weights[level]! += hiddenBytes;
    }
  }
  return { sizes, weights, highest };
}

function chooseLevelled(manifest: Manifest, settings: PolicySettings): Compaction | undefined {
  const shape = levelsOf(manifest);
  const into = dueInto(manifest, shape, settings);
  if (into !== undefined) {
    return sweepDown(manifest, into, settings.unitBytes);
  }
  let fullest = -1;
  let most = 1;
  for (let level = 1; level < DEEPEST_LEVEL; level++) {
    const score = overload(shape, level, settings.baseBytes);
    if (score > most) {
      fullest = level;
      most = score;
    }
  }
  return fullest < 0 ? undefined : pushDown(manifest, fullest, settings.unitBytes);
}

/** How many times a level, neither 0 nor the deepest, has what it may: twice as much as the next, and hide a tenth of it. */
function overload({ sizes, weights }: Levels, level: number, baseBytes: number): number {
  const next = Math.max(baseBytes, sizes.slice(level + 1).find((size) => size > 0) ?? 0);
  const hidden = weights[level]! - sizes[level]!;
  return Math.max(sizes[level]! / (CARRY_RATIO * next), hidden / (next / LEVEL_RATIO));
}

/** Where the runs of level 0, and of levels between, are to be merged to now; undefined: nowhere. */
function dueInto(manifest: Manifest, shape: Levels, settings: PolicySettings): number | undefined {
  const sweep = sweepOf(manifest, 0);
  if (sweep !== undefined) {
    return sweep.into;
  }
  if (settings.isIdle && savedBytes(manifest, shape) > sum(shape.sizes) * IDLE_SHARE) {
    return DEEPEST_LEVEL;
  }
  const runs = runsOf(manifest, 0).length;
  if (runs === 0) {
    return undefined;
  }
  const { sizes, weights } = shape;
  const isNew = weights[0]! - sizes[0]! < sizes[0]! * OFTEN_SHARE;
  const into = isNew ? levelForNew(shape) : levelForOld(shape, settings.baseBytes);
  const least = isNew && into > 1 ? 0 : sizes[into]!;
  const isEnough = runs >= (isNew ? LEVEL0_NEW_RUNS : LEVEL0_RUNS) && weights[0]! >= least;
  const isTooMuch = runs >= LEVEL0_MOST_RUNS || (settings.isIdle && runs >= LEVEL0_IDLE_RUNS);
  return isEnough || isTooMuch ? into : undefined;
}

/** The deepest level that has no more than half of what comes down to it; otherwise one of its own, above all others. */
function levelForNew({ sizes, highest }: Levels): number {
  let into = Math.max(1, highest - 1);
  let carried = sizes[0]!;
  for (let level = highest; level < LEVELS; level++) {
    if (carried >= CARRY_RATIO * sizes[level]!) {
      into = level;
    }
    carried += sizes[level]!;
  }
  return into;
}

/** The highest level that takes part: what is hidden is to be given up. */
function levelForOld({ sizes, highest }: Levels, baseBytes: number): number {
  let base = DEEPEST_LEVEL;
  while (base > 1 && sizes[DEEPEST_LEVEL]! / LEVEL_RATIO ** (DEEPEST_LEVEL - base + 1) >= baseBytes) {
    base--;
  }
  return Math.min(base, highest);
}

/** What would come free with everything in the deepest level: what is hidden, and what entries take less there (compressed). */
function savedBytes(manifest: Manifest, { sizes, weights }: Levels): number {
  const weight = sum(weights.slice(0, DEEPEST_LEVEL));
  const deepest = entriesOf(manifest, DEEPEST_LEVEL);
  let above = 0;
  for (let level = 0; level < DEEPEST_LEVEL; level++) {
    above += entriesOf(manifest, level);
  }
  return deepest === 0 ? weight : weight - (above * sizes[DEEPEST_LEVEL]!) / deepest;
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

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/**
 * The next stretch of level 0, and of all levels up to `into`, with what that one has there: whole parts of the last, and of
 * the others what lies before its end.
 */
function sweepDown(manifest: Manifest, into: number, unitBytes: number): Compaction {
  const flushes = sweptRuns(manifest, 0);
  const swept = [...flushes, ...manifest.runs.filter(({ level }) => level > 0 && level < into)];
  const baseRun = runsOf(manifest, into)[0];
  const runs = baseRun === undefined ? swept : [...swept, baseRun];
  const span = spanOf(swept.flatMap(({ parts }) => parts));
  const end = stretchEnd(runs, span.lower, span.upper, unitBytes);
  const inStretch = swept.flatMap(({ parts }) => parts.filter((part) => overlaps(part, undefined, end)));
  let { lower, upper } = spanOf(inStretch);
  upper = earlierEnd(upper, end);
  const under = baseRun === undefined ? [] : baseRun.parts.filter((part) => overlaps(part, lower, upper));
  if (under.length > 0) {
    const span = spanOf(under);
    lower = Buffer.compare(span.lower, lower) < 0 ? span.lower : lower;
    upper = laterEnd(upper, span.upper);
  }
  const isLast = !swept.some(({ parts }) => parts.some((part) => reachesBeyond(part, upper)));
  return {
    inputs: inputsBetween(runs, lower, upper),
    lower,
    upper,
    level: into,
    run: baseRun?.number,
    isBottom: isBottom(manifest, into, lower, upper),
    // Without level 0 each stretch is chosen anew.
    sweeps: manifest.sweeps.with(
      0,
      isLast || flushes.length === 0 ? undefined : { newestRun: flushes[0]!.number, into, from: upper! },
    ),
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
  const below = manifest.runs.find((other) => other.level > level);
  const into = below?.level ?? DEEPEST_LEVEL;
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
    level: into,
    run: below?.number,
    isBottom: isBottom(manifest, into, lower, upper),
    sweeps: manifest.sweeps.with(level, behind === undefined ? undefined : { newestRun: 0, into, from: behind }),
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
    sweeps: manifest.sweeps.with(level, end === undefined ? undefined : { newestRun, into, from: end }),
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
