/**
 * The checker of filters: proves of a filter what `FilterReader` trusts (F2, F3), and of a key that it is found (F1).
 *
 * The record and the pages may be anything, checksums being right; nothing is followed before it was looked at.
 */
import { DbError } from "../errors.ts";
import { getU32, PAGE_BIRTH, type PageFile } from "../pager/index.ts";
import { MAX_PROBES } from "./bloom-block.ts";
import { summedRate } from "./bloom-rate.ts";
import {
  BLOCKS_PER_PAGE,
  FILTER_BLOCKS,
  FILTER_FIRST_PAGE,
  FILTER_HEADER_BYTES,
  FILTER_KEYS,
  FILTER_KIND,
  FILTER_PAGE_COUNT,
  FILTER_PROBES,
  type FilterReader,
  type FilterRecord,
  KIND_FILTER,
} from "./filter.ts";

export interface FilterCheckOptions {
  /** Whether checksums are verified although they were since the file was opened; false unless given. */
  readonly again?: boolean;
}

export interface FilterCheckResult {
  /** Hashes that were added, those of prefixes included. */
  readonly keys: number;
  /** The share of absent keys that the filter lets through, counted from its bits; 1 where there is no filter. */
  readonly falsePositiveRate: number;
}

/** Told of the filter's pages. */
export type FilterVisitor = (firstPage: number, pageCount: number, birth: number) => void;

/** Throws CORRUPT { page, invariant } unless the filter is as it should be, written by checkpoint `birth`. */
export function checkFilter(
  pages: PageFile,
  record: FilterRecord,
  birth: number,
  onPages: FilterVisitor = () => {},
  options: FilterCheckOptions = {},
): FilterCheckResult {
  const steps = checkFilterSteps(pages, record, birth, onPages, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) {
      return value;
    }
  }
}

/** The same page by page, some 10 µs each. */
export function* checkFilterSteps(
  pages: PageFile,
  record: FilterRecord,
  birth: number,
  onPages: FilterVisitor = () => {},
  options: FilterCheckOptions = {},
): Generator<void, FilterCheckResult> {
  const { page, pageCount, blocks, probes } = record;
  checkRecord(pages, record);
  if (pageCount === 0) {
    return { keys: 0, falsePositiveRate: 1 };
  }
  onPages(page, pageCount, birth);
  let keys = 0;
  let rates = 0;
  for (let i = 0; i < pageCount; i++) {
    if (options.again) {
      pages.forget(page + i, 1);
    }
    const base = pages.locate(page + i);
    const { u8, u32 } = pages.view;
    const pageKeys = getU32(u8, base + FILTER_KEYS);
    checkHeader(u8, base, page + i, record, birth);
    prove(pageKeys > 0 && (i === 0 || pageKeys === keys), page + i, "F2", "it counts other keys than the first page");
    keys = pageKeys;
    rates += summedRate(u32, (base + FILTER_HEADER_BYTES) >>> 2, BLOCKS_PER_PAGE, probes);
    yield;
  }
  return { keys, falsePositiveRate: rates / blocks };
}

/** Throws CORRUPT { page, invariant } where the filter denies a hash that is known to have been added (F1). */
export function checkFiltered(filters: FilterReader, record: FilterRecord, low: number, high: number): void {
  if (!filters.mayContain(record, low, high)) {
    throw damagedFilter(record.page, "F1", "it denies a key that is there");
  }
}

function checkRecord(pages: PageFile, { page, pageCount, blocks, probes }: FilterRecord): void {
  if (pageCount === 0) {
    prove(
      page === 0 && blocks === 0 && probes === 0,
      page,
      "F3",
      "its record names no pages, but what would be in them",
    );
    return;
  }
  const end = page + pageCount;
  prove(page >= 2 && end <= pages.pageCount, page, "F2", `there are no pages ${page} to ${end - 1} in the file`);
  const isInOneFile = Math.floor(page / pages.pagesPerFile) === Math.floor((end - 1) / pages.pagesPerFile);
  prove(isInOneFile, page, "F2", "it goes on in the next page file");
  prove(blocks === pageCount * BLOCKS_PER_PAGE, page, "F3", `${pageCount} pages do not have ${blocks} blocks`);
  prove(probes >= 1 && probes <= MAX_PROBES, page, "F3", `it has ${probes} probes, not 1 to ${MAX_PROBES}`);
}

function checkHeader(u8: Uint8Array, base: number, page: number, record: FilterRecord, birth: number): void {
  prove(u8[base + FILTER_KIND] === KIND_FILTER, page, "F2", "expected a page of a filter there");
  prove(
    getU32(u8, base + PAGE_BIRTH) === birth,
    page,
    "F2",
    `it was not written by checkpoint ${birth}, as its part was`,
  );
  const isOfFilter =
    getU32(u8, base + FILTER_FIRST_PAGE) === record.page &&
    getU32(u8, base + FILTER_PAGE_COUNT) === record.pageCount &&
    getU32(u8, base + FILTER_BLOCKS) === record.blocks &&
    u8[base + FILTER_PROBES] === record.probes;
  prove(isOfFilter, page, "F2", `it is not of the filter at page ${record.page} that the part's record describes`);
  prove(isZero(u8, base + FILTER_PROBES + 1, base + FILTER_FIRST_PAGE), page, "F3", "unused bytes are not zero");
  prove(isZero(u8, base + FILTER_KEYS + 4, base + FILTER_HEADER_BYTES), page, "F3", "unused bytes are not zero");
}

function isZero(u8: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (u8[at] !== 0) {
      return false;
    }
  }
  return true;
}

function prove(holds: boolean, page: number, invariant: string, why: string): void {
  if (!holds) {
    throw damagedFilter(page, invariant, why);
  }
}

function damagedFilter(page: number, invariant: string, why: string): DbError {
  return new DbError("CORRUPT", `filter page ${page} is damaged: ${why} (${invariant}); restore from a backup`, {
    page,
    invariant,
  });
}
