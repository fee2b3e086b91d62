/**
 * Where an execution stands: the scans that it reads, what it has worked out once and keeps, and how many rows are still to be
 * left out or given out. A result that is read row by row is made a batch at a time, and goes on from here.
 */
import { MovingRange } from "../../mvcc/index.ts";
import { type BatchScan, type KeyspaceReader, NO_END } from "../storage.ts";

/** The first bytes of an array, as a scan keeps them; undefined for NO_END of them. */
export function copyOfEnd(bytes: Uint8Array, length: number): Uint8Array | undefined {
  return length === NO_END ? undefined : bytes.slice(0, length);
}

export class Cursor {
  /** One for each place where a statement scans, until the execution ends; whoever made the cursor closes them. */
  readonly scans: (BatchScan | undefined)[];
  /** Those of the execution before, to be used again. */
  readonly #ended: (BatchScan | undefined)[];
  /** What each place scans, or has scanned. */
  readonly #ranges: MovingRange[];
  /** What queries have given that depend on nothing around them. */
  readonly kept: unknown[];
  /** Rows still to be left out (OFFSET). */
  skip: number;
  /** Rows still to be given out (LIMIT). */
  left: number;

  constructor() {
    this.scans = [];
    this.#ended = [];
    this.#ranges = [];
    this.kept = [];
    this.skip = 0;
    this.left = Number.POSITIVE_INFINITY;
  }

  /** Ready for a new execution that gives out `left` rows at the most. */
  begin(left: number): void {
    this.skip = 0;
    this.left = left;
  }

  /** The scan at its place, in a range whose ends are the first bytes of two arrays (NO_END of them: open). */
  open(
    place: number,
    reader: KeyspaceReader,
    keyspace: number,
    lower: Uint8Array,
    lowerLength: number,
    upper: Uint8Array,
    upperLength: number,
    reverse: boolean,
  ): BatchScan {
    const open = this.scans[place];
    if (open !== undefined) {
      open.move(lower, lowerLength, upper, upperLength);
      return open;
    }
    while (this.#ranges.length <= place) {
      this.#ranges.push(new MovingRange());
    }
    const range = this.#ranges[place]!;
    range.set(lower, lowerLength, upper, upperLength);
    const scan = reader.scan(keyspace, range.lower, range.upper, reverse, this.#ended[place]);
    this.scans[place] = scan;
    return scan;
  }

  close(): void {
    const { scans, kept } = this;
    for (let place = 0; place < scans.length; place++) {
      const scan = scans[place];
      scan?.close();
      this.#ended[place] = scan ?? this.#ended[place];
    }
    // Setting a length takes 40 ns, be it the one that it has.
    if (scans.length > 0) {
      scans.length = 0;
    }
    if (kept.length > 0) {
      kept.length = 0;
    }
  }
}
