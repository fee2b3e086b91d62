/**
 * The scans that are open in one context, and what each of them pins.
 *
 * Every scan holds a pin of its own, in a write transaction too: a put may rotate the segment and adopt a checkpoint
 * while the scan stands on what that lets go of (M4). Where the context ends first, or is taken back to a savepoint,
 * `closeAll` ends its scans: their next step is CLOSED, and their cursors do not go back to the pool, since somebody may still hold them.
 */
import type { ByteRange } from "./byte-range.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import { PlacedSet } from "./placed-set.ts";
import type { ReadPoint } from "./read-state.ts";
import type { Store } from "./store.ts";
import type { WriteSet } from "./write-set.ts";

export class OpenScans {
  readonly #store: Store;
  readonly #open: PlacedSet<MergeCursor>;
  /** In a write transaction, whose own writes move the database on under its scans. */
  readonly #followsWrites: boolean;

  constructor(store: Store, followsWrites = false) {
    this.#store = store;
    this.#followsWrites = followsWrites;
    this.#open = new PlacedSet();
  }

  get isAny(): boolean {
    return this.#open.size > 0;
  }

  /** A cursor at `point`, or, without one, at the pin that it takes. */
  open(
    point: ReadPoint | undefined,
    writes: WriteSet | undefined,
    keyspace: number,
    range: ByteRange,
    isReverse: boolean,
  ): MergeCursor {
    const pin = this.#followsWrites ? this.#store.pinBriefly() : this.#store.pin(false);
    const cursor = this.#store.takeCursor();
    const record = this.#followsWrites ? this.#store.writer : undefined;
    const onMove = this.#followsWrites ? () => this.#follow(cursor) : undefined;
    try {
      cursor.open(point ?? pin.point, writes, keyspace, range, isReverse, record, onMove);
    } catch (error) {
      this.#store.giveCursor(cursor);
      this.#store.unpin(pin);
      throw error;
    }
    cursor.pin = pin;
    this.#open.add(cursor);
    return cursor;
  }

  /** The cursor has left the state that it stood on for the current one. */
  #follow(cursor: MergeCursor): void {
    const left = cursor.pin!;
    cursor.pin = this.#store.pinBriefly();
    this.#store.unpin(left);
  }

  close(cursor: MergeCursor): void {
    if (this.#open.delete(cursor)) {
      const pin = cursor.pin!;
      cursor.pin = undefined;
      this.#store.giveCursor(cursor);
      this.#store.unpin(pin);
    }
  }

  closeAll(): void {
    for (const cursor of this.#open.clear()) {
      const pin = cursor.pin!;
      cursor.pin = undefined;
      cursor.close();
      this.#store.unpin(pin);
    }
  }
}
