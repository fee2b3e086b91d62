/**
 * Compactions without pages: a keyspace whose parts are lists of keys with version numbers, to which the policy's choices
 * are applied as compaction.ts would.
 *
 * An entry is `entryBytes` large, whatever its key. The version of a key rises with every flush, so that what a reader finds is
 * known: the newest version of each key, unless a newer delete or range delete is over it. `check` proves that from the
 * manifest alone.
 */
import { assert } from "../../src/assert.ts";
import { Manifest, type PlacedPart, type Run, type ValueArea } from "../../src/lsm/manifest.ts";
import type { AreaUse, Part } from "../../src/lsm/part.ts";
import type { Compaction } from "../../src/lsm/policy.ts";
import {
  clipDeletes,
  coveringDelete,
  earlierEnd,
  NO_RANGE_DELETES,
  type RangeDelete,
  uniteDeletes,
} from "../../src/lsm/range-deletes.ts";

export interface ShapeEntry {
  readonly key: string;
  readonly version: number;
  readonly isDelete: boolean;
}

export class ShapeModel {
  manifest: Manifest;
  /** That compactions have read. */
  compactedBytes: number;
  readonly #entryBytes: number;
  readonly #partEntries: number;
  readonly #entries: Map<number, readonly ShapeEntry[]>;
  /** What a reader has to find. */
  readonly #newest: Map<string, ShapeEntry>;
  #version: number;
  /** The version from which on entries survived the last range delete over a key. */
  readonly #cleared: { readonly range: RangeDelete; readonly version: number }[];

  constructor(entryBytes = 1, partEntries = 20) {
    this.manifest = Manifest.empty;
    this.compactedBytes = 0;
    this.#entryBytes = entryBytes;
    this.#partEntries = partEntries;
    this.#entries = new Map();
    this.#newest = new Map();
    this.#version = 0;
    this.#cleared = [];
  }

  /** A run of new versions of these keys, above everything on its level. */
  addRun(
    level: number,
    keys: readonly string[],
    rangeDeletes: readonly RangeDelete[] = [],
    isDelete: (key: string) => boolean = () => false,
    areas: readonly AreaUse[] = [],
  ): void {
    this.#version++;
    for (const range of rangeDeletes) {
      this.#cleared.push({ range, version: this.#version });
    }
    const entries = [...new Set(keys)].sort().map((key) => ({ key, version: this.#version, isDelete: isDelete(key) }));
    for (const entry of entries) {
      this.#newest.set(entry.key, entry);
    }
    const kept = this.manifest.runs.length === 0 ? entries.filter((entry) => !entry.isDelete) : entries;
    const parts = this.#write(kept, this.manifest.runs.length === 0 ? [] : rangeDeletes, areas).map((part) =>
      this.#hiding(part, this.manifest.runs, level === 0 ? kept : []),
    );
    const { nextRun, nextPart } = this.manifest;
    this.manifest = this.manifest.with({
      added: parts.map((part) => ({ level, run: nextRun, part })),
      nextRun: nextRun + 1,
      nextPart: nextPart + parts.length,
    });
  }

  setArea(area: ValueArea): void {
    this.manifest = this.manifest.with({ areas: new Map([[area.page, area]]) });
  }

  entriesOf(part: Part): readonly ShapeEntry[] {
    return this.#entries.get(part.id)!.filter(({ key }) => key >= text(part.lower));
  }

  apply(compaction: Compaction): void {
    const { inputs, lower, upper, isBottom, level } = compaction;
    const deletes = inputs.map(({ parts }) =>
      clipDeletes(
        parts.flatMap(({ rangeDeletes }) => rangeDeletes),
        lower,
        upper,
      ),
    );
    const merged = new Map<string, ShapeEntry>();
    for (const [i, { parts }] of inputs.entries()) {
      for (const part of parts) {
        this.compactedBytes += part.bytes;
        for (const entry of this.entriesOf(part)) {
          const isWithin = (lower === undefined || entry.key >= text(lower)) && isBefore(entry.key, upper);
          const isHidden = merged.has(entry.key) || deletes.slice(0, i).some((list) => covers(list, entry.key));
          if (isWithin && !isHidden) {
            merged.set(entry.key, entry);
          }
        }
      }
    }
    const entries = [...merged.values()]
      .filter((entry) => !(isBottom && entry.isDelete))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    const areas = inputs.flatMap(({ parts }) => parts.flatMap((part) => part.areas));
    const parts = this.#write(
      entries,
      isBottom ? [] : deletes.reduce(uniteDeletes, NO_RANGE_DELETES),
      areas.filter(({ page }) => compaction.emptied?.has(page) !== true),
    );
    const run = compaction.run ?? this.manifest.nextRun;
    const below = this.manifest.runs.filter((each) => each.level > level);
    const added: PlacedPart[] = parts.map((part) => ({ level, run, part: this.#hiding(part, below, entries) }));
    const removed = new Set<number>();
    for (const input of inputs) {
      for (const part of input.parts) {
        removed.add(part.id);
        if (upper !== undefined && (part.upper === undefined || text(part.upper) > text(upper))) {
          added.push({ level: input.run.level, run: input.run.number, part: this.#cut(part, upper) });
        }
      }
    }
    const { nextRun, nextPart } = this.manifest;
    this.manifest = this.manifest.with({
      removed,
      added,
      areas: new Map([...(compaction.emptied ?? [])].map((page) => [page, this.#emptied(page, parts, removed)])),
      sweeps: compaction.sweeps,
      nextRun: Math.max(nextRun, run + 1),
      nextPart: nextPart + parts.length,
    });
  }

  /** L1 and L2: readers find the newest version of every key, versions descend in reading order, and levels are what they are. */
  check(isLevelled: boolean): void {
    const found = new Map<string, ShapeEntry>();
    const hiding: RangeDelete[][] = [];
    for (const run of this.manifest.runs) {
      assert(!isLevelled || run.level === 0 || runsOn(this.manifest, run.level).length === 1, "one run a level");
      for (const part of run.parts) {
        for (const entry of this.entriesOf(part)) {
          assert(isBefore(entry.key, part.upper), "L2: an entry lies within its part's bounds");
          const newer = found.get(entry.key);
          assert(newer === undefined || newer.version > entry.version, `L1: versions of ${entry.key} descend`);
          if (newer === undefined) {
            const isHidden = hiding.some((list) => covers(list, entry.key));
            found.set(entry.key, isHidden ? { ...entry, isDelete: true } : entry);
          }
        }
      }
      hiding.push(run.parts.flatMap(({ rangeDeletes }) => [...rangeDeletes]));
    }
    for (const [key, newest] of this.#newest) {
      const isCleared = this.#cleared.some(({ range, version }) => version > newest.version && covers([range], key));
      const expected = isCleared || newest.isDelete ? undefined : newest.version;
      const entry = found.get(key);
      const version = entry === undefined || entry.isDelete ? undefined : entry.version;
      assert(version === expected, `L1: of ${key} version ${version} is found, not ${expected}`);
    }
  }

  #write(entries: readonly ShapeEntry[], rangeDeletes: readonly RangeDelete[], areas: readonly AreaUse[]): Part[] {
    const groups: ShapeEntry[][] = [];
    for (let at = 0; at < entries.length; at += this.#partEntries) {
      groups.push(entries.slice(at, at + this.#partEntries));
    }
    if (groups.length === 0 && rangeDeletes.length > 0) {
      const { lower } = rangeDeletes[0]!;
      return [this.#part([], lower, rangeDeletes.at(-1)!.upper, rangeDeletes, 0, areas)];
    }
    return groups.map((group, i) => {
      const lower = bytes(group[0]!.key);
      const next = groups[i + 1]?.[0]?.key;
      const own = clipDeletes(rangeDeletes, i === 0 ? undefined : lower, next === undefined ? undefined : bytes(next));
      const first = own[0]?.lower ?? lower;
      const behind = bytes(`${group.at(-1)!.key}\0`);
      const end = own.length === 0 ? behind : own.at(-1)!.upper;
      return this.#part(
        group,
        text(first) < text(lower) ? first : lower,
        earlierEnd(end, behind) === end ? behind : end,
        own,
        i,
        areas,
      );
    });
  }

  #part(
    entries: readonly ShapeEntry[],
    lower: Uint8Array,
    upper: Uint8Array | undefined,
    rangeDeletes: readonly RangeDelete[],
    index: number,
    areas: readonly AreaUse[],
  ): Part {
    const id = this.manifest.nextPart + index;
    this.#entries.set(id, entries);
    return {
      id,
      root: { page: entries.length === 0 ? 0 : 2, height: 1, count: entries.length },
      filter: { page: 0, pageCount: 0, blocks: 0, probes: 0 },
      lower,
      upper,
      bytes: entries.length * this.#entryBytes,
      deletes: entries.filter(({ isDelete }) => isDelete).length,
      hiddenBytes: 0,
      birth: 1,
      isCut: false,
      rangeDeletes,
      areas,
    };
  }

  /** With the bytes of what it hides of older runs: all that its range deletes cover, and one entry for each of `keyed`. */
  #hiding(part: Part, older: readonly Run[], keyed: readonly ShapeEntry[]): Part {
    const keys = new Set(keyed.filter((entry) => this.#entries.get(part.id)!.includes(entry)).map(({ key }) => key));
    let count = 0;
    for (const { key } of older.flatMap(({ parts }) => parts.flatMap((each) => this.entriesOf(each)))) {
      count += covers(part.rangeDeletes, key) || keys.delete(key) ? 1 : 0;
    }
    return { ...part, hiddenBytes: count * this.#entryBytes };
  }

  #cut(part: Part, lower: Uint8Array): Part {
    const left = this.entriesOf(part).filter(({ key }) => key >= text(lower)).length;
    return {
      ...part,
      lower,
      isCut: true,
      bytes: left * this.#entryBytes,
      hiddenBytes: (part.hiddenBytes * left) / Math.max(1, this.entriesOf(part).length),
      rangeDeletes: clipDeletes(part.rangeDeletes, lower, undefined),
    };
  }

  /** An area from which values were moved: gone, when no part refers to it any more. */
  #emptied(page: number, written: readonly Part[], removed: ReadonlySet<number>): ValueArea | undefined {
    const others = [...this.manifest.parts()].map(({ part }) => part).filter(({ id }) => !removed.has(id));
    const isUsed = [...others, ...written].some(({ areas }) => areas.some((use) => use.page === page));
    const area = this.manifest.areas.get(page)!;
    return isUsed ? { ...area, liveBytes: area.liveBytes / 2 } : undefined;
  }
}

export function runsOn(manifest: Manifest, level: number): Run[] {
  return manifest.runs.filter((run) => run.level === level);
}

export function bytes(key: string): Uint8Array {
  return Buffer.from(key, "latin1");
}

export function text(key: Uint8Array): string {
  return Buffer.from(key).toString("latin1");
}

function isBefore(key: string, upper: Uint8Array | undefined): boolean {
  return upper === undefined || key < text(upper);
}

function covers(list: readonly RangeDelete[], key: string): boolean {
  const encoded = bytes(key);
  return coveringDelete(list, encoded, 0, encoded.length) !== undefined;
}
