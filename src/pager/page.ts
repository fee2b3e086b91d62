/**
 * A page: 8 KiB that carry their own proof.
 *
 *     0        4        8        12                                   8192
 *     ├────────┼────────┼────────┼──────────────────────────────────────┤
 *     │ crc32  │ page   │ birth  │ …  belongs to the layer above         │
 *     └────────┴────────┴────────┴──────────────────────────────────────┘
 *
 *   crc32   of bytes 4 to 8192 (zlib's polynomial). Part of the format.
 *   page    the page's own number: a page that was written to, or read from, the wrong place does not verify.
 *   birth   the number of the checkpoint that wrote it. With the number of the checkpoint that replaced it, it tells
 *           which snapshots can still see the page (pending-frees.ts).
 *
 * P1: a page is sealed after its last change and before it is written.
 * P2: no byte of a page is believed before crc32 and page number were found right.
 */
import { crc32 } from "node:zlib";
import { DbError } from "../errors.ts";

/** Part of the format; never change. */
export const PAGE_SIZE = 8192;
/** `page << PAGE_SHIFT` is `page * PAGE_SIZE`. */
export const PAGE_SHIFT = 13;
/** Where a page header's fields are; part of the format, never renumber. */
export const PAGE_CRC = 0;
export const PAGE_NUMBER = 4;
export const PAGE_BIRTH = 8;

/** The arrays over one stretch of pages. Two views of the same bytes never have different shapes: V8 sees one. */
export interface PageView {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly data: DataView;
}

export function viewOf(buffer: ArrayBufferLike, byteOffset: number, lengthBytes: number): PageView {
  return {
    u8: new Uint8Array(buffer, byteOffset, lengthBytes),
    u16: new Uint16Array(buffer, byteOffset, lengthBytes >>> 1),
    u32: new Uint32Array(buffer, byteOffset, lengthBytes >>> 2),
    data: new DataView(buffer, byteOffset, lengthBytes),
  };
}

/** Writes the page's number and, last, its checksum into the header at `base`. */
export function sealPage(u8: Uint8Array, base: number, page: number): void {
  putU32(u8, base + PAGE_NUMBER, page);
  putU32(u8, base + PAGE_CRC, checksumAt(u8, base));
}

/** Whether the page at `base` is the one numbered `page`, as it was sealed. 2 µs. */
export function isSealed(u8: Uint8Array, base: number, page: number): boolean {
  return getU32(u8, base + PAGE_NUMBER) === page && getU32(u8, base + PAGE_CRC) === checksumAt(u8, base);
}

/** CORRUPT { page, file, offset, … } for a page that is not sealed: which of the two proofs failed. */
export function damagedPage(u8: Uint8Array, base: number, page: number, file: string, offset: number): DbError {
  const stored = getU32(u8, base + PAGE_CRC);
  const actual = checksumAt(u8, base);
  const found = getU32(u8, base + PAGE_NUMBER);
  const why =
    stored === actual
      ? `it is page ${found}, written to the wrong place`
      : `its checksum is ${stored}, that of its bytes ${actual}`;
  return new DbError(
    "CORRUPT",
    `page ${page} is damaged (${file}, byte ${offset}): ${why}; run \`nacre check\`, and restore from a backup`,
    { page, file, offset, stored, actual, found },
  );
}

function checksumAt(u8: Uint8Array, base: number): number {
  return crc32(u8.subarray(base + PAGE_NUMBER, base + PAGE_SIZE));
}

export function getU32(u8: Uint8Array, offset: number): number {
  return (u8[offset]! | (u8[offset + 1]! << 8) | (u8[offset + 2]! << 16) | (u8[offset + 3]! << 24)) >>> 0;
}

export function putU32(u8: Uint8Array, offset: number, value: number): void {
  u8[offset] = value;
  u8[offset + 1] = value >>> 8;
  u8[offset + 2] = value >>> 16;
  u8[offset + 3] = value >>> 24;
}
