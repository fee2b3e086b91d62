/**
 * A batch for a B+tree whose keyspace had ranges deleted: the operations of the memtables, and a deletion for every entry of
 * the tree in those ranges.
 *
 * Who deleted the range wrote one operation. Here, in the checkpoint, the tree is walked for what there is in it. What was
 * put into the range afterwards is among the operations, which win.
 */
import { BATCH_DELETE, type BatchSource, MAX_KEY_BYTES, type RootRecord, TreeCursor } from "../btree/index.ts";
import { compareBytes } from "../bytes.ts";
import { coveringDelete, type Folded, isBelow, type RangeDelete } from "../lsm/index.ts";
import type { PageFile } from "../pager/index.ts";
import type { MemtableBatch } from "./memtable-batch.ts";

export class ClearedBatch implements BatchSource {
  u8: Uint8Array;
  keyOffset: number;
  keyLength: number;
  kind: number;
  values: Uint8Array;
  words: Uint32Array | undefined;
  valueOffset: number;
  valueLength: number;
  expiry: number;
  readonly #operations: MemtableBatch;
  readonly #ranges: readonly RangeDelete[];
  readonly #tree: TreeCursor;
  readonly #key: Uint8Array;
  #keyLength: number;
  /** The range that the tree's cursor is in; behind the last one it is at its end. */
  #range: number;
  #hasOperation: boolean;
  #isOperationDue: boolean;
  #isTreeDue: boolean;

  constructor(pages: PageFile, root: RootRecord, operations: MemtableBatch) {
    this.#operations = operations;
    this.#ranges = operations.rangeDeletes;
    this.#tree = new TreeCursor(pages);
    this.#tree.open(root.page);
    this.#key = new Uint8Array(MAX_KEY_BYTES);
    this.#keyLength = 0;
    this.#range = -1;
    this.#hasOperation = true;
    this.#isOperationDue = true;
    this.#isTreeDue = true;
    this.u8 = this.#key;
    this.keyOffset = 0;
    this.keyLength = 0;
    this.kind = BATCH_DELETE;
    this.values = this.#key;
    this.words = undefined;
    this.valueOffset = 0;
    this.valueLength = 0;
    this.expiry = 0;
  }

  /** Operations of the memtables given out so far. */
  get consumed(): number {
    return this.#operations.consumed;
  }

  next(): boolean {
    if (this.#isOperationDue) {
      this.#hasOperation = this.#operations.next();
      this.#isOperationDue = false;
    }
    if (this.#isTreeDue) {
      this.#moveTree();
      this.#isTreeDue = false;
    }
    const isTreeThere = this.#range < this.#ranges.length;
    if (!this.#hasOperation && !isTreeThere) {
      return false;
    }
    const order = !this.#hasOperation ? 1 : isTreeThere ? this.#compare() : -1;
    this.#isOperationDue = order <= 0;
    this.#isTreeDue = order >= 0;
    if (order <= 0) {
      this.#takeOperation();
    } else {
      this.#takeDeletion();
    }
    return true;
  }

  applyTo(value: Uint8Array | undefined, kind: number): Folded {
    const { u8, keyOffset, keyLength } = this.#operations;
    const isCleared = coveringDelete(this.#ranges, u8, keyOffset, keyLength) !== undefined;
    return this.#operations.applyTo(isCleared ? undefined : value, kind);
  }

  /** To the next entry of the tree that lies in one of the ranges; those before it, in which nothing lies, are passed at once. */
  #moveTree(): void {
    const isBegun = this.#range >= 0;
    this.#range = Math.max(0, this.#range);
    let isThere = isBegun ? this.#tree.next() : this.#seekRange();
    while (isThere) {
      this.#keyLength = this.#tree.copyKey(this.#key, 0);
      this.#range = this.#firstEndingBehind();
      const range = this.#ranges[this.#range];
      if (range === undefined || !isBelow(this.#key, 0, this.#keyLength, range.lower)) {
        return;
      }
      isThere = this.#seekRange();
    }
    this.#range = this.#ranges.length;
  }

  #seekRange(): boolean {
    const { lower } = this.#ranges[this.#range]!;
    return this.#tree.seek(lower, 0, lower.length);
  }

  /** The first range from the current one on that ends behind the tree's key. */
  #firstEndingBehind(): number {
    let low = this.#range;
    let high = this.#ranges.length;
    // Most often it is the current one.
    let middle = low;
    while (low < high) {
      if (isBelow(this.#key, 0, this.#keyLength, this.#ranges[middle]!.upper)) {
        high = middle;
      } else {
        low = middle + 1;
      }
      middle = (low + high) >>> 1;
    }
    return low;
  }

  #compare(): number {
    const { u8, keyOffset, keyLength } = this.#operations;
    return compareBytes(u8, keyOffset, keyLength, this.#key, 0, this.#keyLength);
  }

  #takeOperation(): void {
    const operation = this.#operations;
    this.u8 = operation.u8;
    this.keyOffset = operation.keyOffset;
    this.keyLength = operation.keyLength;
    this.kind = operation.kind;
    this.values = operation.values;
    this.words = operation.words;
    this.valueOffset = operation.valueOffset;
    this.valueLength = operation.valueLength;
    this.expiry = operation.expiry;
  }

  #takeDeletion(): void {
    this.u8 = this.#key;
    this.keyOffset = 0;
    this.keyLength = this.#keyLength;
    this.kind = BATCH_DELETE;
    this.valueLength = 0;
    this.expiry = 0;
  }
}
