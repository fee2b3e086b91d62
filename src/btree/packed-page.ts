/**
 * A packed page: several leaves in one page, compressed.
 *
 *     0            24                  24 + 14n                                                       8192
 *     ├────────────┼───────────────────┼──────────────┼───────────┼───────────┼─ … ─┼────────────────┤
 *     │ header     │ directory: n × 14 │ separators … │ payload 1 │ payload 2 │     │ zeros          │
 *     └────────────┴───────────────────┴──────────────┴───────────┴───────────┴─ … ─┴────────────────┘
 *
 *   header     kind 3, level 0; count: entries of all its leaves; where a leaf has its cells' start: n, 2 to 15
 *   directory  u16 payload offset │ u16 payload length │ u16 stream length │ u16 entries │ u16 separator offset
 *              │ u16 separator length │ u8 codec │ u8 0
 *
 * A separator is at most the first key of its leaf and greater than every key of the leaf before; the first one is empty, the
 * page's own separator, in its parent, counts. A payload is a leaf's stream (leaf-stream.ts), compressed (compression.ts).
 *
 * Leaf i is part i + 1 of its page: `locatePart` with `unpackLeaf` gives it out as an ordinary leaf in a frame of the cache,
 * for everything that reads leaves. So a position in a tree is page, part and slot; part 0 is a plain leaf.
 *
 * B10: leaves of a packed page follow each other in key order, as if each were a page of its own; directory, separators and
 *      payloads lie back to back in that order, and zeros behind them; a payload expands to just the stream that the
 *      directory says, and that to just the entries.
 *
 * Nothing here relies on B10: offsets are checked before they are followed.
 */
import { compareBytes } from "../bytes.ts";
import type { DbError } from "../errors.ts";
import { PAGE_BIRTH, PAGE_NUMBER, PAGE_SIZE, type PageFile, type PageView } from "../pager/index.ts";
import { expand } from "./compression.ts";
import { damagedTree } from "./damaged-tree.ts";
import { decodeLeaf } from "./leaf-stream.ts";
import { KIND_PACKED, PAGE_CELLS_START, PAGE_HEADER_BYTES, PAGE_KIND } from "./page.ts";

// Part of the format; never change.
export const MAX_PACKED_LEAVES = 15;
export const PACKED_LEAVES: number = PAGE_CELLS_START;
export const DIRECTORY_ENTRY_BYTES = 14;
export const PAYLOAD_OFFSET = 0;
export const PAYLOAD_LENGTH = 2;
export const STREAM_LENGTH = 4;
export const LEAF_ENTRIES = 6;
export const SEPARATOR_OFFSET = 8;
export const SEPARATOR_LENGTH = 10;
export const LEAF_CODEC = 12;

/** Where the directory's entry for a part, 1 to n, begins. */
export function directoryEntry(base: number, part: number): number {
  return base + PAGE_HEADER_BYTES + DIRECTORY_ENTRY_BYTES * (part - 1);
}

/** How many leaves are in the packed page at `base`. Throws CORRUPT. */
export function packedLeaves({ u16, u32 }: PageView, base: number): number {
  const leaves = u16[(base + PACKED_LEAVES) >> 1]!;
  if (leaves === 0 || leaves > MAX_PACKED_LEAVES) {
    throw damagedPack(u32[(base + PAGE_NUMBER) >> 2]!, `it says that it holds ${leaves} leaves`);
  }
  return leaves;
}

/** How many leaves are in page `page`, if it is a packed one; 0 otherwise. */
export function packedLeavesOf(pages: PageFile, page: number): number {
  const base = pages.locate(page);
  return pages.view.u8[base + PAGE_KIND] === KIND_PACKED ? packedLeaves(pages.view, base) : 0;
}

/** The part in which a key belongs: the last one whose separator is at most the key. */
export function partFor(view: PageView, base: number, key: Uint8Array, offset: number, length: number): number {
  const { u8, u16, u32 } = view;
  let low = 2;
  let high = packedLeaves(view, base) + 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = directoryEntry(base, middle);
    const separator = u16[(entry + SEPARATOR_OFFSET) >> 1]!;
    const separatorLength = u16[(entry + SEPARATOR_LENGTH) >> 1]!;
    if (separator + separatorLength > PAGE_SIZE) {
      throw damagedPack(u32[(base + PAGE_NUMBER) >> 2]!, `the separator of leaf ${middle - 1} lies beyond it`);
    }
    if (compareBytes(u8, base + separator, separatorLength, key, offset, length) <= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

/** How many entries are in the parts before `part`. */
export function entriesBeforePart(u16: Uint16Array, base: number, part: number): number {
  let entries = 0;
  for (let i = 1; i < part; i++) {
    entries += u16[(directoryEntry(base, i) + LEAF_ENTRIES) >> 1]!;
  }
  return entries;
}

/** The offset, in the arrays of `pages.view`, of the leaf in which a key belongs; the packed page was just located at `base`. */
export function locateLeafFor(
  pages: PageFile,
  page: number,
  base: number,
  key: Uint8Array,
  offset: number,
  length: number,
): number {
  return pages.locatePart(page, partFor(pages.view, base, key, offset, length), unpackLeaf);
}

/** Makes the leaf of a part, but for its checksum, in the 8 KiB at `intoBase`. Throws CORRUPT, or UNSUPPORTED (zstd). */
export function unpackLeaf(from: PageView, base: number, part: number, into: PageView, intoBase: number): void {
  const { u8, u16, u32 } = from;
  const page = u32[(base + PAGE_NUMBER) >> 2]!;
  const leaves = packedLeaves(from, base);
  if (part > leaves) {
    throw damagedPack(page, `it holds ${leaves} leaves, and leaf ${part - 1} is asked for`);
  }
  const entry = directoryEntry(base, part);
  const payload = u16[(entry + PAYLOAD_OFFSET) >> 1]!;
  const payloadEnd = payload + u16[(entry + PAYLOAD_LENGTH) >> 1]!;
  const streamLength = u16[(entry + STREAM_LENGTH) >> 1]!;
  if (payloadEnd > PAGE_SIZE || streamLength === 0 || streamLength > PAGE_SIZE) {
    throw damagedPack(page, `leaf ${part - 1} cannot have the lengths that it says`);
  }
  const stream = expand(u8[entry + LEAF_CODEC]!, u8.subarray(base + payload, base + payloadEnd), streamLength);
  const entries = u16[(entry + LEAF_ENTRIES) >> 1]!;
  if (stream === undefined || !decodeLeaf(stream, entries, into, intoBase)) {
    throw damagedPack(page, `leaf ${part - 1} cannot be unpacked`);
  }
  into.u32[(intoBase + PAGE_NUMBER) >> 2] = page;
  into.u32[(intoBase + PAGE_BIRTH) >> 2] = u32[(base + PAGE_BIRTH) >> 2]!;
}

export function damagedPack(page: number, why: string): DbError {
  return damagedTree(page, `${why} (B10)`, { invariant: "B10" });
}
