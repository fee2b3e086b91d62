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
import { CELL_DELETE, CELL_MERGE, type CellPlaces, type LeafFilter, type TreeCursor } from "../btree/index.ts";
import { copyBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { OP_KIND_MERGE, OP_KIND_PUT, opExpiry, opKind, opValueLength, opValueOffset } from "../wal/index.ts";
import { type ArenaSource, WHOLE_ARENA } from "./arena-source.ts";
import { ALL_KEYS, type ByteRange } from "./byte-range.ts";
import { MergedReader } from "./merged-read.ts";
import type { Pin } from "./pins.ts";
import { NOWHERE, type Placed } from "./placed-set.ts";
import type { ReadPoint, ReadState } from "./read-state.ts";
import { NO_SOURCE, PAGES, ScanSources } from "./scan-sources.ts";
import type { ReadSource } from "./view.ts";
import type { WriteSet } from "./write-set.ts";

/** The open record of the log, for scans within the write transaction that it belongs to. */
export interface OpenRecord {
  /** Where its operations begin in the active memtable. */
  readonly start: number;
  /** Bytes of operations so far. */
  readonly savepoint: number;
}

const EMPTY = new Uint8Array(0);
const EMPTY_DATA = new DataView(EMPTY.buffer);

export class MergeCursor implements Placed {
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
  /** Of whoever has it open (open-scans.ts): its place there, and what keeps what it reads. */
  place: number;
  pin: Pin | undefined;

  readonly #database: ReadSource;
  readonly #sources: ScanSources;
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
  /** Where the reader's own writes end in the active memtable. */
  #activeEnd: number;
  /** The sources do not stand before the range yet. */
  #isBefore: boolean;
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
    this.place = NOWHERE;
    this.pin = undefined;
    this.#database = database;
    this.#sources = new ScanSources(database.pages);
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
    this.#activeEnd = WHOLE_ARENA;
    this.#isBefore = false;
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
    this.#isBefore = true;
  }

  /**
   * Stands before the first entry of another range of the same keyspace, in the same direction, at a part of what closing and
   * opening cost. False: it was closed, or what is read there or was written by the reader has changed since `open`.
   */
  moveTo(range: ByteRange): boolean {
    const point = this.#point;
    if (point === undefined) {
      return false;
    }
    if (point.ended !== undefined) {
      throw point.ended;
    }
    const written = this.#writes?.tail ?? this.#record?.savepoint ?? 0;
    if (this.#isReplaced(point) || written !== this.#writesEnd || !this.#sources.setRange(range)) {
      return false;
    }
    this.#range = range;
    this.#isBefore = true;
    return true;
  }

  /**
   * Right after `open` or `moveTo`, in place of `next` and `takeRun`: where the first entries of the range lie, up to the end of
   * their leaf, `most` at the most, where they can be had without more ado; `next` goes on behind them. Returns how many; −1:
   * `next` is to be called.
   */
  takeRange(most: number, places: CellPlaces): number {
    const point = this.#point;
    if (point === undefined || point.ended !== undefined || !this.#isBefore || this.#isReplaced(point)) {
      return -1;
    }
    const taken = this.#sources.takeRange(most, places);
    if (taken >= 0) {
      this.#isBefore = false;
      const { tree } = this.#sources;
      this.u8 = tree.u8;
      this.data = tree.data;
      this.prefixOffset = tree.prefixOffset;
      this.prefixLength = tree.prefixLength;
    }
    return taken;
  }

  /** After `takeRange`: there is nothing behind what was taken. */
  get hasEnded(): boolean {
    return this.#sources.hasEnded;
  }

  close(): void {
    this.#sources.close();
    this.#folded = undefined;
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
      if (this.#sources.stretchLeft > 0 && !this.#isReplaced(this.#point) && this.#point.ended === undefined) {
        this.#sources.stretchLeft--;
        this.#sources.moveInLeaf();
      } else if (!this.#select()) {
        return false;
      }
      if (this.#sources.hasRangeDeletes && this.#sources.passHidden()) {
        continue;
      }
      if (this.#load()) {
        return true;
      }
    }
  }

  /** Makes the fields right again after other use of the database. Throws CLOSED or CONFLICT. */
  refresh(): void {
    if (this.#point === undefined) {
      throw closedScan();
    }
    if (this.#point.ended !== undefined) {
      throw this.#point.ended;
    }
    if (this.#isReplaced(this.#point)) {
      this.#reopen(true);
      this.#sources.select();
    }
    this.#load();
  }

  /** Sets where the current key lies in `u8`: a prefix that it shares with its neighbours, and the rest. */
  locateKey(): void {
    if (this.#sources.source === PAGES) {
      const tree = this.#sources.tree;
      this.prefixOffset = tree.prefixOffset;
      this.prefixLength = tree.prefixLength;
      this.suffixOffset = tree.suffixOffset;
      this.suffixLength = tree.suffixLength;
    } else {
      const arena = this.#sources.arena;
      this.prefixOffset = 0;
      this.prefixLength = 0;
      this.suffixOffset = arena.keyOffset;
      this.suffixLength = arena.keyLength;
    }
  }

  get keyLength(): number {
    return this.#sources.source === PAGES ? this.#sources.tree.keyLength : this.#sources.arena.keyLength;
  }

  /** Whether the entry's bytes stay where they are as long as the cursor is open, whatever else is read: a log segment's do. */
  get isLasting(): boolean {
    return this.#sources.source !== PAGES || this.#sources.tree.isLasting;
  }

  /** Whether the entry comes from a leaf, and to find the next one other pages may be needed. */
  get isAtRunEnd(): boolean {
    return this.#sources.source === PAGES && (this.#sources.stretchLeft === 0 || this.#sources.hasRangeDeletes);
  }

  /**
   * Takes the entries behind the current one as far as they follow it in its leaf, `most` at the most: their places go
   * into the arrays from `at` on, and `next` goes on behind them. Returns how many; none in reverse.
   */
  takeRun(most: number, at: number, places: CellPlaces): number {
    if (!this.#isInRun) {
      return 0;
    }
    const taken = this.#sources.tree.takeRun(Math.min(this.#sources.stretchLeft, most), at, places);
    this.#sources.stretchLeft -= taken;
    return taken;
  }

  /** The same for where values begin alone; `placeRun` writes the rest as long as the cursor stands in that leaf. */
  takeValues(most: number, at: number, offsets: Uint32Array): number {
    if (!this.#isInRun) {
      return 0;
    }
    const taken = this.#sources.tree.takeValues(Math.min(this.#sources.stretchLeft, most), at, offsets);
    this.#sources.stretchLeft -= taken;
    return taken;
  }

  /** The leaf of the current entry, where the run behind it can be passed over. */
  get leaf(): TreeCursor | undefined {
    const { source, tree } = this.#sources;
    const isPassable = source === PAGES && !this.#isReverse && !this.#sources.hasRangeDeletes && !tree.isPart;
    return isPassable && this.#state === this.#point?.state ? tree : undefined;
  }

  /**
   * Moves on behind the run in `leaf`, which the filter leaves out; false at the end. Leaves that follow are passed over, too, as far
   * as nothing else has to be minded.
   */
  passLeaf(filter: LeafFilter): boolean {
    const isFound = this.#sources.passLeaves(filter);
    return isFound === undefined ? this.next() : isFound && (this.#load() || this.next());
  }

  /** How many entries of its leaf come one after the other from the current one on, where `leaf` is there. */
  get stretch(): number {
    return this.#sources.stretchLeft + 1;
  }

  /** Takes chosen entries of the stretch, of whose first `length` there are no others to be had: where their values begin. */
  takeChosen(chosen: Uint16Array, count: number, length: number, offsets: Uint32Array): void {
    this.#sources.tree.placeValuesOf(chosen, count, offsets);
    this.passEntries(length);
  }

  /** Stands on the last of the next `length` entries of the stretch, the current one being the first. */
  passEntries(length: number): void {
    this.#sources.tree.moveTo(this.#sources.tree.slot + length - 1);
    this.#sources.stretchLeft -= length - 1;
  }

  /** Keys of entries that `takeChosen` has taken, and how long the values are. */
  placeChosen(chosen: Uint16Array, count: number, places: CellPlaces): void {
    this.#sources.tree.placeKeysOf(chosen, count, places);
  }

  /** `from`: the slot behind which `takeValues` took the entries. */
  placeRun(from: number, count: number, at: number, places: CellPlaces): void {
    this.#sources.tree.placeRun(from + 1, count, at, places);
  }

  /** The current entry's place in its leaf, if it comes from one. */
  get slot(): number {
    return this.#sources.tree.slot;
  }

  get #isInRun(): boolean {
    return (
      this.#sources.stretchLeft > 0 &&
      this.#sources.source === PAGES &&
      !this.#isReverse &&
      !this.#sources.hasRangeDeletes &&
      this.#state === this.#point?.state
    );
  }

  /** Copies the current key; its length. */
  copyKey(into: Uint8Array, offset: number): number {
    if (this.#sources.source === PAGES) {
      return this.#sources.tree.copyKey(into, offset);
    }
    const arena = this.#sources.arena;
    copyBytes(arena.u8, arena.keyOffset, into, offset, arena.keyLength);
    return arena.keyLength;
  }

  /** Brings a value from overflow pages, or one that was put together, into memory of its own. */
  gather(): void {
    let gathered = this.#folded;
    if (gathered === undefined) {
      gathered = new Uint8Array(this.valueLength);
      this.#sources.tree.copyValue(gathered, 0);
    }
    this.u8 = gathered;
    this.data = new DataView(gathered.buffer, gathered.byteOffset, gathered.length);
    this.valueOffset = 0;
    this.isOverflow = false;
  }

  /** Makes the entry that the sources stand on the current one; false where there is nothing to be seen of it. */
  #load(): boolean {
    return this.#sources.source === PAGES ? this.#loadTree() : this.#loadArena(this.#sources.arena);
  }

  #loadTree(): boolean {
    const tree = this.#sources.tree;
    tree.refresh();
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

  /** Finds the next key of any source; false at the end of the range. */
  #select(): boolean {
    const point = this.#point!;
    if (point.ended !== undefined) {
      throw point.ended;
    }
    if (this.#isReplaced(point)) {
      this.#reopen();
    } else if (this.#isBefore) {
      this.#isBefore = false;
      this.#sources.seek(this.#isReverse ? this.#range.upper : this.#range.lower);
    }
    return this.#sources.select();
  }

  /**
   * Whether the sources are to be opened anew. Asked before the first move of a step: later in it, they may stand on an entry
   * that was not given out.
   */
  #isReplaced({ state }: ReadPoint): boolean {
    return state !== this.#state || (this.#writes !== undefined && this.#writes.u8 !== this.#writesArena);
  }

  #openSources(): void {
    const point = this.#point!;
    const writes = this.#writes;
    this.#state = point.state;
    this.#writesArena = writes?.u8 ?? EMPTY;
    this.#activeEnd = this.#record === undefined ? WHOLE_ARENA : this.#record.start + this.#writesEnd;
    const place = {
      point,
      writes,
      keyspace: this.#keyspace,
      range: this.#range,
      writesEnd: this.#writesEnd,
      activeEnd: this.#activeEnd,
      prefixBytes: this.#database.prefixBytesOf(this.#keyspace),
    };
    this.#sources.open(place, this.#isReverse);
  }

  /** The sources were replaced: opens them anew before what comes next, or before the current entry again. */
  #reopen(isAgain = false): void {
    let resume: Uint8Array | undefined = this.#isReverse ? this.#range.upper : this.#range.lower;
    if (this.#sources.source !== NO_SOURCE) {
      const key = this.#key;
      const length = this.copyKey(key, 0);
      // A bound counts in going up, and does not going down; behind the key comes its successor, one byte longer.
      key[length] = 0;
      resume = key.slice(0, this.#isReverse === isAgain ? length + 1 : length);
    }
    this.#onMove?.();
    this.#openSources();
    this.#isBefore = false;
    this.#sources.seek(resume);
  }
}

function closedScan(): DbError {
  return new DbError(
    "CLOSED",
    "what this loop runs over has ended: its transaction or snapshot is closed, or was taken back to a savepoint",
  );
}

const RESUME_KEY_BYTES = 4096;
