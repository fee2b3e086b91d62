/**
 * Counting without reading: inner pages know how many entries lie below each child, so that the place of a key among
 * all keys costs one descent. `TreeCursor.seekRank` is the way back, from a place to its key.
 */
import type { PageFile } from "../pager/index.ts";
import { damagedTree } from "./damaged-tree.ts";
import { entriesBeforePart, partFor, unpackLeaf } from "./packed-page.ts";
import {
  childFor,
  entriesBefore,
  KIND_PACKED,
  MAX_HEIGHT,
  PAGE_COUNT,
  PAGE_HEADER_BYTES,
  PAGE_KIND,
  PAGE_LEVEL,
  searchLeaf,
} from "./page.ts";
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
      return u8[base + PAGE_KIND] === KIND_PACKED
        ? before + rankInPacked(pages, page, base, key, offset, length)
        : before + (searchLeaf(u8, u16, u32, base, key, offset, length) >>> 1);
    }
    const child = childFor(u8, u16, u32, base, key, offset, length);
    before += entriesBefore(u16, u32, base, child);
    page = u32[((base + PAGE_HEADER_BYTES) >> 2) + u16[(base + PAGE_COUNT) >> 1]! + child]!;
  }
  throw damagedTree(page, "the tree is higher than 32 levels");
}

function rankInPacked(
  pages: PageFile,
  page: number,
  base: number,
  key: Uint8Array,
  offset: number,
  length: number,
): number {
  const part = partFor(pages.view, base, key, offset, length);
  const before = entriesBeforePart(pages.view.u16, base, part);
  const leaf = pages.locatePart(page, part, unpackLeaf);
  const { u8, u16, u32 } = pages.view;
  return before + (searchLeaf(u8, u16, u32, leaf, key, offset, length) >>> 1);
}

/** How many entries have keys from `lower` up to, not including, `upper`; without a bound, from or to the end. */
export function countRange(pages: PageFile, root: RootRecord, lower?: Uint8Array, upper?: Uint8Array): number {
  const from = lower === undefined ? 0 : rank(pages, root, lower, 0, lower.length);
  const to = upper === undefined ? root.count : rank(pages, root, upper, 0, upper.length);
  return to > from ? to - from : 0;
}
