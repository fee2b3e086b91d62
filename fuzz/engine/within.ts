/** What a program does inside of its transactions of both kinds, with savepoints and changes of mind. */
import type { WriteTransaction } from "../../src/mvcc/index.ts";
import type { Dice } from "../dice.ts";
import type { Changes } from "./changes.ts";
import type { HeldTransaction } from "./held.ts";
import type { MapState } from "./model.ts";
import { scanAndChange } from "./scans.ts";
import { look, type Sight } from "./sight.ts";

/** Thrown by a program's own callbacks, to be rolled back. */
export class ChangeOfMind extends Error {}

export interface WithinWrite {
  readonly changes: Changes;
  /** Undefined: there is none that can be written to. */
  readonly pickMap: () => MapState | undefined;
  readonly makeMap: () => void;
}

/** The inside of a `db.write`: some changes, `most` at the most. */
export function writeWithin(
  tx: WriteTransaction,
  sight: Sight,
  dice: Dice,
  most: number,
  { changes, pickMap, makeMap }: WithinWrite,
): void {
  const { draft } = sight;
  let mark = tx.savepoint();
  let saved = draft.savepoint();
  for (let left = dice.between(1, most); left > 0; left--) {
    const map = pickMap();
    if (map === undefined) {
      break;
    }
    const roll = dice.below(24);
    if (roll === 0) {
      mark = tx.savepoint();
      saved = draft.savepoint();
    } else if (roll === 1) {
      tx.rollbackTo(mark);
      draft.rollbackTo(saved);
    } else if (roll === 2) {
      makeMap();
    } else if (roll === 3) {
      scanAndChange(sight, map, dice, changes, tx);
    } else if (roll < 8) {
      look(sight, map, dice);
    } else {
      changes.change(sight, map, dice);
    }
  }
  if (dice.once(8)) {
    throw new ChangeOfMind();
  }
}

/** Some reads and changes in an interactive transaction, perhaps taken back. */
export function workWithin(
  { sight, transaction }: HeldTransaction,
  maps: readonly MapState[],
  dice: Dice,
  changes: Changes,
): void {
  const mark = transaction.savepoint();
  const saved = sight.draft.savepoint();
  for (let left = dice.pick([1, 3, 8]); left > 0; left--) {
    const map = dice.pick(maps);
    if (dice.once(8)) {
      scanAndChange(sight, map, dice, changes, undefined);
    } else if (dice.once(3)) {
      look(sight, map, dice);
    } else {
      changes.change(sight, map, dice);
    }
  }
  if (dice.once(8)) {
    transaction.rollbackTo(mark);
    sight.draft.rollbackTo(saved);
  }
}
