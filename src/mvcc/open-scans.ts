/**
 * The scans that are open in one context, and what each of them pins.
 *
 * Every scan holds a pin of its own, in a write transaction too: a put may rotate the segment and adopt a checkpoint
 * while the scan stands on what that lets go of (M4). Where the context ends first, or is taken back to a savepoint,
 * `closeAll` ends its scans: their next step is CLOSED, and their cursors do not go back to the pool, since somebody may still hold them.
 */
import type { ByteRange, MergeCursor } from "./merge-cursor.ts";
import type { Pin } from "./pins.ts";
import type { ReadPoint } from "./read-state.ts";
import type { Store } from "./store.ts";
import type { WriteSet } from "./write-set.ts";

export class OpenScans {
  readonly #store: Store;
  readonly #pins: Map<MergeCursor, Pin>;

  constructor(store: Store) {
    this.#store = store;
    this.#pins = new Map();
  }

  /** A cursor at `point`, or, without one, at the pin that it takes. */
  open(
    point: ReadPoint | undefined,
    writes: WriteSet | undefined,
    keyspace: number,
    range: ByteRange,
    isReverse: boolean,
  ): MergeCursor {
    const pin = this.#store.pin(false);
    const cursor = this.#store.takeCursor();
    this.#pins.set(cursor, pin);
    cursor.open(point ?? pin.point, writes, keyspace, range, isReverse);
    return cursor;
  }

  close(cursor: MergeCursor): void {
    const pin = this.#pins.get(cursor);
    if (pin !== undefined) {
      this.#pins.delete(cursor);
      this.#store.giveCursor(cursor);
      this.#store.unpin(pin);
    }
  }

  closeAll(): void {
    for (const [cursor, pin] of this.#pins) {
      cursor.close();
      this.#store.unpin(pin);
    }
    this.#pins.clear();
  }
}
