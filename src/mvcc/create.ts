/** Makes a database where there is none. */
import { DbError } from "../errors.ts";
import {
  createPageFile,
  type Disk,
  encodeMeta,
  FORMAT_VERSION,
  type Meta,
  PAGE_SIZE,
  PageFile,
} from "../pager/index.ts";
import type { Rng } from "../random.ts";
import type { Seams, StoreOptions } from "./options.ts";

/** The meta pages of a new database; pages of data begin after them. */
const FIRST_PAGES = 2;
const FIRST_SEGMENT = 1;

/** The page file, with a meta in it. Throws INVALID where the directory is something else, or where nothing is to be made. */
export function openPages(seams: Seams, options: StoreOptions): PageFile {
  if (options.backend === "memory") {
    const pages = PageFile.open(seams.disk, options);
    for (let slot = 0; slot < FIRST_PAGES; slot++) {
      pages.writePages(encodeMeta(firstMeta(seams.rng), pages.pagesPerFile), 0, slot, 1);
    }
    return pages;
  }
  createIfMissing(seams, options);
  return PageFile.open(seams.disk, options);
}

/** What may lie where there is no database yet: a lock, and what an earlier attempt left behind. */
const LEFT_BEHIND: readonly string[] = ["LOCK", "LOCK.guard", "pages.000.new"];
/** A file of a statement that a process has left in the moment between making it and taking its name away. */
const OF_A_STATEMENT = /^spill\.\d+$/;
const PART_OF_A_DATABASE = /^(pages|wal|spare|unfinished)\.\d+$/;

/** Whether a file of that name is nacre's, locks apart. */
export function isPartOfDatabase(name: string): boolean {
  return PART_OF_A_DATABASE.test(name) || (isLeftBehind(name) && !name.startsWith("LOCK"));
}

function isLeftBehind(name: string): boolean {
  return LEFT_BEHIND.includes(name) || OF_A_STATEMENT.test(name);
}

/** Throws INVALID where the directory holds something else. For before the lock is taken, which writes into it. */
export function checkNotForeign(disk: Disk): void {
  const names = disk.list();
  const isOwn = names.some((name) => PART_OF_A_DATABASE.test(name));
  const foreign = names.filter((name) => !isLeftBehind(name));
  if (!isOwn && foreign.length > 0) {
    throw new DbError(
      "INVALID",
      `${disk.path} is not a nacre database: it holds ${foreign.slice(0, 3).join(", ")} and no pages.000; ` +
        "give the path of a database, or of a new directory",
      { path: disk.path },
    );
  }
}

function createIfMissing({ disk, rng }: Seams, options: StoreOptions): void {
  const names = disk.list();
  if (names.includes("pages.000")) {
    for (const name of options.readOnly ? [] : names.filter((other) => OF_A_STATEMENT.test(other))) {
      disk.remove(name);
    }
    return;
  }
  if (names.some((name) => name.startsWith("unfinished."))) {
    throw new DbError(
      "INVALID",
      `${disk.path} holds a backup that was not finished; remove the directory and make the backup again`,
      { path: disk.path },
    );
  }
  const part = names.find((name) => PART_OF_A_DATABASE.test(name));
  if (part !== undefined) {
    throw new DbError(
      "CORRUPT",
      `pages.000 is missing from ${disk.path}, though ${part} is there; put it back, or restore from a backup`,
      { path: disk.path, file: "pages.000" },
    );
  }
  if (!options.create || options.readOnly) {
    throw new DbError("INVALID", `there is no database at ${disk.path}; open it with create to make one`, {
      path: disk.path,
    });
  }
  createPageFile(disk, firstMeta(rng), options.fileBytes / PAGE_SIZE);
}

function firstMeta(rng: Rng): Meta {
  return {
    formatVersion: FORMAT_VERSION,
    databaseId: [0, 0, 0, 0].map(() => rng.next().toString(16).padStart(8, "0")).join(""),
    checkpoint: 0,
    commit: 0,
    pageCount: FIRST_PAGES,
    rootsPage: 0,
    rootsHeight: 0,
    rootsCount: 0,
    freePage: 0,
    freeLengthBytes: 0,
    firstSegment: FIRST_SEGMENT,
    extra: new Uint8Array(0),
  };
}
