/**
 * Who still needs old versions: snapshots and transactions, and the memory and pages that they hold.
 *
 *   - A pinned read state keeps its roots' pages from reuse (M3) and its memtables in memory (M4).
 *   - A transaction that may write also needs the *later* memtables, checkpointed or not, to find the commits made after
 *     its snapshot; those wait in `history` (M5).
 *
 * Both are bounded: when checkpointed memtables that only pins keep alive exceed `limitBytes`, the oldest pin expires and
 * its next read is a CONFLICT. A writer is never stopped by a forgotten reader.
 */
import { assert } from "../assert.ts";
import { DbError } from "../errors.ts";
import type { Memtable } from "./memtable.ts";
import { NOWHERE, type Placed, PlacedSet } from "./placed-set.ts";
import { ReadPoint, ReadState } from "./read-state.ts";

export interface Pin extends Placed {
  readonly point: ReadPoint;
  /** Whether its holder validates against later commits. */
  readonly validates: boolean;
  /** Held within one synchronous stretch: it does not expire. */
  readonly isBrief: boolean;
}

export class Pins {
  readonly #pins: PlacedSet<Pin>;
  readonly #history: Memtable[];
  readonly #retained: Set<Memtable>;
  readonly #limitBytes: number;
  #current: ReadState;

  constructor(current: ReadState, limitBytes: number) {
    this.#pins = new PlacedSet();
    this.#history = [];
    this.#retained = new Set();
    this.#limitBytes = limitBytes;
    this.#current = current;
  }

  get count(): number {
    return this.#pins.size;
  }

  /** Bytes of checkpointed memtables that only pins keep in memory. */
  get retainedBytes(): number {
    let bytes = 0;
    for (const memtable of this.#retained) {
      bytes += memtable.memoryBytes;
    }
    return bytes;
  }

  pin(commit: number, now: number, validates: boolean, isBrief = false): Pin {
    const state = this.#current;
    state.pins++;
    const pin: Pin = { point: new ReadPoint(state, commit, now), validates, isBrief, place: NOWHERE };
    this.#pins.add(pin);
    return pin;
  }

  /** Keeps the last checkpoint's pages from reuse, and nothing in memory: such a pin expires only when the database closes. */
  pinPages(): Pin {
    const { roots, checkpoint } = this.#current;
    const state = new ReadState([], roots, checkpoint);
    state.pins++;
    const pin: Pin = { point: new ReadPoint(state, 0, 0), validates: false, isBrief: false, place: NOWHERE };
    this.#pins.add(pin);
    return pin;
  }

  /** Lets go of what the pin holds; a second call does nothing. */
  unpin(pin: Pin): void {
    if (!this.#pins.delete(pin)) {
      return;
    }
    const state = pin.point.state;
    state.pins--;
    assert(state.pins >= 0, "M3: a state is unpinned as often as it was pinned");
    if (state.pins === 0 && state !== this.#current) {
      this.#drop(state);
    }
    if (pin.validates) {
      this.#pruneHistory();
    }
  }

  /** The database closes: nothing is held for anybody. */
  expireAll(): void {
    for (const pin of [...this.#pins]) {
      this.#end(pin, new DbError("CLOSED", "the database is closed; open it again"));
    }
  }

  /** `next` is what new readers see from now on. */
  replace(next: ReadState): void {
    const previous = this.#current;
    this.#current = next;
    const needed = this.#oldestValidatingCommit();
    for (const memtable of previous.memtables) {
      if (memtable.checkpointed && memtable.segment.lastCommit > needed && !this.#history.includes(memtable)) {
        memtable.references++;
        this.#history.push(memtable);
      }
    }
    if (previous.pins === 0) {
      this.#drop(previous);
    } else {
      for (const memtable of previous.memtables) {
        if (memtable.checkpointed) {
          this.#retained.add(memtable);
        }
      }
    }
    this.#enforceLimit();
  }

  /** Memtables with commits after `commit`, checkpointed ones included; whoever asks holds a validating pin at `commit`. */
  memtablesAfter(commit: number): Memtable[] {
    const after: Memtable[] = [];
    for (const memtable of this.#current.memtables) {
      if (memtable.segment.lastCommit > commit) {
        after.push(memtable);
      }
    }
    for (const memtable of this.#history) {
      if (memtable.segment.lastCommit > commit) {
        after.push(memtable);
      }
    }
    const isCovered = after.some(({ segment }) => segment.baseCommit <= commit);
    assert(isCovered, "M5: every commit after a transaction's snapshot is in a memtable that is still held");
    return after;
  }

  /** Checkpoint numbers whose pages some reader may touch, ascending; the current one is among them. */
  pinnedCheckpoints(): number[] {
    const numbers = new Set([this.#current.checkpoint]);
    for (const pin of this.#pins) {
      numbers.add(pin.point.state.checkpoint);
    }
    return [...numbers].sort((a, b) => a - b);
  }

  /** The oldest commit that any pin reads at, or `commit` where there is none. */
  oldestCommit(commit: number): number {
    let oldest = commit;
    for (const pin of this.#pins) {
      oldest = Math.min(oldest, pin.point.commit);
    }
    return oldest;
  }

  #oldestValidatingCommit(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const pin of this.#pins) {
      if (pin.validates) {
        oldest = Math.min(oldest, pin.point.commit);
      }
    }
    return oldest;
  }

  #drop(state: ReadState): void {
    for (const memtable of state.memtables) {
      this.#letGo(memtable);
    }
  }

  #letGo(memtable: Memtable): void {
    memtable.references--;
    assert(memtable.references >= 0, "M4: a memtable is let go as often as it was held");
    if (memtable.references === 0) {
      this.#retained.delete(memtable);
    } else if (memtable.checkpointed) {
      this.#retained.add(memtable);
    }
  }

  #pruneHistory(): void {
    const needed = this.#oldestValidatingCommit();
    for (let i = this.#history.length - 1; i >= 0; i--) {
      const memtable = this.#history[i]!;
      if (memtable.segment.lastCommit <= needed) {
        this.#history.splice(i, 1);
        this.#letGo(memtable);
      }
    }
  }

  #enforceLimit(): void {
    while (this.retainedBytes > this.#limitBytes && this.#pins.size > 0) {
      let oldest: Pin | undefined;
      for (const pin of this.#pins) {
        const { state, commit } = pin.point;
        const holdsMemory = state !== this.#current && state.memtables.length > 0;
        if (holdsMemory && !pin.isBrief && (oldest === undefined || commit < oldest.point.commit)) {
          oldest = pin;
        }
      }
      if (oldest === undefined) {
        return;
      }
      this.#end(oldest, memoryTakenBack());
    }
  }

  #end(pin: Pin, reason: DbError): void {
    pin.point.ended = reason;
    this.unpin(pin);
  }
}

function memoryTakenBack(): DbError {
  return new DbError(
    "CONFLICT",
    "this snapshot was held open while so much was written that its memory was taken back " +
      "(option snapshotMemoryBytes); take a new one, or run the transaction again",
  );
}
