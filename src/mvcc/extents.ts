/** Extents as they cross between threads: tens of thousands of them as one array. */
import type { Extent } from "../pager/index.ts";

/** Of each its first page and its page count. */
export function encodeExtents(extents: readonly Extent[]): Uint32Array {
  const words = new Uint32Array(extents.length * 2);
  extents.forEach((extent, i) => {
    words[2 * i] = extent.first;
    words[2 * i + 1] = extent.count;
  });
  return words;
}

export function decodeExtents(words: Uint32Array): Extent[] {
  const extents: Extent[] = [];
  for (let i = 0; i < words.length; i += 2) {
    extents.push({ first: words[i]!, count: words[i + 1]! });
  }
  return extents;
}
