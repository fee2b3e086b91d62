/** What the layers above may use of the LSM engine. */
export { checkRunsSteps } from "./check.ts";
export { type BegunCompaction, beginCompaction, endCompaction, freeRuns, relocateRuns } from "./compaction.ts";
export { flushRun, withRun } from "./flush.ts";
export {
  DEEPEST_LEVEL,
  LEVELS,
  Manifest,
  type ManifestEntry,
  type ManifestTransfer,
  type PlacedPart,
  partFor,
  type Run,
} from "./manifest.ts";
export { type MergedParts, type MergeTask, mergeParts } from "./merged-parts.ts";
export {
  beginsWithValue,
  type Combine,
  decodeItems,
  encodeItems,
  type Folded,
  OPERAND_HEADER_BYTES,
  Operands,
  operandDepth,
  setOperandDepth,
  writeOperandHeader,
} from "./operands.ts";
export { decodePart, encodePart, type Part } from "./part.ts";
export { PartWriter } from "./part-writer.ts";
export {
  chooseCompaction,
  compactionDebt,
  isOverfull,
  levelSizes,
  type PolicySettings,
  partBytesFor,
  policyFor,
} from "./policy.ts";
export { PrefixFilter } from "./prefix-filter.ts";
export { coveringDelete, isBelow, type RangeDelete, uniteDeletes } from "./range-deletes.ts";
export { NOT_FOUND, RunReader, SearchCounts } from "./reader.ts";
export { RunCursor } from "./run-cursor.ts";
export {
  type CompactionStyle,
  type Compression,
  checkLsmSettings,
  DEFAULT_LSM_SETTINGS,
  type LsmSettings,
} from "./settings.ts";
export { type LevelShape, type RunsShape, shapeOf } from "./shape.ts";
export type { LsmSurroundings, PageFrees } from "./surroundings.ts";
