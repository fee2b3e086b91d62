/**
 * Programs that wait for changes (`nextChange`), held against the commits of the model: each is woken by the first commit
 * that touches what it waits for and by no other, is told that commit's number, and none before one that waited longer.
 *
 * What the expiry loop deletes is not followed key by key, so that its commits may wake whoever waits.
 */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { Database } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";
import type { MapState, Model } from "./model.ts";
import { drawRange, openMap } from "./sight.ts";

interface Wait {
  readonly order: number;
  /** The last commit when it began to wait. */
  readonly since: number;
  readonly incarnation: number;
  readonly from: number;
  readonly to: number;
  readonly abort: AbortController;
}

interface Answer {
  readonly wait: Wait;
  /** Undefined: it ended with `error`. */
  readonly commit: number | undefined;
  readonly error: unknown;
}

const MOST_WAITING = 6;

export class Waits {
  readonly #database: Database;
  readonly #model: Model;
  readonly #waiting: Set<Wait>;
  #answers: Answer[];
  #begun: number;

  constructor(database: Database, model: Model) {
    this.#database = database;
    this.#model = model;
    this.#waiting = new Set();
    this.#answers = [];
    this.#begun = 0;
  }

  /** Begins to wait, or ends a wait. */
  use(map: MapState, dice: Dice): void {
    if (this.#waiting.size === MOST_WAITING || (this.#waiting.size > 0 && dice.once(8))) {
      const wait = dice.pick([...this.#waiting]);
      wait.abort.abort(wait);
      return;
    }
    const all = { options: {}, from: 0, to: map.universe.keys.length };
    const { options, from, to } = dice.once(3) ? all : drawRange(map, dice);
    const abort = new AbortController();
    const { incarnation } = map;
    const wait: Wait = { order: this.#begun++, since: this.#model.last, incarnation, from, to, abort };
    this.#waiting.add(wait);
    openMap(this.#database, map)
      .nextChange({ ...options, signal: abort.signal })
      .then(
        (commit) => this.#answers.push({ wait, commit, error: undefined }),
        (error: unknown) => this.#answers.push({ wait, commit: undefined, error }),
      );
  }

  /** Between steps, when whoever was woken has been told. */
  check(): void {
    let last: Answer | undefined;
    for (const answer of this.#answers.splice(0)) {
      this.#waiting.delete(answer.wait);
      this.#checkAnswer(answer);
      if (answer.commit !== undefined) {
        assert(last === undefined || isInOrder(last, answer), "who waited first is woken first");
        last = answer;
      }
    }
    for (const wait of this.#waiting) {
      const { must } = this.#wakers(wait);
      assert(must === undefined, `commit ${must} wakes who waits for what it changed`);
      assert(!this.#isGone(wait), "who waits for a map that is dropped is told");
    }
  }

  /** After the database was closed, however that came about: nobody waits any more. */
  answered(): void {
    for (const { wait } of this.#answers.splice(0)) {
      this.#waiting.delete(wait);
    }
    assert(this.#waiting.size === 0, "a database that closes tells everybody who waits");
  }

  #checkAnswer({ wait, commit, error }: Answer): void {
    const { must, may } = this.#wakers(wait);
    if (commit !== undefined) {
      assert(
        commit === must || may.has(commit),
        `a wait since commit ${wait.since} is woken by ${must}, not ${commit}`,
      );
    } else if (error !== wait.abort.signal.reason) {
      const isToldOfDrop = error instanceof DbError && error.code === "INVALID" && this.#isGone(wait);
      if (!isToldOfDrop) {
        throw error;
      }
    }
  }

  /** The commit that wakes it, and those that may have before. */
  #wakers({ since, incarnation, from, to }: Wait): { must: number | undefined; may: ReadonlySet<number> } {
    const may = new Set<number>();
    for (let commit = since + 1; commit <= this.#model.last; commit++) {
      const { written, cleared, isByDeadline, load } = this.#model.commit(commit);
      if (isByDeadline) {
        may.add(commit);
      } else if (
        load?.incarnation === incarnation ||
        [...(written.get(incarnation) ?? [])].some((key) => key >= from && key < to)
      ) {
        return { must: commit, may };
      } else if (cleared.has(incarnation)) {
        // A range that was deleted may meet the one that is waited for where no key is.
        may.add(commit);
      }
    }
    return { must: undefined, may };
  }

  #isGone({ incarnation }: Wait): boolean {
    return ![...this.#model.state.values()].some((map) => map.incarnation === incarnation);
  }
}

function isInOrder(first: Answer, second: Answer): boolean {
  return first.commit! < second.commit! || (first.commit === second.commit && first.wait.order < second.wait.order);
}
