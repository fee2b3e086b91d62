/** Where runs of a keyspace are written, and by which rules. */
import type { PageAllocator, PageFile } from "../pager/index.ts";
import type { Combine } from "./operands.ts";
import type { LsmSettings } from "./settings.ts";

export interface LsmSurroundings {
  readonly pages: PageFile;
  readonly allocator: PageAllocator;
  /** The checkpoint that is under way. */
  readonly birth: number;
  readonly settings: LsmSettings;
  /** Of a log segment, by which parts are measured. */
  readonly segmentBytes: number;
  /** The merge operator; undefined where there is none, or it is not known here. */
  readonly combine: Combine | undefined;
  /** Entries that ended before are dropped; ms since the epoch. */
  readonly expiredBefore: number;
}

/** Pages that the next manifest does not refer to. */
export interface PageFrees {
  add(firstPage: number, pageCount: number, birth: number): void;
}
