/**
 * Compacting: pages move down into free ones until the file is as short as it can be, and is cut.
 *
 *     │ used │ free │ used │ free │ used ░░░░░░░░ │        ░: the last 32 MiB, emptied by the next checkpoint
 *                                                          │◀─ then cut here
 *
 * It goes by checkpoints like any other, each of which empties a stretch at the end of the file: a page is written
 * anew at a lower number and its old place is free once no snapshot needs it. So it can be ended at any time, writers
 * have their checkpoints in between, and a crash loses nothing. Large values are looked for only where the file gets no
 * shorter otherwise, since all leaves have to be read to find them. They take several pages in a row: where no such room is
 * below them, they make some by moving to the end of the file, and down again, unless snapshots keep their old places.
 *
 * Runs of LSM maps are compacted first, as far as they would be by themselves at rest.
 *
 * Closing does the same in one go, within bounds, so that this is for databases that stay open.
 */
import { PAGE_SIZE } from "../pager/index.ts";
import type { ValueMoves } from "./checkpoint-job.ts";
import type { Store } from "./store.ts";

export interface CompactOptions {
  /** Ends it with what was reached by then; the signal's reason is thrown. */
  readonly signal?: AbortSignal;
  /** Told the share of the superfluous part of the file that is gone, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface CompactResult {
  /** The size of the page files. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Free pages that are not worth another checkpoint: it writes a few itself, roots and list of free pages. */
const FEW_PAGES = 8;

/** Less of the file than this is not worth to begin anew. */
const LEAST_GAIN = 0.001;

/** What moves of large values in each job after the one by which the file was shortest, until it is shorter. */
const ATTEMPTS: readonly ValueMoves[] = [
  "stay",
  "down",
  "anywhere",
  "down",
  "down",
  "anywhere",
  "down",
  "down",
  "anywhere",
  "down",
  "down",
];

/** The contract is `Database.compact`'s. */
export async function compact(store: Store, options: CompactOptions = {}): Promise<CompactResult> {
  const { signal, onProgress = () => {} } = options;
  await store.checkpoint(signal);
  const { checkpointer } = store;
  await checkpointer.tidy(signal);
  const before = checkpointer.meta.pageCount;
  let space = await checkpointer.relocate("stay", signal);
  let shortest = space.end;
  for (let attempt = 0; attempt < ATTEMPTS.length && space.end > space.used + FEW_PAGES; ) {
    signal?.throwIfAborted();
    store.checkWritable();
    const { end } = space;
    onProgress(Math.min(1, Math.max(0, (before - end) / Math.max(1, before - space.used))));
    const values = ATTEMPTS[attempt]!;
    if (values === "anywhere" && store.pins.count > 0) {
      // What snapshots can read would stay where it was, too.
      break;
    }
    space = await checkpointer.relocate(values, signal);
    attempt++;
    if (space.end < shortest) {
      attempt = shortest - space.end < shortest * LEAST_GAIN ? attempt : 0;
      shortest = space.end;
    } else if (values === "anywhere" && space.end <= end) {
      // Nothing had to move to the end: the next ones would find the same.
      break;
    }
  }
  if (checkpointer.meta.pageCount > space.end) {
    await checkpointer.relocate("stay", signal);
  }
  onProgress(1);
  return { bytesBefore: before * PAGE_SIZE, bytesAfter: checkpointer.meta.pageCount * PAGE_SIZE };
}
