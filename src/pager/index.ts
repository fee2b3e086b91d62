/** What the layers above may use of the pager. */
export { type Disk, type DiskFile, type LockMode, type OpenMode, openUnnamed } from "./disk.ts";
export { type DirectoryOptions, openDirectory, openTemporaryFile } from "./disk-directory.ts";
export { MemoryDisk } from "./disk-memory.ts";
export {
  checkExtent,
  checkExtentSteps,
  EXTENT_HEADER_BYTES,
  extentBirth,
  extentPages,
  PART_CRC_BYTES,
  readExtent,
  readExtentPart,
  readValue,
  writeExtent,
  writeExtentAt,
} from "./extent.ts";
export { type Extent, FreeSpace, type FreeSpaceTransfer, type PageAllocator } from "./free-space.ts";
export { newBlock, newSharedBlock } from "./huge-pages.ts";
export {
  createPageFile,
  encodeMeta,
  FORMAT_VERSION,
  MAX_META_EXTRA_BYTES,
  type Meta,
  readMeta,
  writeMeta,
} from "./meta.ts";
export {
  getU32,
  isSealed,
  PAGE_BIRTH,
  PAGE_CRC,
  PAGE_NUMBER,
  PAGE_SHIFT,
  PAGE_SIZE,
  type PageView,
  putU32,
  sealPage,
  viewOf,
} from "./page.ts";
export { type Backend, PageFile, type PageFileOptions, type PageFileStats, type Unpack } from "./page-file.ts";
export { type PendingFree, PendingFrees } from "./pending-frees.ts";
