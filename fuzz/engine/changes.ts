/** Random changes of entries and of ranges, made through a reader and in the draft of what it must see. */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { Dice } from "../dice.ts";
import { type Draft, isVisible, type MapState, type Model } from "./model.ts";
import { type AnyMap, drawCleared, openMap, type Sight } from "./sight.ts";
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

  /** One put, merge, delete or deleted range, in the model too. */
  change(sight: Sight, map: MapState, dice: Dice): void {
    const { draft } = sight;
    const key = dice.below(map.universe.keys.length);
    const opened = openMap(sight.reader, map);
    if (dice.once(24)) {
      this.#clear(draft, map, opened, dice);
    } else if (map.universe.merging !== undefined && dice.once(2)) {
      this.#merge(draft, map, opened, key, dice);
    } else if (dice.once(3)) {
      sight.onRead(map, key, key + 1);
      const entry = draft.get(map, key);
      const wasThere = entry !== undefined && isVisible(entry, sight.now);
      const isTold = possibly(
        () => opened.delete(map.universe.keys[key]),
        () => draft.put(map, key, undefined),
      );
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
    const ttl = map.universe.merging === undefined && dice.once(12) ? dice.pick([5, 300, 4000]) : 0;
    const expiry = ttl === 0 ? 0 : this.#clock.now() + ttl;
    const value = valueFor(map.universe, token);
    const options = ttl === 0 ? undefined : { ttl };
    const note = () => draft.put(map, key, { token, expiry });
    possibly(() => opened.put(map.universe.keys[key], value, options), note);
    note();
  }

  /** One put or merge, or a delete whatever is there; which keys it may have changed: from the first to before the second. */
  changeAny(sight: Sight, map: MapState, dice: Dice): [number, number] {
    const key = dice.below(map.universe.keys.length);
    const opened = openMap(sight.reader, map);
    if (dice.once(12)) {
      return this.#clear(sight.draft, map, opened, dice);
    }
    if (map.universe.merging !== undefined && dice.once(2)) {
      this.#merge(sight.draft, map, opened, key, dice);
    } else if (dice.once(3)) {
      sight.onRead(map, key, key + 1);
      if (opened.delete(map.universe.keys[key])) {
        sight.draft.put(map, key, undefined);
      }
    } else {
      this.put(sight.draft, map, opened, key, dice);
    }
    return [key, key + 1];
  }

  #merge(draft: Draft, map: MapState, opened: AnyMap, key: number, dice: Dice): void {
    const token = this.drawToken(dice);
    const note = () => draft.merge(map, key, token);
    possibly(() => opened.merge(map.universe.keys[key], valueFor(map.universe, token)), note);
    note();
  }

  #clear(draft: Draft, map: MapState, opened: AnyMap, dice: Dice): [number, number] {
    const { options, from, to } = drawCleared(map, dice);
    const note = () => draft.clear(map, from, to);
    possibly(() => opened.deleteRange(options), note);
    note();
    return [from, to];
  }
}

/** Runs a write; where it throws and may be on disk all the same, the draft has it. */
function possibly<T>(write: () => T, note: () => void): T {
  try {
    return write();
  } catch (error) {
    if (isUncertain(error)) {
      note();
    }
    throw error;
  }
}

/** What was being written may be on disk or not. (What stopped a checkpoint is told to the next commit, before it is made.) */
export function isUncertain(error: unknown): boolean {
  return error instanceof DbError && (error.code === "IO" || error.code === "POISONED") && !isPlanned(error);
}
