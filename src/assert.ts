/**
 * Assertions that stay on in production, where they guard data: before a write and after a read.
 *
 * `assert` is for nacre's own mistakes (an invariant that does not hold); name the invariant by its number.
 * Damaged bytes are reported with `DbError("CORRUPT")`, a caller's mistake with `DbError("INVALID")`.
 */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) {
    throw new AssertionError(invariant);
  }
}

export class AssertionError extends Error {
  override readonly name = "AssertionError";

  constructor(invariant: string) {
    super(`nacre: an internal invariant does not hold: ${invariant}. This is a bug; please report it with this text`);
  }
}
