/**
 * How much lies beneath a merge, and what becomes of it when that is too much.
 *
 * A merge is blind. So that a read never has much to combine, and so that no entry grows beyond what a value may have, some
 * merges look at the entry first, and put its value where there are many operands, or long ones:
 *
 *     on top of 31 others, as far as known    whoever wrote a merge in the active memtable counted (lsm/operands.ts)
 *     one in 16                               of a function of the application's, which checkpoints do not have: what is
 *                                             in pages piles up however few there are in each memtable
 *     one in 1 MiB of operands                where values grow with them
 *
 * Between two looks there are a few dozen operands, and a few MiB. What is combined nevertheless to more than a value may
 * have is kept as operands, and is INVALID to readers, until it is put or deleted.
 */
import { CELL_PUT, MAX_VALUE_BYTES } from "../btree/index.ts";
import type { Operands } from "../lsm/index.ts";
import { tooLong } from "./merged-read.ts";
import type { Store } from "./store.ts";

/** On top of so many others a merge looks first. */
const MOST_DEPTH = 31;
const LOOKS_OF_CUSTOM = 1 / 16;
const BYTES_A_LOOK = 1024 * 1024;
const DRAWS = 2 ** 32;

/** The depth of a merge that is to look at the entry first (`valueIfDeep`). */
export const LOOK_FIRST = -1;

/** How many merges lie beneath the next one in the open record, of about so many bytes; or LOOK_FIRST. */
export function mergeDepth(
  store: Store,
  keyspace: number,
  key: Uint8Array,
  offset: number,
  length: number,
  operandBytes: number,
): number {
  const depth = store.writer.mergeDepth(keyspace, key, offset, length);
  if (depth > MOST_DEPTH && store.operatorOf(keyspace) !== undefined) {
    return LOOK_FIRST;
  }
  const merge = store.catalog.byId(keyspace)?.merge;
  if (merge === "counter" || merge === "max") {
    return depth;
  }
  const chance = (merge === "append" ? 0 : LOOKS_OF_CUSTOM) + operandBytes / BYTES_A_LOOK;
  return store.rng.next() < chance * DRAWS ? LOOK_FIRST : depth;
}

/**
 * The value of an entry, where there is too much of its operands, the new ones included; undefined: they are kept. Throws
 * INVALID where they cannot be kept either.
 */
export function valueIfDeep(operands: Operands): Uint8Array | undefined {
  const isLong = operands.sizeBytes > MAX_VALUE_BYTES;
  if (!isLong && (!operands.isKnown || operands.count <= MOST_DEPTH + 1)) {
    return undefined;
  }
  const folded = operands.isKnown ? operands.fold(true) : undefined;
  if (folded?.kind !== CELL_PUT) {
    throw tooLong(operands.sizeBytes);
  }
  // It may lie in memory that a write gives back.
  return folded.bytes.slice();
}
