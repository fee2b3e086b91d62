/** What other layers may use of the log. */
export { Log, MAX_OVERSIZED_BYTES } from "./log.ts";
export { checkSegmentBytes, DEFAULT_SEGMENT_BYTES, type LogOptions, type LogStats } from "./log-options.ts";
export type { LogReader } from "./log-reader.ts";
export * from "./op.ts";
export {
  firstOp,
  type LogBytes,
  RECORD_HEADER_BYTES,
  recordCommit,
  recordDurableCommit,
  recordFlags,
  recordLength,
  recordOpCount,
  recordTime,
} from "./record.ts";
export { Segment } from "./segment.ts";
export { SEGMENT_HEADER_BYTES } from "./segment-header.ts";
export { SPARES_AT_REST } from "./spare-arenas.ts";
