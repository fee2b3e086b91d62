/**
 * Runs tests that were written for the package tape under vitest: each becomes a vitest test of its own.
 *
 *     const { tests, close } = tapeTests(name);        name, function of t: registered at once
 *     suite({ test, factory });
 *
 * The part of tape's `t` that abstract-level's suite uses: is, isNot, same, ok, pass, fail, throws, doesNotThrow, plan, end.
 * A test is over when its promise has resolved and, where it planned assertions, these were made; without a promise,
 * when `end` was called or the plan is fulfilled. An assertion too many, and one that failed in a callback, fail it.
 */
import assert from "node:assert/strict";

export type TapeTest = (name: string, run: (t: Tape) => unknown) => void;

/** tape's `t`. */
export class Tape {
  /** Resolves when `end` was called or the plan is fulfilled; rejects with the first failure. */
  readonly done: Promise<void>;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  #planned: number | undefined;
  #made: number;
  #isOver: boolean;

  constructor() {
    let resolve: () => void = () => {};
    let reject: (reason: unknown) => void = () => {};
    this.done = new Promise((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    this.done.catch(() => {});
    this.#resolve = resolve;
    this.#reject = reject;
    this.#planned = undefined;
    this.#made = 0;
    this.#isOver = false;
  }

  get planned(): number | undefined {
    return this.#planned;
  }

  plan(count: number): void {
    this.#planned = count;
  }

  end(): void {
    this.#isOver = true;
    this.#resolve();
  }

  is(actual: unknown, expected: unknown, message?: string): void {
    this.#assert(() => assert.equal(actual, expected, message));
  }

  isNot(actual: unknown, expected: unknown, message?: string): void {
    this.#assert(() => assert.notEqual(actual, expected, message));
  }

  same(actual: unknown, expected: unknown, _message?: string): void {
    // Without the message: what differs tells more.
    this.#assert(() => assert.deepEqual(actual, expected));
  }

  ok(value: unknown, message?: string): void {
    this.#assert(() => assert.ok(value, message));
  }

  pass(): void {
    this.#assert(() => {});
  }

  fail(reason?: unknown): void {
    this.#assert(() => {
      throw reason instanceof Error ? reason : new Error(String(reason ?? "failed"));
    });
  }

  throws(action: () => unknown, isExpected?: (error: unknown) => boolean): void {
    this.#assert(() => {
      if (isExpected === undefined) {
        assert.throws(action);
      } else {
        assert.throws(action, isExpected);
      }
    });
  }

  doesNotThrow(action: () => unknown): void {
    this.#assert(() => assert.doesNotThrow(action));
  }

  /** A test that was over does not hear of it; its `done` was looked at. */
  #assert(check: () => void): void {
    try {
      check();
      this.#made++;
      if (this.#planned !== undefined && this.#made > this.#planned) {
        throw new Error(`more assertions than the ${this.#planned} that were planned`);
      }
      if (this.#isOver) {
        throw new Error("an assertion after the end of the test");
      }
    } catch (error) {
      this.#reject(error);
      throw error;
    }
    if (this.#made === this.#planned) {
      this.#resolve();
    }
  }
}

/** Runs one test to its end. */
export async function runTape(run: (t: Tape) => unknown): Promise<void> {
  const tape = new Tape();
  const result = run(tape);
  if (!isPromise(result)) {
    await tape.done;
    return;
  }
  await result;
  if (tape.planned === undefined) {
    tape.end();
  }
  await tape.done;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
