/**
 * A long run of puts, as steady as the engine takes them: commits of one size, one after the other, and a turn of the event
 * loop after each, as a server would have it; timers and messages of the engine are not kept waiting.
 *
 * What an engine does in the background goes on while the clock is stopped, so keys must be cheap to prepare: the bytes of
 * the same Buffers are written over, 10,000 entries at a time, which takes 30 ns an entry: 3 % of a fill of 1 M/s. An engine
 * has copied what it was given when its promise resolves.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { KEY_BYTES, VALUE_BYTES, valueFor, writeKey } from "./dataset.ts";
import type { Engine } from "./engine.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { tell } from "./tell.ts";

export const COMMIT_ENTRIES = 1000;
/** Of a key and a value, as `valueFor` gives it. */
export const ENTRY_BYTES: number = KEY_BYTES + VALUE_BYTES;

const PORTION_ENTRIES = 10_000;

export interface SteadyWrites {
  /** For who watches. */
  readonly what: string;
  readonly count: number;
  /** The entry that the put of this number is for; asked for once each, in order. */
  readonly entryAt: (index: number) => number;
  /** Its value; `valueFor(index)` unless given. */
  readonly valueAt?: (index: number) => Buffer;
  /** Called in the midst of each commit: a turn after it was begun, before its end is waited for. */
  readonly beside?: () => void;
  /** Called after each commit with the time on the clock, which runs. */
  readonly onCommit?: (elapsedMs: number, entries: number) => void;
  /** Called between portions with the time on the clock, which does not run. */
  readonly onPortion?: (elapsedMs: number) => void;
}

/** Puts them all; `watch` runs while the engine has something to do. */
export async function writeSteadily(engine: Engine, watch: Stopwatch, writes: SteadyWrites): Promise<void> {
  const { what, count, entryAt, valueAt = valueFor, beside, onCommit, onPortion } = writes;
  const keys = Array.from({ length: PORTION_ENTRIES }, () => Buffer.allocUnsafeSlow(KEY_BYTES));
  const values: Buffer[] = new Array(PORTION_ENTRIES).fill(valueFor(0));
  for (let first = 0; first < count; first += PORTION_ENTRIES) {
    const length = Math.min(PORTION_ENTRIES, count - first);
    for (let i = 0; i < length; i++) {
      writeKey(entryAt(first + i), keys[i]!, 0);
      values[i] = valueAt(first + i);
    }
    watch.start();
    for (let i = 0; i < length; i += COMMIT_ENTRIES) {
      const to = Math.min(length, i + COMMIT_ENTRIES);
      const committed = engine.put(keys, values, i, to);
      if (beside !== undefined) {
        await nextTurn();
        beside();
      }
      if (committed !== undefined) {
        await committed;
      }
      await nextTurn();
      onCommit?.(watch.splitMs(), to - i);
    }
    watch.stop();
    onPortion?.(watch.elapsedMs);
    tell(what, first + length, count);
  }
}
