/**
 * The sources of a scan, and which of them comes next: write set, memtables and what is in pages, of one keyspace.
 *
 *     arenas   write set, memtables     newest first
 *     runs     the tree alone, or the keyspace's runs, newest first
 *
 * `select` finds the next key of any of them; of equal keys the newest source wins, and the others move on with it. Where it is
 * a cell of a leaf, `stretchLeft` says how many more cells of that leaf come before every other source's key and the end of
 * the range: those need no comparing. Range deletes are minded by `passHidden`, which moves older sources past them.
 */
import type { CellPlaces, LeafFilter, TreeCursor } from "../btree/index.ts";
import { compareBytes } from "../bytes.ts";
import { type Manifest, PrefixFilter, RunCursor } from "../lsm/index.ts";
import type { PageFile } from "../pager/index.ts";
import { ArenaSource, WHOLE_ARENA } from "./arena-source.ts";
import { ALL_KEYS, type ByteRange, sharedPrefix } from "./byte-range.ts";
import { type Hiding, memtableRank, RangeCover, runRank, WRITES_RANK } from "./range-cover.ts";
import type { ReadPoint } from "./read-state.ts";
import type { WriteSet } from "./write-set.ts";

export const NO_SOURCE = -1;
export const PAGES = -2;
const MAX_KEY_ROOM = 4096;

/** What is scanned, from where. */
export interface ScanPlace {
  readonly point: ReadPoint;
  readonly writes: WriteSet | undefined;
  readonly keyspace: number;
  readonly range: ByteRange;
  /** What the reader writes itself from there on is not seen: in its write set, and in the active memtable. */
  readonly writesEnd: number;
  readonly activeEnd: number;
  /** Of a keyspace whose filters know prefixes; 0: they do not. */
  readonly prefixBytes: number;
}

export class ScanSources {
  /** The index of the arena that the current entry comes from, PAGES, or NO_SOURCE. */
  source: number;
  /** The tree that it comes from, or came from last, if it is PAGES. */
  tree: TreeCursor;
  /** How many more cells of the current leaf come before any other source's key and the end of the range. */
  stretchLeft: number;
  /** After `takeRange`: there is nothing behind what was taken. */
  hasEnded: boolean;
  readonly #pages: PageFile;
  readonly #runs: RunCursor[];
  #runCount: number;
  /** The one that `tree` belongs to. */
  #run: RunCursor;
  readonly #arenas: ArenaSource[];
  #arenaCount: number;
  /** Bit i: arena i stands on the current key and is to move on. (Runs that do are marked `isDue`.) */
  #arenasToAdvance: number;
  #range: ByteRange;
  /** Runs without keys of the range may have been left out. */
  #areFiltered: boolean;
  #isReverse: boolean;
  readonly #cover: RangeCover;
  readonly #prefixes: PrefixFilter;
  readonly #key: Uint8Array;

  constructor(pages: PageFile) {
    this.#pages = pages;
    this.#run = new RunCursor(pages);
    this.#runs = [this.#run];
    this.#runCount = 0;
    this.#arenas = [];
    this.#arenaCount = 0;
    this.#arenasToAdvance = 0;
    this.#range = ALL_KEYS;
    this.#areFiltered = false;
    this.#isReverse = false;
    this.#cover = new RangeCover();
    this.#prefixes = new PrefixFilter(pages);
    this.#key = new Uint8Array(MAX_KEY_ROOM);
    this.source = NO_SOURCE;
    this.tree = this.#run.tree;
    this.stretchLeft = 0;
    this.hasEnded = false;
  }

  /** Opens the sources of a keyspace; they stand nowhere. */
  open(place: ScanPlace, isReverse: boolean): void {
    const { point, writes, keyspace, range, writesEnd, activeEnd, prefixBytes } = place;
    const { state } = point;
    this.#range = range;
    this.#isReverse = isReverse;
    this.source = NO_SOURCE;
    this.stretchLeft = 0;
    this.#arenaCount = 0;
    if (writes !== undefined) {
      const arena = this.#addArena(WRITES_RANK);
      arena.open(writes.u8, writes.u32, writes.data, writes.index, keyspace, 0, writesEnd);
    }
    for (let i = 0; i < state.memtables.length; i++) {
      const { segment, index } = state.memtables[i]!;
      if (index.count(keyspace) > 0) {
        // Only the first memtable, the active one, holds what the reader writes itself.
        const end = i === 0 ? activeEnd : WHOLE_ARENA;
        const limit = point.commit - segment.baseCommit;
        const arena = this.#addArena(memtableRank(i));
        arena.open(segment.u8, segment.u32, segment.data, index, keyspace, limit, end);
      }
    }
    const manifest = state.manifests.get(keyspace);
    this.#openRuns(state.trees.get(keyspace)?.page, manifest, prefixBytes);
    this.#cover.open(point, writes, keyspace, writesEnd, activeEnd, manifest);
  }

  /** Another range of the same sources, to be sought in next; false where which sources there are depends on the range. */
  setRange(range: ByteRange): boolean {
    this.#range = range;
    this.source = NO_SOURCE;
    this.stretchLeft = 0;
    return !this.#areFiltered;
  }

  /** Lets go of everything that a pooled object would keep alive. */
  close(): void {
    for (const arena of this.#arenas) {
      arena.close();
    }
    for (const run of this.#runs) {
      run.close();
    }
    this.#arenaCount = 0;
    this.#runCount = 0;
    this.#cover.close();
    this.source = NO_SOURCE;
    this.stretchLeft = 0;
  }

  /** The arena that the current entry comes from, if `source` is one. */
  get arena(): ArenaSource {
    return this.#arenas[this.source]!;
  }

  /** Whether range deletes have to be minded. */
  get hasRangeDeletes(): boolean {
    return !this.#cover.isEmpty;
  }

  /** Puts every source before the first entry from `key` on (reverse: the last one below it). */
  seek(key: Uint8Array | undefined): void {
    const length = key === undefined ? 0 : key.length;
    for (let i = 0; i < this.#arenaCount; i++) {
      this.#seekArena(this.#arenas[i]!, key, length);
    }
    for (let i = 0; i < this.#runCount; i++) {
      const run = this.#runs[i]!;
      run.isDue = false;
      if (this.#seekRun(run, key, length) && this.#runCount > 1) {
        run.loadKey();
      }
    }
    this.source = NO_SOURCE;
    this.stretchLeft = 0;
    this.#arenasToAdvance = 0;
  }

  /**
   * In place of `seek` and what comes after it, where a tree is the only source: where the first entries of the range lie goes
   * into the arrays (`takeRange` of TreeCursor). −1: it is not that simple, and nothing has moved.
   */
  takeRange(most: number, places: CellPlaces): number {
    const { lower, upper } = this.#range;
    const run = this.#runs[0]!;
    const isAlone = this.#arenaCount === 0 && this.#runCount === 1 && run.isTree && this.#cover.isEmpty;
    if (!isAlone || this.#isReverse || lower === undefined) {
      return -1;
    }
    const { tree } = run;
    const taken = tree.takeRange(lower, upper, most, places);
    this.#run = run;
    this.tree = tree;
    this.#arenasToAdvance = 0;
    run.valid = taken > 0;
    run.isDue = taken > 0;
    this.source = taken > 0 ? PAGES : NO_SOURCE;
    this.hasEnded = taken === 0 || (taken > 0 && tree.runEnd < tree.count && !tree.valid);
    this.stretchLeft = taken > 0 && !this.hasEnded ? tree.runEnd - tree.slot - 1 : 0;
    return taken;
  }

  /** Moves on to the next key of any source; false at the end of the range. */
  select(): boolean {
    this.#advancePastCurrent();
    const arena = this.#nextArena();
    const run = this.#nextRun();
    if (run === NO_SOURCE) {
      this.source = arena;
      return arena !== NO_SOURCE;
    }
    return arena === NO_SOURCE ? this.#takeRunInRange(run) : this.#takeFirst(arena, run);
  }

  /**
   * Goes on from the current leaf, which the filter leaves out, to the first entry of the next one that it does not; false at the end.
   * Undefined: other sources have to be minded, and it went no further than the end of the stretch.
   */
  passLeaves(filter: LeafFilter): boolean | undefined {
    const { tree, stretchLeft } = this;
    const isAlone = this.#runCount === 1 && this.#range.upper === undefined && this.#run.isTree;
    if (!isAlone || !this.#areArenasOver) {
      if (stretchLeft > 0) {
        tree.moveTo(tree.slot + stretchLeft);
        this.stretchLeft = 0;
      }
      return undefined;
    }
    const isFound = this.#run.nextLeafBy(filter);
    this.stretchLeft = isFound ? this.#cellsInLeaf() - 1 : 0;
    return isFound;
  }

  get #areArenasOver(): boolean {
    for (let i = 0; i < this.#arenaCount; i++) {
      if (this.#arenas[i]!.op !== 0) {
        return false;
      }
    }
    return true;
  }

  /** The next cell of a stretch. */
  moveInLeaf(): void {
    if (this.#isReverse) {
      this.tree.prev();
    } else {
      this.tree.next();
    }
  }

  /** Passes over the current entry if a range delete hides it, and over what else that hides of older sources. */
  passHidden(): boolean {
    let key = this.#key;
    let offset = 0;
    let length = 0;
    let rank = 0;
    let op = 0;
    if (this.source === PAGES) {
      length = this.tree.copyKey(key, 0);
      rank = this.#run.rank;
    } else {
      const arena = this.#arenas[this.source]!;
      key = arena.u8;
      offset = arena.keyOffset;
      length = arena.keyLength;
      rank = arena.rank;
      op = arena.op;
    }
    const hiding = this.#cover.hiding(rank, op, key, offset, length);
    if (hiding !== undefined && hiding.rank < rank) {
      this.#skip(hiding);
    }
    return hiding !== undefined;
  }

  /** Moves every source that a range delete applies to behind it. */
  #skip({ rank, lower, upper }: Hiding): void {
    const to = this.#isReverse ? lower : upper;
    for (let i = 0; i < this.#arenaCount; i++) {
      const arena = this.#arenas[i]!;
      if (arena.rank > rank && arena.op !== 0 && this.#comesBefore(to, arena.u8, arena.keyOffset, arena.keyLength)) {
        if (to === undefined) {
          arena.end();
        } else {
          this.#seekArena(arena, to, to.length);
        }
        this.#arenasToAdvance &= ~(1 << i);
      }
    }
    for (let i = 0; i < this.#runCount; i++) {
      const run = this.#runs[i]!;
      if (run.rank <= rank || !run.valid) {
        continue;
      }
      run.loadKey();
      if (this.#comesBefore(to, run.key, 0, run.keyLength)) {
        run.isDue = false;
        if (to === undefined ? run.end() : this.#seekRun(run, to, to.length)) {
          run.loadKey();
        }
      }
    }
    this.stretchLeft = 0;
  }

  /** Whether a key comes before `end` in the direction of the scan; reverse: at or above it. */
  #comesBefore(end: Uint8Array | undefined, key: Uint8Array, offset: number, length: number): boolean {
    return end === undefined || compareBytes(key, offset, length, end, 0, end.length) < 0 !== this.#isReverse;
  }

  /** Of an arena and a run, both in the range or the arena alone, the one whose key comes first. */
  #takeFirst(index: number, run: number): boolean {
    const arena = this.#arenas[index]!;
    const { tree } = this.#runs[run]!;
    const order = tree.compareKey(arena.u8, arena.keyOffset, arena.keyLength);
    if (order === 0 || order > 0 !== this.#isReverse) {
      if (order !== 0) {
        this.#keepRuns();
      }
      this.source = index;
      return true;
    }
    this.#arenasToAdvance = 0;
    this.source = PAGES;
    this.#run = this.#runs[run]!;
    this.tree = tree;
    const cells = this.#cellsBefore(arena.u8, arena.keyOffset, arena.keyLength, !this.#isReverse);
    this.stretchLeft = this.#boundedByRuns(run, cells) - 1;
    return true;
  }

  /** The run's entry, if it is in the range; there are no arenas any more. */
  #takeRunInRange(run: number): boolean {
    this.#run = this.#runs[run]!;
    this.tree = this.#run.tree;
    const end = this.#isReverse ? this.#range.lower : this.#range.upper;
    const cells = end === undefined ? this.#cellsInLeaf() : this.#cellsBefore(end, 0, end.length, true);
    if (cells <= 0) {
      this.source = NO_SOURCE;
      this.#keepRuns();
      return false;
    }
    this.source = PAGES;
    this.stretchLeft = this.#boundedByRuns(run, cells) - 1;
    return true;
  }

  #advancePastCurrent(): void {
    for (let i = 0; i < this.#runCount; i++) {
      const run = this.#runs[i]!;
      if (run.isDue) {
        run.isDue = false;
        const isThere = this.#isReverse ? run.prev() : run.next();
        if (isThere && this.#runCount > 1) {
          run.loadKey();
        }
      }
    }
    if (this.#arenasToAdvance !== 0) {
      for (let i = 0; i < this.#arenaCount; i++) {
        if ((this.#arenasToAdvance & (1 << i)) !== 0) {
          if (this.#isReverse) {
            this.#arenas[i]!.previous();
          } else {
            this.#arenas[i]!.next();
          }
        }
      }
      this.#arenasToAdvance = 0;
    }
  }

  /** The newest of the runs that have the next key; all that have it are marked to move on. */
  #nextRun(): number {
    let first = NO_SOURCE;
    for (let i = 0; i < this.#runCount; i++) {
      const run = this.#runs[i]!;
      if (!run.valid) {
        continue;
      }
      const order = first === NO_SOURCE ? -1 : run.compareTo(this.#runs[first]!);
      if (first === NO_SOURCE || (order !== 0 && order < 0 !== this.#isReverse)) {
        this.#keepRuns();
        first = i;
        run.isDue = true;
      } else if (order === 0) {
        run.isDue = true;
      }
    }
    return first;
  }

  /** No run moves on: what was found first is not. */
  #keepRuns(): void {
    for (let i = 0; i < this.#runCount; i++) {
      this.#runs[i]!.isDue = false;
    }
  }

  /** How many of the first `cells` of a run's stretch come before the keys of all other runs. */
  #boundedByRuns(run: number, cells: number): number {
    let most = cells;
    for (let i = 0; i < this.#runCount && most > 1; i++) {
      const other = this.#runs[i]!;
      if (i === run || !other.valid) {
        continue;
      }
      // One with the same key moves on, nobody knows yet to where.
      most = other.isDue ? 1 : Math.min(most, this.#cellsBefore(other.key, 0, other.keyLength, !this.#isReverse));
    }
    const part = this.#isReverse && most > 1 ? this.#runs[run]!.part : undefined;
    return part?.isCut ? Math.min(most, this.#cellsBefore(part.lower, 0, part.lower.length, true)) : most;
  }

  /** The arena with the next key in the range; marks every arena that stands on that key. */
  #nextArena(): number {
    let winner = NO_SOURCE;
    let marks = 0;
    for (let i = 0; i < this.#arenaCount; i++) {
      const arena = this.#arenas[i]!;
      if (arena.op === 0) {
        continue;
      }
      const best = winner === NO_SOURCE ? undefined : this.#arenas[winner]!;
      const order = best === undefined ? 1 : best.compareKey(arena.u8, arena.keyOffset, arena.keyLength);
      if (best === undefined || (order !== 0 && order > 0 !== this.#isReverse)) {
        winner = i;
        marks = 1 << i;
      } else if (order === 0) {
        marks |= 1 << i;
      }
    }
    if (winner !== NO_SOURCE && !this.#isInRange(this.#arenas[winner]!)) {
      return NO_SOURCE;
    }
    this.#arenasToAdvance = marks;
    return winner;
  }

  #isInRange(arena: ArenaSource): boolean {
    if (this.#isReverse) {
      const lower = this.#range.lower;
      return lower === undefined || arena.compareKey(lower, 0, lower.length) >= 0;
    }
    const upper = this.#range.upper;
    return upper === undefined || arena.compareKey(upper, 0, upper.length) < 0;
  }

  /** Cells of the leaf from the current one on that come before `key`; reverse and inclusive: `key` itself counts too. */
  #cellsBefore(key: Uint8Array, offset: number, length: number, inclusive: boolean): number {
    const tree = this.tree;
    const found = tree.searchInLeaf(key, offset, length);
    if (!this.#isReverse) {
      return (found >> 1) - tree.slot;
    }
    const first = inclusive ? found >> 1 : (found >> 1) + (found & 1);
    return tree.slot - first + 1;
  }

  #cellsInLeaf(): number {
    return this.#isReverse ? this.tree.slot + 1 : this.tree.count - this.tree.slot;
  }

  /** Runs that have no key with the prefix that all keys of the range share are left out. */
  #openRuns(rootPage: number | undefined, manifest: Manifest | undefined, prefixBytes: number): void {
    this.#runCount = 0;
    this.#areFiltered = false;
    if (rootPage !== undefined) {
      this.#addRun(0).openTree(rootPage);
    }
    if (manifest === undefined) {
      return;
    }
    const prefix = prefixBytes === 0 ? undefined : sharedPrefix(this.#range, prefixBytes);
    this.#areFiltered = prefix !== undefined;
    this.#prefixes.set(prefix);
    for (let i = 0; i < manifest.runs.length; i++) {
      const run = manifest.runs[i]!;
      if (prefix === undefined || this.#prefixes.mayBeIn(run, this.#range.lower, this.#range.upper)) {
        this.#addRun(i).open(run);
      }
    }
  }

  #addRun(index: number): RunCursor {
    if (this.#runCount === this.#runs.length) {
      this.#runs.push(new RunCursor(this.#pages));
    }
    const run = this.#runs[this.#runCount++]!;
    run.rank = runRank(index);
    return run;
  }

  #addArena(rank: number): ArenaSource {
    if (this.#arenaCount === this.#arenas.length) {
      this.#arenas.push(new ArenaSource());
    }
    const arena = this.#arenas[this.#arenaCount++]!;
    arena.rank = rank;
    return arena;
  }

  #seekArena(arena: ArenaSource, key: Uint8Array | undefined, length: number): void {
    if (this.#isReverse) {
      arena.seekBackward(key, length);
    } else {
      arena.seekForward(key, length);
    }
  }

  #seekRun(run: RunCursor, key: Uint8Array | undefined, length: number): boolean {
    if (key === undefined) {
      return this.#isReverse ? run.last() : run.first();
    }
    return this.#isReverse ? run.seekBefore(key, 0, length) : run.seek(key, 0, length);
  }
}
