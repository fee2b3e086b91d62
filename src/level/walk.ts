/**
 * A walk over the entries of a level, both ways: what stands behind its iterators.
 *
 *     lower ────────── target ──────────────── upper         seek(target)
 *                        │──▶ goes on from here              forward: from the target, or the next key above it
 *              goes on ◀─│    from here                      reverse: from the target, or the next key below it
 *
 * Bounds are bytes, `lower` inclusive and `upper` exclusive; a bound that excludes (or includes) its key is the key's
 * successor. A target outside of the bounds is the end, and the next seek can lead back in.
 *
 * V3. All that a walk gives out is of one moment: that of the snapshot it was given, or that of its own beginning.
 * V4. It reads no further than it was asked, and keeps nothing but a cursor. An item is the caller's own.
 * V5. Between two turns of the event loop walks and single operations of a level do a bounded amount of work (Pace).
 */
import { Buffer } from "node:buffer";
import { type ByteRange, type Context, MAX_KEY_BYTES, type MergeCursor, type SnapshotContext } from "../mvcc/index.ts";
import { bytesOf, type Encoded, type Format, readAs } from "./encoded.ts";
import type { Entries } from "./entries.ts";
import type { Pace } from "./pace.ts";

/** The bounds of a range as abstract-level hands them on: encoded; where both are given, gte and lte count. */
export interface EncodedRange {
  readonly gt?: Encoded;
  readonly gte?: Encoded;
  readonly lt?: Encoded;
  readonly lte?: Encoded;
}

/** What a walk gives out: `[key, value]`, of which one may be left undefined, or one of the two. */
export interface WalkOptions {
  readonly range: ByteRange;
  readonly isReverse: boolean;
  readonly shape: "entries" | "keys" | "values";
  readonly hasKeys: boolean;
  readonly hasValues: boolean;
  readonly keyFormat: Format;
  readonly valueFormat: Format;
}

export function toByteRange({ gt, gte, lt, lte }: EncodedRange): ByteRange {
  return {
    lower: gte !== undefined ? bound(gte, false) : gt !== undefined ? bound(gt, true) : undefined,
    upper: lte !== undefined ? bound(lte, true) : lt !== undefined ? bound(lt, false) : undefined,
  };
}

/** The caller's memory is its own to change, so that a bound is always a copy. It may be longer than any key (`cut`). */
function bound(key: Encoded, isSuccessor: boolean): Uint8Array {
  const bytes = bytesOf(key);
  if (!isSuccessor) {
    return typeof key === "string" ? bytes : new Uint8Array(bytes);
  }
  const successor = new Uint8Array(bytes.length + 1);
  successor.set(bytes, 0);
  return successor;
}

/** One key at a time is copied here and read from here. */
const keyBytes = new Uint8Array(MAX_KEY_BYTES + 1);

/** What one item costs besides its bytes, in the unit of Pace. */
const ITEM_WORK = 256;
/** And what it costs to begin a walk, or to begin it anew, whatever it finds. */
const OPEN_WORK = 1024;

export class Walk {
  readonly #entries: Entries;
  readonly #options: WalkOptions;
  readonly #pace: Pace;
  readonly #context: Context;
  /** The walk's own, to be closed with it. */
  readonly #pinned: SnapshotContext | undefined;
  #range: ByteRange;
  #cursor: MergeCursor | undefined;
  #isAtEnd: boolean;

  /** Begins now; without a context, it pins what there is now. */
  constructor(entries: Entries, context: Context | undefined, options: WalkOptions, pace: Pace) {
    this.#entries = entries;
    this.#options = options;
    this.#pace = pace;
    this.#pinned = context === undefined ? entries.pin() : undefined;
    pace.add(OPEN_WORK);
    this.#context = context ?? this.#pinned!;
    this.#range = options.range;
    this.#cursor = undefined;
    this.#isAtEnd = false;
  }

  /** The next item, or a promise of it where the event loop is due a turn; undefined at the end. */
  next(): unknown {
    return this.#pace.pass(this.#advance() ? this.#item() : undefined, 0);
  }

  /** Appends items until there are `size` of them, or no more; false where the event loop is due a turn before it goes on. */
  fill(items: unknown[], size: number): boolean {
    while (items.length < size && this.#advance()) {
      items.push(this.#item());
      if (this.#pace.isDue()) {
        return false;
      }
    }
    return !this.#pace.isDue();
  }

  seek(target: Encoded): void {
    this.#leave();
    this.#pace.add(OPEN_WORK);
    const { range, isReverse } = this.#options;
    const bytes = bytesOf(target);
    this.#isAtEnd =
      (range.lower !== undefined && Buffer.compare(bytes, range.lower) < 0) ||
      (range.upper !== undefined && Buffer.compare(bytes, range.upper) >= 0);
    this.#range = isReverse
      ? { lower: range.lower, upper: bound(target, true) }
      : { lower: bound(target, false), upper: range.upper };
  }

  /** Closed when it returns; a promise where the event loop is due a turn. */
  close(): unknown {
    this.#leave();
    this.#isAtEnd = true;
    this.#pinned?.close();
    return this.#pace.pass(undefined, 0);
  }

  #advance(): boolean {
    if (this.#isAtEnd) {
      return false;
    }
    this.#cursor ??= this.#context.openScan(this.#entries.id, this.#range, this.#options.isReverse);
    if (this.#cursor.next()) {
      return true;
    }
    this.#leave();
    this.#isAtEnd = true;
    return false;
  }

  #item(): unknown {
    const { shape, hasKeys, hasValues } = this.#options;
    this.#pace.add(ITEM_WORK + this.#cursor!.valueLength);
    switch (shape) {
      case "keys":
        return this.#key();
      case "values":
        return this.#value();
      default:
        return [hasKeys ? this.#key() : undefined, hasValues ? this.#value() : undefined];
    }
  }

  #key(): Encoded {
    const length = this.#cursor!.copyKey(keyBytes, 0);
    return readAs(this.#options.keyFormat, keyBytes, 0, length);
  }

  #value(): Encoded {
    const cursor = this.#cursor!;
    if (cursor.isOverflow) {
      cursor.gather();
    }
    return readAs(this.#options.valueFormat, cursor.u8, cursor.valueOffset, cursor.valueLength, cursor.data);
  }

  #leave(): void {
    if (this.#cursor !== undefined) {
      this.#context.closeScan(this.#cursor);
      this.#cursor = undefined;
    }
  }
}
