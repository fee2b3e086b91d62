/**
 * The pages of a tree that was built in one go, for whoever gives it up or moves it: all of one birth, no extents of its own.
 *
 * Only inner pages are read, one in four hundred: they name the leaves.
 */
import type { Extent, PageFile } from "../pager/index.ts";
import { damagedTree } from "./damaged-tree.ts";
import { headsOf, MAX_INNER_ENTRIES, PAGE_COUNT, PAGE_LEVEL } from "./page.ts";
import type { RootRecord } from "./writer.ts";

/** Each page once, in runs of neighbours where children follow each other. */
export function* treePages(pages: PageFile, root: RootRecord): Generator<Extent, void> {
  if (root.page !== 0) {
    yield* pagesBelow(pages, root.page, root.height - 1);
    yield { first: root.page, count: 1 };
  }
}

function* pagesBelow(pages: PageFile, page: number, level: number): Generator<Extent, void> {
  if (level === 0) {
    return;
  }
  const children = childrenOf(pages, page, level);
  if (level > 1) {
    for (const child of children) {
      yield* pagesBelow(pages, child, level - 1);
    }
  }
  let first = children[0]!;
  let count = 0;
  for (const child of children) {
    if (child !== first + count) {
      yield { first, count };
      first = child;
      count = 0;
    }
    count++;
  }
  yield { first, count };
}

/** The children of inner page `page`. A copy: the page may leave its frame while those below it are read. */
export function childrenOf(pages: PageFile, page: number, level: number): Uint32Array {
  const base = pages.locate(page);
  const { u8, u16, u32 } = pages.view;
  const count = u16[(base + PAGE_COUNT) >> 1]!;
  if (u8[base + PAGE_LEVEL] !== level || count === 0 || count > MAX_INNER_ENTRIES) {
    throw damagedTree(page, `it is no inner page of level ${level}`);
  }
  const from = headsOf(base) + count;
  return u32.slice(from, from + count);
}
