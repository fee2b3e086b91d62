/**
 * Lends the page space to whoever builds trees in it: while it is lent no job runs.
 *
 *     hold ─▶ a job, with whose allocator the caller builds, and to which it names the roots ─▶ install ─▶ letGo
 *
 * Until `install` nothing has changed. Whoever waits has the page space before the next job, unless a writer must have room.
 */
import { assert } from "../assert.ts";
import type { CheckpointJob } from "./checkpoint-job.ts";

/** Who has the page space otherwise. */
export interface PageSpaceOwner {
  /** A job runs. */
  readonly isBusy: () => boolean;
  readonly isPoisoned: () => boolean;
  readonly newJob: () => CheckpointJob;
  /** Ends the job that runs in this thread. */
  readonly endRunning: () => void;
  /** Writes what is prepared, calls `beforeMeta`, and makes it the version that is found. */
  readonly complete: (job: CheckpointJob, beforeMeta: () => void) => void;
  /** Throws if the database was closed. */
  readonly checkOpen: () => void;
  /** Resolves when it is worth looking again. */
  readonly changed: (signal: AbortSignal | undefined) => Promise<void>;
  /** Nobody waits any more, or the hold has been let go. */
  readonly resume: () => void;
  readonly letGo: () => void;
}

export class PageSpaceHold {
  readonly #owner: PageSpaceOwner;
  #isHeld: boolean;
  #isInstalling: boolean;
  #waiting: number;

  constructor(owner: PageSpaceOwner) {
    this.#owner = owner;
    this.#isHeld = false;
    this.#isInstalling = false;
    this.#waiting = 0;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  get isInstalling(): boolean {
    return this.#isInstalling;
  }

  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  async hold(signal?: AbortSignal): Promise<CheckpointJob> {
    const owner = this.#owner;
    this.#waiting++;
    try {
      while (this.#isHeld || owner.isBusy()) {
        signal?.throwIfAborted();
        owner.checkOpen();
        await owner.changed(signal);
      }
      signal?.throwIfAborted();
      owner.checkOpen();
      this.#isHeld = true;
    } finally {
      this.#waiting--;
      owner.resume();
    }
    return owner.newJob();
  }

  /** The same at once: a job that runs is ended in this thread first. Undefined: somebody else has the page space. */
  holdNow(): CheckpointJob | undefined {
    const owner = this.#owner;
    if (this.#isHeld || this.isAwaited) {
      return undefined;
    }
    // What ends starts no other one.
    this.#isHeld = true;
    if (owner.isBusy()) {
      owner.endRunning();
    }
    if (owner.isBusy() || owner.isPoisoned()) {
      this.letGo();
      return undefined;
    }
    return owner.newJob();
  }

  /**
   * Makes what was built part of the database, in one stretch. `beforeMeta` is called when all of it is on disk and
   * before anybody could find it; if that throws, nothing has changed.
   */
  install(job: CheckpointJob, beforeMeta: () => void): void {
    assert(this.#isHeld, "M2: what is installed was built under a hold");
    this.#isInstalling = true;
    try {
      this.#owner.complete(job, beforeMeta);
    } finally {
      this.#isInstalling = false;
    }
  }

  letGo(): void {
    assert(this.#isHeld, "M2: the page space is given back by whoever holds it");
    this.#isHeld = false;
    this.#owner.letGo();
  }
}
