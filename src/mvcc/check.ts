/**
 * The whole-database checker: proves that what is on disk is one consistent database, and what is in memory its index.
 *
 *   - every page of the file is reached exactly once: a meta page, a page of one tree, the list of free pages, or free (M2)
 *   - every tree is in order, its counts and checksums right (btree's `checkTree`), its size what its root says
 *   - every keyspace that has a tree is in the catalog of the same version
 *   - every entry with a deadline has the note that will end it (M8)
 *   - the index of every memtable leads to the operations of its segment, in order (btree's `checkArenaIndex`)
 *
 * It works on pinned pages, beside running writers, a few hundred microseconds between two turns of the event loop. What is
 * in the log alone is checked as far as memory goes: its records were verified when they were read or written. The first
 * thing that does not hold is thrown as CORRUPT, with the page and the map.
 */
import {
  ArenaIndex,
  CELL_MERGE,
  CELL_PUT,
  type CheckResult,
  checkArenaIndexSteps,
  checkTreeSteps,
  MAX_KEY_BYTES,
  type RootRecord,
  TreeCursor,
  TreeReader,
} from "../btree/index.ts";
import { nextTurn } from "../clock.ts";
import { DbError } from "../errors.ts";
import { checkRunsSteps, type Manifest } from "../lsm/index.ts";
import { extentPages, type Meta } from "../pager/index.ts";
import { CATALOG_KEYSPACE, Catalog, DEADLINE_KEYSPACE } from "./catalog.ts";
import { encodeNoteKey } from "./deadlines.ts";
import { readFreeList } from "./free-list.ts";
import type { Memtable } from "./memtable.ts";
import type { ReadState } from "./read-state.ts";
import { rootOf } from "./roots.ts";
import type { Store } from "./store.ts";

export interface CheckOptions {
  /** Ends it; the signal's reason is thrown. */
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
/** Leaves checked between two turns of the event loop: 5 µs each, or 50 where they have to be read first. */
const STEPS_A_TURN = 64;

/** Throws CORRUPT for the first thing that is not as it should be. */
export async function checkStore(store: Store, options: CheckOptions = {}): Promise<CheckReport> {
  store.checkOpen();
  const turns = new Turns(store, options.signal);
  await checkMemtables(store, turns);
  const pin = store.pins.pinPages();
  try {
    return await new PagesCheck(store, pin.point.state, turns, options).run();
  } finally {
    store.unpin(pin);
  }
}

/** Runs steps, and lets others have their turn every so many of them. */
class Turns {
  readonly #store: Store;
  readonly #signal: AbortSignal | undefined;
  #left: number;

  constructor(store: Store, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#signal = signal;
    this.#left = STEPS_A_TURN;
    signal?.throwIfAborted();
  }

  async run<T>(steps: Generator<void, T>, afterTurn: () => void): Promise<T> {
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        return value;
      }
      if (--this.#left === 0) {
        this.#left = STEPS_A_TURN;
        await nextTurn();
        this.#signal?.throwIfAborted();
        this.#store.checkOpen();
        afterTurn();
      }
    }
  }
}

/** A pin keeps the memtables as they are, unless it ends: then they are no longer this check's business. */
async function checkMemtables(store: Store, turns: Turns): Promise<void> {
  const pin = store.pin(false);
  try {
    for (const memtable of pin.point.state.memtables) {
      const index = memtable === store.active ? copyOf(memtable) : memtable.index;
      await turns.run(
        untilEnded(checkArenaIndexSteps(index), () => pin.point.ended !== undefined),
        () => {},
      );
    }
  } finally {
    store.unpin(pin);
  }
}

function* untilEnded<T>(steps: Generator<void, T>, hasEnded: () => boolean): Generator<void, void> {
  while (!hasEnded() && !steps.next().done) {
    yield;
  }
}

/** The active memtable's index goes on changing: its nodes as they are now (a few ms), over an arena that only grows. */
function copyOf({ segment, index }: Memtable): ArenaIndex {
  const { nodes, trees } = index.toTransfer();
  return ArenaIndex.fromTransfer(segment.u8, segment.u32, { nodes: nodes.slice(0, index.memoryBytes), trees });
}

class PagesCheck {
  readonly #store: Store;
  readonly #meta: Meta;
  readonly #state: ReadState;
  readonly #turns: Turns;
  readonly #options: CheckOptions;
  readonly #use: PageUse;
  /** As it is in pages: behind the live one, and in step with the trees. */
  readonly #catalog: Catalog;
  readonly #reader: TreeReader;
  readonly #noteKey: Uint8Array;

  constructor(store: Store, state: ReadState, turns: Turns, options: CheckOptions) {
    this.#store = store;
    this.#meta = store.checkpointer.meta;
    this.#state = state;
    this.#turns = turns;
    this.#options = options;
    this.#use = new PageUse(this.#meta.pageCount);
    this.#catalog = new Catalog();
    this.#reader = new TreeReader(store.pages);
    this.#noteKey = new Uint8Array(2 * MAX_KEY_BYTES);
  }

  async run(): Promise<CheckReport> {
    const meta = this.#meta;
    this.#use.claim(0, META_PAGES, "the meta pages");
    const rootsRoot = { page: meta.rootsPage, height: meta.rootsHeight, count: meta.rootsCount };
    const results = [await this.#checkTree("the roots tree", rootsRoot, undefined)];
    for (const [id, root] of [...this.#state.trees].sort(([a], [b]) => a - b)) {
      results.push(await this.#checkTree(this.#nameOf(id), root, id));
      if (id === CATALOG_KEYSPACE) {
        this.#loadCatalog(root);
      }
    }
    for (const [id, manifest] of [...this.#state.manifests].sort(([a], [b]) => a - b)) {
      results.push(...(await this.#checkRuns(id, manifest)));
    }
    const freePages = this.#claimFree();
    this.#use.checkAll();
    this.#options.onProgress?.(1);
    const leaves = results.reduce((sum, result) => sum + result.leaves, 0);
    const fill = results.reduce((sum, result) => sum + result.leafFill * result.leaves, 0);
    return {
      pages: meta.pageCount,
      freePages,
      trees: results.length,
      entries: results.reduce((sum, result) => sum + result.entries, 0),
      leafFill: leaves === 0 ? 1 : fill / leaves,
      commit: meta.commit,
    };
  }

  async #checkTree(name: string, root: RootRecord, keyspace: number | undefined): Promise<CheckResult> {
    const steps = checkTreeSteps(this.#store.pages, root, (first, count) => this.#use.claim(first, count, name), {
      again: true,
      kinds: [CELL_PUT, CELL_MERGE],
      onDeadline: (key, keyLength, expiry) => this.#checkNote(name, keyspace, key, keyLength, expiry),
    });
    return await this.#run(name, steps);
  }

  async #checkRuns(keyspace: number, manifest: Manifest): Promise<CheckResult[]> {
    const name = this.#nameOf(keyspace);
    const steps = checkRunsSteps(this.#store.pages, manifest, {
      onPage: (first, count) => this.#use.claim(first, count, name),
      onDeadline: (key, keyLength, expiry) => this.#checkNote(name, keyspace, key, keyLength, expiry),
    });
    return await this.#run(name, steps);
  }

  /** What is wrong is thrown with the name of what was looked at. */
  async #run<T>(name: string, steps: Generator<void, T>): Promise<T> {
    try {
      return await this.#turns.run(steps, () => this.#options.onProgress?.(this.#use.share));
    } catch (error) {
      if (!(error instanceof DbError) || error.code !== "CORRUPT" || error.message.startsWith(name)) {
        throw error;
      }
      throw new DbError("CORRUPT", `${name}: ${error.message}`, { ...error.facts, tree: name }, { cause: error });
    }
  }

  #checkNote(name: string, keyspace: number | undefined, key: Uint8Array, keyLength: number, expiry: number): void {
    const notes = rootOf(this.#state.roots, DEADLINE_KEYSPACE);
    const length = keyspace === undefined ? 0 : encodeNoteKey(this.#noteKey, 0, keyspace, expiry, key, keyLength);
    if (length === 0 || !this.#reader.find(notes.page, this.#noteKey, 0, length)) {
      throw new DbError(
        "CORRUPT",
        `${name} holds an entry that ends at ${expiry}, and no note that it does; restore the database from a backup`,
        { key: Buffer.from(key.subarray(0, keyLength)).toString("hex"), expiry },
      );
    }
  }

  #loadCatalog(root: RootRecord): void {
    const cursor = new TreeCursor(this.#store.pages);
    const key = new Uint8Array(MAX_KEY_BYTES);
    cursor.open(root.page);
    for (let found = cursor.first(); found; found = cursor.next()) {
      const length = cursor.copyKey(key, 0);
      this.#catalog.load(
        key.slice(0, length),
        cursor.u8.slice(cursor.valueOffset, cursor.valueOffset + cursor.valueLength),
      );
    }
  }

  /** Throws CORRUPT for a tree that no keyspace has. */
  #nameOf(id: number): string {
    if (id === CATALOG_KEYSPACE || id === DEADLINE_KEYSPACE) {
      return id === CATALOG_KEYSPACE ? "the catalog" : "the deadlines";
    }
    const info = this.#catalog.byId(id);
    if (info === undefined && id >= this.#catalog.newFrom) {
      return `map number ${id}, which is newer than the catalog in pages`;
    }
    if (info === undefined) {
      throw new DbError("CORRUPT", `there is a tree of a map number ${id}, and no such map; restore from a backup`, {
        keyspace: id,
        page: rootOf(this.#state.roots, id).page,
      });
    }
    return `map ${info.name}`;
  }

  #claimFree(): number {
    const { freePage, freeLengthBytes } = this.#meta;
    if (freePage !== 0) {
      this.#use.claim(freePage, extentPages(freeLengthBytes), "the list of free pages");
    }
    let count = 0;
    for (const run of readFreeList(this.#store.pages, this.#meta).runs()) {
      this.#use.claim(run.first, run.count, "free space");
      count += run.count;
    }
    return count;
  }
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
