/**
 * The checker of packed pages as such (B10): header, directory, and that everything lies back to back with zeros behind. The
 * leaves in them, unpacked, are checked as leaves are (check.ts).
 *
 * Its input may be hostile, as that of check.ts; it works on a copy of the page.
 */
import { compareBytes } from "../bytes.ts";
import { getU32, PAGE_BIRTH, PAGE_SIZE, type PageFile, type PageView, viewOf } from "../pager/index.ts";
import {
  DIRECTORY_ENTRY_BYTES,
  damagedPack,
  directoryEntry,
  LEAF_CODEC,
  LEAF_ENTRIES,
  PAYLOAD_LENGTH,
  PAYLOAD_OFFSET,
  packedLeaves,
  SEPARATOR_LENGTH,
  SEPARATOR_OFFSET,
} from "./packed-page.ts";
import {
  MAX_KEY_BYTES,
  PAGE_COUNT,
  PAGE_HEADER_BYTES,
  PAGE_LEVEL,
  PAGE_PREFIX_LENGTH,
  PAGE_PREFIX_START,
} from "./page.ts";

export class PackedCheck {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  page: number;
  birth: number;
  /** Entries of all leaves, as the header says. */
  entries: number;
  leaves: number;
  /** How much of the page is used. */
  sizeBytes: number;
  readonly #view: PageView;

  constructor() {
    this.#view = viewOf(new ArrayBuffer(PAGE_SIZE), 0, PAGE_SIZE);
    this.u8 = this.#view.u8;
    this.u16 = this.#view.u16;
    this.page = 0;
    this.birth = 0;
    this.entries = 0;
    this.leaves = 0;
    this.sizeBytes = 0;
  }

  /** Copies the packed page `page`, and throws CORRUPT unless all but its payloads is as it should be. */
  load(pages: PageFile, page: number): void {
    const base = pages.locate(page);
    this.u8.set(pages.view.u8.subarray(base, base + PAGE_SIZE));
    this.page = page;
    this.birth = getU32(this.u8, PAGE_BIRTH);
    this.entries = this.u16[PAGE_COUNT >> 1]!;
    this.leaves = packedLeaves(this.#view, 0);
    const { u8, u16 } = this;
    const isHeader = u8[PAGE_LEVEL] === 0 && u16[PAGE_PREFIX_LENGTH >> 1] === 0 && getU32(u8, PAGE_PREFIX_START) === 0;
    this.#prove(isHeader && this.leaves > 1, "its header is not that of packed leaves");
    this.sizeBytes = this.#checkDirectory();
    for (let i = this.sizeBytes; i < PAGE_SIZE; i++) {
      if (u8[i] !== 0) {
        throw damagedPack(page, `something lies at byte ${i}, behind its payloads`);
      }
    }
  }

  /** Copies the separator of a leaf; returns its length. */
  copySeparator(part: number, into: Uint8Array): number {
    const offset = this.#field(part, SEPARATOR_OFFSET);
    const length = this.#field(part, SEPARATOR_LENGTH);
    into.set(this.u8.subarray(offset, offset + length));
    return length;
  }

  entriesOf(part: number): number {
    return this.#field(part, LEAF_ENTRIES);
  }

  /** Returns where the last payload ends. */
  #checkDirectory(): number {
    const { u8, leaves } = this;
    let separator = PAGE_HEADER_BYTES + DIRECTORY_ENTRY_BYTES * leaves;
    let entries = 0;
    for (let part = 1; part <= leaves; part++) {
      const offset = this.#field(part, SEPARATOR_OFFSET);
      const length = this.#field(part, SEPARATOR_LENGTH);
      const isPlaced = offset === separator && length <= MAX_KEY_BYTES && offset + length <= PAGE_SIZE;
      this.#prove(isPlaced, `separator ${part - 1} is not behind the one before`);
      this.#prove(part > 1 || length === 0, "leaf 0 has a separator");
      this.#prove(u8[directoryEntry(0, part) + LEAF_CODEC + 1] === 0, `the directory's entry ${part - 1} is damaged`);
      if (part > 1) {
        const before = this.#field(part - 1, SEPARATOR_OFFSET);
        const beforeLength = this.#field(part - 1, SEPARATOR_LENGTH);
        const ascends = compareBytes(u8, before, beforeLength, u8, offset, length) < 0;
        this.#prove(ascends, `separator ${part - 1} is not above the one before`);
      }
      separator += length;
      entries += this.entriesOf(part);
    }
    this.#prove(entries === this.entries, `its leaves have ${entries} entries, not ${this.entries}`);
    let payload = separator;
    for (let part = 1; part <= leaves; part++) {
      const length = this.#field(part, PAYLOAD_LENGTH);
      const isPlaced = this.#field(part, PAYLOAD_OFFSET) === payload && payload + length <= PAGE_SIZE;
      this.#prove(isPlaced, `payload ${part - 1} is not behind the one before`);
      payload += length;
    }
    return payload;
  }

  #field(part: number, field: number): number {
    return this.u16[(directoryEntry(0, part) + field) >> 1]!;
  }

  #prove(holds: boolean, why: string): void {
    if (!holds) {
      throw damagedPack(this.page, why);
    }
  }
}
