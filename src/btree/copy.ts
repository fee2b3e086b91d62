/**
 * A tree that was built in one go, copied page by page to other places: nothing is decoded, packed leaves stay packed, and only
 * the numbers of pages are written anew.
 */
import { PAGE_BIRTH, PAGE_SIZE, type PageAllocator, type PageFile, type PageView } from "../pager/index.ts";
import { headsOf, PAGE_COUNT } from "./page.ts";
import { type PageImage, PageRun } from "./page-run.ts";
import { childrenOf } from "./tree-pages.ts";
import type { RootRecord } from "./writer.ts";

/** Yields once a leaf. The pages that it was in stay as they are. */
export function* copyTree(
  pages: PageFile,
  allocator: PageAllocator,
  birth: number,
  root: RootRecord,
): Generator<void, RootRecord> {
  if (root.page === 0) {
    return root;
  }
  const copy = new TreeCopy(pages, allocator, birth);
  const page = yield* copy.below(root.page, root.height - 1);
  copy.finish();
  return { ...root, page };
}

class TreeCopy implements PageImage {
  readonly #pages: PageFile;
  readonly #run: PageRun;
  /** Of the page that is being copied, and what its children's numbers are now; undefined: it has none. */
  #page: number;
  #children: Uint32Array | undefined;

  constructor(pages: PageFile, allocator: PageAllocator, birth: number) {
    this.#pages = pages;
    this.#run = new PageRun(pages, allocator, birth);
    this.#page = 0;
    this.#children = undefined;
  }

  /** The number that `page` has got, with everything below it. */
  *below(page: number, level: number): Generator<void, number> {
    let children: Uint32Array | undefined;
    if (level > 0) {
      children = childrenOf(this.#pages, page, level);
      for (let i = 0; i < children.length; i++) {
        children[i] = yield* this.below(children[i]!, level - 1);
      }
    } else {
      yield;
    }
    this.#page = page;
    this.#children = children;
    return this.#run.put(this);
  }

  encode(into: PageView, base: number, birth: number): void {
    const from = this.#pages.locate(this.#page);
    into.u8.set(this.#pages.view.u8.subarray(from, from + PAGE_SIZE), base);
    into.u32[(base + PAGE_BIRTH) >> 2] = birth;
    if (this.#children !== undefined) {
      into.u32.set(this.#children, headsOf(base) + into.u16[(base + PAGE_COUNT) >> 1]!);
    }
  }

  finish(): void {
    this.#run.flush();
  }
}
