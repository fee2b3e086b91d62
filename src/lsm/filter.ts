/** Stub. */
import type { PageAllocator, PageFile } from "../pager/index.ts";

export interface FilterRecord {
  readonly page: number;
  readonly pageCount: number;
  readonly blocks: number;
  readonly probes: number;
}
export const NO_FILTER: FilterRecord = { page: 0, pageCount: 0, blocks: 0, probes: 0 };
export class FilterBuilder {
  add(_low: number, _high: number): void {}
  reset(): void {}
  write(_pages: PageFile, _allocator: PageAllocator, _birth: number, _bits: number): FilterRecord {
    return NO_FILTER;
  }
}
export class FilterReader {
  constructor(_pages: PageFile) {}
  mayContain(_record: FilterRecord, _low: number, _high: number): boolean {
    return true;
  }
}
export function checkFilter(_pages: PageFile, _filter: FilterRecord, _birth: number): void {}
