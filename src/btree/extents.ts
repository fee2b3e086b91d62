/** All pages of a tree, for whoever gives up the tree as a whole: a dropped keyspace, a finished scratch tree. */
import { type Extent, extentBirth, extentPages, type PageFile } from "../pager/index.ts";
import { PageImage } from "./image.ts";
import { packedLeavesOf } from "./packed-page.ts";
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
  const parts = level === 0 ? packedLeavesOf(pages, page) : 0;
  if (parts === 0) {
    image.load(pages, page);
  }
  for (let part = 1; part <= parts; part++) {
    image.loadPart(pages, page, part);
    yield* valueExtents(pages, image);
  }
  if (level > 0) {
    for (const child of image.children.subarray(0, image.count)) {
      yield* pageExtents(pages, child, level - 1);
    }
  } else if (parts === 0) {
    yield* valueExtents(pages, image);
  }
  yield { first: page, count: 1, birth: image.birth };
}

/** The extents of its own that a leaf refers to. */
function* valueExtents(pages: PageFile, image: PageImage): Generator<TreeExtent, void> {
  for (let i = 0; i < image.count; i++) {
    const first = image.extentOf(i);
    if (first !== 0 && image.extentOffset === 0) {
      yield { first, count: extentPages(image.extentLength), birth: extentBirth(pages, first) };
    }
  }
}
