/**
 * Group commit: whoever waits for a commit to be on disk shares a sync with the others.
 *
 *     commits    a  b        c d e           f
 *     syncs         [ a b   ][ c d e        ][ f …
 *
 * One sync is in flight at a time; commits that arrive meanwhile share the next one. The next one starts only after
 * everybody woken by the last has had its turn (`process.nextTick` runs once the promise queue is empty): started at once,
 * it would leave behind the very callers that are about to commit again, and 64 callers in flight would share syncs
 * of 1 and 63 instead of 64.
 */
export class GroupSync {
  readonly #run: () => Promise<void>;
  #waiting: Waiting | undefined;
  #inFlight: Promise<void> | undefined;
  #inFlightCommit: number;
  #scheduled: boolean;

  /** `run` puts everything that was written before it on disk. */
  constructor(run: () => Promise<void>) {
    this.#run = run;
    this.#waiting = undefined;
    this.#inFlight = undefined;
    this.#inFlightCommit = 0;
    this.#scheduled = false;
  }

  /** Resolves when a sync that covers `commit`, the last one written, has returned. */
  request(commit: number): Promise<void> {
    if (this.#inFlight !== undefined && commit <= this.#inFlightCommit) {
      return this.#inFlight;
    }
    this.#waiting ??= newWaiting();
    this.#waiting.commit = commit;
    if (this.#inFlight === undefined) {
      this.#schedule();
    }
    return this.#waiting.promise;
  }

  /** Begins a sync of everything up to `commit` now, unless one is in flight; nobody waits for it. */
  startNow(commit: number): void {
    if (this.#inFlight === undefined) {
      const waiting = this.#waiting ?? newWaiting();
      this.#waiting = undefined;
      waiting.commit = commit;
      waiting.promise.catch(ignore);
      this.#start(waiting);
    }
  }

  #schedule(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(() => {
        this.#scheduled = false;
        const waiting = this.#waiting;
        if (waiting !== undefined && this.#inFlight === undefined) {
          this.#waiting = undefined;
          this.#start(waiting);
        }
      });
    }
  }

  #start(waiting: Waiting): void {
    this.#inFlight = waiting.promise;
    this.#inFlightCommit = waiting.commit;
    this.#run().then(
      () => {
        this.#ended();
        waiting.resolve();
      },
      (error: unknown) => {
        this.#ended();
        waiting.reject(error);
      },
    );
  }

  #ended(): void {
    this.#inFlight = undefined;
    if (this.#waiting !== undefined) {
      this.#schedule();
    }
  }
}

interface Waiting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  commit: number;
}

function newWaiting(): Waiting {
  let resolve: () => void = ignore;
  let reject: (error: unknown) => void = ignore;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject, commit: 0 };
}

function ignore(): void {}
