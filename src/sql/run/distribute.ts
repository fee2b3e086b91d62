/** A digit has 16 bits. */
const RADIX = 65_536;

/**
 * One pass of a radix sort, which is stable: the numbers in `from`, in the order of 16 bits of their words, into `into`. False: all
 * have the same digit, and nothing was done.
 */
export function distribute(words: Uint32Array, shift: number, from: Uint32Array, into: Uint32Array): boolean {
  const starts = new Uint32Array(RADIX + 1);
  for (let i = 0; i < from.length; i++) {
    const after = ((words[from[i]!]! >>> shift) & 0xffff) + 1;
    starts[after] = starts[after]! + 1;
  }
  if (starts.includes(from.length)) {
    return false;
  }
  for (let digit = 1; digit <= RADIX; digit++) {
    starts[digit] = starts[digit]! + starts[digit - 1]!;
  }
  for (let i = 0; i < from.length; i++) {
    const number = from[i]!;
    const digit = (words[number]! >>> shift) & 0xffff;
    const place = starts[digit]!;
    into[place] = number;
    starts[digit] = place + 1;
  }
  return true;
}
