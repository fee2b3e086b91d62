/** What the layers above may use of the B+tree. */
export { type ArenaIndexCheck, checkArenaIndex, checkArenaIndexSteps } from "./arena-check.ts";
export { ArenaCursor } from "./arena-cursor.ts";
export { ArenaIndex, type ArenaIndexTransfer } from "./arena-index.ts";
export { type BuildOptions, TreeBuilder } from "./builder.ts";
export type { CellPlaces } from "./cell-places.ts";
export { type CheckOptions, type CheckResult, checkTree, checkTreeSteps, type PageVisitor } from "./check.ts";
export { type Compression, isZstdAvailable } from "./compression.ts";
export { copyTree } from "./copy.ts";
export { countRange, rank } from "./counts.ts";
export { TreeCursor } from "./cursor.ts";
export { type TreeExtent, treeExtents } from "./extents.ts";
export type { Leaf, LeafFilter } from "./leaf.ts";
export {
  type AppliedEntry,
  BATCH_DELETE,
  BATCH_MERGE,
  BATCH_PUT,
  type BatchSource,
  type MergeOptions,
  type RelocatesExtent,
  TreeMerge,
} from "./merge.ts";
export {
  CELL_DELETE,
  CELL_MERGE,
  CELL_PUT,
  EXPIRY_BYTES,
  INFO_BYTES,
  INFO_EXPIRY,
  INFO_FLAGS,
  INFO_LENGTH,
  INFO_OVERFLOW,
  lowerHead,
  MAX_KEY_BYTES,
  MAX_VALUE_BYTES,
} from "./page.ts";
export { TreeReader } from "./reader.ts";
export { treePages } from "./tree-pages.ts";
export { EMPTY_ROOT, type FreedPages, type RootRecord } from "./writer.ts";
