/**
 * The checker of a keyspace's runs: proves what reading and compacting rely on.
 *
 *   - every part's tree is in order (btree's `checkTree`), and its own entries lie between its bounds (L2)
 *   - its filter knows every key of its tree (F1), and its records say what is there
 *   - range deletes ascend without overlaps, within the part's bounds
 *   - every value that an entry refers to is whole, and the areas' live bytes are those that are referred to (L4)
 */
import {
  CELL_DELETE,
  CELL_MERGE,
  CELL_PUT,
  type CheckOptions,
  type CheckResult,
  checkTreeSteps,
  type PageVisitor,
} from "../btree/index.ts";
import { DbError } from "../errors.ts";
import { checkExtentSteps, extentPages, PART_CRC_BYTES, type PageFile, readExtentPart } from "../pager/index.ts";
import { FilterReader } from "./filter.ts";
import { checkFiltered, checkFilterSteps } from "./filter-check.ts";
import { KeyHash } from "./hash.ts";
import type { Manifest, Run } from "./manifest.ts";
import type { Part } from "./part.ts";
import { isBelow } from "./range-deletes.ts";
import { RunReader, SearchCounts } from "./reader.ts";
import { RunCursor } from "./run-cursor.ts";

export interface RunsCheckOptions {
  /** Told of every page and extent, once each. */
  readonly onPage: PageVisitor;
  /** Told of every entry that has a deadline and was not replaced; `key` is good during the call. */
  readonly onDeadline: (key: Uint8Array, keyLength: number, expiry: number) => void;
}

/** What there may be in a part. */
const PART_CHECK: CheckOptions = {
  again: true,
  kinds: [CELL_PUT, CELL_DELETE, CELL_MERGE],
  // Those of entries that were not swept away are followed below.
  onReference() {},
};
const ENTRIES_A_STEP = 256;

/** One result for each part that has a tree. Throws CORRUPT for the first thing that does not hold. */
export function* checkRunsSteps(
  pages: PageFile,
  manifest: Manifest,
  options: RunsCheckOptions,
): Generator<void, CheckResult[]> {
  const results: CheckResult[] = [];
  const live = new Map<number, number>();
  for (const run of manifest.runs) {
    for (const part of run.parts) {
      if (part.root.page !== 0) {
        results.push(yield* checkTreeSteps(pages, part.root, options.onPage, PART_CHECK));
      }
      yield* new PartCheck(pages, manifest, run, part, options, live).steps();
    }
  }
  for (const area of manifest.areas.values()) {
    options.onPage(area.page, extentPages(area.lengthBytes), area.birth);
    yield* checkExtentSteps(pages, area.page, area.lengthBytes);
    if (area.liveBytes !== (live.get(area.page) ?? 0)) {
      throw new DbError(
        "CORRUPT",
        `L4: of the value area at page ${area.page} ${live.get(area.page) ?? 0} bytes are in use, where its record says ` +
          `${area.liveBytes}; restore from a backup`,
        { page: area.page },
      );
    }
  }
  return results;
}

class PartCheck {
  readonly #pages: PageFile;
  readonly #manifest: Manifest;
  readonly #run: Run;
  readonly #part: Part;
  readonly #options: RunsCheckOptions;
  /** Bytes of areas that are referred to, by the areas' first pages. */
  readonly #live: Map<number, number>;
  readonly #hash: KeyHash;
  readonly #filters: FilterReader;
  readonly #newest: RunReader;

  constructor(
    pages: PageFile,
    manifest: Manifest,
    run: Run,
    part: Part,
    options: RunsCheckOptions,
    live: Map<number, number>,
  ) {
    this.#pages = pages;
    this.#manifest = manifest;
    this.#run = run;
    this.#part = part;
    this.#options = options;
    this.#live = live;
    this.#hash = new KeyHash();
    this.#filters = new FilterReader(pages);
    this.#newest = new RunReader(pages, new SearchCounts());
  }

  *steps(): Generator<void, void> {
    const { filter, birth } = this.#part;
    this.#checkRangeDeletes();
    yield* checkFilterSteps(this.#pages, filter, birth, this.#options.onPage, { again: true });
    const cursor = new RunCursor(this.#pages);
    cursor.openTree(this.#part.root.page);
    let deletes = 0;
    let entries = 0;
    for (let found = cursor.first(); found; found = cursor.next()) {
      cursor.loadKey();
      deletes += cursor.tree.kind === CELL_DELETE ? 1 : 0;
      entries++;
      this.#checkEntry(cursor);
      if (entries % ENTRIES_A_STEP === 0) {
        yield;
      }
    }
    if (deletes !== this.#part.deletes || entries !== this.#part.root.count) {
      throw this.#damaged(`has ${entries} entries, ${deletes} of them deletes`);
    }
  }

  #checkEntry({ key, keyLength, tree }: RunCursor): void {
    const { lower, upper, isCut, filter } = this.#part;
    this.#hash.of(key, 0, keyLength);
    checkFiltered(this.#filters, filter, this.#hash.low, this.#hash.high);
    if (isBelow(key, 0, keyLength, lower)) {
      if (!isCut) {
        throw this.#damaged(`has a key below its bounds (L2): ${hex(key, keyLength)}`);
      }
      return;
    }
    if (!isBelow(key, 0, keyLength, upper)) {
      throw this.#damaged(`has a key above its bounds (L2): ${hex(key, keyLength)}`);
    }
    if (tree.expiry !== 0 && this.#isCurrent(key, keyLength, tree.expiry)) {
      this.#options.onDeadline(key, keyLength, tree.expiry);
    }
    if (tree.isOverflow) {
      this.#checkReference(tree.overflowPage, tree.overflowOffset, tree.valueLength);
    }
  }

  /** Whether no newer run says otherwise of the entry: of one that is replaced nothing else is kept. */
  #isCurrent(key: Uint8Array, keyLength: number, expiry: number): boolean {
    return this.#newest.find(this.#manifest, key, 0, keyLength) === CELL_PUT && this.#newest.tree.expiry === expiry;
  }

  #checkReference(page: number, offset: number, length: number): void {
    const area = this.#manifest.areas.get(page);
    if (area === undefined || offset < PART_CRC_BYTES || offset + length > area.lengthBytes) {
      throw this.#damaged(`refers to ${length} bytes at ${offset} of a value area at page ${page}, and there is none`);
    }
    readExtentPart(this.#pages, page, offset, length, new Uint8Array(length), 0);
    this.#live.set(page, (this.#live.get(page) ?? 0) + PART_CRC_BYTES + length);
  }

  #checkRangeDeletes(): void {
    const { lower, upper, rangeDeletes } = this.#part;
    let end: Uint8Array | undefined = lower;
    for (const range of rangeDeletes) {
      const ascends = end !== undefined && Buffer.compare(end, range.lower) <= 0;
      const isWithin = upper === undefined || (range.upper !== undefined && Buffer.compare(range.upper, upper) <= 0);
      if (!ascends || !isWithin || (range.upper !== undefined && Buffer.compare(range.lower, range.upper) >= 0)) {
        throw this.#damaged("has range deletes out of order, or beyond its bounds (L2)");
      }
      end = range.upper;
    }
  }

  #damaged(what: string): DbError {
    const { id, root } = this.#part;
    return new DbError("CORRUPT", `part ${id} of run ${this.#run.number} ${what}; restore from a backup`, {
      page: root.page,
      part: id,
      run: this.#run.number,
    });
  }
}

function hex(key: Uint8Array, length: number): string {
  return Buffer.from(key.subarray(0, length)).toString("hex");
}
