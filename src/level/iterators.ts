/**
 * abstract-level's three iterators over a Walk. Encodings, limits and the states of an iterator are abstract-level's.
 *
 * What is read is there at once, so `_next` and `_nextv` answer without a promise, except where the event loop is due a
 * turn, or there is a signal to heed: one that fires before the answer has arrived takes its place.
 */
import { AbstractIterator, AbstractKeyIterator, AbstractValueIterator } from "abstract-level";
import { nextTurn } from "../clock.ts";
import type { Encoded } from "./encoded.ts";
import { LevelError, toReadError } from "./errors.ts";
import type { Walk } from "./walk.ts";

/** What abstract-level passes on of the options of an iterator; the rest it takes from them itself. */
export interface IteratorOptions {
  readonly signal?: AbortSignal;
}

export class LevelIterator<Database, K, V> extends AbstractIterator<Database, K, V> {
  readonly #walk: Walk;
  readonly #signal: AbortSignal | undefined;

  constructor(db: Database, options: IteratorOptions, walk: Walk) {
    super(db, options);
    this.#walk = walk;
    this.#signal = options.signal;
  }

  /** @internal */
  _next(): unknown {
    return next(this.#walk, this.#signal);
  }

  /** @internal */
  _nextv(size: number): unknown {
    return many(this.#walk, size, this.#signal);
  }

  /** @internal */
  _all(): unknown {
    return many(this.#walk, this.limit - this.count, this.#signal);
  }

  /** @internal */
  _seek(target: Encoded): void {
    this.#walk.seek(target);
  }

  /** @internal */
  _close(): unknown {
    return this.#walk.close();
  }
}

export class LevelKeyIterator<Database, K> extends AbstractKeyIterator<Database, K> {
  readonly #walk: Walk;
  readonly #signal: AbortSignal | undefined;

  constructor(db: Database, options: IteratorOptions, walk: Walk) {
    super(db, options);
    this.#walk = walk;
    this.#signal = options.signal;
  }

  /** @internal */
  _next(): unknown {
    return next(this.#walk, this.#signal);
  }

  /** @internal */
  _nextv(size: number): unknown {
    return many(this.#walk, size, this.#signal);
  }

  /** @internal */
  _all(): unknown {
    return many(this.#walk, this.limit - this.count, this.#signal);
  }

  /** @internal */
  _seek(target: Encoded): void {
    this.#walk.seek(target);
  }

  /** @internal */
  _close(): unknown {
    return this.#walk.close();
  }
}

export class LevelValueIterator<Database, K, V> extends AbstractValueIterator<Database, K, V> {
  readonly #walk: Walk;
  readonly #signal: AbortSignal | undefined;

  constructor(db: Database, options: IteratorOptions, walk: Walk) {
    super(db, options);
    this.#walk = walk;
    this.#signal = options.signal;
  }

  /** @internal */
  _next(): unknown {
    return next(this.#walk, this.#signal);
  }

  /** @internal */
  _nextv(size: number): unknown {
    return many(this.#walk, size, this.#signal);
  }

  /** @internal */
  _all(): unknown {
    return many(this.#walk, this.limit - this.count, this.#signal);
  }

  /** @internal */
  _seek(target: Encoded): void {
    this.#walk.seek(target);
  }

  /** @internal */
  _close(): unknown {
    return this.#walk.close();
  }
}

function next(walk: Walk, signal: AbortSignal | undefined): unknown {
  try {
    const item = walk.next();
    return signal === undefined ? item : heeding(signal, item);
  } catch (error) {
    throw toReadError(error);
  }
}

function many(walk: Walk, size: number, signal: AbortSignal | undefined): unknown {
  const items: unknown[] = [];
  try {
    const isDone = walk.fill(items, size);
    return isDone && signal === undefined ? items : rest(walk, items, size, signal, isDone);
  } catch (error) {
    throw toReadError(error);
  }
}

async function rest(
  walk: Walk,
  items: unknown[],
  size: number,
  signal: AbortSignal | undefined,
  isDone: boolean,
): Promise<unknown[]> {
  try {
    for (let done = isDone; !done; done = walk.fill(items, size)) {
      await heeding(signal, nextTurn());
    }
  } catch (error) {
    throw toReadError(error);
  }
  return await heeding(signal, items);
}

/** What was read, unless the signal has fired by the time that the caller would get it. */
async function heeding<T>(signal: AbortSignal | undefined, result: T | Promise<T>): Promise<T> {
  const item = await result;
  if (signal?.aborted) {
    throw new LevelError("LEVEL_ABORTED", "Operation has been aborted", { cause: signal.reason });
  }
  return item;
}
