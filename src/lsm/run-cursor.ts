/**
 * A position in a run: one tree cursor that goes on from part to part, in both directions.
 *
 *     run   ├─ part ─┤├─ part ─┤├──── part ────┤
 *                          ▲ cursor in the part's tree
 *
 * What stands below a part's `lower` was swept away and is passed over. The fields of `tree` describe the entry, tombstones
 * and merge operands included; the key can be had in one piece (`key`, after `loadKey`) by who has to compare it often.
 * A B+tree keyspace is read as a run of a single tree.
 */
import { type LeafFilter, MAX_KEY_BYTES, TreeCursor } from "../btree/index.ts";
import { compareBytes, headOf } from "../bytes.ts";
import type { PageFile } from "../pager/index.ts";
import { partIndexFor, type Run } from "./manifest.ts";
import type { Part } from "./part.ts";

const NO_PARTS: readonly Part[] = [];

export class RunCursor {
  readonly tree: TreeCursor;
  valid: boolean;
  /** After `loadKey`: the current key, and its first four bytes as a number. */
  readonly key: Uint8Array;
  keyLength: number;
  head: number;
  /** For whoever merges several: this one stands on the key that was given out. */
  isDue: boolean;
  /** Also theirs: its place among the sources. */
  rank: number;
  /** Undefined: a single tree. */
  #run: Run | undefined;
  #parts: readonly Part[];
  #index: number;

  constructor(pages: PageFile) {
    this.tree = new TreeCursor(pages);
    this.valid = false;
    this.key = new Uint8Array(MAX_KEY_BYTES);
    this.keyLength = 0;
    this.head = 0;
    this.isDue = false;
    this.rank = 0;
    this.#run = undefined;
    this.#parts = NO_PARTS;
    this.#index = 0;
  }

  /** The run that it is in; undefined for a tree. */
  get run(): Run | undefined {
    return this.#run;
  }

  /** Undefined for a tree, and where the cursor stands nowhere. */
  get part(): Part | undefined {
    return this.#parts[this.#index];
  }

  open(run: Run): void {
    this.#run = run;
    this.#parts = run.parts;
    this.#reset(0);
  }

  openTree(rootPage: number): void {
    this.#run = undefined;
    this.#parts = NO_PARTS;
    this.#reset(rootPage);
  }

  /** Lets go of the run, so that a pooled cursor keeps no manifest alive. */
  close(): void {
    this.openTree(0);
  }

  first(): boolean {
    this.valid = this.#run === undefined ? this.tree.first() : this.#firstFrom(0);
    return this.valid;
  }

  last(): boolean {
    this.valid = this.#run === undefined ? this.tree.last() : this.#lastUpTo(this.#parts.length - 1);
    return this.valid;
  }

  /** The first entry whose key is at least the given one. */
  seek(key: Uint8Array, offset: number, length: number): boolean {
    const run = this.#run;
    if (run === undefined) {
      this.valid = this.tree.seek(key, offset, length);
      return this.valid;
    }
    const index = partIndexFor(run, key, offset, length);
    if (index >= 0) {
      this.#enter(index);
      this.valid = this.tree.seek(key, offset, length) || this.#firstFrom(index + 1);
    } else {
      this.valid = this.#firstFrom(0);
    }
    return this.valid;
  }

  /** The last entry whose key is less than the given one. */
  seekBefore(key: Uint8Array, offset: number, length: number): boolean {
    const run = this.#run;
    if (run === undefined) {
      this.valid = this.tree.seekBefore(key, offset, length, false);
      return this.valid;
    }
    const index = partIndexFor(run, key, offset, length);
    if (index >= 0) {
      this.#enter(index);
      const found = this.tree.seekBefore(key, offset, length, false) && this.#isOwn();
      this.valid = found || this.#lastUpTo(index - 1);
    } else {
      this.valid = false;
    }
    return this.valid;
  }

  next(): boolean {
    this.valid = this.tree.next() || (this.#run !== undefined && this.#firstFrom(this.#index + 1));
    return this.valid;
  }

  /** Whether it is of a tree that is no run. */
  get isTree(): boolean {
    return this.#run === undefined;
  }

  /** Of a tree alone: the first entry of the next leaf that the filter does not leave out. */
  nextLeafBy(filter: LeafFilter): boolean {
    this.valid = this.tree.nextLeafBy(filter);
    return this.valid;
  }

  prev(): boolean {
    this.valid = (this.tree.prev() && this.#isOwn()) || (this.#run !== undefined && this.#lastUpTo(this.#index - 1));
    return this.valid;
  }

  /** Stands behind the last entry; false, as a move that finds nothing. */
  end(): boolean {
    this.valid = false;
    return false;
  }

  /** Copies the current key to `key`. */
  loadKey(): void {
    this.keyLength = this.tree.copyKey(this.key, 0);
    this.head = headOf(this.key, 0, this.keyLength);
  }

  /** Negative, zero or positive as the loaded key sorts before, with or after another cursor's. */
  compareTo(other: RunCursor): number {
    const order = this.head - other.head;
    return order !== 0 ? order : compareBytes(this.key, 0, this.keyLength, other.key, 0, other.keyLength);
  }

  #reset(rootPage: number): void {
    this.valid = false;
    this.isDue = false;
    this.#index = 0;
    this.tree.open(rootPage);
  }

  #enter(index: number): void {
    this.#index = index;
    this.tree.open(this.#parts[index]!.root.page);
  }

  #firstFrom(index: number): boolean {
    for (let i = index; i < this.#parts.length; i++) {
      this.#enter(i);
      const { isCut, lower } = this.#parts[i]!;
      if (isCut ? this.tree.seek(lower, 0, lower.length) : this.tree.first()) {
        return true;
      }
    }
    return false;
  }

  #lastUpTo(index: number): boolean {
    for (let i = index; i >= 0; i--) {
      this.#enter(i);
      if (this.tree.last() && this.#isOwn()) {
        return true;
      }
    }
    return false;
  }

  /** Whether the entry that the tree stands on was not swept away. */
  #isOwn(): boolean {
    const part = this.#parts[this.#index];
    return part === undefined || !part.isCut || this.tree.compareKey(part.lower, 0, part.lower.length) >= 0;
  }
}
