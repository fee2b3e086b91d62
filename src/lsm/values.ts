/**
 * Large values lie apart from the entries that refer to them, so that compactions copy references and not the values.
 *
 *     area, an extent of up to 1 MiB     ├ crc32 │ value ├ crc32 │ value ├ crc32 │ value ┤
 *                                                  ▲
 *     entry in a part    key ─▶ {page of the area, length, offset of the value}
 *
 * Nobody changes an area. When entries are dropped the manifest counts how much of it is still referred to (`liveBytes`);
 * with nothing left its pages are freed. Where less than half is, compactions that come across it move what is live to a
 * new area; where much of all areas is dead, the policy has parts rewritten for that alone.
 *
 * L4 The live bytes of an area are those of the values, with their checksums, that entries of parts refer to.
 */
import { crc32 } from "node:zlib";
import {
  EXTENT_HEADER_BYTES,
  extentPages,
  PAGE_SIZE,
  PART_CRC_BYTES,
  type PageAllocator,
  type PageFile,
  writeExtentAt,
} from "../pager/index.ts";
import type { ValueArea } from "./manifest.ts";

const AREA_PAGES = 128;

/** Where a value lies. */
export interface ValuePlace {
  readonly page: number;
  readonly offset: number;
}

/** Writes values one behind the other into areas of their own. */
export class ValueWriter {
  /** Areas that are complete. */
  readonly areas: ValueArea[];
  readonly #pages: PageFile;
  readonly #allocator: PageAllocator;
  readonly #birth: number;
  readonly #mostBytes: number;
  /** Of the next area: they grow, since nobody knows how many values come. */
  #areaBytes: number;
  #buffer: Uint8Array;
  #page: number;
  #fill: number;

  constructor(pages: PageFile, allocator: PageAllocator, birth: number) {
    this.areas = [];
    this.#pages = pages;
    this.#allocator = allocator;
    this.#birth = birth;
    const areaPages = Math.max(1, Math.min(AREA_PAGES, pages.pagesPerFile >> 1));
    this.#mostBytes = areaPages * PAGE_SIZE - EXTENT_HEADER_BYTES;
    this.#areaBytes = PAGE_SIZE - EXTENT_HEADER_BYTES;
    this.#buffer = EMPTY;
    this.#page = 0;
    this.#fill = 0;
  }

  /** Places a value; it can be read when `finish` has returned. */
  put(from: Uint8Array, offset: number, length: number): ValuePlace {
    const bytes = PART_CRC_BYTES + length;
    if (this.#page !== 0 && this.#fill + bytes > this.#buffer.length) {
      this.finish();
    }
    if (this.#page === 0) {
      this.#begin(bytes);
    }
    const at = this.#fill;
    const value = from.subarray(offset, offset + length);
    const crc = crc32(value);
    for (let i = 0; i < PART_CRC_BYTES; i++) {
      this.#buffer[at + i] = crc >>> (8 * i);
    }
    this.#buffer.set(value, at + PART_CRC_BYTES);
    this.#fill += bytes;
    return { page: this.#page, offset: at + PART_CRC_BYTES };
  }

  /** Writes the area under way. */
  finish(): void {
    if (this.#page === 0) {
      return;
    }
    const page = this.#page;
    const fill = this.#fill;
    writeExtentAt(this.#pages, page, this.#birth, this.#buffer, 0, fill);
    const used = extentPages(fill);
    const taken = extentPages(this.#buffer.length);
    if (used < taken) {
      this.#allocator.release(page + used, taken - used);
    }
    this.areas.push({ page, lengthBytes: fill, liveBytes: fill, birth: this.#birth });
    this.#page = 0;
    this.#fill = 0;
  }

  #begin(leastBytes: number): void {
    const pages = extentPages(Math.max(this.#areaBytes, leastBytes));
    const lengthBytes = pages * PAGE_SIZE - EXTENT_HEADER_BYTES;
    this.#areaBytes = Math.min(this.#mostBytes, 2 * pages * PAGE_SIZE - EXTENT_HEADER_BYTES);
    if (this.#buffer.length !== lengthBytes) {
      this.#buffer = new Uint8Array(lengthBytes);
    }
    this.#page = this.#allocator.allocateRun(extentPages(lengthBytes));
    this.#fill = 0;
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);
