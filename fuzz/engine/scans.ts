/** Scans within transactions that change what they scan. */
import { assert } from "../../src/assert.ts";
import { DbError } from "../../src/errors.ts";
import type { WriteTransaction } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";
import type { Changes } from "./changes.ts";
import type { MapState } from "./model.ts";
import { drawRange, openMap, placeOf, type Sight } from "./sight.ts";

/**
 * A scan within a transaction that writes meanwhile: keys that are left alone come exactly once and in order; of keys
 * that change, any version that was there since the scan began may come, or none if there was a time without one.
 */
export function scanAndChange(
  sight: Sight,
  map: MapState,
  dice: Dice,
  changes: Changes,
  tx: WriteTransaction | undefined,
): void {
  const range = drawRange(map, dice);
  const { limit: _, ...options } = range.options;
  const before = sight.draft.range(map, range.from, range.to, sight.now).map(([key]) => key);
  const changed = new Set<number>();
  const seen: number[] = [];
  const mark = tx?.savepoint();
  const saved = sight.draft.savepoint();
  sight.onRead(map, range.from, range.to);
  const scan = openMap(sight.reader, map).range(options)[Symbol.iterator]();
  for (let next = scan.next(); !next.done; next = scan.next()) {
    const [key] = next.value;
    const at = placeOf(map, key);
    const previous = seen.at(-1);
    assert(previous === undefined || at > previous !== (options.reverse ?? false), "a scan goes in one direction");
    seen.push(at);
    if (dice.once(3)) {
      const [from, to] = changes.changeAny(sight, map, dice);
      for (let key = from; key < to; key++) {
        changed.add(key);
      }
    } else if (mark !== undefined && dice.once(12)) {
      tx!.rollbackTo(mark);
      sight.draft.rollbackTo(saved);
      expectClosed(() => scan.next());
      return;
    }
  }
  const kept = before.filter((key) => !changed.has(key));
  const found = seen.filter((key) => !changed.has(key));
  const inOrder = options.reverse ? kept.reverse() : kept;
  assert(
    found.length === inOrder.length && found.every((key, i) => key === inOrder[i]),
    `a scan of map ${map.name} that writes sees each key that it leaves alone: ${inOrder}; it saw ${found}`,
  );
}

function expectClosed(action: () => void): void {
  let code = "";
  try {
    action();
  } catch (error) {
    code = error instanceof DbError ? error.code : String(error);
  }
  assert(code === "CLOSED", `a scan ends when what it stands on is taken back: CLOSED, not ${code || "going on"}`);
}
