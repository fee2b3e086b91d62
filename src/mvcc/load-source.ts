/**
 * Where a bulk load takes its entries from, one step after the other, when they come from an async iterable.
 *
 * A source may stall: a stream that nobody writes to any more never ends. A load that waited for it would hold its map
 * and all checkpoints, whatever its signal says. So a step also ends, with an error, when the signal fires and when the
 * database is closed; the source is told to return, and whatever its own step still brings is dropped.
 */
import { DbError } from "../errors.ts";
import type { Store } from "./store.ts";

export class LoadSource<T> {
  readonly #iterator: AsyncIterator<T>;
  readonly #store: Store;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  readonly #onClose: () => void;
  /** Ends the step that is under way. */
  #fail: (reason: unknown) => void;
  #isStepping: boolean;
  /** It has said that it is done, or has thrown. */
  #isOver: boolean;

  constructor(entries: AsyncIterable<T>, store: Store, signal: AbortSignal | undefined) {
    this.#iterator = entries[Symbol.asyncIterator]();
    this.#store = store;
    this.#signal = signal;
    this.#onAbort = () => this.#fail(signal!.reason);
    this.#onClose = () => this.#fail(new DbError("CLOSED", "the database was closed while a map was loaded"));
    this.#fail = () => {};
    this.#isStepping = false;
    this.#isOver = false;
    signal?.addEventListener("abort", this.#onAbort);
    store.onClose.add(this.#onClose);
  }

  async next(): Promise<IteratorResult<T, unknown>> {
    this.#signal?.throwIfAborted();
    this.#store.checkOpen();
    this.#isStepping = true;
    return await new Promise((resolve, reject) => {
      this.#fail = reject;
      this.#iterator.next().then(
        (step) => {
          this.#isStepping = false;
          this.#isOver = step.done === true;
          resolve(step);
        },
        (error: unknown) => {
          this.#isOver = true;
          reject(error);
        },
      );
    });
  }

  /** Lets go of the source: waits for its end, unless it is in the middle of a step that may never end. */
  async close(): Promise<void> {
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#store.onClose.delete(this.#onClose);
    if (this.#isOver) {
      return;
    }
    const returned = this.#iterator.return?.();
    if (this.#isStepping) {
      returned?.then(undefined, () => {});
    } else {
      await returned;
    }
  }
}
