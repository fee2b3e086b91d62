import { expect, test } from "vitest";
import { newBlock, newSharedBlock } from "../../src/pager/index.ts";

const MIB = 1024 * 1024;

test.each([0, 1, 4096, 3 * MIB, 4 * MIB, 9 * MIB + 12])("%d bytes are so many zeros", (bytes) => {
  for (const newOne of [newBlock, newSharedBlock]) {
    const [one, other] = [newOne(bytes), newOne(bytes)];
    expect([one.byteLength, other.byteLength]).toEqual([bytes, bytes]);
    new Uint8Array(one).fill(7);
    expect(new Uint8Array(other).every((byte) => byte === 0)).toBe(true);
  }
});
