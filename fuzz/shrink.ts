/**
 * Making a finding small: which of its draws can be left out so that it still fails, in the same way?
 *
 * Halves first, then quarters, down to single draws (delta debugging), until nothing more can go or the time is up.
 */

export interface ShrinkOptions {
  /** Draws at the front that stay. */
  readonly fixed: number;
  readonly count: number;
  readonly isOver: () => boolean;
}

export async function shrink(
  failsWith: (kept: readonly number[]) => Promise<boolean>,
  { fixed, count, isOver }: ShrinkOptions,
): Promise<readonly number[]> {
  let kept = Array.from({ length: count }, (_, index) => index);
  let size = Math.ceil((count - fixed) / 2);
  for (let isDone = false; !isDone && !isOver(); ) {
    const before = kept.length;
    // From the back: what comes before a failure is needed more often than what comes after.
    for (let end = kept.length; end > fixed && !isOver(); end -= size) {
      const start = Math.max(fixed, end - size);
      const fewer = [...kept.slice(0, start), ...kept.slice(end)];
      if (await failsWith(fewer)) {
        kept = fewer;
      }
    }
    // What was needed for something that has gone may go now.
    isDone = size <= 1 && kept.length === before;
    size = Math.max(1, Math.ceil(size / 2));
  }
  return kept;
}

/** What tells one kind of failure from another: its text without numbers and names. */
export function kindOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replace(/\d+/g, "N").slice(0, 90);
}
