/**
 * Several runs as one: the newest version of each key, in key order, as a compaction writes it.
 *
 *     run 9   b   d+      f          newest
 *     run 8   b       e       g              ──▶   b  d  e  g       (+: a tombstone; x: below a range delete of a newer run)
 *     run 2     c x           g  h
 *
 * With nothing older behind them tombstones have done their work and are left out (`isBottom`). What is left out of values
 * in areas is told to `onDropped`. Merge operands are applied to what they find; with nothing older to be found they are the
 * value.
 */
import { CELL_DELETE, CELL_MERGE, CELL_PUT } from "../btree/index.ts";
import { headOf } from "../bytes.ts";
import { PART_CRC_BYTES, type PageFile } from "../pager/index.ts";
import type { Run } from "./manifest.ts";
import { type Combine, Operands } from "./operands.ts";
import { isBelow, type RangeDelete } from "./range-deletes.ts";
import { RunCursor } from "./run-cursor.ts";

/** A run as far as it takes part: its cursor's bounds are the merge's. */
export interface MergeInput {
  readonly run: Run;
  /** They hide what is in inputs behind this one. */
  readonly rangeDeletes: readonly RangeDelete[];
}

export interface MergeOptions {
  /** Newest first. */
  readonly inputs: readonly MergeInput[];
  readonly lower: Uint8Array | undefined;
  readonly upper: Uint8Array | undefined;
  /** Nothing older than the inputs has keys between the bounds. */
  readonly isBottom: boolean;
  /** Entries with a deadline before this are as good as deleted; ms since the epoch. */
  readonly expiredBefore: number;
  /** The operator, if it is known here. */
  readonly combine: Combine | undefined;
  readonly onDropped: (area: number, bytes: number) => void;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

export class RunMerge {
  /** The current entry: a CELL_ constant, its key in `cursor.key`, its value in `u8` or in an area. */
  kind: number;
  cursor: RunCursor;
  u8: Uint8Array;
  /** A view of the same memory; undefined: there is none. */
  words: Uint32Array | undefined;
  valueOffset: number;
  valueLength: number;
  expiry: number;
  /** 0: the value is in `u8`; otherwise it is at `areaOffset` of the area that begins there. */
  areaPage: number;
  areaOffset: number;
  readonly #options: MergeOptions;
  readonly #isBottom: boolean;
  readonly #expiredBefore: number;
  readonly #cursors: readonly RunCursor[];
  /** The heads of the cursors' keys, Infinity for one at its end: what is looked at first lies together. */
  readonly #heads: Float64Array;
  /** The cursors that stand on the current key. */
  readonly #due: Uint16Array;
  #dueCount: number;
  readonly #upperHead: number;
  /** How far each input has come in its range deletes. */
  readonly #rangeIndex: Uint32Array;
  readonly #hasRangeDeletes: boolean;
  readonly #operands: Operands;

  constructor(pages: PageFile, options: MergeOptions) {
    const { inputs, lower } = options;
    this.#options = options;
    this.#isBottom = options.isBottom;
    this.#expiredBefore = options.expiredBefore;
    this.#cursors = inputs.map(({ run }) => {
      const cursor = new RunCursor(pages);
      cursor.open(run);
      if (lower === undefined ? cursor.first() : cursor.seek(lower, 0, lower.length)) {
        cursor.loadKey();
      }
      return cursor;
    });
    this.#heads = Float64Array.from(this.#cursors, ({ valid, head }) => (valid ? head : Number.POSITIVE_INFINITY));
    this.#due = new Uint16Array(inputs.length);
    this.#dueCount = 0;
    const { upper } = options;
    this.#upperHead = upper === undefined ? Number.POSITIVE_INFINITY : headOf(upper, 0, upper.length);
    this.#rangeIndex = new Uint32Array(inputs.length);
    this.#hasRangeDeletes = inputs.some(({ rangeDeletes }) => rangeDeletes.length > 0);
    this.#operands = new Operands(options.combine);
    this.kind = CELL_PUT;
    this.cursor = this.#cursors[0]!;
    this.u8 = NO_BYTES;
    this.words = undefined;
    this.valueOffset = 0;
    this.valueLength = 0;
    this.expiry = 0;
    this.areaPage = 0;
    this.areaOffset = 0;
  }

  /** Moves to the next entry that is to be kept; false at the end. */
  next(): boolean {
    for (;;) {
      this.#advance();
      const newest = this.#smallest();
      if (newest < 0) {
        return false;
      }
      if (this.#take(newest)) {
        return true;
      }
    }
  }

  #advance(): void {
    for (let i = 0; i < this.#dueCount; i++) {
      const index = this.#due[i]!;
      const cursor = this.#cursors[index]!;
      cursor.isDue = false;
      if (cursor.next()) {
        cursor.loadKey();
        this.#heads[index] = cursor.head;
      } else {
        this.#heads[index] = Number.POSITIVE_INFINITY;
      }
    }
    this.#dueCount = 0;
  }

  /** The newest input that has the smallest key; marks all that have it. -1 at the end. */
  #smallest(): number {
    const heads = this.#heads;
    let smallest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < heads.length; i++) {
      const head = heads[i]!;
      if (head < least) {
        smallest = i;
        least = head;
        this.#due[0] = i;
        this.#dueCount = 1;
      } else if (head === least && smallest >= 0) {
        const order = this.#cursors[i]!.compareTo(this.#cursors[smallest]!);
        if (order < 0) {
          smallest = i;
          this.#due[0] = i;
          this.#dueCount = 1;
        } else if (order === 0) {
          this.#due[this.#dueCount++] = i;
        }
      }
    }
    if (smallest < 0 || (least >= this.#upperHead && this.#isBeyond(this.#cursors[smallest]!))) {
      return -1;
    }
    for (let i = 0; i < this.#dueCount; i++) {
      this.#cursors[this.#due[i]!]!.isDue = true;
    }
    return smallest;
  }

  #isBeyond({ key, keyLength }: RunCursor): boolean {
    return !isBelow(key, 0, keyLength, this.#options.upper);
  }

  /** Makes what the inputs say of the current key the current entry; false where nothing is to be kept of it. */
  #take(newest: number): boolean {
    const cursors = this.#cursors;
    const deleter = this.#hasRangeDeletes ? this.#newestCovering(cursors[newest]!) : cursors.length;
    const oldest = Math.min(cursors.length, deleter + 1);
    for (let i = this.#dueCount === 1 ? cursors.length : newest + 1; i < cursors.length; i++) {
      if (cursors[i]!.isDue && (i >= oldest || cursors[newest]!.tree.kind !== CELL_MERGE)) {
        this.#drop(cursors[i]!);
      }
    }
    const cursor = cursors[newest]!;
    if (newest >= oldest) {
      this.#drop(cursor);
      return false;
    }
    this.cursor = cursor;
    if (cursor.tree.kind === CELL_MERGE) {
      return this.#fold(newest, oldest, deleter < cursors.length);
    }
    this.#load(cursor);
    const hasExpired = this.expiry !== 0 && this.expiry < this.#expiredBefore;
    if (hasExpired) {
      this.#drop(cursor);
      this.kind = CELL_DELETE;
      this.valueLength = 0;
      this.expiry = 0;
      this.areaPage = 0;
    }
    return this.kind !== CELL_DELETE || !this.#isBottom;
  }

  #load(cursor: RunCursor): void {
    const { tree } = cursor;
    // The others have used the page file since.
    tree.refresh();
    this.kind = tree.kind;
    this.u8 = tree.u8;
    this.words = tree.u32;
    this.valueOffset = tree.valueOffset;
    this.valueLength = tree.kind === CELL_DELETE ? 0 : tree.valueLength;
    this.expiry = tree.expiry;
    this.areaPage = tree.isOverflow ? tree.overflowPage : 0;
    this.areaOffset = tree.isOverflow ? tree.overflowOffset : 0;
  }

  /**
   * Applies merge operands, of which the newest input has some, to what inputs before `oldest` have of the same key. Where one
   * of them deletes a range around it, there is nothing older to apply them to.
   */
  #fold(newest: number, oldest: number, isCovered: boolean): boolean {
    const operands = this.#operands;
    operands.reset();
    let isComplete = isCovered || this.#isBottom;
    let last = NO_BYTES;
    let taken = 0;
    for (let i = newest; i < oldest; i++) {
      const { isDue, tree } = this.#cursors[i]!;
      if (!isDue) {
        continue;
      }
      taken++;
      if (tree.kind !== CELL_DELETE) {
        last = new Uint8Array(tree.valueLength);
        tree.copyValue(last, 0);
        operands.addOlder(last, tree.kind);
      }
      // Operands of an operator that is not known may have been put behind a value already.
      if (tree.kind !== CELL_MERGE || operands.hasBase) {
        isComplete = true;
        break;
      }
    }
    for (let i = newest + 1; i < oldest; i++) {
      if (this.#cursors[i]!.isDue) {
        this.#drop(this.#cursors[i]!);
      }
    }
    const { kind, bytes } = operands.fold(isComplete);
    const cursor = this.#cursors[newest]!;
    if (taken === 1 && kind === CELL_MERGE && Buffer.compare(bytes, last) === 0) {
      // It stays in its area: with its part rewritten to empty another one, this one would be next, and so on for ever.
      this.#load(cursor);
      return true;
    }
    this.#drop(cursor);
    this.kind = kind;
    this.u8 = bytes;
    this.words = undefined;
    this.valueOffset = 0;
    this.valueLength = bytes.length;
    this.expiry = 0;
    this.areaPage = 0;
    return true;
  }

  #drop({ tree }: RunCursor): void {
    if (tree.kind !== CELL_DELETE && tree.isOverflow) {
      this.#options.onDropped(tree.overflowPage, PART_CRC_BYTES + tree.valueLength);
    }
  }

  /** The newest input that has a range delete over the key: inputs behind it have nothing there. */
  #newestCovering({ key, keyLength }: RunCursor): number {
    const { inputs } = this.#options;
    for (let i = 0; i < inputs.length; i++) {
      const { rangeDeletes } = inputs[i]!;
      let index = this.#rangeIndex[i]!;
      while (index < rangeDeletes.length && !isBelow(key, 0, keyLength, rangeDeletes[index]!.upper)) {
        index++;
      }
      this.#rangeIndex[i] = index;
      const range = rangeDeletes[index];
      if (range !== undefined && !isBelow(key, 0, keyLength, range.lower)) {
        return i;
      }
    }
    return inputs.length;
  }
}
