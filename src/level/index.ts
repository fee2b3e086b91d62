/** What `nacre/level` offers. */
export { LevelChainedBatch } from "./chained-batch.ts";
export { LevelError } from "./errors.ts";
export { LevelIterator, LevelKeyIterator, LevelValueIterator } from "./iterators.ts";
export { Level } from "./level.ts";
export type {
  LevelBatchOperation,
  LevelBatchOptions,
  LevelClearOptions,
  LevelDelOptions,
  LevelOpenOptions,
  LevelOptions,
  LevelPutOptions,
  LevelWriteOptions,
  SharedLevelOptions,
} from "./options.ts";
export { LevelSnapshot } from "./snapshot.ts";
export { type LevelTransaction, LevelWithin } from "./within.ts";
