/**
 * Where an execution stands between two calls of the compiled function: the scan that it reads, and how many rows are
 * still to be left out or given out. A result that is read row by row is made a batch at a time.
 */
import type { BatchScan } from "../storage.ts";

export class Cursor {
  /** Open until the rows are through; whoever made the cursor closes it. */
  scan: BatchScan | undefined;
  isDone: boolean;
  /** Rows still to be left out (OFFSET). */
  skip: number;
  /** Rows still to be given out (LIMIT). */
  left: number;

  constructor() {
    this.scan = undefined;
    this.isDone = false;
    this.skip = 0;
    this.left = Number.POSITIVE_INFINITY;
  }

  /** Ready for a new execution that gives out `left` rows at the most. */
  begin(left: number): void {
    this.scan = undefined;
    this.isDone = false;
    this.skip = 0;
    this.left = left;
  }

  close(): void {
    this.scan?.close();
    this.scan = undefined;
  }
}
