/**
 * A scan in batches, for compiled queries: the places of up to 256 rows at a time, all in one source of bytes.
 *
 *     prefix ┐                    one leaf page, one log arena, or one gathered overflow value
 *     key i  ┴ keyOffsets[i] …    rest of the key, keyLengths[i] bytes of u8
 *              valueOffsets[i] …  value, valueLengths[i] bytes of u8
 *
 * A batch ends where the next row lies elsewhere. From a leaf that no memtable has anything newer for, all rows up to the
 * end of the leaf come in one batch. Whatever a batch points at holds until the next read of whatever kind; `keep` makes it
 * hold until the next batch.
 */

import type { CellPlaces, LeafFilter } from "../btree/index.ts";
import { PAGE_SIZE } from "../pager/index.ts";
import type { ByteRange } from "./byte-range.ts";
import type { Context } from "./context.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import { MovingRange } from "./moving-range.ts";

export const BATCH_ROWS = 256;
/** A copy longer than that is let go when the scan ends. */
const MOST_KEPT = 16 * PAGE_SIZE;
const NOTHING = new Uint8Array(0);
const NO_DATA = new DataView(NOTHING.buffer);
const NO_SLOTS = new Uint16Array(0);

export class BatchScan implements CellPlaces {
  u8: Uint8Array;
  data: DataView;
  prefix: Uint8Array;
  prefixOffset: number;
  prefixLength: number;
  readonly keyOffsets: Uint32Array;
  readonly keyLengths: Uint32Array;
  readonly valueOffsets: Uint32Array;
  readonly valueLengths: Uint32Array;
  /** Whether keys and lengths are there, too. */
  hasKeys: boolean;
  /** How many rows behind the first have none yet, and the slot of the first. */
  #keyless: number;
  #slot: number;
  /** The slots of a filter's choice, which are the rows of the batch if there are any. */
  #chosen: Uint16Array;
  #chosenCount: number;
  #context: Context;
  #keyspace: number;
  #isReverse: boolean;
  #cursor: MergeCursor;
  /** There has been no batch yet, and behind the next one there is nothing. */
  #isFresh: boolean;
  #isOver: boolean;
  /** What the batch points at holds until the next one in any case. */
  #isLasting: boolean;
  /** The cursor stands on a row that belongs to the next batch. */
  #isAhead: boolean;
  #isOpen: boolean;
  /** Of a scan that goes from range to range, and stays open at its end. */
  #moving: MovingRange | undefined;
  #staysOpen: boolean;
  #kept: Uint8Array;
  #keptData: DataView;

  constructor(context: Context, keyspace: number, range: ByteRange, isReverse: boolean) {
    this.#context = context;
    this.#keyspace = keyspace;
    this.#isReverse = isReverse;
    this.#cursor = context.openScan(keyspace, range, isReverse);
    this.hasKeys = true;
    this.#keyless = 0;
    this.#slot = 0;
    this.#chosen = NO_SLOTS;
    this.#chosenCount = 0;
    this.#isFresh = true;
    this.#isOver = false;
    this.#isLasting = false;
    this.#isAhead = false;
    this.#isOpen = true;
    this.#moving = undefined;
    this.#staysOpen = false;
    this.#kept = NOTHING;
    this.#keptData = NO_DATA;
    this.u8 = this.#cursor.u8;
    this.data = this.#cursor.data;
    this.prefix = this.#cursor.u8;
    this.prefixOffset = 0;
    this.prefixLength = 0;
    this.keyOffsets = new Uint32Array(BATCH_ROWS);
    this.keyLengths = new Uint32Array(BATCH_ROWS);
    this.valueOffsets = new Uint32Array(BATCH_ROWS);
    this.valueLengths = new Uint32Array(BATCH_ROWS);
  }

  /** Begins anew, once it has ended: its arrays, 4 KiB, cost more than a short scan. */
  reopen(context: Context, keyspace: number, range: ByteRange, isReverse: boolean): void {
    this.close();
    this.#context = context;
    this.#keyspace = keyspace;
    this.#isReverse = isReverse;
    this.#cursor = context.openScan(keyspace, range, isReverse);
    this.#isFresh = true;
    this.#isOver = false;
    this.#isAhead = false;
    this.#isOpen = true;
    this.#staysOpen = false;
  }

  /**
   * Begins anew in another range of the keyspace: from the first bytes of `lower` on, up to those of `upper` (NO_END of them: an
   * open end). Both are copied. From then on the scan stays open at its end, so that the next move takes a descent in the tree
   * and nothing else: a quarter of what `reopen` takes. Whoever moves it closes it.
   */
  move(lower: Uint8Array, lowerLength: number, upper: Uint8Array, upperLength: number): void {
    this.#moving ??= new MovingRange();
    const range = this.#moving;
    range.set(lower, lowerLength, upper, upperLength);
    this.#isFresh = true;
    this.#isOver = false;
    this.#isAhead = false;
    if (!this.#isOpen || !this.#context.moveScan(this.#cursor, this.#keyspace, range)) {
      this.#openAt(range);
    }
    this.#staysOpen = true;
  }

  /** How many rows the next batch has; 0 at the end. */
  next(): number {
    return this.#next(true, undefined);
  }

  /**
   * The same; of its rows only where values begin is there for certain, and the rest after `locateKeys`. Rows that the filter leaves
   * out are passed over.
   */
  nextRows(filter: LeafFilter | undefined = undefined): number {
    return this.#next(false, filter);
  }

  /** Keys and lengths of the batch, before anything else is read. */
  locateKeys(): void {
    if (!this.hasKeys) {
      this.hasKeys = true;
      if (this.#chosenCount > 0) {
        this.#cursor.placeChosen(this.#chosen, this.#chosenCount, this);
      } else {
        this.#cursor.placeRun(this.#slot, this.#keyless, 1, this);
      }
    }
  }

  #next(hasKeys: boolean, filter: LeafFilter | undefined): number {
    const cursor = this.#cursor;
    if (this.#isFresh && filter === undefined && this.#isOpen) {
      const count = this.#takeFirst();
      if (count > 0) {
        return count;
      }
    }
    this.#isFresh = false;
    this.#chosenCount = 0;
    if (!this.#isOpen || this.#isOver || !this.#isThere() || (filter !== undefined && !this.#findWanted(filter))) {
      if (!this.#staysOpen) {
        this.close();
      }
      return 0;
    }
    if (cursor.isOverflow) {
      return this.#gathered();
    }
    this.hasKeys = true;
    this.#isLasting = cursor.isLasting;
    this.u8 = cursor.u8;
    this.data = cursor.data;
    cursor.locateKey();
    this.prefix = cursor.u8;
    this.prefixOffset = cursor.prefixOffset;
    this.prefixLength = cursor.prefixLength;
    if (this.#chosenCount > 0) {
      return this.#takeChosen();
    }
    let count = 0;
    do {
      this.keyOffsets[count] = cursor.suffixOffset;
      this.keyLengths[count] = cursor.suffixLength;
      this.valueOffsets[count] = cursor.valueOffset;
      this.valueLengths[count] = cursor.valueLength;
      count++;
      if (hasKeys || count > 1) {
        count += cursor.takeRun(BATCH_ROWS - count, count, this);
      } else {
        this.#slot = cursor.slot;
        this.#keyless = cursor.takeValues(BATCH_ROWS - count, count, this.valueOffsets);
        this.hasKeys = this.#keyless === 0;
        count += this.#keyless;
      }
      // Looking further would locate another page, and with the pread backend this one's frame may go.
      if (cursor.isAtRunEnd || !cursor.next()) {
        this.#isAhead = false;
        return count;
      }
      cursor.locateKey();
    } while (
      count < BATCH_ROWS &&
      !cursor.isOverflow &&
      cursor.u8 === this.u8 &&
      cursor.prefixOffset === this.prefixOffset
    );
    this.#isAhead = true;
    return count;
  }

  /**
   * Makes what the batch of `count` rows points at hold until the next one, whatever else is read: where the page may go from its
   * frame of a cache, the rows are copied, 8 KiB a page: 5 ns a row.
   */
  keep(count: number): void {
    if (this.#isLasting) {
      return;
    }
    this.locateKeys();
    const hasPrefix = this.prefix === this.u8 && this.prefixLength > 0;
    let from = hasPrefix ? this.prefixOffset : this.keyOffsets[0]!;
    let to = hasPrefix ? this.prefixOffset + this.prefixLength : from;
    for (let i = 0; i < count; i++) {
      from = Math.min(from, this.keyOffsets[i]!, this.valueOffsets[i]!);
      to = Math.max(to, this.keyOffsets[i]! + this.keyLengths[i]!, this.valueOffsets[i]! + this.valueLengths[i]!);
    }
    this.#copy(count, from, to);
  }

  #copy(count: number, from: number, to: number): void {
    if (to - from > this.#kept.length) {
      this.#kept = new Uint8Array(Math.max(PAGE_SIZE, to - from));
      this.#keptData = new DataView(this.#kept.buffer);
    }
    this.#kept.set(this.u8.subarray(from, to));
    if (this.prefix === this.u8) {
      this.prefix = this.#kept;
      this.prefixOffset -= this.prefixLength === 0 ? this.prefixOffset : from;
    }
    this.u8 = this.#kept;
    this.data = this.#keptData;
    for (let i = 0; i < count; i++) {
      this.keyOffsets[i]! -= from;
      this.valueOffsets[i]! -= from;
    }
  }

  close(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#context.closeScan(this.#cursor);
      // A scan that is kept to be used again keeps no page or segment.
      this.u8 = NOTHING;
      this.data = NO_DATA;
      this.prefix = NOTHING;
      if (this.#kept.length > MOST_KEPT) {
        this.#kept = NOTHING;
        this.#keptData = NO_DATA;
      }
    }
  }

  #openAt(range: ByteRange): void {
    this.close();
    this.#cursor = this.#context.openScan(this.#keyspace, range, this.#isReverse);
    this.#isOpen = true;
  }

  /**
   * The first batch at once, where it can be had so: a range of a few rows in one leaf takes half the time. Not above 0: it cannot, or
   * there is none.
   */
  #takeFirst(): number {
    const cursor = this.#cursor;
    this.#isFresh = false;
    const count = cursor.takeRange(BATCH_ROWS, this);
    if (count >= 0) {
      this.#isOver = cursor.hasEnded;
      this.hasKeys = true;
      this.#isLasting = cursor.isLasting;
      this.u8 = cursor.u8;
      this.data = cursor.data;
      this.prefix = cursor.u8;
      this.prefixOffset = cursor.prefixOffset;
      this.prefixLength = cursor.prefixLength;
    }
    return count;
  }

  /** Makes the cursor stand on the first row of the next batch; false at the end. */
  #isThere(): boolean {
    if (this.#isAhead) {
      this.#cursor.refresh();
      return true;
    }
    return this.#cursor.next();
  }

  /** Passes over what the filter leaves out, and keeps what it has chosen; false at the end. */
  #findWanted(filter: LeafFilter): boolean {
    const cursor = this.#cursor;
    for (;;) {
      const { leaf } = cursor;
      if (leaf === undefined) {
        return true;
      }
      if (filter.leavesOut(leaf)) {
        if (!cursor.passLeaf(filter)) {
          return false;
        }
        continue;
      }
      if (this.#chosen === NO_SLOTS) {
        this.#chosen = new Uint16Array(BATCH_ROWS);
      }
      const length = this.#choosable;
      const chosen = filter.select(leaf, leaf.slot, leaf.slot + length, this.#chosen);
      if (chosen !== 0) {
        this.#chosenCount = Math.max(0, chosen);
        return true;
      }
      if (!(length === cursor.stretch ? cursor.passLeaf(filter) : this.#pass(length))) {
        return false;
      }
    }
  }

  /** Moves on behind the next `length` rows of the leaf. */
  #pass(length: number): boolean {
    this.#cursor.passEntries(length);
    return this.#cursor.next();
  }

  /** How many rows a filter may choose from, the current one among them. */
  get #choosable(): number {
    return Math.min(this.#cursor.stretch, BATCH_ROWS);
  }

  /** The rows of a leaf that a filter has chosen. */
  #takeChosen(): number {
    const cursor = this.#cursor;
    cursor.takeChosen(this.#chosen, this.#chosenCount, this.#choosable, this.valueOffsets);
    this.hasKeys = false;
    this.#isAhead = !cursor.isAtRunEnd && cursor.next();
    return this.#chosenCount;
  }

  /** A value from overflow pages is a batch by itself: key and value in different arrays. */
  #gathered(): number {
    const cursor = this.#cursor;
    const key = new Uint8Array(cursor.keyLength);
    this.prefixLength = cursor.copyKey(key, 0);
    this.prefix = key;
    this.prefixOffset = 0;
    cursor.gather();
    this.u8 = cursor.u8;
    this.data = cursor.data;
    this.keyOffsets[0] = 0;
    this.keyLengths[0] = 0;
    this.valueOffsets[0] = cursor.valueOffset;
    this.valueLengths[0] = cursor.valueLength;
    this.#isLasting = true;
    this.#isAhead = false;
    return 1;
  }
}
