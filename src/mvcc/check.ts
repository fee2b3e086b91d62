/**
 * The whole-database checker: proves that what is on disk is one consistent database.
 *
 *   - every page of the file is reached exactly once: a meta page, a page of one tree, the list of free pages, or free (M2)
 *   - every tree is in order, its counts and checksums right (btree's `checkTree`)
 *   - every keyspace that has a tree is in the catalog
 *   - the number of entries in each tree is what its root says
 *
 * It works on a pinned state, beside running writers, a keyspace per turn of the event loop. The first thing that does not
 * hold is thrown as CORRUPT, with the page and the map.
 */
import { checkTree, type RootRecord } from "../btree/index.ts";
import { nextTurn } from "../clock.ts";
import { DbError } from "../errors.ts";
import { extentPages, type Meta } from "../pager/index.ts";
import { CATALOG_KEYSPACE, DEADLINE_KEYSPACE } from "./catalog.ts";
import { readFreeList } from "./free-list.ts";
import type { Store } from "./store.ts";

export interface CheckOptions {
  readonly signal?: AbortSignal;
  /** Told the share of the pages that was checked, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface CheckReport {
  readonly pages: number;
  readonly freePages: number;
  readonly trees: number;
  readonly entries: number;
  /** How full leaves are on the average, 0 to 1; 1 without any. */
  readonly leafFill: number;
  readonly commit: number;
}

const META_PAGES = 2;
const PAGES_PER_PROGRESS = 64;

/** Throws CORRUPT for the first thing that is not as it should be. */
export async function checkStore(store: Store, options: CheckOptions = {}): Promise<CheckReport> {
  store.checkOpen();
  const pin = store.pin(false);
  try {
    const meta = store.checkpointer.meta;
    const use = new PageUse(meta.pageCount);
    use.claim(0, META_PAGES, "the meta pages");
    const trees: [string, RootRecord][] = [
      ["the roots tree", { page: meta.rootsPage, height: meta.rootsHeight, count: meta.rootsCount }],
      ...[...pin.point.state.roots].map(([id, root]): [string, RootRecord] => [nameOf(store, id), root]),
    ];
    let entries = 0;
    let leaves = 0;
    let fill = 0;
    for (const [name, root] of trees) {
      options.signal?.throwIfAborted();
      const result = checkNamed(store, name, root, use, options);
      entries += result.entries;
      leaves += result.leaves;
      fill += result.leafFill * result.leaves;
      options.onProgress?.(use.share);
      await nextTurn();
    }
    const freePages = claimFree(store, meta, use);
    use.checkAll();
    options.onProgress?.(1);
    return {
      pages: meta.pageCount,
      freePages,
      trees: trees.length,
      entries,
      leafFill: leaves === 0 ? 1 : fill / leaves,
      commit: meta.commit,
    };
  } finally {
    store.unpin(pin);
  }
}

/** Checks one tree; what is wrong with it is thrown with the tree's name. */
function checkNamed(
  store: Store,
  name: string,
  root: RootRecord,
  use: PageUse,
  { onProgress }: CheckOptions,
): ReturnType<typeof checkTree> {
  let toldAt = use.claimed;
  try {
    return checkTree(store.pages, root, (first, count) => {
      use.claim(first, count, name);
      if (use.claimed >= toldAt + PAGES_PER_PROGRESS) {
        toldAt = use.claimed;
        onProgress?.(use.share);
      }
    });
  } catch (error) {
    if (!(error instanceof DbError) || error.code !== "CORRUPT" || error.message.startsWith(name)) {
      throw error;
    }
    throw new DbError("CORRUPT", `${name}: ${error.message}`, { ...error.facts, tree: name }, { cause: error });
  }
}

function nameOf(store: Store, id: number): string {
  if (id === CATALOG_KEYSPACE || id === DEADLINE_KEYSPACE) {
    return id === CATALOG_KEYSPACE ? "the catalog" : "the deadlines";
  }
  return `map ${store.catalog.byId(id)?.name ?? `number ${id}, which is dropped`}`;
}

function claimFree(store: Store, meta: Meta, use: PageUse): number {
  if (meta.freePage !== 0) {
    use.claim(meta.freePage, extentPages(meta.freeLengthBytes), "the list of free pages");
  }
  const free = readFreeList(store.pages, meta);
  let count = 0;
  for (const run of free.runs()) {
    if (run.first < meta.pageCount) {
      use.claim(run.first, Math.min(run.count, meta.pageCount - run.first), "free space");
      count += run.count;
    }
  }
  return count;
}

/** Who uses each page: a bit a page, and an error for the second claim. */
class PageUse {
  readonly #claimed: Uint8Array;
  claimed: number;

  constructor(pageCount: number) {
    this.#claimed = new Uint8Array(pageCount);
    this.claimed = 0;
  }

  claim(first: number, count: number, owner: string): void {
    for (let page = first; page < first + count; page++) {
      if (page >= this.#claimed.length || this.#claimed[page] !== 0) {
        const why = page >= this.#claimed.length ? "which is beyond the end" : "which something else uses too";
        throw new DbError("CORRUPT", `${owner} uses page ${page}, ${why}; restore the database from a backup`, {
          page,
        });
      }
      this.#claimed[page] = 1;
    }
    this.claimed += count;
  }

  get share(): number {
    return this.claimed / this.#claimed.length;
  }

  checkAll(): void {
    const lost = this.#claimed.indexOf(0);
    if (lost >= 0) {
      throw new DbError("CORRUPT", `page ${lost} is neither used nor free; restore the database from a backup`, {
        page: lost,
      });
    }
  }
}
