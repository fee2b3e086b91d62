/** The pages of a part, those of its tree and of its filter: given up, or copied to other places. */
import { copyTree, treePages } from "../btree/index.ts";
import type { PageAllocator, PageFile } from "../pager/index.ts";
import { copyFilter } from "./filter.ts";
import type { Part } from "./part.ts";
import type { PageFrees } from "./surroundings.ts";

/** All go to `frees`. */
export function* freePart(pages: PageFile, frees: PageFrees, { root, filter, birth }: Part): Generator<void, void> {
  for (const { first, count } of treePages(pages, root)) {
    frees.add(first, count, birth);
    yield;
  }
  if (filter.pageCount > 0) {
    frees.add(filter.page, filter.pageCount, birth);
  }
}

/** Whether one of them is `from`, or lies behind it. */
export function hasPagesFrom(pages: PageFile, { root, filter }: Part, from: number): boolean {
  if (filter.page + filter.pageCount > from) {
    return true;
  }
  for (const { first, count } of treePages(pages, root)) {
    if (first + count > from) {
      return true;
    }
  }
  return false;
}

/** The same part in pages from `allocator`. Yields once a leaf. */
export function* copyPart(pages: PageFile, allocator: PageAllocator, birth: number, part: Part): Generator<void, Part> {
  const root = yield* copyTree(pages, allocator, birth, part.root);
  return { ...part, root, filter: copyFilter(pages, allocator, birth, part.filter), birth };
}
