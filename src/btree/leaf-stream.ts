/**
 * A leaf as a stream of bytes, which is shorter than its page and compresses better: what every key shares with the one
 * before is left out, and so is what only searching needs (heads, slots).
 *
 *     u16 prefix length │ u16 bytes of cells │ prefix │ entry │ entry │ …
 *
 *     entry   varint shared │ varint rest length │ u8 flags │ varint extra length │ rest … │ extra …
 *
 *   shared  of the suffix before, so many bytes are this suffix's first; 0 in the first entry
 *   flags   the high byte of the cell's info, without the length
 *   extra   what the cell has behind its suffix: expiry, value or reference
 *
 * Varints have seven bits a byte, the low ones first, and two bytes at the most. A stream is never longer than the leaf.
 *
 * `decodeLeaf` takes any bytes: it reads and writes within its bounds, and tells if they are no leaf's. That keys ascend it
 * does not look at.
 */
import { assert } from "../assert.ts";
import { copyBytes, headOf, sharedPrefixLength } from "../bytes.ts";
import { PAGE_SIZE, type PageView } from "../pager/index.ts";
import type { PageDraft } from "./draft.ts";
import {
  EXPIRY_BYTES,
  EXTENT_REFERENCE_BYTES,
  INFO_BYTES,
  INFO_DELETE,
  INFO_EXPIRY,
  INFO_LENGTH,
  INFO_OVERFLOW,
  KIND_LEAF,
  leafSlots,
  MAX_KEY_BYTES,
  MAX_LEAF_ENTRIES,
  PAGE_CELLS_START,
  PAGE_COUNT,
  PAGE_HEADER_BYTES,
  PAGE_KIND,
  PAGE_LEVEL,
  PAGE_PREFIX_LENGTH,
  PAGE_PREFIX_START,
} from "./page.ts";

const STREAM_HEADER_BYTES = 4;
/** The bits of an info's high byte that are the length's. */
const LENGTH_HIGH = INFO_LENGTH >>> 8;

/** Writes the first `count` entries of a leaf into 8 KiB; returns how many bytes they take. */
export function encodeLeaf(draft: PageDraft, count: number, into: Uint8Array): number {
  assert(draft.level === 0 && count > 0 && count <= draft.count, "only entries of a leaf are packed");
  const { u8, starts } = draft;
  const lastLength = suffixLengthAt(u8, starts[count - 1]!);
  const firstLength = suffixLengthAt(u8, starts[0]!);
  // All keys begin with what the first and the last one begin with.
  const cut = sharedPrefixLength(
    u8,
    starts[0]! + INFO_BYTES,
    firstLength,
    u8,
    starts[count - 1]! + INFO_BYTES,
    lastLength,
  );
  const prefixLength = draft.prefixLength + cut;
  const cellBytes = starts[count]! - count * cut;
  into[0] = prefixLength;
  into[1] = prefixLength >>> 8;
  into[2] = cellBytes;
  into[3] = cellBytes >>> 8;
  copyBytes(draft.prefix, 0, into, STREAM_HEADER_BYTES, draft.prefixLength);
  copyBytes(u8, starts[0]! + INFO_BYTES, into, STREAM_HEADER_BYTES + draft.prefixLength, cut);
  let at = STREAM_HEADER_BYTES + prefixLength;
  let before = 0;
  let beforeLength = 0;
  for (let i = 0; i < count; i++) {
    const cell = starts[i]!;
    const suffix = cell + INFO_BYTES + cut;
    const length = suffixLengthAt(u8, cell) - cut;
    const extra = suffix + length;
    const extraLength = starts[i + 1]! - extra;
    const shared = sharedPrefixLength(u8, before, beforeLength, u8, suffix, length);
    at = putVarint(into, at, shared);
    at = putVarint(into, at, length - shared);
    into[at++] = u8[cell + 1]! & ~LENGTH_HIGH;
    at = putVarint(into, at, extraLength);
    copyBytes(u8, suffix + shared, into, at, length - shared);
    at += length - shared;
    copyBytes(u8, extra, into, at, extraLength);
    at += extraLength;
    before = suffix;
    beforeLength = length;
  }
  assert(at <= PAGE_SIZE, "a stream is no longer than its leaf");
  return at;
}

/**
 * Makes a leaf of `count` entries, but for its checksum, number and birth, in the 8 KiB at `base`. False: the stream is
 * damaged, and what lies at `base` is of no use.
 */
export function decodeLeaf(stream: Uint8Array, count: number, into: PageView, base: number): boolean {
  const { u8, u16, u32 } = into;
  const streamLength = stream.length;
  const prefixLength = stream[0]! | (stream[1]! << 8);
  const cellsStart = PAGE_SIZE - prefixLength - (stream[2]! | (stream[3]! << 8));
  const slots = leafSlots(base, count);
  const frontEnd = 2 * (slots + count + 1) - base;
  if (
    count === 0 ||
    count > MAX_LEAF_ENTRIES ||
    prefixLength > MAX_KEY_BYTES ||
    cellsStart < frontEnd ||
    STREAM_HEADER_BYTES + prefixLength > streamLength
  ) {
    return false;
  }
  putHeader(into, base, count, prefixLength, cellsStart, stream);
  u8.fill(0, base + frontEnd, base + cellsStart);
  const heads = (base + PAGE_HEADER_BYTES) >>> 2;
  const end = base + PAGE_SIZE - prefixLength;
  let at = STREAM_HEADER_BYTES + prefixLength;
  let cell = base + cellsStart;
  let before = cell;
  let beforeLength = 0;
  for (let i = 0; i < count; i++) {
    let shared = stream[at++]!;
    if (shared >= 0x80) {
      shared = (shared & 0x7f) | (stream[at++]! << 7);
    }
    let rest = stream[at++]!;
    if (rest >= 0x80) {
      rest = (rest & 0x7f) | (stream[at++]! << 7);
    }
    const flags = stream[at++]!;
    let extra = stream[at++]!;
    if (extra >= 0x80) {
      extra = (extra & 0x7f) | (stream[at++]! << 7);
    }
    const length = shared + rest;
    const suffix = cell + INFO_BYTES;
    const next = suffix + length + extra;
    // Said so that it does not hold for what was read behind the stream's end, either.
    const fits = shared <= beforeLength && at + rest + extra <= streamLength && next <= end;
    if (!fits || prefixLength + length > MAX_KEY_BYTES || (flags !== 0 && !isExtra(flags, extra))) {
      return false;
    }
    u16[slots + i] = cell - base;
    u8[cell] = length;
    u8[cell + 1] = (length >>> 8) | flags;
    copyBytes(u8, before, u8, suffix, shared);
    copyBytes(stream, at, u8, suffix + shared, rest);
    copyBytes(stream, at + rest, u8, suffix + length, extra);
    u32[heads + i] = headOf(u8, suffix, length);
    at += rest + extra;
    before = suffix;
    beforeLength = length;
    cell = next;
  }
  u16[slots + count] = cell - base;
  return at === streamLength && cell === end;
}

function putHeader(
  { u8, u16, u32 }: PageView,
  base: number,
  count: number,
  prefixLength: number,
  cellsStart: number,
  stream: Uint8Array,
): void {
  u8[base + PAGE_KIND] = KIND_LEAF;
  u8[base + PAGE_LEVEL] = 0;
  u16[(base + PAGE_COUNT) >> 1] = count;
  u16[(base + PAGE_PREFIX_LENGTH) >> 1] = prefixLength;
  u16[(base + PAGE_CELLS_START) >> 1] = cellsStart;
  u32[(base + PAGE_PREFIX_START) >> 2] = 0;
  const startBytes = Math.min(prefixLength, PAGE_HEADER_BYTES - PAGE_PREFIX_START);
  copyBytes(stream, STREAM_HEADER_BYTES, u8, base + PAGE_PREFIX_START, startBytes);
  copyBytes(stream, STREAM_HEADER_BYTES, u8, base + PAGE_SIZE - prefixLength, prefixLength);
}

/** Whether a cell of these flags may have so many bytes behind its key: whoever reads it goes by the flags. */
function isExtra(flags: number, extra: number): boolean {
  const info = flags << 8;
  const expiryBytes = (info & INFO_EXPIRY) === 0 ? 0 : EXPIRY_BYTES;
  if ((info & INFO_LENGTH) !== 0) {
    return false;
  }
  if ((info & INFO_DELETE) !== 0 && (info & (INFO_EXPIRY | INFO_OVERFLOW)) === 0) {
    return extra === 0;
  }
  return (info & INFO_OVERFLOW) === 0 ? extra >= expiryBytes : extra === expiryBytes + EXTENT_REFERENCE_BYTES;
}

function suffixLengthAt(u8: Uint8Array, cell: number): number {
  return (u8[cell]! | (u8[cell + 1]! << 8)) & INFO_LENGTH;
}

function putVarint(into: Uint8Array, at: number, value: number): number {
  if (value < 0x80) {
    into[at] = value;
    return at + 1;
  }
  into[at] = value | 0x80;
  into[at + 1] = value >>> 7;
  return at + 2;
}
