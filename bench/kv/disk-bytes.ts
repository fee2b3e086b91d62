/** What a database takes on disk. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Bytes of a block as `stat` counts them. */
const BLOCK_BYTES = 512;

/** What `du` says: holes are not counted, preallocated space is. A file that goes away meanwhile counts nothing. */
export function allocatedBytes(directory: string): number {
  let bytes = 0;
  for (const name of readdirSync(directory)) {
    bytes += (statSync(join(directory, name), { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_BYTES;
  }
  return bytes;
}
