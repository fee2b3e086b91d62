/**
 * The meta pages: where everything else is found.
 *
 * Pages 0 and 1 of `pages.000` are two slots; checkpoint N writes slot N mod 2, so that the state of checkpoint N - 1
 * stays whole while N is written. A slot holds the same 512-byte sector twice, at bytes 0 and 4096 of its page:
 *
 *     0        8         12          16            20          36           40          44        52
 *     ├────────┼─────────┼───────────┼─────────────┼───────────┼────────────┼───────────┼─────────┤
 *     │ magic  │ version │ page size │ pages a file│ id (16)   │ checkpoint │ page count│ commit  │
 *     ├────────┼─────────┼───────────┼─────────────┼───────────┼────────────┼───────────┼─────────┤
 *     52       56        60          68            72          76           80          84
 *     │ roots page │ roots height │ roots count (8) │ free page │ free bytes │ first segment │ extra length │ extra …
 *     … zeros …                                                                            508: crc32 of 0 to 508
 *
 * P10: a meta is written after the pages it leads to were synced, and is synced before anything it replaced is reused.
 * P11: each slot holds a valid sector at all times once both were written. A disk tears a write between sectors, so
 *      a torn slot has each sector either old or new: valid. Two damaged sectors in one slot are damage, and which
 *      checkpoint they held cannot be known: CORRUPT, instead of quietly going back to the other slot. (One damaged
 *      sector of the four is survived, and mended when the slot is next written.)
 *
 * Magic, version and the place of the checksum stay for ever, so that an older nacre can tell a newer file from a
 * damaged one.
 */
import { crc32 } from "node:zlib";
import { assert } from "../assert.ts";
import { highWord, joinWords, lowWord } from "../bytes.ts";
import { DbError } from "../errors.ts";
import type { Disk } from "./disk.ts";
import { getU32, PAGE_SIZE, putU32 } from "./page.ts";
import type { PageFile } from "./page-file.ts";

/**
 * Part of the format: raised by every change that an older nacre would misread. 2: a reference to an extent has an offset, and
 * there are packed pages and runs. 3: a text or blob in descending order ends with a byte more (sql/key.ts).
 */
export const FORMAT_VERSION = 3;
export const MAX_META_EXTRA_BYTES = 256;

export interface Meta {
  readonly formatVersion: number;
  /** 32 hexadecimal digits, drawn when the database was made. */
  readonly databaseId: string;
  readonly checkpoint: number;
  /** The last commit that the trees contain. */
  readonly commit: number;
  /** Pages in use or free: the files hold at least so many. */
  readonly pageCount: number;
  /** The root page of the tree of roots; 0: empty. */
  readonly rootsPage: number;
  readonly rootsHeight: number;
  readonly rootsCount: number;
  /** The overflow extent with the encoded FreeSpace; 0: nothing is free. */
  readonly freePage: number;
  readonly freeLengthBytes: number;
  /** The log segment with which recovery begins. */
  readonly firstSegment: number;
  /** For the layers above, at most 256 bytes. */
  readonly extra: Uint8Array;
}

const MAGIC = "NACREDB\n";
const SECTOR_BYTES = 512;
const CRC_OFFSET = SECTOR_BYTES - 4;
const SLOTS = 2;
/** Where a slot's two sectors begin: 4 KiB apart, so that not even a disk of 4 KiB sectors tears both. */
const COPY_OFFSETS: readonly number[] = [0, 4096];
/** Part of the format; never renumber. */
const VERSION = 8;
const PAGE_SIZE_BYTES = 12;
const PAGES_PER_FILE = 16;
const DATABASE_ID = 20;
const CHECKPOINT = 36;
const PAGE_COUNT = 40;
const COMMIT = 44;
const ROOTS_PAGE = 52;
const ROOTS_HEIGHT = 56;
const ROOTS_COUNT = 60;
const FREE_PAGE = 68;
const FREE_LENGTH = 72;
const FIRST_SEGMENT = 76;
const EXTRA_LENGTH = 80;
const EXTRA = 84;

/** The image of a slot's page. */
export function encodeMeta(meta: Meta, pagesPerFile: number): Uint8Array {
  assert(/^[0-9a-f]{32}$/.test(meta.databaseId), "a database id is 32 hexadecimal digits");
  assert(meta.extra.length <= MAX_META_EXTRA_BYTES, "the extra of a meta page fits its sector");
  const page = new Uint8Array(PAGE_SIZE);
  page.set(Buffer.from(MAGIC, "latin1"));
  page.set(Buffer.from(meta.databaseId, "hex"), DATABASE_ID);
  page.set(meta.extra, EXTRA);
  putU32(page, VERSION, meta.formatVersion);
  putU32(page, PAGE_SIZE_BYTES, PAGE_SIZE);
  putU32(page, PAGES_PER_FILE, pagesPerFile);
  putU32(page, CHECKPOINT, meta.checkpoint);
  putU32(page, PAGE_COUNT, meta.pageCount);
  putU32(page, COMMIT, lowWord(meta.commit));
  putU32(page, COMMIT + 4, highWord(meta.commit));
  putU32(page, ROOTS_PAGE, meta.rootsPage);
  putU32(page, ROOTS_HEIGHT, meta.rootsHeight);
  putU32(page, ROOTS_COUNT, lowWord(meta.rootsCount));
  putU32(page, ROOTS_COUNT + 4, highWord(meta.rootsCount));
  putU32(page, FREE_PAGE, meta.freePage);
  putU32(page, FREE_LENGTH, meta.freeLengthBytes);
  putU32(page, FIRST_SEGMENT, meta.firstSegment);
  putU32(page, EXTRA_LENGTH, meta.extra.length);
  putU32(page, CRC_OFFSET, crc32(page.subarray(0, CRC_OFFSET)));
  page.copyWithin(COPY_OFFSETS[1]!, 0, SECTOR_BYTES);
  return page;
}

/** Writes the slot of `meta.checkpoint`. Not on disk before `pages.sync()` (P10). */
export function writeMeta(pages: PageFile, meta: Meta): void {
  pages.writePages(encodeMeta(meta, pages.pagesPerFile), 0, meta.checkpoint % SLOTS, 1);
}

/** Makes `pages.000` with `meta` in both slots. On disk, and complete, or not there at all, whenever a crash comes. */
export function createPageFile(disk: Disk, meta: Meta, pagesPerFile = 131072): void {
  const temporary = "pages.000.new";
  if (disk.list().includes(temporary)) {
    disk.remove(temporary);
  }
  const page = encodeMeta(meta, pagesPerFile);
  const file = disk.open(temporary, "create");
  try {
    for (let slot = 0; slot < SLOTS; slot++) {
      file.write(page, 0, PAGE_SIZE, slot * PAGE_SIZE);
    }
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, "pages.000");
  disk.syncDirectory();
}

/**
 * The newest meta. Throws INVALID where there is no database, UNSUPPORTED for one of another format, CORRUPT for damage (P11)
 * and for page files shorter than the meta says.
 */
export function readMeta(pages: PageFile): Meta {
  pages.checkLength(SLOTS);
  const raw = new Uint8Array(SLOTS * PAGE_SIZE);
  pages.readExtent(0, raw.length, raw, 0);
  const slots = [readSlot(raw, 0), readSlot(raw, 1)];
  const newest = newestOf(slots.map((slot) => slot.meta));
  if (newest === undefined) {
    throw slots.some((slot) => slot.hasMagic)
      ? damagedMeta("none of its copies verifies", 0)
      : new DbError("INVALID", "this is not a nacre database: pages.000 begins with other bytes; check the path", {});
  }
  checkFormat(newest.formatVersion);
  for (const [index, slot] of slots.entries()) {
    if (slot.meta === undefined && !(slot.isBlank && newest.checkpoint < SLOTS)) {
      throw damagedMeta(`both copies in slot ${index} are damaged`, index);
    }
  }
  checkGeometry(newest, pages);
  pages.checkLength(newest.pageCount);
  return newest;
}

interface StoredMeta extends Meta {
  readonly pageSizeBytes: number;
  readonly pagesPerFile: number;
}

interface Slot {
  readonly meta: StoredMeta | undefined;
  readonly hasMagic: boolean;
  readonly isBlank: boolean;
}

function readSlot(raw: Uint8Array, slot: number): Slot {
  const starts = COPY_OFFSETS.map((offset) => slot * PAGE_SIZE + offset);
  return {
    meta: newestOf(starts.map((start) => decodeSector(raw.subarray(start, start + SECTOR_BYTES)))),
    hasMagic: starts.some((start) => hasMagicAt(raw, start)),
    isBlank: starts.every((start) => raw.subarray(start, start + SECTOR_BYTES).every((byte) => byte === 0)),
  };
}

function hasMagicAt(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < MAGIC.length; i++) {
    if (bytes[offset + i] !== MAGIC.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

function decodeSector(sector: Uint8Array): StoredMeta | undefined {
  if (!hasMagicAt(sector, 0) || crc32(sector.subarray(0, CRC_OFFSET)) !== getU32(sector, CRC_OFFSET)) {
    return undefined;
  }
  return {
    formatVersion: getU32(sector, VERSION),
    pageSizeBytes: getU32(sector, PAGE_SIZE_BYTES),
    pagesPerFile: getU32(sector, PAGES_PER_FILE),
    databaseId: Buffer.from(sector.subarray(DATABASE_ID, CHECKPOINT)).toString("hex"),
    checkpoint: getU32(sector, CHECKPOINT),
    commit: joinWords(getU32(sector, COMMIT), getU32(sector, COMMIT + 4)),
    pageCount: getU32(sector, PAGE_COUNT),
    rootsPage: getU32(sector, ROOTS_PAGE),
    rootsHeight: getU32(sector, ROOTS_HEIGHT),
    rootsCount: joinWords(getU32(sector, ROOTS_COUNT), getU32(sector, ROOTS_COUNT + 4)),
    freePage: getU32(sector, FREE_PAGE),
    freeLengthBytes: getU32(sector, FREE_LENGTH),
    firstSegment: getU32(sector, FIRST_SEGMENT),
    extra: sector.slice(EXTRA, EXTRA + Math.min(getU32(sector, EXTRA_LENGTH), MAX_META_EXTRA_BYTES)),
  };
}

function newestOf(metas: readonly (StoredMeta | undefined)[]): StoredMeta | undefined {
  let newest: StoredMeta | undefined;
  for (const meta of metas) {
    if (meta !== undefined && (newest === undefined || meta.checkpoint > newest.checkpoint)) {
      newest = meta;
    }
  }
  return newest;
}

function checkFormat(formatVersion: number): void {
  if (formatVersion === FORMAT_VERSION) {
    return;
  }
  const cure =
    formatVersion > FORMAT_VERSION
      ? "install a newer nacre"
      : "write it out with `nacre dump` of the version that made it, and read that in with `nacre load` of this one";
  throw new DbError(
    "UNSUPPORTED",
    `this database has format ${formatVersion}, this nacre reads format ${FORMAT_VERSION}; ${cure}`,
    { formatVersion, supported: FORMAT_VERSION },
  );
}

function checkGeometry(meta: StoredMeta, pages: PageFile): void {
  if (meta.pageSizeBytes !== PAGE_SIZE || meta.pagesPerFile !== pages.pagesPerFile) {
    throw new DbError(
      "UNSUPPORTED",
      `this database has pages of ${meta.pageSizeBytes} bytes, ${meta.pagesPerFile} a file; ` +
        `this nacre was to open ${PAGE_SIZE} and ${pages.pagesPerFile}`,
      { pageSizeBytes: meta.pageSizeBytes, pagesPerFile: meta.pagesPerFile },
    );
  }
}

function damagedMeta(why: string, slot: number): DbError {
  return new DbError("CORRUPT", `the meta pages of pages.000 are damaged: ${why}; restore from a backup`, {
    page: slot,
    file: "pages.000",
  });
}
