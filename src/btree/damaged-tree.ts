/** What is thrown for a tree that is none. */
import { DbError } from "../errors.ts";

/** The error for a page whose checksum is right and whose contents make no tree. */
export function damagedTree(
  page: number,
  why: string,
  facts: Readonly<Record<string, string | number | undefined>> = {},
): DbError {
  return new DbError("CORRUPT", `tree page ${page} is damaged: ${why}; restore from a backup`, { page, ...facts });
}
