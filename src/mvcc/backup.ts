/**
 * A backup: a copy of the page file as one checkpoint left it, made while the database is written to.
 *
 *     checkpoint ─▶ pin its pages ─▶ copy the pages in use, verified on the way ─▶ sync ─▶ both metas, sync ─▶ rename
 *
 * Nothing has to stand still for it: pages that the pinned meta reaches are never written again while it is pinned (M2,
 * M3), so they can be copied at any speed. What is free in that version is left out, as holes. The log is not copied: the
 * checkpoint that comes first has moved every commit made before the call into pages.
 *
 * The copy is a database like any other, with the same commit number, checkpoint number and database id: it is the same
 * database at an earlier moment, not a new one. Whoever writes to both has two histories under one id.
 *
 * Until it is complete its files are called `unfinished.000`, …; only then do they get their names, `pages.000` last. A
 * directory that a crash left behind therefore opens as a whole backup, or is refused with INVALID.
 */
import { assert } from "../assert.ts";
import { type Clock, nextTurn } from "../clock.ts";
import { DbError } from "../errors.ts";
import {
  type Disk,
  type DiskFile,
  type Extent,
  encodeMeta,
  type Meta,
  openDirectory,
  PAGE_SIZE,
} from "../pager/index.ts";
import { readFreeList } from "./free-list.ts";
import { PageVerifier } from "./page-verifier.ts";
import type { Store } from "./store.ts";

export interface CopyProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface BackupOptions {
  /** Ends the copying; what was copied is removed and the signal's reason thrown. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
  /** The most that is copied in a second, on the average; no bound unless given. */
  readonly bytesPerSecond?: number;
}

export interface BackupResult {
  /** The last commit that the copy holds. */
  readonly commit: number;
  /** Bytes copied; the copy's files may be longer, by holes where pages are free. */
  readonly bytes: number;
  /** Pages copied, the two meta pages included. */
  readonly pages: number;
}

const META_PAGES = 2;
/** Copied between two turns of the event loop: about a millisecond's work. */
const CHUNK_PAGES = 128;
/** With a bound on the rate, chunks are small enough that there are so many of them in a second. */
const CHUNKS_PER_SECOND = 20;
/** Synced in the background as it goes, so that the last sync is a short one. */
const SYNC_EVERY_BYTES = 64 * 1024 * 1024;
const MAX_SLEEP_MS = 60_000;

/** Copies the database to `path`: a new directory, or one with nothing in it. Throws INVALID, CORRUPT, IO, FULL. */
export async function backup(store: Store, path: string, options: BackupOptions = {}): Promise<BackupResult> {
  store.checkOpen();
  return await backupTo(store, openTarget(path), options);
}

/** The directory to copy into. Throws INVALID where something is in it. */
export function openTarget(path: string): Disk {
  if (typeof path !== "string" || path.length === 0 || path === ":memory:") {
    throw new DbError("INVALID", "a copy needs the path of a new or empty directory");
  }
  const target = openDirectory(path, { create: true, readOnly: false });
  checkEmpty(target);
  return target;
}

/** The same onto any disk. */
export async function backupTo(store: Store, target: Disk, options: BackupOptions = {}): Promise<BackupResult> {
  const { bytesPerSecond, signal } = options;
  if (bytesPerSecond !== undefined && !(bytesPerSecond > 0)) {
    throw new DbError("INVALID", "the option bytesPerSecond is a number above 0", { bytesPerSecond });
  }
  signal?.throwIfAborted();
  checkEmpty(target);
  target.lock("exclusive");
  try {
    checkEmpty(target);
    do {
      await moveLogToPages(store, signal);
      // A load that ended meanwhile is in pages before its commit is: the copy would be more than any commit.
    } while (store.checkpointer.meta.commit < store.catalog.lastLoad);
    const pin = store.pins.pinPages();
    try {
      const isOfMeta = pin.point.state.checkpoint === store.checkpointer.meta.checkpoint;
      assert(isOfMeta, "M3: the pinned pages are those of the meta that is copied");
      return await new PageCopy(store, target, options).run();
    } finally {
      store.unpin(pin);
    }
  } finally {
    target.unlock();
  }
}

function checkEmpty(target: Disk): void {
  const found = target.list().filter((name) => !name.startsWith("LOCK"));
  if (found.length > 0) {
    throw new DbError(
      "INVALID",
      `${target.path} is not empty: it holds ${found.slice(0, 3).join(", ")}; give the path of a new directory`,
      { path: target.path },
    );
  }
}

/** A handle that only reads cannot checkpoint: what it copies must be all in pages already. */
async function moveLogToPages(store: Store, signal: AbortSignal | undefined): Promise<void> {
  if (!store.options.readOnly) {
    await store.checkpoint(signal);
  } else if (store.lastCommit !== store.checkpointer.meta.commit) {
    throw new DbError(
      "READONLY",
      `${store.disk.path} has commits in its log that are not in pages yet; open it once without readOnly`,
      { path: store.disk.path, commit: store.lastCommit, inPages: store.checkpointer.meta.commit },
    );
  }
}

class PageCopy {
  readonly #store: Store;
  readonly #target: Disk;
  readonly #options: BackupOptions;
  readonly #clock: Clock;
  readonly #meta: Meta;
  readonly #runs: readonly Extent[];
  readonly #pages: number;
  readonly #chunk: Uint8Array;
  readonly #startMs: number;
  #files: DiskFile[];
  #doneBytes: number;
  #unsyncedBytes: number;

  constructor(store: Store, target: Disk, options: BackupOptions) {
    this.#store = store;
    this.#target = target;
    this.#options = options;
    this.#clock = store.clock;
    this.#meta = store.checkpointer.meta;
    this.#runs = usedRuns(store, this.#meta);
    this.#pages = META_PAGES + this.#runs.reduce((sum, run) => sum + run.count, 0);
    this.#chunk = new Uint8Array(chunkPages(options.bytesPerSecond) * PAGE_SIZE);
    this.#startMs = this.#clock.now();
    this.#files = [];
    this.#doneBytes = 0;
    this.#unsyncedBytes = 0;
  }

  async run(): Promise<BackupResult> {
    try {
      this.#createFiles();
      const verifier = new PageVerifier();
      for (const run of this.#runs) {
        await this.#copyRun(run, verifier);
      }
      await this.#syncFiles();
      this.#writeMetas();
      await this.#syncFiles();
      this.#giveNames();
    } catch (error) {
      this.#removeFiles();
      throw error;
    }
    return { commit: this.#meta.commit, bytes: this.#pages * PAGE_SIZE, pages: this.#pages };
  }

  /** At their full size from the beginning: all that is not written stays a hole. */
  #createFiles(): void {
    const { pagesPerFile } = this.#store.pages;
    for (let first = 0; first < this.#meta.pageCount; first += pagesPerFile) {
      const file = this.#target.open(nameOf("unfinished", this.#files.length), "create");
      this.#files.push(file);
      file.truncate(Math.min(pagesPerFile, this.#meta.pageCount - first) * PAGE_SIZE);
    }
  }

  async #copyRun(run: Extent, verifier: PageVerifier): Promise<void> {
    const { pagesPerFile } = this.#store.pages;
    const end = run.first + run.count;
    for (let page = run.first; page < end; ) {
      const fileEnd = (Math.floor(page / pagesPerFile) + 1) * pagesPerFile;
      const count = Math.min(this.#chunk.length / PAGE_SIZE, end - page, fileEnd - page);
      this.#store.pages.readExtent(page, count * PAGE_SIZE, this.#chunk, 0);
      verifier.verify(this.#chunk, page, count, Math.min(end, fileEnd));
      this.#write(page, count);
      page += count;
      await this.#breathe();
    }
  }

  #write(page: number, count: number): void {
    const { pagesPerFile } = this.#store.pages;
    const file = this.#files[Math.floor(page / pagesPerFile)]!;
    file.write(this.#chunk, 0, count * PAGE_SIZE, (page % pagesPerFile) * PAGE_SIZE);
    this.#doneBytes += count * PAGE_SIZE;
    this.#unsyncedBytes += count * PAGE_SIZE;
  }

  /** Reports, lets others have their turn, keeps to the rate; throws where the copy is to end. */
  async #breathe(): Promise<void> {
    const { onProgress, signal, bytesPerSecond } = this.#options;
    onProgress?.({ doneBytes: this.#doneBytes, totalBytes: this.#pages * PAGE_SIZE });
    if (this.#unsyncedBytes >= SYNC_EVERY_BYTES) {
      await this.#syncFiles();
    }
    await nextTurn();
    if (bytesPerSecond !== undefined) {
      await this.#sleepUntil(this.#startMs + (this.#doneBytes / bytesPerSecond) * 1000);
    }
    signal?.throwIfAborted();
    this.#store.checkOpen();
  }

  async #sleepUntil(dueMs: number): Promise<void> {
    const { signal } = this.#options;
    for (let leftMs = dueMs - this.#clock.now(); leftMs > 0; leftMs = dueMs - this.#clock.now()) {
      signal?.throwIfAborted();
      await sleep(this.#clock, Math.min(leftMs, MAX_SLEEP_MS), signal);
      this.#store.checkOpen();
    }
  }

  async #syncFiles(): Promise<void> {
    this.#unsyncedBytes = 0;
    for (const file of this.#files) {
      await file.syncSoon();
    }
  }

  /** The pinned meta in both slots: there is no earlier version in the copy to go back to. */
  #writeMetas(): void {
    const image = encodeMeta(this.#meta, this.#store.pages.pagesPerFile);
    for (let slot = 0; slot < META_PAGES; slot++) {
      this.#files[0]!.write(image, 0, PAGE_SIZE, slot * PAGE_SIZE);
    }
    this.#doneBytes += META_PAGES * PAGE_SIZE;
    this.#options.onProgress?.({ doneBytes: this.#doneBytes, totalBytes: this.#pages * PAGE_SIZE });
  }

  /** `pages.000` gets its name when all others have theirs on disk. */
  #giveNames(): void {
    this.#options.signal?.throwIfAborted();
    this.#target.syncDirectory();
    for (let index = this.#files.length - 1; index >= 0; index--) {
      this.#files[index]!.close();
      if (index === 0) {
        this.#target.syncDirectory();
      }
      this.#target.rename(nameOf("unfinished", index), nameOf("pages", index));
    }
    this.#target.syncDirectory();
  }

  /** Makes the directory empty again, as far as that can be done: the error that led here is the one to tell. */
  #removeFiles(): void {
    for (const file of this.#files.splice(0)) {
      attempt(() => file.close());
    }
    attempt(() => {
      for (const name of this.#target.list().filter((found) => /^(unfinished|pages)\.\d+$/.test(found))) {
        attempt(() => this.#target.remove(name));
      }
    });
  }
}

/** What `meta` reaches, in ascending order and without the meta pages. */
function usedRuns(store: Store, meta: Meta): Extent[] {
  const used: Extent[] = [];
  let first = META_PAGES;
  for (const free of readFreeList(store.pages, meta).runs()) {
    if (free.first > first) {
      used.push({ first, count: free.first - first });
    }
    first = free.first + free.count;
  }
  if (first < meta.pageCount) {
    used.push({ first, count: meta.pageCount - first });
  }
  return used;
}

function chunkPages(bytesPerSecond: number | undefined): number {
  const most = bytesPerSecond === undefined ? CHUNK_PAGES : bytesPerSecond / CHUNKS_PER_SECOND / PAGE_SIZE;
  return Math.max(1, Math.min(CHUNK_PAGES, Math.floor(most)));
}

function nameOf(kind: "unfinished" | "pages", index: number): string {
  return `${kind}.${String(index).padStart(3, "0")}`;
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // Cleaning up after a failure: what stays behind is named so that nobody takes it for a database.
  }
}

function sleep(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(delayMs, end, true);
    signal?.addEventListener("abort", end, { once: true });
    function end(): void {
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    }
  });
}
