/**
 * The list of free pages, as it lies in an extent of its own:
 *
 *     u32 length of the encoded FreeSpace | encoded FreeSpace | zeros to the end of the extent's pages
 *
 * The padding is there because the extent is taken out of the space that it describes: its page count is fixed before its
 * contents are known. The meta page names the extent by its padded length.
 */
import { assert } from "../assert.ts";
import { DbError } from "../errors.ts";
import { FreeSpace, getU32, type Meta, type PageFile, putU32, readExtent } from "../pager/index.ts";

const LENGTH_BYTES = 4;

export function freeListBytes(space: FreeSpace): number {
  return LENGTH_BYTES + space.encode().length;
}

export function encodeFreeList(space: FreeSpace, paddedBytes: number): Uint8Array {
  const encoded = space.encode();
  assert(LENGTH_BYTES + encoded.length <= paddedBytes, "M2: the list of free pages fits into the pages taken for it");
  const bytes = new Uint8Array(paddedBytes);
  putU32(bytes, 0, encoded.length);
  bytes.set(encoded, LENGTH_BYTES);
  return bytes;
}

/** What the version that `meta` describes may write to. Throws CORRUPT. */
export function readFreeList(pages: PageFile, meta: Meta): FreeSpace {
  if (meta.freePage === 0) {
    return FreeSpace.of(meta.pageCount, [], pages.pagesPerFile);
  }
  const bytes = new Uint8Array(meta.freeLengthBytes);
  readExtent(pages, meta.freePage, meta.freeLengthBytes, bytes, 0);
  const length = getU32(bytes, 0);
  if (length > bytes.length - LENGTH_BYTES) {
    throw new DbError(
      "CORRUPT",
      "the list of free pages says that it is longer than its extent; restore from a backup",
      {
        page: meta.freePage,
      },
    );
  }
  return FreeSpace.decode(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length), pages.pagesPerFile);
}
