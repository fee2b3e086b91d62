/**
 * nacre/level: a nacre database with the interface of LevelDB's packages for Node (classic-level, level).
 *
 *     import { Level } from "nacre/level";
 *     const level = new Level("dir.nacre", { valueEncoding: "json" });
 *     await level.put("u:1", { name: "Ada" });
 *
 * It stands on the package abstract-level, which is installed beside nacre by those who use it.
 */
export {
  Level,
  type LevelBatchOperation,
  type LevelBatchOptions,
  type LevelChainedBatch,
  type LevelClearOptions,
  type LevelDelOptions,
  LevelError,
  type LevelIterator,
  type LevelKeyIterator,
  type LevelOpenOptions,
  type LevelOptions,
  type LevelPutOptions,
  type LevelSnapshot,
  type LevelTransaction,
  type LevelValueIterator,
  type LevelWithin,
  type LevelWriteOptions,
  type SharedLevelOptions,
} from "./level/index.ts";
