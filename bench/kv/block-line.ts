/** A course of values drawn as one line of text: ▂▅█▇▃. */
const BLOCKS = "▁▂▃▄▅▆▇█";

/**
 * At most `width` characters, each the mean of the values that fall upon it (a value at a time where there are fewer).
 * Heights are eighths of `highest`, from zero: a value of half of it is drawn half as high.
 */
export function blockLine(values: readonly number[], width: number, highest: number): string {
  const columns = Math.min(width, values.length);
  let line = "";
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.floor(((column + 1) * values.length) / columns);
    let sum = 0;
    for (let i = from; i < to; i++) {
      sum += values[i]!;
    }
    line += blockOf(highest === 0 ? 0 : sum / (to - from) / highest);
  }
  return line;
}

/** Of a share of the full height. */
function blockOf(share: number): string {
  const eighths = Math.ceil(share * BLOCKS.length);
  return BLOCKS[Math.min(BLOCKS.length, Math.max(1, eighths)) - 1]!;
}
