/**
 * Pages that no new tree uses but an old snapshot may still read.
 *
 * A page born at checkpoint B and replaced at checkpoint F belongs to the trees of checkpoints B to F - 1:
 *
 *     checkpoint     5      6      7      8      9
 *                           B ═══════════ F            pinned 6 or 7: it waits; 5, 8 or 9: it may be reused
 *
 * P9: it may be reused when no pinned checkpoint E has B <= E < F, and F is durable: until then a crash brings back
 *     a tree that holds it.
 *
 * So a reader held open for long keeps the pages of its own tree, not those that came and went since. Frees of one
 * checkpoint lie together; a group whose newest pinned predecessor did not change is not looked through again.
 * After a restart nothing is pinned: all of them are free, and so nothing here is stored.
 */
import { assert } from "../assert.ts";
import type { Extent } from "./free-space.ts";

export interface PendingFree extends Extent {
  readonly birth: number;
  readonly freedAt: number;
}

/** The frees of one checkpoint. */
interface Group {
  readonly freedAt: number;
  /** The newest pinned checkpoint before `freedAt` when it was last looked through; -1 none; undefined: new frees came. */
  blocker: number | undefined;
  frees: PendingFree[];
}

export class PendingFrees {
  /** Ascending by `freedAt`. */
  #groups: Group[] = [];
  #pagesWaiting = 0;

  get pagesWaiting(): number {
    return this.#pagesWaiting;
  }

  /** `birth` is in the page's header; checkpoints are added in ascending order of `freedAt`. */
  add(first: number, count: number, birth: number, freedAt: number): void {
    assert(birth <= freedAt, "P9: a page is born before it is freed");
    let group = this.#groups.at(-1);
    if (group === undefined || group.freedAt !== freedAt) {
      assert(group === undefined || group.freedAt < freedAt, "P9: checkpoints free in ascending order");
      group = { freedAt, blocker: undefined, frees: [] };
      this.#groups.push(group);
    }
    group.blocker = undefined;
    group.frees.push({ first, count, birth, freedAt });
    this.#pagesWaiting += count;
  }

  /**
   * Takes out, and returns, what may be reused (P9). `pinned` are the checkpoints that snapshots read, ascending;
   * `durable` is the newest checkpoint whose meta page was synced.
   */
  releasable(pinned: readonly number[], durable: number): Extent[] {
    const released: Extent[] = [];
    for (const group of this.#groups) {
      if (group.freedAt > durable) {
        break;
      }
      const blocker = newestBefore(pinned, group.freedAt);
      if (blocker === group.blocker) {
        continue;
      }
      group.blocker = blocker;
      const waiting: PendingFree[] = [];
      for (const free of group.frees) {
        if (free.birth > blocker) {
          released.push({ first: free.first, count: free.count });
          this.#pagesWaiting -= free.count;
        } else {
          waiting.push(free);
        }
      }
      group.frees = waiting;
    }
    this.#groups = this.#groups.filter((group) => group.frees.length > 0);
    return released;
  }

  /** All that waits, in the order in which it was freed. */
  all(): PendingFree[] {
    return this.#groups.flatMap((group) => group.frees);
  }
}

/** The last of the ascending `numbers` that is below `bound`; -1: none. */
function newestBefore(numbers: readonly number[], bound: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < bound) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low === 0 ? -1 : numbers[low - 1]!;
}
