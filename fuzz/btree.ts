/**
 * Random merges into a page tree, beside a sorted list: batches of every size and mix, awkward keys, values from nothing
 * to extents, deletes and operands, values in extents of somebody else's, relocation, merges given up halfway. After each merge every page is accounted for, the old tree is read
 * once more, and the checker walks the new one; at the end of a round every kind of search is compared.
 *
 * One round in four builds trees with packed leaves instead, one in the pages of the other: they are not merged into.
 *
 * Canaries are planted around the tree, not in it: what the tree is given, or gives back, goes wrong.
 *
 *   lost-operation   the batch drops one operation (a merge that forgets a key)
 *   lost-split       a page that was written does not reach the file (a split whose right half is lost)
 *   early-reuse      a page of the old tree is handed out while the merge still runs
 *   leaked-page      a page is taken and never used
 *   stale-leaf       a page is written over, and what was unpacked from it stays
 */

import {
  type BatchSource,
  CELL_DELETE,
  CELL_MERGE,
  CELL_PUT,
  type CheckOptions,
  checkTree,
  isZstdAvailable,
} from "../src/btree/index.ts";
import type { PageAllocator } from "../src/pager/index.ts";
import { type Rng, seededRng } from "../src/random.ts";
import { below, keySource, operationSource, packedPuts, partEntries } from "../test/btree/random-entries.ts";
import { ArrayBatch, applyToModel, type Operation, sortedBatch, TreeModel } from "../test/btree/tree-model.ts";
import { temporaryDirectory } from "../test/support/temporary-directory.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const MERGES = 8;
const ALL_CELLS: CheckOptions = { kinds: [CELL_PUT, CELL_DELETE, CELL_MERGE], onReference() {} };

export const btreeFuzzer: Fuzzer = {
  name: "btree",
  canaries: ["lost-operation", "lost-split", "early-reuse", "leaked-page", "stale-leaf"],
  run(rng: Rng, options: FuzzOptions): void {
    using directory = temporaryDirectory();
    using tree = new FuzzedTree(rng, options, directory.path);
    if (below(rng, 4) === 0) {
      packTwice(rng, tree);
      return;
    }
    const draw = operationSource(rng);
    if (below(rng, 4) === 0) {
      const puts = sortedBatch(Array.from({ length: below(rng, 2000) }, () => draw(0, [])));
      tree.build(below(rng, 2) === 0 ? applyToModel([], puts) : partEntries(rng, tree, puts));
      tree.checkExtents();
    }
    for (let merge = 0; merge < MERGES; merge++) {
      mergeOnce(rng, tree, draw);
    }
    askEverything(rng, tree);
  },
};

function packTwice(rng: Rng, tree: FuzzedTree): void {
  const compression = isZstdAvailable() && below(rng, 2) === 0 ? "zstd" : "deflate";
  for (let round = 0; round < 2; round++) {
    const puts = packedPuts(rng, 3000);
    tree.build(below(rng, 2) === 0 ? applyToModel([], puts) : partEntries(rng, tree, puts), 1, compression);
    tree.check();
    tree.checkExtents();
    askEverything(rng, tree);
    tree.drop();
  }
}

function mergeOnce(rng: Rng, tree: FuzzedTree, draw: ReturnType<typeof operationSource>): void {
  const pool = tree.entries.map((entry) => entry.key);
  const deletes = [0, 20, 50, 95, 100][below(rng, 5)]!;
  const size = [0, 1, 5, 50, 500, 2500][below(rng, 6)]!;
  const batch = sortedBatch(Array.from({ length: size }, () => draw(deletes, pool)));
  if (below(rng, 4) === 0) {
    const abandoned = tree.startMerge(new ArrayBatch(batch));
    for (let steps = below(rng, 20); steps > 0 && !abandoned.step(); steps--) {}
    tree.abandon(abandoned);
  }
  const relocateFrom = below(rng, 3) === 0 ? 2 + below(rng, tree.free.pageCount) : Number.POSITIVE_INFINITY;
  const relocatesExtent = [undefined, () => true, () => below(rng, 2) === 0][below(rng, 3)];
  tree.merge(batch, { relocateFrom, relocatesExtent, relocatePages: 1 + below(rng, 50) }, tree.source(batch));
  tree.check();
}

function askEverything(rng: Rng, tree: FuzzedTree): void {
  const { reading, entries } = tree;
  const other = keySource(rng);
  const key = (): Uint8Array =>
    entries.length > 0 && below(rng, 2) === 0 ? entries[below(rng, entries.length)]!.key : other();
  reading.compareScan();
  for (let i = 0; i < 100; i++) {
    reading.compareKey(key());
    reading.compareRange(key(), key());
    const steps = Array.from({ length: below(rng, 100) }, () => below(rng, 3) > 0);
    reading.compareWalk(below(rng, entries.length + 2) - 1, steps);
  }
}

/** The tree of the model, with a bug in what surrounds it if a canary asks for one. */
class FuzzedTree extends TreeModel {
  readonly #canary: string | undefined;
  readonly #rng: Rng;

  constructor(rng: Rng, options: FuzzOptions, directory: string) {
    super(options.backend === "memory" ? { backend: "memory" } : { backend: options.backend, directory });
    this.#canary = options.canary;
    this.#rng = seededRng(rng.next());
    if (this.#canary === "lost-split") {
      this.#loseWrites();
    }
    if (this.#canary === "stale-leaf") {
      this.pages.forget = () => {};
    }
  }

  source(batch: readonly Operation[]): BatchSource {
    if (this.#canary !== "lost-operation" || batch.length === 0) {
      return new ArrayBatch(batch);
    }
    const lost = below(this.#rng, batch.length);
    return new ArrayBatch(batch.filter((_, index) => index !== lost));
  }

  override allocator(): PageAllocator {
    const { free } = this;
    if (this.#canary === "leaked-page") {
      free.allocate();
    }
    if (this.#canary !== "early-reuse" || this.root.page === 0) {
      return free;
    }
    const inUse: number[] = [];
    checkTree(this.pages, this.root, (first) => inUse.push(first), ALL_CELLS);
    const stolen = inUse[below(this.#rng, inUse.length)]!;
    let isStolen = false;
    return {
      allocate: () => {
        const page = isStolen ? free.allocate() : stolen;
        isStolen = true;
        return page;
      },
      allocateRun: (count) => free.allocateRun(count),
      release: (first, count) => free.release(first, count),
    };
  }

  /** Of one write in eight the last page stays what it was. */
  #loseWrites(): void {
    const { pages } = this;
    const write = pages.writePages.bind(pages);
    pages.writePages = (from, fromOffset, firstPage, count) => {
      const isLost = count > 1 && below(this.#rng, 8) === 0;
      write(from, fromOffset, firstPage, isLost ? count - 1 : count);
    };
  }
}
