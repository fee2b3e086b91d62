/**
 * Entries here and there in a keyspace, for who plans how to read it: evenly spaced, out of pages alone, at once. What the log
 * holds on top is left out, and nothing that is sampled conflicts with writes.
 */
import { countRange, TreeCursor } from "../btree/index.ts";
import type { ByteRange } from "./byte-range.ts";
import type { ReadPoint } from "./read-state.ts";
import { rootOf } from "./roots.ts";
import type { Store } from "./store.ts";

export interface SampledEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** As many as asked for at the most, in the order of their keys; those whose values lie elsewhere are left out. */
export function sampleEntries(store: Store, point: ReadPoint, keyspace: number, most: number): SampledEntry[] {
  if (point.ended !== undefined) {
    throw point.ended;
  }
  const root = rootOf(point.state.roots, keyspace);
  const cursor = new TreeCursor(store.pages);
  cursor.open(root.page);
  const wanted = Math.min(most, root.count);
  const entries: SampledEntry[] = [];
  for (let i = 0; i < wanted; i++) {
    if (cursor.seekRank(Math.floor(((i + 0.5) * root.count) / wanted)) && !cursor.isOverflow) {
      const key = new Uint8Array(cursor.keyLength);
      cursor.copyKey(key, 0);
      const value = new Uint8Array(cursor.valueLength);
      cursor.copyValue(value, 0);
      entries.push({ key, value });
    }
  }
  return entries;
}

/** How many entries of a range are in pages. */
export function countSampled(store: Store, point: ReadPoint, keyspace: number, { lower, upper }: ByteRange): number {
  if (point.ended !== undefined) {
    throw point.ended;
  }
  return countRange(store.pages, rootOf(point.state.roots, keyspace), lower, upper);
}
