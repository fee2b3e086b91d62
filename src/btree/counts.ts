/**
 * Counting without reading: inner pages know how many entries lie below each child, so that the place of a key among
 * all keys costs one descent. `TreeCursor.seekRank` is the way back, from a place to its key.
 */
import type { PageFile } from "../pager/index.ts";
import { damagedTree } from "./image.ts";
import { childFor, entriesBefore, MAX_HEIGHT, PAGE_COUNT, PAGE_HEADER_BYTES, PAGE_LEVEL, searchLeaf } from "./page.ts";
import type { RootRecord } from "./writer.ts";

/** How many entries have keys less than the given one. */
export function rank(pages: PageFile, root: RootRecord, key: Uint8Array, offset: number, length: number): number {
  if (root.page === 0) {
    return 0;
  }
  let page = root.page;
  let before = 0;
  for (let depth = 0; depth < MAX_HEIGHT; depth++) {
    const base = pages.locate(page);
    const { u8, u16, u32 } = pages.view;
    if (u8[base + PAGE_LEVEL] === 0) {
      return before + (searchLeaf(u8, u16, u32, base, key, offset, length) >>> 1);
    }
    const child = childFor(u8, u16, u32, base, key, offset, length);
    before += entriesBefore(u16, u32, base, child);
    page = u32[((base + PAGE_HEADER_BYTES) >> 2) + u16[(base + PAGE_COUNT) >> 1]! + child]!;
  }
  throw damagedTree(page, "the tree is higher than 32 levels");
}

/** How many entries have keys from `lower` up to, not including, `upper`; without a bound, from or to the end. */
export function countRange(pages: PageFile, root: RootRecord, lower?: Uint8Array, upper?: Uint8Array): number {
  const from = lower === undefined ? 0 : rank(pages, root, lower, 0, lower.length);
  const to = upper === undefined ? root.count : rank(pages, root, upper, 0, upper.length);
  return to > from ? to - from : 0;
}
