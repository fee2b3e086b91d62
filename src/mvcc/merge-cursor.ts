/**
 * A scan: the entries of one keyspace between two keys, in order, as a read point sees them.
 *
 *     write set, memtables (newest first) ──┐
 *                                           ├──▶ the smallest key; of equal keys the newest source wins
 *     the B+tree, or runs (newest first) ───┘    tombstones and passed deadlines are left out
 *
 * Most entries come from pages. So the cursor looks for the next key of any other source (or the end of the range) once in
 * the current leaf, and gives out the cells before it without comparing anything: a scan over pages alone costs 3 ns an
 * entry here, and `takeRun` hands whole runs of cells to compiled queries.
 *
 * The entry is a place, not a copy: `(u8, valueOffset, valueLength)` and `copyKey`, until the next call. Nothing is
 * allocated per entry. Cursors are pooled: `open` and `close` them.
 *
 * A transaction may write while it scans: what it writes after `open` is left out, by its place in the arena. Where that
 * moved what the cursor stands on (the write set grew, the record went to the next segment), the cursor opens its sources
 * anew behind the current key.
 */
import { CELL_DELETE, CELL_MERGE, type CellPlaces, type TreeCursor } from "../btree/index.ts";
import { compareBytes, copyBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { RunCursor } from "../lsm/index.ts";
import { OP_KIND_MERGE, OP_KIND_PUT, opExpiry, opKind, opValueLength, opValueOffset } from "../wal/index.ts";
import { ArenaSource, WHOLE_ARENA } from "./arena-source.ts";
import { MergedReader } from "./merged-read.ts";
import { type Hiding, memtableRank, RangeCover, runRank, WRITES_RANK } from "./range-cover.ts";
import type { ReadPoint, ReadState } from "./read-state.ts";
import type { ReadSource } from "./view.ts";
import type { WriteSet } from "./write-set.ts";

/** Keys between `lower` (inclusive) and `upper` (exclusive); undefined: no bound. */
export interface ByteRange {
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
}

export const ALL_KEYS: ByteRange = { lower: undefined, upper: undefined };

/** The open record of the log, for scans within the write transaction that it belongs to. */
export interface OpenRecord {
  /** Where its operations begin in the active memtable. */
  readonly start: number;
  /** Bytes of operations so far. */
  readonly savepoint: number;
}

const NO_SOURCE = -1;
const PAGES = -2;
const EMPTY = new Uint8Array(0);
const EMPTY_DATA = new DataView(EMPTY.buffer);

export class MergeCursor {
  /** Where the current entry's value lies; call `gather` first where `isOverflow`. */
  u8: Uint8Array;
  data: DataView;
  valueOffset: number;
  valueLength: number;
  /** The value lies in overflow pages, and is only there after `gather`. */
  isOverflow: boolean;
  /** Milliseconds since the epoch; 0 for none. */
  expiry: number;
  /** After `locateKey`. */
  prefixOffset: number;
  prefixLength: number;
  suffixOffset: number;
  suffixLength: number;

  readonly #database: ReadSource;
  /** In pages: the keyspace's tree alone, or its runs, newest first. */
  readonly #runs: RunCursor[];
  #runCount: number;
  readonly #arenas: ArenaSource[];
  #arenaCount: number;
  /** Bit i: arena i stands on the current key and is to move on. (Runs that do are marked `isDue`.) */
  #arenasToAdvance: number;
  /** The arena that the current entry comes from, PAGES, or NO_SOURCE. */
  #source: number;
  /** The tree that it comes from, or came from last, if it is PAGES. */
  #tree: TreeCursor;
  /** How many more cells of the current leaf come before any other source's key and the end of the range. */
  #stretchLeft: number;

  #point: ReadPoint | undefined;
  #state: ReadState | undefined;
  #writes: WriteSet | undefined;
  #writesArena: Uint8Array;
  #record: OpenRecord | undefined;
  /** Where the transaction's own writes ended when the scan began, in its write set or in its record. */
  #writesEnd: number;
  #keyspace: number;
  #range: ByteRange;
  #isReverse: boolean;
  #now: number;
  #onMove: (() => void) | undefined;
  readonly #cover: RangeCover;
  /** Where the reader's own writes end in the active memtable. */
  #activeEnd: number;
  #merged: MergedReader | undefined;
  /** The current value, if it was put together from merge operands. */
  #folded: Uint8Array | undefined;
  readonly #key: Uint8Array;

  constructor(database: ReadSource) {
    this.u8 = EMPTY;
    this.data = EMPTY_DATA;
    this.valueOffset = 0;
    this.valueLength = 0;
    this.isOverflow = false;
    this.expiry = 0;
    this.prefixOffset = 0;
    this.prefixLength = 0;
    this.suffixOffset = 0;
    this.suffixLength = 0;
    this.#database = database;
    this.#runs = [new RunCursor(database.pages)];
    this.#runCount = 0;
    this.#arenas = [];
    this.#arenaCount = 0;
    this.#arenasToAdvance = 0;
    this.#source = NO_SOURCE;
    this.#tree = this.#runs[0]!.tree;
    this.#stretchLeft = 0;
    this.#point = undefined;
    this.#state = undefined;
    this.#writes = undefined;
    this.#writesArena = EMPTY;
    this.#record = undefined;
    this.#writesEnd = 0;
    this.#keyspace = 0;
    this.#range = ALL_KEYS;
    this.#isReverse = false;
    this.#now = 0;
    this.#onMove = undefined;
    this.#cover = new RangeCover();
    this.#activeEnd = WHOLE_ARENA;
    this.#merged = undefined;
    this.#folded = undefined;
    this.#key = new Uint8Array(RESUME_KEY_BYTES);
  }

  /**
   * Stands before the first entry (after the last, if reverse); `next` moves on to it. In a write transaction `record` is
   * its record, and `onMove` is told when the point has moved to another state and the cursor with it. Throws CLOSED or
   * CONFLICT.
   */
  open(
    point: ReadPoint,
    writes: WriteSet | undefined,
    keyspace: number,
    range: ByteRange,
    isReverse: boolean,
    record?: OpenRecord,
    onMove?: () => void,
  ): void {
    if (point.ended !== undefined) {
      throw point.ended;
    }
    this.#record = record;
    this.#writesEnd = writes?.tail ?? record?.savepoint ?? 0;
    this.#onMove = onMove;
    this.#point = point;
    this.#writes = writes;
    this.#keyspace = keyspace;
    this.#range = range;
    this.#isReverse = isReverse;
    this.#now = point.now === 0 ? this.#database.clock.now() : point.now;
    this.#openSources();
    this.#seek(isReverse ? range.upper : range.lower);
  }

  close(): void {
    for (let i = 0; i < this.#arenaCount; i++) {
      this.#arenas[i]!.close();
    }
    this.#arenaCount = 0;
    for (let i = 0; i < this.#runCount; i++) {
      this.#runs[i]!.close();
    }
    this.#runCount = 0;
    this.#cover.close();
    this.#folded = undefined;
    this.#source = NO_SOURCE;
    this.#stretchLeft = 0;
    this.#point = undefined;
    this.#state = undefined;
    this.#writes = undefined;
    this.#writesArena = EMPTY;
    this.#record = undefined;
    this.#onMove = undefined;
    this.u8 = EMPTY;
    this.data = EMPTY_DATA;
  }

  /** Moves to the next entry; false at the end. Throws CLOSED or CONFLICT where what is read has ended. */
  next(): boolean {
    if (this.#point === undefined) {
      throw closedScan();
    }
    for (;;) {
      if (this.#stretchLeft > 0 && this.#state === this.#point.state && this.#point.ended === undefined) {
        this.#stretchLeft--;
        this.#moveInLeaf();
      } else if (!this.#select()) {
        return false;
      }
      if (!this.#cover.isEmpty && this.#passHidden()) {
        continue;
      }
      if (this.#source === PAGES ? this.#loadTree() : this.#loadArena(this.#arenas[this.#source]!)) {
        return true;
      }
    }
  }

  /** Sets where the current key lies in `u8`: a prefix that it shares with its neighbours, and the rest. */
  locateKey(): void {
    if (this.#source === PAGES) {
      const tree = this.#tree;
      this.prefixOffset = tree.prefixOffset;
      this.prefixLength = tree.prefixLength;
      this.suffixOffset = tree.suffixOffset;
      this.suffixLength = tree.suffixLength;
    } else {
      const arena = this.#arenas[this.#source]!;
      this.prefixOffset = 0;
      this.prefixLength = 0;
      this.suffixOffset = arena.keyOffset;
      this.suffixLength = arena.keyLength;
    }
  }

  get keyLength(): number {
    return this.#source === PAGES ? this.#tree.keyLength : this.#arenas[this.#source]!.keyLength;
  }

  /** Whether the entry comes from a leaf, and the next one from somewhere else. */
  get isAtRunEnd(): boolean {
    return this.#source === PAGES && this.#stretchLeft === 0;
  }

  /**
   * Takes the entries behind the current one as far as they follow it in its leaf, `most` at the most: their places go
   * into the arrays from `at` on, and `next` goes on behind them. Returns how many; none in reverse.
   */
  takeRun(most: number, at: number, places: CellPlaces): number {
    if (this.#stretchLeft === 0 || this.#source !== PAGES || this.#isReverse || !this.#cover.isEmpty) {
      return 0;
    }
    if (this.#state !== this.#point?.state) {
      return 0;
    }
    const taken = this.#tree.takeRun(Math.min(this.#stretchLeft, most), at, places);
    this.#stretchLeft -= taken;
    return taken;
  }

  /** Copies the current key; its length. */
  copyKey(into: Uint8Array, offset: number): number {
    if (this.#source === PAGES) {
      return this.#tree.copyKey(into, offset);
    }
    const arena = this.#arenas[this.#source]!;
    copyBytes(arena.u8, arena.keyOffset, into, offset, arena.keyLength);
    return arena.keyLength;
  }

  /** Brings a value from overflow pages, or one that was put together, into memory of its own. */
  gather(): void {
    let gathered = this.#folded;
    if (gathered === undefined) {
      gathered = new Uint8Array(this.valueLength);
      this.#tree.copyValue(gathered, 0);
    }
    this.u8 = gathered;
    this.data = new DataView(gathered.buffer, gathered.byteOffset, gathered.length);
    this.valueOffset = 0;
    this.isOverflow = false;
  }

  #loadTree(): boolean {
    const tree = this.#tree;
    if (tree.kind === CELL_DELETE || (tree.expiry !== 0 && tree.expiry <= this.#now)) {
      return false;
    }
    this.#folded = undefined;
    if (tree.kind === CELL_MERGE) {
      const length = tree.copyKey(this.#key, 0);
      return this.#fold(this.#key, 0, length);
    }
    this.u8 = tree.u8;
    this.data = tree.data;
    this.valueOffset = tree.valueOffset;
    this.valueLength = tree.valueLength;
    this.isOverflow = tree.isOverflow;
    this.expiry = tree.expiry;
    return true;
  }

  #loadArena(arena: ArenaSource): boolean {
    const { u8, u32, data, op } = arena;
    this.#folded = undefined;
    if (opKind(u32, op) !== OP_KIND_PUT) {
      return opKind(u32, op) === OP_KIND_MERGE && this.#fold(u8, arena.keyOffset, arena.keyLength);
    }
    const expiry = opExpiry(u32, data, op);
    if (expiry !== 0 && expiry <= this.#now) {
      return false;
    }
    this.u8 = u8;
    this.data = data;
    this.valueOffset = opValueOffset(u32, op);
    this.valueLength = opValueLength(u32, op);
    this.isOverflow = false;
    this.expiry = expiry;
    return true;
  }

  /** Puts together the value of the current key, of which there are merge operands. It is given out like one in overflow pages. */
  #fold(key: Uint8Array, offset: number, length: number): boolean {
    this.#merged ??= new MergedReader(this.#database);
    const place = {
      point: this.#point!,
      writes: this.#writes,
      keyspace: this.#keyspace,
      writesEnd: this.#writesEnd,
      activeEnd: this.#activeEnd,
    };
    this.#folded = this.#merged.read(place, key, offset, length);
    this.valueLength = this.#folded?.length ?? 0;
    this.isOverflow = true;
    this.expiry = 0;
    return this.#folded !== undefined;
  }

  /** Passes over the current entry if a range delete hides it, and over what else that hides of older sources. */
  #passHidden(): boolean {
    let key = this.#key;
    let offset = 0;
    let length = 0;
    let rank = 0;
    let op = 0;
    if (this.#source === PAGES) {
      length = this.#tree.copyKey(key, 0);
      rank = runRank(this.#runs.findIndex(({ tree }) => tree === this.#tree));
    } else {
      const arena = this.#arenas[this.#source]!;
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
      if (runRank(i) <= rank || !run.valid) {
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
    this.#stretchLeft = 0;
  }

  /** Whether a key comes before `end` in the direction of the scan; reverse: at or above it. */
  #comesBefore(end: Uint8Array | undefined, key: Uint8Array, offset: number, length: number): boolean {
    return end === undefined || compareBytes(key, offset, length, end, 0, end.length) < 0 !== this.#isReverse;
  }

  /** Finds the next key of any source; false at the end of the range. */
  #select(): boolean {
    const point = this.#point!;
    if (point.ended !== undefined) {
      throw point.ended;
    }
    if (point.state !== this.#state || (this.#writes !== undefined && this.#writes.u8 !== this.#writesArena)) {
      this.#reopen();
    }
    this.#advancePastCurrent();
    const arena = this.#nextArena();
    const run = this.#nextRun();
    if (run === NO_SOURCE) {
      this.#source = arena;
      return arena !== NO_SOURCE;
    }
    return arena === NO_SOURCE ? this.#takeRunInRange(run) : this.#takeFirst(arena, run);
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
      this.#source = index;
      return true;
    }
    this.#arenasToAdvance = 0;
    this.#source = PAGES;
    this.#tree = tree;
    const cells = this.#cellsBefore(arena.u8, arena.keyOffset, arena.keyLength, !this.#isReverse);
    this.#stretchLeft = this.#boundedByRuns(run, cells) - 1;
    return true;
  }

  /** The run's entry, if it is in the range; there are no arenas any more. */
  #takeRunInRange(run: number): boolean {
    this.#tree = this.#runs[run]!.tree;
    const end = this.#isReverse ? this.#range.lower : this.#range.upper;
    const cells = end === undefined ? this.#cellsInLeaf() : this.#cellsBefore(end, 0, end.length, true);
    if (cells <= 0) {
      this.#source = NO_SOURCE;
      this.#runCount = 0;
      return false;
    }
    this.#source = PAGES;
    this.#stretchLeft = this.#boundedByRuns(run, cells) - 1;
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

  #moveInLeaf(): void {
    if (this.#isReverse) {
      this.#tree.prev();
    } else {
      this.#tree.next();
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
    const tree = this.#tree;
    const found = tree.searchInLeaf(key, offset, length);
    if (!this.#isReverse) {
      return (found >> 1) - tree.slot;
    }
    const first = inclusive ? found >> 1 : (found >> 1) + (found & 1);
    return tree.slot - first + 1;
  }

  #cellsInLeaf(): number {
    return this.#isReverse ? this.#tree.slot + 1 : this.#tree.count - this.#tree.slot;
  }

  #openSources(): void {
    const point = this.#point!;
    const state = point.state;
    this.#state = state;
    this.#arenaCount = 0;
    const writes = this.#writes;
    if (writes !== undefined) {
      this.#writesArena = writes.u8;
      const arena = this.#addArena(WRITES_RANK);
      arena.open(writes.u8, writes.u32, writes.data, writes.index, this.#keyspace, 0, this.#writesEnd);
    }
    // Only the first memtable, the active one, holds the open record.
    this.#activeEnd = this.#record === undefined ? WHOLE_ARENA : this.#record.start + this.#writesEnd;
    for (let i = 0; i < state.memtables.length; i++) {
      const { segment, index } = state.memtables[i]!;
      if (index.count(this.#keyspace) > 0) {
        const limit = point.commit - segment.baseCommit;
        const end = i === 0 ? this.#activeEnd : WHOLE_ARENA;
        const arena = this.#addArena(memtableRank(i));
        arena.open(segment.u8, segment.u32, segment.data, index, this.#keyspace, limit, end);
      }
    }
    this.#openRuns(state);
    const manifest = state.manifests.get(this.#keyspace);
    this.#cover.open(point, writes, this.#keyspace, this.#writesEnd, this.#activeEnd, manifest);
  }

  #openRuns(state: ReadState): void {
    this.#runCount = 0;
    const root = state.trees.get(this.#keyspace);
    if (root !== undefined) {
      this.#addRun().openTree(root.page);
      return;
    }
    const manifest = state.manifests.get(this.#keyspace);
    if (manifest !== undefined) {
      for (const run of manifest.runs) {
        this.#addRun().open(run);
      }
    }
  }

  #addRun(): RunCursor {
    if (this.#runCount === this.#runs.length) {
      this.#runs.push(new RunCursor(this.#database.pages));
    }
    return this.#runs[this.#runCount++]!;
  }

  #addArena(rank: number): ArenaSource {
    if (this.#arenaCount === this.#arenas.length) {
      this.#arenas.push(new ArenaSource());
    }
    const arena = this.#arenas[this.#arenaCount++]!;
    arena.rank = rank;
    return arena;
  }

  /** Puts every source before the first entry from `key` on (reverse: the last one below it). */
  #seek(key: Uint8Array | undefined): void {
    const length = key === undefined ? 0 : key.length;
    for (let i = 0; i < this.#arenaCount; i++) {
      this.#seekArena(this.#arenas[i]!, key, length);
    }
    for (let i = 0; i < this.#runCount; i++) {
      const run = this.#runs[i]!;
      if (this.#seekRun(run, key, length) && this.#runCount > 1) {
        run.loadKey();
      }
    }
    this.#source = NO_SOURCE;
    this.#stretchLeft = 0;
    this.#arenasToAdvance = 0;
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

  /** The sources were replaced: opens them anew and stands on the current key again, if there was one. */
  #reopen(): void {
    let resume: Uint8Array | undefined = this.#isReverse ? this.#range.upper : this.#range.lower;
    if (this.#source !== NO_SOURCE) {
      const key = this.#key;
      const length = this.copyKey(key, 0);
      // Behind the current key: its successor going up; itself, which is exclusive, going down.
      resume = key.slice(0, this.#isReverse ? length : length + 1);
    }
    this.#onMove?.();
    this.#openSources();
    this.#seek(resume);
  }
}

function closedScan(): DbError {
  return new DbError(
    "CLOSED",
    "what this loop runs over has ended: its transaction or snapshot is closed, or was taken back to a savepoint",
  );
}

const RESUME_KEY_BYTES = 4096;

/** Whether two ranges have keys in common. */
export function meets(a: ByteRange, b: ByteRange): boolean {
  return reaches(a.lower, b.upper) && reaches(b.lower, a.upper);
}

function reaches(lower: Uint8Array | undefined, upper: Uint8Array | undefined): boolean {
  return lower === undefined || upper === undefined || Buffer.compare(lower, upper) < 0;
}

/** Whether `key` lies in the range. */
export function isInRange(range: ByteRange, key: Uint8Array, offset: number, length: number): boolean {
  return (
    (range.lower === undefined || compareBytes(key, offset, length, range.lower, 0, range.lower.length) >= 0) &&
    (range.upper === undefined || compareBytes(key, offset, length, range.upper, 0, range.upper.length) < 0)
  );
}
