/** Random changes of single entries, made through a reader and in the draft of what it must see. */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { Dice } from "../dice.ts";
import { type Draft, type Entry, isVisible, type MapState, type Model } from "./model.ts";
import { type AnyMap, openMap, type Sight } from "./sight.ts";
import type { SimulatedClock } from "./simulated-clock.ts";
import { isPlanned } from "./simulated-worker.ts";
import { drawLength, tokenOf, valueFor } from "./universe.ts";

export class Changes {
  readonly #model: Model;
  readonly #clock: SimulatedClock;
  readonly #longestValue: number;

  constructor(model: Model, clock: SimulatedClock, longestValue: number) {
    this.#model = model;
    this.#clock = clock;
    this.#longestValue = longestValue;
  }

  /** A value of its own. */
  drawToken(dice: Dice): number {
    return tokenOf(this.#model.nextSerial(), drawLength(dice, this.#longestValue));
  }

  /** One put or delete, in the model too. */
  change(sight: Sight, map: MapState, dice: Dice): void {
    const { draft } = sight;
    const key = dice.below(map.universe.keys.length);
    const opened = openMap(sight.reader, map);
    if (dice.once(3)) {
      sight.onRead(map, key, key + 1);
      const entry = draft.get(map, key);
      const wasThere = entry !== undefined && isVisible(entry, sight.now);
      const isTold = possibly(draft, map, key, undefined, () => opened.delete(map.universe.keys[key]));
      assert(isTold === wasThere, `delete tells whether key ${key} was there`);
      if (wasThere) {
        draft.put(map, key, undefined);
      }
    } else {
      this.put(draft, map, opened, key, dice);
    }
  }

  /** One put. */
  put(draft: Draft, map: MapState, opened: AnyMap, key: number, dice: Dice): void {
    const token = this.drawToken(dice);
    const ttl = dice.once(12) ? dice.pick([5, 300, 4000]) : 0;
    const expiry = ttl === 0 ? 0 : this.#clock.now() + ttl;
    const value = valueFor(map.universe.value, token);
    const options = ttl === 0 ? undefined : { ttl };
    possibly(draft, map, key, { token, expiry }, () => opened.put(map.universe.keys[key], value, options));
    draft.put(map, key, { token, expiry });
  }

  /** One put, or a delete whatever is there; which key it was. */
  changeAny(sight: Sight, map: MapState, dice: Dice): number {
    const key = dice.below(map.universe.keys.length);
    const opened = openMap(sight.reader, map);
    if (dice.once(3)) {
      sight.onRead(map, key, key + 1);
      if (opened.delete(map.universe.keys[key])) {
        sight.draft.put(map, key, undefined);
      }
    } else {
      this.put(sight.draft, map, opened, key, dice);
    }
    return key;
  }
}

/** Runs a write of one entry; where it throws and may be on disk all the same, the draft has it. */
function possibly<T>(draft: Draft, map: MapState, key: number, entry: Entry | undefined, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (isUncertain(error)) {
      draft.put(map, key, entry);
    }
    throw error;
  }
}

/** What was being written may be on disk or not. (What stopped a checkpoint is told to the next commit, before it is made.) */
export function isUncertain(error: unknown): boolean {
  return error instanceof DbError && (error.code === "IO" || error.code === "POISONED") && !isPlanned(error);
}
