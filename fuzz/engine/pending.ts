/** Promises that a program has been given and waits for later; one that never settles is a finding. */
import { assert } from "../../src/assert.ts";

const MOST_PENDING = 8;
/** For one promise: some turns of the event loop at once, which is all that a simulation needs, then about four seconds. */
const MOST_TURNS = 1400;
const EAGER_TURNS = 1000;

interface Waiting {
  readonly what: string;
  readonly promise: Promise<unknown>;
}

export class Pending {
  readonly #waiting: Waiting[];
  readonly #letTimePass: (turns: number) => void;

  /** `letTimePass` is called between turns of the event loop while a promise is waited for. */
  constructor(letTimePass: (turns: number) => void) {
    this.#waiting = [];
    this.#letTimePass = letTimePass;
  }

  /** Waits later; if there are many, for the oldest one now. */
  async add(what: string, promise: Promise<unknown>): Promise<void> {
    promise.catch(() => {});
    this.#waiting.push({ what, promise });
    if (this.#waiting.length > MOST_PENDING) {
      await this.#settle(this.#waiting.shift()!);
    }
  }

  /** Throws what any of them threw. */
  async settleAll(): Promise<void> {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      await this.#settle(waiting);
    }
  }

  /** Whatever the answers are. */
  async answerAll(): Promise<void> {
    for (const { what, promise } of this.#waiting.splice(0)) {
      await this.#settle({ what, promise: promise.catch(() => {}) });
    }
  }

  async #settle({ what, promise }: Waiting): Promise<void> {
    let isSettled = false;
    const onSettled = () => {
      isSettled = true;
    };
    promise.then(onSettled, onSettled);
    for (let turns = 0; !isSettled; turns++) {
      assert(turns < MOST_TURNS, `${what} settles`);
      await new Promise((resolve) => (turns < EAGER_TURNS ? setImmediate(resolve) : setTimeout(resolve, 10)));
      if (!isSettled) {
        this.#letTimePass(turns);
      }
    }
    await promise;
  }
}

/** Longer than any chain of promises that has nothing to wait for. */
const MOST_HOPS = 12;

export async function promisesSettled(): Promise<void> {
  for (let hops = 0; hops < MOST_HOPS; hops++) {
    await Promise.resolve();
  }
}
