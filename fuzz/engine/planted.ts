/**
 * Bugs for the fuzzer to find, planted between the engine and its disk or into the objects of one open database.
 *
 *   "skip-log-sync"        a sync of the log does nothing
 *   "skip-data-sync"       the pages of a checkpoint are not synced before its meta page
 *   "skip-meta-sync"       the meta page is not synced before the log is recycled
 *   "lose-memtable"        readers lose a frozen memtable when a checkpoint is adopted
 *   "reuse-pinned-pages"   pages are reused although a snapshot reads them
 *   "forget-undo"          a rollback to a savepoint leaves what was written
 *   "miss-conflicts"       a commit does not look at what was committed meanwhile
 *   "skip-later-files"     of the page files only the first is ever synced
 *   "keep-stale-pages"     the database goes on with what it knows of pages that a checkpoint wrote
 *   "lose-wakeups"         a commit now and then wakes nobody who waits for it
 *   "unsynced-load"        the commit of a bulk load is not on disk before its pages count
 *   "unlocked-load"        a map can be written to while it is loaded
 *   "unseen-load"          transactions do not see that a map was loaded meanwhile
 *   "late-load"            what a load brings is taken for older than its commit
 *   "unpinned-backup"      the pages that a backup copies may be written to
 *   "lost-compaction"      a compaction moves nothing
 *   "cut-too-much"         the file is cut one page too short
 *   "trust-dead-worker"    a checkpoint whose worker died counts as one that changed nothing
 */
import type { CheckpointRunner, Database } from "../../src/mvcc/index.ts";
import type { Disk, DiskFile, OpenMode } from "../../src/pager/index.ts";

export const PLANTED: readonly string[] = [
  "skip-log-sync",
  "skip-data-sync",
  "skip-meta-sync",
  "lose-memtable",
  "reuse-pinned-pages",
  "forget-undo",
  "miss-conflicts",
  "skip-later-files",
  "keep-stale-pages",
  "lose-wakeups",
  "unsynced-load",
  "unlocked-load",
  "unseen-load",
  "late-load",
  "unpinned-backup",
  "lost-compaction",
  "cut-too-much",
  "trust-dead-worker",
];

/** Pages 0 and 1 are the meta pages. */
const META_END = 2 * 8192;

export function plantInDisk(disk: Disk, canary: string | undefined): Disk {
  if (canary === undefined || !canary.startsWith("skip-")) {
    return disk;
  }
  return {
    path: disk.path,
    worker: undefined,
    list: () => disk.list(),
    open: (name: string, mode: OpenMode) => plantInFile(disk.open(name, mode), canary),
    remove: (name) => disk.remove(name),
    rename: (from, to) => disk.rename(from, to),
    syncDirectory: () => disk.syncDirectory(),
    lock: (mode) => disk.lock(mode),
    unlock: () => disk.unlock(),
  };
}

function plantInFile(file: DiskFile, canary: string): DiskFile {
  let isMeta = false;
  const skips = () =>
    file.name.startsWith("wal") ? canary === "skip-log-sync" : skipsPages(file.name, isMeta, canary);
  return {
    name: file.name,
    read: (into, intoOffset, lengthBytes, position) => file.read(into, intoOffset, lengthBytes, position),
    write: (from, fromOffset, lengthBytes, position) => {
      isMeta = position < META_END && file.name === "pages.000";
      file.write(from, fromOffset, lengthBytes, position);
    },
    sync: () => {
      if (!skips()) {
        file.sync();
      }
    },
    syncSoon: async () => {
      if (!skips()) {
        await file.syncSoon();
      }
    },
    syncAhead: () => file.syncAhead(),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    sizeBytes: () => file.sizeBytes(),
    map: (lengthBytes) => file.map(lengthBytes),
    close: () => file.close(),
  };
}

function skipsPages(name: string, isMeta: boolean, canary: string): boolean {
  if (canary === "skip-later-files") {
    return /^pages\.\d+$/.test(name) && name !== "pages.000";
  }
  return canary === (isMeta ? "skip-meta-sync" : "skip-data-sync");
}

export function plantInDatabase({ store }: Database, canary: string | undefined): void {
  switch (canary) {
    case "lose-memtable":
      loseMemtable(store);
      break;
    case "reuse-pinned-pages":
      store.pins.pinnedCheckpoints = () => [store.state.checkpoint];
      break;
    case "forget-undo":
      store.writer.rewindTo = () => {};
      break;
    case "miss-conflicts":
      store.pins.memtablesAfter = () => [];
      break;
    case "keep-stale-pages":
      store.pages.forget = () => {};
      break;
    case "lose-wakeups":
      loseWakeups(store);
      break;
    case "unpinned-backup":
      unpinBackups(store);
      break;
    case "lost-compaction":
      store.checkpointer.relocate = async () => ({ end: 0, used: 0 });
      break;
    case "cut-too-much":
      cutTooMuch(store);
      break;
    default:
      plantInLoads(store, canary);
      break;
  }
}

function plantInLoads(store: Database["store"], canary: string | undefined): void {
  switch (canary) {
    case "unsynced-load":
      leaveLoadUnsynced(store);
      break;
    case "unlocked-load":
      store.writer.lockKeyspace = () => {};
      break;
    case "unseen-load":
      store.catalog.loadedAt = () => 0;
      break;
    case "late-load":
      Object.defineProperty(store.catalog, "lastLoad", { get: () => 0 });
      break;
    default:
      break;
  }
}

function leaveLoadUnsynced(store: Database["store"]): void {
  const commitLoad = store.commitLoad.bind(store);
  const sync = store.log.sync.bind(store.log);
  store.commitLoad = (info) => {
    store.log.sync = () => {};
    try {
      return commitLoad(info);
    } finally {
      store.log.sync = sync;
    }
  };
}

function unpinBackups(store: Database["store"]): void {
  const pinPages = store.pins.pinPages.bind(store.pins);
  store.pins.pinPages = () => {
    const pin = pinPages();
    store.pins.unpin(pin);
    return pin;
  };
}

function cutTooMuch(store: Database["store"]): void {
  const shrink = store.pages.shrink.bind(store.pages);
  store.pages.shrink = (pageCount) => shrink(pageCount < store.pages.pageCount ? pageCount - 1 : pageCount);
}

function loseWakeups(store: Database["store"]): void {
  const watch = store.watch.bind(store);
  store.watch = (watcher) =>
    watch((commit, writer) => {
      if (commit % 8 !== 0) {
        watcher(commit, writer);
      }
    });
}

export function plantInWorker(worker: CheckpointRunner, canary: string | undefined): CheckpointRunner {
  if (canary === "trust-dead-worker") {
    const take = worker.take.bind(worker);
    worker.take = () => {
      const outcome = take();
      return outcome === undefined || outcome.ok ? outcome : { ...outcome, isMetaUncertain: false };
    };
  }
  return worker;
}

/** The state that readers are given lacks its oldest frozen memtable whenever the checkpoint moved on. */
function loseMemtable(store: Database["store"]): void {
  let state = store.live.state;
  Object.defineProperty(store.live, "state", {
    get: () => state,
    set: (next: typeof state) => {
      const isAdoption = next.checkpoint !== state.checkpoint && next.memtables.length > 1;
      state = isAdoption ? Object.assign(Object.create(next), { memtables: next.memtables.slice(0, -1) }) : next;
    },
  });
}
