/** All pages of a tree, for whoever gives up the tree as a whole: a dropped keyspace, a finished scratch tree. */
import { type Extent, extentBirth, extentPages, type PageFile } from "../pager/index.ts";
import { PageImage } from "./image.ts";
import type { RootRecord } from "./writer.ts";

export interface TreeExtent extends Extent {
  /** The checkpoint that wrote these pages. */
  readonly birth: number;
}

/** Pages and extents of the tree, each once, children before their parent. Reads every page: leaves name the extents. */
export function* treeExtents(pages: PageFile, root: RootRecord): Generator<TreeExtent, void> {
  if (root.page !== 0) {
    yield* pageExtents(pages, root.page, root.height - 1);
  }
}

function* pageExtents(pages: PageFile, page: number, level: number): Generator<TreeExtent, void> {
  const image = new PageImage(level);
  image.load(pages, page);
  for (let i = 0; i < image.count; i++) {
    if (level > 0) {
      yield* pageExtents(pages, image.children[i]!, level - 1);
      continue;
    }
    const first = image.extentOf(i);
    if (first !== 0 && image.extentOffset === 0) {
      yield { first, count: extentPages(image.extentLength), birth: extentBirth(pages, first) };
    }
  }
  yield { first: page, count: 1, birth: image.birth };
}
